"""Percentiles beside the exact ones of sorted lists."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp21.load import Histogram

#: In seconds, but whole nanoseconds.
TIMES = st.lists(st.integers(0, 10**15).map(lambda ns: ns / 1e9), min_size=1, max_size=200)

#: Rounding to whole nanoseconds, and a cell.
SLACK = 1 + 1 / 512


def of(*times: float) -> Histogram:
    histogram = Histogram()
    for time in times:
        histogram.record(time)
    return histogram


def exact(times: list[float], percent: float) -> float:
    """The nearest-rank percentile."""
    return sorted(times)[max(math.ceil(len(times) * percent / 100 - 1e-9), 1) - 1]


@given(TIMES, st.floats(min_value=0, max_value=100))
def test_percentile_is_the_exact_one_or_a_little_more(times: list[float], percent: float) -> None:
    found = of(*times).percentile_s(percent)
    truth = exact(times, percent)
    assert truth - 1e-9 <= found <= truth * SLACK + 2e-9


@given(TIMES)
def test_the_longest_is_exact(times: list[float]) -> None:
    histogram = of(*times)
    assert (histogram.max_s, histogram.count) == (max(times), len(times))
    assert histogram.percentile_s(100) == max(times)
    assert histogram.mean_s == pytest.approx(sum(times) / len(times))


@given(TIMES, TIMES)
def test_adding_is_recording_both(first: list[float], second: list[float]) -> None:
    both = of(*first)
    both.add(of(*second))
    assert list(both.steps()) == list(of(*first, *second).steps())
    assert (both.count, both.max_s) == (len(first) + len(second), max(first + second))


@given(TIMES)
def test_steps_go_up_to_all(times: list[float]) -> None:
    steps = list(of(*times).steps())
    assert steps == sorted(steps)
    assert steps[-1] == (max(times), 1.0)


def test_small_times_are_exact() -> None:
    assert of(*(ns / 1e9 for ns in range(1000))).percentile_s(50) == pytest.approx(499e-9, abs=1e-12)


def test_nothing_recorded() -> None:
    histogram = Histogram()
    assert (histogram.mean_s, histogram.max_s, histogram.percentile_s(99), list(histogram.steps())) == (0, 0, 0, [])


def test_less_than_nothing_counts_as_nothing() -> None:
    assert of(-1.0).percentile_s(50) == 0.0
