"""Keeps a Charging Station connected: network profiles, back-off, and one place to call from."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Final, Self, TypeAlias, TypeVar, cast

import msgspec

from ocpp21.asyncio.backoff import BackOff
from ocpp21.asyncio.client import connect
from ocpp21.asyncio.connection import Connection
from ocpp21.asyncio.journal import complain, note
from ocpp21.asyncio.profiles import FixedRoute, NetworkProfile, Route, WhenExhausted
from ocpp21.handlers import Handler, Handlers, Table, check, table
from ocpp21.wire import Message, Request, Response, Send

__all__ = ["AttemptFailed", "Change", "Client", "Connected", "Disconnected"]

MessageT = TypeVar("MessageT", bound=Message)
ResponseT = TypeVar("ResponseT", bound=Response)
AnswerT = TypeVar("AnswerT")


class Connected(msgspec.Struct, frozen=True):
    """The station is connected. That is no new boot (Part 4, 5.4), unless the profile is another one.

    Attributes:
        connection: the new one; nothing has been read from it yet.
        profile: that has led to it.
        is_other_profile: the connection before was with another profile: boot again (B10.FR.10).
    """

    connection: Connection
    profile: NetworkProfile
    is_other_profile: bool


class AttemptFailed(msgspec.Struct, frozen=True):
    """An attempt to connect has failed.

    Attributes:
        profile: that was tried; None when there was nothing to connect with, as without certificates.
        error: why: an OSError, of which a HandshakeFailed is one, in all but odd cases.
        wait_s: seconds until the next attempt.
    """

    profile: NetworkProfile | None
    error: Exception
    wait_s: float


class Disconnected(msgspec.Struct, frozen=True):
    """A connection has ended.

    Attributes:
        connection: that has ended.
        profile: that had led to it.
        wait_s: seconds until the next attempt.
    """

    connection: Connection
    profile: NetworkProfile
    wait_s: float


Change: TypeAlias = Connected | AttemptFailed | Disconnected


class Client:
    """A Charging Station's line to its CSMS that is kept up for as long as the ``async with`` block runs.

    Args:
        profiles: in the order of NetworkConfigurationPriority; or a route, which says for each attempt where it leads.
        attempts: for each of the profiles (NetworkProfileConnectionAttempts).
        when_exhausted: what follows when all have been made: it never gives up (B10.FR.09).
        back_off: the waits in between; it is the client's alone.
        on_change: told when something changes; it must not raise.
        handlers: of what the CSMS sends: a mapping by message class, or an object with methods ``on_<message>``.
        options: of :class:`~ocpp21.asyncio.client.connect`.

    Attributes:
        connection: the current one, or None.
    """

    def __init__(
        self,
        profiles: Sequence[NetworkProfile] | Route,
        /,
        *,
        attempts: int = 3,
        when_exhausted: WhenExhausted = "start_over",
        back_off: BackOff | None = None,
        on_change: Callable[[Change], object] | None = None,
        handlers: Handlers | None = None,
        **options: Any,
    ) -> None:
        self.connection: Connection | None = None
        self._route: Final[Route] = (
            FixedRoute(profiles, attempts=attempts, when_exhausted=when_exhausted)
            if isinstance(profiles, Sequence)
            else profiles
        )
        self._back_off: Final = back_off or BackOff()
        self._on_change: Final = on_change
        self._handlers: Final = Table(table(handlers, "CS"))
        self._options: Final = options
        self._up: Final = asyncio.Event()
        self._down: Final = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._keeper = asyncio.create_task(self._keep_up())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def on(
        self, message: type[MessageT], /
    ) -> Callable[[Callable[[MessageT], AnswerT]], Callable[[MessageT], AnswerT]]:
        """Register the handler of a message, for this and all connections to come: a decorator.

        Raises:
            LocalProtocolError: the message never comes to a Charging Station.
        """
        check(message, "CS")

        def register(handler: Callable[[MessageT], AnswerT]) -> Callable[[MessageT], AnswerT]:
            self._handlers[message] = cast(Handler, handler)
            return handler

        return register

    async def connected(self) -> Connection:
        """Wait until there is a connection."""
        while True:
            connection = self.connection
            if connection is None:
                await self._up.wait()
            elif connection.is_closed:  # its end has not been noticed yet
                await self._down.wait()
            else:
                return connection

    async def call(self, request: Request[ResponseT], /, **options: Any) -> ResponseT:
        """Call, once there is a connection; see :meth:`Connection.call`. A call that fails is not repeated."""
        connection = await self.connected()
        return await connection.call(request, **options)

    async def send(self, message: Send, /) -> str:
        """Send over the current connection; what is sent while there is none is lost (Part 4, 4.2.4)."""
        connection = await self.connected()
        return await connection.send(message)

    async def close(self) -> None:
        """Disconnect, and do not connect again."""
        await self._stop_keeping()
        if self.connection is not None:
            await self.connection.close()

    async def cut(self) -> None:
        """Let the connection end without a word, as with a broken cable, and do not connect again."""
        await self._stop_keeping()
        if self.connection is not None:
            self.connection.abort("the connection was cut")
            await self.connection.wait_closed()

    async def _stop_keeping(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])

    async def _keep_up(self) -> None:
        while True:
            wait_s = await self._connect_once()
            await asyncio.sleep(wait_s)

    async def _connect_once(self) -> float:
        """Make one attempt, and wait for the end of what it leads to; returns how long to wait for the next one."""
        profile: NetworkProfile | None = None
        try:
            profile, options = await self._route.next()
            connection = await connect(
                profile.url,
                profile.identity,
                password=profile.password,
                ssl=profile.ssl,
                handlers=self._handlers,
                **{**self._options, **options},
            )
        except Exception as error:
            self._route.fail()
            wait_s = self._back_off.next_wait_s()
            note(logging.WARNING, "connecting failed", identity=_identity(profile), error=error, wait_s=wait_s)
            self._tell(AttemptFailed(profile, error, wait_s))
            return wait_s
        self._back_off.reset()
        is_other = self._route.succeed()
        self._set(connection)
        self._tell(Connected(connection, profile, is_other))
        await connection.wait_closed()
        self._set(None)
        wait_s = self._back_off.next_wait_s()
        self._tell(Disconnected(connection, profile, wait_s))
        return wait_s

    def _set(self, connection: Connection | None) -> None:
        self.connection = connection
        begins, ends = (self._up, self._down) if connection is not None else (self._down, self._up)
        begins.set()
        ends.clear()

    def _tell(self, change: Change) -> None:
        if self._on_change is None:
            return
        try:
            self._on_change(change)
        except Exception as error:
            complain("on_change failed", error)


def _identity(profile: NetworkProfile | None) -> str:
    return "" if profile is None else profile.identity
