"""Meter values that fit into a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, seed
from hypothesis import strategies as st

from ocpp21.messages import MeterValueType, SampledValueType
from ocpp21.station.fitting import MAX_BYTES, halved, size, split, thinned

AT = datetime(2026, 1, 1, tzinfo=UTC)


def moment(number: int, count: int = 1) -> MeterValueType:
    samples = [SampledValueType(value=float(number * 1000 + each)) for each in range(count)]
    return MeterValueType(timestamp=AT + timedelta(minutes=number), sampled_value=samples)


def amounts(values: list[MeterValueType]) -> list[float]:
    return [sample.value for each in values for sample in each.sampled_value]


def test_what_fits_is_one_part() -> None:
    assert split([]) == [[]]
    assert split([moment(1), moment(2)]) == [[moment(1), moment(2)]]
    assert MAX_BYTES < 65_536


@seed(24)
@given(counts=st.lists(st.integers(1, 30), min_size=1, max_size=8), max_bytes=st.integers(60, 2000))
def test_parts_have_all_values_in_order(counts: list[int], max_bytes: int) -> None:
    values = [moment(number, count) for number, count in enumerate(counts)]
    parts = split(values, max_bytes)
    assert [each for part in parts for each in amounts(part)] == amounts(values)
    for part in parts:
        assert size(part) <= max_bytes or len(amounts(part)) == 1
        assert len({each.timestamp for each in part}) == len(part)


def test_every_second_inner_moment_goes_until_the_rest_fits() -> None:
    values = [moment(number) for number in range(9)]
    assert thinned(values) == values
    assert amounts(thinned(values, size(values) - 1)) == [0, 2000, 4000, 6000, 8000]
    assert amounts(thinned(values, 1)) == [0, 8000]
    assert thinned([moment(1)], 1) == [moment(1)]


def test_halves_keep_both_ends() -> None:
    assert amounts(halved([moment(number) for number in range(4)])) == [0, 2000, 3000]
    assert amounts(halved([moment(0), moment(1)])) == [0, 1000]
