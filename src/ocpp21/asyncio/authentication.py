"""HTTP Basic authentication of Charging Stations, throttled (Part 2, A00.FR.204 to A00.FR.207).

Guesses cost a token of three buckets: of where they come from, of the identity from there, and of the identity from
anywhere. The last one would let an attacker lock a station out, so the address that the station was last admitted from
is exempt from it. A token is taken before the password is looked at, so that guesses made at once count, and given back
to whoever is right.
"""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from ocpp21.asyncio.admission import Bounds, Refusal
from ocpp21.asyncio.journal import complain, note
from ocpp21.asyncio.passwords import Authenticator
from ocpp21.asyncio.throttle import Throttle
from ocpp21.identity import fold

__all__ = ["Authentication", "Knows", "credentials"]

#: Says whether there is a station of this identity.
Knows = Callable[[str], Awaitable[bool]]

#: What to say to who has not said a good password (RFC 7617).
_CHALLENGE: Final = (("WWW-Authenticate", 'Basic realm="ocpp", charset="UTF-8"'),)

#: Longest password that is looked at, in bytes: 64 characters (Part 2, A00.FR.205) in UTF-8.
_MAX_PASSWORD: Final = 256

#: Stations whose last address is remembered.
_REMEMBERED: Final = 65_536


def credentials(headers: Sequence[str], /) -> tuple[bytes, bytes] | None:
    """Read user and password out of the Authorization headers; None unless there is exactly one, and it is good."""
    if len(headers) != 1:
        return None
    scheme, _, encoded = headers[0].partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
    except (binascii.Error, ValueError):
        return None
    return (user, password) if colon else None


class Authentication:
    """Decides who is let in by password.

    Args:
        authenticator: knows the passwords.
        bounds: on failures.
        knows: says which identities there are; a station that is not known is answered 404 (Part 4, 3.3).
        uniform_401: answer 401 to those, too, so that nobody learns which identities there are.
    """

    def __init__(
        self, authenticator: Authenticator, bounds: Bounds, /, *, knows: Knows | None = None, uniform_401: bool = False
    ) -> None:
        self._authenticator: Final = authenticator
        self._knows: Final = None if uniform_401 else knows
        self._by_source: Final = Throttle(burst=bounds.failures_per_source, per_s=1.0)
        self._by_both: Final = Throttle(burst=bounds.failures_per_identity, per_s=0.1)
        self._by_identity: Final = Throttle(burst=bounds.failures_per_identity, per_s=0.1)
        self._home: dict[str, str] = {}  # where a station was last admitted from

    async def judge(self, identity: str, headers: Sequence[str], source: str, now: float, /) -> Refusal | None:
        """Decide on one attempt.

        Args:
            identity: of the path.
            headers: every Authorization header.
            source: where the attempt comes from.
            now: the time.

        Returns:
            Why it is refused, or None.
        """
        taken = self._take(fold(identity), source, now)
        if isinstance(taken, Refusal):
            return taken
        refusal = await self._look(identity, headers)
        if refusal is None or refusal.status == 500 or (refusal.status == 401 and not headers):  # nobody has guessed
            for throttle, key in taken:
                throttle.give_back(key, now)
        if refusal is None:
            self._remember(fold(identity), source)
        return refusal

    def _take(self, key: str, source: str, now: float) -> list[tuple[Throttle, object]] | Refusal:
        """Take a token of each bucket, or none."""
        wanted: list[tuple[Throttle, object]] = [(self._by_source, source), (self._by_both, (key, source))]
        if self._home.get(key) != source:
            wanted.append((self._by_identity, key))
        for count, (throttle, bucket) in enumerate(wanted):
            if not throttle.take(bucket, now):
                for taken, other in wanted[:count]:
                    taken.give_back(other, now)
                wait_s = throttle.wait_s(bucket, now)
                return Refusal(429, "too many failures", (("Retry-After", str(wait_s)),))
        return wanted

    async def _look(self, identity: str, headers: Sequence[str]) -> Refusal | None:
        try:
            if self._knows is not None and not await self._knows(identity):
                return Refusal(404, "unknown identity")
            if await self._is_right(identity, headers):
                return None
        except Exception as error:
            complain("authenticator failed", error, identity=identity)
            return Refusal(500, "authenticator failed")
        return Refusal(401, "wrong credentials" if headers else "no credentials", _CHALLENGE)

    async def _is_right(self, identity: str, headers: Sequence[str]) -> bool:
        """Whether the credentials are those of the identity in the path, and of nobody else (A00.FR.207)."""
        said = credentials(headers)
        if said is None:
            return False
        user, password = said
        if user != identity.encode():
            note(logging.INFO, "user is not the identity", identity=identity)
            return False
        return len(password) <= _MAX_PASSWORD and await self._authenticator.authenticate(identity, password)

    def _remember(self, key: str, source: str) -> None:
        self._home.pop(key, None)
        self._home[key] = source
        if len(self._home) > _REMEMBERED:
            del self._home[next(iter(self._home))]
