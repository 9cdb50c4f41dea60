"""Energy as the integral of power, exact: whole numbers, and nothing computed between two changes of the power.

Power is in milliwatts, time in nanoseconds of the running event loop, energy in picojoules; all are ``int``, and so is
their arithmetic. A reading changes nothing, so the energy of an interval is the sum of those of its parts, however it
is sampled, and a week at constant power costs one multiplication.
"""

from __future__ import annotations

import asyncio
import math
from decimal import Decimal
from typing import Final

__all__ = ["PJ_PER_WH", "Integral", "milli", "now_ns", "pj", "wh"]

#: Picojoules in a watt-hour.
PJ_PER_WH: Final = 3_600_000_000_000_000


def now_ns() -> int:
    """The time of the running event loop in nanoseconds.

    Raises:
        RuntimeError: no event loop is running.
    """
    return round(asyncio.get_running_loop().time() * 1_000_000_000)


def milli(value: float | Decimal, /) -> int:
    """A quantity in thousandths of its unit, cut to a whole number; taken at its shortest repr."""
    return math.floor(Decimal(str(value)) * 1000)


def wh(energy_pj: int, /) -> Decimal:
    """Picojoules in Wh, cut to nine decimals: a watt-hour is no finite fraction of them."""
    return Decimal(energy_pj // (PJ_PER_WH // 1_000_000_000)).scaleb(-9)


def pj(energy_wh: float | Decimal, /) -> int:
    """Wh in picojoules, cut to a whole number; taken at its shortest repr."""
    return math.floor(Decimal(str(energy_wh)) * PJ_PER_WH)


class Integral:
    """A quantity that grows at a rate which changes now and then.

    Args:
        value: at the beginning, in picojoules.
    """

    def __init__(self, value: int = 0, /) -> None:
        self._value = value
        self._rate = 0
        self._since = 0

    @property
    def rate(self) -> int:
        """Growth, in milliwatts."""
        return self._rate

    @property
    def value(self) -> int:
        """The quantity now, in picojoules. Needs a running event loop unless the rate is 0."""
        return self._value + self._rate * (now_ns() - self._since) if self._rate else self._value

    def grow(self, rate: int, /, *, at_ns: int | None = None) -> None:
        """Grow at this rate from now on.

        Args:
            rate: in milliwatts, 0 or more.
            at_ns: the time of the event loop, in nanoseconds, for several that change at once: in real time, time goes
                on from one line to the next. Now by default.
        """
        if at_ns is None:
            at_ns = now_ns() if rate or self._rate else 0
        if self._rate:
            self._value += self._rate * (at_ns - self._since)
        self._rate = rate
        self._since = at_ns

    def reaches(self, target: int, /) -> float:
        """The time of the event loop from which on the quantity is the target or more; infinite if it never is."""
        missing = target - self.value
        if missing <= 0:
            return asyncio.get_running_loop().time()
        if not self._rate:
            return math.inf
        due_ns = now_ns() + -(-missing // self._rate)
        due = due_ns / 1_000_000_000
        while round(due * 1_000_000_000) < due_ns:  # nanoseconds are finer than floats, after some months
            due = math.nextafter(due, math.inf)
        return due
