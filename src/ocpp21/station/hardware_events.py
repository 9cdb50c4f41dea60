"""What has happened to the hardware of a Charging Station: past tense, and without a decision.

The hardware tells these through the callback of :meth:`ocpp21.station.hardware.Hardware.listen`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, TypeAlias

import msgspec

from ocpp21.messages import IdTokenType
from ocpp21.station.contracts import Contract

__all__ = [
    "CablePluggedIn",
    "CableUnplugged",
    "ConnectorLockFailed",
    "ContractPresented",
    "EVConnected",
    "EVDisconnected",
    "EnergyTransferStarted",
    "EnergyTransferSuspended",
    "Fault",
    "FaultCleared",
    "FaultRaised",
    "HardwareEvent",
    "ParkingBayOccupied",
    "ParkingBayVacated",
    "PowerLost",
    "PowerRestored",
    "SessionStopped",
    "StopButtonPressed",
    "TokenPresented",
]


class _OfEvse(msgspec.Struct, frozen=True):
    evse_id: int


class _OfConnector(_OfEvse, frozen=True):
    connector_id: int


class ParkingBayOccupied(_OfEvse, frozen=True):
    """Something stands in the parking bay now (triggerReason EVDetected)."""


class ParkingBayVacated(_OfEvse, frozen=True):
    """The parking bay is empty now (triggerReason EVDeparted)."""


class CablePluggedIn(_OfConnector, frozen=True):
    """A plug is in the socket of the station; not fired for fixed cables.

    Attributes:
        cable_max_current_a: what the cable is coded for, in A; None when not known.
    """

    cable_max_current_a: float | None = None


class CableUnplugged(_OfConnector, frozen=True):
    """The plug has left the socket of the station; not fired for fixed cables. The EV is then disconnected, too."""


class EVConnected(_OfConnector, frozen=True):
    """An EV is at the other end: the control pilot, or the wireless link, sees it. After CablePluggedIn, if any."""


class EVDisconnected(_OfConnector, frozen=True):
    """The EV is gone from the other end; the hardware has opened the contactor."""


class TokenPresented(msgspec.Struct, frozen=True):
    """Somebody wants to start or to stop.

    A start button is a token of type ``NoAuthorization`` with an empty id (C02); an EV that tells its EVCCID or MAC
    address, one of type ``EVCCID`` or ``MacAddress``; an RFID card, the hexadecimal UID, byte 0 first (C01).

    Attributes:
        id_token: as Authorize sends it.
        evse_id: EVSE that it was presented at; None for a reader that serves several.
    """

    id_token: IdTokenType
    evse_id: int | None = None


class ContractPresented(_OfEvse, frozen=True):
    """An EV wants to charge with its contract, by ISO 15118 (C07).

    Attributes:
        contract: id and certificates.
    """

    contract: Contract


class StopButtonPressed(_OfEvse, frozen=True):
    """The driver wants to stop without a token (triggerReason StopAuthorized)."""


class SessionStopped(_OfEvse, frozen=True):
    """The EV has ended the session by ISO 15118, to stay ended (E15; stoppedReason StoppedByEV)."""


class EnergyTransferStarted(_OfEvse, frozen=True):
    """Energy flows now; fired again when the number of phases in use changes.

    Attributes:
        phases: in use, 1 to 3 (numberOfPhasesUsed); 0 for DC; None when not known.
    """

    phases: int | None = None


class EnergyTransferSuspended(_OfEvse, frozen=True):
    """No energy flows, although the contactor is closed and the EV is connected.

    Need not be fired when the contactor opens or the EV disconnects: the station knows.

    Attributes:
        by: ``EV`` when energy is offered but the EV takes none, ``EVSE`` when none is offered.
    """

    by: Literal["EV", "EVSE"]


class Fault(StrEnum):
    """What is broken. The first five end a transaction, with the reason that the station derives."""

    GROUND_FAILURE = "GroundFailure"
    """Residual current, or no protective earth; the contactor has opened (stoppedReason GroundFault)."""
    OVER_CURRENT = "OverCurrent"
    """The EV drew more than offered; the contactor has opened (OvercurrentFault)."""
    POWER_QUALITY = "PowerQuality"
    """The grid is outside of its limits (PowerQuality)."""
    EMERGENCY_STOP = "EmergencyStop"
    """The emergency button is pressed; the contactor has opened (EmergencyStop)."""
    CONTACTOR_FAILURE = "ContactorFailure"
    """The contactor is welded or does not close (Other)."""
    HIGH_TEMPERATURE = "HighTemperature"
    """Too hot: the hardware gives less than offered, or nothing."""
    LOCK_FAILURE = "LockFailure"
    """The lock of a connector is jammed."""
    METER_FAILURE = "MeterFailure"
    """The meter cannot be read."""
    OTHER = "Other"
    """See the text."""


class FaultRaised(msgspec.Struct, frozen=True):
    """Something is broken; the Connector, EVSE or station is Faulted until :class:`FaultCleared`.

    Attributes:
        fault: what.
        evse_id: where; None for the station.
        connector_id: where in the EVSE; None for all of it.
        text: for people, at most 500 characters (techInfo).
    """

    fault: Fault
    evse_id: int | None = None
    connector_id: int | None = None
    text: str = ""


class FaultCleared(msgspec.Struct, frozen=True):
    """A fault is gone; names the same fault and place as its :class:`FaultRaised`."""

    fault: Fault
    evse_id: int | None = None
    connector_id: int | None = None


class ConnectorLockFailed(_OfConnector, frozen=True):
    """A lock that was locked is no longer, by itself (G05). A failing :meth:`Lock.lock` raises instead."""


class PowerLost(msgspec.Struct, frozen=True):
    """The mains are gone and the station lives on its reserve: save what must survive. Fired with a reserve only."""


class PowerRestored(msgspec.Struct, frozen=True):
    """The mains are back before the reserve was used up."""


HardwareEvent: TypeAlias = (
    ParkingBayOccupied
    | ParkingBayVacated
    | CablePluggedIn
    | CableUnplugged
    | EVConnected
    | EVDisconnected
    | TokenPresented
    | ContractPresented
    | StopButtonPressed
    | SessionStopped
    | EnergyTransferStarted
    | EnergyTransferSuspended
    | FaultRaised
    | FaultCleared
    | ConnectorLockFailed
    | PowerLost
    | PowerRestored
)
