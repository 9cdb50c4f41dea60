"""The transport over the package ``websockets``.

Its connections are subclassed for what its ``send`` and ``recv`` do not tell: whether a message is text, when the last
frame came, and since when the peer does not read. Messages are handed over as their frames are parsed; the queue that
``recv`` reads from is not used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableSet, Sequence
from typing import Any, Final, TypeAlias

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection as AnyConnection
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import (
    ClientPerMessageDeflateFactory,
    ServerPerMessageDeflateFactory,
)
from websockets.frames import DATA_OPCODES, Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import CLOSING, OPEN

from ocpp21.asyncio.transport import Closed, Receiver

BytesLike: TypeAlias = bytes | bytearray | memoryview

__all__ = ["ClientSocket", "ServerSocket", "WebSocketTransport", "deflate_for_client", "deflate_for_server"]

#: Window of permessage-deflate, as a power of two: 2 KiB. The frames are small, and the connections are many.
WINDOW_BITS: Final = 11

#: Memory of the compressor, from 1 to 9: 8 KiB.
_MEMORY: Final = {"memLevel": 4}


#: Longest reason in a close frame, in bytes (RFC 6455, 5.5).
_MAX_REASON: Final = 123

_TEXT: Final = Opcode.TEXT

#: Messages that may come before anybody listens; then reading stops.
_MAX_EARLY: Final = 16


def deflate_for_client() -> ClientPerMessageDeflateFactory:
    """What a client proposes as permessage-deflate (RFC 7692)."""
    return ClientPerMessageDeflateFactory(
        server_max_window_bits=WINDOW_BITS, client_max_window_bits=WINDOW_BITS, compress_settings=_MEMORY
    )


def deflate_for_server() -> ServerPerMessageDeflateFactory:
    """What a server agrees to as permessage-deflate (RFC 7692); it must (Part 4, 3.4)."""
    return ServerPerMessageDeflateFactory(
        server_max_window_bits=WINDOW_BITS, client_max_window_bits=WINDOW_BITS, compress_settings=_MEMORY
    )


def _ignore() -> None:
    """Nobody listens."""


class _Socket(AnyConnection):
    """What both sides add to a connection of ``websockets``."""

    heard_at = 0.0
    congested_since: float | None = None
    _heard: asyncio.Future[None] | None = None
    _reaper: asyncio.TimerHandle | None = None
    _receive: Receiver | None = None
    _on_congested: Callable[[], object] = staticmethod(_ignore)
    _early: Sequence[BytesLike] = ()  # messages that came before anybody listened
    _parts: bytearray | None = None  # of a text message in fragments
    _is_held = False
    broken_by: Exception | None = None

    # Frames

    def process_event(self, event: Request | Response | Frame) -> None:
        if not isinstance(event, Frame):
            super().process_event(event)
            return
        self._note_life()
        if event.opcode is _TEXT and event.fin:  # nearly always
            self._deliver(event.data)
        elif event.opcode in DATA_OPCODES:
            self._collect(event)
        else:
            self.hold()  # of no effect, unless the peer pings and does not read the pongs

    def _collect(self, frame: Frame) -> None:
        """Put fragments together; those of a binary message are dropped, however many there are."""
        if frame.opcode is _TEXT:
            self._parts = bytearray()
        if self._parts is None:
            return
        self._parts += frame.data
        if frame.fin:
            parts, self._parts = self._parts, None
            self._deliver(parts)

    def _deliver(self, message: BytesLike) -> None:
        if self._receive is not None:
            self._receive(message)
            return
        self._early = [*self._early, message]
        if len(self._early) >= _MAX_EARLY:
            self.transport.pause_reading()

    async def listen(self, receive: Receiver, on_congested: Callable[[], object]) -> None:
        """Hand over messages until the end."""
        self._receive = receive
        self._on_congested = on_congested
        early, self._early = self._early, ()
        for message in early:
            receive(message)
        if len(early) >= _MAX_EARLY:
            self.transport.resume_reading()
        await self.wait_closed()

    # Signs of life

    def _note_life(self) -> None:
        self.heard_at = self.loop.time()
        if self._heard is not None:
            self._heard.set_result(None)
            self._heard = None

    async def heard(self) -> None:
        """Wait for the next frame, or the end."""
        if self._heard is None:
            self._heard = self.loop.create_future()
        await asyncio.shield(self._heard)

    # Flow control

    def pause_writing(self) -> None:
        super().pause_writing()
        self.congested_since = self.loop.time()
        self._on_congested()

    def resume_writing(self) -> None:
        super().resume_writing()
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

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.protocol.state is CLOSING:
            self.reap()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
        self.broken_by = exc
        self.congested_since = None
        self._receive = None
        self._on_congested = _ignore
        super().connection_lost(exc)
        self._note_life()

    def reap(self, after_s: float | None = None) -> None:
        """End the connection in a while, however the peer behaves: it may never answer a close, or never read it."""
        if self._reaper is None:
            wait_s = after_s if after_s is not None else self.close_timeout or 0.0
            self._reaper = self.loop.call_later(wait_s, self.transport.abort)


class ClientSocket(_Socket, ClientConnection):
    """A connection that we have opened."""


class ServerSocket(_Socket, ServerConnection):
    """A connection that we have accepted.

    Args:
        args: of a connection of ``websockets``.
        handshakes: where it stands until it is opened.
        on_lost: told of its end.
        options: of a connection of ``websockets``.

    Attributes:
        source: where it comes from; set by the vestibule.
        is_surplus: there are too many connections, so this one must be refused; set by the vestibule.
        identity: of the station; set by the door.
        is_refused: the door did not let it in.
    """

    def __init__(
        self,
        *args: Any,
        handshakes: MutableSet[Any],
        on_lost: Callable[[ServerSocket], None],
        **options: Any,
    ) -> None:
        super().__init__(*args, **options)
        self._handshakes: Final = handshakes
        self._on_lost: Final = on_lost
        self.source = ""
        self.is_surplus = False
        self.identity = ""
        self.is_refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._handshakes.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._handshakes.discard(self)
        super().connection_lost(exc)
        self._on_lost(self)


class WebSocketTransport:
    """A :class:`~ocpp21.asyncio.transport.Transport` over a connection of ``websockets``."""

    __slots__ = ("_socket",)

    def __init__(self, socket: ClientSocket | ServerSocket, /) -> None:
        self._socket: Final = socket

    @property
    def heard_at(self) -> float:
        return self._socket.heard_at

    @property
    def congested_since(self) -> float | None:
        return self._socket.congested_since

    @property
    def buffered(self) -> int:
        return self._socket.transport.get_write_buffer_size()

    def send(self, message: bytes, /) -> None:
        socket = self._socket
        if socket.protocol.state is OPEN:
            socket.protocol.send_text(message)
            socket.send_data()

    async def drain(self) -> None:
        try:
            await self._socket.drain()
        except OSError:
            return  # the connection is lost, which recv() will say

    async def listen(self, receive: Receiver, on_congested: Callable[[], object], /) -> Closed:
        await self._socket.listen(receive, on_congested)
        return _closed(self._socket.protocol.close_exc, self._socket.broken_by)

    def hold(self) -> None:
        self._socket.hold()

    def ping(self) -> None:
        socket = self._socket
        if socket.protocol.state is OPEN:
            socket.protocol.send_ping(b"")
            socket.send_data()

    async def heard(self) -> None:
        if self._socket.protocol.state is OPEN:
            await self._socket.heard()

    async def close(self, code: int, reason: str, /) -> None:
        self._socket.reap()
        await self._socket.close(code, reason.encode()[:_MAX_REASON].decode(errors="ignore"))

    def abort(self) -> None:
        self._socket.transport.abort()


def _closed(said: ConnectionClosed, broken_by: Exception | None) -> Closed:
    """How it ended: as the peer said, or as we did, or by what broke it."""
    frame = said.rcvd or said.sent
    if frame is not None:
        return Closed(frame.code, frame.reason)
    return Closed(1006, type(broken_by).__name__ if broken_by else "no close frame")
