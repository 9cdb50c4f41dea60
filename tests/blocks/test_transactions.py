"""Transactions (block E) over both roles, in virtual time."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, UNKNOWN, Laboratory, explore

from ocpp21.csms import Settings
from ocpp21.messages import (
    AuthorizationStatusEnumType,
    AuthorizeRequest,
    EVSEType,
    IdTokenInfoType,
    IdTokenType,
    NotifyEventRequest,
    ReadingContextEnumType,
    SetVariableDataType,
    SetVariableStatusEnumType,
    StatusNotificationRequest,
)
from ocpp21.messages.datatypes import ComponentType, VariableType
from ocpp21.simulator import EV, Cable, wallbox
from ocpp21.station.authorization_order import LocalEntry
from ocpp21.station.hardware import Fault

Scenario = Callable[[Laboratory], Awaitable[None]]

QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}
#: As the standard calls it: the whole time that the EV is connected.
CONNECTED = {**QUIET, "tx_ctrlr.tx_start_point": ("EVConnected",), "tx_ctrlr.tx_stop_point": ("EVConnected",)}
AUTHORIZED = {**QUIET, "tx_ctrlr.tx_start_point": ("Authorized",), "tx_ctrlr.tx_stop_point": ("Authorized",)}
CHARGING = {
    **QUIET,
    "tx_ctrlr.tx_start_point": ("PowerPathClosed",),
    "tx_ctrlr.tx_stop_point": ("PowerPathClosed",),
}


def points(start: str, stop: str = "EVConnected") -> dict[str, Any]:
    return {
        **QUIET,
        "tx_ctrlr.tx_start_point": tuple(start.split(",")),
        "tx_ctrlr.tx_stop_point": tuple(stop.split(",")),
    }


async def reconciled(lab: Laboratory) -> None:
    """See that the ledger has what was delivered, and every transaction whole."""
    transactions = await lab.transactions()
    assert transactions and all(transaction.is_complete for transaction in transactions)
    energy = sum((transaction.energy_wh or Decimal(0) for transaction in transactions), Decimal(0))
    assert abs(energy - lab.delivered_wh()) <= Decimal("0.001") * len(transactions), (energy, lab.delivered_wh())


# E01


BAY = [("drive_in", lambda lab: lab.hardware.drive_in(1)), ("plug", None), ("token", None)]


@pytest.mark.use_case("E01")
@pytest.mark.parametrize(
    ("point", "started", "step"),
    [
        ("ParkingBayOccupancy", ("Started", "EVDetected", "Idle"), 0),  # E01.FR.01
        ("EVConnected", ("Started", "CablePluggedIn", "EVConnected"), 1),  # E01.FR.02, E02.FR.06
        ("Authorized", ("Started", "Authorized", "EVConnected"), 2),  # E01.FR.03
        ("PowerPathClosed", ("Started", "Authorized", "EVConnected"), 2),  # E01.FR.05
        ("EnergyTransfer", ("Started", "ChargingStateChanged", "Charging"), 2),  # E01.FR.06
    ],
)
def test_each_start_point(point: str, started: tuple[str, str, str], step: int) -> None:
    seen: list[int] = []

    async def scenario(lab: Laboratory) -> None:
        lab.hardware.drive_in(1)
        await lab.quiet()
        seen.append(len(lab.events))
        await lab.plug_in()
        seen.append(len(lab.events))
        await lab.present()
        seen.append(len(lab.events))
        await lab.quiet(600)
        await lab.present()
        await lab.unplug()
        lab.hardware.drive_out(1)
        await lab.quiet()
        await reconciled(lab)

    lab = explore(scenario, has_bay_sensors=True, variables=points(point))
    assert lab.told[0] == started and sum(kind == "Started" for kind, _, _ in lab.told) == 1
    assert [count > 0 for count in seen] == [number >= step for number in range(3)]
    assert [event.seq_no for event in lab.events] == list(range(len(lab.events)))  # E01.FR.07
    assert sum(event.evse == EVSEType(id=1, connector_id=1) for event in lab.events) == 1  # E01.FR.16
    begin = [
        value.context for event in lab.events[:-1] for meter in event.meter_value or () for value in meter.sampled_value
    ]
    assert begin == [ReadingContextEnumType.TRANSACTION_BEGIN]  # E01.FR.09


@pytest.mark.use_case("E01")
def test_token_first_then_cable_with_power_path_closed() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present()
        assert not lab.events
        await lab.plug_in()
        await lab.quiet(600)
        await lab.unplug()
        await reconciled(lab)

    lab = explore(scenario, variables=CHARGING)
    assert lab.told[0] == ("Started", "CablePluggedIn", "EVConnected")
    assert lab.events[0].id_token == TOKEN


@pytest.mark.use_case("E01")
def test_two_start_points_start_once() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.unplug()

    lab = explore(scenario, variables=points("EVConnected,Authorized"))
    assert [kind for kind, _, _ in lab.told].count("Started") == 1
    assert [event.id_token for event in lab.events if event.id_token] == [TOKEN]


@pytest.mark.use_case("E01")
def test_a_sibling_connector_begins_no_second_transaction() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in(1, 1)
        before = len(lab.events)
        await lab.plug_in(1, 2)
        assert len(lab.events) == before  # E01.FR.14

    explore(scenario, facts=wallbox(connector_types=("sType2", "sType2")), variables=CONNECTED)


@pytest.mark.use_case("E01")
def test_an_unknown_start_point_is_refused() -> None:
    async def scenario(lab: Laboratory) -> None:
        for value, status in (
            ("Bogus", SetVariableStatusEnumType.REJECTED),
            ("PowerPathClosed", SetVariableStatusEnumType.ACCEPTED),
        ):
            data = SetVariableDataType(
                attribute_value=value,
                component=ComponentType(name="TxCtrlr"),
                variable=VariableType(name="TxStartPoint"),
            )
            (result,) = await lab.csms["CS001"].provisioning.set_variables([data])
            assert result.attribute_status == status, result

    explore(scenario)


@pytest.mark.use_case("E01")
def test_ids_are_never_used_again() -> None:
    async def scenario(lab: Laboratory) -> None:
        for _ in range(5):
            for _ in range(20):
                ev = await lab.plug_in()
                await lab.unplug()
                del ev
            await lab.kill()
            await lab.boot()

    lab = explore(scenario, variables=CONNECTED)
    ids = [event.transaction_info.transaction_id for event in lab.events if event.event_type == "Started"]
    assert len(ids) == len(set(ids)) == 100  # E01.FR.08, E02.FR.08


# E02


@pytest.mark.use_case("E02", "J02")
def test_cable_first() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(150)
        await lab.unplug()
        await reconciled(lab)

    lab = explore(scenario, variables={**CONNECTED, "sampled_data_ctrlr.tx_updated_interval": 60})
    assert lab.told == [
        ("Started", "CablePluggedIn", "EVConnected"),
        ("Updated", "Authorized", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Updated", "MeterValuePeriodic", "Charging"),
        ("Updated", "MeterValuePeriodic", "Charging"),
        ("Ended", "EVCommunicationLost", "Idle"),
    ]
    # E01.FR.15, E01.FR.18, E02.FR.13, E02.FR.17, E03.FR.12
    started, authorized, charging, *_, ended = lab.events
    assert started.evse == EVSEType(id=1, connector_id=1) and authorized.id_token == TOKEN  # E02.FR.01, E02.FR.20
    assert charging.number_of_phases_used == 3  # E02.FR.18
    assert ended.transaction_info.stopped_reason == "EVDisconnected"
    first, second = (event.meter_value[0] for event in lab.events[3:5])
    assert (second.timestamp - first.timestamp).total_seconds() == 60  # J02.FR.11
    assert [value.context for value in first.sampled_value] == [ReadingContextEnumType.SAMPLE_PERIODIC]
    occupied = [
        event.event_data[0].actual_value
        for event in lab.messages(NotifyEventRequest)
        if event.event_data[0].component.name == "Connector"
    ]
    assert "Occupied" in occupied and not lab.messages(StatusNotificationRequest)  # E02.FR.05


@pytest.mark.use_case("E02")
def test_a_refused_token_causes_no_event() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present(UNKNOWN)
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    lab = explore(scenario, variables=CONNECTED)
    assert [request.id_token for request in lab.messages(AuthorizeRequest)] == [UNKNOWN]
    assert lab.told == [("Started", "CablePluggedIn", "EVConnected")]


@pytest.mark.use_case("E02")
def test_unplugged_before_a_token() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.unplug()

    lab = explore(scenario, variables=CONNECTED)
    assert lab.told[-1] == ("Ended", "EVCommunicationLost", "Idle")
    assert lab.events[-1].transaction_info.stopped_reason == "EVDisconnected"


@pytest.mark.use_case("E02")
def test_an_ev_that_is_not_ready() -> None:
    async def scenario(lab: Laboratory) -> None:
        ev = await lab.plug_in()
        ev.pause()
        await lab.present()
        ev.resume()
        await lab.quiet(60)
        await lab.unplug()

    lab = explore(scenario, variables=CONNECTED)
    assert lab.told[2:4] == [
        ("Updated", "ChargingStateChanged", "SuspendedEV"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]


@pytest.mark.use_case("E02")
def test_the_cable_is_reported_with_what_it_can_carry() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.plug_in(1, 1, EV(), cable=Cable(max_current_a=20))
        await lab.quiet()

    lab = explore(scenario, variables=CONNECTED)
    assert lab.events[0].cable_max_current == 20


# E03


@pytest.mark.use_case("E03")
def test_token_first() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present()
        await lab.plug_in()
        await lab.quiet(600)
        await lab.present()
        await reconciled(lab)

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told == [
        ("Started", "Authorized", "Idle"),
        ("Updated", "CablePluggedIn", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Ended", "StopAuthorized", "EVConnected"),
    ]
    assert lab.events[0].id_token == TOKEN and lab.events[1].evse == EVSEType(id=1, connector_id=1)  # E03.FR.01


@pytest.mark.use_case("E03")
def test_token_at_a_reader_for_several_evses() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present(TOKEN, None)
        await lab.plug_in(2, 1)
        await lab.quiet(600)
        await lab.present(TOKEN, None)
        assert lab.delivered_wh(2) > 0
        (transaction,) = await lab.transactions()
        assert transaction.is_complete and transaction.evse_id is not None and transaction.evse_id.value == 2
        assert abs((transaction.energy_wh or 0) - lab.delivered_wh(2)) <= Decimal("0.001")

    lab = explore(scenario, facts=wallbox(evses=2), variables=AUTHORIZED)
    assert lab.events[0].evse is None and lab.events[0].meter_value is None
    assert lab.events[1].evse == EVSEType(id=2, connector_id=1)
    charging = lab.events[2]
    assert charging.transaction_info.charging_state == "Charging"
    assert charging.meter_value is not None  # E03.FR.11
    assert charging.meter_value[0].sampled_value[0].context == ReadingContextEnumType.TRANSACTION_BEGIN


TIMEOUT = {"tx_ctrlr.ev_connection_time_out": 20}


@pytest.mark.use_case("E03")
def test_no_cable_in_time() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present()
        await lab.quiet(21)
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    lab = explore(scenario, variables={**AUTHORIZED, **TIMEOUT})
    assert lab.told == [("Started", "Authorized", "Idle"), ("Ended", "EVConnectTimeout", "Idle")]  # E03.FR.05
    assert lab.events[-1].transaction_info.stopped_reason == "Timeout"


@pytest.mark.use_case("E03")
def test_no_cable_in_time_with_a_bay() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.drive_in(1)
        await lab.present()
        await lab.quiet(21)
        lab.hardware.drive_out(1)
        await lab.quiet()

    variables = {**points("Authorized", "ParkingBayOccupancy"), **TIMEOUT}
    lab = explore(scenario, has_bay_sensors=True, variables=variables)
    assert lab.told == [
        ("Started", "Authorized", "Idle"),
        ("Updated", "EVConnectTimeout", "Idle"),  # E03.FR.15
        ("Ended", "EVDeparted", "Idle"),
    ]


@pytest.mark.use_case("E03")
def test_an_authorization_without_a_transaction_times_out() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present()
        await lab.quiet(21)
        assert not lab.events
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    explore(scenario, variables={**CONNECTED, **TIMEOUT})


# E06


@pytest.mark.use_case("E06")
@pytest.mark.parametrize(
    ("stop", "ended"),
    [
        ("Authorized", ("Ended", "StopAuthorized", "EVConnected")),  # E06.FR.03
        ("PowerPathClosed", ("Ended", "StopAuthorized", "EVConnected")),  # E06.FR.06
        ("EVConnected,Authorized", ("Ended", "StopAuthorized", "EVConnected")),
        ("EnergyTransfer", ("Ended", "StopAuthorized", "EVConnected")),  # E06.FR.07
        ("EVConnected", ("Ended", "EVCommunicationLost", "Idle")),  # E06.FR.02
        ("ParkingBayOccupancy", ("Ended", "EVDeparted", "Idle")),  # E06.FR.01
    ],
)
def test_each_stop_point(stop: str, ended: tuple[str, str, str]) -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.drive_in(1)
        await lab.plug_in()
        await lab.present()
        await lab.quiet(600)
        await lab.present()
        await lab.unplug()
        lab.hardware.drive_out(1)
        await lab.quiet()
        await reconciled(lab)

    lab = explore(scenario, has_bay_sensors=True, variables=points("PowerPathClosed", stop))
    assert lab.told[-1] == ended and [kind for kind, _, _ in lab.told].count("Ended") == 1
    last = lab.events[-1]
    assert last.transaction_info.stopped_reason == "Local"  # who has initiated it
    contexts = [value.context for meter in last.meter_value or () for value in meter.sampled_value]
    assert contexts == [ReadingContextEnumType.TRANSACTION_BEGIN, ReadingContextEnumType.TRANSACTION_END]  # E06.FR.11


@pytest.mark.use_case("E06")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault.GROUND_FAILURE, "GroundFault"),
        (Fault.OVER_CURRENT, "OvercurrentFault"),
        (Fault.POWER_QUALITY, "PowerQuality"),
        (Fault.EMERGENCY_STOP, "EmergencyStop"),
        (Fault.CONTACTOR_FAILURE, "Other"),
    ],
)
def test_a_fault_ends_it(fault: Fault, reason: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.raise_fault(fault, 1)
        await lab.quiet()
        if fault != Fault.CONTACTOR_FAILURE:  # which is welded, and lets the energy flow on
            await reconciled(lab)
        await lab.present()  # nothing begins while it is broken
        await lab.quiet(60)
        assert [kind for kind, _, _ in lab.told].count("Started") == 1

    lab = explore(scenario, variables=CONNECTED)
    assert lab.told[-1][:2] == ("Ended", "AbnormalCondition")  # E06.FR.16
    assert lab.events[-1].transaction_info.stopped_reason == reason


@pytest.mark.use_case("E06")
def test_energy_transfer_ends_with_a_pause() -> None:
    async def scenario(lab: Laboratory) -> None:
        ev = await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        ev.pause()
        await lab.quiet()
        await reconciled(lab)

    lab = explore(scenario, variables=points("EnergyTransfer", "EnergyTransfer"))
    assert lab.told[-1] == ("Ended", "ChargingStateChanged", "EVConnected")  # E01.FR.20: nothing goes on after it
    assert lab.events[-1].transaction_info.stopped_reason == "StoppedByEV"


@pytest.mark.use_case("E06")
def test_the_csms_does_not_accept_the_token() -> None:
    """E06.FR.04: the token was accepted when asked, and is blocked when the event arrives."""

    answers = iter([AuthorizationStatusEnumType.ACCEPTED, AuthorizationStatusEnumType.BLOCKED])

    def decide(station: object, id_token: IdTokenType, evse_id: int | None) -> IdTokenInfoType:
        return IdTokenInfoType(status=next(answers))

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)

    lab = explore(scenario, variables=CHARGING, settings=Settings(inventory=None, authorize=decide))
    assert lab.told[-1] == ("Ended", "Deauthorized", "EVConnected")
    assert lab.events[-1].transaction_info.stopped_reason == "DeAuthorized"


# E07


@pytest.mark.use_case("E07")
def test_stopped_by_the_same_token_with_authorized() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(600)
        await lab.present(IdTokenType(id_token=TOKEN.id_token.lower(), type=TOKEN.type))
        assert not lab.hardware.evses[1].connectors[1].lock.is_locked  # E06.FR.10, E07.FR.07
        await reconciled(lab)
        await lab.present()  # the token starts another one
        await lab.quiet(60)

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told[2] == ("Ended", "StopAuthorized", "EVConnected")
    assert lab.events[2].id_token is not None and lab.events[2].id_token.id_token == TOKEN.id_token.lower()
    assert lab.told[3] == ("Started", "Authorized", "EVConnected")
    assert len(lab.messages(AuthorizeRequest)) == 2  # none for stopping: E07.FR.01
    ids = {event.transaction_info.transaction_id for event in lab.events}
    assert len(ids) == 2


@pytest.mark.use_case("E07")
def test_stopped_by_token_with_ev_connected() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(600)
        await lab.present()
        await lab.unplug()
        await reconciled(lab)

    lab = explore(scenario, variables=CONNECTED)
    assert lab.told[-3:] == [
        ("Updated", "StopAuthorized", "Charging"),
        ("Updated", "ChargingStateChanged", "EVConnected"),
        ("Ended", "EVCommunicationLost", "Idle"),
    ]
    assert lab.events[-3].id_token == TOKEN and lab.events[-1].transaction_info.stopped_reason == "Local"


@pytest.mark.use_case("E07")
def test_a_token_of_the_same_group_stops() -> None:
    group = IdTokenType(id_token="FAMILY", type="Central")
    info = IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED, group_id_token=group)

    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, info)
        await lab.csms.tokens.put(OTHER, info)
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.present(OTHER)

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told[-1][:2] == ("Ended", "StopAuthorized") and lab.events[-1].id_token == OTHER


@pytest.mark.use_case("E07")
@pytest.mark.parametrize("foreign", [OTHER, UNKNOWN])
def test_a_foreign_token_changes_nothing(foreign: IdTokenType) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        before = len(lab.events)
        await lab.present(foreign)
        await lab.quiet(60)
        assert len(lab.events) == before and lab.delivered_wh() > 350

    explore(scenario, variables=AUTHORIZED)


@pytest.mark.use_case("E07")
def test_the_stop_button() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.press_stop(1)
        await lab.quiet()

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told[-1] == ("Ended", "StopAuthorized", "EVConnected")
    assert lab.events[-1].transaction_info.stopped_reason == "Local" and lab.events[-1].id_token is None


# E08, E11, E12


@pytest.mark.use_case("E08")
def test_stopped_while_offline() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.go_offline()
        await lab.quiet(60)
        await lab.present(OTHER)  # nobody can say that it is of the same group
        await lab.quiet(60)
        assert lab.hardware.evses[1].connectors[1].lock.is_locked
        await lab.present()
        assert not lab.hardware.evses[1].connectors[1].lock.is_locked  # E08.FR.03
        before = lab.delivered_wh()
        await lab.quiet(60)
        assert lab.delivered_wh() == before > 0  # E08.FR.01
        await lab.go_online()  # E08.FR.06
        await reconciled(lab)

    lab = explore(scenario, variables={**AUTHORIZED, "sampled_data_ctrlr.tx_updated_interval": 30})
    assert lab.told[-1] == ("Ended", "StopAuthorized", "EVConnected")  # E08.FR.04, E08.FR.05
    assert lab.events[-1].offline is True  # E08.FR.07
    assert lab.events[-1].meter_value  # E08.FR.09
    assert [event.seq_no for event in lab.events] == list(range(len(lab.events)))


class Known:
    """Knows two tokens of one group without asking."""

    def look_up(self, id_token: IdTokenType, /) -> LocalEntry | None:
        if id_token not in (TOKEN, OTHER):
            return None
        group = IdTokenType(id_token="FAMILY", type="Central")
        return LocalEntry(IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED, group_id_token=group))


@pytest.mark.use_case("E08")
def test_stopped_while_offline_by_a_token_of_the_same_group() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.station.authorization.deciders.append(Known())
        await lab.go_offline()
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.present(UNKNOWN)
        assert lab.hardware.evses[1].flow.power_mw > 0
        await lab.present(OTHER)
        assert lab.hardware.evses[1].flow.power_mw == 0  # E08.FR.02
        assert not lab.hardware.evses[1].connectors[1].lock.is_locked  # E08.FR.03
        await lab.go_online()
        await lab.quiet(10)
        await reconciled(lab)

    lab = explore(scenario, variables=AUTHORIZED)
    assert lab.told[-1] == ("Ended", "StopAuthorized", "EVConnected") and lab.events[-1].id_token == OTHER


@pytest.mark.use_case("E11")
def test_offline_in_the_middle() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(65)
        await lab.go_offline()
        await lab.quiet(300)
        await lab.go_online()
        await lab.quiet(60)
        await lab.present()
        await reconciled(lab)

    lab = explore(scenario, variables={**AUTHORIZED, "sampled_data_ctrlr.tx_updated_interval": 60})
    periodic = [event for event in lab.events if event.trigger_reason == "MeterValuePeriodic"]
    assert [bool(event.offline) for event in periodic] == [False, True, True, True, True, True, False]  # E11.FR.02
    times = [event.timestamp for event in periodic]
    assert all((later - earlier).total_seconds() == 60 for earlier, later in itertools.pairwise(times))


@pytest.mark.use_case("E11")
@pytest.mark.memory_only
def test_what_waits_when_the_line_breaks_is_marked() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(10)
        lab.pair.ends[1].link.cut()  # the CSMS gets no word out any more
        await lab.quiet(70)
        assert len(lab.station.queue) >= 2
        await lab.go_offline()
        await lab.go_online()
        await lab.quiet(10)
        await lab.present()
        await reconciled(lab)

    lab = explore(scenario, variables={**AUTHORIZED, "sampled_data_ctrlr.tx_updated_interval": 30})
    seen = {event.seq_no: bool(event.offline) for event in lab.events}  # as last sent
    assert seen[2] and seen[3]  # E11.FR.07


@pytest.mark.use_case("E12")
def test_a_whole_transaction_offline() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.go_offline()
        await lab.plug_in()
        await lab.present()
        await lab.quiet(600)
        await lab.present()
        await lab.unplug()
        assert not lab.events  # E11.FR.01, E12.FR.01
        await lab.go_online()
        await lab.quiet(10)
        await reconciled(lab)

    variables = {
        **CONNECTED,
        "sampled_data_ctrlr.tx_updated_interval": 60,
        "auth_ctrlr.offline_tx_for_unknown_id_enabled": True,
    }
    lab = explore(scenario, variables=variables)
    assert lab.told[0][:2] == ("Started", "CablePluggedIn") and lab.told[-1][0] == "Ended"
    assert all(event.offline for event in lab.events) and len(lab.events) >= 12  # E12.FR.02
    assert lab.events[-1].meter_value  # E12.FR.07
    assert [event.seq_no for event in lab.events] == list(range(len(lab.events)))


# E09


@pytest.mark.use_case("E09")
@pytest.mark.parametrize("unlocks", [True, False])
def test_unplugged_at_the_ev(unlocks: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        ev = await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.unplug_ev(1, 1)
        await lab.quiet()
        lock = lab.hardware.evses[1].connectors[1].lock
        assert lock.is_locked is not unlocks  # E09.FR.02, E09.FR.03
        if not unlocks:
            await lab.present(OTHER)
            assert lock.is_locked
            await lab.present(TOKEN)
            assert not lock.is_locked
        await reconciled(lab)
        before = lab.delivered_wh()
        lab.hardware.plug_in(1, 1, ev)
        await lab.quiet(60)
        assert lab.delivered_wh() == before  # E09.FR.01: no energy until authorized anew

    lab = explore(scenario, variables={**AUTHORIZED, "ocpp_comm_ctrlr.unlock_on_ev_side_disconnect": unlocks})
    assert lab.told[2] == ("Ended", "EVCommunicationLost", "Idle")
    assert lab.events[2].transaction_info.stopped_reason == "EVDisconnected"
    assert lab.events[2].meter_value  # E09.FR.05


@pytest.mark.use_case("E09")
def test_unplugged_at_the_ev_with_a_bay() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.drive_in(1)
        ev = await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.unplug_ev(1, 1)
        await lab.quiet()
        before = lab.delivered_wh()
        lab.hardware.plug_in(1, 1, ev)
        await lab.quiet(60)
        assert lab.delivered_wh() == before
        await lab.present()
        await lab.quiet(60)
        assert lab.delivered_wh() > before

    lab = explore(scenario, has_bay_sensors=True, variables=points("Authorized", "ParkingBayOccupancy"))
    assert lab.told[1:] == [
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Updated", "EVCommunicationLost", "Idle"),
        ("Updated", "CablePluggedIn", "EVConnected"),
        ("Updated", "Authorized", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]


# E01 with signed values


@pytest.mark.use_case("E01")
@pytest.mark.parametrize("signs", [True, False])
def test_the_first_signed_value_begins_it(signs: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.unplug()

    variables = {**points("DataSigned"), "sampled_data_ctrlr.sign_readings": signs}
    lab = explore(scenario, variables=variables)
    if signs:
        assert lab.told[0] == ("Started", "SignedDataReceived", "EVConnected")  # E01.FR.04
        assert lab.told[-1] == ("Ended", "EVCommunicationLost", "Idle")
    else:
        assert not lab.events


@pytest.mark.use_case("E03")
def test_the_csms_checks_each_token() -> None:
    asked: list[str] = []

    def decide(station: object, id_token: IdTokenType, evse_id: int | None) -> IdTokenInfoType:
        asked.append(id_token.id_token)
        return IdTokenInfoType(status=AuthorizationStatusEnumType.ACCEPTED)

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.present()

    lab = explore(scenario, variables=CONNECTED, settings=Settings(inventory=None, authorize=decide))
    # E01.FR.11, E02.FR.04: when the station asks, and again with each event that names it.
    assert asked == [TOKEN.id_token] * 3
    answers = [frame for frame in lab.frames if frame.side == "CSMS" and b"idTokenInfo" in frame.data]
    assert len([frame for frame in answers if frame.direction == "out"]) == 3  # E02.FR.02, E03.FR.02
