"""Token buckets by key, in a table that does not grow without bound."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Final

__all__ = ["Throttle"]


class Throttle:
    """Limits how often something may happen for each key; time is an argument, in seconds.

    Args:
        burst: times that it may happen at once.
        per_s: times per second that are given back.
        size: keys that are remembered; beyond it the one that was touched longest ago starts afresh.
    """

    def __init__(self, *, burst: int, per_s: float, size: int = 4096) -> None:
        self._burst: Final = burst
        self._per_s: Final = per_s
        self._size: Final = size
        self._spent: dict[Hashable, tuple[float, float]] = {}  # how much is spent, as of when; touched last comes last

    def __len__(self) -> int:
        """The number of keys that are remembered."""
        return len(self._spent)

    def take(self, key: Hashable, now: float, /) -> bool:
        """Let it happen once; False when it may not."""
        spent = self._spent_at(key, now)
        if spent + 1 > self._burst:
            return False
        self._keep(key, spent + 1, now)
        return True

    def give_back(self, key: Hashable, now: float, /) -> None:
        """Let what was taken not count."""
        self._keep(key, self._spent_at(key, now) - 1, now)

    def wait_s(self, key: Hashable, now: float, /) -> int:
        """Whole seconds until it may happen again; 0 when it may now."""
        return max(math.ceil((self._spent_at(key, now) + 1 - self._burst) / self._per_s), 0)

    def _spent_at(self, key: Hashable, now: float) -> float:
        spent, at = self._spent.get(key, (0.0, now))
        return max(spent - (now - at) * self._per_s, 0.0)

    def _keep(self, key: Hashable, spent: float, now: float) -> None:
        self._spent.pop(key, None)
        if spent <= 0:
            return
        self._spent[key] = spent, now
        if len(self._spent) > self._size:
            del self._spent[next(iter(self._spent))]
