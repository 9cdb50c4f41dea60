"""Parts of what a meter has given."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ocpp21.messages import (
    MeasurandEnumType,
    PhaseEnumType,
    ReadingContextEnumType,
    SampledValueType,
    SignedMeterValueType,
)
from ocpp21.station.readings import Reading

AT = datetime(2026, 1, 1, tzinfo=UTC)
REGISTER = "Energy.Active.Import.Register"
BEGIN = ReadingContextEnumType.TRANSACTION_BEGIN
SIGNED = SignedMeterValueType(signed_meter_data="AAAA", encoding_method="OCMF")


def value(amount: float, **fields: object) -> SampledValueType:
    return SampledValueType(value=amount, **fields)  # type: ignore[arg-type]


READING = Reading(
    AT,
    [
        value(100.0, signed_meter_value=SIGNED),
        value(16.0, measurand=MeasurandEnumType.CURRENT_IMPORT, phase=PhaseEnumType.L1),
        value(15.0, measurand=MeasurandEnumType.CURRENT_IMPORT, phase=PhaseEnumType.L2),
    ],
)
PHASES = Reading(AT, [value(40.0, phase=PhaseEnumType.L1), value(60.5, phase=PhaseEnumType.L2)])


def test_only_what_is_asked_for() -> None:
    found = READING.select([REGISTER], BEGIN)
    assert found is not None and found.timestamp == AT
    assert found.sampled_value == [value(100.0, context=BEGIN)]
    found = READING.select(["Current.Import"], BEGIN)
    assert found is not None and [sample.value for sample in found.sampled_value] == [16.0, 15.0]


@pytest.mark.parametrize("measurands", [[], ["SoC"]])
def test_nothing_is_no_value(measurands: list[str]) -> None:
    assert READING.select(measurands, BEGIN) is None


def test_signed_values_only_where_they_are_asked_for() -> None:
    found = READING.select([REGISTER], BEGIN, is_signed=True)
    assert found is not None and found.sampled_value[0].signed_meter_value == SIGNED


def test_the_register_as_a_total() -> None:
    found = PHASES.select([REGISTER], BEGIN, without_phases=True)
    assert found is not None and found.sampled_value == [value(100.5, context=BEGIN)]
    found = PHASES.select([REGISTER], BEGIN)
    assert found is not None and len(found.sampled_value) == 2
    found = READING.select([REGISTER, "Current.Import"], BEGIN, without_phases=True)
    assert found is not None and [sample.value for sample in found.sampled_value] == [100.0, 16.0, 15.0]
    assert READING.select(["SoC"], BEGIN, without_phases=True) is None
