"""A wall clock on top of the time of the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["SimulatedClock", "real_epoch"]


class SimulatedClock:
    """A clock with a battery: it runs on while the station has no power.

    Args:
        epoch: aware true wall time at time 0 of the event loop.
        check_power: raises :class:`~ocpp21.station.hardware.HardwareError` when there is none.
        error_s: how far it is ahead of the true time at the beginning, in seconds.

    Raises:
        ValueError: the epoch is not aware.
    """

    def __init__(self, epoch: datetime, check_power: Callable[[], None], *, error_s: float = 0.0) -> None:
        if epoch.utcoffset() is None:
            raise ValueError(f"expected an aware epoch, found {epoch.isoformat()}")
        self._epoch: Final = epoch
        self._check_power: Final = check_power
        self._error = timedelta(seconds=error_s)

    @property
    def true_time(self) -> datetime:
        """What a perfect clock would show."""
        return self._epoch + timedelta(seconds=asyncio.get_running_loop().time())

    def now(self) -> datetime:
        """What this one shows."""
        return self.true_time + self._error

    async def set(self, time: datetime, /) -> None:
        """Set it to an aware time."""
        self._check_power()
        self._error = time - self.true_time


def real_epoch() -> datetime:
    """The wall time at time 0 of the running event loop, when that runs in real time: the epoch of a live station."""
    return datetime.now(UTC) - timedelta(seconds=asyncio.get_running_loop().time())
