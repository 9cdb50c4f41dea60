"""When the samples of a transaction are due: TxUpdatedInterval and TxEndedInterval, from its beginning (J02.FR.11)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from ocpp21.device_model import Variable
    from ocpp21.station import ChargingStation

__all__ = ["Sampling"]


class Sampling:
    """The two timers of one transaction.

    Args:
        station: the station.
        on_due: called with whether the sample is for the Ended event, and the time.

    Attributes:
        since: when the transaction began, in the time of the event loop.
    """

    def __init__(self, station: ChargingStation, on_due: Callable[[bool, datetime], object], /) -> None:
        self.since = 0.0
        sampled = station.device_model.sampled_data_ctrlr
        self._timers: Final = (
            _Timer(sampled.tx_updated_interval, lambda: on_due(False, station.now())),
            _Timer(sampled.tx_ended_interval, lambda: on_due(True, station.now())),
        )

    def start(self, since: float | None = None, /) -> None:
        """Begin, now or with a transaction that has begun before."""
        self.since = asyncio.get_running_loop().time() if since is None else since
        for timer in self._timers:
            timer.start(self.since)

    def stop(self) -> None:
        """Set no timers any more."""
        for timer in self._timers:
            timer.stop()


class _Timer:
    """Rings every interval; a new interval counts from the last time that it rang."""

    def __init__(self, interval: Variable[int], on_due: Callable[[], object]) -> None:
        self._interval: Final = interval
        self._on_due: Final = on_due
        self._last = 0.0
        self._handle: asyncio.TimerHandle | None = None
        self._forget: Callable[[], None] | None = None

    def start(self, since: float) -> None:
        self.stop()
        self._last = since
        self._forget = self._interval.on_change(lambda change: self._set())
        self._set()

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        if self._forget is not None:
            self._forget()
            self._forget = None

    def _set(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        interval_s = self._interval.get(0)
        if interval_s <= 0:
            return
        loop = asyncio.get_running_loop()
        missed = max(int((loop.time() - self._last) // interval_s), 0)
        self._handle = loop.call_at(self._last + (missed + 1) * interval_s, self._ring)

    def _ring(self) -> None:
        assert self._handle is not None
        self._last = self._handle.when()
        self._handle = None
        self._set()
        self._on_due()
