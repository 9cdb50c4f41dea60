"""The client's transport over the package ``picows``, which comes with the extra ``fast``.

It costs a quarter of ``websockets`` for each message. There is none for the CSMS's side: ``picows`` decides on a
handshake at once and alone, and a CSMS must look up passwords, ask for old connections, and bound what comes in before
it does (see docs/decisions.md). permessage-deflate is not offered. TLS stays that of Python.
"""

from __future__ import annotations

import asyncio
import ssl as tls
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from picows import WSCloseCode, WSFrame, WSHandshakeError, WSListener, WSMsgType, WSProtocolError, WSTransport
from picows import ws_connect as picows_connect

from ocpp21.asyncio.flow import FLOW_SLOTS, Flow, shortened
from ocpp21.asyncio.journal import QuietLogger
from ocpp21.asyncio.transport import Closed, HandshakeFailed, Receiver

__all__ = ["PicowsSocket", "open_picows"]

#: Bytes that may wait to be written before sending pauses, as with ``websockets``.
_WRITE_LIMIT: Final = 32_768

#: Bytes of the read buffer of a connection that has received nothing long yet: stations are many.
_READ_BUFFER: Final = 2048

_TEXT: Final = WSMsgType.TEXT

#: What stands for a close frame without a code (RFC 6455, 7.4.1).
_NO_STATUS: Final = 1005

_ABNORMAL: Final = Closed(1006, "no close frame")


class PicowsSocket(Flow, WSListener):
    """A :class:`~ocpp21.asyncio.transport.Transport` over ``picows``.

    Args:
        max_size: longest message, in bytes.
        close_timeout_s: for the closing handshake, in seconds.
    """

    __slots__ = (
        *FLOW_SLOTS,
        "_close_timeout_s",
        "_ended",
        "_length",
        "_max_size",
        "_relieved",
        "_socket",
        "transport",
    )

    def __init__(self, *, max_size: int, close_timeout_s: float) -> None:
        loop = asyncio.get_running_loop()
        self.begin_flow(loop)
        self._max_size: Final = max_size
        self._close_timeout_s: Final = close_timeout_s
        self._ended: Final[asyncio.Future[None]] = loop.create_future()
        self._relieved: asyncio.Future[None] | None = None
        self._length = -1  # of the fragments so far; -1 between messages
        self._socket: WSTransport

    # What picows tells

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Take the connection."""
        self._socket = transport
        self.transport = transport.underlying_transport
        self.transport.set_write_buffer_limits(high=_WRITE_LIMIT)

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        """Take a frame; its bytes are copied, since picows writes the next one over them.

        Raises:
            WSProtocolError: what RFC 6455 forbids and picows lets pass; it closes the connection then.
        """
        self.note_life()
        kind = frame.msg_type
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "reserved bits")
        if kind is _TEXT and frame.fin and self._length < 0:  # nearly always
            self.deliver(frame.get_payload_as_bytes())
        elif kind is WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
            self.hold()  # of no effect, unless the peer does not read the pongs
        elif kind is WSMsgType.CLOSE:
            self._answer_close(transport)
        elif kind is not WSMsgType.PONG:
            self._take_fragment(frame)

    def _take_fragment(self, frame: WSFrame) -> None:
        is_first = frame.msg_type is not WSMsgType.CONTINUATION
        if is_first != (self._length < 0):
            raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "fragments out of order")
        self._length = max(self._length, 0) + frame.payload_size
        if self._length > self._max_size:
            raise WSProtocolError(WSCloseCode.MESSAGE_TOO_BIG, "message too long")
        if frame.fin:
            self._length = -1
        begins_text = frame.msg_type is _TEXT
        self.collect(frame.get_payload_as_bytes(), begins_text=begins_text, is_last=frame.fin)

    def _answer_close(self, transport: WSTransport) -> None:
        """Answer a close frame in kind; the server ends TCP then, or we do when it takes too long."""
        if not transport.is_close_frame_sent:
            received = transport.close_handshake.recv
            code = received.code if received is not None else WSCloseCode.NO_INFO
            transport.send_close(WSCloseCode.OK if code is WSCloseCode.NO_INFO else code)
        self.reap(self._close_timeout_s)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Take note of the end."""
        self.note_lost()
        self._tell_relieved()
        self.note_life()
        if not self._ended.done():
            self._ended.set_result(None)

    def pause_writing(self) -> None:
        """Take note that too much waits to be written."""
        self.note_congested()

    def resume_writing(self) -> None:
        """Take note that it has been written."""
        self.note_relieved()
        self._tell_relieved()

    def _tell_relieved(self) -> None:
        if self._relieved is not None:
            self._relieved.set_result(None)
            self._relieved = None

    # The transport

    @property
    def buffered(self) -> int:
        """Bytes that wait to be written."""
        return self.transport.get_write_buffer_size()

    @property
    def _is_open(self) -> bool:
        return not (self._socket.is_close_frame_sent or self._socket.is_disconnected)

    def send(self, message: bytes, /) -> None:
        """Put one text message into the write buffer."""
        if self._is_open:
            self._socket.send(_TEXT, message)

    async def drain(self) -> None:
        """Wait until the WebSocket is not congested, or closed."""
        if self.congested_since is None:
            return
        if self._relieved is None:
            self._relieved = self.flow_loop.create_future()
        await asyncio.shield(self._relieved)

    async def listen(self, receive: Receiver, on_congested: Callable[[], object], /) -> Closed:
        """Hand over every whole text message as it comes, until the end."""
        self.start(receive, on_congested)
        await asyncio.shield(self._ended)
        return await self._how_it_ended()

    def ping(self) -> None:
        """Ask for a sign of life."""
        if self._is_open:
            self._socket.send_ping()

    async def heard(self) -> None:
        """Wait for the next frame, or the end; when it has ended, for nothing."""
        if self._is_open:
            await super().heard()

    async def close(self, code: int, reason: str, /) -> None:
        """Do the closing handshake, within a bounded time."""
        self.reap(self._close_timeout_s)
        if self._is_open:
            self._socket.send_close(WSCloseCode(code), shortened(reason).encode())
        await asyncio.shield(self._ended)
        await self._how_it_ended()

    def abort(self) -> None:
        """End it at once."""
        self.transport.abort()

    async def _how_it_ended(self) -> Closed:
        """As the peer said, or as we did, or by what broke it."""
        try:
            await self._socket.wait_disconnected()
        except WSProtocolError as error:
            return Closed(error.code.value, str(error.args[1]))
        said = self._socket.close_handshake
        info = None if said is None else said.recv or said.sent
        return _ABNORMAL if info is None else Closed(info.code.value or _NO_STATUS, info.reason or "")


