"""Measured values as numbers of one unit: what a SampledValue leaves out, its multiplier, and its unit (Part 2, 2.46).

A value that says no more than a number is a reading of the import register in Wh at the outlet, over all phases, taken
periodically. All numbers are Decimals, made from the shortest text of the number on the wire: binary fractions never
come in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache
from typing import Final

import msgspec

from ocpp21.messages import (
    LocationEnumType,
    MeasurandEnumType,
    MeterValueType,
    PhaseEnumType,
    ReadingContextEnumType,
    SampledValueType,
    SignedMeterValueType,
)
from ocpp21.messages.values import UnitsOfMeasure

__all__ = ["MeasuredValue", "amount", "measured", "unit_of"]

#: Patterns of measurands and the unit of each; the first that fits.
_UNITS: Final = (
    ("Display.RemainingTime*", UnitsOfMeasure.S),
    ("Energy.Active*", UnitsOfMeasure.WH),
    ("Energy.Reactive*", UnitsOfMeasure.VARH),
    ("Energy.Apparent*", UnitsOfMeasure.V_AH),
    ("EnergyRequest*", UnitsOfMeasure.WH),
    ("Display.BatteryEnergyCapacity*", UnitsOfMeasure.WH),
    ("Power.Factor*", None),
    ("Power.Reactive*", UnitsOfMeasure.VAR),
    ("Power*", UnitsOfMeasure.W),
    ("Current*", UnitsOfMeasure.A),
    ("Voltage*", UnitsOfMeasure.V),
    ("Frequency*", UnitsOfMeasure.HZ),
    ("SoC", UnitsOfMeasure.PERCENT),
    ("Display.*SOC", UnitsOfMeasure.PERCENT),
)

#: Units that are converted: to which, and by what factor. All others stay as they are.
_CONVERSIONS: Final = {
    UnitsOfMeasure.K_WH: (UnitsOfMeasure.WH, Decimal(1000)),
    UnitsOfMeasure.KVARH: (UnitsOfMeasure.VARH, Decimal(1000)),
    UnitsOfMeasure.K_V_AH: (UnitsOfMeasure.V_AH, Decimal(1000)),
    UnitsOfMeasure.K_W: (UnitsOfMeasure.W, Decimal(1000)),
    UnitsOfMeasure.KVAR: (UnitsOfMeasure.VAR, Decimal(1000)),
    UnitsOfMeasure.K_VA: (UnitsOfMeasure.VA, Decimal(1000)),
    UnitsOfMeasure.M_HZ: (UnitsOfMeasure.HZ, Decimal("0.001")),
}

#: Powers of ten beyond this cannot bring a number into the range of a meter, or bring it to nothing.
_MAX_MULTIPLIER: Final = 30

#: Below it, whole numbers are exact as binary fractions.
_EXACT: Final = 2.0**53

_REGISTER: Final = MeasurandEnumType.ENERGY_ACTIVE_IMPORT_REGISTER


class MeasuredValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value with all that the message left out.

    Attributes:
        at: when it was measured (J01.FR.17, J02.FR.18).
        measurand: what.
        value: in ``unit``; infinite when the message means more than any meter shows.
        unit: Wh, varh, VAh, W, var, VA, A, V, Hz, s, Percent, or another one as it was given; None for a number.
        context: what it was taken for.
        location: where.
        phase: on which phase; None for the overall value.
        signed: what the meter has signed; None when it has not.
    """

    at: datetime
    measurand: str
    value: Decimal
    unit: str | None
    context: str
    location: str
    phase: PhaseEnumType | None
    signed: SignedMeterValueType | None


def measured(meter_value: MeterValueType, /) -> Iterator[MeasuredValue]:
    """Complete the values of one moment, in their order."""
    for sample in meter_value.sampled_value:
        value, unit = amount(sample)
        yield MeasuredValue(
            at=meter_value.timestamp,
            measurand=sample.measurand or _REGISTER,
            value=value,
            unit=unit,
            context=sample.context or ReadingContextEnumType.SAMPLE_PERIODIC,
            location=sample.location or LocationEnumType.OUTLET,
            phase=sample.phase,
            signed=sample.signed_meter_value,
        )


def amount(sample: SampledValueType, /) -> tuple[Decimal, str | None]:
    """The number that a value stands for, and its unit; infinite when its multiplier is beyond all meters."""
    value = _exact(float(sample.value))
    given = sample.unit_of_measure
    unit = (given and given.unit) or unit_of(sample.measurand or _REGISTER)
    if (conversion := _CONVERSIONS.get(unit or "")) is not None:
        unit, factor = conversion
        value *= factor
    multiplier = given and given.multiplier
    if not multiplier:
        return value, unit
    if abs(multiplier) > _MAX_MULTIPLIER:
        return (Decimal("Infinity") if value else value), unit
    return value.scaleb(multiplier), unit


def _exact(value: float) -> Decimal:
    """A number from its shortest text; whole ones, which are that as they are, without it."""
    return Decimal(int(value)) if value.is_integer() and abs(value) < _EXACT else Decimal(repr(value))


@cache
def unit_of(measurand: str, /) -> str | None:
    """The unit that belongs to a measurand (Part 2, MeasurandEnumType); None for a number without one."""
    return next((unit for pattern, unit in _UNITS if fnmatchcase(measurand, pattern)), None)
