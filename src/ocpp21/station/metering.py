"""Metering (block J) of the Charging Station: what the meters read, on whose behalf, and the clock-aligned slots.

Sampled values belong to transactions and are asked for by :mod:`~ocpp21.station.transactions`. Clock-aligned ones are
taken here, at slots that are counted from midnight UTC: those of an EVSE with a transaction become part of it, those of
the others, and of the main meter, are sent as MeterValues (J01.FR.14, J01.FR.22).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import msgspec

from ocpp21.block import Block
from ocpp21.errors import OcppError
from ocpp21.messages import (
    MeasurandEnumType,
    MeterValuesRequest,
    MeterValueType,
    ReadingContextEnumType,
    SampledValueType,
)
from ocpp21.station.fitting import split
from ocpp21.station.hardware import Meter
from ocpp21.station.readings import Reading, without_keys

if TYPE_CHECKING:
    from ocpp21.device_model import Variable
    from ocpp21.station import ChargingStation
    from ocpp21.station.transaction import Transaction

__all__ = ["Metering", "next_slot"]

logger: Final = logging.getLogger("ocpp21.station")

#: Takes one slot.
Slot: TypeAlias = Callable[[datetime], Awaitable[None]]

_DAY_S: Final = 24 * 3600
_CLOCK: Final = ReadingContextEnumType.SAMPLE_CLOCK

#: Values of OCPPCommCtrlr.PublicKeyWithSignedMeterValue; the third is Never.
_EVERY: Final = "EveryMeterValue"
_ONCE: Final = "OncePerTransaction"


class Metering(Block["ChargingStation"]):
    """Metering, Part 2, block J."""

    def __init__(self, role: ChargingStation, /) -> None:
        super().__init__(role)
        self._aligned = self.role.device_model.aligned_data_ctrlr
        self._sampled = self.role.device_model.sampled_data_ctrlr
        self._key_policy = self.role.device_model.ocpp_comm_ctrlr.public_key_with_signed_meter_value
        acted_upon: tuple[Variable[Any], ...] = (
            self._aligned.interval,
            self._aligned.measurands,
            self._aligned.tx_ended_interval,
            self._aligned.tx_ended_measurands,
            self._aligned.sign_readings,
            self._aligned.sign_updated_readings,
            self._aligned.enabled,
            self._aligned.send_during_idle,
            *(self._aligned.at(evse_id).send_during_idle for evse_id in role.evses),
            self._key_policy,
            self._sampled.enabled,
            self._sampled.tx_started_measurands,
            self._sampled.tx_updated_measurands,
            self._sampled.tx_ended_measurands,
            self._sampled.register_values_without_phases,
            self._sampled.sign_readings,
            self._sampled.sign_started_readings,
            self._sampled.sign_updated_readings,
        )
        for variable in acted_upon:
            variable.honour()

    async def start(self) -> None:
        """Begin to wait for the slots."""
        self.role.accompany(self._keep(self._aligned.interval, self._take_slot))
        self.role.accompany(self._keep(self._aligned.tx_ended_interval, self._take_ended_slot))

    async def read(self, evse_id: int, at: datetime, /) -> Reading | None:
        """Read the meter of an EVSE, or with 0 the main meter.

        Args:
            evse_id: from 1, or 0.
            at: the timestamp of the values.

        Returns:
            None when there is no meter, or it does not answer: a transaction goes on without values.
        """
        hardware = self.role.hardware
        # J01.FR.04, J02.FR.22
        meter: Meter | None = hardware.evses[evse_id].meter if evse_id else hardware.main_meter
        if meter is None:
            return None
        try:
            is_signed = self._sampled.sign_readings.get(False) or self._aligned.sign_readings.get(False)
            return Reading(at, self._with_key(evse_id, await meter.read(signed=is_signed)))
        except Exception as error:
            logger.warning("meter of EVSE %d cannot be read: %s", evse_id, error)
            return None

    # What the events of a transaction carry

    def begin_values(self, reading: Reading | None, /) -> list[MeterValueType]:
        """The values of a Started event (E01.FR.09, F01.FR.14, F02.FR.02)."""
        is_signed = self._sampled.sign_started_readings.get(False)
        return self._sample(
            reading, self._sampled.tx_started_measurands, ReadingContextEnumType.TRANSACTION_BEGIN, is_signed
        )

    def periodic_values(self, reading: Reading | None, /) -> list[MeterValueType]:
        """The values of an Updated event of the sampling interval (E02.FR.10, J02.FR.11)."""
        is_signed = self._sampled.sign_updated_readings.get(False)
        return self._sample(
            reading, self._sampled.tx_updated_measurands, ReadingContextEnumType.SAMPLE_PERIODIC, is_signed
        )

    def ended_values(self, reading: Reading | None, context: ReadingContextEnumType, /) -> list[MeterValueType]:
        """The values that an Ended event carries of one moment (E06.FR.11)."""
        return self._sample(reading, self._sampled.tx_ended_measurands, context, True)

    def clock_values(self, reading: Reading | None, /) -> list[MeterValueType]:
        """The values of a clock-aligned slot, in an Updated event."""
        return self._align(reading, self._aligned.measurands, self._aligned.sign_updated_readings.get(False))

    def ended_clock_values(self, reading: Reading | None, /) -> list[MeterValueType]:
        """The values that an Ended event carries of a clock-aligned slot."""
        return self._align(reading, self._aligned.tx_ended_measurands, True)

    def keyed(self, values: list[MeterValueType], transaction: Transaction, /) -> list[MeterValueType]:
        """Leave the public key in the signed values of a transaction where it is wanted, and out of the others."""
        policy = self._key_policy.get(_EVERY)
        if policy == _EVERY:
            return values
        values, has_key = without_keys(values, but_first=policy == _ONCE and not transaction.is_key_sent)
        transaction.is_key_sent = transaction.is_key_sent or has_key
        return values

    def _sample(
        self,
        reading: Reading | None,
        measurands: Variable[tuple[str, ...]],
        context: ReadingContextEnumType,
        is_signed: bool,
    ) -> list[MeterValueType]:
        if not self._sampled.enabled.get(True):
            return []
        is_signed = is_signed and self._sampled.sign_readings.get(False)  # E02.FR.14, J02.FR.21
        return self._select(reading, measurands.get(()), context, is_signed)

    def _align(
        self, reading: Reading | None, measurands: Variable[tuple[str, ...]], is_signed: bool
    ) -> list[MeterValueType]:
        if not self._aligned.enabled.get(True):
            return []
        is_signed = is_signed and self._aligned.sign_readings.get(False)  # J01.FR.21
        return self._select(reading, measurands.get(()), _CLOCK, is_signed)

    def triggered_values(self, reading: Reading | None, /) -> list[MeterValueType]:
        """The values of a TransactionEvent that was asked for (F06.FR.07)."""
        measurands = self._sampled.tx_updated_measurands.get(())
        is_signed = self._sampled.sign_updated_readings.get(False)
        return self._select(reading, measurands, ReadingContextEnumType.TRIGGER, is_signed)

    def triggered_clock_values(self, reading: Reading | None, /) -> list[MeterValueType]:
        """The values of MeterValues that were asked for; the import register where none are configured (F06.FR.06)."""
        measurands = self._aligned.measurands.get(()) or (MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER,)
        return self._select(reading, measurands, ReadingContextEnumType.TRIGGER, self._aligned.sign_readings.get(False))

    def _select(
        self, reading: Reading | None, measurands: tuple[str, ...], context: ReadingContextEnumType, is_signed: bool
    ) -> list[MeterValueType]:
        if reading is None:
            return []
        without_phases = self._sampled.register_values_without_phases.get(False)
        value = reading.select(measurands, context, is_signed=is_signed, without_phases=without_phases)
        return [] if value is None else [value]

    def _with_key(self, evse_id: int, values: Sequence[SampledValueType]) -> Sequence[SampledValueType]:
        """Give the public key that the station knows of a meter to signed values that came without."""
        known = self.role.device_model.fiscal_metering
        key = known.at(evse_id).public_key.get("") if evse_id else known.public_key.get("")
        if not key:
            return values
        return [_keyed(value, key) for value in values]

    # Slots

    async def _keep(self, interval: Variable[int], take: Slot) -> None:
        """Take every slot of an interval, for as long as the station runs; 0 takes none."""
        changed = asyncio.Event()
        interval.on_change(lambda change: changed.set())
        self.role.accompany(self._count_anew(changed))
        last = self.role.now()
        while True:
            slot = next_slot(last, interval.get(0))
            if await self._wait(slot, changed):
                last = self.role.now()
            elif slot is not None and (now := self.role.now()) >= slot:  # not if the clock was set back meanwhile
                last = now  # neither twice when the clock runs late, nor all that it skipped
                if next_slot(now, interval.get(0)) == next_slot(slot, interval.get(0)):  # not if it was set ahead
                    await take(slot)

    async def _count_anew(self, changed: asyncio.Event) -> None:
        """Count from the time that the CSMS tells with its first acceptance: the clock may have been ahead by years."""
        await self.role.provisioning.accepted()
        changed.set()

    async def _wait(self, slot: datetime | None, changed: asyncio.Event) -> bool:
        """Wait for a slot, or for a change of the interval; says whether it was the latter."""
        timeout_s = None if slot is None else max((slot - self.role.now()).total_seconds(), 0.0)
        try:
            async with asyncio.timeout(timeout_s):
                await changed.wait()
        except TimeoutError:
            return False
        changed.clear()
        return True

    async def _take_slot(self, slot: datetime) -> None:
        busy = [evse_id for evse_id in self.role.evses if self.role.transactions.is_busy(evse_id)]
        if bool(busy) and self._aligned.send_during_idle.get(False):  # J01.FR.20
            return
        for evse_id in self.role.evses:
            if evse_id in busy and self._aligned.at(evse_id).send_during_idle.get(False):  # J01.FR.19
                continue
            if not await self.role.transactions.sample_clock(evse_id, slot):
                await self._send_clock_values(evse_id, slot)
        await self._send_clock_values(0, slot)  # J01.FR.03

    async def _take_ended_slot(self, slot: datetime) -> None:
        for evse_id in self.role.evses:
            await self.role.transactions.collect_clock(evse_id, slot)

    async def _send_clock_values(self, evse_id: int, slot: datetime) -> None:
        """Send the values of a slot outside of transactions; they are lost while offline or not accepted."""
        if not (self.role.is_connected and self.role.provisioning.is_accepted):
            return
        values = self._align(await self.read(evse_id, slot), self._aligned.measurands, True)
        if self._key_policy.get(_EVERY) != _EVERY:
            values, _ = without_keys(values)
        for part in split(values) if values else ():  # J01.FR.15
            try:
                await self.role.call(MeterValuesRequest(evse_id=evse_id, meter_value=part))  # J01.FR.02
            except OcppError as error:
                logger.info("meter values of EVSE %d not delivered: %s", evse_id, error)


def _keyed(value: SampledValueType, key: str) -> SampledValueType:
    signed = value.signed_meter_value
    if signed is None or signed.public_key:
        return value
    return msgspec.structs.replace(value, signed_meter_value=msgspec.structs.replace(signed, public_key=key))


def next_slot(last: datetime, interval_s: int, /) -> datetime | None:
    """The next clock-aligned slot after a moment (J01: counted from midnight UTC, and anew each day).

    Args:
        last: aware, in UTC.
        interval_s: from slot to slot, in s; 0 is off.

    Returns:
        None when there is none.
    """
    if interval_s <= 0:
        return None
    midnight = last.replace(hour=0, minute=0, second=0, microsecond=0)
    passed_s = (last - midnight).total_seconds()
    return midnight + timedelta(seconds=min((passed_s // interval_s + 1) * interval_s, _DAY_S))
