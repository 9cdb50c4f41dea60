"""The CSMS as a whole: its Charging Stations, and who is told of what happens there."""

from __future__ import annotations

import asyncio
import logging
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from csms.scene import NOON, Peer, event, joined, make_csms, refused, virtual
from ocpp21.block import Block, Proceed
from ocpp21.csms import (
    CSMS,
    MemoryStore,
    Station,
    StationBooted,
    StationConnected,
    StationDisconnected,
    StationEvent,
    TransactionEnded,
    TransactionEventReceived,
    TransactionStarted,
)
from ocpp21.messages import (
    GetLocalListVersionRequest,
    HeartbeatRequest,
    HeartbeatResponse,
    RegistrationStatusEnumType,
)
from ocpp21.testing.roles import RolePair
from ocpp21.wire import Message, Response


@virtual
async def test_stations_are_found_in_any_case() -> None:
    async with make_csms() as csms:
        assert "CS001" not in csms and len(csms) == 0 and list(csms) == []
        with pytest.raises(KeyError):
            csms["CS001"]
        station = csms.welcome("CS001")
        assert csms["cs001"] is csms.welcome("Cs001") is station
        assert "cS001" in csms and 1 not in csms
        assert list(csms) == ["CS001"] and list(csms.values()) == [station]
        assert csms.get("CS002") is None
        assert repr(station) == "<Station 'CS001' Pending not connected>"


@virtual
async def test_stations_of_before_are_known_and_made_when_asked_for() -> None:
    store = MemoryStore()
    async with make_csms(store) as csms:
        for number in range(1201):
            peer = Peer()
            async with RolePair(peer, csms.welcome(f"CS{number}")):
                await peer.boot()
    made: list[str] = []

    class Counted(Station):
        def __init__(self, csms: CSMS, identity: str, /, **options: Any) -> None:
            super().__init__(csms, identity, **options)
            made.append(identity)

    async with make_csms(MemoryStore(store), station=Counted) as csms:
        assert len(csms) == 1201 and made == []
        station = csms["cs1200"]
        assert made == ["CS1200"] and isinstance(station, Counted)
        assert station.provisioning.status is RegistrationStatusEnumType.ACCEPTED
        assert csms.connected == []


@virtual
async def test_connections_come_and_go() -> None:
    async with make_csms() as csms:
        events: list[StationEvent] = []
        csms.subscribe(events.append, StationConnected, StationDisconnected)
        station = csms.welcome("CS001")
        async with RolePair(Peer(), station) as first:
            assert csms.connected == [station]
            async with RolePair(Peer(), station):  # takes over
                await first.cut()
                assert station.is_connected and csms.connected == [station]
        assert csms.connected == []
        assert [type(each) for each in events] == [
            StationConnected,
            StationDisconnected,
            StationConnected,
            StationDisconnected,
        ]
        assert {(each.station, each.at) for each in events} == {(station, NOON)}


@virtual
async def test_blocks_stations_and_middleware_are_the_applications() -> None:
    seen: list[str] = []

    class Availability(Block[Station]):
        async def start(self) -> None:
            seen.append("started")

        async def stop(self) -> None:
            seen.append("stopped")

        def on_heartbeat_request(self, request: HeartbeatRequest) -> HeartbeatResponse:
            return HeartbeatResponse(current_time=datetime(2000, 1, 1, tzinfo=UTC))

    async def see(station: Station, message: Message, proceed: Proceed) -> Response | None:
        seen.append(f"{station.identity} {type(message).__name__}")
        return await proceed(message)

    csms = make_csms(blocks={"availability": Availability}, incoming=[see], outgoing=[see])
    async with joined(csms) as scene:
        assert (await scene.peer.call(HeartbeatRequest())).current_time.year == 2000
        assert await refused(scene.station, GetLocalListVersionRequest()) == "NotSupported"
    assert seen == [
        "started",
        "CS001 BootNotificationRequest",
        "CS001 HeartbeatRequest",
        "CS001 GetLocalListVersionRequest",
        "stopped",
    ]


@virtual
async def test_stopping_ends_the_tasks() -> None:
    async with joined() as scene:
        task = scene.station.accompany(asyncio.sleep(3600))
        await scene.csms.stop()
        assert task.cancelled()


# Who is told


@virtual
async def test_subscribers_are_told_of_what_they_want() -> None:
    async with joined(boots=False) as scene:
        everything: list[StationEvent] = []
        started: list[StationEvent] = []
        unsubscribe = scene.csms.subscribe(everything.append)
        scene.csms.subscribe(started.append, TransactionStarted, TransactionEnded)
        await scene.peer.boot()
        await scene.peer.call(event())
        assert [type(each) for each in everything] == [StationBooted, TransactionStarted]
        assert [type(each) for each in started] == [TransactionStarted]
        unsubscribe()
        unsubscribe()
        await scene.peer.call(event("other"))
        assert len(everything) == len(started) == 2


@virtual
async def test_a_subscriber_that_raises_harms_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with joined() as scene:
        events: list[StationEvent] = []

        def fail(event: StationEvent) -> None:
            raise ValueError("not again")

        scene.csms.subscribe(fail)
        scene.csms.subscribe(events.append)
        with caplog.at_level(logging.ERROR, "ocpp21.csms"):
            await scene.peer.call(event())
        assert len(events) == 1
        (record,) = caplog.records
        assert record.getMessage() == "subscriber failed event=TransactionStarted"


@virtual
async def test_a_watch_is_iterated_over() -> None:
    async with joined() as scene:
        async with scene.csms.watch(TransactionEventReceived) as events:
            waiting = asyncio.ensure_future(anext(events))
            await asyncio.sleep(0)
            await scene.peer.boot()
            await scene.peer.call(event("a"))
            await scene.peer.call(event("b"))
            assert (await waiting).transaction.transaction_id == "a"
            async for each in events:
                assert each.transaction.transaction_id == "b"
                break
        await scene.peer.call(event("c"))
        assert not events._events and events.lost == 0


@virtual
async def test_a_watch_that_nobody_reads_drops_the_oldest() -> None:
    async with joined() as scene, scene.csms.watch(StationBooted, size=3) as boots:
        for _ in range(10):
            await scene.peer.boot()
        assert boots.lost == 7 and len(boots._events) == 3


@virtual
async def test_a_watch_without_kinds_sees_all() -> None:
    async with joined(boots=False) as scene, scene.csms.watch() as events:
        await scene.peer.boot()
        assert isinstance(await anext(events), StationBooted)


def test_ids_of_requests_grow_also_over_restarts() -> None:
    ids = []
    for minute in (0, 1):
        csms = CSMS(MemoryStore(), now=lambda minute=minute: NOON.replace(minute=minute))
        ids += [csms.next_request_id() for _ in range(5)]
    assert ids == sorted(set(ids)) and 0 < ids[0] and ids[-1] < 2**31


@virtual
async def test_a_station_is_light() -> None:
    csms = make_csms()
    csms.welcome("first")
    await asyncio.sleep(0)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(100):
            csms.welcome(f"CS{number}")
        await asyncio.sleep(0)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    await csms.stop()
    assert (after - before) / 100 < 20 * 1024
