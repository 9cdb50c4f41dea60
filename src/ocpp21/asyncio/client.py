"""Connects a Charging Station to its CSMS."""

from __future__ import annotations

import base64
import ssl as tls
from collections.abc import Awaitable, Callable, Generator, Sequence
from types import TracebackType
from typing import Any, Final, Literal

from websockets.asyncio.client import connect as websocket_connect
from websockets.exceptions import InvalidHandshake, InvalidStatus
from websockets.typing import Subprotocol

from ocpp21.asyncio.connection import Connection
from ocpp21.asyncio.journal import QuietLogger
from ocpp21.asyncio.message_ids import new_id
from ocpp21.asyncio.patience import Patience
from ocpp21.asyncio.transport import HandshakeFailed, Transport
from ocpp21.asyncio.websocket import ClientSocket, WebSocketTransport, deflate_for_client
from ocpp21.errors import LocalProtocolError
from ocpp21.events import Event
from ocpp21.handlers import Handlers
from ocpp21.identity import connection_url
from ocpp21.limits import Limits
from ocpp21.session import Session
from ocpp21.versions import OCPP21, Version

__all__ = ["SessionFactory", "Stack", "connect"]

#: A WebSocket stack by its name.
Stack = Literal["websockets", "picows"]

#: Makes the session of a new connection, given the version that was negotiated.
SessionFactory = Callable[[Version], Session]


class _Connect(websocket_connect):
    """Follows no redirects: a CSMS is where the network profile says, and nobody else gets the credentials."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


class connect:
    """Connect a Charging Station: ``async with connect(...) as connection``, or ``connection = await connect(...)``.

    One connection, made once; see :class:`~ocpp21.asyncio.reconnecting.Client` for one that is kept up.

    Args:
        url: of the CSMS, without the identity.
        identity: of the Charging Station.
        password: for Basic authentication (security profiles 1 and 2); text is sent as UTF-8.
        ssl: for ``wss``: what is trusted, and the client certificate of security profile 3. There is no default:
            public certificate authorities are not to be trusted (Part 2, 1.4.2).
        versions: of the protocol, the most wanted first.
        handlers: of what the CSMS sends: a mapping by message class, or an object with methods ``on_<message>``.
        on_event: told of what is not a message: refused and dropped frames, answers that the CSMS could not use.
        limits: of the session.
        make_session: makes the session, in place of ``Session("CS", version=..., limits=limits)``.
        patience: with the CSMS.
        compression: offer permessage-deflate (Part 4, 3.4); ``picows`` has none to offer.
        stack: that carries the connection. ``picows`` comes with the extra ``fast``, and takes a quarter of the time
            for each message.
        open_timeout_s: for TCP, TLS and the opening handshake together, in seconds.
        options: for :meth:`asyncio.loop.create_connection`: ``local_addr``, ``sock``, ``server_hostname`` and so on.

    Raises:
        HandshakeFailed: the CSMS refuses, or does not speak OCPP in a version of ours.
        OSError: it cannot be reached, or TLS fails, or it takes too long (TimeoutError).
        LocalProtocolError: the URL or the identity is not valid, or ``ssl`` does not go with the URL.
    """

    def __init__(
        self,
        url: str,
        identity: str,
        /,
        *,
        password: str | bytes | None = None,
        ssl: tls.SSLContext | None = None,
        versions: Sequence[Version] = (OCPP21,),
        handlers: Handlers | None = None,
        on_event: Callable[[Event], object] | None = None,
        limits: Limits = Limits(),  # noqa: B008, it is frozen
        make_session: SessionFactory | None = None,
        patience: Patience = Patience(),  # noqa: B008, it is frozen
        compression: bool = True,
        stack: Stack = "websockets",
        open_timeout_s: float = 10.0,
        **options: Any,
    ) -> None:
        target = connection_url(url, identity)
        if target.startswith("wss:") != (ssl is not None):
            raise LocalProtocolError("expected `ssl` with wss://, and only there")
        self._versions: Final = {version.subprotocol: version for version in versions}
        self._make_session: Final = make_session or (
            lambda version: Session("CS", version=version, limits=limits, new_id=new_id)
        )
        self._connection: Connection | None = None
        self._connection_options: Final[dict[str, Any]] = {
            "identity": identity,
            "handlers": handlers,
            "on_event": on_event,
            "patience": patience,
        }
        headers = {} if password is None else {"Authorization": basic(identity, password)}
        self._shake_hands: Callable[[], Awaitable[tuple[Transport, str | None]]]
        if stack == "picows":
            from ocpp21.asyncio.picows_socket import open_picows

            self._shake_hands = lambda: open_picows(
                target,
                headers=headers,
                subprotocols=tuple(self._versions),
                ssl=ssl,
                max_size=limits.max_size,
                open_timeout_s=open_timeout_s,
                close_timeout_s=patience.close_timeout_s,
                options=options,
            )
            return
        opening = _Connect(
            target,
            additional_headers=headers,
            subprotocols=[Subprotocol(name) for name in self._versions],
            extensions=[deflate_for_client()] if compression else None,
            compression=None,
            proxy=None,
            open_timeout=open_timeout_s,
            close_timeout=patience.close_timeout_s,
            ping_interval=None,  # see liveness.py
            max_size=limits.max_size,
            logger=QuietLogger(),
            create_connection=ClientSocket,
            **options if ssl is None else {**options, "ssl": ssl},
        )
        self._shake_hands = lambda: _open_websocket(opening)

    def __await__(self) -> Generator[Any, None, Connection]:
        return self._open().__await__()

    async def __aenter__(self) -> Connection:
        self._connection = await self._open()
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def _open(self) -> Connection:
        transport, subprotocol = await self._shake_hands()
        version = self._versions.get(subprotocol or "")
        if version is None:
            await transport.close(1002, "expected a subprotocol")
            raise HandshakeFailed("expected one of our subprotocols, found none")
        connection = Connection(transport, self._make_session(version), **self._connection_options)
        connection.start()
        return connection


async def _open_websocket(opening: _Connect) -> tuple[Transport, str | None]:
    """Do the opening handshake; gives the subprotocol, too."""
    try:
        socket = await opening
    except InvalidStatus as error:
        status = error.response.status_code
        raise HandshakeFailed(f"expected status 101, found {status}", status=status) from None
    except InvalidHandshake as error:
        raise HandshakeFailed(f"expected a WebSocket handshake, found {type(error).__name__}") from error
    assert isinstance(socket, ClientSocket)
    return WebSocketTransport(socket), socket.subprotocol


def basic(identity: str, password: str | bytes, /) -> str:
    """Make the header of Basic authentication (RFC 7617); the password goes as UTF-8 (Part 2, A00.FR.205)."""
    secret = password.encode() if isinstance(password, str) else password
    return f"Basic {base64.b64encode(identity.encode() + b':' + secret).decode()}"
