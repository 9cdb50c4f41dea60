"""What the test system sees of the connections that a station opens, or tries to open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from ocpp21.asyncio import Candidate
from ocpp21.asyncio.authentication import credentials

__all__ = ["Attempt", "Attempts"]


@dataclass(slots=True, eq=False)
class Attempt:
    """A station has opened a connection, or tried to.

    Attributes:
        endpoint: number of the endpoint.
        reached: how far it has come: TLS has begun, a request of HTTP came, it is a WebSocket.
        facts: by the names of :data:`~ocpp21.conformance.cases.facts.FACTS`: the header ``Authorization`` and what it
            holds, ``identity`` of the path, ``subprotocols``, ``version`` and ``cipher`` of TLS with the ``serverName``
            that was asked for, the ``commonName`` of the client certificate; and ``wait``: whole seconds since there
            was a connection, or another attempt. What there was none of is missing.
    """

    endpoint: int
    reached: Literal["tls", "http", "websocket"]
    facts: dict[str, Any] = field(default_factory=dict)

    def take(self, candidate: Candidate, tls: dict[str, Any], /) -> None:
        """Take note of a request of HTTP."""
        self.reached = "http"
        self.facts |= {"identity": candidate.identity, "subprotocols": list(candidate.subprotocols), **tls}
        if candidate.certificate is not None:
            self.facts["commonName"] = ", ".join(candidate.certificate.common_names)
        if not candidate.authorization:
            return
        self.facts["Authorization"] = ", ".join(candidate.authorization)
        if shown := credentials(candidate.authorization):
            user, password = (part.decode("utf-8", "replace") for part in shown)
            self.facts |= {"user": user, "passwordLength": len(password)}


class Attempts:
    """All attempts, in order."""

    def __init__(self) -> None:
        self.all: Final[list[Attempt]] = []
        self._news = asyncio.Event()
        self._idle_since: float | None = None

    def begin(self, endpoint: int, security_profile: int, reached: Literal["tls", "http"], /) -> Attempt:
        """Take note of an attempt."""
        now = asyncio.get_running_loop().time()
        attempt = Attempt(endpoint, reached, {"endpoint": endpoint, "securityProfile": security_profile})
        if self._idle_since is not None:
            attempt.facts["wait"] = round(now - self._idle_since)
        self._idle_since = now
        self.all.append(attempt)
        self.tell()
        return attempt

    def note_end(self) -> None:
        """Take note of the end of a connection: from now on the station may try again."""
        self._idle_since = asyncio.get_running_loop().time()

    def tell(self) -> None:
        """Say that there is something new."""
        self._news.set()
        self._news = asyncio.Event()

    async def news(self) -> None:
        """Wait for something new."""
        await self._news.wait()

    @property
    def latest(self) -> Attempt | None:
        """The one that led to a WebSocket last."""
        return next((one for one in reversed(self.all) if one.reached == "websocket"), None)
