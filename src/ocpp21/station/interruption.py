"""Transactions that a reset, a crash or a power cut interrupts, and that go on afterwards (Part 2, B13, E17).

Theory of operation. An interruption begins with the Updated event that a reset is announced by, or unannounced. While
it lasts, what the hardware tells of EV and bay is noted, and nothing follows from it: after a start, all that is so is
told as if it happened now. Then the transaction goes on from the state that was told last, and what is different from
it follows as ever.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

import msgspec

from ocpp21.messages import TriggerReasonEnumType
from ocpp21.station.deadline import Deadline
from ocpp21.station.evse_power import Withheld
from ocpp21.station.resumption import Resumption, conditions_before, resume
from ocpp21.station.transaction import Transaction
from ocpp21.station.transaction_points import Conditions, charging_state

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation
    from ocpp21.station.evse_control import EvseControl

__all__ = ["Interruption"]

_Trigger: Final = TriggerReasonEnumType


class Interruption:
    """Interrupts and resumes the transaction of one EVSE.

    Args:
        station: the station.
        control: of the EVSE. All is done in its steps.

    Attributes:
        is_ongoing: from the interruption of the transaction until it is resumed.
    """

    def __init__(self, station: ChargingStation, control: EvseControl, /) -> None:
        self._station: Final = station
        self._control: Final = control
        self._delay: Final = Deadline()  # until energy may flow again (E17.FR.18)
        self.is_ongoing = False

    async def begin(self, *, frees_plug: bool) -> None:
        """Tell that a reset interrupts the transaction, and cut the energy (B13.FR.04).

        Args:
            frees_plug: let the driver go, as nobody knows whether the station comes back.
        """
        control, transaction = self._control, self._control.transaction
        if transaction is None or self.is_ongoing:
            return
        control.halt()
        transaction.is_reset = True
        await control.telling.update(_Trigger.RESET_COMMAND, self._station.now())
        self.is_ongoing = True
        await control.power.open()  # B13.FR.10, B13.FR.20
        control.conditions = msgspec.structs.replace(control.conditions, is_energy_flowing=False)
        if frees_plug:
            await control.power.unlock()  # B13.FR.20

    def adopt(self, transaction: Transaction, /) -> None:
        """Take up a transaction that was interrupted; :meth:`end` follows when the hardware has told what is so."""
        control = self._control
        control.telling.transaction = transaction
        control.authorization = transaction.authorization if transaction.is_authorized else None
        control.conditions = Conditions(is_authorized=transaction.is_authorized)
        self.is_ongoing = True
        if control.evse is not None:
            control.evse.transaction_id = transaction.transaction_id
            control.evse.charging_state = transaction.charging_state

    async def end(self) -> None:
        """Go on with the transaction, if there is one (B13, E17)."""
        control, transaction = self._control, self._control.transaction
        if transaction is None or not self.is_ongoing:
            return
        self.is_ongoing = False
        at, tx = self._station.now(), self._station.device_model.tx_ctrlr
        control.telling.resume(transaction)
        found, before = control.conditions, conditions_before(transaction)
        how = resume(
            transaction,
            msgspec.structs.replace(
                found, is_ev_connected=before.is_ev_connected, is_bay_occupied=before.is_bay_occupied
            ),
            allows_energy=tx.allow_energy_transfer_resumption.get(False),
            random_range_s=tx.energy_transfer_resumption_random_range.get(0),
        )
        transaction.is_reset = False
        if before.is_ev_connected and not found.is_ev_connected:
            control.conditions = before
            await control.leave(at, is_resumed=True)
        else:
            await self._go_on(transaction, how)
        if found.is_bay_occupied != before.is_bay_occupied:
            await control.occupy_bay(found.is_bay_occupied, at)
        connector = None if control.evse is None else control.evse.connected
        if found.is_ev_connected and not before.is_ev_connected and connector is not None:
            await control.connect_ev(connector, at, None)

    def halt(self) -> None:
        """Resume nothing any more."""
        self.is_ongoing = False
        self._delay.cancel()

    async def _go_on(self, transaction: Transaction, how: Resumption) -> None:
        """Tell of the state in which the transaction goes on, and bring it about."""
        control, power = self._control, self._control.power
        control.conditions, power.suspended_by = how.conditions, how.suspended_by
        if transaction.is_refused:
            power.withheld.add(Withheld.REFUSED)  # E05.FR.02: that stays so
        if transaction.is_authorized and (how.is_delayed or not how.may_charge):
            power.withheld.add(Withheld.INTERRUPTION)
        transaction.charging_state = charging_state(how.conditions, how.suspended_by)
        await control.telling.update(_Trigger.TX_RESUMED, self._station.now())  # E17.FR.14, B13.FR.30
        if control.authorization is None:
            return
        if not how.conditions.is_ev_connected:
            control.set_timeout()
            return
        await power.lock()  # B13.FR.22
        await control.limits.assess()
        if how.is_delayed:
            range_s = self._station.device_model.tx_ctrlr.energy_transfer_resumption_random_range.get(0)
            self._delay.set(random.uniform(0, range_s), lambda: control.soon(self._end_delay))
            return
        await control.give_energy()
        if control.conditions.is_energy_flowing and not power.is_closed:
            power.suspended_by = "EVSE"
            await control.tell_state(msgspec.structs.replace(control.conditions, is_energy_flowing=False))

    async def _end_delay(self) -> None:
        self._control.power.withheld.discard(Withheld.INTERRUPTION)
        await self._control.give_energy()
