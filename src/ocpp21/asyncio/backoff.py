"""How long a Charging Station waits before it connects again (Part 4, 5.4, and RetryBackOff... in 8.4)."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

__all__ = ["BackOff"]


class BackOff:
    """Waits that double, up to a point, and have something random added each time.

    The random part is not doubled, and is thrown afresh for ever: stations that were cut off together must not come
    back together. Both are open in the standard.

    Args:
        wait_minimum_s: the first wait, in seconds (RetryBackOffWaitMinimum).
        random_range_s: most that is added to each (RetryBackOffRandomRange).
        repeat_times: how often the wait doubles (RetryBackOffRepeatTimes).
        uniform: the dice.

    Attributes:
        wait_minimum_s: as given; like the next two, it may be changed, and counts from the next wait on.
        random_range_s: as given.
        repeat_times: as given.
    """

    def __init__(
        self,
        *,
        wait_minimum_s: float = 10.0,
        random_range_s: float = 10.0,
        repeat_times: int = 5,
        uniform: Callable[[float, float], float] = random.uniform,
    ) -> None:
        self.wait_minimum_s = wait_minimum_s
        self.random_range_s = random_range_s
        self.repeat_times = repeat_times
        self._uniform: Final = uniform
        self._failures = 0

    def next_wait_s(self) -> float:
        """How long to wait for the next attempt, in seconds: after a loss first, then after each failure."""
        wait_s = self.wait_minimum_s * (1 << min(self._failures, self.repeat_times))
        self._failures += 1
        return wait_s + self._uniform(0.0, self.random_range_s)

    def reset(self) -> None:
        """Begin with the first wait again, as after every success (Part 4, 5.4)."""
        self._failures = 0
