"""The power path of one EVSE: offer, lock and contactor, closed and opened in the order that is safe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

from ocpp21.station.hardware import CommunicatingEvse, Evse, Limit
from ocpp21.station.plug_lock import PlugLock

__all__ = ["PowerPath"]

logger: Final = logging.getLogger("ocpp21.station")


class PowerPath:
    """Closes and opens the way of the energy; what fails is logged, and leaves the EVSE without energy.

    Args:
        evse_id: for the log.
        hardware: the EVSE.
        locks: by connector_id; of the connectors that have one.

    Attributes:
        is_closed: energy can flow.
    """

    def __init__(self, evse_id: int, hardware: Evse, locks: Mapping[int, PlugLock], /) -> None:
        self._evse_id: Final = evse_id
        self._hardware: Final = hardware
        self._leads_to: int | None = None  # connector, when it was closed last; None is not known
        self.locks: Final = locks
        self.is_closed = False

    @property
    def is_locked(self) -> bool:
        """Whether a plug is held by a lock."""
        return any(lock.is_engaged for lock in self.locks.values())

    async def secure(self) -> None:
        """Come to the state that is known, after a start: contactor open, nothing offered, no plug held.

        The bolt stays where it is without power, and the contactor where it is when only the program has ended.
        """
        await self.open()
        for connector_id in self.locks:
            if not await self.free(connector_id):
                logger.error("EVSE %d does not free the plug of connector %d", self._evse_id, connector_id)

    async def lock(self, connector_id: int, /) -> bool:
        """Lock the plug, where there is a lock; says whether it is held, or need not be (G05.FR.01)."""
        lock = self.locks.get(connector_id)
        return lock is None or await lock.engage()

    async def close(self, connector_id: int, /) -> bool:
        """Lock the plug, offer all there is, close the contactor; what is closed stays so.

        Returns:
            False when something did not work: the contactor is open.
        """
        if self.is_closed:
            return True
        if not await self.lock(connector_id):
            return False
        self._leads_to = connector_id
        try:
            await self._hardware.offer(Limit())
            await self._hardware.contactor.close()
        except Exception as error:
            logger.error("EVSE %d gives no energy: %s", self._evse_id, error)
            await self.open()
            return False
        self.is_closed = True
        return True

    async def wind_down(self, patience_s: float, /) -> None:
        """Let the EV end the energy transfer itself, where it can be asked to, and open the contactor (F04).

        Args:
            patience_s: how long the EV may take, in s.
        """
        if self.is_closed and isinstance(self._hardware, CommunicatingEvse):
            try:
                async with asyncio.timeout(patience_s):
                    await self._hardware.ask_to_stop()
            except Exception as error:
                logger.warning("EVSE %d cuts the energy of an EV that goes on: %s", self._evse_id, error)
        await self.open()

    async def open(self) -> None:
        """Open the contactor and offer nothing; the plug stays locked."""
        self.is_closed = False
        try:
            await self._hardware.contactor.open()
            await self._hardware.offer(Limit(current_a=0.0))
        except Exception as error:
            logger.error("EVSE %d does not cut the energy: %s", self._evse_id, error)
            self.is_closed = True  # for all that is known: the plug stays locked

    async def unlock(self) -> None:
        """Free the plug, if it is held and no energy can flow."""
        for connector_id, lock in self.locks.items():
            if lock.is_engaged and not await self.free(connector_id):
                logger.error("EVSE %d does not free the plug of connector %d", self._evse_id, connector_id)

    async def free(self, connector_id: int, /) -> bool:
        """Free a plug, whether or not it is held, if no energy can flow there (F05.FR.06); says whether it is free.

        Raises:
            KeyError: the connector has no lock.
        """
        is_live = self.is_closed and self._leads_to in (None, connector_id)
        return not is_live and await self.locks[connector_id].free()
