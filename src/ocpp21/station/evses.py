"""EVSEs and connectors as the station knows them: what the hardware has told, and what goes on there.

Shared by the blocks. Numbering is that of the
standard (Part 1, numbering): from 1, without gaps; 0 is the station as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Final

from ocpp21.messages import ChargingStateEnumType, ConnectorStatusEnumType, ReasonEnumType
from ocpp21.station.hardware import EvseFacts
from ocpp21.station.hardware_events import (
    CablePluggedIn,
    CableUnplugged,
    EVConnected,
    EVDisconnected,
    Fault,
    FaultCleared,
    FaultRaised,
    HardwareEvent,
    ParkingBayOccupied,
    ParkingBayVacated,
)

__all__ = ["STOPPING_FAULTS", "ConnectorState", "EvseState", "Evses"]

#: The faults that end a transaction, and in which none begins; and the stoppedReason of each (E06.FR.08).
STOPPING_FAULTS: Final[Mapping[Fault, ReasonEnumType]] = {
    Fault.GROUND_FAILURE: ReasonEnumType.GROUND_FAULT,
    Fault.OVER_CURRENT: ReasonEnumType.OVERCURRENT_FAULT,
    Fault.POWER_QUALITY: ReasonEnumType.POWER_QUALITY,
    Fault.EMERGENCY_STOP: ReasonEnumType.EMERGENCY_STOP,
    Fault.CONTACTOR_FAILURE: ReasonEnumType.OTHER,
}


class ConnectorState:
    """A connector.

    Attributes:
        evse_id: of its EVSE.
        connector_id: within the EVSE.
        has_fixed_cable: the cable is a part of the station.
        is_plugged: a plug is in the socket; with a fixed cable, an EV is connected.
        is_ev_connected: an EV is at the other end.
        cable_max_current_a: what the cable is coded for, in A; None when not known.
        faults: of the connector alone.
    """

    __slots__ = (
        "cable_max_current_a",
        "connector_id",
        "evse_id",
        "faults",
        "has_fixed_cable",
        "is_ev_connected",
        "is_plugged",
    )

    def __init__(self, evse_id: int, connector_id: int, *, has_fixed_cable: bool) -> None:
        self.evse_id: Final = evse_id
        self.connector_id: Final = connector_id
        self.has_fixed_cable: Final = has_fixed_cable
        self.is_plugged = False
        self.is_ev_connected = False
        self.cable_max_current_a: float | None = None
        self.faults: Final[set[Fault]] = set()

    @property
    def is_occupied(self) -> bool:
        """Whether a plug or an EV is there."""
        return self.is_plugged or self.is_ev_connected


class EvseState:
    """An EVSE.

    Attributes:
        evse_id: from 1.
        facts: as it was built.
        connectors: by connector_id.
        is_bay_occupied: something stands in its parking bay.
        faults: of the EVSE as a whole.
        transaction_id: of the transaction that is ongoing; None without.
        charging_state: of that transaction, as last reported; Idle without.
    """

    __slots__ = (
        "charging_state",
        "connectors",
        "evse_id",
        "facts",
        "faults",
        "is_bay_occupied",
        "transaction_id",
    )

    def __init__(self, facts: EvseFacts) -> None:
        self.evse_id: Final = facts.evse_id
        self.facts: Final = facts
        self.connectors: Final[Mapping[int, ConnectorState]] = {
            connector.connector_id: ConnectorState(
                facts.evse_id, connector.connector_id, has_fixed_cable=connector.has_fixed_cable
            )
            for connector in facts.connectors
        }
        self.is_bay_occupied = False
        self.faults: Final[set[Fault]] = set()
        self.transaction_id: str | None = None
        self.charging_state = ChargingStateEnumType.IDLE

    @property
    def connected(self) -> ConnectorState | None:
        """The connector that an EV is connected to, the first one if there are several."""
        return next((connector for connector in self.connectors.values() if connector.is_ev_connected), None)


class Evses(Mapping[int, EvseState]):
    """The EVSEs of the station, by evse_id.

    Args:
        facts: as they were built, by rising evse_id.

    Attributes:
        faults: of the station as a whole.
        resetting: EVSEs that are reset, or wait for it: nothing new begins there (B12.FR.01).
    """

    def __init__(self, facts: tuple[EvseFacts, ...], /) -> None:
        self._evses: Final = {evse.evse_id: EvseState(evse) for evse in facts}
        self.faults: Final[set[Fault]] = set()
        self.resetting: Set[int] = frozenset()

    def __getitem__(self, evse_id: int, /) -> EvseState:
        return self._evses[evse_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._evses)

    def __len__(self) -> int:
        return len(self._evses)

    @property
    def connectors(self) -> Iterator[ConnectorState]:
        """All connectors, EVSE by EVSE."""
        return (connector for evse in self._evses.values() for connector in evse.connectors.values())

    def take(self, event: HardwareEvent, /) -> None:
        """Take note of what the hardware tells.

        Raises:
            KeyError: there is no such EVSE or connector.
        """
        match event:
            case CablePluggedIn(evse_id, connector_id, cable_max_current_a):
                connector = self[evse_id].connectors[connector_id]
                connector.is_plugged, connector.cable_max_current_a = True, cable_max_current_a
            case CableUnplugged(evse_id, connector_id):
                connector = self[evse_id].connectors[connector_id]
                connector.is_plugged, connector.cable_max_current_a = False, None
            case EVConnected(evse_id, connector_id):
                self[evse_id].connectors[connector_id].is_ev_connected = True
            case EVDisconnected(evse_id, connector_id):
                self[evse_id].connectors[connector_id].is_ev_connected = False
            case ParkingBayOccupied(evse_id):
                self[evse_id].is_bay_occupied = True
            case ParkingBayVacated(evse_id):
                self[evse_id].is_bay_occupied = False
            case FaultRaised(fault, evse_id, connector_id):
                self._faults(evse_id, connector_id).add(fault)
            case FaultCleared(fault, evse_id, connector_id):
                self._faults(evse_id, connector_id).discard(fault)
            case _:
                pass

    def faults_at(self, connector: ConnectorState, /) -> set[Fault]:
        """The faults that concern a connector: its own, its EVSE's, and the station's."""
        return connector.faults | self[connector.evse_id].faults | self.faults

    def stopping_fault(self, evse_id: int, /) -> Fault | None:
        """The fault for which no energy may be given at an EVSE, or None; of its connectors, the one in use counts."""
        evse = self[evse_id]
        own = evse.connected.faults if evse.connected is not None else set()
        return min(STOPPING_FAULTS.keys() & (own | evse.faults | self.faults), default=None)

    def status(self, connector: ConnectorState, /) -> ConnectorStatusEnumType:
        """The status of a connector, as far as facts decide it (Part 2, G01): settings and reservations come on top."""
        if self.faults_at(connector):
            return ConnectorStatusEnumType.FAULTED
        if connector.is_occupied:
            return ConnectorStatusEnumType.OCCUPIED
        is_resetting = connector.evse_id in self.resetting
        return ConnectorStatusEnumType.UNAVAILABLE if is_resetting else ConnectorStatusEnumType.AVAILABLE

    def _faults(self, evse_id: int | None, connector_id: int | None) -> set[Fault]:
        if evse_id is None:
            return self.faults
        return self[evse_id].faults if connector_id is None else self[evse_id].connectors[connector_id].faults
