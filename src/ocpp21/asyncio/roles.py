"""Roles over connections: a Charging Station that stays connected, a CSMS that serves all who come."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final, Protocol

from ocpp21.asyncio.backoff import BackOff
from ocpp21.asyncio.connection import Connection
from ocpp21.asyncio.message_ids import new_id
from ocpp21.asyncio.profiles import NetworkProfile, Route
from ocpp21.asyncio.reconnecting import AttemptFailed, Change, Client, Connected, Disconnected
from ocpp21.asyncio.route import Equip, SlotRoute
from ocpp21.asyncio.server import Server, serve
from ocpp21.asyncio.tls import SecurityEvent, security_event
from ocpp21.block import Role
from ocpp21.limits import Limits
from ocpp21.observation import Observation
from ocpp21.session import Session
from ocpp21.station import ChargingStation
from ocpp21.versions import OCPP21, Version

__all__ = ["Roles", "Watcher", "attend", "keep_connected", "role_session", "serve_roles"]


#: Told of a frame of a role as it passes.
Watcher = Callable[[Role, Observation], object]


class Roles(Protocol):
    """What a CSMS is to its server: one role for each Charging Station."""

    def welcome(self, identity: str, /) -> Role:
        """The role towards a Charging Station that has been let in, whether it has been here before or not."""
        ...


def role_session(
    role: Role,
    version: Version = OCPP21,
    limits: Limits = Limits(),  # noqa: B008, it is frozen
    *,
    observe: Watcher | None = None,
) -> Session:
    """Make the session of a new connection of a role, behind its gate.

    Args:
        role: whose session it is.
        version: of the protocol, as negotiated.
        limits: of the session.
        observe: told of every frame that passes; it must not raise.
    """
    observer = None if observe is None else partial(observe, role)
    return Session(role.side, version=version, limits=limits, gate=role.gate, new_id=new_id, observer=observer)


def attend(connection: Connection, role: Role, /) -> Coroutine[Any, Any, None]:
    """Let a role speak through a connection, from now on; what is returned must be awaited, and lasts until its end."""
    role.attach(connection)
    return _attend(connection, role)


async def _attend(connection: Connection, role: Role) -> None:
    try:
        await connection.wait_closed()
    finally:
        role.detach(connection)


class _Line(Client):
    """Keeps one role connected, and tells it also of the end of the last connection."""

    def __init__(self, role: Role, profiles: Sequence[NetworkProfile] | Route, /, **options: Any) -> None:
        self._role: Final = role
        self._reported: Final[set[SecurityEvent]] = set()  # since the last connection
        super().__init__(profiles, handlers=role.handlers, on_change=self._follow, **options)

    async def close(self) -> None:
        last = self.connection
        await super().close()
        self._let_go(last)

    async def cut(self) -> None:
        last = self.connection
        await super().cut()
        self._let_go(last)

    def _follow(self, change: Change) -> None:
        match change:
            case Connected(connection, _, is_other_profile):
                self._reported.clear()
                self._role.attach(connection, is_other_peer=is_other_profile)
            case Disconnected(connection):
                self._role.detach(connection)
            case AttemptFailed(_, error):
                self._report(error)

    def _report(self, error: Exception) -> None:
        """Let a Charging Station report a CSMS that it does not trust, once for a series of failures."""
        event = security_event(error, side="CS")
        if event is None or event in self._reported or not isinstance(self._role, ChargingStation):
            return
        self._reported.add(event)
        why = getattr(error, "verify_message", None) or getattr(error, "reason", None)
        # A00.FR.310, A00.FR.316, A00.FR.413, A00.FR.419
        self._role.accompany(self._role.security.report_event(event, tech_info=why))

    def _let_go(self, last: Connection | None) -> None:
        for connection in filter(None, (last, self.connection)):
            self._role.detach(connection)


def keep_connected(
    role: Role,
    profiles: Sequence[NetworkProfile],
    /,
    *,
    equip: Equip | None = None,
    observe: Watcher | None = None,
    **options: Any,
) -> Client:
    """Keep a Charging Station connected to its CSMS, for as long as an ``async with`` block runs.

    A :class:`~ocpp21.station.ChargingStation` goes by its device model (B10), see
    :class:`~ocpp21.asyncio.route.SlotRoute`: slots, attempts, back-off, time-outs and pings are those that the CSMS has
    set; it has been started before. Any other role goes by the profiles and options as they are.

    Args:
        role: the Charging Station; it is attached to each connection.
        profiles: in the order of NetworkConfigurationPriority; of a ChargingStation those that it was installed with,
            the n-th one for the n-th slot.
        equip: of a ChargingStation: makes of a slot what is needed to connect by it.
        observe: told of every frame that passes; it must not raise.
        options: of :class:`~ocpp21.asyncio.reconnecting.Client`; ``attempts`` is for other roles only.

    Raises:
        LocalProtocolError: there is no profile, or there are more than slots.
    """

    if not isinstance(role, ChargingStation):
        limits = options.pop("limits", Limits())
        return _Line(
            role,
            profiles,
            make_session=lambda version: role_session(role, version, limits, observe=observe),
            **options,
        )
    back_off = options.pop("back_off", None) or BackOff()
    names = [name for name in ("patience", "limits", "when_exhausted") if name in options]
    route = SlotRoute(role, profiles, equip=equip, back_off=back_off, **{name: options.pop(name) for name in names})
    return _Line(
        role,
        route,
        back_off=back_off,
        make_session=lambda version: role_session(role, version, route.limits, observe=observe),
        **options,
    )


def serve_roles(
    roles: Roles,
    host: str | None = None,
    port: int | None = None,
    /,
    *,
    observe: Watcher | None = None,
    **options: Any,
) -> Server:
    """Listen for Charging Stations, each of which is answered by a role of its own.

    Args:
        roles: the CSMS.
        host: address to listen on.
        port: port to listen on; 0 takes any that is free.
        observe: told of every frame that passes; it must not raise.
        options: of :func:`~ocpp21.asyncio.server.serve`.
    """

    async def introduce(connection: Connection) -> None:
        role = roles.welcome(connection.identity)
        connection.adopt(role.handlers)
        await attend(connection, role)

    limits = options.pop("limits", Limits())
    return serve(
        introduce,
        host,
        port,
        make_session=lambda identity, version: role_session(roles.welcome(identity), version, limits, observe=observe),
        **options,
    )
