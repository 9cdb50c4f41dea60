"""A simulated Charging Station: hardware for the role, and things to do with it for a test.

It implements :class:`ocpp21.station.hardware.Hardware`, and has a verb for whatever a driver, a mechanic or the grid
may do. What it has delivered is known exactly, so that a ledger can be compared with the truth::

    async def main() -> None:
        station = SimulatedStation(wallbox(), epoch=EPOCH)
        ev = EV(capacity_wh=40_000, state_of_charge=50)
        station.listen(print)
        station.plug_in(1, 1, ev)
        await station.evses[1].offer(Limit(current_a=16))
        await station.evses[1].contactor.close()
        await asyncio.sleep(3600)
        print(station.delivered_wh(1), ev.state_of_charge)

Times are those of the running event loop, so it is made for :mod:`ocpp21.testing.virtual_time`, and works in real time,
too. All verbs belong into the thread of the loop.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Final

from ocpp21.messages import BootReasonEnumType, IdTokenType, LocationEnumType
from ocpp21.simulator.clock import SimulatedClock
from ocpp21.simulator.connector import Cable, Impossible, SimulatedLock
from ocpp21.simulator.ev import EV
from ocpp21.simulator.evse import SimulatedBay, SimulatedDisplay, SimulatedEvse
from ocpp21.simulator.flow import AC_VOLTAGE_V, Flow
from ocpp21.simulator.integral import pj
from ocpp21.simulator.meter import Reading, SimulatedMeter
from ocpp21.simulator.power import Power
from ocpp21.station.hardware import (
    ConnectorLockFailed,
    Fault,
    FaultCleared,
    FaultRaised,
    HardwareError,
    HardwareEvent,
    ParkingBayOccupied,
    ParkingBayVacated,
    PowerLost,
    PowerRestored,
    SessionStopped,
    StationFacts,
    StopButtonPressed,
    TokenPresented,
)

__all__ = ["SimulatedStation"]


class SimulatedStation:
    """The hardware of a Charging Station, with power.

    Args:
        facts: how it was built.
        epoch: aware wall time at time 0 of the event loop.
        register_wh: what the meter of each EVSE has counted before, in Wh; or of some of them, by evse_id.
        has_displays: the station and each EVSE have one.
        has_bay_sensors: each EVSE sees cars.
        clock_error_s: how far its clock is ahead at the beginning, in seconds.
        boot_s: how long a boot takes, in seconds.
        reserve_s: how long it lives on without mains, in seconds; it tells ``PowerLost`` only with a reserve.

    Raises:
        ValueError: the epoch is not aware.

    Attributes:
        facts: how it was built.
        evses: by evse_id.
        clock: the wall clock; it runs on without power.
        main_meter: counts what all EVSEs take, at the inlet.
        display: its display, or None.
        reboots_to_fail: so many calls of :meth:`reboot` will fail.
    """

    def __init__(
        self,
        facts: StationFacts,
        /,
        *,
        epoch: datetime,
        register_wh: float | Mapping[int, Decimal] = 0,
        has_displays: bool = False,
        has_bay_sensors: bool = False,
        clock_error_s: float = 0.0,
        boot_s: float = 10.0,
        reserve_s: float = 0.0,
    ) -> None:
        self.facts: Final = facts
        self._power: Final = Power(boot_s=boot_s, reserve_s=reserve_s)
        self._power.when_down.append(self._lose)
        self.clock: Final = SimulatedClock(epoch, self.check_power, error_s=clock_error_s)
        registers = register_wh if isinstance(register_wh, Mapping) else {}
        before = 0 if isinstance(register_wh, Mapping) else register_wh
        self.evses: Final = {
            evse.evse_id: SimulatedEvse(
                evse,
                self,
                self._meter,
                register_pj=pj(registers.get(evse.evse_id, before)),
                has_display=has_displays,
                has_bay_sensor=has_bay_sensors,
            )
            for evse in facts.evses
        }
        self.main_meter: Final = self._meter(self._read)
        self.display: Final = SimulatedDisplay(self.check_power) if has_displays else None
        self.reboots_to_fail = 0
        self._callback: Callable[[HardwareEvent], object] | None = None
        self._faults: dict[tuple[Fault, int | None, int | None], FaultRaised] = {}

    # For the station.

    @property
    def boot_reason(self) -> BootReasonEnumType:
        """``PowerUp``, ``Watchdog`` or, after a reboot that was asked for, ``Unknown``."""
        return self._power.boot_reason

    def listen(self, callback: Callable[[HardwareEvent], object], /) -> None:
        """Tell all that happens from now on, and first what is already so."""
        self._callback = callback
        for evse_id, evse in self.evses.items():
            if evse.parking_bay is not None and evse.parking_bay.is_occupied:
                callback(ParkingBayOccupied(evse_id))
            for event in evse.already_so():
                callback(event)
        for fault in self._faults.values():
            callback(fault)

    async def reboot(self, reason: BootReasonEnumType, /, *, evse_id: int | None = None) -> None:
        """Start again: the whole station, which is up again after ``boot_s``, or one EVSE, at once.

        Whoever waits for this may be gone by then: the hooks of :meth:`when_down` run first.
        """
        self.check_power()
        if self.reboots_to_fail:
            self.reboots_to_fail -= 1
            raise HardwareError("the reboot has failed")
        if evse_id is None:
            self._power.reset(BootReasonEnumType.UNKNOWN)
        elif self.evses[evse_id].facts.can_reset:
            self.evses[evse_id].lose_power()
        else:
            raise HardwareError(f"EVSE {evse_id} cannot be reset alone")

    # For tests.

    @property
    def is_up(self) -> bool:
        """It has power and has booted."""
        return self._power.is_up

    def delivered_wh(self, evse_id: int, /) -> Decimal:
        """The truth: energy that has left the outlet of an EVSE since it was built, in Wh, cut to nine decimals."""
        return self.evses[evse_id].delivered_wh

    def when_down(self, hook: Callable[[], object], /) -> None:
        """Call this whenever the power is gone or a reboot begins: kill what runs on the station."""
        self._power.when_down.append(hook)

    def when_up(self, hook: Callable[[], object], /) -> None:
        """Call this whenever the station has booted: start what runs on the station. Not called for the first time."""
        self._power.when_up.append(hook)

    # What drivers do.

    def drive_in(self, evse_id: int) -> None:
        """Park in the bay of an EVSE that sees it.

        Raises:
            Impossible: it is occupied, or has no sensor.
        """
        bay = self._bay(evse_id)
        if bay.is_occupied:
            raise Impossible(f"expected the bay of EVSE {evse_id} to be empty, found a car in it")
        bay.is_occupied = True
        self.tell(ParkingBayOccupied(evse_id))

    def drive_out(self, evse_id: int) -> None:
        """Leave the bay.

        Raises:
            Impossible: it is empty, or has no sensor, or the cable is in the EV.
        """
        bay = self._bay(evse_id)
        if not bay.is_occupied:
            raise Impossible(f"expected a car in the bay of EVSE {evse_id}, found none")
        if self.evses[evse_id].ev is not None:
            raise Impossible(f"expected no cable in the EV at EVSE {evse_id}, found one")
        bay.is_occupied = False
        self.tell(ParkingBayVacated(evse_id))

    def plug_in(self, evse_id: int, connector_id: int, ev: EV, *, cable: Cable | None = None) -> None:
        """Connect an EV, by the fixed cable, by a cable that is still in the socket, or by this one.

        Raises:
            Impossible: the connector is occupied or its bolt is out; the EV is connected elsewhere.
        """
        self.evses[evse_id].plug_in(connector_id, ev, cable or Cable())

    def unplug(self, evse_id: int, connector_id: int) -> None:
        """Pull out the cable: both ends; the EV's end only when it is fixed.

        Raises:
            Impossible: it is locked, or there is none.
        """
        self.evses[evse_id].unplug(connector_id)

    def unplug_ev(self, evse_id: int, connector_id: int) -> None:
        """Pull out the EV's end only (E09, E10).

        Raises:
            Impossible: no EV is connected.
        """
        self.evses[evse_id].unplug_ev(connector_id)

    def present(self, id_token: IdTokenType, evse_id: int | None = None) -> None:
        """Hold a card to the reader, press the start button, enter a PIN."""
        self.tell(TokenPresented(id_token, evse_id))

    def press_stop(self, evse_id: int) -> None:
        """Press the stop button."""
        self.tell(StopButtonPressed(evse_id))

    def stop_session(self, evse_id: int) -> None:
        """Let the EV end the session by ISO 15118, to stay ended; it takes no more energy.

        Raises:
            Impossible: no EV is connected.
        """
        ev = self.evses[evse_id].ev
        if ev is None:
            raise Impossible(f"expected an EV at EVSE {evse_id}, found none")
        self.tell(SessionStopped(evse_id))
        ev.pause()

    # What breaks.

    def raise_fault(
        self, fault: Fault, evse_id: int | None = None, connector_id: int | None = None, *, text: str = ""
    ) -> None:
        """Break something; nothing happens if it is already broken.

        Ground failure, over-current, power quality and emergency stop open the contactor and keep it open; a contactor
        failure leaves it where it is; high temperature halves the current; a meter failure silences the meter. A lock
        failure jams the lock without a word: the station hears of it when it moves the bolt (G05).
        """
        raised = FaultRaised(fault, evse_id, connector_id, text)
        if fault == Fault.LOCK_FAILURE:
            self._lock(evse_id, connector_id).is_jammed = True
        elif self._faults.setdefault((fault, evse_id, connector_id), raised) is raised:
            self._settle_faults()
            self.tell(raised)

    def clear_fault(self, fault: Fault, evse_id: int | None = None, connector_id: int | None = None) -> None:
        """Repair something; nothing happens if it is not broken."""
        if fault == Fault.LOCK_FAILURE:
            self._lock(evse_id, connector_id).is_jammed = False
        elif self._faults.pop((fault, evse_id, connector_id), None) is not None:
            self._settle_faults()
            self.tell(FaultCleared(fault, evse_id, connector_id))

    def break_lock(self, evse_id: int, connector_id: int) -> None:
        """Let a bolt go back by itself.

        Raises:
            Impossible: there is no lock, or it is not locked.
        """
        lock = self._lock(evse_id, connector_id)
        if not lock.is_locked:
            raise Impossible(f"expected connector {connector_id} of EVSE {evse_id} to be locked, found it unlocked")
        lock.is_locked = False
        self.tell(ConnectorLockFailed(evse_id, connector_id))

    def cut_power(self) -> None:
        """Cut the mains: no energy flows from now on, and when the reserve is used up, what is volatile is lost.

        Raises:
            Impossible: they are cut.
        """
        if self._power.cut():
            self.tell(PowerLost())
        for evse in self.evses.values():
            evse.open_contactor()

    def restore_power(self) -> None:
        """Bring the mains back: the station boots, unless its reserve has lasted.

        Raises:
            Impossible: they are there.
        """
        if self._power.restore():
            self.tell(PowerRestored())

    def crash(self) -> None:
        """Let the software hang until the watchdog resets it.

        Raises:
            Impossible: it is down.
        """
        if not self._power.is_up:
            raise Impossible("expected the station to be up, found it down")
        self._power.reset(BootReasonEnumType.WATCHDOG)

    # For the EVSEs.

    def tell(self, event: HardwareEvent, /) -> None:
        """Pass an event on to whoever listens, if the station is up."""
        if self._power.is_up and self._callback is not None:
            self._callback(event)

    def check_power(self) -> None:
        """Raise when the station is down."""
        self._power.check()

    def faults_at(self, evse_id: int, /) -> frozenset[Fault]:
        """Faults of an EVSE, its connectors and the station; without mains, the quality of the power is one."""
        faults = {fault for fault, place, _ in self._faults if place in (None, evse_id)}
        return frozenset(faults if self._power.has_mains else faults | {Fault.POWER_QUALITY})

    def _settle_faults(self) -> None:
        for evse_id, evse in self.evses.items():
            evse.meter.is_broken = Fault.METER_FAILURE in self.faults_at(evse_id)
            evse.settle()
        self.main_meter.is_broken = (Fault.METER_FAILURE, None, None) in self._faults

    def _lose(self) -> None:
        """Lose all that is volatile."""
        self._callback = None
        for evse in self.evses.values():
            evse.lose_power()
        if self.display is not None:
            self.display.content = None

    def _meter(self, take: Callable[[], Reading]) -> SimulatedMeter:
        serial_number = self.facts.charging_station.serial_number or ""
        return SimulatedMeter(take, self.check_power, self.clock.now, serial_number)

    def _read(self) -> Reading:
        """Take a reading for the main meter: of the grid, on three phases that the EVSEs share evenly."""
        readings = [evse.read() for evse in self.evses.values()]
        power_mw = sum(reading.flow.power_mw for reading in readings)
        current_ma = power_mw // (3 * AC_VOLTAGE_V)
        return Reading(
            register_pj=sum(reading.register_pj for reading in readings),
            flow=Flow(power_mw, current_ma, 3, None if power_mw else "EVSE"),
            phases=3,
            location=LocationEnumType.INLET,
        )

    def _bay(self, evse_id: int) -> SimulatedBay:
        bay = self.evses[evse_id].parking_bay
        if bay is None:
            raise Impossible(f"expected EVSE {evse_id} to see cars, found no sensor")
        return bay

    def _lock(self, evse_id: int | None, connector_id: int | None) -> SimulatedLock:
        evse = self.evses.get(evse_id or 0)
        connector = evse and evse.connectors.get(connector_id or 0)
        if not connector or connector.lock is None:
            raise Impossible(f"expected a lock at connector {connector_id} of EVSE {evse_id}, found none")
        return connector.lock