async def open_picows(
    url: str,
    /,
    *,
    headers: Mapping[str, str],
    subprotocols: Sequence[str],
    ssl: tls.SSLContext | None,
    max_size: int,
    open_timeout_s: float,
    close_timeout_s: float,
    options: Mapping[str, Any],
) -> tuple[PicowsSocket, str | None]:
    """Do the opening handshake; gives the subprotocol, too.

    Raises:
        HandshakeFailed: the CSMS refuses.
        OSError: it cannot be reached, or TLS fails, or it takes too long (TimeoutError).
    """
    offered = {"Sec-WebSocket-Protocol": ", ".join(subprotocols)}
    async with asyncio.timeout(open_timeout_s):
        try:
            socket, listener = await picows_connect(
                lambda: PicowsSocket(max_size=max_size, close_timeout_s=close_timeout_s),
                url,
                ssl_context=ssl,
                websocket_handshake_timeout=None,
                logger_name=QuietLogger(),
                enable_auto_pong=False,
                max_frame_size=max_size,
                extra_headers={**headers, **offered},
                max_redirects=0,
                read_buffer_init_size=_READ_BUFFER,
                use_aiofastnet=False,
                **options,
            )
        except WSHandshakeError as error:
            if error.response is not None:
                status = int(error.response.status)
                raise HandshakeFailed(f"expected status 101, found {status}", status=status) from None
            raise HandshakeFailed(f"expected a WebSocket handshake, found {type(error).__name__}") from error
    if listener is None or socket.response is None:  # the connection ended in between
        raise HandshakeFailed("expected a WebSocket handshake, found the end")
    assert isinstance(listener, PicowsSocket)
    if "Sec-WebSocket-Extensions" in socket.response.headers:
        listener.abort()
        raise HandshakeFailed("expected no extension, found one that was not offered")
    return listener, socket.response.headers.get("Sec-WebSocket-Protocol")
