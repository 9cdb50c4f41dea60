"""Where a Charging Station connects to: network profiles, and which of them is tried next (Part 2, B10)."""

from __future__ import annotations

import ssl as tls
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from ocpp21.asyncio.identity import connection_url
from ocpp21.errors import LocalProtocolError

__all__ = ["Itinerary", "NetworkProfile", "WhenExhausted"]

#: What follows when every profile has had its attempts: all of them again, from the first (B10.FR.08), or the one that
#: worked last, for ever (B10.FR.07).
WhenExhausted = Literal["start_over", "last_successful"]


@dataclass(frozen=True)
class NetworkProfile:
    """How to reach a CSMS.

    Attributes:
        url: of the CSMS, without the identity.
        identity: of the Charging Station.
        password: for Basic authentication.
        ssl: for ``wss``: what is trusted, and the client certificate.

    Raises:
        LocalProtocolError: the URL or the identity is not valid, or ``ssl`` does not go with the URL.
    """

    url: str
    identity: str
    password: str | bytes | None = field(default=None, repr=False)
    ssl: tls.SSLContext | None = None

    def __post_init__(self) -> None:
        if connection_url(self.url, self.identity).startswith("wss:") != (self.ssl is not None):
            raise LocalProtocolError("expected `ssl` with wss://, and only there")


class Itinerary:
    """Says which profile is tried next.

    It begins with the first, as after a reboot (B10.FR.04). After a loss, the profile that was lost comes first.

    Args:
        profiles: in the order of NetworkConfigurationPriority.
        attempts: for each of them (NetworkProfileConnectionAttempts).
        when_exhausted: what follows when all have been made.

    Raises:
        LocalProtocolError: there are no profiles, or no attempts.
    """

    def __init__(
        self, profiles: Sequence[NetworkProfile], /, *, attempts: int = 3, when_exhausted: WhenExhausted = "start_over"
    ) -> None:
        if not profiles or attempts < 1:
            raise LocalProtocolError("expected at least one profile and one attempt")
        self._profiles: Final = tuple(profiles)
        self._attempts: Final = attempts
        self._when_exhausted: Final = when_exhausted
        self._index = 0
        self._failures = 0
        self._tried = 0
        self._successful: int | None = None

    @property
    def current(self) -> NetworkProfile:
        """The profile to try."""
        return self._profiles[self._index]

    def fail(self) -> None:
        """Note that an attempt has failed."""
        self._failures += 1
        if self._failures < self._attempts:
            return
        self._failures = 0
        self._tried += 1
        is_exhausted = self._tried >= len(self._profiles)
        if is_exhausted and self._when_exhausted == "last_successful" and self._successful is not None:
            self._index = self._successful
        else:
            self._index = (self._index + 1) % len(self._profiles)

    def succeed(self) -> bool:
        """Note that an attempt has led to a connection.

        Returns:
            Whether the one before was with another profile: then a new BootNotification is due (B10.FR.10).
        """
        is_other = self._successful not in (None, self._index)
        self._successful = self._index
        self._failures = self._tried = 0
        return is_other
