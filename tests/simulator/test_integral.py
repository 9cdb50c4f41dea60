"""Energy as an integral: exact, however it is sampled."""

from __future__ import annotations

import asyncio
import math
from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ocpp21.simulator.integral import PJ_PER_WH, Integral, milli, now_ns, wh
from ocpp21.testing.virtual_time import run

powers = st.lists(st.tuples(st.integers(0, 10**9), st.floats(0, 10**5)), max_size=12)
pauses = st.lists(st.floats(0, 10**4), max_size=12)


def test_a_kilowatt_for_an_hour() -> None:
    async def main() -> None:
        energy = Integral()
        energy.grow(1_000_000)
        await asyncio.sleep(3600)
        assert energy.value == 1000 * PJ_PER_WH
        assert wh(energy.value) == 1000

    run(main())


@given(powers, pauses)
def test_the_energy_is_the_sum_of_its_intervals_however_it_is_sampled(
    changes: list[tuple[int, float]], samples: list[float]
) -> None:
    async def main() -> None:
        alone, sampled = Integral(), Integral()
        readings = [0]

        async def sampler() -> None:
            for pause in samples:
                await asyncio.sleep(pause)
                readings.append(sampled.value)

        task = asyncio.create_task(sampler())
        by_hand = 0
        for rate, seconds in changes:
            alone.grow(rate)
            sampled.grow(rate)
            since = now_ns()
            await asyncio.sleep(seconds)
            by_hand += rate * (now_ns() - since)
        alone.grow(0)
        sampled.grow(0)
        await task
        readings.append(sampled.value)
        assert alone.value == by_hand
        assert readings == sorted(readings)
        assert sum(later - earlier for earlier, later in pairwise(readings)) == alone.value

    run(main())


@given(st.integers(1, 10**9), st.integers(0, 10**20), st.floats(0, 10**9))
def test_what_is_reached_is_reached(rate: int, target: int, start: float) -> None:
    async def main() -> None:
        await asyncio.sleep(start)
        energy = Integral()
        energy.grow(rate)
        due = energy.reaches(target)
        loop = asyncio.get_running_loop()
        waited = loop.create_future()
        loop.call_at(due, waited.set_result, None)
        await waited
        assert target <= energy.value
        steps_ns = 2 * math.ulp(due) * 1e9 + 2  # nanoseconds, or the steps of the clock where those are longer
        assert energy.value - target <= rate * steps_ns

    run(main())


def test_without_growth_nothing_is_reached_but_what_is_there() -> None:
    async def main() -> None:
        await asyncio.sleep(2)
        assert Integral(5).reaches(6) == math.inf
        assert Integral(5).reaches(5) == 2

    run(main())


def test_a_constant_needs_no_loop() -> None:
    energy = Integral(7)
    energy.grow(0)
    assert (energy.value, energy.rate) == (7, 0)


def test_milli_takes_a_float_at_its_shortest_repr() -> None:
    assert [milli(value) for value in (1.005, 0.29, 16, Decimal("13.8"), 1e-9, 2.3)] == [
        1005,
        290,
        16000,
        13800,
        0,
        2300,
    ]


def test_watt_hours_are_cut_to_nine_decimals() -> None:
    assert wh(PJ_PER_WH // 3) == Decimal("0.333333333")
    assert wh(2 * PJ_PER_WH // 3) == Decimal("0.666666666")


def test_now_is_that_of_the_loop() -> None:
    async def main() -> None:
        await asyncio.sleep(1.5)
        assert now_ns() == 1_500_000_000

    run(main())
