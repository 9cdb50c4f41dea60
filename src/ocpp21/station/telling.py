"""The transaction of one EVSE, and the events that tell of it, with their values (Part 2, E01 to E12).

Every event is stored together with the transaction before anything else is done, so a power cut at any moment leaves
one of two states: before it, or after it. What happens, and whether a transaction begins or ends by it, is the matter
of :class:`~ocpp21.station.evse_control.EvseControl`.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from ocpp21.messages import (
    ChargingStateEnumType,
    IdTokenType,
    MeterValueType,
    ReadingContextEnumType,
    ReasonEnumType,
    TransactionEventEnumType,
    TransactionLimitType,
    TriggerReasonEnumType,
)
from ocpp21.station.evses import EvseState
from ocpp21.station.fitting import split, thinned
from ocpp21.station.sampling import Sampling
from ocpp21.station.transaction import AuthorizedToken, Transaction, make_event

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation
    from ocpp21.station.metering import Metering
    from ocpp21.station.readings import Reading

__all__ = ["Telling"]

_Trigger = TriggerReasonEnumType
_Context = ReadingContextEnumType


class Telling:
    """Tells of the transactions of one EVSE, or of none yet.

    Args:
        station: the station.
        evse: its shared state; None for a transaction that has no EVSE yet.
        on_due: called when a sample is due, with whether it is for the Ended event, and the time.

    Attributes:
        transaction: that is ongoing; None without.
        phases: over which energy flows, or did last in this transaction; None when not known.
    """

    def __init__(
        self, station: ChargingStation, evse: EvseState | None, on_due: Callable[[bool, datetime], object], /
    ) -> None:
        self._station: Final = station
        self._evse: Final = evse
        self._sampling: Final = Sampling(station, on_due)
        self.transaction: Transaction | None = None
        self.phases: int | None = None

    # The course of a transaction

    async def begin(
        self,
        trigger: TriggerReasonEnumType,
        at: datetime,
        state: ChargingStateEnumType,
        authorization: AuthorizedToken | None,
        /,
        *,
        is_authorized: bool,
        is_bay_occupied: bool = False,
        cable_a: float | None = None,
    ) -> None:
        """Begin a transaction: the Started event."""
        # C05.FR.03, C05.FR.05, F02.FR.01
        remote_start_id = None if authorization is None else authorization.remote_start_id
        if remote_start_id is not None:
            trigger = _Trigger.REMOTE_START  # F02.FR.21
        connector = None if self._evse is None else self._evse.connected
        self.transaction = Transaction(
            transaction_id=str(uuid.uuid4()),  # E01.FR.08, E02.FR.08
            started_at=at,
            evse_id=None if self._evse is None else self._evse.evse_id,
            connector_id=None if connector is None else connector.connector_id,
            authorization=authorization,
            is_authorized=is_authorized,
            is_bay_occupied=is_bay_occupied,
            charging_state=state,
            remote_start_id=remote_start_id,
        )
        values = [] if self._evse is None else await self._read_begin(at)
        if cable_a is None and connector is not None:
            cable_a = connector.cable_max_current_a
        id_token = None if authorization is None else authorization.id_token  # E01.FR.10, E03.FR.01
        await self._tell(TransactionEventEnumType.STARTED, trigger, at, values, id_token=id_token, cable_a=cable_a)
        self._sampling.start()

    async def update(
        self,
        trigger: TriggerReasonEnumType,
        at: datetime,
        values: Sequence[MeterValueType] = (),
        /,
        *,
        id_token: IdTokenType | None = None,
        cable_a: float | None = None,
        transaction_limit: TransactionLimitType | None = None,
        names_evse: bool = False,
    ) -> None:
        """Tell what has happened to the transaction: an Updated event, or several when there are many values."""
        transaction = self.transaction
        assert transaction is not None
        is_charging = transaction.charging_state == ChargingStateEnumType.CHARGING
        if is_charging and not transaction.is_begun:  # E01.FR.17, E02.FR.21, E03.FR.11
            values = [*await self._read_begin(at), *values]
        first, *others = split(values)  # E02.FR.11, J02.FR.14
        await self._tell(
            TransactionEventEnumType.UPDATED,
            trigger,
            at,
            first,
            id_token=id_token,
            cable_a=cable_a,
            transaction_limit=transaction_limit,
            names_evse=names_evse,
        )
        for part in others:
            await self._tell(TransactionEventEnumType.UPDATED, trigger, at, part, names_evse=names_evse)

    async def end(
        self,
        trigger: TriggerReasonEnumType,
        at: datetime,
        reason: ReasonEnumType | None,
        id_token: IdTokenType | None = None,
        /,
    ) -> None:
        """End the transaction: the Ended event, with the values that were collected and those of now (E06.FR.11)."""
        assert self.transaction is not None
        self._sampling.stop()
        last = self._metering.ended_values(await self.read(at), _Context.TRANSACTION_END)
        last = self._metering.keyed(last, self.transaction)
        # E06.FR.11, E07.FR.08, E08.FR.09, E09.FR.05, E10.FR.04, E12.FR.07, E15.FR.01
        values = thinned([*self.transaction.ended_values, *last])  # E06.FR.12, J02.FR.20
        await self._tell(TransactionEventEnumType.ENDED, trigger, at, values, id_token=id_token, stopped_reason=reason)

    def adopt(self, other: Telling, /) -> None:
        """Take over a transaction that had no EVSE."""
        since = other._sampling.since
        other._sampling.stop()
        self.transaction, other.transaction = other.transaction, None
        if self.transaction is not None:
            self._sampling.start(since)

    def resume(self, transaction: Transaction, /) -> None:
        """Go on with a transaction after it was interrupted; its samples keep their rhythm."""
        self.transaction = transaction
        passed_s = (self._station.now() - transaction.started_at).total_seconds()
        self._sampling.start(asyncio.get_running_loop().time() - passed_s)

    def halt(self) -> None:
        """Set no timers any more."""
        self._sampling.stop()

    # Values

    async def read(self, at: datetime, /) -> Reading | None:
        """Read the meter; None when there is none, or it does not answer."""
        return None if self._evse is None else await self._metering.read(self._evse.evse_id, at)

    async def has_signed_data(self, at: datetime, /) -> bool:
        """Whether the meter gives a signed value (E01.FR.04)."""
        reading = await self.read(at)
        return reading is not None and any(value.signed_meter_value for value in reading.values)

    async def sample(self, at: datetime, /) -> None:
        """Tell the values of the sampling interval (J02.FR.11)."""
        # J02.FR.10: they are of this moment.
        if self.transaction is not None and (values := self._metering.periodic_values(await self.read(at))):
            values = self._metering.keyed(values, self.transaction)
            await self.update(_Trigger.METER_VALUE_PERIODIC, at, values)

    async def collect(self, at: datetime, /) -> None:
        """Keep the values of the sampling interval for the Ended event."""
        if self.transaction is not None:
            await self._keep(self._metering.ended_values(await self.read(at), _Context.SAMPLE_PERIODIC))

    async def report(self, at: datetime, /) -> None:
        """Tell how things are and where, since the CSMS has asked (F06.FR.07): it may have missed all before."""
        if self.transaction is not None:
            values = self._metering.triggered_values(await self.read(at))
            await self.update(_Trigger.TRIGGER, at, values, names_evse=True)

    async def sample_clock(self, at: datetime, /) -> None:
        """Tell the values of a clock-aligned slot (J01.FR.22)."""
        if self.transaction is not None and (values := self._metering.clock_values(await self.read(at))):
            values = self._metering.keyed(values, self.transaction)
            await self.update(_Trigger.METER_VALUE_CLOCK, at, values)

    async def collect_clock(self, at: datetime, /) -> None:
        """Keep the values of a clock-aligned slot for the Ended event."""
        if self.transaction is not None:
            await self._keep(self._metering.ended_clock_values(await self.read(at)))

    # The machinery

    @property
    def _metering(self) -> Metering:
        return self._station.metering

    async def _tell(
        self,
        event_type: TransactionEventEnumType,
        trigger: TriggerReasonEnumType,
        at: datetime,
        values: Sequence[MeterValueType],
        /,
        *,
        id_token: IdTokenType | None = None,
        cable_a: float | None = None,
        stopped_reason: ReasonEnumType | None = None,
        transaction_limit: TransactionLimitType | None = None,
        names_evse: bool = False,
    ) -> None:
        """Make an event, and store it together with the transaction."""
        transaction = self.transaction
        assert transaction is not None
        phases = self.phases if transaction.phases is None else None  # E02.FR.18, E02.FR.19, E03.FR.14
        event = make_event(
            transaction,
            event_type,
            trigger,
            at,
            is_offline=not self._station.is_connected,
            id_token=id_token,
            meter_values=values,
            phases=phases,
            cable_max_current_a=cable_a,
            stopped_reason=stopped_reason,
            transaction_limit=transaction_limit,
            names_evse=names_evse,
        )
        if phases is not None:
            transaction.phases = phases
        is_over = event_type == TransactionEventEnumType.ENDED
        if is_over:
            self.transaction = self.phases = None
        if self._evse is not None:
            self._evse.transaction_id = None if is_over else transaction.transaction_id
            self._evse.charging_state = ChargingStateEnumType.IDLE if is_over else transaction.charging_state
        await self._station.transactions.store(transaction, event)

    async def _keep(self, values: list[MeterValueType]) -> None:
        transaction = self.transaction
        if transaction is not None and values:
            for value in self._metering.keyed(values, transaction):
                transaction.collect(value)
            await self._station.transactions.store(transaction)

    async def _read_begin(self, at: datetime) -> list[MeterValueType]:
        transaction = self.transaction
        assert transaction is not None
        transaction.is_begun = True
        reading = await self.read(at)
        if reading is not None:
            transaction.start_wh = reading.register_wh
        values = self._metering.keyed(self._metering.begin_values(reading), transaction)
        for value in self._metering.keyed(
            self._metering.ended_values(reading, _Context.TRANSACTION_BEGIN), transaction
        ):
            transaction.collect(value)
        return values
