"""WebSockets without sockets: two ends of a :class:`~ocpp21.asyncio.Transport` joined in memory.

With :func:`~ocpp21.testing.virtual_time.run` around it, whole connections live in virtual time. Each direction is a
:class:`~ocpp21.testing.pair.Link`, whose fate decides what becomes of each message.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from ocpp21.asyncio.transport import Closed, Receiver
from ocpp21.testing.pair import Link

__all__ = ["MemoryTransport", "memory_transports"]

_CUT: Final = Closed(1006, "the connection was cut")


class MemoryTransport:
    """One end; made by :func:`memory_transports`.

    Attributes:
        link: the way to the other end. Cut, it makes the connection half-open: nothing arrives, and nobody is told.
        peer: the other end.
        heard_at: when the last message or ping came.
        congested_since: always None: the other end always reads.
        buffered: always 0.
    """

    def __init__(self) -> None:
        self._loop: Final = asyncio.get_running_loop()
        self._receive: Receiver | None = None
        self._early: Final[deque[bytes]] = deque()
        self._closed: Final[asyncio.Future[Closed]] = self._loop.create_future()
        self._sign: asyncio.Future[None] | None = None
        self.link: Final = Link()
        self.peer: MemoryTransport
        self.heard_at = self._loop.time()
        self.congested_since: float | None = None
        self.buffered = 0

    def send(self, message: bytes, /) -> None:
        """Send a text message; a closed end swallows it."""
        if not self._closed.done():
            self.link.put(message, self._loop.time())
            self._wait()

    async def drain(self) -> None:
        """Return at once."""

    async def listen(self, receive: Receiver, on_congested: Callable[[], object] | None = None, /) -> Closed:
        """Hand over every message as it comes, until the end; this end is never congested."""
        self._receive = receive
        while self._early:
            receive(self._early.popleft())
        return await asyncio.shield(self._closed)

    def hold(self) -> None:
        """Do nothing: this end is never congested."""

    def ping(self) -> None:
        """Let the other end hear of this one, and answer."""
        if not self.link.is_cut:
            self._loop.call_soon(self.peer._pong)

    async def heard(self) -> None:
        """Wait for the next sign of life, or the end."""
        if self._sign is None or self._sign.done():
            self._sign = self._loop.create_future()
        if not self._closed.done():
            await asyncio.shield(self._sign)

    async def close(self, code: int, reason: str, /) -> None:
        """Close both ends."""
        self._end(Closed(code, reason))
        if not self.link.is_cut:
            self._loop.call_soon(self.peer._end, Closed(code, reason))
        await asyncio.sleep(0)

    def abort(self) -> None:
        """End it at once; the other end finds the connection cut."""
        self._end(_CUT)
        if not self.link.is_cut:
            self._loop.call_soon(self.peer._end, _CUT)

    def _wait(self) -> None:
        """Come back when the next message arrives; one that has the same moment waits for its turn on the link."""
        if (due := self.link.due) is not None:
            self._loop.call_at(due, self._deliver)

    def _deliver(self) -> None:
        while (message := self.link.take(self._loop.time())) is not None:
            self.peer._arrive(message)

    def _arrive(self, message: bytes) -> None:
        if self._closed.done():
            return
        self._hear()
        if self._receive is None:
            self._early.append(message)
        else:
            self._receive(message)

    def _pong(self) -> None:
        self._hear()
        if not (self.link.is_cut or self._closed.done()):
            self._loop.call_soon(self.peer._hear)

    def _hear(self) -> None:
        self.heard_at = self._loop.time()
        self._tell()

    def _tell(self) -> None:
        if self._sign is not None and not self._sign.done():
            self._sign.set_result(None)

    def _end(self, closed: Closed) -> None:
        if not self._closed.done():
            self._closed.set_result(closed)
            self._tell()


def memory_transports() -> tuple[MemoryTransport, MemoryTransport]:
    """Make the two ends of a connection that is open."""
    one, other = MemoryTransport(), MemoryTransport()
    one.peer, other.peer = other, one
    return one, other
