"""What the maker of a Charging Station implements, so that the role in this package can drive it.

The hardware is a :class:`Hardware` with an :class:`Evse` for each EVSE. What happens to it, it tells by events, past
tense, through the one callback that it is given in :meth:`Hardware.listen`. What shall be done, the station asks for by
``async`` methods. The hardware decides nothing: whether a cable starts a transaction, who may charge and how fast is
the station's matter. It protects people and itself, though, without asking: it opens the contactor on a ground failure
and when the cable is pulled, and then tells.

All of it lives in the thread of the event loop: the station calls from there, and ``callback`` must be called there;
from an interrupt or another thread by ``loop.call_soon_threadsafe(callback, event)``.

The station owns every decision between an event and a message. How the points of TxCtrlr.TxStartPoint and TxStopPoint
(Part 2, E01, E06) come about:

===================== ============================================== ===============================================
point                 fulfilled by                                   lost by
===================== ============================================== ===============================================
ParkingBayOccupancy   ParkingBayOccupied                             ParkingBayVacated
EVConnected           EVConnected                                    EVDisconnected, CableUnplugged
Authorized            TokenPresented, judged by the station          TokenPresented, StopButtonPressed, SessionStopped
DataSigned            the first ``meter.read(signed=True)`` that     (means nothing)
                      brings a signed value
PowerPathClosed       EVConnected and Authorized                     either lost
EnergyTransfer        EnergyTransferStarted                          EnergyTransferSuspended, or any of the above
===================== ============================================== ===============================================

The events are in :mod:`ocpp21.station.hardware_events`, measured values are made by
:func:`ocpp21.station.sampled_values.sampled`; this module has their names, too. A worked example is
``docs/hardware.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from ocpp21.messages import BootReasonEnumType, ChargingStationType, MessageContentType, SampledValueType
from ocpp21.station.communicating import CommunicatingEvse
from ocpp21.station.hardware_events import (
    CablePluggedIn,
    CableUnplugged,
    ConnectorLockFailed,
    ContractPresented,
    EnergyTransferStarted,
    EnergyTransferSuspended,
    EVConnected,
    EVDisconnected,
    Fault,
    FaultCleared,
    FaultRaised,
    HardwareEvent,
    ParkingBayOccupied,
    ParkingBayVacated,
    PowerLost,
    PowerRestored,
    SessionStopped,
    StopButtonPressed,
    TokenPresented,
)
from ocpp21.station.sampled_values import sampled

__all__ = [
    "CablePluggedIn",
    "CableUnplugged",
    "Clock",
    "CommunicatingEvse",
    "Connector",
    "ConnectorFacts",
    "ConnectorLockFailed",
    "Contactor",
    "ContractPresented",
    "Display",
    "EVConnected",
    "EVDisconnected",
    "EnergyTransferStarted",
    "EnergyTransferSuspended",
    "Evse",
    "EvseFacts",
    "Fault",
    "FaultCleared",
    "FaultRaised",
    "Hardware",
    "HardwareError",
    "HardwareEvent",
    "Limit",
    "Lock",
    "Meter",
    "ParkingBay",
    "ParkingBayOccupied",
    "ParkingBayVacated",
    "PowerLost",
    "PowerRestored",
    "SessionStopped",
    "StationFacts",
    "StopButtonPressed",
    "TokenPresented",
    "sampled",
]


class HardwareError(Exception):
    """The hardware could not do what it was asked for; the text is for the log and for techInfo.

    Every ``async`` method may raise it. The station takes any other exception for the same, and lets none of them pass:
    it reports the failure and leaves the EVSE without energy.
    """


# What there is: read once, when the station is made.


class ConnectorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A connector of an EVSE.

    Attributes:
        connector_id: from 1 in each EVSE, without gaps (Part 1, numbering of Connectors).
        type: one of :class:`ocpp21.messages.values.ConnectorTypes`: ``cType2`` a fixed cable, ``sType2`` a socket.
    """

    connector_id: int
    type: str

    @property
    def has_fixed_cable(self) -> bool:
        """The cable is part of the station: only its EV side is ever plugged."""
        return self.type.startswith("c")


class EvseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An EVSE.

    Attributes:
        evse_id: from 1 in a station, without gaps (Part 1, numbering of EVSEs).
        connectors: at least one, by rising connector_id.
        phases: phases of its AC supply to the EV, 1 to 3; 0 for DC (EVSE.SupplyPhases).
        max_power_w: most that it can give, all phases together, in W (EVSE.Power, maxLimit).
        max_current_a: most that it can give on one phase, or as DC, in A.
        can_reset: :meth:`Hardware.reboot` can reset this EVSE alone (EVSE.AllowReset).
        meter_step_wh: in which the register of its meter counts, in Wh, where that is so coarse that a limit could be
            missed by it (E16.FR.19); 0 for all others.
    """

    evse_id: int
    connectors: tuple[ConnectorFacts, ...]
    phases: Literal[0, 1, 2, 3]
    max_power_w: float
    max_current_a: float
    can_reset: bool = False
    meter_step_wh: float = 0.0


class StationFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The station as it was built.

    Attributes:
        charging_station: model, vendor, serial number, firmware version and modem, as BootNotification sends them.
        evses: at least one, by rising evse_id.
    """

    charging_station: ChargingStationType
    evses: tuple[EvseFacts, ...]


# What shall be done: from the station to the hardware.


class Limit(msgspec.Struct, frozen=True):
    """What an EVSE may offer to the EV; the lower of the two counts, and the EVSE's own limits below that.

    0 in either offers nothing (chargingState SuspendedEVSE). What is more than 0, but less than the hardware can
    signal (6 A in IEC 61851-1, Table A.8), offers nothing, too.

    Attributes:
        current_a: per phase, in A, 0 or more; None is no limit.
        power_w: of all phases together, in W, 0 or more; None is no limit.
        phases: most phases to use, 1 to 3; None is as many as there are. Hardware that cannot switch ignores it.
    """

    current_a: float | None = None
    power_w: float | None = None
    phases: int | None = None


class Contactor(Protocol):
    """The switch between grid and EV. Open after power-up; opened by the hardware itself when that is safer."""

    async def close(self) -> None:
        """Let energy flow; returns when it is closed. To close a closed one does nothing.

        Called when an authorised EV is connected and locked, with the limit already offered.

        Raises:
            HardwareError: it does not close, or must not: a fault, no EV. The station suspends and reports.
        """
        ...

    async def open(self) -> None:
        """Cut the energy; returns when it is open. To open an open one does nothing.

        Called when the authorisation or the transaction ends, before unlocking, before a reboot.

        Raises:
            HardwareError: it does not open (welded). The station keeps the lock locked and reports a fault.
        """
        ...


class Meter(Protocol):
    """An energy meter of an EVSE, or of the whole station."""

    async def read(self, *, signed: bool = False) -> Sequence[SampledValueType]:
        """Read all that can be measured, at one moment; make the values with :func:`sampled`.

        The station picks the measurands that are configured, and fills in the context. The register
        ``Energy.Active.Import.Register``, in Wh, must be among them, with or without phases; it never falls, also
        not over a reboot (J02.FR.16). Phases are numbered as the meter sees them (J01.FR.11, J02.FR.07).

        Called at each sample: at begin and end of a transaction, every interval, on the clock, on demand.

        Args:
            signed: fill ``signed_meter_value`` of the registers, if the meter can sign.

        Raises:
            HardwareError: the meter does not answer. The station goes on without these values.
        """
        ...


class Lock(Protocol):
    """The lock that keeps a plug in its connector (ConnectorPlugRetentionLock)."""

    async def lock(self) -> None:
        """Lock the plug; returns when it is locked. Called before the contactor closes.

        Raises:
            HardwareError: jammed. The station tries again, then reports the problem and does not charge (G05.FR.01).
        """
        ...

    async def unlock(self) -> None:
        """Free the plug; returns when it is free. Called after the contactor has opened, and by UnlockConnector.

        Raises:
            HardwareError: jammed (UnlockFailed, F05.FR.05).
        """
        ...


