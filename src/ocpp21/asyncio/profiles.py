"""Where a Charging Station connects to: network profiles, and which of them is tried next (Part 2, B10)."""

from __future__ import annotations

import ssl as tls
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Generic, Literal, NamedTuple, Protocol, TypeVar

from ocpp21.errors import LocalProtocolError
from ocpp21.identity import connection_url

__all__ = ["FixedRoute", "Itinerary", "Leg", "NetworkProfile", "Route", "WhenExhausted"]

StopT = TypeVar("StopT")

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


class Itinerary(Generic[StopT]):
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
        self, profiles: Sequence[StopT], /, *, attempts: int = 3, when_exhausted: WhenExhausted = "start_over"
    ) -> None:
        if not profiles or attempts < 1:
            raise LocalProtocolError("expected at least one profile and one attempt")
        self._profiles = tuple(profiles)
        self._attempts = attempts
        self._when_exhausted: Final = when_exhausted
        self._current = self._profiles[0]
        self._failures = 0
        self._tried = 0
        self._successful: StopT | None = None

    @property
    def current(self) -> StopT:
        """The profile to try."""
        return self._current

    def revise(self, profiles: Sequence[StopT], /, *, attempts: int) -> None:
        """Go by another list from now on; the profile that is being tried stays, if it is in there.

        Raises:
            LocalProtocolError: there are no profiles, or no attempts.
        """
        if not profiles or attempts < 1:
            raise LocalProtocolError("expected at least one profile and one attempt")
        self._profiles, self._attempts = tuple(profiles), attempts
        if self._current not in self._profiles:
            self._current = self._profiles[0]
            self._failures = self._tried = 0

    def fail(self) -> None:
        """Note that an attempt has failed."""
        self._failures += 1
        if self._failures < self._attempts:  # B10.FR.03
            return
        self._failures = 0
        self._tried += 1
        is_exhausted = self._tried >= len(self._profiles)
        if is_exhausted and self._when_exhausted == "last_successful" and self._successful in self._profiles:
            assert self._successful is not None
            self._current = self._successful  # B10.FR.07
        else:  # B10.FR.08
            self._current = self._profiles[(self._profiles.index(self._current) + 1) % len(self._profiles)]

    def succeed(self) -> bool:
        """Note that an attempt has led to a connection.

        Returns:
            Whether the one before was with another profile: then a new BootNotification is due (B10.FR.10).
        """
        is_other = self._successful not in (None, self._current)
        self._successful = self._current
        self._failures = self._tried = 0
        return is_other


class Route(Protocol):
    """Where a client connects to next; asked anew for each attempt, since the CSMS may change it meanwhile."""

    async def next(self) -> Leg:
        """The attempt to make now; waits while there is none to make."""
        ...

    def fail(self) -> None:
        """The attempt has failed."""
        ...

    def succeed(self) -> bool:
        """The attempt has led to a connection; says whether the one before was with another profile (B10.FR.10)."""
        ...


class Leg(NamedTuple):
    """One attempt.

    Attributes:
        profile: to connect by.
        options: of :class:`~ocpp21.asyncio.client.connect`, over those of the client.
    """

    profile: NetworkProfile
    options: Mapping[str, Any] = MappingProxyType({})


class FixedRoute:
    """A :class:`Route` of profiles that stay as they are.

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
        # By number: the same profile twice is two places in the order.
        self._profiles: Final = tuple(profiles)
        numbers = range(len(self._profiles))
        self._itinerary: Final = Itinerary(numbers, attempts=attempts, when_exhausted=when_exhausted)
        self.fail: Final = self._itinerary.fail
        self.succeed: Final = self._itinerary.succeed

    async def next(self) -> Leg:
        """The profile whose turn it is."""
        return Leg(self._profiles[self._itinerary.current])
