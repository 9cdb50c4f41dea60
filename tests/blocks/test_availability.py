"""Availability (block G) over both roles: states of connectors, and what is in service (G01, G03, G04)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, Laboratory, explore

from ocpp21.csms import ConnectorStatusChanged
from ocpp21.errors import LocalProtocolError, OcppError, StoreError
from ocpp21.messages import (
    ChangeAvailabilityRequest,
    EVSEType,
    NotifyEventRequest,
    OperationalStatusEnumType,
)
from ocpp21.simulator import wallbox
from ocpp21.simulator.fleet import StationFacts
from ocpp21.station.hardware import ConnectorFacts, EvseFacts, Fault
from ocpp21.station.memory import MemoryStore
from ocpp21.station.store import Change

IN, OUT = OperationalStatusEnumType.OPERATIVE, OperationalStatusEnumType.INOPERATIVE

QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}


def points(start: str, stop: str = "EVConnected") -> dict[str, Any]:
    return {**QUIET, "tx_ctrlr.tx_start_point": (start,), "tx_ctrlr.tx_stop_point": (stop,)}


CONNECTED, AUTHORIZED = points("EVConnected"), points("Authorized", "Authorized")


def facts() -> StationFacts:
    """EVSE 1 with connectors 1 and 2, EVSE 2 with connector 1: as the scenario table has it."""
    station = wallbox(evses=2)
    first, second = station.evses
    sockets = tuple(ConnectorFacts(connector_id=number, type="sType2") for number in (1, 2))
    options = {name: getattr(first, name) for name in ("phases", "max_power_w", "max_current_a")}
    return StationFacts(
        charging_station=station.charging_station, evses=(EvseFacts(evse_id=1, connectors=sockets, **options), second)
    )


def explored(scenario: Any, **options: Any) -> Laboratory:
    options.setdefault("facts", facts())
    options.setdefault("variables", CONNECTED)
    return explore(scenario, **options)


def reports(lab: Laboratory) -> list[str]:
    """What the station has reported of connectors since it was asked last."""
    found = [
        f"{event.component.evse.id}/{event.component.evse.connector_id} {event.actual_value}"
        for request in lab.messages(NotifyEventRequest)
        for event in request.event_data
        if event.component.name == "Connector" and event.component.evse is not None
    ]
    lab.said.clear()
    return found


async def change(lab: Laboratory, status: OperationalStatusEnumType, *place: int) -> tuple[str, list[str]]:
    """Change what is in service; gives the answer, and what is reported by and by."""
    await lab.quiet()
    lab.said.clear()
    lab.frames.clear()
    options = dict(zip(("evse_id", "connector_id"), place, strict=False))
    response = await lab.csms["CS001"].availability.change_availability(status, **options)
    await lab.quiet()
    out = [frame.data for frame in lab.frames if frame.side == "CS" and frame.direction == "out"]
    assert out[0].startswith(b"[3")  # reports come after the answer
    # G03.FR.01, G03.FR.02, G04.FR.02, G04.FR.03
    return str(response.status), reports(lab)


def status(lab: Laboratory) -> list[str]:
    """The state of all connectors: of the station, as the device model tells it, and as the CSMS knows it."""
    places = [(1, 1), (1, 2), (2, 1)]
    known = lab.csms["CS001"].availability.connectors
    model = lab.station.device_model
    for place in places:
        assert known[place].connector_status == lab.station.availability.status(*place)
        assert model.connector(*place).availability_state.value == known[place].connector_status
    return [str(known[place].connector_status) for place in places]


# G01


@pytest.mark.use_case("G01")
def test_connectors_are_reported_when_they_change() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet()
        assert reports(lab) == ["1/1 Available", "1/2 Available", "2/1 Available"]  # B01.FR.05
        await lab.plug_in(1, 2)
        assert reports(lab) == ["1/2 Occupied"]  # G01.FR.03, G01.FR.08
        await lab.unplug(1, 2)
        assert reports(lab) == ["1/2 Available"]  # G01.FR.04
        assert status(lab) == ["Available"] * 3  # G01.FR.01

    explored(scenario)


@pytest.mark.use_case("G01")
def test_what_is_reported_after_an_outage() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.quiet()
        for seconds, evse_id, expected in ((10, None, 0), (10, 2, 1), (61, None, 3)):
            lab.said.clear()
            await lab.go_offline()
            if evse_id is not None:
                await lab.plug_in(evse_id)
            await lab.quiet(seconds)
            await lab.go_online()
            assert len(reports(lab)) == expected

    explored(scenario)


# G03


@pytest.mark.use_case("G03")
def test_an_evse_goes_out_of_service_and_comes_back() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await change(lab, OUT, 1) == (
            "Accepted",
            ["1/1 Unavailable", "1/2 Unavailable"],
        )  # G01.FR.07, G03.FR.04, G03.FR.06
        assert lab.station.device_model.evse(1).availability_state.value == "Unavailable"
        assert await change(lab, OUT, 1) == ("Accepted", [])  # G03.FR.03
        assert status(lab) == ["Unavailable", "Unavailable", "Available"]
        assert await change(lab, IN, 1) == ("Accepted", ["1/1 Available", "1/2 Available"])  # G03.FR.07
        assert await change(lab, IN, 1) == ("Accepted", [])

    explored(scenario)


@pytest.mark.use_case("G03")
def test_a_connector_goes_out_of_service_and_comes_back() -> None:
    async def scenario(lab: Laboratory) -> None:
        assert await change(lab, IN, 1, 2) == ("Accepted", [])
        assert await change(lab, OUT, 1, 2) == ("Accepted", ["1/2 Unavailable"])
        assert await change(lab, OUT, 1, 2) == ("Accepted", [])
        assert lab.station.device_model.evse(1).availability_state.value == "Available"
        # It stays so, whatever becomes of its EVSE.
        assert await change(lab, OUT, 1) == ("Accepted", ["1/1 Unavailable"])
        assert await change(lab, IN, 1) == ("Accepted", ["1/1 Available"])
        assert await change(lab, IN, 1, 2) == ("Accepted", ["1/2 Available"])

    explored(scenario)


@pytest.mark.use_case("G03", "G04", "G01")
def test_it_survives_a_reboot() -> None:
    async def scenario(lab: Laboratory) -> None:
        await change(lab, OUT, 1, 2)
        await change(lab, OUT, 2)
        for _ in range(2):
            await lab.kill()
            await lab.boot()
            await lab.quiet()
            # B01.FR.07, G01.FR.02, G03.FR.08
            assert status(lab) == ["Available", "Unavailable", "Unavailable"]
        assert await change(lab, IN, 2) == ("Accepted", ["2/1 Available"])
        await change(lab, OUT)
        await lab.kill()
        await lab.boot()
        await lab.quiet()
        assert status(lab) == ["Unavailable"] * 3  # G04.FR.09
        assert await change(lab, IN) == ("Accepted", ["1/1 Available", "2/1 Available"])

    explored(scenario)


@pytest.mark.use_case("G03")
def test_it_is_scheduled_while_a_transaction_runs() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(1, 1)
        await lab.present()
        assert await change(lab, IN, 1) == ("Accepted", [])
        assert await change(lab, OUT, 1) == ("Scheduled", ["1/2 Unavailable"])  # G03.FR.05
        assert await change(lab, OUT, 1) == ("Scheduled", [])
        assert status(lab) == ["Occupied", "Unavailable", "Available"]
        before = lab.delivered_wh()
        await lab.quiet(600)
        assert lab.delivered_wh() > before
        assert await change(lab, IN, 1) == ("Accepted", ["1/2 Available"])
        assert await change(lab, OUT, 1) == ("Scheduled", ["1/2 Unavailable"])
        await lab.present()
        assert reports(lab) == ["1/1 Unavailable"]
        assert lab.told == []  # said was cleared: the Ended event came before
        await lab.unplug(1, 1)
        assert reports(lab) == []
        assert await change(lab, IN, 1) == ("Accepted", ["1/1 Available", "1/2 Available"])

    explored(scenario, variables=AUTHORIZED)


@pytest.mark.use_case("G03", "G01")
@pytest.mark.parametrize("kind", ["sType2", "cType2"])
def test_an_unplug_that_ends_the_transaction_never_shows_available(kind: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        seen: list[ConnectorStatusChanged] = []
        await lab.plug_in(1, 1)
        await lab.present()
        assert (await change(lab, OUT, 1))[0] == "Scheduled"
        lab.csms.subscribe(seen.append, ConnectorStatusChanged)
        lab.hardware.unplug_ev(1, 1)
        await lab.quiet()
        assert [str(event.report.connector_status) for event in seen] == ["Unavailable"]  # G01.FR.05
        assert lab.told[-1][0] == "Ended"

    explored(scenario, facts=wallbox(evses=2, connector_types=(kind,)))


@pytest.mark.use_case("G03")
def test_a_connector_that_is_not_in_use() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(1, 1)
        assert await change(lab, OUT, 1, 2) == ("Accepted", ["1/2 Unavailable"])
        assert await change(lab, OUT, 1, 1) == ("Scheduled", [])
        await lab.unplug(1, 1)
        assert status(lab) == ["Unavailable", "Unavailable", "Available"]

    explored(scenario)


@pytest.mark.use_case("G03")
def test_a_transaction_that_waits_for_its_cable() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present()
        assert await change(lab, OUT, 1, 1) == ("Scheduled", [])
        assert await change(lab, OUT, 1) == ("Scheduled", [])
        await lab.plug_in(1, 2)
        await lab.quiet(60)
        assert lab.delivered_wh() > 0 and status(lab) == ["Unavailable", "Occupied", "Available"]
        await lab.present()
        assert status(lab) == ["Unavailable", "Unavailable", "Available"]

    explored(scenario, variables=AUTHORIZED)


@pytest.mark.use_case("G03")
def test_nothing_begins_at_an_evse_that_is_out_of_service() -> None:
    async def scenario(lab: Laboratory) -> None:
        await change(lab, OUT, 1)
        outcome = await lab.csms["CS001"].remote_control.request_start_transaction(TOKEN, evse_id=1)
        assert outcome.status == "Rejected"  # F01.FR.23
        await lab.present()
        await lab.plug_in(1, 1)
        await lab.present()
        await lab.quiet(60)
        assert not lab.events and lab.delivered_wh() == 0 and reports(lab) == []
        assert await change(lab, IN, 1) == ("Accepted", ["1/1 Occupied", "1/2 Available"])
        await lab.present()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    for variables in (CONNECTED, AUTHORIZED):
        lab = explored(scenario, variables=variables)
        assert lab.told[-1] == ("Updated", "ChargingStateChanged", "Charging")


@pytest.mark.use_case("G03")
def test_what_was_plugged_in_meanwhile_begins_when_it_comes_back() -> None:
    async def scenario(lab: Laboratory) -> None:
        await change(lab, OUT, 1)
        await lab.plug_in(1, 1)
        assert not lab.events
        await change(lab, IN, 1)
        assert len(await lab.transactions()) == 1
        await lab.present()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0
        await lab.leave(1, 1)
        await lab.plug_in(1, 1)
        await lab.unplug(1, 1)
        await change(lab, OUT, 1)
        await change(lab, IN, 1)
        assert len(await lab.transactions()) == 2

    explored(scenario)


@pytest.mark.use_case("G03")
def test_an_authorization_without_a_transaction_is_dropped() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present()
        assert (await change(lab, OUT, 1))[0] == "Accepted"
        await change(lab, IN, 1)
        await lab.plug_in(1, 1)
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    explored(scenario)


@pytest.mark.use_case("G03")
def test_an_ev_that_is_offered_energy_is_let_go() -> None:
    async def scenario(lab: Laboratory) -> None:
        ev = await lab.plug_in(1, 1)
        ev.pause()
        await lab.present()
        assert lab.hardware.evses[1].contactor.is_closed and not lab.events
        assert (await change(lab, OUT, 1))[0] == "Accepted"
        assert not lab.hardware.evses[1].contactor.is_closed
        await lab.unplug(1, 1)

    explored(scenario, variables=points("EnergyTransfer"))


@pytest.mark.use_case("G03")
@pytest.mark.parametrize(
    ("evse", "reason"),
    [
        ((9, None), "UnknownEvse"),
        ((0, None), "UnknownEvse"),
        ((1, 7), "UnknownConnectorId"),
        ((1, 0), "UnknownConnectorId"),
    ],
)
def test_what_is_not_there(evse: tuple[int, int | None], reason: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        place = EVSEType(id=evse[0], connector_id=evse[1])
        request = ChangeAvailabilityRequest(operational_status=OUT, evse=place)
        response = await lab.csms["CS001"].call(request)
        assert response.status == "Rejected" and response.status_info is not None
        assert response.status_info.reason_code == reason
        await lab.quiet()
        assert status(lab) == ["Available"] * 3
        assert not await lab.station_store.read("availability")

    explored(scenario)


@pytest.mark.use_case("G03")
def test_places_that_are_none_are_never_asked_for() -> None:
    async def scenario(lab: Laboratory) -> None:
        availability = lab.csms["CS001"].availability
        for options in ({"evse_id": 0}, {"evse_id": 1, "connector_id": 0}, {"connector_id": 1}):
            with pytest.raises(LocalProtocolError):
                await availability.change_availability(OUT, **options)

    lab = explored(scenario)
    assert not lab.messages(ChangeAvailabilityRequest, "CSMS")


@pytest.mark.use_case("G03")
def test_the_sibling_that_was_waited_for() -> None:
    async def scenario(lab: Laboratory) -> None:
        await change(lab, OUT, 1, 1)
        await lab.plug_in(1, 1)
        await lab.present()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0 and not lab.events  # the connector is out of service, the EVSE is not
        await lab.unplug(1, 1)
        await lab.plug_in(1, 2)
        await lab.present()
        await lab.quiet(60)
        assert lab.delivered_wh() > 0

    explored(scenario, variables=AUTHORIZED)


class Frail(MemoryStore):
    """A store that takes its time while it is told to, and refuses changes while it is broken."""

    is_broken = False

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def commit(self, *changes: Change) -> None:
        await self.may_go_on.wait()
        if self.is_broken:
            raise StoreError("no room")
        await super().commit(*changes)


@pytest.mark.use_case("G03")
def test_what_cannot_be_kept_is_not_changed() -> None:
    store = Frail()

    async def scenario(lab: Laboratory) -> None:
        await lab.quiet()
        store.is_broken = True
        response = await lab.csms["CS001"].availability.change_availability(OUT, evse_id=1)
        assert response.status == "Rejected" and response.status_info is not None
        assert response.status_info.reason_code == "OutOfStorage"
        await lab.quiet()
        assert status(lab) == ["Available"] * 3
        store.is_broken = False
        assert (await change(lab, OUT, 1))[0] == "Accepted"

    explored(scenario, station_store=store)


@pytest.mark.use_case("G03")
def test_a_change_takes_effect_although_its_answer_is_lost() -> None:
    store = Frail()

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(1, 1)
        await lab.quiet()
        store.may_go_on.clear()
        asked = asyncio.ensure_future(lab.csms["CS001"].availability.change_availability(OUT, evse_id=1))
        await lab.quiet()
        await lab.go_offline()
        with pytest.raises(OcppError):
            await asked
        store.may_go_on.set()
        await lab.quiet()
        assert lab.station.availability.status(1, 2) == "Unavailable"
        await lab.go_online()
        assert status(lab) == ["Occupied", "Unavailable", "Available"]

    explored(scenario, station_store=store)


# G04


@pytest.mark.use_case("G04")
def test_the_station_goes_out_of_service_and_comes_back() -> None:
    async def scenario(lab: Laboratory) -> None:
        everything = ["1/1 Unavailable", "1/2 Unavailable", "2/1 Unavailable"]
        assert await change(lab, IN) == ("Accepted", [])
        assert await change(lab, OUT) == ("Accepted", everything)  # G04.FR.01, G04.FR.05, G04.FR.07
        assert lab.station.device_model.charging_station.availability_state.value == "Unavailable"
        assert await change(lab, OUT) == ("Accepted", [])  # G04.FR.04
        assert await change(lab, IN) == (
            "Accepted",
            [report.replace("Un", "").replace("a", "A", 1) for report in everything],
        )
        assert lab.station.device_model.charging_station.availability_state.value == "Available"

    explored(scenario)


@pytest.mark.use_case("G04")
def test_levels_are_independent() -> None:
    async def scenario(lab: Laboratory) -> None:
        await change(lab, OUT, 1)
        assert await change(lab, OUT) == ("Accepted", ["2/1 Unavailable"])
        assert await change(lab, IN) == ("Accepted", ["2/1 Available"])  # G04.FR.08
        assert status(lab) == ["Unavailable", "Unavailable", "Available"]
        await change(lab, OUT)
        assert await change(lab, IN, 1) == ("Accepted", [])
        assert await change(lab, IN) == ("Accepted", ["1/1 Available", "1/2 Available", "2/1 Available"])

    explored(scenario)


@pytest.mark.use_case("G04")
def test_the_station_is_scheduled_while_a_transaction_runs() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(2, 1)
        await lab.present(TOKEN, 2)
        assert await change(lab, IN) == ("Accepted", [])
        assert await change(lab, OUT) == ("Scheduled", ["1/1 Unavailable", "1/2 Unavailable"])  # G04.FR.06
        await lab.plug_in(1, 1)
        await lab.present(OTHER, 1)
        assert len(await lab.transactions()) == 1
        await lab.present(TOKEN, 2)
        assert reports(lab) == ["2/1 Unavailable"]

    explored(scenario, variables=AUTHORIZED)


@pytest.mark.use_case("G04")
def test_the_station_is_scheduled_while_a_transaction_waits_for_its_evse() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present(TOKEN, None)
        assert (await change(lab, OUT))[0] == "Scheduled"
        await lab.plug_in(2, 1)
        await lab.quiet(120)
        assert lab.delivered_wh(2) == 0 and lab.told[-1][:2] == ("Ended", "EVConnectTimeout")
        await lab.present(TOKEN, None)
        assert len(await lab.transactions()) == 1

    explored(scenario, variables=AUTHORIZED)


@pytest.mark.use_case("G04")
def test_a_schedule_survives_a_reboot() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(2, 1)
        await lab.present(TOKEN, 2)
        assert (await change(lab, OUT))[0] == "Scheduled"
        await lab.kill()
        await lab.boot()
        await lab.quiet()
        assert status(lab) == ["Unavailable"] * 3

    explored(scenario, variables=AUTHORIZED)


@pytest.mark.use_case("G04", "G01")
def test_what_is_faulted_stays_faulted() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.raise_fault(Fault.HIGH_TEMPERATURE, 2)
        assert await change(lab, OUT) == ("Accepted", ["1/1 Unavailable", "1/2 Unavailable"])
        assert status(lab) == ["Unavailable", "Unavailable", "Faulted"]
        lab.hardware.clear_fault(Fault.HIGH_TEMPERATURE, 2)
        await lab.quiet()
        assert reports(lab) == ["2/1 Unavailable"]

    explored(scenario)
