"""What every WebSocket stack lacks in the same way: early messages, fragments, signs of life, and flow control."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from ocpp21.asyncio.transport import Receiver

__all__ = ["FLOW_SLOTS", "MAX_REASON", "BytesLike", "Flow", "shortened"]

BytesLike: TypeAlias = bytes | bytearray | memoryview

#: Longest reason in a close frame, in bytes (RFC 6455, 5.5).
MAX_REASON: Final = 123

#: Messages that may come before anybody listens; then reading stops.
_MAX_EARLY: Final = 16


#: Attributes of :class:`Flow`, which the class that it is mixed into puts in slots: with that many more of them, each
#: connection would have a dictionary of its own. Its own slots they cannot be, beside a class that is compiled.
FLOW_SLOTS: Final = (
    "_early",
    "_heard",
    "_is_held",
    "_on_congested",
    "_parts",
    "_reaper",
    "_receive",
    "congested_since",
    "flow_loop",
    "heard_at",
)

_NO_SLOTS: Final = ()


def _ignore() -> None:
    """Nobody listens."""


def shortened(reason: str, /) -> str:
    """Cut a reason to what a close frame holds."""
    return reason.encode()[:MAX_REASON].decode(errors="ignore")


class Flow:
    """Mixed into the connections of a stack: it hands messages over, and knows when the peer lives and reads.

    Attributes:
        transport: of asyncio, beneath the WebSocket.
        heard_at: when the last frame came, in the time of the event loop.
        congested_since: since when the peer does not read; None when it does.
    """

    __slots__ = _NO_SLOTS  # see FLOW_SLOTS

    transport: asyncio.Transport
    flow_loop: asyncio.AbstractEventLoop
    heard_at: float
    congested_since: float | None
    _heard: asyncio.Future[None] | None
    _reaper: asyncio.TimerHandle | None
    _receive: Receiver | None
    _on_congested: Callable[[], object]
    _early: Sequence[BytesLike]  # messages that came before anybody listened
    _parts: bytearray | None  # of a text message in fragments
    _is_held: bool

    def begin_flow(self, loop: asyncio.AbstractEventLoop, /) -> None:
        """To be called by the constructor."""
        self.flow_loop = loop
        self.heard_at = 0.0
        self.congested_since = None
        self._heard = self._reaper = self._receive = self._parts = None
        self._on_congested = _ignore
        self._early = ()
        self._is_held = False

    # Messages

    def deliver(self, message: BytesLike, /) -> None:
        """Hand over a whole text message."""
        if self._receive is not None:
            self._receive(message)
            return
        self._early = [*self._early, message]
        if len(self._early) >= _MAX_EARLY:
            self.transport.pause_reading()

    def collect(self, data: BytesLike, /, *, begins_text: bool, is_last: bool) -> None:
        """Put fragments together; those of a binary message are dropped, however many there are."""
        if begins_text:
            self._parts = bytearray()
        if self._parts is None:
            return
        self._parts += data
        if is_last:
            parts, self._parts = self._parts, None
            self.deliver(parts)

    def start(self, receive: Receiver, on_congested: Callable[[], object], /) -> None:
        """Hand over messages from now on."""
        self._receive = receive
        self._on_congested = on_congested
        early, self._early = self._early, ()
        for message in early:
            receive(message)
        if len(early) >= _MAX_EARLY:
            self.transport.resume_reading()

    # Signs of life

    def note_life(self) -> None:
        """A frame has come, or the end."""
        self.heard_at = self.flow_loop.time()
        if self._heard is not None:
            self._heard.set_result(None)
            self._heard = None

    async def heard(self) -> None:
        """Wait for the next frame, or the end."""
        if self._heard is None:
            self._heard = self.flow_loop.create_future()
        await asyncio.shield(self._heard)

    # Flow control

    def note_congested(self) -> None:
        """More waits to be written than should."""
        self.congested_since = self.flow_loop.time()
        self._on_congested()

    def note_relieved(self) -> None:
        """The peer has read."""
        self.congested_since = None
        if self._is_held:
            self._is_held = False
            self.transport.resume_reading()

    def hold(self) -> None:
        """Stop reading until the peer does, if it does not."""
        if self.congested_since is not None:  # otherwise nothing would set it going again
            self._is_held = True
            self.transport.pause_reading()

    # The end

    def note_lost(self) -> None:
        """The connection is no more: nothing is handed over, and nobody waits."""
        if self._reaper is not None:
            self._reaper.cancel()
        self.congested_since = None
        self._receive = None
        self._on_congested = _ignore

    def reap(self, after_s: float, /) -> None:
        """End the connection in a while, however the peer behaves: it may never answer a close, or never read it."""
        if self._reaper is None:
            self._reaper = self.flow_loop.call_later(after_s, self.transport.abort)
