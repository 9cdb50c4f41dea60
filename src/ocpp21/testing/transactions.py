"""Transactions made up by dice, whose energy is known, and the ways in which their events arrive.

::

    made = Made(random.Random(7), "7")
    for event in arrivals(random.Random(8), made.events):
        await store.record_event("CS001", event, now)
    assert (await store.transaction("CS001", "7")).energy_wh == made.energy_wh
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import msgspec

from ocpp21.messages.datatypes import (
    EVSEType,
    IdTokenType,
    MeterValueType,
    SampledValueType,
    TransactionType,
    UnitOfMeasureType,
)
from ocpp21.messages.enumerations import (
    ChargingStateEnumType,
    ReadingContextEnumType,
    TransactionEventEnumType,
    TriggerReasonEnumType,
)
from ocpp21.messages.transactions import TransactionEventRequest

__all__ = ["Made", "arrivals", "transaction_event"]

#: When made-up transactions begin.
_BEGIN: Final = datetime(2025, 6, 1, 12, tzinfo=UTC)

#: Ways to say the same number of tenths of a watt-hour: power of ten of the number, unit, multiplier.
_UNITS: Final = (
    (1, None),
    (1, UnitOfMeasureType(unit="Wh")),
    (4, UnitOfMeasureType(unit="kWh")),
    (4, UnitOfMeasureType(unit="Wh", multiplier=3)),
    (1, UnitOfMeasureType(unit="kWh", multiplier=-3)),
)


def transaction_event(
    seq_no: int,
    type: TransactionEventEnumType = TransactionEventEnumType.UPDATED,
    /,
    *,
    transaction_id: str = "transaction",
    trigger_reason: TriggerReasonEnumType = TriggerReasonEnumType.METER_VALUE_PERIODIC,
    samples: Sequence[SampledValueType] = (),
    evse: EVSEType | None = None,
    id_token: IdTokenType | None = None,
    offline: bool | None = None,
) -> TransactionEventRequest:
    """Make an event, as short as may be; it happens a second after the one with the seqNo before."""
    at = _BEGIN + timedelta(seconds=seq_no)
    return TransactionEventRequest(
        event_type=type,
        timestamp=at,
        trigger_reason=trigger_reason,
        seq_no=seq_no,
        offline=offline,
        evse=evse,
        id_token=id_token,
        transaction_info=TransactionType(transaction_id=transaction_id, charging_state=ChargingStateEnumType.CHARGING),
        meter_value=[MeterValueType(timestamp=at, sampled_value=list(samples))] if samples else None,
    )


class Made:
    """A complete transaction with a register that never falls.

    Args:
        dice: decide on its length, its energy, and on how the station reports it.
        transaction_id: of it.

    Attributes:
        events: from Started to Ended.
        energy_wh: what the ledger must find, in Wh.
    """

    def __init__(self, dice: random.Random, transaction_id: str, /) -> None:
        first = dice.choice((0, 0, 0, dice.randrange(1000)))
        count = dice.randrange(2, 30)
        tenths = [dice.randrange(10**9)]  # of a Wh
        for _ in range(count - 1):
            tenths.append(tenths[-1] + dice.randrange(0, 5000))
        is_marked = dice.random() < 0.7
        self.events: Final = [
            transaction_event(
                first + place,
                _type(place, count),
                transaction_id=transaction_id,
                samples=_samples(dice, value, _context(place, count) if is_marked else None, place in (0, count - 1)),
                evse=EVSEType(id=1, connector_id=2) if place == 0 else None,
                id_token=IdTokenType(id_token="AA11", type="ISO14443") if place == 0 else None,
            )
            for place, value in enumerate(tenths)
        ]
        self.energy_wh: Final = Decimal(tenths[-1] - tenths[0]) / 10


def arrivals(dice: random.Random, events: Sequence[TransactionEventRequest], /) -> Iterator[TransactionEventRequest]:
    """The events as they may come in: late, in any order, again and again, and by then marked as offline."""
    copies = [(place + dice.uniform(0, dice.choice((0, 3, len(events)))), event) for place, event in enumerate(events)]
    for place, event in list(copies):
        while dice.random() < 0.3:
            again = msgspec.structs.replace(event, offline=True) if dice.random() < 0.5 else event
            copies.append((place + dice.uniform(0, len(events)), again))
    yield from (event for _, event in sorted(copies, key=lambda copy: copy[0]))


def _type(place: int, count: int) -> TransactionEventEnumType:
    if place == 0:
        return TransactionEventEnumType.STARTED
    return TransactionEventEnumType.ENDED if place == count - 1 else TransactionEventEnumType.UPDATED


def _context(place: int, count: int) -> ReadingContextEnumType:
    if place == 0:
        return ReadingContextEnumType.TRANSACTION_BEGIN
    is_last = place == count - 1
    return ReadingContextEnumType.TRANSACTION_END if is_last else ReadingContextEnumType.SAMPLE_PERIODIC


def _samples(
    dice: random.Random, tenths: int, context: ReadingContextEnumType | None, is_needed: bool
) -> list[SampledValueType]:
    """One reading, in a unit of the dice's choice; now and then none."""
    if not is_needed and dice.random() < 0.2:
        return []
    power, unit = dice.choice(_UNITS)
    value = float(Decimal(tenths).scaleb(-power))
    return [SampledValueType(value=value, context=context, unit_of_measure=unit)]
