"""The energy that one TransactionEvent reports.

The register ``Energy.Active.Import.Register`` of the outlet, over all phases or as the sum of them, is read at the
beginning and at the end of a transaction: the reading with context Transaction.Begin that has the least seqNo, and the
one with Transaction.End that has the greatest; without such a context the earliest and the latest by seqNo, and by
timestamp within an event.
Intervals, ``Energy.Active.Import.Interval``, are listed beside it, for stations that report no register.

All energy is in Wh, as Decimal from the shortest text of the number on the wire: binary fractions never come in.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Context, Decimal
from itertools import pairwise
from typing import Any, Final, NamedTuple

import msgspec

from ocpp21.measured import amount
from ocpp21.messages.datatypes import SampledValueType
from ocpp21.messages.enumerations import LocationEnumType, MeasurandEnumType, PhaseEnumType, ReadingContextEnumType
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.messages.values import UnitsOfMeasure

__all__ = ["NO_METER", "Meter", "Reading", "read_meter", "start_rank", "stop_rank"]

# An enumeration takes its time to find a member.
_REGISTER: Final = MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER
_INTERVAL: Final = MeasurandEnumType.ENERGY_ACTIVE_IMPORT_INTERVAL
_SOC: Final = MeasurandEnumType.SOC
_OUTLET: Final = LocationEnumType.OUTLET
_BEGIN: Final = ReadingContextEnumType.TRANSACTION_BEGIN
_END: Final = ReadingContextEnumType.TRANSACTION_END

#: Measurands that are read.
_READ: Final = frozenset({_REGISTER, _INTERVAL, _SOC})

#: Readings beyond this, or below zero, are no meter's: a petawatt-hour.
_MAX_WH: Final = Decimal("1e15")

#: Phases whose registers add up to the whole: against neutral, or as such.
_PHASES: Final = frozenset(
    {
        PhaseEnumType.L1,
        PhaseEnumType.L2,
        PhaseEnumType.L3,
        PhaseEnumType.L1_N,
        PhaseEnumType.L2_N,
        PhaseEnumType.L3_N,
    }
)

_FULL_PERCENT: Final = 100

#: The part of a Wh that counts: finer than any meter, so coarse that sums are exact in whatever order.
_FINEST: Final = Decimal("1e-9")

#: Holds every value up to the greatest with all the places that count, whatever the application's own context.
_CONTEXT: Final = Context(prec=40)


class Reading(msgspec.Struct, frozen=True, gc=False):
    """A reading of the energy register.

    Attributes:
        wh: energy, in Wh.
        at: when it was sampled.
        seq_no: of the event that reported it.
        is_marked: its context says that it is the one of the beginning, or of the end.
    """

    wh: Decimal
    at: datetime
    seq_no: int
    is_marked: bool


class Meter(NamedTuple):
    """What one event says of energy.

    Attributes:
        start: its reading that may be that of the beginning.
        stop: its reading that may be that of the end.
        register: its latest reading, that of the end before others, in Wh.
        intervals: energy between samples, in Wh each.
        went_backwards: the register falls within the event.
        was_implausible: a value was left out, since no meter shows it.
        soc: its latest state of charge of the EV, in percent.
    """

    start: Reading | None
    stop: Reading | None
    register: Decimal | None
    intervals: list[Decimal]
    went_backwards: bool
    was_implausible: bool
    soc: Decimal | None


#: Of an event without meter values.
NO_METER: Final = Meter(None, None, None, [], False, False, None)


def read_meter(event: TransactionEventRequest, /) -> Meter:
    """Read what an event says of energy."""
    if not event.meter_value:
        return NO_METER
    starts: list[Reading] = []
    stops: list[Reading] = []
    intervals: list[Decimal] = []
    charges: list[tuple[datetime, Decimal]] = []
    was_implausible = False
    for moment in event.meter_value:
        registers: dict[str | None, Decimal] = {}  # of this moment, by context
        by_phase: dict[str | None, Decimal] = {}
        for sample in moment.sampled_value:
            # An absent location is the outlet, and an absent measurand the register (Part 2, SampledValueType).
            measurand = sample.measurand or _REGISTER
            if measurand not in _READ:
                continue
            if measurand == _SOC:
                percent, _ = amount(sample)
                charges += [(moment.timestamp, percent)] if 0 <= percent <= _FULL_PERCENT else []
                continue
            if (sample.location or _OUTLET) != _OUTLET:
                continue
            wh = _wh(sample)
            if wh is None:
                continue
            if not 0 <= wh <= _MAX_WH:
                was_implausible = True
            elif measurand == _INTERVAL:
                intervals += [wh] if sample.phase is None else []
            elif sample.phase is None:
                registers[sample.context] = wh
            elif sample.phase in _PHASES:
                by_phase[sample.context] = by_phase.get(sample.context, Decimal(0)) + wh
        for context, wh in (by_phase | registers).items():  # the total of the phases where the meter gives no other
            begins, ends = context == _BEGIN, context == _END
            reading = Reading(wh, moment.timestamp, event.seq_no, begins)
            starts.append(reading)
            stops.append(reading if begins == ends else Reading(wh, moment.timestamp, event.seq_no, ends))
    stop = max(stops, key=stop_rank) if len(stops) > 1 else next(iter(stops), None)
    return Meter(
        min(starts, key=start_rank) if len(starts) > 1 else next(iter(starts), None),
        stop,
        None if stop is None else stop.wh,
        intervals,
        # In the order of time they seem to fall after the clock was set back, as they are listed perhaps if mixed up.
        len(stops) > 1 and _falls(stops) and _falls(sorted(stops, key=lambda reading: (reading.at, reading.wh))),
        was_implausible,
        max(charges)[1] if charges else None,
    )


def _falls(readings: list[Reading]) -> bool:
    return any(later.wh < earlier.wh for earlier, later in pairwise(readings))


def _wh(sample: SampledValueType) -> Decimal | None:
    """A value of energy in Wh; None when its unit is none of energy. Beyond all meters, it is one beyond them."""
    wh, unit = amount(sample)
    if unit != UnitsOfMeasure.WH:
        return None
    if abs(wh) > _MAX_WH:
        return wh
    rounded = wh.quantize(_FINEST, context=_CONTEXT)
    return wh if wh == rounded else rounded


def start_rank(reading: Reading, /) -> tuple[Any, ...]:
    """Order of readings in which the least is that of the beginning."""
    return not reading.is_marked, reading.seq_no, reading.at, reading.wh


def stop_rank(reading: Reading, /) -> tuple[Any, ...]:
    """Order of readings in which the greatest is that of the end."""
    return reading.is_marked, reading.seq_no, reading.at, reading.wh
