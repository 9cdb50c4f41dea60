"""An address of the test system that a station connects to: with which certificate, and who is let in."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final

from ocpp21.asyncio import Candidate, Connection, Patience, Refusal, Server, serve
from ocpp21.conformance.security import Security
from ocpp21.conformance.wire.attempts import Attempt, Attempts
from ocpp21.conformance.wire.handshakes import Handshake, Listening, listening, old
from ocpp21.handlers import Table
from ocpp21.network_profile import scheme_of
from ocpp21.session import Session
from ocpp21.versions import Version

__all__ = ["PATIENCE", "Endpoint"]

#: The test system is as patient as the case; it is the case that has a time limit.
PATIENCE: Final = Patience(ping_interval_s=0.0)


class Endpoint:
    """One address.

    Args:
        number: 1, or 2 for that of another network profile.
        security: its profile, and certificates.
        attempts: where all that connects is noted.

    Attributes:
        is_open: whether anybody is let in.
        url: for the station to connect to; empty until it is listened on.
    """

    def __init__(self, number: int, security: Security, attempts: Attempts, /) -> None:
        self.is_open = True
        self.url = ""
        self._number: Final = number
        self._security: Final = security
        self._profile: Final = security.profile_of(number)
        self._attempts: Final = attempts
        self._context: Listening | None = None
        self._server: Server | None = None
        self._pending: list[tuple[Handshake, Attempt]] = []

    async def listen(
        self,
        host: str,
        port: int,
        /,
        *,
        welcome: Callable[[Connection], Coroutine[Any, Any, None]],
        handlers: Table,
        make_session: Callable[[Version], Session],
    ) -> None:
        """Listen.

        Raises:
            OSError: the address cannot be used.
            Inconclusive: there is no certificate.
        """
        context = self._security.server_context(self._profile)
        if context is not None:
            self._context = listening(context, self._begin)
        self._server = await serve(
            welcome,
            host,
            port,
            admit=self._admit,
            allow_unauthenticated=True,
            ssl=self._context,
            handlers=handlers,
            make_session=lambda _, version: make_session(version),
            patience=PATIENCE,
        )
        name = self._security.host or host
        self.url = f"{scheme_of(self._profile)}://{name}:{self._server.ports[0]}"

    def show(self, fault: str, /) -> None:
        """Show another certificate from now on.

        Args:
            fault: of the certificate; empty for the good one; ``old`` for TLS 1.1 with the good one.

        Raises:
            Inconclusive: there is none.
        """
        if self._context is None:
            return
        context = self._security.server_context(self._profile, "" if fault == "old" else fault)
        assert context is not None
        self._context.current = old(context) if fault == "old" else context

    async def close(self) -> None:
        """Listen no more."""
        if self._server is not None:
            await self._server.drain(0.0)

    def _begin(self, handshake: Handshake) -> None:
        self._pending.append((handshake, self._attempts.begin(self._number, self._profile, "tls")))

    async def _admit(self, candidate: Candidate) -> Refusal | None:
        """Let every station in whatever it shows, and keep that: it is the case that judges."""
        done = [(handshake, attempt) for handshake, attempt in self._pending if handshake.is_done]
        if done:
            handshake, attempt = done[-1]
            attempt.take(candidate, handshake.facts)
            self._pending.clear()
        else:
            attempt = self._attempts.begin(self._number, self._profile, "http")
            attempt.take(candidate, {})
        self._attempts.tell()
        if not self.is_open:
            return Refusal(503, "the test system lets nobody in now")
        attempt.reached = "websocket"
        return None
