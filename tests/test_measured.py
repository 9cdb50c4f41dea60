"""Measured values as numbers of one unit."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from ocpp21.measured import amount, measured, unit_of
from ocpp21.messages import (
    LocationEnumType,
    MeasurandEnumType,
    MeterValueType,
    PhaseEnumType,
    ReadingContextEnumType,
    SampledValueType,
    SignedMeterValueType,
    UnitOfMeasureType,
)

AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("measurand", "value", "unit", "multiplier", "expected"),
    [
        (None, 12.5, None, None, (Decimal("12.5"), "Wh")),
        (None, 12.5, "kWh", None, (Decimal(12_500), "Wh")),
        (None, 12.5, "kWh", -3, (Decimal("12.5"), "Wh")),
        ("Energy.Reactive.Net", 1.0, "kvarh", None, (Decimal(1000), "varh")),
        ("Energy.Apparent.Net", 1.0, "kVAh", None, (Decimal(1000), "VAh")),
        ("Power.Active.Import", 7.4, "kW", None, (Decimal(7400), "W")),
        ("Power.Reactive.Import", 1.0, "kvar", None, (Decimal(1000), "var")),
        ("Power.Active.Import", 1.0, "kVA", None, (Decimal(1000), "VA")),
        ("Frequency", 50_000.0, "mHz", None, (Decimal(50), "Hz")),
        ("Power.Factor", 0.98, None, None, (Decimal("0.98"), None)),
        ("SoC", 45.0, "Percent", None, (Decimal(45), "Percent")),
        ("Current.Import", 16.0, None, None, (Decimal(16), "A")),
        ("Voltage", 2.3, "V", 2, (Decimal(230), "V")),
        ("Voltage", 1.0, "Hogshead", None, (Decimal(1), "Hogshead")),
        (None, 1.0, None, 31, (Decimal("Infinity"), "Wh")),
        (None, 0.0, None, -99, (Decimal(0), "Wh")),
    ],
)
def test_amounts(
    measurand: str | None,
    value: float,
    unit: str | None,
    multiplier: int | None,
    expected: tuple[Decimal, str | None],
) -> None:
    of = UnitOfMeasureType(unit=unit, multiplier=multiplier) if unit or multiplier else None
    sample = SampledValueType(
        value=value, measurand=None if measurand is None else MeasurandEnumType(measurand), unit_of_measure=of
    )
    assert amount(sample) == expected


def test_binary_fractions_never_come_in() -> None:
    total = sum((amount(SampledValueType(value=0.1))[0] for _ in range(3)), Decimal(0))
    assert total == Decimal("0.3")


def test_what_is_left_out_is_added() -> None:
    (value,) = measured(MeterValueType(timestamp=AT, sampled_value=[SampledValueType(value=1.0)]))
    assert (value.at, value.measurand, value.value, value.unit) == (AT, "Energy.Active.Import.Register", 1, "Wh")
    assert (value.context, value.location, value.phase, value.signed) == ("Sample.Periodic", "Outlet", None, None)


def test_what_is_there_stays() -> None:
    signed = SignedMeterValueType(signed_meter_data="AAAA", encoding_method="OCMF")
    sample = SampledValueType(
        value=1.0,
        measurand=MeasurandEnumType.SOC,
        context=ReadingContextEnumType.TRIGGER,
        location=LocationEnumType.EV,
        phase=PhaseEnumType.L1,
        signed_meter_value=signed,
    )
    (value,) = measured(MeterValueType(timestamp=AT, sampled_value=[sample]))
    assert (value.measurand, value.context, value.location) == ("SoC", "Trigger", "EV")
    assert (value.phase, value.signed) == ("L1", signed)


@pytest.mark.parametrize("measurand", list(MeasurandEnumType))
def test_every_measurand_has_its_unit(measurand: MeasurandEnumType) -> None:
    without = {
        MeasurandEnumType.POWER_FACTOR,
        MeasurandEnumType.DISPLAY_CHARGING_COMPLETE,
        MeasurandEnumType.DISPLAY_INLET_HOT,
    }
    assert (unit_of(measurand) is None) == (measurand in without)
