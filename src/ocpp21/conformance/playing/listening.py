"""Listens to the system under test: what of that which comes is what the case expects.

All that the case expects until the next deed is one window. Within a window TransactionEvents and reports of states may
come in any order, all else in the order of the case. What is expected must come in time; what may come is waited for
until the system under test has been silent for a while.

A message that meets the checks of nothing in the window is answered as a peer in good order would, and kept: it may
belong to a later window, as a station may be ahead of the case. If nothing has taken it in the end, and it came in
place of something that was expected of this kind, the case has failed, unless it is one that may always come.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from ocpp21.conformance.cases.case import Side
from ocpp21.conformance.cases.checks import Check, mismatch
from ocpp21.conformance.cases.facts import CALL_ERROR
from ocpp21.conformance.cases.readings import Readings
from ocpp21.conformance.planning.context import Context
from ocpp21.conformance.planning.operations import Among, Hear
from ocpp21.conformance.playing.background import default_answer, is_background
from ocpp21.conformance.playing.filling import compose, for_each_asked
from ocpp21.conformance.playing.fitting import any_entry, has_letters, next_in_turn
from ocpp21.conformance.playing.meter_readings import MeterReadings
from ocpp21.conformance.playing.sequence import Sequences
from ocpp21.conformance.playing.window import (
    Expected,
    brief,
    expected_text,
    found_text,
    is_same_step,
    is_sent_again,
    urgency,
)
from ocpp21.conformance.verdict import Failed, Inconclusive
from ocpp21.conformance.wire.line import Heard, Line
from ocpp21.errors import ErrorCode, OcppError

__all__ = ["Listener"]

#: May overtake one another and all else within a window.
_UNORDERED: Final = frozenset(
    {
        "MeterValuesRequest",
        "NotifyEventRequest",
        "SecurityEventNotificationRequest",
        "StatusNotificationRequest",
        "TransactionEventRequest",
    }
)

#: May come although nothing in the case expects them; when they do instead of something, they are looked at.
_TRANSACTION: Final = "TransactionEventRequest"


class Listener:
    """Listens to one system under test while a case is played.

    Args:
        line: to the system under test.
        role: of it.
        context: what is known, added to.

    Attributes:
        asked: numbers of our requests, by the names of their answers.
        early: what came, was answered, and belongs to no step so far.
    """

    def __init__(self, line: Line, role: Side, context: Context) -> None:
        self.asked: Final[dict[str, int]] = {}
        self.early: list[Heard] = []
        self.context: Final = context
        self._line: Final = line
        self._role: Final = role
        self._configuration: Final = context.configuration
        self._sequences: Final = Sequences()
        self._readings: Final = MeterReadings()
        self._last_at: Final[dict[str, float]] = {}  # when the last message of a name was taken
        self._compared: Final[list[Heard]] = []
        self._instead: Final[list[tuple[Heard, Expected, str]]] = []  # what came, where what was expected, and why not
        self._taken: Final[list[tuple[Heard, Hear]]] = []  # what had been refused, and what took it later

    async def listen(self, window: list[Expected]) -> None:
        """Listen until all that is expected has come, and nothing else does.

        Raises:
            Failed: something has not come, or came otherwise.
        """
        for expected in window:
            expected.asked = self.asked.get(expected.hear.messages[0], 0)
        for kept in list(self.early):
            if self._match(kept, window) is not None:
                self.early.remove(kept)
        loop = asyncio.get_running_loop()
        end = loop.time() + self._patience(window)
        while True:
            due = next((one for one in window if not one.count and not self._is_optional(one.hear)), None)
            open_ended = not window or any(one.hear.repeats or not one.count for one in window)
            if due is None and not open_ended:
                return
            timeout = self._silence(window) if due is None else max(end - loop.time(), 0.0)
            heard = await self._line.hear(timeout)
            self._check_faults()
            if heard is None:
                if due is not None:
                    raise Failed(
                        due.hear.place, expected_text(due), found_text(due, is_connected=self._line.is_connected)
                    )
                self._check_counts(window)
                return
            if self._match(heard, window) is None:
                self._reject(heard, window)

    def _silence(self, window: list[Expected]) -> float:
        """How long nothing must have come; what is sent again and again comes after ever longer waits."""
        is_resent = any(one.hear.arrival and one.hear.repeats for one in window)
        return self._configuration.message_timeout_s if is_resent else self._configuration.settle_s

    def _check_counts(self, window: list[Expected]) -> None:
        for one in window:
            if one.count:
                self._check_arrival(one.hear, {"count": one.count})

    def _check_arrival(self, hear: Hear, facts: dict[str, int]) -> None:
        """Check what there are facts for.

        Raises:
            Failed: a message came at another time, or another number of times.
        """
        checks = [check for check in hear.arrival if check.place[0].name in facts]
        self.context.bound |= facts
        wrong = mismatch(checks, facts, self.context.resolve)
        for name in facts:
            del self.context.bound[name]
        if wrong is not None:
            raise Failed(hear.place, wrong.expected, wrong.found)

    def _patience(self, window: list[Expected]) -> float:
        needs_boot = any("BootNotificationRequest" in one.hear.messages for one in window)
        configuration = self._configuration
        patience = configuration.boot_timeout_s if needs_boot else configuration.message_timeout_s
        return patience + (configuration.back_off_s * 2 if not self._line.is_connected else 0.0)

    def _match(self, heard: Heard, window: list[Expected]) -> Expected | None:
        """Find what a message meets, and answer it as the case says."""
        is_first, heard.is_new = heard.is_new, False
        if is_first:
            self._compared.append(heard)
        refused = [expected.hear for one, expected, _ in self._instead if one is heard]
        for number, expected in sorted(enumerate(window), key=urgency):
            hear = expected.hear
            if refused and not any(one.checks for one in hear.expectations):
                continue  # what came in place of something else is nothing for those who take anything
            if any(one is not hear and is_same_step(one, hear) for one in refused):
                continue  # nor for the same step when its state is entered once more
            if heard.kind == "error" and hear.messages == (CALL_ERROR,) and not expected.count:
                wrong = self._wrong_error(heard, hear)
                if wrong is None:
                    expected.count += 1
                    return expected
                expected.near.append(wrong)
                continue
            if heard.message not in hear.messages or (expected.count and not hear.repeats):
                continue
            if heard.kind == "error" or (heard.kind == "response" and heard.asked != expected.asked):
                continue
            if heard.message not in _UNORDERED and not self._is_turn(window[:number]):
                continue
            if hear.arrival and expected.count and not is_sent_again(heard, self.context.said.get(hear.step)):
                continue
            wrong = self._mismatch(heard, hear, expected.count)
            if wrong is not None:
                expected.near.append(wrong)
                if is_first:
                    self._instead.append((heard, expected, wrong))
                continue
            if hear.arrival:
                gap = round(heard.at - self._last_at.get(heard.message, heard.at))
                self._check_arrival(hear, {"gap": gap, "earlier": expected.count})
            self._last_at[heard.message] = heard.at
            expected.count += 1
            if refused:
                self._taken.append((heard, hear))
            self.context.said[hear.step] = heard.payload
            is_request = heard.kind == "request"
            self._line.log.mark(heard.message.removesuffix("Request") if is_request else "", hear.step)
            if heard.kind == "request" and heard.reply is not None and not heard.reply.done():
                self._answer(heard, hear, expected.count)
            self._learn(heard)
            return expected
        return None

    def _wrong_error(self, heard: Heard, hear: Hear) -> str | None:
        """Say what of a CALLERROR is not as expected."""
        code = heard.payload.get("errorCode")
        if hear.error not in ("", code):
            return f"CALLERROR {hear.error}, found {code}"
        checks = [check for one in hear.expectations for check in one.checks]
        wrong = mismatch(checks, heard.payload, self.context.resolve)
        return None if wrong is None else f"{wrong.expected}, found {wrong.found}"

    def _is_optional(self, hear: Hear) -> bool:
        return hear.is_optional or (bool(hear.optional_when) and self.context.has_said(hear.optional_when))

    def _is_turn(self, before: Sequence[Expected]) -> bool:
        return all(one.count or self._is_optional(one.hear) or set(one.hear.messages) & _UNORDERED for one in before)

    def _mismatch(self, heard: Heard, hear: Hear, count: int) -> str | None:
        """Say what of a message is not as expected; ``count`` of this kind have come before."""
        self.context.arguments = hear.arguments

        def resolve(text: str) -> Any:
            if hear.token is not None and self.context.token(text) == self._configuration.valid:
                return hear.token.type if text.endswith("type>") else hear.token.id
            return self.context.resolve(text, name)

        entries = [one for one in hear.expectations if one.message == heard.message]
        if not entries:
            return None
        found = None
        for entry in entries:
            name = ""
            checks = [next_in_turn(any_entry(check, heard.message), count) for check in entry.checks]
            for check in checks:
                name = check.alternatives[0].path[-1].name
                wrong = mismatch([check], heard.payload, resolve) if not has_letters(check) else None
                if wrong is not None:
                    found = f"{wrong.expected}, found {wrong.found}"
                    break
            else:
                lettered = [check for check in checks if has_letters(check)]
                wrong = mismatch(lettered, heard.payload, resolve)
                if wrong is None:
                    return None
                found = f"{wrong.expected}, found {wrong.found}"
        return found

    def _answer(self, heard: Heard, hear: Hear, count: int) -> None:
        name, payload = default_answer(heard.message, heard.payload, self.context)
        if not name:
            return
        if hear.error and (not hear.refused or count <= hear.refused):
            self._line.refuse(heard, ErrorCode(hear.error))
            return
        if hear.answer and name in ("TransactionEventResponse", "AuthorizeResponse", "BootNotificationResponse"):
            content = dict(hear.answer)
            if "idToken" not in heard.payload and name == "TransactionEventResponse":
                content = {path: value for path, value in content.items() if not path.startswith("idTokenInfo")}
            payload = compose(name, content, self.context)
        elif hear.answer:
            payload = compose(name, hear.answer, self.context)
        self._reply(heard, name, for_each_asked(heard.payload, name, payload))

    def _reply(self, heard: Heard, name: str, payload: dict[str, Any]) -> None:
        token, info = heard.payload.get("idToken"), payload.get("idTokenInfo")
        if isinstance(token, dict) and isinstance(info, dict):
            self.context.told[token.get("idToken", "")] = info["status"]
        try:
            self._line.answer(heard, name, payload)
        except OcppError as error:
            raise Inconclusive(f"the case makes a {name} that is not valid: {error}") from error

    def _reject(self, heard: Heard, window: list[Expected]) -> None:
        """Deal with a message that meets nothing in the window."""
        if heard.kind == "error":
            due = next((one for one in window if not one.count and heard.message in one.hear.messages), None)
            if due is None or heard.message not in due.hear.messages:
                self.early.append(heard)
                return
            raise Failed(due.hear.place, due.hear.messages[0], f"CALLERROR {brief(heard.payload)}")
        if heard.kind == "response":
            due = next((one for one in window if not one.count and heard.message in one.hear.messages), None)
            if due is not None and due.near:
                raise Failed(
                    due.hear.place, due.near[0].partition(", found ")[0], due.near[0].rpartition(", found ")[2]
                )
        self.keep(heard)

    def keep(self, heard: Heard) -> None:
        """Answer a message as a peer in good order would, and keep it."""
        if heard.kind == "request":
            name, payload = default_answer(heard.message, heard.payload, self.context)
            if name:
                self._reply(heard, name, for_each_asked(heard.payload, name, payload))
            self._learn(heard)
        self.early.append(heard)

    def _learn(self, heard: Heard) -> None:
        """Take note of what later steps may speak of."""
        if heard.kind != "request" or self._role == "CSMS":
            if heard.message == "RequestStartTransactionRequest":
                self.context.remote_start = heard.payload.get("remoteStartId", 0)
            return
        self._readings.take(heard.message, heard.payload)
        if heard.message == _TRANSACTION:
            info = heard.payload.get("transactionInfo", {})
            self.context.transaction = info.get("transactionId")
            self.context.is_running = heard.payload.get("eventType") != "Ended"
            if heard.payload.get("eventType") == "Started":
                self.context.started_at = heard.payload.get("timestamp")
            elif heard.payload.get("eventType") == "Ended":
                self.context.ended_at = heard.payload.get("timestamp")
            self._sequences.take_event(heard.payload)
        elif heard.message == "NotifyReportRequest":
            self._sequences.take_report(heard.payload)

    # The end

    def check_among(self, operation: Among) -> None:
        """See that one of all messages meets what is expected of one.

        Raises:
            Failed: none does.
        """
        hear = Hear(operation.place, operation.step, (), operation.expectations)
        names = {one.message for one in operation.expectations}
        wrong = ""
        for heard in self._compared:
            if heard.kind == "request" and heard.message in names:
                found = self._mismatch(heard, hear, 0)
                if found is None:
                    return
                wrong = found  # what came last is the nearest
        expected, _, found_text = wrong.rpartition(", found ") if wrong else (" or ".join(sorted(names)), "", "none")
        raise Failed(operation.place, expected, found_text)

    def check_never(self, place: str, messages: Collection[str], checks: Sequence[Check]) -> None:
        """See that nothing that has come meets checks.

        Raises:
            Failed: something does.
        """
        for heard in (*self._compared, *self.early):
            if heard.kind == "request" and heard.message in messages:
                if mismatch(checks, heard.payload, self.context.resolve) is None:
                    raise Failed(place, f"no {heard.message} with {checks[0]}", brief(heard.payload))

    def check_readings(self, expected: Readings, values: Mapping[str, str]) -> None:
        """See that all meter readings are as expected.

        Raises:
            Failed: some are not.
        """
        fault = self._readings.fault(expected, values, (self.context.started_at, self.context.ended_at))
        if fault is not None:
            raise Failed("meter readings", *fault)

    def _check_faults(self) -> None:
        if self._line.fault:
            raise Failed("wire", "frames that keep to the schemas and OCPP-J", self._line.fault)

    def check_left(self) -> None:
        """See that nothing came in place of something that the case expected otherwise."""
        self._check_faults()
        fault = self._sequences.fault()
        if fault is not None:
            raise Failed("sequence of messages", *fault)
        for heard, expected, wrong in self._instead:
            if expected.count or heard.kind != "request":
                continue  # what was expected came as well
            if heard not in self.early and not self._has_another(heard):
                continue  # something else took it
            if not is_background(heard.message, heard.payload):
                raise Failed(expected.hear.place, wrong.rpartition(", found ")[0], wrong.rpartition(", found ")[2])

    def _has_another(self, heard: Heard) -> bool:
        """Whether what took a message later could as well have taken one that is left: then either is too many."""
        return any(
            left.kind == "request" and left.message == heard.message and self._mismatch(left, hear, 0) is None
            for one, hear in self._taken
            if one is heard
            for left in self.early
        )
