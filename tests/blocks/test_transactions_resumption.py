"""Transactions that go on after a power cut or a crash, or do not, over both roles in virtual time (E17)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from laboratory import OTHER, TOKEN, Laboratory, explore

from ocpp21.csms import TransactionResumed
from ocpp21.errors import StoreError
from ocpp21.messages import ChargingStateEnumType, IdTokenInfoType, NotifyEventRequest
from ocpp21.simulator import SimulatedStation, wallbox
from ocpp21.station.life_sign import interval_s
from ocpp21.testing.virtual_time import EPOCH

QUIET = {"sampled_data_ctrlr.tx_updated_interval": 0}
RESUMES = {**QUIET, "tx_ctrlr.resumption_timeout": 60, "tx_ctrlr.allow_energy_transfer_resumption": True}
CONNECTED = {"tx_ctrlr.tx_start_point": ("EVConnected",), "tx_ctrlr.tx_stop_point": ("EVConnected",)}
STAYS_AUTHORIZED = {
    "tx_ctrlr.tx_stop_point": ("Authorized",),
    "tx_ctrlr.stop_tx_on_ev_side_disconnect": False,
}

During = Callable[[Laboratory], Awaitable[None]]


async def charge(lab: Laboratory, evse_id: int = 1, token: Any = TOKEN) -> None:
    await lab.plug_in(evse_id)
    await lab.present(token, evse_id)
    await lab.quiet(60)


async def cut_power(lab: Laboratory, seconds: float, during: During | None = None) -> None:
    """Let the power be gone for so long; the station starts with what it has stored."""
    await lab.pair.cut()
    lab.hardware.cut_power()
    await lab.station.stop()
    if during is not None:
        await during(lab)
    await asyncio.sleep(seconds)
    lab.hardware.restore_power()
    await lab.quiet()
    await lab.boot()
    await lab.quiet()


async def crash(lab: Laboratory, seconds: float) -> None:
    """Let the software hang, and the watchdog need so long."""
    await lab.pair.cut()
    await lab.station.stop()
    lab.hardware.crash()
    await asyncio.sleep(seconds)
    await lab.boot()
    await lab.quiet()


async def unplug_ev(lab: Laboratory) -> None:
    lab.hardware.unplug_ev(1, 1)


def locked(lab: Laboratory) -> bool:
    lock = lab.hardware.evses[1].connectors[1].lock
    assert lock is not None
    return lock.is_locked


@pytest.mark.use_case("E17")
@pytest.mark.parametrize("interrupt", [cut_power, crash])
def test_back_in_time_all_goes_on(interrupt: Callable[[Laboratory, float], Awaitable[None]]) -> None:
    told: list[TransactionResumed] = []

    async def scenario(lab: Laboratory) -> None:
        lab.csms.subscribe(told.append, TransactionResumed)
        await charge(lab)
        await interrupt(lab, 10)
        assert lab.hardware.evses[1].contactor.is_closed and locked(lab)
        assert lab.station.evses[1].charging_state is ChargingStateEnumType.CHARGING
        await lab.quiet(600)
        await lab.present()
        await lab.unplug()
        (transaction,) = await lab.transactions()
        assert transaction.is_complete
        assert transaction.energy_wh is not None
        assert abs(transaction.energy_wh - lab.delivered_wh()) < 1

    lab = explore(scenario, variables=RESUMES)
    assert [(kind, trigger) for kind, trigger, _ in lab.told] == [
        ("Started", "Authorized"),
        ("Updated", "ChargingStateChanged"),
        ("Updated", "TxResumed"),
        ("Ended", "StopAuthorized"),
    ]
    assert lab.told[2][2] == "Charging"  # E17.FR.10, E17.FR.11, E17.FR.14
    # E17.FR.01: what the store has kept, and the token that has stopped it
    assert [event.seq_no for event in lab.events] == [0, 1, 2, 3]
    assert len({event.transaction_info.transaction_id for event in lab.events}) == 1
    assert len(told) == 1
    reported = [data.actual_value for event in lab.messages(NotifyEventRequest) for data in event.event_data]
    assert reported[-1] == "Available" and "Occupied" in reported


@pytest.mark.use_case("E17")
def test_samples_keep_their_rhythm() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await lab.present()
        await lab.quiet(65)
        await cut_power(lab, 10)
        await lab.quiet(120)

    lab = explore(scenario, variables={**RESUMES, "sampled_data_ctrlr.tx_updated_interval": 60})
    begin = lab.events[0].timestamp
    periodic = [event.timestamp for event in lab.events if event.trigger_reason == "MeterValuePeriodic"]
    assert [round((at - begin).total_seconds()) for at in periodic] == [60, 120, 180]


@pytest.mark.use_case("E17")
@pytest.mark.parametrize("range_s", [5, 30])
def test_energy_comes_back_after_a_random_time(range_s: int) -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await cut_power(lab, 10)
        assert lab.told[2] == ("Updated", "TxResumed", "SuspendedEVSE")
        assert locked(lab)
        await lab.quiet(range_s)
        assert lab.hardware.evses[1].contactor.is_closed

    variables = {**RESUMES, "tx_ctrlr.energy_transfer_resumption_random_range": range_s}
    lab = explore(scenario, variables=variables)
    assert lab.told[2:] == [
        ("Updated", "TxResumed", "SuspendedEVSE"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]
    delay_s = (lab.events[3].timestamp - lab.events[2].timestamp).total_seconds()
    assert 0 <= delay_s <= range_s  # E17.FR.18


@pytest.mark.use_case("E17")
def test_the_random_time_is_random() -> None:
    delays: set[float] = set()

    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await cut_power(lab, 10)
        await lab.quiet(30)
        delays.add((lab.events[3].timestamp - lab.events[2].timestamp).total_seconds())

    variables = {**RESUMES, "tx_ctrlr.energy_transfer_resumption_random_range": 30}
    for _ in range(5):
        explore(scenario, variables=variables)
    assert len(delays) > 1


@pytest.mark.use_case("E17")
def test_who_stops_before_the_energy_is_back_gets_none() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await cut_power(lab, 10)
        await lab.present()
        assert lab.told[-1][:2] == ("Ended", "StopAuthorized")
        await lab.quiet(600)
        assert not lab.hardware.evses[1].contactor.is_closed and not locked(lab)

    explore(scenario, variables={**RESUMES, "tx_ctrlr.energy_transfer_resumption_random_range": 500})


@pytest.mark.use_case("E17")
def test_a_station_that_stops_before_the_energy_is_back_lets_it_be() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await cut_power(lab, 10)
        await lab.pair.cut()
        await lab.station.stop()
        await lab.quiet(600)
        assert not lab.hardware.evses[1].contactor.is_closed

    explore(scenario, variables={**RESUMES, "tx_ctrlr.energy_transfer_resumption_random_range": 500})


@pytest.mark.use_case("E17")
def test_without_permission_no_energy_comes_back() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await cut_power(lab, 10)
        await lab.quiet(600)
        assert not lab.hardware.evses[1].contactor.is_closed and locked(lab)
        await lab.present()
        assert not locked(lab)
        await lab.unplug()
        await charge(lab)
        assert lab.hardware.evses[1].contactor.is_closed

    lab = explore(scenario, variables={**QUIET, "tx_ctrlr.resumption_timeout": 60})
    # E17.FR.12
    assert lab.told[2:4] == [("Updated", "TxResumed", "SuspendedEVSE"), ("Ended", "StopAuthorized", "EVConnected")]


@pytest.mark.use_case("E17")
@pytest.mark.parametrize("allows_energy", [True, False])
def test_what_did_not_charge_is_as_it_was(allows_energy: bool) -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.plug_in()
        await cut_power(lab, 10)
        assert lab.told[-1] == ("Updated", "TxResumed", "EVConnected")  # E17.FR.13
        await lab.present()
        await lab.quiet(60)
        assert lab.hardware.evses[1].contactor.is_closed
        await lab.unplug()

    variables = {**RESUMES, **CONNECTED, "tx_ctrlr.allow_energy_transfer_resumption": allows_energy}
    lab = explore(scenario, variables=variables)
    assert [trigger for _, trigger, _ in lab.told] == [
        "CablePluggedIn",
        "TxResumed",
        "Authorized",
        "ChargingStateChanged",
        "EVCommunicationLost",
    ]


@pytest.mark.use_case("E17")
@pytest.mark.parametrize(("allows_energy", "state"), [(True, "SuspendedEV"), (False, "SuspendedEVSE")])
def test_an_ev_that_takes_nothing(allows_energy: bool, state: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        ev = await lab.plug_in()
        await lab.present()
        await lab.quiet(60)
        ev.pause()
        await lab.quiet(5)
        assert lab.told[-1][2] == "SuspendedEV"
        await cut_power(lab, 10)
        assert lab.told[-1] == ("Updated", "TxResumed", state)
        ev.resume()
        await lab.quiet(5)
        assert lab.hardware.evses[1].contactor.is_closed is allows_energy
        assert (lab.told[-1][2] == "Charging") is allows_energy

    explore(scenario, variables={**RESUMES, "tx_ctrlr.allow_energy_transfer_resumption": allows_energy})


@pytest.mark.use_case("E17")
def test_who_was_not_accepted_gets_no_energy_afterwards() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.csms.tokens.put(TOKEN, IdTokenInfoType(status="Blocked"))
        await lab.go_online()
        await lab.quiet(5)
        await cut_power(lab, 10)
        await lab.quiet(60)
        assert not lab.hardware.evses[1].contactor.is_closed

    async def offline(lab: Laboratory) -> None:
        await lab.go_offline()
        await charge(lab)
        await scenario(lab)

    variables = {
        **RESUMES,
        "tx_ctrlr.stop_tx_on_invalid_id": False,
        "auth_ctrlr.offline_tx_for_unknown_id_enabled": True,
    }
    lab = explore(offline, variables=variables)
    assert lab.told[-1] == ("Updated", "TxResumed", "SuspendedEVSE")


@pytest.mark.use_case("E17")
def test_the_ev_is_gone_and_that_ends_it() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await cut_power(lab, 10, unplug_ev)
        assert not locked(lab)

    lab = explore(scenario, variables=RESUMES)
    assert lab.told[2:] == [("Ended", "EVCommunicationLost", "Idle")]  # E17.FR.17
    assert lab.events[-1].transaction_info.stopped_reason == "EVDisconnected"


@pytest.mark.use_case("E17")
def test_the_ev_is_gone_and_that_does_not_end_it() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await cut_power(lab, 10, unplug_ev)
        lab.hardware.unplug(1, 1)
        await lab.quiet()
        await lab.plug_in()
        await lab.quiet(60)
        await lab.present()

    lab = explore(scenario, variables={**RESUMES, **STAYS_AUTHORIZED})
    assert lab.told[2:] == [
        ("Updated", "TxResumed", "Idle"),  # E17.FR.16
        ("Updated", "CablePluggedIn", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
        ("Ended", "StopAuthorized", "EVConnected"),
    ]
    assert lab.events[3].evse is not None


@pytest.mark.use_case("E17")
@pytest.mark.parametrize(
    ("interrupt", "reason"),
    [(cut_power, "PowerLoss"), (crash, "Reboot")],  # E17.FR.21, E17.FR.22
)
@pytest.mark.parametrize("timeout_s", [60, 0, None])
def test_too_late_ends_it(
    interrupt: Callable[[Laboratory, float], Awaitable[None]], reason: str, timeout_s: int | None
) -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await interrupt(lab, 67 if timeout_s else 1)
        assert not locked(lab) and not lab.hardware.evses[1].contactor.is_closed
        await lab.unplug()
        (transaction,) = await lab.transactions()
        assert transaction.is_complete

    variables = QUIET if timeout_s is None else {**RESUMES, "tx_ctrlr.resumption_timeout": timeout_s}
    lab = explore(scenario, variables=variables)
    ended = lab.events[-1]
    assert (ended.event_type, ended.trigger_reason) == ("Ended", "AbnormalCondition")  # E17.FR.20
    assert ended.transaction_info.stopped_reason == reason
    assert "TxResumed" not in {trigger for _, trigger, _ in lab.told}


@pytest.mark.use_case("E17")
@pytest.mark.parametrize(("seconds", "kind"), [(50, "TxResumed"), (67, "AbnormalCondition")])
def test_the_time_runs_from_the_last_sign_of_life(seconds: float, kind: str) -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await lab.quiet(3600)
        await cut_power(lab, seconds)
        assert lab.told[2][1] == kind  # E17.FR.02

    explore(scenario, variables=RESUMES)


@pytest.mark.use_case("E17")
def test_a_power_cut_that_is_seen_coming_is_measured_exactly() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await lab.quiet(100)
        lab.hardware.cut_power()  # lives on its reserve for a while
        await asyncio.sleep(0.5)
        await lab.pair.cut()
        await lab.station.stop()
        await asyncio.sleep(59)
        lab.hardware.restore_power()
        await lab.quiet()
        await lab.boot()
        await lab.quiet()

    hardware = SimulatedStation(wallbox(), epoch=EPOCH, boot_s=0.0, reserve_s=1.0)
    lab = explore(scenario, variables=RESUMES, hardware=hardware)
    assert "TxResumed" in {trigger for _, trigger, _ in lab.told}


@pytest.mark.use_case("E17")
def test_a_clock_that_has_lost_its_time_resumes_nothing() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await lab.pair.cut()
        await lab.station.stop()
        await lab.hardware.clock.set(EPOCH - timedelta(days=365))
        lab.hardware.crash()
        await lab.quiet()
        await lab.boot()
        await lab.quiet()

    lab = explore(scenario, variables=RESUMES)
    assert [trigger for _, trigger, _ in lab.told[2:]] == ["AbnormalCondition"]


@pytest.mark.use_case("E17")
def test_all_evses_go_on() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab, 1)
        await charge(lab, 2, OTHER)
        await cut_power(lab, 10)
        assert [evse.contactor.is_closed for evse in lab.hardware.evses.values()] == [True, True]
        await cut_power(lab, 10)  # and again

    lab = explore(scenario, facts=wallbox(evses=2), variables=RESUMES)
    resumed = [event.transaction_info.transaction_id for event in lab.events if event.trigger_reason == "TxResumed"]
    assert len(resumed) == 4 and len(set(resumed)) == 2


@pytest.mark.use_case("E17")
def test_a_transaction_that_has_no_evse_yet_goes_on() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present(TOKEN, None)
        await cut_power(lab, 10)
        assert lab.told == [("Started", "Authorized", "Idle"), ("Updated", "TxResumed", "Idle")]
        await lab.plug_in(2)
        await lab.quiet(60)
        assert lab.hardware.evses[2].contactor.is_closed

    lab = explore(scenario, facts=wallbox(evses=2), variables={**RESUMES, "tx_ctrlr.tx_start_point": ("Authorized",)})
    assert lab.events[2].evse is not None and lab.told[2][1] == "CablePluggedIn"


@pytest.mark.use_case("E17")
def test_who_never_connects_an_ev_is_not_waited_for() -> None:
    async def scenario(lab: Laboratory) -> None:
        await lab.present(TOKEN)
        await cut_power(lab, 10)
        await lab.quiet(100)
        assert lab.told[-1][:2] == ("Ended", "EVConnectTimeout")

    explore(scenario, variables={**RESUMES, "tx_ctrlr.tx_start_point": ("Authorized",)})


@pytest.mark.use_case("E17")
def test_an_ev_that_has_come_meanwhile_charges() -> None:
    async def plug_in(lab: Laboratory) -> None:
        await lab.plug_in()

    async def scenario(lab: Laboratory) -> None:
        await lab.present(TOKEN)
        await cut_power(lab, 10, plug_in)
        await lab.quiet(60)
        assert lab.hardware.evses[1].contactor.is_closed

    lab = explore(scenario, variables={**RESUMES, "tx_ctrlr.tx_start_point": ("Authorized",)})
    assert lab.told == [
        ("Started", "Authorized", "Idle"),
        ("Updated", "TxResumed", "Idle"),
        ("Updated", "CablePluggedIn", "EVConnected"),
        ("Updated", "ChargingStateChanged", "Charging"),
    ]


@pytest.mark.use_case("E17")
def test_a_bay_that_is_empty_afterwards_ends_it() -> None:
    async def drive_out(lab: Laboratory) -> None:
        lab.hardware.drive_out(1)

    async def scenario(lab: Laboratory) -> None:
        lab.hardware.drive_in(1)
        await lab.quiet()
        await cut_power(lab, 10)
        await cut_power(lab, 10, drive_out)

    bay = {"tx_ctrlr.tx_start_point": ("ParkingBayOccupancy",), "tx_ctrlr.tx_stop_point": ("ParkingBayOccupancy",)}
    lab = explore(scenario, has_bay_sensors=True, variables={**RESUMES, **bay})
    assert lab.told == [
        ("Started", "EVDetected", "Idle"),
        ("Updated", "TxResumed", "Idle"),
        ("Updated", "TxResumed", "Idle"),
        ("Ended", "EVDeparted", "Idle"),
    ]


@pytest.mark.use_case("E17")
def test_a_contactor_that_does_not_close_is_told() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)

        async def refuse() -> None:
            raise RuntimeError("welded open")

        lab.hardware.evses[1].contactor.close = refuse  # type: ignore[method-assign]
        await cut_power(lab, 10)

    lab = explore(scenario, variables=RESUMES)
    assert lab.told[2:] == [
        ("Updated", "TxResumed", "Charging"),
        ("Updated", "ChargingStateChanged", "SuspendedEVSE"),
    ]


@pytest.mark.use_case("E17")
def test_it_goes_on_before_the_csms_is_reached() -> None:
    async def scenario(lab: Laboratory) -> None:
        await charge(lab)
        await lab.pair.cut()
        lab.hardware.cut_power()
        await lab.station.stop()
        await lab.quiet(10)
        lab.hardware.restore_power()
        await lab.quiet()
        await lab.boot(is_connected=False)
        await lab.quiet(60)
        assert lab.hardware.evses[1].contactor.is_closed
        await lab.go_online()

    lab = explore(scenario, variables=RESUMES)
    assert lab.told[2] == ("Updated", "TxResumed", "Charging") and lab.events[2].offline is True


def test_signs_of_life_are_neither_rare_nor_a_burden() -> None:
    assert [interval_s(timeout_s) for timeout_s in (1, 60, 100, 86_400)] == [1.0, 6.0, 10.0, 30.0]


@pytest.mark.use_case("E17")
def test_a_sign_of_life_that_cannot_be_written(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The transaction goes on without; the next sign is written again."""

    async def scenario(lab: Laboratory) -> None:
        commit = lab.station_store.commit

        async def dead(*changes: Any) -> None:
            if any(change.table == "life_sign" for change in changes):
                raise StoreError("expected a disk, found none")
            await commit(*changes)

        await charge(lab)
        monkeypatch.setattr(lab.station_store, "commit", dead)
        await lab.quiet(200)
        monkeypatch.setattr(lab.station_store, "commit", commit)
        await lab.quiet(200)
        await crash(lab, 10)
        await lab.quiet(60)
        await lab.present()
        await lab.unplug()
        (transaction,) = await lab.transactions()
        assert transaction.is_complete

    lab = explore(scenario, variables=RESUMES)
    assert "sign of life not written" in caplog.text
    assert ("Updated", "TxResumed") in [(kind, trigger) for kind, trigger, _ in lab.told]
