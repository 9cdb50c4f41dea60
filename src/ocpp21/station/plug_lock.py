"""The lock of a connector, and what the device model tells of it: ConnectorPlugRetentionLock (Part 2, G05)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from ocpp21.device_model import Variable
from ocpp21.device_model.catalogue import ConnectorPlugRetentionLock
from ocpp21.messages import AttributeEnumType, MutabilityEnumType
from ocpp21.station.hardware import Lock

__all__ = ["PlugLock"]

logger: Final = logging.getLogger("ocpp21.station")

#: How often a bolt is tried until the operator says otherwise (Tries, MaxSet); the standard names no number.
_TRIES: Final = 3


class PlugLock:
    """Moves a bolt, tries again when it is jammed, and tells when that begins and ends.

    Variables that the device model lacks are added: Active, Problem, and Tries with the number of attempts that are
    made as its MaxSet, which the CSMS may set.

    Args:
        lock: the hardware.
        component: of the device model, at the connector.
        report: told of a problem, true, and that it is over, false.

    Attributes:
        is_engaged: the plug is held.
    """

    def __init__(self, lock: Lock, component: ConnectorPlugRetentionLock, report: Callable[[bool], object], /) -> None:
        self._lock: Final = lock
        self._component: Final = component
        self._report: Final = report
        self.is_engaged = False
        _add(component.active, False)
        _add(component.problem, False)
        if not component.tries.exists:
            component.tries.add(0).support(
                AttributeEnumType.MAX_SET, _TRIES, mutability=MutabilityEnumType.READ_WRITE
            ).honour(None)

    @property
    def has_problem(self) -> bool:
        """Whether the bolt has not moved when it was last asked to."""
        return self._component.problem.get(False)

    async def engage(self) -> bool:
        """Hold the plug, in as many attempts as Tries allows; nothing happens when it is held.

        Returns:
            Whether it is held.
        """
        if self.is_engaged:
            return True
        tries = self._component.tries
        for number in range(1, max(tries.get(_TRIES, attribute=AttributeEnumType.MAX_SET), 1) + 1):
            tries.set(number)
            if await self._move(self._lock.lock):
                self._note(is_engaged=True, has_problem=False)
                return True
        self._note(is_engaged=False, has_problem=True)  # G05.FR.02
        return False

    async def free(self) -> bool:
        """Free the plug, also when none is held.

        Returns:
            Whether it is free.
        """
        is_free = await self._move(self._lock.unlock)
        self._note(is_engaged=self.is_engaged and not is_free, has_problem=not is_free)
        return is_free

    def slip(self) -> None:
        """Take note that the bolt has gone back by itself."""
        self._note(is_engaged=False, has_problem=True)

    async def _move(self, move: Callable[[], Any]) -> bool:
        try:
            await move()
        except Exception as error:
            logger.warning("%s does not move: %s", self._component.place, error)
            return False
        return True

    def _note(self, *, is_engaged: bool, has_problem: bool) -> None:
        self.is_engaged = is_engaged
        self._component.active.set(is_engaged)
        if has_problem != self.has_problem:
            self._component.problem.set(has_problem)
            self._report(has_problem)


def _add(variable: Variable[bool], value: bool) -> None:
    if not variable.exists:
        variable.add(value)
