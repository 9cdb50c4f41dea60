"""The timers of one connection: for the answer to its call, and for a peer that does not read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ocpp21.asyncio.transport import Transport
from ocpp21.session import Session

__all__ = ["Deadlines"]


class Deadlines:
    """Keeps at most two timers, and sets them as rarely as possible: :meth:`watch` runs with every message.

    A timer is not moved when the moment that it stands for moves on; it finds that out when it rings.

    Args:
        session: whose timer is kept.
        transport: which may stall.
        stall_timeout_s: how long it may be congested.
        on_due: called when the session's deadline may have come.
        on_stalled: called when the transport has been congested for too long.
    """

    __slots__ = ("_answer", "_loop", "_on_due", "_on_stalled", "_session", "_stall", "_stall_timeout_s", "_transport")

    def __init__(
        self,
        session: Session,
        transport: Transport,
        /,
        *,
        stall_timeout_s: float,
        on_due: Callable[[], object],
        on_stalled: Callable[[], object],
    ) -> None:
        self._loop: Final = asyncio.get_running_loop()
        self._session: Final = session
        self._transport: Final = transport
        self._stall_timeout_s: Final = stall_timeout_s
        self._on_due: Final = on_due
        self._on_stalled: Final = on_stalled
        self._answer: asyncio.TimerHandle | None = None
        self._stall: asyncio.TimerHandle | None = None

    def watch(self) -> None:
        """Set the timers that are needed and not set."""
        deadline = self._session.next_timer()
        if deadline is not None and (self._answer is None or deadline < self._answer.when()):
            self._set_answer(deadline)
        if self._stall is None and self._transport.congested_since is not None:
            self._set_stall(self._transport.congested_since)

    @property
    def is_congested(self) -> bool:
        """Whether the transport was congested not long ago, and may be still."""
        return self._stall is not None

    def stop(self) -> None:
        """Set none any more."""
        for timer in (self._answer, self._stall):
            if timer is not None:
                timer.cancel()

    def _set_answer(self, deadline: float) -> None:
        if self._answer is not None:
            self._answer.cancel()
        self._answer = self._loop.call_at(deadline, self._ring)

    def _ring(self) -> None:
        self._answer = None
        self._on_due()

    def _set_stall(self, since: float) -> None:
        self._stall = self._loop.call_at(since + self._stall_timeout_s, self._judge)

    def _judge(self) -> None:
        self._stall = None
        since = self._transport.congested_since
        if since is None:
            return
        if self._loop.time() - since < self._stall_timeout_s:
            self._set_stall(since)  # the peer has read in between
        else:
            self._on_stalled()
