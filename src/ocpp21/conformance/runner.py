"""Runs cases against a system under test, one after the other; each begins with a new line and a system in order."""

from __future__ import annotations

import asyncio
import traceback
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from ocpp21.conformance.cases.case import Case
from ocpp21.conformance.cases.load import Library, library
from ocpp21.conformance.claims import applies
from ocpp21.conformance.configuration import Configuration
from ocpp21.conformance.drivers import CannotDo, CsmsDriver, StationDriver
from ocpp21.conformance.drivers.http import HttpDriver
from ocpp21.conformance.planning.context import Context
from ocpp21.conformance.planning.operations import Plan
from ocpp21.conformance.planning.plan import lay_out
from ocpp21.conformance.playing.background import default_answer
from ocpp21.conformance.playing.interpreter import Interpreter
from ocpp21.conformance.playing.listening import Listener
from ocpp21.conformance.security import address_of, unfit
from ocpp21.conformance.verdict import Failed, Inconclusive, Result, Verdict
from ocpp21.conformance.wire.line import Line

__all__ = ["CsmsRunner", "Runner", "StationRunner", "playable"]

#: Stand for the endpoints until they are listened on.
_SOME_URLS: Final = ("wss://csms.example.com", "wss://csms.example.com:9001")


def playable(case: Case, configuration: Configuration, found: Library | None = None) -> Plan:
    """Lay out a case.

    Raises:
        Inconclusive: the kit cannot play it.
    """
    context = Context(configuration, datetime.now(UTC), urls=_SOME_URLS if case.role == "CS" else ())
    return lay_out(case, found or library(), configuration, context)


@asynccontextmanager
async def _leaving(driver: StationDriver | CsmsDriver, line: Line) -> AsyncIterator[None]:
    """Let the driver end, however the case ends; what it cannot do then changes no verdict."""
    try:
        yield
    finally:
        try:
            await driver.stop()
        except CannotDo as error:
            line.note(f"driver: {error}")


@dataclass(slots=True)
class Runner(ABC):
    """What both runners share.

    Attributes:
        configuration: of the run.
        now: the wall time.
        found: cases and states; those of the package by default.
        make_listener: makes what listens to the system under test.
    """

    configuration: Configuration
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    found: Library | None = None
    make_listener: type[Listener] = Listener

    async def run(self, case: Case, /) -> Result:
        """Run a case; whatever happens, it ends in a verdict."""
        why = applies(case, self.configuration.claims) or unfit(case, self.configuration.security.profile)
        if why:
            return Result(case, Verdict.NOT_APPLICABLE, reason=why)
        try:
            plan = playable(case, self.configuration, self.found)
        except Inconclusive as reason:
            return Result(case, Verdict.INCONCLUSIVE, reason=str(reason))
        return await self.play(plan)

    async def play(self, plan: Plan, /) -> Result:
        """Play a case that has been laid out; whatever happens, it ends in a verdict."""
        result = Result(plan.case, Verdict.PASS, unchecked=plan.unchecked, was_played=True)
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        try:
            async with asyncio.timeout(self.configuration.case_timeout_s):
                await self._play(plan, result)
        except Failed as failure:
            result.verdict = Verdict.FAIL
            result.place, result.expected, result.found = failure.place, failure.expected, failure.found
        except Inconclusive as reason:
            result.verdict, result.reason = Verdict.INCONCLUSIVE, str(reason)
        except TimeoutError:
            limit = f"the end of the case within {self.configuration.case_timeout_s:g} s"
            result.verdict = Verdict.FAIL
            result.place, result.expected, result.found = "case", limit, "no end"
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__} in {last.name}: {error}"
            result.verdict, result.reason = Verdict.INCONCLUSIVE, f"the kit itself has failed: {text}"
        result.duration_s = loop.time() - began_at
        return result

    @abstractmethod
    def reached(self) -> AbstractAsyncContextManager[None]:
        """Hold what cases need outside: an address to listen on, or a CSMS that lets us in.

        Raises:
            OSError: the address cannot be used, or the CSMS cannot be reached, or refuses.
            LocalProtocolError: the URL of the CSMS is not valid.
            CannotDo: the driver is not there.
        """

    @abstractmethod
    async def _play(self, plan: Plan, result: Result) -> None:
        """Play the steps of a case; what is not as expected is raised."""