class Display(Protocol):
    """Something that shows a text to people: of the station, or of one EVSE."""

    async def show(self, content: MessageContentType | None, /) -> None:
        """Show this instead of what was there; None clears. Called whenever what is to be shown changes.

        Raises:
            HardwareError: it cannot show this. The station goes on.
        """
        ...


class ParkingBay(Protocol):
    """A sensor that sees whether the bay of an EVSE is occupied. It tells by events; that it is there is all we ask."""

    @property
    def is_occupied(self) -> bool:
        """Something stands in the bay."""
        ...


class Connector(Protocol):
    """A connector of an EVSE."""

    @property
    def lock(self) -> Lock | None:
        """Its lock; None without, as with fixed cables."""
        ...


class Evse(Protocol):
    """The part of a station that charges one EV at a time."""

    @property
    def contactor(self) -> Contactor:
        """Its switch."""
        ...

    @property
    def meter(self) -> Meter:
        """Its meter."""
        ...

    @property
    def connectors(self) -> Mapping[int, Connector]:
        """By connector_id; those of the facts."""
        ...

    @property
    def display(self) -> Display | None:
        """Its own display; None without."""
        ...

    @property
    def parking_bay(self) -> ParkingBay | None:
        """The sensor of its bay; None without."""
        ...

    async def offer(self, limit: Limit, /) -> None:
        """Offer this to the EV from now on; returns when the EV has been told. Nothing is offered after power-up.

        Called before the contactor closes and whenever a schedule, a limit or a cost changes it.

        Raises:
            HardwareError: it cannot be told. The station opens the contactor if the limit fell.
        """
        ...


class Clock(Protocol):
    """The wall clock of the station."""

    def now(self) -> datetime:
        """The time, aware, in UTC or not. Called for every timestamp; must not block or raise."""
        ...

    async def set(self, time: datetime, /) -> None:
        """Set the clock to an aware time; called when the CSMS tells another one (B01.FR.06, G02.FR.06).

        Raises:
            HardwareError: it cannot be set. The station goes on with :meth:`now`.
        """
        ...


class Hardware(Protocol):
    """A Charging Station without its software."""

    @property
    def facts(self) -> StationFacts:
        """How it was built; constant."""
        ...

    @property
    def boot_reason(self) -> BootReasonEnumType:
        """Why it runs, as far as it knows: ``PowerUp``, ``Watchdog``, else ``Unknown``.

        A reset that the station asked for itself, it remembers itself (B01.FR.09).
        """
        ...

    @property
    def evses(self) -> Mapping[int, Evse]:
        """By evse_id; those of the facts."""
        ...

    @property
    def clock(self) -> Clock:
        """The wall clock."""
        ...

    @property
    def main_meter(self) -> Meter | None:
        """The meter of the grid connection, which is reported as evseId 0 (J01.FR.03); None without."""
        ...

    @property
    def display(self) -> Display | None:
        """The display of the station; None without."""
        ...

    def listen(self, callback: Callable[[HardwareEvent], object], /) -> None:
        """Tell all that happens from now on. Called once after each boot, before anything else is asked for.

        First of all, and before it returns, it tells what is already so, as if it happened now: plugged cables,
        connected EVs, occupied bays, faults. Nothing else is then needed to find out where one stands after a reboot.

        Args:
            callback: told each event, in order; it does not raise and returns at once.
        """
        ...

    async def reboot(self, reason: BootReasonEnumType, /, *, evse_id: int | None = None) -> None:
        """Start again, in a safe state: contactors open, nothing offered. Called when all has been said and saved.

        Need not return when the whole station reboots: with the process gone, nobody waits.

        Args:
            reason: why, for the log of the hardware.
            evse_id: reset this EVSE alone, and return when it can be used again; only where ``can_reset`` is true.

        Raises:
            HardwareError: it does not work. The station tries OCPPCommCtrlr.ResetRetries times again (B11).
        """
        ...
