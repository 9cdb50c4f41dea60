"""Tokens that the CSMS refuses (E05), unplugging at the EV without stopping (E10), and EVs that stop (E15)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, UNKNOWN, Laboratory, explore

from ocpp21.csms import Settings
from ocpp21.messages import AuthorizationStatusEnumType, EVSEType, IdTokenInfoType, IdTokenType
from ocpp21.simulator import EV, wallbox

#: Of what a second of charging may bring, in Wh.
SLACK_WH = Decimal("3.1")


def variables(stop: str, start: str = "PowerPathClosed", **settings: Any) -> dict[str, Any]:
    return {
        "sampled_data_ctrlr.tx_updated_interval": 0,
        "tx_ctrlr.tx_start_point": tuple(start.split(",")),
        "tx_ctrlr.tx_stop_point": tuple(stop.split(",")),
        **{f"tx_ctrlr.{name}": value for name, value in settings.items()},
    }


def accepted_once() -> Settings:
    """The token is accepted when the station asks, and blocked when the event arrives."""
    answers = [AuthorizationStatusEnumType.ACCEPTED, AuthorizationStatusEnumType.BLOCKED]

    def decide(station: object, id_token: IdTokenType, evse_id: int | None) -> IdTokenInfoType:
        return IdTokenInfoType(status=answers.pop(0) if len(answers) > 1 else answers[0])

    return Settings(inventory=None, authorize=decide)


# E05


@pytest.mark.use_case("E05")
@pytest.mark.parametrize("stop", ["EVConnected", "Authorized", "PowerPathClosed", "EnergyTransfer"])
@pytest.mark.parametrize("allowance_wh", [None, 0, 500])
@pytest.mark.parametrize("stops", [True, False])
def test_a_token_that_the_csms_refuses(stops: bool, allowance_wh: int | None, stop: str) -> None:
    """Every row: StopTxOnInvalidId, MaxEnergyOnInvalidId, TxStopPoint."""

    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(1800)
        delivered = lab.delivered_wh()
        if stops:
            assert delivered < SLACK_WH  # MaxEnergyOnInvalidId counts only when it goes on
        else:
            assert (allowance_wh or 0) <= delivered <= (allowance_wh or 0) + SLACK_WH  # E05.FR.03
        assert lab.hardware.evses[1].flow.power_mw == 0
        assert lab.hardware.evses[1].connectors[1].lock.is_locked  # E05.FR.11

    settings: dict[str, Any] = {"stop_tx_on_invalid_id": stops}
    if allowance_wh is not None:
        settings["max_energy_on_invalid_id"] = allowance_wh
    lab = explore(scenario, variables=variables(stop, **settings), settings=accepted_once())
    last, reason = lab.told[-1], lab.events[-1].transaction_info.stopped_reason
    if stops and stop == "EVConnected":
        told = [(kind, trigger) for kind, trigger, _ in lab.told]
        assert ("Updated", "Deauthorized") in told and last[2] == "EVConnected"  # E05.FR.09
        assert "Ended" not in [kind for kind, _ in told]
    elif stops:
        assert last == ("Ended", "Deauthorized", "EVConnected") and reason == "DeAuthorized"  # E05.FR.10
    elif stop == "EnergyTransfer":
        assert last == ("Ended", "ChargingStateChanged", "EVConnected") and reason == "DeAuthorized"
    else:
        assert last == ("Updated", "ChargingStateChanged", "SuspendedEVSE")  # E05.FR.02
    assert [event.seq_no for event in lab.events] == list(range(len(lab.events)))


@pytest.mark.use_case("E05")
@pytest.mark.parametrize("stop", ["EnergyTransfer", "PowerPathClosed"])
def test_refused_before_any_energy_flows(stop: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present()
        await lab.quiet(1)
        await lab.plug_in()
        await lab.quiet(60)
        assert lab.delivered_wh() == 0

    lab = explore(scenario, variables=variables(stop, "Authorized"), settings=accepted_once())
    assert lab.told == [("Started", "Authorized", "Idle"), ("Ended", "Deauthorized", "Idle")]


@pytest.mark.use_case("E05")
def test_the_owner_gets_the_cable_back_by_the_token() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lock = lab.hardware.evses[1].connectors[1].lock
        await lab.present(OTHER)
        assert lock.is_locked
        await lab.present(TOKEN)
        assert not lock.is_locked  # E05.FR.11
        await lab.unplug()

    lab = explore(scenario, variables=variables("Authorized"), settings=accepted_once())
    assert lab.told[-1] == ("Ended", "Deauthorized", "EVConnected")


@pytest.mark.use_case("E05")
def test_it_stays_authorized_and_the_driver_can_stop() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.present()
        assert not lab.hardware.evses[1].connectors[1].lock.is_locked
        await lab.unplug()

    lab = explore(scenario, variables=variables("Authorized", stop_tx_on_invalid_id=False), settings=accepted_once())
    assert lab.told[-2:] == [
        ("Updated", "ChargingStateChanged", "SuspendedEVSE"),
        ("Ended", "StopAuthorized", "EVConnected"),
    ]
    assert lab.events[-1].transaction_info.stopped_reason == "Local"


@pytest.mark.use_case("E05")
def test_a_meter_that_does_not_answer_lets_no_refused_token_charge() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.evses[1].meter.is_broken = True
        await lab.plug_in()
        await lab.present()
        await lab.quiet(600)
        assert lab.delivered_wh() < SLACK_WH

    settings = {"stop_tx_on_invalid_id": False, "max_energy_on_invalid_id": 500}
    lab = explore(scenario, variables=variables("Authorized", **settings), settings=accepted_once())
    assert lab.told[-1] == ("Updated", "ChargingStateChanged", "SuspendedEVSE")


@pytest.mark.use_case("E05")
def test_refused_when_the_driver_has_gone() -> None:
    """A transaction that is over by the time of the answer: nothing more happens."""

    async def scenario(lab: Laboratory) -> None:
        await lab.go_offline()
        await lab.plug_in()
        await lab.present(UNKNOWN)
        await lab.quiet(60)
        await lab.unplug()
        count = len(lab.station.queue)
        await lab.go_online()
        await lab.quiet(60)
        assert len(lab.events) == count

    offline = {"auth_ctrlr.offline_tx_for_unknown_id_enabled": True}
    lab = explore(scenario, variables={**variables("EVConnected"), **offline})
    assert lab.told[-1] == ("Ended", "EVCommunicationLost", "Idle")


# E10

WITHOUT_STOP = {"stop_tx_on_ev_side_disconnect": False}
KEEPS_ON = "ParkingBayOccupancy,Authorized"


@pytest.mark.use_case("E10")
@pytest.mark.parametrize("unlocks", [True, False])
def test_unplugged_at_the_ev_and_plugged_in_again(unlocks: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        lock = lab.hardware.evses[1].connectors[1].lock
        lab.hardware.drive_in(1)
        ev = await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.unplug_ev(1, 1)
        await lab.quiet(600)
        assert lock.is_locked  # E10.FR.01, whatever UnlockOnEVSideDisconnect says
        await lab.present(OTHER)
        assert lock.is_locked
        before = lab.delivered_wh()
        lab.hardware.plug_in(1, 1, ev)
        await lab.quiet(60)
        assert lab.delivered_wh() > before

    setup = {**variables(KEEPS_ON, **WITHOUT_STOP), "ocpp_comm_ctrlr.unlock_on_ev_side_disconnect": unlocks}
    lab = explore(scenario, has_bay_sensors=True, variables=setup)
    assert lab.told == [
        ("Started", "Authorized", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Updated", "EVCommunicationLost", "Idle"),
        ("Updated", "CablePluggedIn", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]
    assert lab.events[3].evse == EVSEType(id=1, connector_id=1)


@pytest.mark.use_case("E10")
def test_unplugged_at_the_ev_and_stopped_by_the_token() -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.drive_in(1)
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.unplug_ev(1, 1)
        await lab.quiet(60)
        await lab.present()
        lock = lab.hardware.evses[1].connectors[1].lock
        assert not lock.is_locked
        lab.hardware.unplug(1, 1)
        await lab.quiet()

    lab = explore(scenario, has_bay_sensors=True, variables=variables(KEEPS_ON, **WITHOUT_STOP))
    assert lab.told[-2:] == [("Updated", "EVCommunicationLost", "Idle"), ("Ended", "StopAuthorized", "Idle")]
    last = lab.events[-1]
    assert last.transaction_info.stopped_reason == "Local" and last.meter_value is not None  # E10.FR.04


@pytest.mark.use_case("E10")
@pytest.mark.parametrize(
    ("stop", "told"),
    [
        ("Authorized", ("Ended", "EVConnectTimeout", "Idle")),
        ("ParkingBayOccupancy", ("Updated", "EVConnectTimeout", "Idle")),
    ],
)
def test_a_fixed_cable_is_not_plugged_in_again(stop: str, told: tuple[str, str, str]) -> None:
    async def scenario(lab: Laboratory) -> None:
        lab.hardware.drive_in(1)
        ev = await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.unplug_ev(1, 1)
        await lab.quiet(19)
        count = len(lab.events)
        await lab.quiet(2)
        assert len(lab.events) == count + 1  # E10.FR.02
        before = lab.delivered_wh()
        lab.hardware.plug_in(1, 1, ev)
        await lab.quiet(60)
        assert lab.delivered_wh() == before

    lab = explore(
        scenario,
        facts=wallbox(connector_types=("cType2",)),
        has_bay_sensors=True,
        variables=variables(stop, **WITHOUT_STOP, ev_connection_time_out=20),
    )
    assert lab.told[3] == told
    if told[0] == "Ended":
        assert lab.events[3].transaction_info.stopped_reason == "Timeout"


@pytest.mark.use_case("E10")
def test_a_fixed_cable_is_plugged_in_again_in_time() -> None:
    async def scenario(lab: Laboratory) -> None:
        ev = await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        for _ in range(3):
            lab.hardware.unplug_ev(1, 1)
            await lab.quiet(15)
            lab.hardware.plug_in(1, 1, ev)
            await lab.quiet(60)

    lab = explore(
        scenario,
        facts=wallbox(connector_types=("cType2",)),
        variables=variables("Authorized", **WITHOUT_STOP, ev_connection_time_out=20),
    )
    assert lab.told[-1] == ("Updated", "ChargingStateChanged", "Charging")
    assert [trigger for _, trigger, _ in lab.told].count("EVCommunicationLost") == 3


@pytest.mark.use_case("E10")
@pytest.mark.parametrize("stop", ["EVConnected", "PowerPathClosed", "EnergyTransfer"])
def test_stop_points_that_end_it_all_the_same(stop: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.unplug_ev(1, 1)
        await lab.quiet()
        assert not lab.hardware.evses[1].connectors[1].lock.is_locked

    lab = explore(scenario, variables=variables(stop, **WITHOUT_STOP))
    assert lab.told[-1] == ("Ended", "EVCommunicationLost", "Idle")
    assert lab.events[-1].transaction_info.stopped_reason == "EVDisconnected"


# E15


@pytest.mark.use_case("E15")
@pytest.mark.parametrize("stop", ["Authorized", "PowerPathClosed", "EnergyTransfer", "EVConnected,Authorized"])
def test_the_ev_ends_the_session(stop: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.stop_session(1)
        await lab.quiet(60)
        assert lab.hardware.evses[1].flow.power_mw == 0

    lab = explore(scenario, variables=variables(stop))
    assert lab.told[-1] == ("Ended", "StopAuthorized", "EVConnected")  # E15.FR.04
    last = lab.events[-1]
    assert last.transaction_info.stopped_reason == "StoppedByEV"
    assert last.meter_value is not None and len(last.meter_value) == 2  # E15.FR.01


@pytest.mark.use_case("E15")
def test_the_ev_ends_the_session_and_the_transaction_goes_on() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        lab.hardware.stop_session(1)
        await lab.quiet(60)
        await lab.unplug()

    lab = explore(scenario, variables=variables("EVConnected"))
    assert lab.told[2:] == [
        ("Updated", "StopAuthorized", "Charging"),  # E15.FR.05
        ("Updated", "ChargingStateChanged", "EVConnected"),
        ("Ended", "EVCommunicationLost", "Idle"),
    ]
    assert lab.events[-1].transaction_info.stopped_reason == "StoppedByEV"


@pytest.mark.use_case("E15")
def test_the_driver_has_stopped_before() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        await lab.present()
        lab.hardware.stop_session(1)
        await lab.quiet(60)
        await lab.unplug()

    lab = explore(scenario, variables=variables("EVConnected"))
    assert [trigger for _, trigger, _ in lab.told].count("StopAuthorized") == 1
    assert lab.events[-1].transaction_info.stopped_reason == "Local"


@pytest.mark.use_case("E15")
def test_a_session_that_ends_before_any_energy_flows() -> None:
    async def scenario(lab: Laboratory) -> None:
        ev = EV()
        ev.pause()
        await lab.plug_in(ev=ev)
        await lab.present()
        await lab.quiet(10)
        lab.hardware.stop_session(1)
        await lab.quiet(10)

    lab = explore(scenario, variables=variables("EnergyTransfer"))
    assert lab.told[-1] == ("Ended", "StopAuthorized", "EVConnected")
    assert lab.events[-1].transaction_info.stopped_reason == "StoppedByEV"


@pytest.mark.use_case("E15")
def test_a_pause_is_no_end() -> None:
    async def scenario(lab: Laboratory) -> None:
        ev = await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        ev.pause()
        await lab.quiet(60)

    lab = explore(scenario, variables=variables("Authorized"))
    assert lab.told[-1] == ("Updated", "ChargingStateChanged", "SuspendedEV")
