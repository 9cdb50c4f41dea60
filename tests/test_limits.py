"""The budget of error replies; what is remembered."""

from __future__ import annotations

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


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    recent: Recent[int] = Recent(Limits(remembered=2))
    for value, message_id in enumerate("abc"):
        recent.put(message_id, value, 1)
    assert [recent.pop(message_id) for message_id in "abcc"] == [None, 1, 2, None]


def test_the_oldest_are_forgotten_when_they_are_too_large_together() -> None:
    recent: Recent[int] = Recent(Limits(remembered=9, remembered_bytes=10))
    for value, message_id in enumerate("abc"):
        recent.put(message_id, value, 4)
    recent.put("d", 3, 6)
    assert [recent.pop(message_id) for message_id in "abcd"] == [None, None, 2, 3]
    recent.put("e", 4, 10)  # there is room again for all that was taken out
    recent.put("f", 5, 11)  # alone it is too large
    assert [recent.pop(message_id) for message_id in "ef"] == [None, None]


def test_an_id_that_comes_again_is_counted_once() -> None:
    recent: Recent[int] = Recent(Limits(remembered=2, remembered_bytes=10))
    recent.put("a", 0, 6)
    recent.put("b", 1, 4)
    recent.put("b", 2, 4)
    assert [recent.pop(message_id) for message_id in "ab"] == [0, 2]
