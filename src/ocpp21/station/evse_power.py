"""Whether an EVSE gives energy, and whose plug it holds (Part 2, E02, E05 to E07, E09)."""

from __future__ import annotations

from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from ocpp21.device_model.catalogue import ConnectorPlugRetentionLock
from ocpp21.station.plug_lock import PlugLock
from ocpp21.station.power_path import PowerPath
from ocpp21.station.transaction import AuthorizedToken

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation
    from ocpp21.station.evses import EvseState

__all__ = ["EvsePower", "Withheld"]


class Withheld(Enum):
    """Why there is no energy although somebody is authorized."""

    REFUSED = auto()
    """The CSMS does not accept the token (E05.FR.02)."""
    LIMIT = auto()
    """A limit of the transaction is reached (E16.FR.05)."""
    INTERRUPTION = auto()
    """The transaction was interrupted, and energy may not come back, or not yet (E17.FR.12, E17.FR.18)."""


class EvsePower:
    """The energy and the plug of one EVSE, or of none yet: then there are neither.

    Args:
        station: the station.
        evse: its shared state; None without an EVSE.

    Attributes:
        suspended_by: ``EV`` when energy is offered and not taken, ``EVSE`` when none is offered although charging is
            authorized; None else.
        withheld: why there is no energy although somebody is authorized; empty when there is.
    """

    def __init__(self, station: ChargingStation, evse: EvseState | None, /) -> None:
        self._evse: Final = evse
        self._station: Final = station
        self._path: Final = None if evse is None else _power_path(station, evse)
        self._held_for: AuthorizedToken | None = None  # the plug stays locked until they show their token
        self.suspended_by: Literal["EV", "EVSE"] | None = None
        self.withheld: Final[set[Withheld]] = set()

    @property
    def is_closed(self) -> bool:
        """Whether energy can flow."""
        return self._path is not None and self._path.is_closed

    @property
    def is_locked(self) -> bool:
        """Whether a plug is locked."""
        return self._path is not None and self._path.is_locked

    @property
    def is_held(self) -> bool:
        """Whether a plug is locked until somebody shows their token."""
        return self._held_for is not None

    async def lock(self) -> bool:
        """Lock the plug of the EV that is connected; says whether it is held, or need not be (G05.FR.01)."""
        connector = None if self._evse is None else self._evse.connected
        return self._path is None or connector is None or await self._path.lock(connector.connector_id)

    async def close(self) -> None:
        """Let energy flow to the EV that is connected, unless it is withheld."""
        connector = None if self._evse is None else self._evse.connected
        if self._path is not None and connector is not None and not self.withheld:
            await self._path.close(connector.connector_id)

    async def open(self, *, suspended_by: Literal["EV", "EVSE"] | None = None) -> None:
        """Let no energy flow.

        Args:
            suspended_by: who keeps it from flowing; None when it is not to flow at all.
        """
        if self._path is not None and self._path.is_closed:
            await self._path.open()
        self.suspended_by = suspended_by

    async def wind_down(self) -> None:
        """Let no energy flow any more, and the EV end it in order, where it can be asked to (F04)."""
        if self._path is not None and self._path.is_closed:
            await self._path.wind_down(self._station.remote_control.ev_patience_s)
        self.suspended_by = None

    def slip(self, connector_id: int, /) -> bool:
        """Take note that a bolt has gone back by itself; says whether it has held a plug."""
        lock = None if self._path is None else self._path.locks.get(connector_id)
        if lock is None or not lock.is_engaged:
            return False
        lock.slip()
        return True

    async def free(self, connector_id: int, /) -> bool | None:
        """Free the plug of a connector, whether it is held or not, if no energy can flow (F05).

        Returns:
            Whether it is free; None when the connector has no lock.
        """
        if self._path is None or connector_id not in self._path.locks:
            return None
        is_free = await self._path.free(connector_id)
        if is_free and not self._path.is_locked:
            self._held_for = None
        return is_free

    async def unlock(self) -> None:
        """Free the plug."""
        if self._path is not None:
            await self._path.unlock()

    async def hold(self, holder: AuthorizedToken, /) -> None:
        """Keep a plug that is locked until its holder shows the token (E05.FR.11, E09.FR.03)."""
        if self.is_locked:
            self._held_for = holder

    def is_free_for(self, presented: AuthorizedToken, /) -> bool:
        """Whether no plug is held here, or one of somebody with this token or of this group."""
        holder = self._held_for
        return holder is None or holder.is_same(presented.id_token) or holder.is_same_group(presented.group_id_token)

    async def release(self, presented: AuthorizedToken, /) -> bool:
        """Free a plug that was held for whoever shows their token now.

        Returns:
            Whether it was.
        """
        if self._held_for is None or not self.is_free_for(presented):
            return False
        self._held_for = None
        await self.unlock()
        return True

    async def secure(self) -> None:
        """Cut the energy and free the plugs: whoever had a right to them, nobody knows any more."""
        if self._path is not None:
            await self._path.secure()

    def begin_anew(self) -> None:
        """Forget what was so with the last driver."""
        self._held_for = None
        self.withheld.difference_update({Withheld.REFUSED, Withheld.INTERRUPTION})


def _power_path(station: ChargingStation, evse: EvseState) -> PowerPath:
    """Make the power path of an EVSE, with the locks that its connectors have."""
    hardware = station.hardware.evses[evse.evse_id]
    locks = {}
    for connector_id, connector in hardware.connectors.items():
        if connector.lock is not None:
            component = ConnectorPlugRetentionLock(station.device_model).at(evse.evse_id, connector_id)
            report = partial(_report_lock, station, evse, connector_id)
            locks[connector_id] = PlugLock(connector.lock, component, report)
    return PowerPath(evse.evse_id, hardware, locks)


def _report_lock(station: ChargingStation, evse: EvseState, connector_id: int, has_problem: bool) -> None:
    station.diagnostics.report_lock(evse.evse_id, connector_id, has_problem, transaction_id=evse.transaction_id)
