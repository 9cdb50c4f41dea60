"""Availability of the Charging Station: G01 and G02."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from ocpp21.device_model import DeviceModel, EvseLayout
from ocpp21.errors import CallError
from ocpp21.messages import (
    ComponentType,
    ConnectorStatusEnumType,
    EventTriggerEnumType,
    HeartbeatRequest,
    NotifyEventRequest,
    NotifyEventResponse,
    SecurityEventNotificationRequest,
    SetVariableDataType,
    SetVariablesRequest,
    StatusNotificationRequest,
    VariableType,
)
from ocpp21.simulator.ev import EV
from ocpp21.station.availability import Availability, whole
from ocpp21.station.hardware import Fault
from ocpp21.testing.virtual_time import EPOCH
from ocpp21.wire import Message
from station.stations import Csms, Site, play


def new_ev() -> EV:
    return EV(capacity_wh=40_000, state_of_charge=50)


def told(csms: Csms) -> list[tuple[int, str]]:
    """The reports so far, by EVSE; forgets them."""
    events = [event.event_data[0] for event in csms.of(NotifyEventRequest)]
    csms.forget()
    return [(event.component.evse.id, event.actual_value) for event in events]


@pytest.mark.use_case("G01")
def test_a_connector_is_reported_when_it_changes() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected(10)
            assert told(site.csms) == [(1, "Available"), (2, "Available")]
            site.hardware.plug_in(1, 1, new_ev())
            await asyncio.sleep(1)
            (request,) = site.csms.of(NotifyEventRequest)
            (event,) = request.event_data
            assert (
                event.trigger == EventTriggerEnumType.DELTA and event.event_notification_type == "HardWiredNotification"
            )
            assert (event.component.name, event.variable.name) == ("Connector", "AvailabilityState")
            assert event.timestamp == request.generated_at == EPOCH + timedelta(seconds=10)
            assert event.event_id > 0 and request.seq_no == 0
            assert told(site.csms) == [(1, "Occupied")]
            state = site.device_model.connector(1, 1).availability_state
            assert state.value == "Occupied" == site.station.availability.status(1, 1)
            site.hardware.unplug(1, 1)
            site.hardware.plug_in(1, 1, new_ev())
            await asyncio.sleep(1)
            assert told(site.csms) == [(1, "Available"), (1, "Occupied")]  # each change, in order
            site.hardware.raise_fault(Fault.HIGH_TEMPERATURE, 2)
            site.hardware.clear_fault(Fault.HIGH_TEMPERATURE, 2)
            site.station.availability.report_changed()
            await asyncio.sleep(1)
            assert told(site.csms) == [(2, "Faulted"), (2, "Available")]

    play(scenario)


@pytest.mark.use_case("G01")
def test_by_status_notification_where_that_is_wanted() -> None:
    class Deprecated(Availability):
        prefers_status_notification = True

    async def scenario() -> None:
        async with Site(blocks={"availability": Deprecated}) as site:
            await site.connected()
            reports = site.csms.of(StatusNotificationRequest)
            assert [(report.evse_id, report.connector_id, report.connector_status) for report in reports] == [
                (1, 1, "Available"),
                (2, 1, "Available"),
            ]
            assert not site.csms.of(NotifyEventRequest)

    play(scenario)


@pytest.mark.use_case("G01")
def test_a_report_that_was_not_confirmed_is_made_again_on_the_next_connection() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            site.csms.forget()

            def refuse(request: NotifyEventRequest) -> Any:
                raise CallError("InternalError")

            before = site.csms.handlers[NotifyEventRequest]
            site.csms.on(NotifyEventRequest)(refuse)
            site.hardware.plug_in(2, 1, new_ev())
            await asyncio.sleep(1)
            site.csms.handlers[NotifyEventRequest] = before
            await site.pair.cut()
            site.csms.forget()
            await site.connected()
            assert told(site.csms) == [(2, "Occupied")]

    play(scenario)


@pytest.mark.use_case("G02")
def test_heartbeats_after_silence() -> None:
    # G02.FR.01, G02.FR.02
    async def scenario() -> None:
        async with Site(Csms(("Accepted", 60))) as site:
            await site.connected(90.0)
            site.hardware.plug_in(1, 1, new_ev())
            await asyncio.sleep(65)
            assert site.csms.times(HeartbeatRequest) == [60.0, 150.0]  # G02.FR.05
            interval = SetVariableDataType(
                component=ComponentType(name="OCPPCommCtrlr"),
                variable=VariableType(name="HeartbeatInterval"),
                attribute_value="10",
            )
            await site.csms.call(SetVariablesRequest(set_variable_data=[interval]))
            await asyncio.sleep(10)
            assert site.csms.times(HeartbeatRequest)[2:] == [160.0]

    play(scenario)


@pytest.mark.use_case("G02")
def test_a_heartbeat_sets_the_clock_and_a_jump_is_a_security_event() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()
            site.csms.forget()
            for ahead_s, events in ((10, 0), (3600, 1)):
                site.csms.ahead_s = ahead_s
                site.station.accompany(site.station.availability.beat())
                await asyncio.sleep(1)
                assert abs(site.csms.time - site.station.now()) < timedelta(seconds=1)
                assert len(site.csms.of(SecurityEventNotificationRequest)) == events
            assert site.csms.of(SecurityEventNotificationRequest)[0].type == "SettingSystemTime"

    play(scenario)


@pytest.mark.use_case("G02")
def test_a_heartbeat_a_day_whatever_else_is_sent() -> None:
    async def scenario(source: str, expected: int) -> None:
        async with Site() as site:
            await site.connected()
            site.device_model.clock_ctrlr.time_source.set((source,))
            for _ in range(25 * 60):
                site.station.availability.note_sent()
                await asyncio.sleep(60)
            assert len(site.csms.of(HeartbeatRequest)) == expected  # G02.FR.07

    play(lambda: scenario("Heartbeat", 1))
    play(lambda: scenario("NTP", 0))


@pytest.mark.use_case("G02")
def test_heartbeats_go_on_after_one_that_was_not_answered_and_on_a_new_connection() -> None:
    async def scenario() -> None:
        async with Site() as site:
            await site.connected()

            def refuse(request: HeartbeatRequest) -> Any:
                raise CallError("InternalError")

            before = site.csms.handlers[HeartbeatRequest]
            site.csms.on(HeartbeatRequest)(refuse)
            await asyncio.sleep(700)
            site.csms.handlers[HeartbeatRequest] = before
            await site.pair.cut()
            assert site.csms.times(HeartbeatRequest) == [300.0, 600.0]
            site.csms.forget()
            await site.connected(301)
            assert site.csms.times(HeartbeatRequest) == [701.0, 1001.0]

    play(scenario)


@pytest.mark.use_case("G01")
def test_the_states_of_evses_and_of_the_station() -> None:
    async def scenario() -> None:
        async with Site() as site:
            model = site.device_model

            def states() -> tuple[str, ...]:
                return tuple(str(part.availability_state.value) for part in (model.charging_station, model.evse(1)))

            site.station.availability.report_changed()
            assert states() == ("Available", "Available")
            site.hardware.plug_in(1, 1, new_ev())
            assert states() == ("Occupied", "Occupied")
            site.hardware.raise_fault(Fault.HIGH_TEMPERATURE, 1)
            assert states() == ("Available", "Faulted")
            site.hardware.raise_fault(Fault.HIGH_TEMPERATURE)
            assert states() == ("Faulted", "Faulted")

    play(scenario)


def test_the_best_that_can_be_had() -> None:
    status = ConnectorStatusEnumType
    assert whole([status.FAULTED, status.UNAVAILABLE]) == status.UNAVAILABLE
    assert whole([status.RESERVED, status.UNAVAILABLE]) == status.RESERVED
    assert whole([status.RESERVED, status.AVAILABLE, status.OCCUPIED]) == status.OCCUPIED


@pytest.mark.use_case("G02")
def test_a_middleware_that_keeps_heartbeats_is_asked_once_an_interval() -> None:
    async def scenario() -> None:
        kept = 0

        async def keep(station: Any, message: Message, proceed: Any) -> Any:
            nonlocal kept
            if isinstance(message, HeartbeatRequest):
                kept += 1
                raise CallError("GenericError")
            return await proceed(message)

        async with Site(outgoing=[keep]) as site:
            await site.connected(1000)
            assert kept == 3

    play(scenario)


def test_an_interval_that_cannot_be_taken_over() -> None:
    async def scenario() -> None:
        model = DeviceModel.minimal((EvseLayout(), EvseLayout()))
        model.ocpp_comm_ctrlr.heartbeat_interval.add(20, max_limit=100)
        async with Site(Csms(("Accepted", 1000)), device_model=model) as site:
            await site.connected(30)
            assert site.csms.times(HeartbeatRequest) == [20.0]

    play(scenario)


@pytest.mark.use_case("B04")
@pytest.mark.parametrize("seed", range(40))
def test_in_the_end_the_csms_knows_every_connector(seed: int) -> None:
    random = Random(seed)

    async def scenario() -> None:
        known = {}
        async with Site() as site:

            @site.csms.on(NotifyEventRequest)
            async def slowly(request: NotifyEventRequest) -> NotifyEventResponse:
                (event,) = request.event_data
                known[event.component.evse.id] = event.actual_value
                await asyncio.sleep(random.choice((0, 0, 0.5, 3)))
                return NotifyEventResponse()

            site.connect()
            for _ in range(60):
                match random.randrange(4):
                    case 0:
                        await site.pair.cut()
                    case 1:
                        await site.pair.cut()
                        site.connect()
                    case _:
                        evse_id = random.choice((1, 2))
                        if site.hardware.evses[evse_id].ev is None:
                            site.hardware.plug_in(evse_id, 1, new_ev())
                        else:
                            site.hardware.unplug(evse_id, 1)
                await asyncio.sleep(random.choice((0, 0.1, 1, 100)))
            await site.pair.cut()
            await site.connected(100)
            for evse_id in (1, 2):
                assert known[evse_id] == site.station.availability.status(evse_id, 1)

    play(scenario)


@pytest.mark.use_case("G01")
def test_a_status_that_passes_is_not_reported() -> None:
    class Patient(Availability):
        minimum_status_duration_s = 5.0

    async def scenario() -> None:
        async with Site(blocks={"availability": Patient}) as site:
            await site.connected(10)
            assert told(site.csms) == [(1, "Available"), (2, "Available")]  # the first is told at once
            ev = new_ev()
            site.hardware.plug_in(1, 1, ev)
            await asyncio.sleep(3)
            site.hardware.unplug(1, 1)
            await asyncio.sleep(10)
            assert told(site.csms) == []
            site.hardware.plug_in(1, 1, ev)
            await asyncio.sleep(4)
            site.hardware.raise_fault(Fault.HIGH_TEMPERATURE, 1)
            await asyncio.sleep(3)
            site.station.availability.report_all()  # how things are, as far as they have settled
            await asyncio.sleep(1)
            assert told(site.csms) == [(1, "Available"), (2, "Available")]
            await asyncio.sleep(1.5)
            (request,) = site.csms.of(NotifyEventRequest)
            (event,) = request.event_data
            assert event.actual_value == "Faulted"
            assert event.timestamp == EPOCH + timedelta(seconds=27)  # when it came to be

    play(scenario)


@pytest.mark.use_case("F02", "G01")
def test_the_status_of_an_evse_for_somebody_who_wants_to_charge() -> None:
    async def scenario() -> None:
        async with Site() as site:
            status = site.station.availability.evse_status
            assert status(1) == "Available"
            site.hardware.plug_in(1, 1, new_ev())
            assert status(1) == "Occupied"
            site.hardware.raise_fault(Fault.HIGH_TEMPERATURE, 2)
            assert status(2) == "Faulted"

    play(scenario)
