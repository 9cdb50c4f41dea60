"""From the acceptance of a connection to the end of its TLS handshake.

A handshake of TLS costs the server more than all that follows, and a peer that begins one and never finishes it hardly
anything. Event loops that listen with TLS tell of a connection when that is over. So the listener has no TLS here: a
connection is counted as soon as it is accepted, and only then TLS begins.
"""

from __future__ import annotations

import asyncio
import logging
import ssl as tls
from collections.abc import Callable
from typing import Any, Final, cast

from ocpp21.asyncio.admission import Bounds, Census, source_of
from ocpp21.asyncio.journal import note
from ocpp21.asyncio.throttle import Throttle
from ocpp21.asyncio.websocket import ServerSocket

__all__ = ["Reception", "Vestibule"]

#: Connections that each source may make anew every second, on average.
_ARRIVALS_PER_S: Final = 100.0


class Reception:
    """What all connections of a server pass first.

    Args:
        bounds: of the server.
        context: of TLS; None for none.
        close_timeout_s: for the end of TLS, in seconds.
        on_lost: told of each connection that has ended after TLS.

    Attributes:
        handshakes: connections that are not through yet.
    """

    def __init__(
        self,
        bounds: Bounds,
        context: tls.SSLContext | None,
        /,
        *,
        close_timeout_s: float,
        on_lost: Callable[[ServerSocket], None],
    ) -> None:
        self.handshakes: Final[set[ServerSocket | Vestibule]] = set()
        self.context: Final = context
        self.timeouts: Final[dict[str, Any]] = {
            "ssl_handshake_timeout": bounds.handshake_timeout_s,
            "ssl_shutdown_timeout": close_timeout_s,
        }
        self._on_lost: Final = on_lost
        self._census: Final = Census(bounds)
        self._arrivals: Final = _arrivals(bounds)
        self._lines: Final = Throttle(burst=1, per_s=0.1)
        self._inside: Final[dict[Vestibule, str]] = {}

    def __call__(self, *args: Any, **options: Any) -> Vestibule:
        """Receive a new connection; the arguments are those of a :class:`ServerSocket`."""
        return Vestibule(self, args, options)

    def enter(self, vestibule: Vestibule, source: str, now: float, /) -> bool:
        """Let a connection in; False when it must be cut off without a word."""
        if self._arrivals is not None and not self._arrivals.take(source, now):
            return self._turn_away(source, "too many at a time", now)
        self._inside[vestibule] = source
        self._census.enter(source)
        if self._census.is_flooded(source):
            return self._turn_away(source, "too many connections", now)
        return True

    def is_crowded(self, source: str, /) -> bool:
        """Whether there are more connections than may be."""
        return self._census.is_crowded(source)

    def leave(self, vestibule: Vestibule, socket: ServerSocket | None = None, /) -> None:
        """Note the end of a connection, and of the socket that had become of it."""
        source = self._inside.pop(vestibule, None)
        if source is not None:
            self._census.leave(source)
        if socket is not None:
            self._on_lost(socket)

    def _turn_away(self, source: str, reason: str, now: float) -> bool:
        if self._lines.take(source, now):  # whoever floods the server does not flood the log
            note(logging.WARNING, "connections cut off", reason=reason, source=source)
        return False


class Vestibule(asyncio.Protocol):
    """One connection, until TLS stands; then a :class:`ServerSocket` takes its place."""

    __slots__ = ("_early", "_reaper", "_reception", "_socket", "_transport", "_work", "protocol")

    def __init__(self, reception: Reception, args: tuple[Any, ...], options: dict[str, Any], /) -> None:
        self._reception: Final = reception
        self._socket: Final = ServerSocket(
            *args,
            handshakes=reception.handshakes,
            on_lost=lambda socket: reception.leave(self, socket),
            **options,
        )
        self.protocol: Final = self._socket.protocol  # where the WebSocket library looks when it negotiates
        self._transport: asyncio.Transport
        self._work: asyncio.Task[None] | None = None
        self._reaper: asyncio.TimerHandle | None = None
        self._early = bytearray()  # what came in the same breath as the end of TLS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        loop = asyncio.get_running_loop()
        self._socket.source = source = source_of(transport.get_extra_info("peername"))
        if not self._reception.enter(self, source, loop.time()):
            self._transport.abort()
        elif self._reception.context is None:
            self._hand_over(self._transport)
        else:
            self._transport.pause_reading()
            self._reception.handshakes.add(self)
            self._work = loop.create_task(self._secure(self._reception.context))

    def data_received(self, data: bytes) -> None:
        self._early += data

    def connection_lost(self, exc: Exception | None) -> None:
        self._leave()

    def reap(self, after_s: float, /) -> None:
        """End the connection in a while, however far it has come."""
        if self._reaper is None:
            self._reaper = asyncio.get_running_loop().call_later(after_s, self._transport.abort)

    async def _secure(self, context: tls.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        if self._early:  # uvloop begins to read after connection_made, whatever was paused there
            hello, self._early = bytes(self._early), bytearray()
            loop.call_soon(loop.call_soon, self._pass_on, hello)  # when start_tls has connected its protocol
        try:
            secured = await loop.start_tls(self._transport, self, context, server_side=True, **self._reception.timeouts)
        except tls.SSLError:
            secured = None  # the context has written it down
        except OSError:
            secured = None
            note(logging.INFO, "TLS handshake not finished", source=self._socket.source)
        if secured is None or secured.is_closing():
            self._leave()
            return
        self._leave_handshake()
        self._hand_over(secured)

    def _pass_on(self, hello: bytes) -> None:
        """Give the beginning of the handshake to TLS, whose it is."""
        protocol = cast(asyncio.BufferedProtocol, self._transport.get_protocol())
        while hello:
            buffer = memoryview(protocol.get_buffer(len(hello)))
            count = min(len(buffer), len(hello))
            buffer[:count] = hello[:count]
            protocol.buffer_updated(count)
            hello = hello[count:]

    def _hand_over(self, transport: asyncio.Transport) -> None:
        socket = self._socket
        socket.is_surplus = self._reception.is_crowded(socket.source)
        transport.set_protocol(socket)
        socket.connection_made(transport)
        if self._early:
            early, self._early = self._early, bytearray()
            socket.data_received(bytes(early))

    def _leave(self) -> None:
        self._leave_handshake()
        self._reception.leave(self)

    def _leave_handshake(self) -> None:
        self._reception.handshakes.discard(self)
        self._work = None
        if self._reaper is not None:
            self._reaper.cancel()


def _arrivals(bounds: Bounds) -> Throttle | None:
    if bounds.arrivals_per_source is None:
        return None
    return Throttle(burst=bounds.arrivals_per_source, per_s=_ARRIVALS_PER_S)
