"""The budget of error replies."""

from __future__ import annotations

from ocpp21.limits import ErrorBudget, Limits


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
