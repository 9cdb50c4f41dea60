"""When the station was alive last: what tells, after a power cut, how long it has lasted (E17.FR.02)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import msgspec

from ocpp21.errors import StoreError
from ocpp21.station.store import Table

if TYPE_CHECKING:
    from ocpp21.station import ChargingStation

__all__ = ["LifeSign", "interval_s"]

logger: Final = logging.getLogger("ocpp21.station")

#: Longest and shortest time between two signs, in s: between wear of the memory and exactness.
_LONGEST_S: Final = 30.0
_SHORTEST_S: Final = 1.0


class _Sign(msgspec.Struct, frozen=True):
    """The station was alive."""

    at: datetime


_TABLE: Final = Table("life_sign", _Sign)
_KEY: Final = "last"


class LifeSign:
    """Writes down that the station is alive, for as long as that can matter.

    Args:
        station: the station.
        matters: whether something goes on that may have to be resumed.
    """

    def __init__(self, station: ChargingStation, matters: Callable[[], bool], /) -> None:
        self._station: Final = station
        self._matters: Final = matters
        self._task: asyncio.Task[None] | None = None

    async def last(self) -> datetime | None:
        """When the station was alive last, before it was started; None when nobody wrote it down.

        Raises:
            StoreError: the store could not be read.
        """
        sign = (await _TABLE.load(self._station.store)).get(_KEY)
        return None if sign is None else sign.at

    async def give(self) -> None:
        """Write down that the station is alive now; what the store refuses is logged."""
        try:
            await self._station.store.commit(_TABLE.put(_KEY, _Sign(self._station.now())))
        except StoreError as error:
            logger.warning("sign of life not written: %s", error)

    def keep_up(self) -> None:
        """Write it down again and again, from now on, for as long as it matters."""
        if self._timeout_s > 0 and self._matters() and (self._task is None or self._task.done()):
            self._task = self._station.accompany(self._keep_up())

    @property
    def _timeout_s(self) -> int:
        return self._station.device_model.tx_ctrlr.resumption_timeout.get(0)

    async def _keep_up(self) -> None:
        while self._timeout_s > 0 and self._matters():
            await self.give()
            await asyncio.sleep(interval_s(self._timeout_s))


def interval_s(timeout_s: float, /) -> float:
    """How often to give a sign of life, in s, for outages of such a length; one is measured too long by up to this."""
    return min(max(timeout_s / 10, _SHORTEST_S), _LONGEST_S)
