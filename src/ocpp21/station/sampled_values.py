"""Measured values with the unit that belongs to their measurand."""

from __future__ import annotations

from ocpp21.measured import unit_of
from ocpp21.messages import LocationEnumType, MeasurandEnumType, PhaseEnumType, SampledValueType, UnitOfMeasureType

__all__ = ["sampled"]


def sampled(
    measurand: MeasurandEnumType,
    value: float,
    /,
    *,
    phase: PhaseEnumType | None = None,
    location: LocationEnumType | None = None,
) -> SampledValueType:
    """Make a value that a meter has measured, with the unit that belongs to the measurand (Part 2, measurands).

    Args:
        measurand: what was measured.
        value: in Wh, varh, VAh, W, var, A, V, Hz, s or percent, by the measurand.
        phase: where; None for the overall value.
        location: where; None for the outlet.
    """
    unit = unit_of(measurand)
    return SampledValueType(  # J01.FR.07, J01.FR.09, J01.FR.10, J02.FR.03, J02.FR.05, J02.FR.06
        value=value,
        measurand=measurand,
        phase=phase,
        location=location,
        unit_of_measure=None if unit is None else UnitOfMeasureType(unit=unit),
    )
