"""Who may come in: where connections come from, how many there may be, and what a refusal looks like."""

from __future__ import annotations

import ipaddress
from collections import Counter
from typing import Any, Final

import msgspec

__all__ = ["Bounds", "Census", "Refusal", "source_of"]

#: Connections beyond a bound that still get a response saying so; any more are cut off.
_RESERVE: Final = 16


class Bounds(msgspec.Struct, frozen=True):
    """Bounds of a server; none of them is set by the standard.

    Attributes:
        connections: that may be open at a time, those in their handshake included.
        per_source: of them from one address; None for no bound, as behind a proxy or a Local Controller.
        arrivals_per_source: connections from one address at once, whatever becomes of them; every second gives a
            hundred back. None for no bound.
        handshake_timeout_s: for TLS, and again for the opening handshake, in seconds.
        failures_per_source: wrong credentials from one address at once; every second gives one back.
        failures_per_identity: wrong credentials for one identity at once, from one address or all together; every
            ten seconds give one back. The address that the station was last admitted from has a count of its own.
        takeovers: of one identity at once; every twenty seconds give one back.
        probe_timeout_s: in which an old connection must answer a ping to be kept, when there were too many takeovers.
    """

    connections: int = 10_000
    per_source: int | None = 1_000
    arrivals_per_source: int | None = 1_000
    handshake_timeout_s: float = 10.0
    failures_per_source: int = 20
    failures_per_identity: int = 5
    takeovers: int = 3
    probe_timeout_s: float = 2.0


class Refusal(msgspec.Struct, frozen=True):
    """Why somebody is not let in.

    Attributes:
        status: of the HTTP response.
        reason: for the log; the peer is not told.
        headers: of the response.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()


def source_of(peer_name: Any, /) -> str:
    """Make the key of where a connection comes from: an IPv4 address, or a network of IPv6, which one peer owns whole.

    Args:
        peer_name: as the socket gives it; anything but an address of IP is one source.
    """
    try:
        address = ipaddress.ip_address(peer_name[0].partition("%")[0])
    except (ValueError, TypeError, LookupError, AttributeError):
        return "local"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


class Census:
    """Counts connections, all of them and by source."""

    def __init__(self, bounds: Bounds, /) -> None:
        self._bounds: Final = bounds
        self._by_source: Counter[str] = Counter()
        self._total = 0

    def __len__(self) -> int:
        """The number of connections."""
        return self._total

    def enter(self, source: str, /) -> None:
        """Count one that has come."""
        self._total += 1
        self._by_source[source] += 1

    def leave(self, source: str, /) -> None:
        """Count one that has gone."""
        self._total -= 1
        self._by_source[source] -= 1
        if not self._by_source[source]:
            del self._by_source[source]

    def is_crowded(self, source: str, /) -> bool:
        """Whether there are more than may be."""
        return self._surplus(source) > 0

    def is_flooded(self, source: str, /) -> bool:
        """Whether there are so many more that not even a response is due."""
        return self._surplus(source) > _RESERVE

    def _surplus(self, source: str) -> int:
        per_source = self._bounds.per_source
        surplus = self._total - self._bounds.connections
        return surplus if per_source is None else max(surplus, self._by_source[source] - per_source)
