"""The budget of error replies; what is remembered."""

from __future__ import annotations

from typing import NamedTuple

from ocpp21.limits import ErrorBudget, Limits, Recent


def test_the_burst_is_spent_at_once() -> None:
    budget = ErrorBudget(Limits(error_burst=3, errors_per_s=1.0))
    assert [budget.spend(0.0) for _ in range(4)] == [True, True, True, False]


def test_the_budget_fills_up_with_time_but_not_beyond_the_burst() -> None:
    budget = ErrorBudget(Limits(error_burst=2, errors_per_s=0.5))
    assert budget.spend(0.0) and budget.spend(0.0)
    assert not budget.spend(1.9)
    assert budget.spend(2.0)
    assert not budget.spend(2.0)
    assert [budget.spend(1000.0) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_gives_nothing() -> None:
    budget = ErrorBudget(Limits(error_burst=1, errors_per_s=1.0))
    assert budget.spend(100.0)
    assert not budget.spend(50.0)
    assert budget.spend(51.0)


def test_no_burst_is_silence() -> None:
    assert not ErrorBudget(Limits(error_burst=0)).spend(1e9)


class Value(NamedTuple):
    number: int
    size: int


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    recent: Recent[Value] = Recent(Limits(remembered=2))
    values = [Value(number, 1) for number in range(3)]
    for value, message_id in zip(values, "abc", strict=True):
        recent.put(message_id, value)
    assert [recent.pop(message_id) for message_id in "abcc"] == [None, values[1], values[2], None]


def test_the_oldest_are_forgotten_when_they_are_too_large_together() -> None:
    recent: Recent[Value] = Recent(Limits(remembered=9, remembered_bytes=10))
    for value, message_id in enumerate("abc"):
        recent.put(message_id, Value(value, 4))
    recent.put("d", Value(3, 6))
    assert [recent.pop(message_id) for message_id in "abcd"] == [None, None, Value(2, 4), Value(3, 6)]
    recent.put("e", Value(4, 10))  # there is room again for all that was taken out
    recent.put("f", Value(5, 11))  # alone it is too large
    assert [recent.pop(message_id) for message_id in "ef"] == [None, None]


def test_an_id_that_comes_again_is_counted_once() -> None:
    recent: Recent[Value] = Recent(Limits(remembered=2, remembered_bytes=10))
    recent.put("a", Value(0, 6))
    recent.put("b", Value(1, 4))
    recent.put("b", Value(2, 4))
    assert [recent.pop(message_id) for message_id in "ab"] == [Value(0, 6), Value(2, 4)]
