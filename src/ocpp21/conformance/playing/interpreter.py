"""Plays a case over the wire.

What the test system and people do is done in order, one after the other; in between the test system listens, as
:mod:`ocpp21.conformance.playing.listening` has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from ocpp21.conformance.cases.case import Side
from ocpp21.conformance.cases.checks import mismatch, parse_check
from ocpp21.conformance.cases.readings import Readings
from ocpp21.conformance.configuration import Configuration
from ocpp21.conformance.drivers import CannotDo, CsmsDriver, StationDriver
from ocpp21.conformance.planning.context import Context, Unknown
from ocpp21.conformance.planning.operations import (
    Among,
    Ask,
    Do,
    Hear,
    Opening,
    Operation,
    Repeat,
    Require,
    Serve,
    Silence,
    Trigger,
    Upgrade,
    Wire,
)
from ocpp21.conformance.playing.background import is_background
from ocpp21.conformance.playing.connecting import LEAVING_S, Connecting
from ocpp21.conformance.playing.filling import compose
from ocpp21.conformance.playing.listening import Listener
from ocpp21.conformance.playing.requirement import Variables
from ocpp21.conformance.playing.window import Expected, brief
from ocpp21.conformance.verdict import Failed, Inconclusive
from ocpp21.conformance.wire.line import Line
from ocpp21.errors import OcppError

__all__ = ["Interpreter"]


class Interpreter:
    """Plays one case.

    Args:
        line: to the system under test.
        role: of the system under test.
        driver: acts at the system under test.
        configuration: of the run.
        now: the wall time.
        make_listener: makes what listens to the system under test.
    """

    def __init__(
        self,
        line: Line,
        role: Side,
        driver: StationDriver | CsmsDriver,
        configuration: Configuration,
        now: Callable[[], datetime],
        make_listener: type[Listener] = Listener,
    ) -> None:
        self.context: Final = Context(configuration, now(), clock=now)
        self._listener: Final = make_listener(line, role, self.context)
        self._connecting: Final = Connecting(self, line, configuration)
        self._line: Final = line
        self._role: Final = role
        self._driver: Final = driver
        self._configuration: Final = configuration

    async def play(self, operations: Sequence[Operation]) -> None:
        """Play operations.

        Raises:
            Failed: the system under test does not do what is expected.
            Inconclusive: something could not be done.
        """
        self._connecting.come_past()
        await self._play(operations)
        await self._listener.listen([])
        self._listener.check_left()

    async def _play(self, operations: Sequence[Operation]) -> None:
        number = 0
        while number < len(operations):
            window = []
            while number < len(operations) and isinstance(operation := operations[number], Hear):
                window.append(operation)
                number += 1
            if window:
                await self._listener.listen([Expected(hear) for hear in window])
            elif not isinstance(operation := operations[number], Hear):
                number += 1
                await self._do(operation)
                if isinstance(operation, Do) and number < len(operations) and isinstance(operations[number], Do):
                    await asyncio.sleep(self._configuration.settle_s / 2)  # what comes now is for later

    # Doing

    async def _do(self, operation: Operation) -> None:
        match operation:
            case Ask():
                self._ask(operation)
            case Do():
                await self._perform(operation)
            case Trigger():
                await self._trigger(operation)
            case Require():
                await Variables(self, self._driver).require(operation.line)
            case Readings():
                variables = Variables(self, self._driver)
                values = {name: await variables.value(name) for name in operation.variables}
                self._listener.check_readings(operation, values)
            case Wire():
                await self._wire(operation)
            case Among():
                self._listener.check_among(operation)
            case Serve():
                self._connecting.serve(operation)
            case Opening():
                await self._connecting.opening(operation)
            case Upgrade():
                await self._connecting.upgrade(operation)
            case Repeat():
                await self._repeat(operation)
            case Silence():
                await self._silence(operation)

    def _ask(self, operation: Ask) -> None:
        context = self.context
        if operation.when and not context.has_said(operation.when):
            self._line.note(f"{operation.place}: left out, as not {operation.when}")
            return
        context.arguments = operation.arguments
        self._connecting.come_past()
        payload = self._composed(operation)
        self.send(operation.message, payload, operation.place)
        context.said[operation.step] = payload
        if operation.message == "TransactionEventRequest":
            context.transaction = payload["transactionInfo"]["transactionId"]
            context.is_running = payload["eventType"] != "Ended"

    def _composed(self, operation: Ask | Trigger) -> dict[str, Any]:
        try:
            return compose(operation.message, operation.content, self.context)
        except Unknown as error:
            raise Unknown(f"{operation.place}: {error}") from error

    def send(self, message: str, payload: dict[str, Any], place: str) -> None:
        """Send a request.

        Raises:
            Inconclusive: the case makes it one that must not be sent.
        """
        try:
            self._listener.asked[message.removesuffix("Request") + "Response"] = self._line.ask(message, payload)
        except OcppError as error:
            raise Inconclusive(f"{place}: the case makes a {message} that is not valid: {error}") from error

    async def exchange(self, message: str, payload: dict[str, Any], place: str) -> dict[str, Any]:
        """Send a request beside the steps of the case, and wait for its answer; all else that comes is kept.

        Raises:
            Failed: there is no answer.
        """
        self.send(message, payload, place)
        name = message.removesuffix("Request") + "Response"
        async for heard in self._until(self._configuration.message_timeout_s):
            if heard.asked == self._listener.asked[name]:
                if heard.kind == "error":
                    raise Failed(place, name, f"CALLERROR {brief(heard.payload)}")
                return dict(heard.payload)
            self._listener.keep(heard)
        raise Failed(place, name, "nothing in time")

    async def _perform(self, operation: Do) -> None:
        act = operation.act
        self._connecting.come_past()
        self._line.note(f"driver: {act.text}")
        driver: Any = self._driver
        try:
            if act.deed == "wait":
                await self.idle(act.seconds or self._configuration.transaction_s)
            else:
                await driver.perform(act)
        except CannotDo as error:
            if not operation.is_optional:
                raise CannotDo(f"{operation.place}: {error}") from error

    async def _trigger(self, operation: Trigger) -> None:
        if any(heard.message == operation.message for heard in self._listener.early):
            return
        self.context.arguments = operation.arguments
        payload = self._composed(operation)
        self._line.note(f"driver: let the CSMS send {operation.message}")
        driver: Any = self._driver
        await driver.trigger(self._configuration.identity, operation.message, payload)

    async def _wire(self, operation: Wire) -> None:
        line = self._line
        match operation.what:
            case "cut":
                await asyncio.sleep(LEAVING_S)
                self._connecting.come_past()
                line.cut()
            case "refuse":
                line.keep_out()
            case "accept":
                line.let_in()
            case "connected":
                if self._role == "CSMS" and not line.is_connected:
                    await line.reconnect()
                try:
                    async with asyncio.timeout(self._configuration.boot_timeout_s):
                        await line.connected()
                except TimeoutError:
                    raise Failed(operation.place, "a connection", "none in time") from None
            case "wait":
                seconds = self.context.resolve(operation.seconds) if operation.seconds else self._configuration.quiet_s
                await self.idle(float(seconds))

    async def _repeat(self, operation: Repeat) -> None:
        context = self.context
        for value in [one for text in operation.values for one in _entries(context.resolve(text))]:
            self._line.note(f"{operation.place} for {operation.name} {value}")
            context.bound[operation.name] = value
            await self._play(operation.operations)
        del context.bound[operation.name]

    async def _silence(self, operation: Silence) -> None:
        checks = [parse_check(operation.check)] if operation.check else []
        if operation.is_whole:
            self._listener.check_never(operation.place, operation.messages, checks)
        async for heard in self._until(self._configuration.quiet_s):
            name = heard.message
            if name in operation.messages and mismatch(checks, heard.payload, self.context.resolve) is None:
                if not is_background(name, heard.payload):
                    raise Failed(operation.place, f"no {name}", brief(heard.payload))
            self._listener.keep(heard)

    async def idle(self, seconds: float) -> None:
        """Let time pass, and answer what comes; what is not of the background is kept."""
        async for heard in self._until(seconds):
            self._listener.keep(heard)

    async def _until(self, seconds: float) -> Any:
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            heard = await self._line.hear(left)
            if heard is not None:
                yield heard


def _entries(value: Any) -> list[Any]:
    """The values that a text of a list stands for."""
    if isinstance(value, str) and "," in value:
        return [one.strip() for one in value.split(",")]
    return value if isinstance(value, list) else [value]
