"""What goes on at one EVSE: conditions, authorization, transaction and power path (Part 2, E01 to E12).

Theory of operation. Each thing that happens is one step, and steps of an EVSE run one after the other, in the order in
which they came (:meth:`EvseControl.step`). A step changes the conditions, and what follows is the same for all of them:
see :mod:`~ocpp21.station.evse_course`. The transaction and its events are in :mod:`~ocpp21.station.telling`, contactor
and lock in :mod:`~ocpp21.station.evse_power`.

Energy flows while the driver is authorized, the EV is connected and nothing is broken. The contactor closes after the
event that allows it was stored, and opens before the values of an Ended event are read: what the meter says between
the two is what was delivered.

A token that is presented at no EVSE in particular, while no EV is connected anywhere, begins its authorization on a
control without an EVSE; the EVSE at which an EV is connected first takes it over (E03; E01.FR.17).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

import msgspec

from ocpp21.messages import (
    ChargingStateEnumType,
    IdTokenType,
    ReasonEnumType,
    TriggerReasonEnumType,
)
from ocpp21.messages.values import TxStartPoints
from ocpp21.station.energy_limits import EnergyLimits
from ocpp21.station.evse_course import EvseCourse
from ocpp21.station.evses import STOPPING_FAULTS, ConnectorState, EvseState
from ocpp21.station.hardware_events import Fault
from ocpp21.station.interruption import Interruption
from ocpp21.station.transaction import AuthorizedToken, Transaction
from ocpp21.station.transaction_points import Conditions, ends

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["EvseControl"]

_Trigger = TriggerReasonEnumType
_Reason = ReasonEnumType


class EvseControl(EvseCourse):
    """Controls one EVSE, or none yet.

    Args:
        station: the station.
        evse: its shared state; None for an authorization that has no EVSE yet.
    """

    def __init__(self, station: ChargingStation, evse: EvseState | None, /) -> None:
        super().__init__(station, evse)
        self.limits = EnergyLimits(station, self)
        self.interruption = Interruption(station, self)

    # What happens to the bay and the EV

    async def occupy_bay(self, is_occupied: bool, at: datetime, /) -> None:
        """Something has come into the parking bay, or left it."""
        after = self._with(is_bay_occupied=is_occupied)
        if self.interruption.is_ongoing:
            self.conditions = after
            return
        if is_occupied:
            await self._apply(after, _Trigger.EV_DETECTED, at)
            return
        reason = None if self.transaction is None else self.transaction.stopped_reason  # F04.FR.03
        await self._apply(after, _Trigger.EV_DEPARTED, at, reason=reason or _Reason.EV_DISCONNECTED)

    async def connect_ev(self, connector: ConnectorState, at: datetime, floating: EvseControl | None, /) -> None:
        """An EV is connected; it takes over an authorization that waits for an EV."""
        if self.conditions.is_ev_connected:  # E01.FR.14: a sibling connector begins nothing
            return
        if self.interruption.is_ongoing:
            self.conditions = self._with(is_ev_connected=True)
            return
        if floating is not None and self.authorization is None and self.transaction is None and self.can_begin:
            async with floating._lock:
                self._adopt(floating)
        self._timeout.cancel()
        if self.transaction is not None:
            self.transaction.evse_id, self.transaction.connector_id = connector.evse_id, connector.connector_id
        after = await self._secured(self._with(is_ev_connected=True))
        await self._apply(after, _Trigger.CABLE_PLUGGED_IN, at, cable_a=connector.cable_max_current_a)
        await self._look_for_signed_data()
        await self.give_energy()

    async def disconnect_ev(self, at: datetime, /) -> None:
        """The EV is gone; the hardware has opened the contactor."""
        if not self.conditions.is_ev_connected:
            return
        if self.interruption.is_ongoing:
            self.conditions = self._with(is_ev_connected=False)
            return
        await self.leave(at)

    async def leave(self, at: datetime, /, *, is_resumed: bool = False) -> None:
        """Do what follows when the EV is gone; it may have gone while the transaction was interrupted."""
        model = self._station.device_model
        after = self._with(is_ev_connected=False, is_energy_flowing=False, is_data_signed=False, is_lock_failed=False)
        leaver = self.authorization
        if self.transaction is None or model.tx_ctrlr.stop_tx_on_ev_side_disconnect.get(True):  # E09.FR.01
            after = msgspec.structs.replace(after, is_authorized=False)
            self.authorization = None
        await self.power.open()
        reason = None if self.transaction is None else self.transaction.stopped_reason  # F04.FR.03
        goes_on = is_resumed and not ends(self.conditions, after, self.stop_points)  # E17.FR.16, E17.FR.17
        trigger = _Trigger.TX_RESUMED if goes_on else _Trigger.EV_COMMUNICATION_LOST
        await self._apply(after, trigger, at, reason=reason or _Reason.EV_DISCONNECTED)
        if self.transaction is not None:
            self.transaction.connector_id = None
            self.transaction.is_evse_reported = False
        if self.transaction is not None and self.authorization is not None:  # E10.FR.01: the plug stays locked
            if not self.power.is_locked:  # E10.FR.02
                self.set_timeout()
        elif leaver is None or model.ocpp_comm_ctrlr.unlock_on_ev_side_disconnect.get(True):  # E09.FR.02
            await self.power.unlock()
        else:  # E09.FR.03
            await self.power.hold(leaver)

    # What happens to the authorization

    async def authorize(self, authorization: AuthorizedToken, at: datetime, /) -> None:
        """Somebody may charge; without an EV, only for as long as EVConnectionTimeOut."""
        if self.authorization is not None or not self.can_begin:
            return
        self.authorization = authorization
        self.power.begin_anew()
        if self.transaction is not None:
            self.transaction.authorization, self.transaction.stopped_reason = authorization, None
            self.transaction.remote_start_id = authorization.remote_start_id  # C05.FR.03, F01.FR.25
            self.transaction.is_refused = False
        if not self.conditions.is_ev_connected:
            self.set_timeout()
        after = await self._secured(self._with(is_authorized=True))
        # F01.FR.19, F02.FR.21
        trigger = _Trigger.AUTHORIZED if authorization.remote_start_id is None else _Trigger.REMOTE_START
        await self._apply(after, trigger, at, id_token=authorization.id_token)  # E02.FR.01, E02.FR.20
        await self.limits.assess()
        await self.give_energy()

    async def end_authorization(
        self,
        trigger: TriggerReasonEnumType,
        at: datetime,
        /,
        *,
        reason: ReasonEnumType,
        id_token: IdTokenType | None = None,
        must_end: bool = False,
        stays_locked: bool = False,
    ) -> None:
        """Nobody may charge any more: the energy stops, and the transaction too if that is a stop point of it.

        Args:
            trigger: the cause.
            at: when.
            reason: who or what has stopped it.
            id_token: of who has stopped it.
            must_end: end the transaction, whatever its stop points are; without an EV it always does, unless something
                stands in the bay that can leave it.
            stays_locked: do not free the plug.
        """
        if self.authorization is None:
            return
        leaver, self.authorization = self.authorization, None
        self._timeout.cancel()
        after = self._with(is_authorized=False, is_energy_flowing=False, is_lock_failed=False)
        must_end = must_end or not (after.is_ev_connected or self._waits_for_bay)
        if self.transaction is not None:
            self.transaction.stopped_reason = reason
            if must_end or ends(self.conditions, after, self.stop_points):
                await self.power.wind_down()
                await self._apply(
                    after, trigger, self._station.now(), id_token=id_token, reason=reason, must_end=must_end
                )
            else:
                await self._apply(self._with(is_authorized=False), trigger, at, id_token=id_token)
                await self.power.wind_down()  # F03.FR.02, F04.FR.02
                await self.tell_state(after)
        else:
            await self.power.wind_down()
            self.conditions = after
        if stays_locked:
            await self.power.hold(leaver)
        else:
            await self.power.unlock()  # E06.FR.10, E07.FR.07, E08.FR.03

    async def time_out(self) -> None:
        """No EV was connected in time (C01.FR.26)."""
        await self.end_authorization(_Trigger.EV_CONNECT_TIMEOUT, self._station.now(), reason=_Reason.TIMEOUT)

    async def confirm(self, authorization: AuthorizedToken, /) -> None:
        """Keep what the CSMS has told of the token with which the transaction goes on: its group (C09.FR.03).

        An answer without one takes away none that a remote start has given.
        """
        now, group = self.authorization, authorization.group_id_token
        if now is None or self.transaction is None or not now.is_same(authorization.id_token):
            return
        if group is not None and now.group_id_token != group:
            self.authorization = self.transaction.authorization = msgspec.structs.replace(now, group_id_token=group)
            await self._station.transactions.store(self.transaction)

    # What happens to the energy

    async def start_energy(self, phases: int | None, at: datetime, /) -> None:
        """Energy flows, over so many phases."""
        if not self.power.is_closed:  # it was cut by now
            return
        self.power.suspended_by = None
        is_new = not self.conditions.is_energy_flowing or phases != self.telling.phases
        self.telling.phases = phases
        if is_new and self.transaction is not None:
            self.transaction.phases = None  # E02.FR.18, E02.FR.19: the next event reports them
        await self.tell_state(self._with(is_energy_flowing=True), at)
        await self.limits.assess()

    async def suspend_energy(self, by: Literal["EV", "EVSE"], at: datetime, /) -> None:
        """No energy flows, although it could (E01.FR.19)."""
        if not self.power.is_closed:
            return
        after = self._with(is_energy_flowing=False)
        is_pause = not ends(self.conditions, after, self.stop_points)
        self.power.suspended_by = by if is_pause else None  # E01.FR.19, E01.FR.20: what ends all is no pause
        reason = _Reason.STOPPED_BY_EV if by == "EV" else _Reason.OTHER
        await self.tell_state(after, at, reason=reason)

    async def suspend(
        self, trigger: TriggerReasonEnumType, reason: ReasonEnumType, /, *, must_end: bool = False
    ) -> None:
        """Cut the energy although somebody is authorized, and tell.

        Args:
            trigger: the cause.
            reason: of the Ended event, if the transaction ends by it.
            must_end: end the transaction, whether energy flows or not.
        """
        after = self._with(is_energy_flowing=False)
        must_end = must_end or ends(self.conditions, after, self.stop_points)
        await self.power.open(suspended_by=None if must_end else "EVSE")
        await self._apply(after, trigger, self._station.now(), reason=reason, must_end=must_end)

    async def give_energy(self) -> None:
        """Let energy flow, if somebody who may charge has connected an EV."""
        if self.conditions.is_power_path_closed and self.can_begin:
            await self.power.close()

    async def break_off(self, fault: Fault, at: datetime, /) -> None:
        """Something is broken that lets no energy flow (E06.FR.16)."""
        await self._break_off(_Trigger.ABNORMAL_CONDITION, STOPPING_FAULTS[fault], at)

    async def end_for_reset(self) -> None:
        """The EVSE is reset: nobody may charge any more (B12.FR.04, B12.FR.08)."""
        await self._break_off(_Trigger.RESET_COMMAND, _Reason.IMMEDIATE_RESET, self._station.now())

    async def _break_off(self, trigger: TriggerReasonEnumType, reason: ReasonEnumType, at: datetime) -> None:
        self._timeout.cancel()
        self.interruption.halt()
        await self.power.open()
        self.authorization = None
        after = self._with(is_authorized=False, is_energy_flowing=False, is_lock_failed=False)
        if self.transaction is None:
            self.conditions = after
        else:
            await self._apply(after, trigger, at, reason=reason, must_end=True)
        await self.power.unlock()

    async def lose_lock(self, connector_id: int, at: datetime, /) -> None:
        """A bolt has gone back by itself: no energy while the plug is not held (G05.FR.01)."""
        if not self.power.slip(connector_id) or not self.conditions.is_authorized:
            return
        await self.power.open(suspended_by="EVSE")
        after = await self._secured(self._with(is_energy_flowing=False))
        await self._apply(after, _Trigger.ABNORMAL_CONDITION, at, reason=_Reason.OTHER)
        await self.give_energy()

    # The beginning and the end of it all

    async def reconsider(self) -> None:
        """Begin what could not begin before: the station was not accepted (B02.FR.08), the EVSE out of service."""
        if self.transaction is None and self.authorization is not None and not self.can_begin:
            reason = _Reason.OTHER
            await self.end_authorization(_Trigger.DEAUTHORIZED, self._station.now(), reason=reason)
        if self._has_missed and self.transaction is None and self.conditions.is_ev_connected:
            conditions, self.conditions = self.conditions, Conditions()
            await self._apply(conditions, _Trigger.CABLE_PLUGGED_IN, self._station.now())

    async def conclude(self, transaction: Transaction, reason: ReasonEnumType, /) -> None:
        """End a transaction that was interrupted for too long (E17.FR.20)."""
        self.telling.transaction = transaction
        transaction.charging_state = ChargingStateEnumType.IDLE
        await self._end(_Trigger.ABNORMAL_CONDITION, self._station.now(), reason)

    # What is common to them

    async def _look_for_signed_data(self) -> None:
        """Let the first signed value be a start point, where it is one (E01.FR.04)."""
        start_points = self._station.device_model.tx_ctrlr.tx_start_point.get(())
        if TxStartPoints.DATA_SIGNED not in start_points or self.conditions.is_data_signed:
            return
        at = self._station.now()
        if await self.telling.has_signed_data(at):
            await self._apply(self._with(is_data_signed=True), _Trigger.SIGNED_DATA_RECEIVED, at)

    def _adopt(self, floating: EvseControl) -> None:
        """Take over an authorization that had no EVSE, and its transaction."""
        floating.halt()
        self.authorization, floating.authorization = floating.authorization, None
        self.telling.adopt(floating.telling)
        floating.conditions = Conditions()
        self.conditions = self._with(is_authorized=self.authorization is not None)

    async def _secured(self, after: Conditions) -> Conditions:
        """Lock the plug of an EV that may charge from now on, before anything is told of it (G05)."""
        if not (after.is_authorized and after.is_ev_connected and self.can_begin):
            return after
        return msgspec.structs.replace(after, is_lock_failed=not await self.power.lock())

    def set_timeout(self) -> None:
        """Wait for an EV for as long as EVConnectionTimeOut."""
        timeout_s = self._station.device_model.tx_ctrlr.ev_connection_time_out.get(0)
        if timeout_s > 0:
            self._timeout.set(timeout_s, lambda: self.soon(self.time_out))
