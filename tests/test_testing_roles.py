"""Roles joined in memory, and the transports below them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from ocpp21.asyncio import Connection
from ocpp21.block import Block, Role
from ocpp21.errors import CallTimeout, SessionClosed
from ocpp21.messages import HeartbeatRequest, HeartbeatResponse
from ocpp21.observation import Observation
from ocpp21.session import Session
from ocpp21.testing import delayed
from ocpp21.testing.memory import memory_transports
from ocpp21.testing.roles import RolePair
from ocpp21.wire import Action

ALIVE = HeartbeatResponse(current_time=datetime(2026, 1, 1, tzinfo=UTC))


class Availability(Block[Role]):
    def on_heartbeat_request(self, request: HeartbeatRequest) -> HeartbeatResponse:
        return ALIVE


class Csms(Role):
    side = "CSMS"
    availability: Availability


class Closed(Csms):
    def gate(self, action: Action, /) -> str | None:
        return "not yet"


class Station(Role):
    side = "CS"


def test_a_call_through_memory() -> None:
    seen: list[tuple[str, str]] = []

    def watch(role: Role, observation: Observation) -> None:
        seen.append((role.side, observation.direction))

    async def talk() -> None:
        station, csms = Station(), Csms()
        async with RolePair(station, csms, watch=watch):
            assert await station.call(HeartbeatRequest()) == ALIVE
            assert station.is_connected and csms.is_connected
        assert not station.is_connected and not csms.is_connected

    asyncio.run(talk())
    assert seen == [("CS", "out"), ("CSMS", "in"), ("CSMS", "out"), ("CS", "in")]


def test_a_cut_and_a_new_connection() -> None:
    async def talk() -> None:
        station = Station()
        async with RolePair(station, Csms()) as pair:
            waiting = asyncio.ensure_future(station.call(HeartbeatRequest()))
            await asyncio.sleep(0)
            await pair.cut()
            with pytest.raises(SessionClosed, match="was cut"):
                await waiting
            with pytest.raises(SessionClosed, match="not connected"):
                await station.call(HeartbeatRequest())
            pair.connect()
            await asyncio.sleep(0)
            assert await station.call(HeartbeatRequest()) == ALIVE

    asyncio.run(talk())


def test_the_gate_of_a_role_is_that_of_its_sessions() -> None:
    async def talk() -> None:
        station = Station()
        async with RolePair(station, Closed()):
            await asyncio.sleep(0)
            with pytest.raises(Exception, match="SecurityError"):
                await station.call(HeartbeatRequest())

    asyncio.run(talk())


def test_a_half_open_connection() -> None:
    async def talk() -> None:
        station = Station()
        async with RolePair(station, Csms()) as pair:
            await asyncio.sleep(0)
            pair.ends[1].link.cut()
            with pytest.raises(CallTimeout):
                await station.call(HeartbeatRequest(), timeout_s=0.01)

    asyncio.run(talk())


def test_late_messages_keep_their_order() -> None:
    async def talk() -> list[bytes]:
        one, other = memory_transports()
        got: list[bytes] = []
        one.link.fate = delayed(0.001)
        one.send(b"1")
        one.send(b"2")
        listening = asyncio.ensure_future(other.listen(lambda message: got.append(bytes(message))))
        await asyncio.sleep(0.01)
        await one.close(1000, "done")
        one.send(b"3")
        assert await listening == (1000, "done")
        return got

    assert asyncio.run(talk()) == [b"1", b"2"]


def test_what_comes_before_somebody_listens_is_kept() -> None:
    async def talk() -> list[bytes]:
        one, other = memory_transports()
        got: list[bytes] = []
        one.send(b"early")
        await asyncio.sleep(0.001)
        listening = asyncio.ensure_future(other.listen(lambda message: got.append(bytes(message))))
        await asyncio.sleep(0)
        one.abort()
        assert (await listening).code == 1006
        one.send(b"late")
        other.send(b"late")
        await asyncio.sleep(0.001)
        return got

    assert asyncio.run(talk()) == [b"early"]


def test_signs_of_life() -> None:
    async def talk() -> None:
        one, other = memory_transports()
        connection = Connection(one, Session("CS"), identity="CS001")
        connection.start()
        other_listening = asyncio.ensure_future(other.listen(print))
        assert await connection.is_alive(1.0)
        other.link.cut()
        assert not await connection.is_alive(0.01)
        assert one.heard_at <= asyncio.get_running_loop().time()
        await connection.close()
        assert not await connection.is_alive(0.01)
        await other_listening
        await one.heard()
        await one.drain()
        one.hold()

    asyncio.run(talk())
