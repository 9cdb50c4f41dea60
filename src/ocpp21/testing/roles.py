"""A Charging Station and a CSMS joined in memory: their connections live in virtual time, and can be cut."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Final, Self

from ocpp21.asyncio.connection import Connection
from ocpp21.asyncio.patience import Patience
from ocpp21.asyncio.roles import Watcher, attend, role_session
from ocpp21.block import Role
from ocpp21.testing.memory import MemoryTransport, memory_transports

__all__ = ["RolePair"]

#: Without pings: nothing but the roles makes time pass.
_PATIENCE: Final = Patience(ping_interval_s=0.0)


class RolePair:
    """The connection between two roles; there is one within an ``async with`` block, unless it is cut.

    ::

        async with RolePair(station, csms["CS001"]) as pair:
            ...
            await pair.cut()
            ...
            pair.connect()

    Args:
        station: the Charging Station; it has been started.
        csms: the CSMS's role towards it.
        identity: of the Charging Station.
        watch: told of every frame that passes, with the role that sees it.

    Attributes:
        ends: the transports of the present connection, that of the station first.
    """

    def __init__(
        self,
        station: Role,
        csms: Role,
        /,
        *,
        identity: str = "CS001",
        watch: Watcher | None = None,
    ) -> None:
        self.ends: tuple[MemoryTransport, MemoryTransport]
        self._roles: Final = (station, csms)
        self._identity: Final = identity
        self._watch: Final = watch
        self._connections: list[Connection] = []
        self._attendants: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self.connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    def connect(self) -> None:
        """Open a connection, in place of the one before, and let both roles speak through it."""
        self.ends = memory_transports()
        self._connections = [self._open(role, end) for role, end in zip(self._roles, self.ends, strict=True)]
        loop = asyncio.get_running_loop()
        self._attendants = [
            loop.create_task(attend(connection, role))
            for connection, role in zip(self._connections, self._roles, strict=True)
        ]
        for connection in self._connections:
            connection.start()

    async def cut(self) -> None:
        """End the connection without a word, as a broken cable does, and wait until both roles know."""
        for connection in self._connections:
            connection.abort("the connection was cut")
        if self._attendants:
            await asyncio.wait(self._attendants)

    def _open(self, role: Role, end: MemoryTransport) -> Connection:
        session = role_session(role, observe=self._watch)
        return Connection(end, session, identity=self._identity, handlers=role.handlers, patience=_PATIENCE)
