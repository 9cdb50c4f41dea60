"""Plays how connections are opened: sees what a station shows when it connects, or shows something to a CSMS."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from ocpp21.conformance.cases.checks import Check, mismatch
from ocpp21.conformance.configuration import Configuration
from ocpp21.conformance.planning.operations import Opening, Serve, Upgrade
from ocpp21.conformance.verdict import Failed, Inconclusive
from ocpp21.conformance.wire.attempts import Attempt
from ocpp21.conformance.wire.csms_end import handshake_facts, status_of_upgrade, supports
from ocpp21.conformance.wire.handshakes import old
from ocpp21.conformance.wire.line import Line
from ocpp21.network_profile import ProfileNumber

if TYPE_CHECKING:
    from ocpp21.conformance.playing.interpreter import Interpreter

__all__ = ["LEAVING_S", "Connecting"]

#: What has been answered must have left before a connection is cut.
LEAVING_S: Final = 0.1

#: How far a connection comes that is let in, or not, by the test system.
_REACHED: Final = {"open": "websocket", "refused": "http", "broken_off": "tls"}


class Connecting:
    """Connections of one case.

    Args:
        interpreter: plays it.
        line: to the system under test.
        configuration: of the run.
    """

    def __init__(self, interpreter: Interpreter, line: Line, configuration: Configuration, /) -> None:
        self._interpreter: Final = interpreter
        self._line: Final = line
        self._configuration: Final = configuration
        self._urls: Final[dict[ProfileNumber, str]] = {}
        self._seen = 0  # attempts of the station that the case has come past

    def come_past(self) -> None:
        """What the station has opened so far has nothing to do with what comes now."""
        self._seen = len(self._line.attempts.all)

    # A station under test

    def serve(self, operation: Serve) -> None:
        """Show something to stations from now on.

        Raises:
            Inconclusive: there is no such certificate.
        """
        self._line.show(str(self._interpreter.context.resolve(operation.fault)), operation.endpoint)
        if operation.is_open:
            self._line.let_in(operation.endpoint)
        else:
            self._line.keep_out(operation.endpoint)

    async def opening(self, operation: Opening) -> None:
        """See a station open a connection, or try to.

        Raises:
            Failed: it does not, or otherwise than expected.
        """
        if operation.outcome == "before":
            latest = self._line.attempts.latest
            if latest is None:
                raise Failed(operation.place, "a connection of the station", "none")
            self._judge(operation, latest)
            return
        if operation.is_own_idea:
            await self._let_go()
        for _ in range(operation.count):
            attempt = await self._next(operation)
            self._judge(operation, attempt)
        if operation.outcome == "open":
            await self._line.connected()
        elif operation.outcome == "broken_off":
            await self._stay_away(operation, attempt)

    async def _let_go(self) -> None:
        """Cut the connection of a station that does not end it itself."""
        await self._interpreter.idle(self._configuration.settle_s)
        if self._seen == len(self._line.attempts.all) and self._line.is_connected:
            self._line.cut()

    async def _next(self, operation: Opening) -> Attempt:
        """Wait for an attempt that goes as far as is expected; those that went less far are passed over."""
        attempts, wanted = self._line.attempts, _REACHED[operation.outcome]
        found = "none in time"
        try:
            async with asyncio.timeout(self._configuration.boot_timeout_s):
                while True:
                    for attempt in attempts.all[self._seen :]:
                        if operation.endpoint not in (0, attempt.endpoint):
                            where = f"one at endpoint {attempt.endpoint}"
                            raise Failed(operation.place, f"a connection at endpoint {operation.endpoint}", where)
                        if attempt.reached == wanted:
                            self._seen = attempts.all.index(attempt) + 1
                            return attempt
                        found = f"one that ended in {attempt.reached.upper()}"
                    await attempts.news()
        except TimeoutError:
            raise Failed(operation.place, "a connection of the station", found) from None

    async def _stay_away(self, operation: Opening, attempt: Attempt) -> None:
        """See that nothing goes over TLS that the station should not trust, for two of its waits."""
        wait_s = attempt.facts.get("wait", self._configuration.back_off_s)
        await self._interpreter.idle(2.0 * max(wait_s, 1) + LEAVING_S)
        for one in self._line.attempts.all[self._seen - 1 :]:
            if one.reached != "tls":
                raise Failed(operation.place, "an end of the connection by the station", "a request to upgrade")
        self.come_past()

    def _judge(self, operation: Opening, attempt: Attempt) -> None:
        self._check(operation.place, operation.checks, attempt.facts)
        self._interpreter.context.said[operation.step] = attempt.facts
        facts = ", ".join(f"{name} {value}" for name, value in attempt.facts.items() if name != "Authorization")
        self._line.note(f"attempt to connect: {attempt.reached}, {facts}")

    def _check(self, place: str, checks: tuple[Check, ...], facts: dict[str, Any]) -> None:
        wrong = mismatch(checks, facts, self._interpreter.context.resolve)
        if wrong is None:
            return
        if wrong.expected.startswith("Authorization"):  # nobody's password is written down
            raise Failed(place, "the password that is configured", "another one, or none")
        raise Failed(place, wrong.expected, wrong.found)

    # A CSMS under test

    async def upgrade(self, operation: Upgrade) -> None:
        """Open a WebSocket as a station, or see that it is refused.

        Raises:
            Failed: the CSMS does otherwise.
            Inconclusive: there is no such certificate.
        """
        await asyncio.sleep(LEAVING_S)
        self._line.cut()
        context = self._interpreter.context
        security = self._configuration.security
        fault = str(context.resolve(operation.fault))
        profile = self._profile(operation)
        url = self._url_for(operation, profile)
        password = str(context.resolve(operation.password)) if operation.password else ""
        if operation.is_plain and profile != 3:
            password = self._configuration.password

        def make() -> Any:
            return security.client_context(profile, "" if fault == "old" else fault)

        tls = make()
        if operation.is_refused:
            user = str(context.resolve(operation.user)) if operation.user else self._configuration.identity
            await self._refused(operation, url, old(tls) if tls and fault == "old" else tls, user, password)
            return
        if tls is not None and (operation.checks or operation.suites):
            await self._look_at(operation, url, make)
        try:
            await self._line.reconnect(url, password=password, ssl=tls)
        except OSError as error:
            raise Failed(operation.place, "an open WebSocket", f"a refused upgrade: {error}") from error
        await self._line.connected()

    def _profile(self, operation: Upgrade) -> ProfileNumber:
        """The security profile to connect with."""
        if not operation.profile:
            return self._configuration.security.profile
        number = self._interpreter.context.resolve(operation.profile)
        second = self._configuration.security.second_profile
        if second is None or number != second:
            raise Inconclusive(f"{operation.place}: expected second_profile = {number} in [security], found {second}")
        return second

    def _url_for(self, operation: Upgrade, profile: ProfileNumber) -> str:
        """Where the CSMS is reached with a profile, as it told first: later steps may have the number of that one."""
        context = self._interpreter.context
        if profile not in self._urls:
            self._urls[profile] = str(context.resolve(operation.url)) or context.urls[0]
        return self._urls[profile]

    async def _refused(self, operation: Upgrade, url: str, tls: Any, user: str, password: str) -> None:
        identity = self._configuration.identity
        status = await status_of_upgrade(url, identity, user=user, password=password, context=tls)
        self._line.note(f"the CSMS has answered {status or 'nothing, and ended the connection'}")
        if status == 101:
            raise Failed(operation.place, "a refused upgrade", "an open WebSocket")
        if status and operation.fault == "old":
            raise Failed(operation.place, "an end of the connection below TLS 1.2", f"HTTP status {status}")

    async def _look_at(self, operation: Upgrade, url: str, make: Any) -> None:
        """Look at the TLS of the CSMS."""
        try:
            facts = await handshake_facts(url, make())
        except OSError as error:
            raise Failed(operation.place, "a TLS connection", str(error) or type(error).__name__) from error
        self._line.note(", ".join(f"{name} {value}" for name, value in facts.items()))
        self._check(operation.place, operation.checks, facts)
        for suite in operation.suites:
            if not await supports(url, make(), suite):
                raise Failed(operation.place, suite, "no agreement on it")
