"""What keeps energy from flowing at an EVSE although somebody is authorized: limits, and a token that the CSMS refuses.

Theory of operation. :meth:`EnergyLimits.assess` compares what a transaction has come to with what it may, and brings
the two together: energy is withheld when a limit is reached, and given again when it was raised (E16.FR.05, E16.FR.14).
It is called when something has changed, and by a timer: when the time is over, and as often as the meter must be looked
at. What is withheld stays so until the next transaction, but for a limit that is raised and a driver who is authorized
anew.

The driver may set limits, and the CSMS, which has the last word: what it sets replaces what the driver has set, and is
the most that the driver can set from then on (E16.FR.04, E16.FR.07).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ocpp21.messages import ReasonEnumType, TransactionLimitType, TriggerReasonEnumType
from ocpp21.messages.values import TxStopPoints
from ocpp21.station.deadline import Deadline
from ocpp21.station.evse_power import Withheld
from ocpp21.station.transaction_limits import Usage, capped, decimal, merged, next_check_s, reached, supported
from ocpp21.station.transaction_points import ENDING_POINTS

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation
    from ocpp21.station.evse_control import EvseControl
    from ocpp21.station.readings import Reading
    from ocpp21.station.transaction import Transaction

__all__ = ["EnergyLimits"]

#: How often the state of charge is looked at, in s; there is nothing to tell how fast it rises.
_SOC_INTERVAL_S: Final = 10.0


class EnergyLimits:
    """The limits at one EVSE, or at none yet.

    Args:
        station: the station.
        control: of the EVSE.
    """

    def __init__(self, station: ChargingStation, control: EvseControl, /) -> None:
        self._station: Final = station
        self._control: Final = control
        self._timer: Final = Deadline()

    async def set(self, limit: TransactionLimitType, at: datetime, /, *, by_csms: bool) -> None:
        """Set limits of the transaction, and tell which are in force now (E16.FR.01, E16.FR.03).

        Args:
            limit: the new ones; those that it leaves out stay. What is not supported is left out (E16.FR.13).
            at: when.
            by_csms: the CSMS has set them; the driver has, else.
        """
        transaction = self._control.transaction
        if transaction is None:
            return
        known = supported(limit, self._station.device_model.tx_ctrlr.supported_limits.get(()))
        if by_csms:
            most = merged(transaction.csms_limit, known)
            in_force = merged(transaction.limit, known)  # E16.FR.07
        else:
            most = transaction.csms_limit
            in_force = merged(transaction.limit, capped(known, most))  # E16.FR.04
        if (in_force, most) == (transaction.limit, transaction.csms_limit):
            return
        transaction.limit, transaction.csms_limit = in_force, most
        # E16.FR.18: the answer to an event of the past is confirmed now.
        await self._control.telling.update(TriggerReasonEnumType.LIMIT_SET, at, transaction_limit=in_force)
        await self.assess()  # E16.FR.10

    async def note_cost(self, cost: Decimal, /) -> None:
        """Take note of what the transaction costs by now (E16.FR.15)."""
        if self._control.transaction is not None:
            self._control.transaction.cost = cost
            await self.assess()

    async def refuse(self, at: datetime, /) -> None:
        """The CSMS does not accept the token with which the transaction goes on (E05, E06.FR.04)."""
        transaction = self._control.transaction
        if self._control.authorization is None or transaction is None or transaction.is_refused:
            return
        if self._station.device_model.tx_ctrlr.stop_tx_on_invalid_id.get(True):
            await self._control.end_authorization(
                TriggerReasonEnumType.DEAUTHORIZED,  # C15.FR.03, E05.FR.09
                at,
                reason=ReasonEnumType.DE_AUTHORIZED,
                must_end=not ENDING_POINTS.isdisjoint(self._control.stop_points),  # C15.FR.04, E05.FR.10
                stays_locked=True,  # C15.FR.05, E05.FR.11
            )
            return
        transaction.is_refused = True
        await self._station.transactions.store(transaction)
        await self.assess()

    async def assess(self) -> None:
        """Give energy, or withhold it, as the limits say now."""
        self.halt()
        transaction = self._control.transaction
        if transaction is None or self._control.authorization is None:
            return
        reading = await self._read(transaction)
        usage = self._usage(transaction, reading)
        power = self._control.power
        kind = reached(transaction.limit, usage, step_wh=self._step_wh)
        if kind is not None and Withheld.LIMIT not in power.withheld:  # E16.FR.05, E16.FR.06
            power.withheld.add(Withheld.LIMIT)
            must_end = TxStopPoints.ENERGY_TRANSFER in self._control.stop_points
            await self._control.suspend(kind.trigger, kind.stopped_reason, must_end=must_end)
        elif kind is None and Withheld.LIMIT in power.withheld:  # E16.FR.14
            power.withheld.discard(Withheld.LIMIT)
            await self._control.give_energy()
        if self._is_used_up(transaction, usage) and Withheld.REFUSED not in power.withheld:  # C15.FR.06, E05.FR.02
            power.withheld.add(Withheld.REFUSED)
            transaction.stopped_reason = ReasonEnumType.DE_AUTHORIZED
            await self._control.suspend(TriggerReasonEnumType.CHARGING_STATE_CHANGED, ReasonEnumType.DE_AUTHORIZED)
        if self._control.transaction is not None:
            self._set_timer(transaction, usage, reading)

    def halt(self) -> None:
        """Set no timer any more."""
        self._timer.cancel()

    # How much there is, and how much there may be

    @property
    def _allowance_wh(self) -> int:
        """Energy of a transaction whose token is refused, from its beginning, in Wh."""
        return self._station.device_model.tx_ctrlr.max_energy_on_invalid_id.get(0)

    @property
    def _step_wh(self) -> Decimal:
        evse = self._control.evse
        return Decimal(0) if evse is None else decimal(evse.facts.meter_step_wh)

    async def _read(self, transaction: Transaction) -> Reading | None:
        """Read the meter, if a limit needs it."""
        limit = transaction.limit
        is_needed = limit.max_energy is not None or limit.max_soc is not None or transaction.is_refused
        return await self._control.telling.read(self._station.now()) if is_needed else None

    def _usage(self, transaction: Transaction, reading: Reading | None) -> Usage:
        passed_s = (self._station.now() - transaction.started_at).total_seconds()
        register_wh = None if reading is None else reading.register_wh
        if transaction.start_wh is None:
            transaction.start_wh = register_wh
        return Usage(
            cost=transaction.cost,
            energy_wh=None if register_wh is None else register_wh - (transaction.start_wh or 0),
            time_s=decimal(passed_s),
            soc=None if reading is None else reading.soc,
        )

    def _is_used_up(self, transaction: Transaction, usage: Usage) -> bool:
        """Whether a refused token may charge no more (C15.FR.07, E05.FR.03); what cannot be measured is used up."""
        return transaction.is_refused and (usage.energy_wh is None or usage.energy_wh >= self._allowance_wh)

    def _set_timer(self, transaction: Transaction, usage: Usage, reading: Reading | None) -> None:
        """Look again when a limit may be reached."""
        limit, power, waits = transaction.limit, self._control.power, []
        if limit.max_time is not None and usage.time_s is not None and Withheld.LIMIT not in power.withheld:
            waits.append(max(float(limit.max_time - usage.time_s), 0.001))
        if power.is_closed and reading is not None:
            # What a coarse register shows may be almost a step old by now.
            most = [] if limit.max_energy is None else [decimal(limit.max_energy) - 2 * self._step_wh]
            most += [Decimal(self._allowance_wh)] if transaction.is_refused else []
            if most and usage.energy_wh is not None and self._control.evse is not None:
                remaining_wh = min(most) - usage.energy_wh
                waits.append(next_check_s(remaining_wh, self._control.evse.facts.max_power_w, reading.power_w))
            if limit.max_soc is not None:
                waits.append(_SOC_INTERVAL_S)
        if waits:
            self._timer.set(min(waits), lambda: self._control.soon(self.assess))
