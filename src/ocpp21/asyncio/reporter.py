"""What the application and the log are told of a connection, besides its messages."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from ocpp21.asyncio.journal import complain, note
from ocpp21.events import Event, FrameRefused
from ocpp21.observation import Statistics

__all__ = ["Reporter"]


class Reporter:
    """Tells of one connection.

    Args:
        identity: of the Charging Station.
        on_event: the application's ear.
    """

    __slots__ = ("_identity", "_on_event")

    def __init__(self, identity: str, on_event: Callable[[Event], object] | None, /) -> None:
        self._identity: Final = identity
        self._on_event: Final = on_event

    def tell(self, event: Event, /) -> None:
        """Pass an event on; an error of whoever listens ends nothing."""
        if self._on_event is None:
            return
        try:
            self._on_event(event)
        except Exception as error:
            complain("on_event failed", error, identity=self._identity)

    def tell_refusal(self, event: FrameRefused, /) -> None:
        """Pass a refused frame on, and write it down; what limits the replies limits the log."""
        if event.answered:
            error = event.error
            keyword = getattr(error, "keyword", None)
            fields = {"code": error.code, "message_type": error.message_type, "keyword": keyword}
            note(logging.WARNING, "frame refused", identity=self._identity, **fields)
        self.tell(event)

    def note_end(self, code: int, reason: str, seen: Statistics, /) -> None:
        """Write down how it ended, and what had passed."""
        fields = {name: getattr(seen, name) for name in seen.__struct_fields__}
        note(logging.INFO, "connection closed", identity=self._identity, code=code, reason=reason, **fields)
