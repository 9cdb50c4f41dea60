"""Roles over real sockets: kept connected, served, cut off, and told of it."""

from __future__ import annotations

import asyncio

from loopback import HANG_S

from ocpp21.asyncio import BackOff, NetworkProfile, Server, keep_connected, serve_roles
from ocpp21.asyncio.roles import Watcher
from ocpp21.block import Block, Role
from ocpp21.messages import HeartbeatRequest, HeartbeatResponse
from ocpp21.observation import Observation
from ocpp21.testing.virtual_time import EPOCH

ALIVE = HeartbeatResponse(current_time=EPOCH)


class Heart(Block[Role]):
    def on_heartbeat_request(self, request: HeartbeatRequest) -> HeartbeatResponse:
        return ALIVE


class Csms(Role):
    side = "CSMS"
    availability: Heart


class Station(Role):
    side = "CS"

    def __init__(self) -> None:
        super().__init__()
        self.changes: asyncio.Queue[bool] = asyncio.Queue()

    def attach(self, link, /, *, is_other_peer: bool = False) -> None:  # type: ignore[no-untyped-def]
        super().attach(link, is_other_peer=is_other_peer)
        self.changes.put_nowait(True)

    def detach(self, link, /) -> None:  # type: ignore[no-untyped-def]
        super().detach(link)
        self.changes.put_nowait(self.is_connected)

    async def online(self, expected: bool) -> None:
        async with asyncio.timeout(HANG_S):
            while await self.changes.get() is not expected:
                pass


class Everybody(dict[str, Csms]):
    def welcome(self, identity: str, /) -> Csms:
        return self.setdefault(identity, Csms())


def served(roles: Everybody, watch: Watcher | None = None) -> Server:
    return serve_roles(roles, "127.0.0.1", 0, observe=watch, allow_unauthenticated=True)


def profile(server: Server) -> NetworkProfile:
    return NetworkProfile(f"ws://127.0.0.1:{server.ports[0]}", "CS1")


def quick() -> BackOff:
    return BackOff(wait_minimum_s=0.01, random_range_s=0.0)


async def test_a_role_is_kept_connected() -> None:
    seen: list[tuple[str, str]] = []

    def watch(role: Role, observation: Observation) -> None:
        seen.append((role.side, observation.direction))

    station, roles = Station(), Everybody()
    async with (
        served(roles, watch) as server,
        keep_connected(station, [profile(server)], observe=watch, back_off=quick()),
    ):
        await station.online(True)
        assert await station.call(HeartbeatRequest()) == ALIVE
        server.connections["CS1"].abort("cut from the other side")
        await station.online(False)
        await station.online(True)
        assert roles["CS1"].is_connected
    assert seen == [("CS", "out"), ("CSMS", "in"), ("CSMS", "out"), ("CS", "in")]
    assert not station.is_connected


async def test_a_role_knows_that_its_line_was_closed_or_cut() -> None:
    station, roles = Station(), Everybody()
    async with served(roles) as server:
        for is_cut in (False, True):
            line = keep_connected(station, [profile(server)], back_off=quick())
            async with line:
                await station.online(True)
                if is_cut:
                    await line.cut()
                    assert not station.is_connected
                    await line.cut()
            assert not station.is_connected


async def test_a_line_that_never_was_is_cut() -> None:
    line = keep_connected(Station(), [NetworkProfile("ws://127.0.0.1:1", "CS1")])
    await line.cut()
    async with line:
        pass
