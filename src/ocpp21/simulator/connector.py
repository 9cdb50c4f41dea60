"""A connector with its cable and its lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import msgspec

from ocpp21.simulator.ev import EV
from ocpp21.station.hardware import ConnectorFacts, HardwareError

__all__ = ["Cable", "Impossible", "SimulatedConnector", "SimulatedLock"]


class Impossible(RuntimeError):
    """Nobody can do this: pull a locked plug, plug into an occupied socket, drive away with the cable in."""


class Cable(msgspec.Struct, frozen=True):
    """A cable that a driver brings along.

    Attributes:
        max_current_a: what it is coded for, in A (IEC 61851-1: 13, 20, 32, 63).
    """

    max_current_a: float = 32


class SimulatedLock:
    """The lock of a socket. The bolt stays where it is without power.

    Args:
        check_power: raises :class:`~ocpp21.station.hardware.HardwareError` when there is none.

    Attributes:
        is_locked: where the bolt is.
        is_jammed: it does not move.
        tries: how often it was asked to move.
    """

    def __init__(self, check_power: Callable[[], None]) -> None:
        self._check_power: Final = check_power
        self.is_locked = False
        self.is_jammed = False
        self.tries = 0

    async def lock(self) -> None:
        """Lock the plug."""
        self._move(True)

    async def unlock(self) -> None:
        """Free the plug."""
        self._move(False)

    def _move(self, locked: bool) -> None:
        self._check_power()
        self.tries += 1
        if self.is_jammed:
            raise HardwareError(f"the bolt is jammed, it stays {'locked' if self.is_locked else 'unlocked'}")
        self.is_locked = locked


class SimulatedConnector:
    """A connector: a socket with a lock, or a fixed cable without.

    Args:
        facts: how it was built.
        check_power: raises when the lock has none.

    Attributes:
        facts: how it was built.
        lock: of a socket; None for a fixed cable.
        cable: in the socket; always there for a fixed cable.
        ev: at the other end.
    """

    def __init__(self, facts: ConnectorFacts, check_power: Callable[[], None]) -> None:
        self.facts: Final = facts
        self.lock: Final = None if facts.has_fixed_cable else SimulatedLock(check_power)
        self.cable: Cable | None = None
        self.ev: EV | None = None

    @property
    def cable_max_current_a(self) -> float | None:
        """What the driver's cable is coded for, in A; None without, or with a fixed one."""
        return None if self.cable is None else self.cable.max_current_a

    def insert(self, cable: Cable) -> None:
        """Put a plug into the socket.

        Raises:
            Impossible: a plug is in, or the bolt is out.
        """
        if self.cable is not None:
            raise Impossible(f"expected connector {self.facts.connector_id} to be free, found a cable in it")
        if self.lock is not None and self.lock.is_locked:
            raise Impossible(f"expected connector {self.facts.connector_id} to be unlocked, found the bolt out")
        self.cable = cable

    def remove(self) -> None:
        """Pull the plug out of the socket.

        Raises:
            Impossible: there is none, or it is locked.
        """
        if self.cable is None:
            raise Impossible(f"expected a cable in connector {self.facts.connector_id}, found none")
        if self.lock is not None and self.lock.is_locked:
            raise Impossible(f"expected connector {self.facts.connector_id} to be unlocked, found it locked")
        self.cable = None

    def attach(self, ev: EV) -> None:
        """Put the other end into an EV.

        Raises:
            Impossible: it is in one, or there is no cable.
        """
        if self.ev is not None:
            raise Impossible(f"expected no EV at connector {self.facts.connector_id}, found one")
        if self.cable is None and not self.facts.has_fixed_cable:
            raise Impossible(f"expected a cable in connector {self.facts.connector_id}, found none")
        self.ev = ev

    def detach(self) -> EV:
        """Pull the other end out of the EV; returns it.

        Raises:
            Impossible: it is in none.
        """
        if self.ev is None:
            raise Impossible(f"expected an EV at connector {self.facts.connector_id}, found none")
        ev, self.ev = self.ev, None
        return ev
