"""Heartbeats, and the status of connectors by whichever message it comes."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from csms.scene import NOON, component, joined, make_csms, refused, variable, virtual
from ocpp21.csms import ConnectorStatusChanged, MemoryStore, Settings
from ocpp21.errors import StoreError
from ocpp21.messages import (
    ConnectorStatusEnumType,
    EventDataType,
    EventNotificationEnumType,
    EventTriggerEnumType,
    HeartbeatRequest,
    HeartbeatResponse,
    NotifyEventRequest,
    NotifyEventResponse,
    StatusNotificationRequest,
    StatusNotificationResponse,
)

AVAILABLE, OCCUPIED, FAULTED = (
    ConnectorStatusEnumType.AVAILABLE,
    ConnectorStatusEnumType.OCCUPIED,
    ConnectorStatusEnumType.FAULTED,
)


def status(
    state: ConnectorStatusEnumType, after_s: float = 0, *, evse_id: int = 1, connector_id: int = 1
) -> StatusNotificationRequest:
    return StatusNotificationRequest(
        timestamp=NOON + timedelta(seconds=after_s),
        connector_status=state,
        evse_id=evse_id,
        connector_id=connector_id,
    )


def notify(
    value: str, place: tuple[int | None, int | None] = (1, 1), *, of: str = "Connector", name: str = "AvailabilityState"
) -> EventDataType:
    return EventDataType(
        event_id=1,
        timestamp=NOON,
        trigger=EventTriggerEnumType.DELTA,
        actual_value=value,
        event_notification_type=EventNotificationEnumType.HARD_WIRED_NOTIFICATION,
        component=component(of, *place),
        variable=variable(name),
    )


@pytest.mark.use_case("G02")
@virtual
async def test_a_heartbeat_is_answered_with_the_time() -> None:
    async with joined() as scene:
        await asyncio.sleep(60)
        expected = HeartbeatResponse(current_time=NOON + timedelta(minutes=1))
        assert await scene.peer.call(HeartbeatRequest()) == expected  # G02.FR.03


@pytest.mark.use_case("G01")
@virtual
async def test_a_connector_changes_its_status() -> None:
    async with joined() as scene:
        for state in (AVAILABLE, OCCUPIED, OCCUPIED, AVAILABLE):
            assert await scene.peer.call(status(state)) == StatusNotificationResponse()
        told = scene.told(ConnectorStatusChanged)
        assert [(each.previous, each.report.connector_status) for each in told] == [
            (None, AVAILABLE),
            (AVAILABLE, OCCUPIED),
            (OCCUPIED, AVAILABLE),
        ]
        assert scene.station.availability.connectors == {(1, 1): status(AVAILABLE)}
        (stored,) = await scene.csms.store.statuses("CS001")
        assert stored.message == status(AVAILABLE)


@pytest.mark.use_case("G01")
@virtual
async def test_a_status_may_come_by_notify_event() -> None:
    async with joined() as scene:
        events = [notify("Occupied"), notify("Faulted", (2, 1), of="CONNECTOR", name="availabilitystate")]
        request = NotifyEventRequest(generated_at=NOON, seq_no=0, event_data=events)
        assert await scene.peer.call(request) == NotifyEventResponse()
        assert scene.station.availability.connectors == {
            (1, 1): status(OCCUPIED),
            (2, 1): status(FAULTED, evse_id=2),
        }
        assert len(await scene.csms.store.statuses("CS001")) == 2


@pytest.mark.parametrize(
    "other",
    [
        notify("Occupied", (1, None)),
        notify("Occupied", (None, None)),
        notify("occupied"),
        notify("Occupied", of="EVSE"),
        notify("Occupied", name="Available"),
        notify("", name="Problem"),
    ],
)
@virtual
async def test_other_events_are_answered(other: EventDataType) -> None:
    async with joined() as scene:
        request = NotifyEventRequest(generated_at=NOON, seq_no=0, tbc=True, event_data=[other])
        assert await scene.peer.call(request) == NotifyEventResponse()
        assert scene.station.availability.connectors == {}


@virtual
async def test_the_latest_status_counts_whatever_comes_last() -> None:
    async with joined() as scene:
        await asyncio.sleep(100)
        await scene.peer.call(status(OCCUPIED, 60))
        await scene.peer.call(status(AVAILABLE, 30))
        assert scene.station.availability.connectors[1, 1].connector_status is OCCUPIED
        assert len(scene.told(ConnectorStatusChanged)) == 1


@virtual
async def test_a_status_of_the_future_does_not_stand_for_ever() -> None:
    async with joined() as scene:
        await scene.peer.call(status(FAULTED, 3600 * 24 * 365))
        await scene.peer.call(status(AVAILABLE, 1))
        assert scene.station.availability.connectors[1, 1].connector_status is AVAILABLE


@virtual
async def test_nobody_fills_the_memory_with_connectors() -> None:
    async with joined(settings=Settings(inventory=None, connectors=10)) as scene:
        for number in range(50):
            await scene.peer.call(status(AVAILABLE, evse_id=number, connector_id=2**31 - 1))
        assert len(scene.station.availability.connectors) == 10
        assert len(await scene.csms.store.statuses("CS001")) == 10
        await scene.peer.call(status(FAULTED, evse_id=9, connector_id=2**31 - 1))
        assert len(scene.told(ConnectorStatusChanged)) == 11


@virtual
async def test_a_status_survives_a_restart() -> None:
    store = MemoryStore()
    async with joined(make_csms(store)) as scene:
        await scene.peer.call(status(OCCUPIED))
        await scene.peer.call(status(AVAILABLE, evse_id=2))
    async with joined(make_csms(MemoryStore(store))) as scene:
        assert len(scene.station.availability.connectors) == 2
        await scene.peer.call(status(OCCUPIED))
        assert scene.told(ConnectorStatusChanged) == []


@virtual
async def test_a_status_that_cannot_be_stored_has_not_changed() -> None:
    class Failing(MemoryStore):
        works = False

        async def record_status(self, *arguments: Any) -> None:
            if not self.works:
                raise StoreError("broken")

    store = Failing()
    async with joined(make_csms(store)) as scene:
        assert await refused(scene.peer, status(OCCUPIED)) == "InternalError"
        assert scene.station.availability.connectors == {}
        store.works = True
        await scene.peer.call(status(OCCUPIED))
        store.works = False
        assert await refused(scene.peer, status(AVAILABLE)) == "InternalError"
        assert scene.station.availability.connectors == {(1, 1): status(OCCUPIED)}
        assert len(scene.told(ConnectorStatusChanged)) == 1


@pytest.mark.use_case("G02")
@virtual
async def test_when_a_station_was_heard_last() -> None:
    async with joined() as scene:
        assert scene.station.heard_at == NOON
        await asyncio.sleep(60)
        await scene.peer.call(HeartbeatRequest())
        assert scene.station.heard_at == NOON + timedelta(seconds=60)  # G02.FR.04
        await asyncio.sleep(60)
        await scene.peer.call(status(AVAILABLE, 120))
        assert scene.station.heard_at == NOON + timedelta(seconds=120)
        await scene.pair.cut()
        await asyncio.sleep(60)
        scene.pair.connect()
        assert scene.station.heard_at == NOON + timedelta(seconds=180)
        assert make_csms().welcome("CS9").heard_at is None
