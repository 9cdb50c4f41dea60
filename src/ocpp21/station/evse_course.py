"""What follows at one EVSE when something has changed: a transaction begins, goes on or ends, and that is told.

The same for all that may happen (:meth:`EvseCourse._apply`): a transaction begins when a start point is fulfilled, ends
when a stop point is lost, and otherwise an Updated event tells what has happened. What may happen is the matter of
:class:`~ocpp21.station.evse_control.EvseControl`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from ocpp21.messages import IdTokenType, ReasonEnumType, TriggerReasonEnumType
from ocpp21.messages.values import TxStopPoints
from ocpp21.station.deadline import Deadline
from ocpp21.station.evse_power import EvsePower
from ocpp21.station.evses import EvseState
from ocpp21.station.telling import Telling
from ocpp21.station.transaction import AuthorizedToken, Transaction
from ocpp21.station.transaction_points import Conditions, begins, charging_state, ends

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation
    from ocpp21.station.energy_limits import EnergyLimits
    from ocpp21.station.interruption import Interruption

__all__ = ["EvseCourse"]

_Trigger = TriggerReasonEnumType


class EvseCourse:
    """The state of one EVSE, or of none yet, and what follows from it.

    Args:
        station: the station.
        evse: its shared state; None for an authorization that has no EVSE yet.

    Attributes:
        evse: as given.
        authorization: that holds now; None without.
        telling: of its transactions.
        power: its energy and its plug.
        limits: what keeps the energy from flowing.
        interruption: of the transaction, by a reset or a power cut.
        conditions: what is so.
    """

    limits: EnergyLimits
    interruption: Interruption

    def __init__(self, station: ChargingStation, evse: EvseState | None, /) -> None:
        self._station: Final = station
        self._lock: Final = asyncio.Lock()
        self.conditions = Conditions()
        self._timeout: Final = Deadline()
        self._has_missed = False  # a start point, at a time at which nothing could begin
        self.evse: Final = evse
        self.authorization: AuthorizedToken | None = None
        self.telling: Final = Telling(station, evse, self._sample_soon)
        self.power: Final = EvsePower(station, evse)

    @property
    def transaction(self) -> Transaction | None:
        """The transaction that is ongoing; None without."""
        return self.telling.transaction

    async def step(self, work: Callable[[], Awaitable[None]], /) -> None:
        """Do one thing, after all that came before it."""
        async with self._lock:
            await work()
        self._station.provisioning.resetting.reconsider()  # B12.FR.03, B12.FR.07

    def halt(self) -> None:
        """Set no timers any more."""
        self._timeout.cancel()
        self.telling.halt()
        self.limits.halt()
        self.interruption.halt()

    @property
    def is_in_use(self) -> bool:
        """Whether somebody charges here, may charge, or has a plug that is held."""
        return self.transaction is not None or self.authorization is not None or self.power.is_locked

    @property
    def can_begin(self) -> bool:
        """Whether an authorization may begin here; what goes on already is not kept by a change of availability."""
        station, evse_id = self._station, None if self.evse is None else self.evse.evse_id
        is_sound = evse_id is None or station.evses.stopping_fault(evse_id) is None
        if self.transaction is not None:  # which began when it could, and goes on after a reboot (E17.FR.10)
            return is_sound
        is_in_service = station.availability.is_in_service(evse_id) and evse_id not in station.evses.resetting
        return is_sound and is_in_service and station.provisioning.allows_transactions

    @property
    def stop_points(self) -> tuple[str, ...]:
        """Whose loss ends a transaction."""
        return self._station.device_model.tx_ctrlr.tx_stop_point.get(())

    # The machinery

    @property
    def _waits_for_bay(self) -> bool:
        """Whether a transaction without an EV can still end, when the bay is left."""
        # E03.FR.05, E03.FR.15, F02.FR.07, F02.FR.08
        return self.conditions.is_bay_occupied and TxStopPoints.PARKING_BAY_OCCUPANCY in self.stop_points

    def _with(self, **changes: bool) -> Conditions:
        return msgspec.structs.replace(self.conditions, **changes)

    async def _apply(
        self,
        after: Conditions,
        trigger: TriggerReasonEnumType,
        at: datetime,
        /,
        *,
        id_token: IdTokenType | None = None,
        reason: ReasonEnumType | None = None,
        must_end: bool = False,
        cable_a: float | None = None,
    ) -> None:
        """Let new conditions hold: begin, end, or go on with the transaction, and tell."""
        before, self.conditions = self.conditions, after
        if self.transaction is None:
            start_points = self._station.device_model.tx_ctrlr.tx_start_point.get(())
            if begins(before, after, start_points):
                self._has_missed = not self.can_begin
                if self.can_begin:
                    state = charging_state(after, self.power.suspended_by)
                    await self.telling.begin(
                        trigger,
                        at,
                        state,
                        self.authorization,
                        is_authorized=after.is_authorized,
                        is_bay_occupied=after.is_bay_occupied,
                        cable_a=cable_a,
                    )
            return
        transaction = self.transaction
        transaction.is_authorized, transaction.is_bay_occupied = after.is_authorized, after.is_bay_occupied
        transaction.charging_state = charging_state(after, self.power.suspended_by)
        if must_end or ends(before, after, self.stop_points):
            await self._end(trigger, at, reason, id_token)
        else:
            await self.telling.update(trigger, at, id_token=id_token, cable_a=cable_a)

    async def _end(
        self,
        trigger: TriggerReasonEnumType,
        at: datetime,
        reason: ReasonEnumType | None,
        id_token: IdTokenType | None = None,
    ) -> None:
        """End the transaction, once no energy flows."""
        self._timeout.cancel()
        self.limits.halt()
        await self.power.open()
        self.power.withheld.clear()
        self.authorization = None
        self.conditions = self._with(is_authorized=False, is_energy_flowing=False)
        await self.telling.end(trigger, at, reason, id_token)

    async def tell_state(
        self, after: Conditions, at: datetime | None = None, /, *, reason: ReasonEnumType | None = None
    ) -> None:
        """Let new conditions hold, and tell if the charging state has changed by them (E01.FR.18)."""
        state = charging_state(after, self.power.suspended_by)
        if self.transaction is not None and self.transaction.charging_state == state:
            self.conditions = after
            return
        at = at or self._station.now()
        if self.transaction is not None:
            reason = self.transaction.stopped_reason or reason
        await self._apply(after, _Trigger.CHARGING_STATE_CHANGED, at, reason=reason)

    def _sample_soon(self, is_for_end: bool, at: datetime) -> None:
        telling = self.telling
        self.soon(lambda: telling.collect(at) if is_for_end else telling.sample(at))

    def soon(self, work: Callable[[], Awaitable[None]], /) -> None:
        """Do one thing after all that came before it, in a task of its own."""
        self._station.accompany(self.step(work))
