"""Time side by side: machines are noisy, so only ratios of neighbouring samples mean something."""

from __future__ import annotations

import statistics
import time
import timeit
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

__all__ = ["Ratio", "SelfTimed", "interleave", "ratio"]

#: Shortest sample, in seconds: long beside the clock's resolution, short beside the moods of the machine.
_SAMPLE: Final = 0.002


#: CPU time of this process: what else the machine does, does not count. Where that clock is coarse, the wall's.
_CLOCK: Final = time.process_time if time.get_clock_info("process_time").resolution < 1e-5 else time.perf_counter


class SelfTimed(Protocol):
    """Work that is timed where it is done, as in another process; :class:`timeit.Timer` is some."""

    def timeit(self, loops: int, /) -> float:
        """Do it so many times, and say how long that took, in seconds."""
        ...


class Ratio(NamedTuple):
    """How many times longer one piece of work takes than another.

    Attributes:
        median: middle of the rounds.
        low: lower quartile.
        high: upper quartile.
    """

    median: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """Half the distance of the quartiles, as a part of the median."""
        return (self.high - self.low) / 2 / self.median


def interleave(works: Mapping[str, Callable[[], object] | SelfTimed], rounds: int) -> dict[str, list[float]]:
    """Time each piece of work once per round, one after the other, every second round backwards.

    Returns:
        Seconds per call, one figure for each round.
    """
    timers = {name: timeit.Timer(work, timer=_CLOCK) if callable(work) else work for name, work in works.items()}
    loops = {name: _loops(timer) for name, timer in timers.items()}
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for number in range(rounds):
        for name in _order(timers, number):
            seconds[name].append(timers[name].timeit(loops[name]) / loops[name])
    return seconds


def ratio(seconds: Sequence[float], reference: Sequence[float]) -> Ratio:
    """Compare two pieces of work round by round."""
    ratios = [mine / other for mine, other in zip(seconds, reference, strict=True)]
    low, median, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return Ratio(median, low, high)


def _order(names: Iterable[str], number: int) -> list[str]:
    return list(names)[:: -1 if number % 2 else 1]


def _loops(timer: SelfTimed) -> int:
    """Find how many calls make a sample long enough; warms the work up, too."""
    loops = 1
    while (taken := timer.timeit(loops)) < _SAMPLE:
        loops = max(loops + 1, min(loops * 10, round(loops * 1.2 * _SAMPLE / max(taken, 1e-9))))
    return loops
