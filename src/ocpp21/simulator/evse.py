"""A simulated EVSE: whenever something changes, the power is worked out anew, and holds until the next change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Final, Protocol

from ocpp21.messages import MessageContentType
from ocpp21.simulator.connector import Cable, Impossible, SimulatedConnector
from ocpp21.simulator.ev import EV
from ocpp21.simulator.flow import NOTHING, Flow, Offer, flow, offer
from ocpp21.simulator.integral import Integral, now_ns, wh
from ocpp21.simulator.meter import Reading, SimulatedMeter
from ocpp21.station.hardware import (
    CablePluggedIn,
    CableUnplugged,
    EnergyTransferStarted,
    EnergyTransferSuspended,
    EVConnected,
    EVDisconnected,
    EvseFacts,
    Fault,
    HardwareError,
    HardwareEvent,
    Limit,
    TokenPresented,
)

__all__ = ["SimulatedBay", "SimulatedContactor", "SimulatedDisplay", "SimulatedEvse", "Surroundings"]

#: Faults on which the hardware opens the contactor by itself, and does not let it close.
_TRIPPING: Final = frozenset({Fault.GROUND_FAILURE, Fault.OVER_CURRENT, Fault.POWER_QUALITY, Fault.EMERGENCY_STOP})


class Surroundings(Protocol):
    """What an EVSE needs of its station."""

    def tell(self, event: HardwareEvent, /) -> None:
        """Pass an event on to whoever listens."""
        ...

    def check_power(self) -> None:
        """Raise :class:`~ocpp21.station.hardware.HardwareError` when there is none."""
        ...

    def faults_at(self, evse_id: int, /) -> frozenset[Fault]:
        """Faults of this EVSE, its connectors and the station."""
        ...


class SimulatedContactor:
    """A contactor.

    Args:
        move: opens or closes it.

    Attributes:
        is_closed: where it is.
    """

    def __init__(self, move: Callable[[bool], None]) -> None:
        self._move: Final = move
        self.is_closed = False

    async def close(self) -> None:
        """Let energy flow."""
        self._move(True)

    async def open(self) -> None:
        """Cut the energy."""
        self._move(False)


class SimulatedDisplay:
    """A display.

    Attributes:
        content: what it shows; None is nothing.
    """

    def __init__(self, check_power: Callable[[], None]) -> None:
        self._check_power: Final = check_power
        self.content: MessageContentType | None = None

    async def show(self, content: MessageContentType | None, /) -> None:
        """Show this."""
        self._check_power()
        self.content = content


class SimulatedBay:
    """A bay with a sensor.

    Attributes:
        is_occupied: a car stands in it.
    """

    def __init__(self) -> None:
        self.is_occupied = False


class SimulatedEvse:
    """An EVSE. Of several connectors it serves the one whose EV was connected first.

    Args:
        facts: how it was built.
        station: what it stands in.
        meter: makes its meter from what takes a reading.
        register_pj: what its meter has counted before.
        has_display: it has one of its own.
        has_bay_sensor: it sees cars.

    Attributes:
        facts: how it was built.
        connectors: by connector_id.
        contactor: its switch.
        meter: its meter.
        display: its display, or None.
        parking_bay: its bay, or None.
        limit: what it was told to offer.
    """

    def __init__(
        self,
        facts: EvseFacts,
        station: Surroundings,
        meter: Callable[[Callable[[], Reading]], SimulatedMeter],
        *,
        register_pj: int = 0,
        has_display: bool = False,
        has_bay_sensor: bool = False,
    ) -> None:
        self.facts: Final = facts
        self._station: Final = station
        self.connectors: Final = {
            connector.connector_id: SimulatedConnector(connector, station.check_power) for connector in facts.connectors
        }
        self.contactor: Final = SimulatedContactor(self._move_contactor)
        self.meter: Final = meter(self.read)
        self.display: Final = SimulatedDisplay(station.check_power) if has_display else None
        self.parking_bay: Final = SimulatedBay() if has_bay_sensor else None
        self.limit = Limit(current_a=0)
        self._register: Final = Integral(register_pj)
        self._delivered: Final = Integral()
        self._served: list[SimulatedConnector] = []  # with an EV, the first of them gets the energy
        self._flow: Flow | None = None  # None while the path is open
        self._timer: asyncio.TimerHandle | None = None

    # For the station.

    async def offer(self, limit: Limit, /) -> None:
        """Offer this to the EV from now on."""
        self._station.check_power()
        self.limit = limit
        self.settle()

    # For tests.

    @property
    def delivered_wh(self) -> Decimal:
        """The truth: energy that has left the outlet since it was built, in Wh, cut to nine decimals."""
        return wh(self._delivered.value)

    @property
    def register_wh(self) -> Decimal:
        """What its meter has counted, in Wh, cut to nine decimals."""
        return wh(self._register.value)

    @property
    def ev(self) -> EV | None:
        """The EV that is served."""
        return self._served[0].ev if self._served else None

    @property
    def flow(self) -> Flow:
        """What flows now."""
        return self._flow or NOTHING

    @property
    def offered(self) -> Offer:
        """What is offered now, with everything that limits it."""
        cable_max_current_a = self._served[0].cable_max_current_a if self._served else None
        is_derated = Fault.HIGH_TEMPERATURE in self._station.faults_at(self.facts.evse_id)
        return offer(self.facts, self.limit, cable_max_current_a=cable_max_current_a, is_derated=is_derated)

    # What people do.

    def plug_in(self, connector_id: int, ev: EV, cable: Cable) -> None:
        """Put the cable into the socket, if it is none that is fixed, and into the EV."""
        connector = self.connectors[connector_id]
        if ev.changed is not None:
            raise Impossible("expected the EV to be free, found it at another connector")
        if not connector.facts.has_fixed_cable and connector.cable is None:
            connector.insert(cable)
            self._station.tell(CablePluggedIn(self.facts.evse_id, connector_id, cable.max_current_a))
        connector.attach(ev)
        self._served.append(connector)
        ev.changed = self.settle
        self._station.tell(EVConnected(self.facts.evse_id, connector_id))
        if ev.id_token is not None:
            self._station.tell(TokenPresented(ev.id_token, self.facts.evse_id))
        self.settle()

    def unplug(self, connector_id: int) -> None:
        """Pull the cable out of the socket, unless it is fixed, and out of the EV, if it is in one."""
        connector = self.connectors[connector_id]
        if connector.facts.has_fixed_cable:
            self.unplug_ev(connector_id)
            return
        connector.remove()
        if connector.ev is not None:
            self.unplug_ev(connector_id)
        self._station.tell(CableUnplugged(self.facts.evse_id, connector_id))

    def unplug_ev(self, connector_id: int) -> None:
        """Pull the cable out of the EV."""
        connector = self.connectors[connector_id]
        if self._served[:1] == [connector]:
            self.open_contactor()
        ev = connector.detach()
        self._served.remove(connector)
        ev.changed = None
        self.settle()
        self._station.tell(EVDisconnected(self.facts.evse_id, connector_id))

    # What happens to it.

    def lose_power(self) -> None:
        """Fall back to the safe state."""
        self.limit = Limit(current_a=0)
        if self.display is not None:
            self.display.content = None
        self.open_contactor()

    def open_contactor(self) -> None:
        """Cut the energy, whatever happens."""
        self.contactor.is_closed = False
        self.settle()

    def settle(self) -> None:
        """Something has changed: work out the power, and when it will change by itself."""
        if self.contactor.is_closed and self._station.faults_at(self.facts.evse_id) & _TRIPPING:
            self.contactor.is_closed = False
        before, ev = self._flow, self.ev
        self._flow = flow(self.offered, ev) if ev is not None and self.contactor.is_closed else None
        integrals = [self._register, self._delivered, *([ev.stored] if ev is not None else [])]
        at_ns = now_ns() if self.flow.power_mw or any(integral.rate for integral in integrals) else 0
        for integral in integrals:
            integral.grow(self.flow.power_mw, at_ns=at_ns)
        self._set_timer(ev)
        if self._flow is not None and (before is None or _kind(before) != _kind(self._flow)):
            self._station.tell(self._event(self._flow))

    def read(self) -> Reading:
        """Take a reading for its meter."""
        ev = self.ev
        is_dc = not self.facts.phases
        return Reading(
            register_pj=self._register.value,
            flow=self.flow,
            phases=self.facts.phases,
            dc_voltage_v=(ev.dc_voltage_v or 0.0) if is_dc and ev is not None else 0.0,
            offered=self.offered,
            state_of_charge=ev.state_of_charge if is_dc and ev is not None else None,
        )

    def already_so(self) -> list[HardwareEvent]:
        """The events that lead from an empty EVSE to how it is now."""
        events: list[HardwareEvent] = []
        for connector_id, connector in self.connectors.items():
            if connector.cable is not None:
                events.append(CablePluggedIn(self.facts.evse_id, connector_id, connector.cable.max_current_a))
        for connector in self._served:
            events.append(EVConnected(self.facts.evse_id, connector.facts.connector_id))
        return events

    def _move_contactor(self, closed: bool) -> None:
        self._station.check_power()
        faults = self._station.faults_at(self.facts.evse_id)
        if Fault.CONTACTOR_FAILURE in faults:
            raise HardwareError("the contactor does not move")
        if closed and (tripping := sorted(faults & _TRIPPING)):
            raise HardwareError(f"the contactor must not close: {', '.join(tripping)}")
        if closed and self.ev is None:
            raise HardwareError("the contactor must not close: no EV is connected")
        self.contactor.is_closed = closed
        self.settle()

    def _set_timer(self, ev: EV | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if ev is not None and ev.stored.rate and (step := ev.next_step_pj) is not None:
            self._timer = asyncio.get_running_loop().call_at(ev.stored.reaches(step), self.settle)

    def _event(self, flow: Flow) -> HardwareEvent:
        if flow.suspended_by is None:
            return EnergyTransferStarted(self.facts.evse_id, flow.phases)
        return EnergyTransferSuspended(self.facts.evse_id, flow.suspended_by)


def _kind(flow: Flow) -> tuple[object, int]:
    """What a change of is worth an event: who suspends, or how many phases are in use."""
    return flow.suspended_by, 0 if flow.suspended_by else flow.phases
