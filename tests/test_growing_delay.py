"""Whoever guesses waits longer each time (C04)."""

from __future__ import annotations

import asyncio

from ocpp21.growing_delay import GrowingDelay
from ocpp21.testing.virtual_time import run


def test_the_delay_doubles_up_to_a_bound_and_one_success_ends_it() -> None:
    async def attempts() -> None:
        loop, delay = asyncio.get_running_loop(), GrowingDelay(free=2, first_s=1.0, longest_s=4.0)
        begun: list[float] = []

        async def check(is_right: bool) -> bool:
            begun.append(loop.time())
            return is_right

        async def attempt(is_right: bool) -> None:
            assert await delay.attempt(lambda: check(is_right), bool) is is_right

        await asyncio.gather(*(attempt(is_right=False) for _ in range(6)))  # one at a time
        assert [at - begun[0] for at in begun] == [0, 0, 1, 3, 7, 11]
        await attempt(is_right=True)
        assert delay.failures == 0 and delay.delay_s == 0
        at = loop.time()
        await attempt(is_right=False)
        assert loop.time() == at
        delay.failures = 10_000
        assert delay.delay_s == 4.0

    run(attempts())
