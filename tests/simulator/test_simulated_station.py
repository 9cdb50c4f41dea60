"""A simulated station: what drivers, faults and the grid do to it, what it tells, what it delivers."""

from __future__ import annotations

import asyncio
import base64
import time
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simulated import make

from ocpp21.messages import (
    BootReasonEnumType,
    IdTokenType,
    LocationEnumType,
    MessageContentType,
    MessageFormatEnumType,
    PhaseEnumType,
    SampledValueType,
)
from ocpp21.simulator import EV, Cable, ChargeCurve, Impossible, SimulatedStation, fast_charger, wallbox
from ocpp21.station import hardware as hw
from ocpp21.testing.virtual_time import EPOCH, run, wall_time

CARD = IdTokenType(id_token="04A2B3C4", type="ISO14443")
HOUR_S = 3600


async def charge(station: SimulatedStation, ev: EV, *, evse_id: int = 1, limit: hw.Limit = hw.Limit()) -> None:  # noqa: B008
    station.plug_in(evse_id, 1, ev)
    await station.evses[evse_id].offer(limit)
    await station.evses[evse_id].contactor.close()


def value(samples: object, measurand: str, phase: PhaseEnumType | None = None) -> float:
    assert isinstance(samples, list)
    found = [sample.value for sample in samples if (sample.measurand, sample.phase) == (measurand, phase)]
    (only,) = found
    assert isinstance(only, float | int)
    return only


def test_it_is_hardware() -> None:
    hardware: hw.Hardware = SimulatedStation(wallbox(), epoch=EPOCH)
    assert hardware.boot_reason == BootReasonEnumType.POWER_UP


def test_a_charge_from_beginning_to_end() -> None:
    async def main() -> None:
        station, told = make()
        ev = EV(capacity_wh=20_000, state_of_charge=50)
        await charge(station, ev)
        assert told == [hw.CablePluggedIn(1, 1, 32), hw.EVConnected(1, 1), hw.EnergyTransferStarted(1, 3)]
        await asyncio.sleep(1800)
        assert station.delivered_wh(1) == 5520
        assert ev.state_of_charge == Decimal("77.6")
        assert station.evses[1].flow.power_mw == 11_040_000
        await asyncio.sleep(5 * HOUR_S)
        assert told[3:] == [hw.EnergyTransferSuspended(1, "EV")]
        assert ev.state_of_charge == 100
        assert 10_000 <= station.delivered_wh(1) < Decimal("10000.0001")
        await station.evses[1].contactor.open()
        station.unplug(1, 1)
        assert told[4:] == [hw.EVDisconnected(1, 1), hw.CableUnplugged(1, 1)]
        assert ev.changed is None

    run(main())


def test_a_week_of_charging_costs_little() -> None:
    async def main() -> Decimal:
        station, _ = make()
        for day in range(7):
            ev = EV(capacity_wh=50_000, state_of_charge=20)
            await charge(station, ev)
            await asyncio.sleep((day + 1) * 24 * HOUR_S - asyncio.get_running_loop().time())
            await station.evses[1].contactor.open()
            station.unplug(1, 1)
        return station.delivered_wh(1)

    began = time.monotonic()
    delivered = run(main())
    assert time.monotonic() - began < 5
    assert 7 * 40_000 <= delivered < Decimal("280000.001")
    assert run(main()) == delivered


