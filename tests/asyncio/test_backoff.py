"""The waits between attempts to connect (Part 4, 5.4)."""

from __future__ import annotations

import random

import pytest

from ocpp21.asyncio.backoff import BackOff


@pytest.mark.parametrize(
    "repeat_times, waits", [(0, [5.0] * 5), (2, [5.0, 10.0, 20.0, 20.0, 20.0]), (9, [5.0, 10.0, 20.0, 40.0, 80.0])]
)
def test_the_wait_doubles_a_number_of_times(repeat_times: int, waits: list[float]) -> None:
    back_off = BackOff(wait_minimum_s=5.0, random_range_s=0.0, repeat_times=repeat_times)
    for _ in range(2):
        assert [back_off.next_wait_s() for _ in range(5)] == waits
        back_off.reset()


def test_randomness_is_fresh_and_not_doubled() -> None:
    back_off = BackOff(wait_minimum_s=10.0, random_range_s=3.0, repeat_times=1, uniform=random.Random(7).uniform)
    waits = [back_off.next_wait_s() for _ in range(50)]
    assert 10 <= waits[0] <= 13 and all(20 <= wait <= 23 for wait in waits[1:])
    assert len(set(waits)) == 50


def test_it_never_overflows() -> None:
    back_off = BackOff(repeat_times=3)
    assert max(back_off.next_wait_s() for _ in range(10_000)) <= 90
