"""The transport over the package ``websockets``.

Its connections are subclassed for what its ``send`` and ``recv`` do not tell: whether a message is text, when the last
frame came, and since when the peer does not read. Messages are handed over as their frames are parsed; the queue that
``recv`` reads from is not used.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, MutableSet
from typing import Any, Final

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

from ocpp21.asyncio.flow import FLOW_SLOTS, Flow, shortened
from ocpp21.asyncio.transport import Closed, Receiver

__all__ = ["ClientSocket", "ServerSocket", "WebSocketTransport", "deflate_for_client", "deflate_for_server"]

#: Window of permessage-deflate, as a power of two: 2 KiB. The frames are small, and the connections are many.
WINDOW_BITS: Final = 11

#: Memory of the compressor, from 1 to 9: 8 KiB.
_MEMORY: Final = {"memLevel": 4}


_TEXT: Final = Opcode.TEXT


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


class _Socket(Flow, AnyConnection):
    """What both sides add to a connection of ``websockets``."""

    __slots__ = (*FLOW_SLOTS, "broken_by")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.begin_flow(self.loop)
        self.broken_by: Exception | None = None

    def process_event(self, event: Request | Response | Frame) -> None:
        if not isinstance(event, Frame):
            super().process_event(event)
            return
        self.note_life()
        if event.opcode is _TEXT and event.fin:  # nearly always
            self.deliver(event.data)
        elif event.opcode in DATA_OPCODES:
            self.collect(event.data, begins_text=event.opcode is _TEXT, is_last=event.fin)
        else:
            self.hold()  # of no effect, unless the peer pings and does not read the pongs

    def pause_writing(self) -> None:
        super().pause_writing()
        self.note_congested()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.note_relieved()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.protocol.state is CLOSING:
            self.reap_in_time()

    def connection_lost(self, exc: Exception | None) -> None:
        self.note_lost()
        self.broken_by = exc
        super().connection_lost(exc)
        self.note_life()

    def reap_in_time(self) -> None:
        """End the connection when the time for closing is up."""
        self.reap(self.close_timeout or 0.0)


class ClientSocket(_Socket, ClientConnection):
    """A connection that we have opened."""

    __slots__ = ()


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

    __slots__ = ("_handshakes", "_on_lost", "identity", "is_refused", "is_surplus", "source")

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
        self._socket.start(receive, on_congested)
        await self._socket.wait_closed()
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
        self._socket.reap_in_time()
        await self._socket.close(code, shortened(reason))

    def abort(self) -> None:
        self._socket.transport.abort()


def _closed(said: ConnectionClosed, broken_by: Exception | None) -> Closed:
    """How it ended: as the peer said, or as we did, or by what broke it."""
    frame = said.rcvd or said.sent
    if frame is not None:
        return Closed(frame.code, frame.reason)
    return Closed(1006, type(broken_by).__name__ if broken_by else "no close frame")