@settings(max_examples=40, deadline=None)
@given(
    st.builds(
        EV,
        capacity_wh=st.integers(500, 100_000),
        state_of_charge=st.floats(0, 100),
        target_soc=st.floats(1, 100),
        curve=st.builds(ChargeCurve, max_power_w=st.floats(100, 50_000), knee_percent=st.integers(0, 100)),
        phases=st.integers(1, 3),
        max_current_a=st.floats(6, 64),
    ),
    st.lists(st.tuples(st.floats(0, 40), st.floats(0, 30_000), st.floats(0, 4 * HOUR_S)), max_size=6),
    st.lists(st.floats(0.001, 3 * HOUR_S), max_size=6),
)
def test_energy_is_the_same_however_it_is_sampled_and_the_battery_never_overflows(
    ev: EV, limits: list[tuple[float, float, float]], pauses: list[float]
) -> None:
    async def main() -> None:
        station = SimulatedStation(wallbox(max_current_a=32), epoch=EPOCH, register_wh=1234.5)
        evse = station.evses[1]
        begun = ev.stored.value
        delivered = [Decimal(0)]

        def check() -> None:
            delivered.append(station.delivered_wh(1))
            assert 0 <= ev.state_of_charge <= 100
            offered = evse.offered
            assert evse.flow.power_mw <= offered.power_mw
            assert evse.flow.current_ma <= offered.current_ma

        async def sampler() -> None:
            for pause in pauses:
                await asyncio.sleep(pause)
                check()

        task = asyncio.create_task(sampler())
        await charge(station, ev)
        for current_a, power_w, seconds in limits:
            await evse.offer(hw.Limit(current_a, power_w))
            check()
            await asyncio.sleep(seconds)
        await evse.contactor.open()
        await task
        check()
        assert delivered == sorted(delivered)
        gained = ev.stored.value - begun
        assert gained == evse.read().register_pj - 4_444_200_000_000_000_000
        assert delivered[-1] == Decimal(gained // 3_600_000).scaleb(-9)

    run(main())


def test_limits_of_the_station_suspend_and_resume() -> None:
    async def main() -> None:
        station, told = make()
        await charge(station, EV(), limit=hw.Limit(current_a=0))
        evse = station.evses[1]
        await asyncio.sleep(HOUR_S)
        await evse.offer(hw.Limit(current_a=10))
        await asyncio.sleep(HOUR_S)
        await evse.offer(hw.Limit(current_a=10, phases=1))
        await evse.offer(hw.Limit(current_a=9, phases=1))
        await asyncio.sleep(HOUR_S)
        await evse.offer(hw.Limit(current_a=5))
        await asyncio.sleep(HOUR_S)
        assert told[2:] == [
            hw.EnergyTransferSuspended(1, "EVSE"),
            hw.EnergyTransferStarted(1, 3),
            hw.EnergyTransferStarted(1, 1),
            hw.EnergyTransferSuspended(1, "EVSE"),
        ]
        assert station.delivered_wh(1) == 6900 + 2070

    run(main())


def test_the_driver_pauses_and_ends_the_session() -> None:
    async def main() -> None:
        station, told = make()
        ev = EV()
        with pytest.raises(Impossible, match="expected an EV at EVSE 1, found none"):
            station.stop_session(1)
        await charge(station, ev)
        del told[:]
        ev.pause()
        ev.resume()
        station.stop_session(1)
        station.press_stop(1)
        station.present(CARD)
        station.present(CARD, 1)
        assert told == [
            hw.EnergyTransferSuspended(1, "EV"),
            hw.EnergyTransferStarted(1, 3),
            hw.SessionStopped(1),
            hw.EnergyTransferSuspended(1, "EV"),
            hw.StopButtonPressed(1),
            hw.TokenPresented(CARD),
            hw.TokenPresented(CARD, 1),
        ]

    run(main())


def test_an_ev_that_tells_its_id_presents_it() -> None:
    async def main() -> None:
        station, told = make()
        evccid = IdTokenType(id_token="DE1234567890", type="EVCCID")
        station.plug_in(1, 1, EV(id_token=evccid))
        assert told[1:] == [hw.EVConnected(1, 1), hw.TokenPresented(evccid, 1)]

    run(main())


def test_a_locked_plug_stays_in_at_the_station_but_not_at_the_ev() -> None:
    async def main() -> None:
        station, told = make()
        ev = EV()
        lock = station.evses[1].connectors[1].lock
        assert lock is not None
        await charge(station, ev)
        await lock.lock()
        with pytest.raises(Impossible, match="expected connector 1 to be unlocked, found it locked"):
            station.unplug(1, 1)
        del told[:]
        station.unplug_ev(1, 1)
        assert told == [hw.EVDisconnected(1, 1)]
        assert not station.evses[1].contactor.is_closed
        with pytest.raises(hw.HardwareError, match="no EV is connected"):
            await station.evses[1].contactor.close()
        station.plug_in(1, 1, ev)  # the other end is still in, and locked
        assert told[1:] == [hw.EVConnected(1, 1)]
        station.unplug_ev(1, 1)
        await lock.unlock()
        station.unplug(1, 1)
        assert told[-1] == hw.CableUnplugged(1, 1)
        assert lock.tries == 2

    run(main())


def test_a_fixed_cable_has_no_plug_and_no_lock() -> None:
    async def main() -> None:
        station, told = make(facts=wallbox(connector_types=("cType2",)))
        assert station.evses[1].connectors[1].lock is None
        station.plug_in(1, 1, EV())
        station.unplug(1, 1)
        assert told == [hw.EVConnected(1, 1), hw.EVDisconnected(1, 1)]
        with pytest.raises(Impossible, match="expected a lock at connector 1 of EVSE 1, found none"):
            station.break_lock(1, 1)

    run(main())


def test_what_is_impossible() -> None:
    async def main() -> None:
        station, told = make(facts=wallbox(evses=2, connector_types=("sType2", "cType2")))
        ev = EV()
        for wrong in (station.unplug, station.unplug_ev):
            with pytest.raises(Impossible, match="found none"):
                wrong(1, 1)
        station.plug_in(1, 1, ev)
        for evse_id, connector_id, other, message in (
            (1, 1, EV(), "expected no EV at connector 1, found one"),
            (2, 1, ev, "expected the EV to be free, found it at another connector"),
        ):
            before = list(told)
            with pytest.raises(Impossible, match=message):
                station.plug_in(evse_id, connector_id, other)
            assert told == before
        connector = station.evses[2].connectors[1]
        assert connector.lock is not None
        await connector.lock.lock()
        with pytest.raises(Impossible, match="expected connector 1 to be unlocked, found the bolt out"):
            station.plug_in(2, 1, EV())
        with pytest.raises(Impossible, match="expected a cable in connector 1, found none"):
            connector.attach(EV())
        connector.lock.is_locked = False
        connector.insert(Cable())
        with pytest.raises(Impossible, match="expected connector 1 to be free, found a cable in it"):
            connector.insert(Cable())

    run(main())


def test_of_two_connectors_the_first_that_is_connected_gets_the_energy() -> None:
    async def main() -> None:
        station, told = make(facts=wallbox(connector_types=("sType2", "cType2")))
        first, second = EV(state_of_charge=20), EV(state_of_charge=20)
        evse = station.evses[1]
        station.plug_in(1, 2, first)
        station.plug_in(1, 1, second)
        await evse.offer(hw.Limit())
        await evse.contactor.close()
        await asyncio.sleep(HOUR_S)
        assert (first.state_of_charge, second.state_of_charge) == (Decimal("38.4"), Decimal(20))
        station.unplug(1, 1)
        assert evse.contactor.is_closed
        station.plug_in(1, 1, second)
        station.unplug(1, 2)
        assert not evse.contactor.is_closed
        await evse.contactor.close()
        await asyncio.sleep(HOUR_S)
        assert (first.state_of_charge, second.state_of_charge) == (Decimal("38.4"), Decimal("38.4"))
        assert told[-1] == hw.EnergyTransferStarted(1, 3)

    run(main())


def test_bays() -> None:
    async def main() -> None:
        station, told = make(has_bay_sensors=True)
        with pytest.raises(Impossible, match="expected a car in the bay of EVSE 1, found none"):
            station.drive_out(1)
        station.drive_in(1)
        with pytest.raises(Impossible, match="expected the bay of EVSE 1 to be empty, found a car in it"):
            station.drive_in(1)
        station.plug_in(1, 1, EV())
        with pytest.raises(Impossible, match="expected no cable in the EV at EVSE 1, found one"):
            station.drive_out(1)
        station.unplug(1, 1)
        station.drive_out(1)
        assert (told[0], told[-1]) == (hw.ParkingBayOccupied(1), hw.ParkingBayVacated(1))
        with pytest.raises(Impossible, match="expected EVSE 1 to see cars, found no sensor"):
            make()[0].drive_in(1)

    run(main())


@pytest.mark.parametrize("fault", ["GroundFailure", "OverCurrent", "PowerQuality", "EmergencyStop"])
@pytest.mark.parametrize("evse_id", [None, 1])
def test_tripping_faults(fault: str, evse_id: int | None) -> None:
    async def main() -> None:
        station, told = make(facts=wallbox(evses=2))
        await charge(station, EV(), evse_id=1)
        await charge(station, EV(), evse_id=2)
        await asyncio.sleep(HOUR_S)
        del told[:]
        station.raise_fault(hw.Fault(fault), evse_id, text="once")
        station.raise_fault(hw.Fault(fault), evse_id, text="twice")
        await asyncio.sleep(HOUR_S)
        assert station.delivered_wh(1) == 11_040
        assert station.delivered_wh(2) == (11_040 if evse_id is None else 22_080)
        with pytest.raises(hw.HardwareError, match=f"the contactor must not close: {fault}"):
            await station.evses[1].contactor.close()
        station.clear_fault(hw.Fault(fault), evse_id)
        station.clear_fault(hw.Fault(fault), evse_id)
        assert told == [
            hw.FaultRaised(hw.Fault(fault), evse_id, None, "once"),
            hw.FaultCleared(hw.Fault(fault), evse_id),
        ]
        assert not station.evses[1].contactor.is_closed
        await station.evses[1].contactor.close()

    run(main())


def test_other_faults() -> None:
    async def main() -> None:
        station, told = make()
        evse = station.evses[1]
        await charge(station, EV())
        station.raise_fault(hw.Fault.HIGH_TEMPERATURE, 1)
        assert evse.flow.current_ma == 8_000
        station.clear_fault(hw.Fault.HIGH_TEMPERATURE, 1)
        assert evse.flow.current_ma == 16_000

        station.raise_fault(hw.Fault.METER_FAILURE, 1)
        with pytest.raises(hw.HardwareError, match="the meter does not answer"):
            await evse.meter.read()
        await station.main_meter.read()
        station.clear_fault(hw.Fault.METER_FAILURE, 1)
        await evse.meter.read()
        station.raise_fault(hw.Fault.METER_FAILURE)
        for meter in (station.main_meter, evse.meter):
            with pytest.raises(hw.HardwareError):
                await meter.read()
        station.clear_fault(hw.Fault.METER_FAILURE)

        station.raise_fault(hw.Fault.CONTACTOR_FAILURE, 1)
        with pytest.raises(hw.HardwareError, match="the contactor does not move"):
            await evse.contactor.open()
        assert evse.contactor.is_closed
        assert hw.FaultRaised(hw.Fault.CONTACTOR_FAILURE, 1) in told

    run(main())


def test_locks_jam_silently_and_break_loudly() -> None:
    async def main() -> None:
        station, told = make()
        lock = station.evses[1].connectors[1].lock
        assert lock is not None
        station.raise_fault(hw.Fault.LOCK_FAILURE, 1, 1)
        with pytest.raises(hw.HardwareError, match="the bolt is jammed, it stays unlocked"):
            await lock.lock()
        station.clear_fault(hw.Fault.LOCK_FAILURE, 1, 1)
        await lock.lock()
        lock.is_jammed = True
        with pytest.raises(hw.HardwareError, match="the bolt is jammed, it stays locked"):
            await lock.unlock()
        assert told == []
        station.break_lock(1, 1)
        assert told == [hw.ConnectorLockFailed(1, 1)]
        with pytest.raises(Impossible, match="to be locked, found it unlocked"):
            station.break_lock(1, 1)
        with pytest.raises(Impossible, match="expected a lock at connector None of EVSE None"):
            station.raise_fault(hw.Fault.LOCK_FAILURE)

    run(main())


def test_what_is_already_so_is_told_first() -> None:
    async def main() -> None:
        station, _ = make(has_bay_sensors=True, facts=wallbox(connector_types=("sType2", "cType2")))
        station.drive_in(1)
        station.plug_in(1, 2, EV())
        station.plug_in(1, 1, EV(), cable=Cable(20))
        station.raise_fault(hw.Fault.OTHER, text="a dent")
        told: list[hw.HardwareEvent] = []
        station.listen(told.append)
        assert told == [
            hw.ParkingBayOccupied(1),
            hw.CablePluggedIn(1, 1, 20),
            hw.EVConnected(1, 2),
            hw.EVConnected(1, 1),
            hw.FaultRaised(hw.Fault.OTHER, text="a dent"),
        ]

    run(main())


def test_a_power_cut_loses_what_is_volatile() -> None:
    async def main() -> None:
        station, told = make(has_displays=True, boot_s=20)
        seen: list[str] = []
        station.when_down(lambda: seen.append("down"))
        station.when_up(lambda: seen.append("up"))
        evse = station.evses[1]
        lock, display = evse.connectors[1].lock, evse.display
        assert lock is not None
        assert display is not None
        assert station.display is not None
        ev = EV()
        await charge(station, ev)
        await lock.lock()
        text = MessageContentType(format=MessageFormatEnumType.UTF8, content="charging")
        await display.show(text)
        await station.display.show(text)
        assert display.content == station.display.content == text
        await asyncio.sleep(HOUR_S)
        del told[:]

        with pytest.raises(Impossible, match="expected the mains to be cut, found them there"):
            station.restore_power()
        station.cut_power()
        with pytest.raises(Impossible, match="expected the mains to be there, found them cut"):
            station.cut_power()
        with pytest.raises(Impossible, match="expected the station to be up, found it down"):
            station.crash()
        assert (seen, station.is_up, evse.contactor.is_closed, evse.limit) == (["down"], False, False, hw.Limit(0))
        assert lock.is_locked
        assert display.content is station.display.content is None
        await asyncio.sleep(HOUR_S)
        for forbidden in (
            evse.contactor.close(),
            evse.contactor.open(),
            evse.offer(hw.Limit()),
            evse.meter.read(),
            lock.unlock(),
            display.show(None),
            station.clock.set(EPOCH),
            station.reboot(BootReasonEnumType.LOCAL_RESET),
        ):
            with pytest.raises(hw.HardwareError, match="the station has no power, or boots"):
                await forbidden
        station.unplug_ev(1, 1)
        station.restore_power()
        station.present(CARD)
        await asyncio.sleep(19)
        assert not station.is_up
        await asyncio.sleep(1)
        assert (seen, station.is_up, station.boot_reason) == (["down", "up"], True, BootReasonEnumType.POWER_UP)
        station.present(CARD)
        assert told == []  # nobody listens yet
        station.listen(told.append)
        assert told == [hw.CablePluggedIn(1, 1, 32)]
        assert station.delivered_wh(1) == 11_040
        assert value(await evse.meter.read(), "Energy.Active.Import.Register") == 11_040

    run(main())


def test_a_reserve_bridges_a_short_cut() -> None:
    async def main() -> None:
        station, told = make(reserve_s=30)
        await charge(station, EV())
        del told[:]
        station.cut_power()
        await asyncio.sleep(29)
        with pytest.raises(hw.HardwareError, match="must not close: PowerQuality"):
            await station.evses[1].contactor.close()
        station.restore_power()
        await asyncio.sleep(30)
        assert station.is_up
        await station.evses[1].contactor.close()
        station.cut_power()
        await asyncio.sleep(30)
        assert not station.is_up
        assert told == [hw.PowerLost(), hw.PowerRestored(), hw.EnergyTransferStarted(1, 3), hw.PowerLost()]

    run(main())


def test_reboots_and_crashes() -> None:
    async def main() -> None:
        station, _ = make(boot_s=5, reserve_s=100)
        ups: list[tuple[float, str]] = []
        loop = asyncio.get_running_loop()
        station.when_up(lambda: ups.append((loop.time(), station.boot_reason)))
        await station.reboot(BootReasonEnumType.REMOTE_RESET)
        await asyncio.sleep(10)
        station.crash()
        await asyncio.sleep(10)
        assert ups == [(5, "Unknown"), (15, "Watchdog")]
        station.reboots_to_fail = 2
        for _ in range(2):
            with pytest.raises(hw.HardwareError, match="the reboot has failed"):
                await station.reboot(BootReasonEnumType.REMOTE_RESET)
        station.cut_power()
        await station.reboot(BootReasonEnumType.REMOTE_RESET)  # on the reserve: it does not come up again
        await asyncio.sleep(10)
        assert len(ups) == 2
        station.restore_power()
        station.cut_power()  # while it boots
        await asyncio.sleep(10)
        assert not station.is_up

    run(main())


def test_the_reboot_does_not_need_the_one_who_asked_for_it() -> None:
    async def main() -> None:
        station, _ = make()
        task = asyncio.create_task(station.reboot(BootReasonEnumType.LOCAL_RESET))
        station.when_down(task.cancel)
        await asyncio.sleep(11)
        assert station.is_up

    run(main())


def test_one_evse_is_reset_alone_where_it_can() -> None:
    async def main() -> None:
        station, _ = make(facts=wallbox(evses=2))
        for evse_id in (1, 2):
            await charge(station, EV(), evse_id=evse_id)
        await station.reboot(BootReasonEnumType.REMOTE_RESET, evse_id=1)
        assert [evse.contactor.is_closed for evse in station.evses.values()] == [False, True]
        with pytest.raises(hw.HardwareError, match="EVSE 1 cannot be reset alone"):
            await make(facts=fast_charger())[0].reboot(BootReasonEnumType.REMOTE_RESET, evse_id=1)

    run(main())


def test_the_clock_runs_in_virtual_time_and_can_be_wrong() -> None:
    async def main() -> None:
        station, _ = make(clock_error_s=-7200)
        await asyncio.sleep(60)
        assert station.clock.true_time == wall_time()
        assert station.clock.now() == EPOCH + timedelta(seconds=60 - 7200)
        await station.clock.set(wall_time())
        await asyncio.sleep(60)
        assert station.clock.now() == wall_time()

    run(main())


def test_an_epoch_is_aware() -> None:
    with pytest.raises(ValueError, match="expected an aware epoch, found 2026-01-01T00:00:00"):
        SimulatedStation(wallbox(), epoch=datetime(2026, 1, 1))


def test_what_an_ac_meter_shows() -> None:
    async def main() -> None:
        station, _ = make(register_wh=100_000)
        await charge(station, EV(phases=2), limit=hw.Limit(current_a=10))
        await asyncio.sleep(100)
        samples = await station.evses[1].meter.read()
        assert value(samples, "Energy.Active.Import.Register") == 100_127.777
        assert value(samples, "Power.Active.Import") == 4600
        currents = [value(samples, "Current.Import", phase) for phase in (PhaseEnumType.L1, PhaseEnumType.L2)]
        assert currents == [10, 10]
        assert value(samples, "Current.Import", PhaseEnumType.L3) == 0
        assert value(samples, "Voltage", PhaseEnumType.L3_N) == 230
        assert value(samples, "Frequency") == 50
        assert value(samples, "Current.Import.Offered") == 10
        assert value(samples, "Power.Import.Offered") == 11_040
        assert all(sample.measurand != "SoC" for sample in samples)

        main_samples = await station.main_meter.read()
        assert value(main_samples, "Energy.Active.Import.Register") == 100_127.777
        assert value(main_samples, "Power.Active.Import") == 4600
        assert {sample.location for sample in main_samples} == {LocationEnumType.INLET}
        assert not any(sample.signed_meter_value for sample in samples)

    run(main())


def test_what_a_dc_meter_shows() -> None:
    async def main() -> None:
        station, _ = make(facts=fast_charger())
        meter = station.evses[1].meter
        assert value(await meter.read(), "Voltage") == 0
        await charge(station, EV(capacity_wh=80_000, curve=ChargeCurve(max_power_w=100_000), dc_voltage_v=400))
        await asyncio.sleep(360)
        samples = await meter.read()
        assert value(samples, "Energy.Active.Import.Register") == 10_000
        assert value(samples, "Current.Import") == 250
        assert value(samples, "Voltage") == 400
        assert value(samples, "SoC") == 32.5
        idle = await station.evses[2].meter.read()
        assert value(idle, "Power.Active.Import") == 0

    run(main())


def test_an_ac_ev_at_a_dc_station_gets_nothing() -> None:
    async def main() -> None:
        station, told = make(facts=fast_charger())
        await charge(station, EV(dc_voltage_v=None))
        assert told[-1] == hw.EnergyTransferSuspended(1, "EVSE")
        assert value(await station.evses[1].meter.read(), "Voltage") == 0

    run(main())


def test_a_signed_register() -> None:
    async def main() -> None:
        station, _ = make(register_wh=5)
        await asyncio.sleep(HOUR_S)
        register: SampledValueType = (await station.evses[1].meter.read(signed=True))[0]
        signed = register.signed_meter_value
        assert signed is not None
        assert signed.encoding_method == "OCMF"
        text = base64.b64decode(signed.signed_meter_data).decode()
        assert text.startswith('OCMF|{"FV": "1.0", "MS": "SIM-WALLBOX"')
        assert '"TM": "2026-01-01T01:00:00,000+0000 S", "RV": 5.0, "RU": "Wh"' in text

    run(main())


def test_in_real_time_the_register_and_the_truth_are_one() -> None:
    """Time goes on between two lines of the simulator; whatever changes at once must change at one time."""

    async def main() -> SimulatedStation:
        station = SimulatedStation(fast_charger(max_power_w=300_000), epoch=EPOCH)
        await charge(station, EV(curve=ChargeCurve(max_power_w=300_000), dc_voltage_v=800))
        for number in range(500):
            await station.evses[1].offer(hw.Limit(power_w=100_000 + number))
        await station.evses[1].contactor.open()
        return station

    station = asyncio.run(main())
    assert station.evses[1].register_wh == station.delivered_wh(1) > 0
