"""The current connection of each station, and what becomes of it when the station connects again.

The standard does not say. Here the newest one wins, since it has proved who it is, and the old one may be half-open for
minutes. What is compared are connections, not identities: the late end of an old connection must not remove the new
one. Two peers that keep throwing one another out are stopped: after too many takeovers the old one stays while it
answers pings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ocpp21.asyncio.admission import Bounds, Refusal
from ocpp21.asyncio.connection import Connection
from ocpp21.asyncio.throttle import Throttle
from ocpp21.identity import fold

__all__ = ["Registry"]


class Registry(Mapping[str, Connection]):
    """The current connections by identity, without regard to case."""

    def __init__(self, bounds: Bounds, /) -> None:
        self._current: dict[str, Connection] = {}
        self._bounds: Final = bounds
        self._takeovers: Final = Throttle(burst=bounds.takeovers, per_s=0.05)

    def __getitem__(self, identity: str) -> Connection:
        return self._current[fold(identity)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._current)

    def __len__(self) -> int:
        return len(self._current)

    async def judge(self, identity: str, now: float, /) -> Refusal | None:
        """Decide whether a station that has proved who it is may connect.

        Args:
            identity: of the station.
            now: the time.

        Returns:
            Why not, or None.
        """
        wait_s = self._takeovers.wait_s(fold(identity), now)
        old = self.get(identity)
        if wait_s == 0 or old is None or not await old.is_alive(self._bounds.probe_timeout_s):
            return None
        return Refusal(429, "too many takeovers", (("Retry-After", str(wait_s)),))

    def enter(self, connection: Connection, now: float, /) -> Connection | None:
        """Make a connection the current one; returns the one that it replaces."""
        key = fold(connection.identity)
        old = self._current.get(key)
        self._current[key] = connection
        if old is not None:
            self._takeovers.take(key, now)
        return old

    def leave(self, connection: Connection, /) -> None:
        """Take out a connection that has ended, if it is still the current one."""
        key = fold(connection.identity)
        if self._current.get(key) is connection:
            del self._current[key]
