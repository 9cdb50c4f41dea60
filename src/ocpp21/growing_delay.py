"""How long whoever guesses codes has to wait: longer after each wrong one (Part 2, C04). For both roles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

__all__ = ["GrowingDelay"]

ResultT = TypeVar("ResultT")


class GrowingDelay:
    """Lets attempts through one at a time, after a delay that doubles with each failure.

    Args:
        free: failures in a row without a delay.
        first_s: the first delay, in s.
        longest_s: the longest delay, in s.

    Attributes:
        failures: in a row, so far.
    """

    def __init__(self, *, free: int = 3, first_s: float = 2.0, longest_s: float = 16.0) -> None:
        self._free: Final = free
        self._first_s: Final = first_s
        self._longest_s: Final = longest_s
        self._turn: Final = asyncio.Lock()
        self.failures = 0

    @property
    def delay_s(self) -> float:
        """What the next attempt has to wait, in s."""
        doubled = self.failures - self._free
        if doubled < 0:
            return 0.0
        return min(self._first_s * 2.0 ** min(doubled, 60), self._longest_s)

    async def attempt(
        self, check: Callable[[], Awaitable[ResultT]], is_success: Callable[[ResultT], bool], /
    ) -> ResultT:
        """Wait for its turn and for the delay, make an attempt, and count it."""
        async with self._turn:
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            result = await check()
            self.failures = 0 if is_success(result) else self.failures + 1
            return result
