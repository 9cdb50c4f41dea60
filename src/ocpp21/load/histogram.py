"""A histogram of times: log-linear, as HdrHistogram's, and sparse.

Times are counted in cells that are narrow for short times and wide for long ones: 512 or more to each doubling, so
that a cell is never wider than 1/512 of its time, from nanoseconds to years. Only cells that were hit take memory, so
there may be one histogram for every second of a run. Two of them are added cell by cell, without loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

__all__ = ["Histogram"]

#: Bits of a time that its cell keeps.
_BITS: Final = 10

_NS_PER_S: Final = 1_000_000_000


class Histogram:
    """Counts times, and tells their percentiles.

    Attributes:
        count: how many times were recorded.
        max_s: the longest, exactly, in seconds; 0.0 when there is none.
        total_s: their sum, in seconds.
    """

    __slots__ = ("_cells", "count", "max_s", "total_s")

    def __init__(self) -> None:
        self.count = 0
        self.max_s = 0.0
        self.total_s = 0.0
        self._cells: dict[int, int] = {}  # by number: that of a longer time is greater

    def record(self, seconds: float, /) -> None:
        """Count one time, in seconds; less than 0 counts as 0."""
        ns = max(round(seconds * _NS_PER_S), 0)
        shift = max(ns.bit_length() - _BITS, 0)
        cell = (shift << _BITS) + (ns >> shift)
        self._cells[cell] = self._cells.get(cell, 0) + 1
        self.count += 1
        self.total_s += seconds
        self.max_s = max(self.max_s, seconds)

    def add(self, other: Histogram, /) -> None:
        """Count all that another one has counted, too."""
        for cell, count in other._cells.items():
            self._cells[cell] = self._cells.get(cell, 0) + count
        self.count += other.count
        self.total_s += other.total_s
        self.max_s = max(self.max_s, other.max_s)

    @property
    def mean_s(self) -> float:
        """Their mean, in seconds; 0.0 when there is none."""
        return self.total_s / self.count if self.count else 0.0

    def percentile_s(self, percent: float, /) -> float:
        """Give the time that so many percent did not exceed, in seconds.

        It is the upper edge of its cell: never less than the truth, and at most 1/512 more.

        Args:
            percent: from 0 to 100.
        """
        return self.percentiles_s((percent,))[percent]

    def percentiles_s(self, percents: tuple[float, ...], /) -> Mapping[float, float]:
        """Give several percentiles at once, in seconds; 0.0 when nothing was recorded."""
        found = {}
        wanted = sorted(percents)
        for at_most_s, share in self.steps():
            while wanted and share * 100 >= wanted[0] - 1e-9:
                found[wanted.pop(0)] = at_most_s
        return found | dict.fromkeys(wanted, self.max_s)

    def steps(self) -> Iterator[tuple[float, float]]:
        """Go through the distribution: a time in seconds, and the share from 0 to 1 that did not exceed it."""
        passed = 0
        for cell in sorted(self._cells):
            passed += self._cells[cell]
            yield min(_upper_edge_s(cell), self.max_s), passed / self.count


def _upper_edge_s(cell: int) -> float:
    shift, kept = cell >> _BITS, cell & ((1 << _BITS) - 1)
    return (((kept + 1) << shift) - 1) / _NS_PER_S
