"""The power supply of a simulated station: mains, reserve, boot and reset."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from ocpp21.messages import BootReasonEnumType
from ocpp21.simulator.connector import Impossible
from ocpp21.station.hardware import HardwareError

__all__ = ["Power"]


class Power:
    """Whether the station has mains, and whether it is up.

    Args:
        boot_s: how long a boot takes, in seconds.
        reserve_s: how long the station lives on without mains, in seconds.

    Attributes:
        has_mains: there is power from the grid.
        is_up: the station has booted.
        boot_reason: why it did: ``PowerUp``, ``Watchdog``, or ``Unknown`` after a reset that was asked for.
        when_down: called, in order, whenever it goes down.
        when_up: called, in order, whenever it has booted; not for the first time.
    """

    def __init__(self, *, boot_s: float, reserve_s: float) -> None:
        self.has_mains = True
        self.is_up = True
        self.boot_reason = BootReasonEnumType.POWER_UP
        self.when_down: Final[list[Callable[[], object]]] = []
        self.when_up: Final[list[Callable[[], object]]] = []
        self._boot_s: Final = boot_s
        self._reserve_s: Final = reserve_s
        self._timer: asyncio.TimerHandle | None = None  # of the reserve, or of the boot

    def check(self) -> None:
        """Raise :class:`~ocpp21.station.hardware.HardwareError` when the station is down."""
        if not self.is_up:
            raise HardwareError("the station has no power, or boots")

    def cut(self) -> bool:
        """Cut the mains; True when the station lives on its reserve.

        Raises:
            Impossible: they are cut.
        """
        if not self.has_mains:
            raise Impossible("expected the mains to be there, found them cut")
        self.has_mains = False
        if self.is_up and self._reserve_s:
            self._timer = asyncio.get_running_loop().call_later(self._reserve_s, self._go_down)
            return True
        self._go_down()
        return False

    def restore(self) -> bool:
        """Bring the mains back; True when the reserve has lasted, otherwise the station boots.

        Raises:
            Impossible: they are there.
        """
        if self.has_mains:
            raise Impossible("expected the mains to be cut, found them there")
        self.has_mains = True
        if self.is_up:
            self._cancel_timer()
            return True
        self._boot(BootReasonEnumType.POWER_UP)
        return False

    def reset(self, reason: BootReasonEnumType) -> None:
        """Go down, and boot if there are mains."""
        self._go_down()
        if self.has_mains:
            self._boot(reason)

    def _go_down(self) -> None:
        self._cancel_timer()
        was_up, self.is_up = self.is_up, False
        if was_up:
            for hook in self.when_down:
                hook()

    def _boot(self, reason: BootReasonEnumType) -> None:
        self.boot_reason = reason
        self._timer = asyncio.get_running_loop().call_later(self._boot_s, self._go_up)

    def _go_up(self) -> None:
        self._timer = None
        self.is_up = True
        for hook in self.when_up:
            hook()

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
