"""The CSMS's side: accepts Charging Stations, and keeps their current connections by identity."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import ssl as tls
from collections.abc import Awaitable, Callable, Collection, Coroutine, Generator, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import Any, Final, Literal, Self, cast

from websockets.asyncio.server import Server as WebSocketServer
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as websocket_serve
from websockets.exceptions import NegotiationError
from websockets.typing import Subprotocol

from ocpp21.asyncio.admission import Bounds
from ocpp21.asyncio.authentication import Authentication, Knows
from ocpp21.asyncio.binding import CertificateBinder, MayHaveExpired
from ocpp21.asyncio.connection import Connection
from ocpp21.asyncio.door import Admit, Door, certificate_of
from ocpp21.asyncio.journal import QuietLogger, complain, note
from ocpp21.asyncio.message_ids import new_id
from ocpp21.asyncio.passwords import Authenticator
from ocpp21.asyncio.patience import Patience
from ocpp21.asyncio.takeover import Registry
from ocpp21.asyncio.vestibule import Reception
from ocpp21.asyncio.websocket import ServerSocket, WebSocketTransport, deflate_for_server
from ocpp21.events import Event
from ocpp21.handlers import Handlers, table
from ocpp21.limits import Limits
from ocpp21.session import Session
from ocpp21.versions import OCPP21, Version

__all__ = ["Server", "SessionFactory", "StationHandler", "serve"]

#: Called with each new connection before anything is read from it; may be a coroutine function.
StationHandler = Callable[[Connection], Awaitable[None] | None]

#: Makes the session of a new connection, given the identity and the version that was negotiated.
SessionFactory = Callable[[str, Version], Session]

#: What is done with a peer that offers no subprotocol of ours.
NoSubprotocol = Literal["accept_then_close", "refuse_http"]


class Server:
    """A listening server; made by :func:`serve`.

    Attributes:
        connections: the current connection of each station, by identity, without regard to case.
    """

    def __init__(
        self,
        handler: StationHandler,
        /,
        *,
        door: Door,
        reception: Reception,
        registry: Registry,
        versions: Sequence[Version],
        make_session: SessionFactory,
        options: Mapping[str, Any],
        on_no_subprotocol: NoSubprotocol,
    ) -> None:
        self.connections: Final[Mapping[str, Connection]] = MappingProxyType(registry)
        self._handler: Final = handler
        self._door: Final = door
        self._registry: Final = registry
        self._versions: Final = {version.subprotocol: version for version in versions}
        self._make_session: Final = make_session
        self._options: Final = options
        self._on_no_subprotocol: Final = on_no_subprotocol
        self._handshakes: Final = reception.handshakes
        self._background: set[asyncio.Task[None]] = set()
        self._opening: Awaitable[WebSocketServer]
        self._listener: WebSocketServer

    def __await__(self) -> Generator[Any, None, Self]:
        return self._listen().__await__()

    async def __aenter__(self) -> Self:
        return await self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.drain(0.0)

    async def _listen(self) -> Self:
        self._listener = await self._opening
        return self

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that it listens on."""
        return tuple(socket.getsockname()[1] for socket in self._listener.sockets)

    async def drain(self, timeout_s: float, /) -> None:
        """Let nobody in any more, let the calls that are being handled be answered, and close everything with 1001.

        Args:
            timeout_s: how long to wait for answers, and for handshakes that have begun, in seconds.
        """
        self._door.is_open = False
        for socket in self._handshakes:
            socket.reap(timeout_s)
        self._listener.close(close_connections=False)
        for connection in list(self._registry.values()):
            self._start(connection.drain(timeout_s))
        while self._background:
            await asyncio.wait(self._background)
        # The listener never says that it is closed when its own task was cancelled, as a second Ctrl-C does.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s + self._options["patience"].close_timeout_s):
                await self._listener.wait_closed()

    async def serve_until(self, *signals: signal.Signals, timeout_s: float = 10.0) -> None:
        """Serve until a signal comes, SIGTERM or SIGINT by default, then :meth:`drain`. Not on Windows.

        Args:
            signals: to wait for.
            timeout_s: how long to wait for answers then, in seconds.
        """
        loop = asyncio.get_running_loop()
        came = asyncio.Event()
        awaited = signals or (signal.SIGTERM, signal.SIGINT)
        for number in awaited:
            loop.add_signal_handler(number, came.set)
        try:
            await came.wait()
        finally:
            for number in awaited:
                loop.remove_signal_handler(number)
        await self.drain(timeout_s)

    # Connections

    def _choose(self, socket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
        """Choose the first that the peer offers and we speak: the order is its own (Part 4, 3.1.2)."""
        for name in offered:
            if name in self._versions:
                return name
        if self._on_no_subprotocol == "refuse_http":
            raise NegotiationError("expected another subprotocol")
        return None

    async def _take(self, socket: ServerSocket) -> None:
        """Serve a WebSocket from its opening to its end."""
        self._handshakes.discard(socket)
        transport = WebSocketTransport(socket)
        if not self._door.is_open:  # it has closed behind this one
            await transport.close(1001, "going away")
            return
        version = self._versions.get(socket.subprotocol or "")
        if version is None:  # Part 4, 3.3: complete the handshake, then close
            note(logging.WARNING, "no common subprotocol", identity=socket.identity, source=socket.source)
            await transport.close(1002, "expected another subprotocol")
            return
        session = self._make_session(socket.identity, version)
        certificate = certificate_of(socket)
        connection = Connection(transport, session, identity=socket.identity, certificate=certificate, **self._options)
        self._take_over(connection)
        note(logging.INFO, "connection opened", identity=socket.identity, source=socket.source)
        try:
            await self._introduce(connection)
            await connection.run()
        finally:
            self._registry.leave(connection)

    def _take_over(self, connection: Connection) -> None:
        old = self._registry.enter(connection, asyncio.get_running_loop().time())
        if old is not None:
            note(logging.WARNING, "connection taken over", identity=connection.identity)
            self._start(old.close(1008, "another connection has taken over"))

    async def _introduce(self, connection: Connection) -> None:
        """Let the application's handler run to where it first waits, before anything is read."""
        try:
            work = self._handler(connection)
        except Exception as error:
            complain("handler failed", error, identity=connection.identity)
            self._start(connection.close(1011, "internal error"))
            return
        if work is not None:
            connection.accompany(self._attend(connection, work))
            await asyncio.sleep(0)

    async def _attend(self, connection: Connection, work: Awaitable[None]) -> None:
        try:
            await work
        except Exception as error:
            complain("handler failed", error, identity=connection.identity)
            await connection.close(1011, "internal error")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


def serve(
    handler: StationHandler,
    host: str | None = None,
    port: int | None = None,
    *,
    authenticator: Authenticator | None = None,
    knows: Knows | None = None,
    uniform_401: bool = False,
    binder: CertificateBinder | None = None,
    may_have_expired: MayHaveExpired | None = None,
    admit: Admit | None = None,
    allow_unauthenticated: bool = False,
    ssl: tls.SSLContext | None = None,
    path: str | None = None,
    origins: Collection[str] = (),
    versions: Sequence[Version] = (OCPP21,),
    on_no_subprotocol: NoSubprotocol = "accept_then_close",
    handlers: Handlers | None = None,
    on_event: Callable[[Event], object] | None = None,
    limits: Limits = Limits(),  # noqa: B008, it is frozen
    make_session: SessionFactory | None = None,
    bounds: Bounds = Bounds(),  # noqa: B008, it is frozen
    patience: Patience = Patience(),  # noqa: B008, it is frozen
    compression: bool = True,
    **options: Any,
) -> Server:
    """Listen for Charging Stations: ``async with serve(...) as server``, or ``server = await serve(...)``.

    Args:
        handler: called with each new connection, before anything is read from it. A coroutine function may go on as
            long as the connection, and is cancelled when that ends; the connection does not end when it returns.
        host: address to listen on.
        port: port to listen on; 0 takes any that is free.
        authenticator: checks passwords (security profiles 1 and 2).
        knows: says which identities there are; others are answered 404 (Part 4, 3.3). By default all are asked for
            their password.
        uniform_401: answer 401 to those, too.
        binder: ties client certificates to identities (security profile 3).
        may_have_expired: says of which stations a client certificate is taken that has expired, where ``ssl`` lets such
            certificates through at all. ``connection.certificate`` tells: answer the boot of such a station Pending,
            and have it renew its certificate at once (A00.FR.429).
        admit: the application's own check, after the others.
        allow_unauthenticated: start with none of the three. It is no way to run OCPP, except in a laboratory.
        ssl: for ``wss``; a context that demands client certificates for security profile 3.
        path: of the endpoint, without the identity; any by default.
        origins: values of the Origin header that are let in. Stations send none; browsers do.
        versions: of the protocol; the station's preference decides (Part 4, 3.1.2).
        on_no_subprotocol: what to do with a peer that offers none of them: ``accept_then_close``, as the standard has
            it (Part 4, 3.3), or ``refuse_http``, with status 400, as its test cases have it (TC_B_58_CSMS).
        handlers: of what stations send, the same for all: a mapping by message class, or an object with methods
            ``on_<message>``.
        on_event: told of what is not a message: refused and dropped frames, answers that a station could not use.
        limits: of each session.
        make_session: makes the session of a connection, in place of ``Session("CSMS", version=..., limits=limits)``.
        bounds: of the server.
        patience: with each station.
        compression: agree to permessage-deflate (Part 4, 3.4); what is inflated has the limit of a frame.
        options: for :meth:`asyncio.loop.create_server`: ``sock``, ``backlog``, ``reuse_port`` and so on.

    Raises:
        ValueError: nothing says who may come in.
        LocalProtocolError: a handler is misspelt, or of a message that stations do not send.
    """
    if authenticator is None and binder is None and admit is None and not allow_unauthenticated:
        raise ValueError("expected an authenticator, a binder, or `allow_unauthenticated=True`")
    registry = Registry(bounds)
    authentication = None
    if authenticator is not None:
        authentication = Authentication(authenticator, bounds, knows=knows, uniform_401=uniform_401)
    door = Door(
        registry,
        authentication=authentication,
        binder=binder,
        may_have_expired=may_have_expired,
        admit=admit,
        origins=origins,
        path=path,
        uniform_401=uniform_401,
    )
    reception = Reception(bounds, ssl, close_timeout_s=patience.close_timeout_s, on_lost=door.note_end)
    server = Server(
        handler,
        door=door,
        reception=reception,
        registry=registry,
        versions=versions,
        make_session=make_session
        or (lambda identity, version: Session("CSMS", version=version, limits=limits, new_id=new_id)),
        options={"handlers": table(handlers, "CSMS"), "on_event": on_event, "patience": patience},
        on_no_subprotocol=on_no_subprotocol,
    )
    server._opening = websocket_serve(
        cast(Callable[[ServerConnection], Awaitable[None]], server._take),
        host,
        port,
        process_request=cast(Any, door),
        process_response=cast(Any, door.note_response),
        select_subprotocol=server._choose,
        extensions=[deflate_for_server()] if compression else None,
        compression=None,
        server_header=None,
        open_timeout=bounds.handshake_timeout_s,
        ping_interval=None,  # see liveness.py
        close_timeout=patience.close_timeout_s,
        max_size=limits.max_size,
        logger=QuietLogger(),
        create_connection=cast(type[ServerConnection], reception),
        **options,
    )
    return server