@dataclass(slots=True)
class StationRunner(Runner):
    """Plays the CSMS against a Charging Station under test.

    Attributes:
        driver: acts at the station.
        host: address to listen on.
        port: likewise; 0 takes any that is free.
    """

    driver: StationDriver = field(kw_only=True)
    host: str = "127.0.0.1"
    port: int = 0

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[None]:
        """Hold the address."""
        line = Line("CSMS", timeout_s=self.configuration.message_timeout_s)
        try:
            await self._listen(line)
            if isinstance(self.driver, HttpDriver):
                await self.driver.reach()
            yield
        finally:
            await line.close()

    async def _play(self, plan: Plan, result: Result) -> None:
        line = Line("CSMS", timeout_s=self.configuration.message_timeout_s)
        interpreter = Interpreter(line, "CS", self.driver, self.configuration, self.now, self.make_listener)
        try:
            url = await self._listen(line)
            interpreter.context.urls = tuple(endpoint.url for endpoint in line.endpoints)
            await self.driver.start(url)
            async with _leaving(self.driver, line):
                await self._boot(line, interpreter)
                result.has_begun = True
                await interpreter.play(plan.operations)
        finally:
            await line.close()
            result.log = line.log.entries

    async def _listen(self, line: Line) -> str:
        security = self.configuration.security
        second = address_of(security.second_address) if security.second_address else (self.host, 0)
        return await line.listen((self.host, self.port), second, security=security)

    async def _boot(self, line: Line, interpreter: Interpreter) -> None:
        """Let the station connect, boot, and come to rest: idle, Accepted, without faults (Part 6)."""
        try:
            async with asyncio.timeout(self.configuration.boot_timeout_s):
                await line.connected()
        except TimeoutError:
            raise Failed("start", "a connection of the station", "none in time") from None
        while (heard := await line.hear(self.configuration.settle_s)) is not None:
            if heard.kind == "request":
                name, payload = default_answer(heard.message, heard.payload, interpreter.context)
                if name:
                    line.answer(heard, name, payload)


@dataclass(slots=True)
class CsmsRunner(Runner):
    """Plays the Charging Station against a CSMS under test.

    Attributes:
        driver: acts at the CSMS.
    """

    driver: CsmsDriver = field(kw_only=True)

    @asynccontextmanager
    async def reached(self) -> AsyncIterator[None]:
        """Be connected with the CSMS."""
        line = Line("CS", timeout_s=self.configuration.message_timeout_s)
        url = await self.driver.start()
        async with _leaving(self.driver, line):
            try:
                await self._connect(line, url)
                yield
            finally:
                await line.close()

    async def _play(self, plan: Plan, result: Result) -> None:
        line = Line("CS", timeout_s=self.configuration.message_timeout_s)
        interpreter = Interpreter(line, "CSMS", self.driver, self.configuration, self.now, self.make_listener)
        interpreter.context.begin()
        try:
            url = await self.driver.start()
            interpreter.context.urls = (url,)
            async with _leaving(self.driver, line):
                try:
                    await self._open(line, url)
                    if not plan.begins_with_boot:
                        await self._boot(line, interpreter)
                    result.has_begun = True
                    await interpreter.play(plan.operations)
                finally:
                    await line.close()
        finally:
            result.log = line.log.entries

    async def _open(self, line: Line, url: str) -> None:
        try:
            async with asyncio.timeout(self.configuration.boot_timeout_s):
                await self._connect(line, url)
                await line.connected()
        except TimeoutError:
            raise Failed("start", f"a connection to {url}", "none in time") from None
        except OSError as error:
            raise Failed("start", f"a connection to {url}", str(error) or type(error).__name__) from error

    async def _connect(self, line: Line, url: str) -> None:
        configuration = self.configuration
        profile = configuration.security.profile
        password = "" if profile == 3 else configuration.password
        await line.connect(
            url, configuration.identity, password=password, ssl=configuration.security.client_context(profile)
        )

    async def _boot(self, line: Line, interpreter: Interpreter) -> None:
        """Register, and tell the state of every connector, as a station in order does (Part 6)."""
        configuration = self.configuration
        await interpreter.exchange(
            "BootNotificationRequest",
            {"reason": "PowerUp", "chargingStation": {"model": "Model", "vendorName": "Vendor"}},
            "start",
        )
        for evse_id, connectors in enumerate(configuration.evses, start=1):
            for connector_id in range(1, connectors + 1):
                status = {"evseId": evse_id, "connectorId": connector_id, "connectorStatus": "Available"}
                await interpreter.exchange(
                    "StatusNotificationRequest", {**status, "timestamp": interpreter.context.timestamp()}, "start"
                )
        await interpreter.idle(configuration.settle_s)
