"""Lays out a case: its states taken apart, its answers beside the requests they answer, in one list of operations.

Which states are passed through is decided here, as a case decides it: by the states that were entered before, not by
what the system under test says. What cannot be played (words without a meaning, TLS handshakes) is found here, too,
before anything is sent: :class:`NotPlayable`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ocpp21.conformance.cases.case import Case, Expectation, Loop, Step, checks_of
from ocpp21.conformance.cases.facts import ARRIVAL, CALL_ERROR
from ocpp21.conformance.cases.load import Library
from ocpp21.conformance.cases.members import is_message
from ocpp21.conformance.cases.readings import Readings
from ocpp21.conformance.cases.remarks import asking
from ocpp21.conformance.cases.setup_lines import EnterState, Note, Remember, SetVariable, StateCall
from ocpp21.conformance.configuration import Configuration
from ocpp21.conformance.planning.acts import Act, Deed, read_act
from ocpp21.conformance.planning.context import Context, understands
from ocpp21.conformance.planning.endings import read_ending
from ocpp21.conformance.planning.entered import AFTER_REBOOT, OCCUPIED, note_deeds, note_state
from ocpp21.conformance.planning.openings import insert_serve, is_rebooting, opened_before
from ocpp21.conformance.planning.operations import (
    Among,
    Ask,
    Do,
    Hear,
    Operation,
    Plan,
    Repeat,
    Require,
    Serve,
    Trigger,
    Upgrade,
)
from ocpp21.conformance.planning.scopes import (
    VARIANT,
    Scope,
    chosen,
    enter_scope,
    given,
    overrides,
    place_of,
    presented,
    status_of,
    wanted_content,
)
from ocpp21.conformance.planning.wire_steps import read_connection
from ocpp21.conformance.verdict import Inconclusive

__all__ = ["NotPlayable", "lay_out"]

#: An inoperative connector stays Unavailable whatever is plugged in.
_STATUS: Final = frozenset({"StatusNotificationRequest", "NotifyEventRequest"})
_SILENT_WHEN_INOPERATIVE: Final = frozenset(
    {"state Booted, ", "state EVConnectedPreSession, ", "state EVDisconnected, "}
)
#: Beginnings of notes of steps that are for a remote, or a local, start only.
_SCENARIOS: Final = ("remote scenario", "local scenario")


class NotPlayable(Inconclusive):
    """A case that the kit cannot play; the text says why."""


def lay_out(case: Case, library: Library, configuration: Configuration, context: Context, /) -> Plan:
    """Lay out a case.

    Args:
        case: which.
        library: where its states are.
        configuration: of the run.
        context: to try the placeholders on.

    Raises:
        NotPlayable: something in it has no meaning.
    """
    planner = _Planner(case, library, configuration, context)
    planner.setup(case.setup, Scope())
    planner.steps(case.steps, case.expectations, Scope())
    planner.after(case.after)
    planner.in_the_end.extend(one for expectation in case.expectations for one in expectation.readings)
    return Plan(case, (*planner.operations, *planner.in_the_end), tuple(asking(planner.unchecked)))


class _Planner:
    def __init__(self, case: Case, library: Library, configuration: Configuration, context: Context) -> None:
        self.operations: list[Operation] = []
        self.in_the_end: Final[list[Among | Readings]] = []
        self.unchecked: Final[list[str]] = []
        self._case: Final = case
        self._library: Final = library
        self._configuration: Final = configuration
        self._context: Final = context
        self._places: dict[str, set[str]] = {}
        self._evse = ""
        self._is_inoperative = False
        self._waits_for_reset = False  # B12.FR.03: what gets idle becomes Unavailable until the reset
        self._depth = 0

    @property
    def _entered(self) -> set[str]:
        """States that were entered at the EVSE that the case plays at."""
        return self._places.setdefault(self._evse, set())

    def setup(self, lines: Sequence[Any], scope: Scope) -> None:
        """Take the lines that say what must be so before."""
        for line in lines:
            match line:
                case SetVariable():
                    if self._case.role == "CS" and not (self._depth and self._asks_for(line)):
                        self.operations.append(Require(line))
                case Remember():
                    if not line.condition:
                        self._enter(line.state, {}, scope)
                case EnterState():
                    self._prepare(line, scope)
                case Note():
                    self.unchecked.append(line.text)

    def steps(self, steps: Sequence[Step], expectations: Sequence[Expectation], scope: Scope) -> None:
        """Take the steps of the case or of a state."""
        end = 0
        for number, step in enumerate(steps):
            if number < end:
                continue  # has been taken by a loop
            if step.loop is not None:
                end = max(i for i, one in enumerate(steps) if one.number == step.loop.to) + 1
                self._loop((replace(step, loop=None), *steps[number + 1 : end]), step.loop, expectations, scope)
                continue
            variant = VARIANT.fullmatch(step.number)
            if variant is not None and scope.remote is not None and (variant[1] == "B") is not scope.remote:
                continue
            if step.note.startswith(_SCENARIOS[not self._configuration.local_start]):
                continue
            place = f"{scope.label}step {step.number}" if step.number else f"{scope.label}unnumbered step"
            match step.kind:
                case "note":
                    self.unchecked.append(step.note or step.text)
                case "manual":
                    self._manual(step, steps[number + 1 :], expectations, place, scope)
                case "state":
                    assert step.state is not None
                    self._enter(step.state, step.content, scope)
                    self.operations.extend(opened_before(expectations, step, place))
                    self._among(step, expectations, place)
                case "wire":
                    self._wire(steps, number, expectations, place)
                case "request":
                    self._request(step, expectations, place, scope)
                case "response":
                    self._response(step, expectations, place, scope)

    def after(self, notes: Sequence[str]) -> None:
        """Take what must be so in the end: silence is listened for, the rest is for people."""
        for note in notes:
            text = note.removeprefix("note: ")
            if (silence := read_ending(text)) is not None:
                self.operations.append(silence)
            elif text.startswith(("state is", "state ")):
                continue
            else:
                self.unchecked.append(text)

    def _asks_for(self, line: SetVariable) -> bool:
        """Whether the case itself says what a variable of a state must be."""
        own = [one for one in self._case.setup if isinstance(one, SetVariable)]
        return any((one.component, one.variable) == (line.component, line.variable) for one in own)

    def _is_silent(self, step: Step, scope: Scope) -> bool:
        """Whether a report of a state need not come, as the connector is inoperative."""
        is_status = bool(_STATUS & set(step.messages))
        is_unavailable = self._is_inoperative or self._waits_for_reset
        return is_unavailable and is_status and scope.label in _SILENT_WHEN_INOPERATIVE

    # Steps

    def _request(self, step: Step, expectations: Sequence[Expectation], place: str, scope: Scope) -> None:
        if step.by == "TS":
            content = {path: given(value, scope, self._context) for path, value in step.content.items()}
            self._try(content, place, scope)
            message, content = chosen(step.messages, content)
            if message == "ChangeAvailabilityRequest":
                self._is_inoperative = content.get("operationalStatus") == "Inoperative"
            elif message == "ResetRequest":
                self._waits_for_reset = content.get("type") == "OnIdle"
            self.operations.append(
                Ask(
                    place,
                    step.number,
                    message,
                    content,
                    scope.arguments,
                    step.is_optional,
                    step.note,
                    step.asked_when,
                )
            )
            return
        found = self._expected(step, expectations)
        if self._case.role == "CSMS" and not step.is_optional:
            wanted = wanted_content(found, step.content)
            self._try(wanted, place, scope)
            self.operations.append(Trigger(place, step.messages[0], wanted, scope.arguments))
        self.operations.append(
            Hear(
                place,
                step.number,
                step.messages,
                found,
                arguments=scope.arguments,
                is_optional=step.is_optional or self._is_silent(step, scope),
                optional_when=step.optional_when,
                repeats=step.repeats,
                token=scope.token,
                error="InternalError" if step.refused else "",
                refused=step.refused,
                arrival=checks_of(expectations, step.number, {ARRIVAL}),
            )
        )

    def _response(self, step: Step, expectations: Sequence[Expectation], place: str, scope: Scope) -> None:
        if step.by == "SUT":
            self.operations.append(
                Hear(
                    place,
                    step.number,
                    step.messages,
                    self._expected(step, expectations),
                    arguments=scope.arguments,
                    is_optional=step.is_optional,
                )
            )
            return
        requests = {message.removesuffix("Response") + "Request" for message in step.messages}
        for number in range(len(self.operations) - 1, -1, -1):
            operation = self.operations[number]
            if isinstance(operation, Hear) and requests & set(operation.messages) and not operation.answer_step:
                content = {**step.content, **overrides(step.messages[0], step.content, scope.overrides)}
                self._try(content, place, scope)
                self.operations[number] = replace(operation, answer=content, answer_step=place)
                return
        self.unchecked.append(f"{place}: {step.text} answers nothing that the case has")

    def _manual(
        self, step: Step, later: Sequence[Step], expectations: Sequence[Expectation], place: str, scope: Scope
    ) -> None:
        if self._case.role == "CSMS":
            if any(one.by == "SUT" and one.kind == "request" for one in later):
                return  # the request itself is triggered
            if "wait" not in step.text:
                self.unchecked.append(f"{place}: {step.text}")
            return
        configuration = self._configuration
        places = {
            "evse_id": place_of("evseId", configuration.evse_id, scope, self._context),
            "connector_id": place_of("connectorId", configuration.connector_id, scope, self._context),
        }
        shown = scope.token or presented(later, expectations, self._context)
        if self._depth and step.is_optional and step.text == "power cycle the CS":
            if "type" in scope.overrides or is_rebooting(self.operations):
                return
            self.operations.append(Do(place, Act(Deed.REBOOT, step.text)))
            return
        acts = read_act(step.text, lambda name: getattr(configuration, name), places, presented=shown)
        if not acts:
            raise NotPlayable(f"{place}: no driver is asked to {step.text!r} yet")
        self.operations.extend(Do(place, act, is_optional=step.is_optional) for act in acts)
        if not self._depth or scope.label == "state Deauthorized, ":
            note_deeds(self._entered, acts, later)

    def _among(self, step: Step, expectations: Sequence[Expectation], place: str) -> None:
        """What a case expects of a state beside what the state does is seen in the end."""
        found = tuple(one for one in expectations if one.step == step.number and is_message(one.message))
        if found:
            self.unchecked.extend(f"step {one.step}: {note}" for one in found for note in one.notes)
            self.in_the_end.append(Among(place, step.number, found))

    def _loop(self, steps: Sequence[Step], loop: Loop, expectations: Sequence[Expectation], scope: Scope) -> None:
        """Lay out steps that are played several times."""
        place = f"steps {steps[0].number} to {loop.to}"
        self._try({"value": list(loop.values)}, place, scope)
        before, self.operations = self.operations, []
        self._context.bound[loop.name] = "1"  # whatever it will be
        self.steps(steps, expectations, scope)
        del self._context.bound[loop.name]
        self.operations = [*before, Repeat(place, loop.name, loop.values, tuple(self.operations))]

    def _wire(self, steps: Sequence[Step], number: int, expectations: Sequence[Expectation], place: str) -> None:
        step = steps[number]
        if step.text.upper().startswith("CALLERROR"):
            self._error(step, expectations, place)
            return
        found = read_connection(self._case.role, steps, number, expectations, place)
        if found is None:
            raise NotPlayable(f"{place}: the test system cannot {step.text!r} yet")
        for one in found:
            if isinstance(one, Upgrade):
                texts = ("password", "user", "fault", "profile", "url")
                self._try({name: getattr(one, name) for name in texts}, place, Scope())
            if isinstance(one, Serve):
                insert_serve(self.operations, one)
            else:
                self.operations.append(one)

    def _error(self, step: Step, expectations: Sequence[Expectation], place: str) -> None:
        """A CALLERROR, of the test system or of the system under test."""
        code = step.text.partition(" ")[2] or str(step.content.get("errorCode", ""))
        if step.by == "SUT":
            found = tuple(one for one in expectations if (one.step, one.message) == (step.number, CALL_ERROR))
            self.operations.append(
                Hear(place, step.number, (CALL_ERROR,), found, is_optional=step.is_optional, error=code)
            )
            return
        for number in range(len(self.operations) - 1, -1, -1):
            operation = self.operations[number]
            if isinstance(operation, Hear) and operation.messages[0].endswith("Request"):
                self.operations[number] = replace(operation, error=code or "InternalError", answer_step=place)
                return
        raise NotPlayable(f"{place}: nothing is there to be refused")

    # States

    def _prepare(self, line: EnterState, scope: Scope) -> None:
        name = line.state.name
        if "attery" in line.condition or "SwapOrder" in line.condition or line.condition.startswith("<"):
            return
        if any(one in self._entered for one in line.unless):
            return
        if any("is occupied" in one for one in line.unless) and self._entered & OCCUPIED:
            return
        if self._depth and name in self._entered:
            return
        if name == "EnergyTransferStarted" and self._entered & {"EnergyTransferStarted"} and self._depth:
            return
        self._enter(line.state, {}, scope)

    def _enter(self, call: StateCall, content: Mapping[str, Any], scope: Scope) -> None:
        state = self._library.state(call.name, self._case.role)
        if state.is_memory and call.name.startswith("IdToken") and call.name != "IdTokenLocalAuthList":
            content = {"idToken": call.arguments[0] if call.arguments else "<valid idToken>"}
            known = status_of(self._context.token(content["idToken"]), self._configuration)
            if known != "Accepted":  # it is presented only, and refused
                call, content = StateCall("Authorized", ()), {**content, "idTokenInfo.status": known}
                state = self._library.state(call.name, self._case.role)
        if self._depth > 8:
            raise NotPlayable(f"state {call.name} leads to itself")
        self._depth += 1
        inner = enter_scope(state, call, content, scope, self._context)
        before, self._evse = self._evse, str(inner.arguments.get("evseId", self._evse))
        self.setup(state.setup, replace(inner, remote=None, overrides={}))
        steps = state.steps
        self._waits_for_reset = self._waits_for_reset and call.name not in AFTER_REBOOT
        if (call.name, self._case.role) == ("EnergyTransferStarted", "CSMS") and self._entered & OCCUPIED:
            steps = tuple(step for step in steps if step.number not in ("1", "2", "3", "4"))
        if call.name == "Booted" and "type" in content:
            steps = tuple(
                replace(step, content={**step.content, "type": content["type"]}, is_optional=False)
                if step.messages == ("ResetRequest",)
                else replace(step, is_optional=False)
                if step.messages == ("ResetResponse",)
                else step
                for step in steps
            )
        elif call.name == "Booted":
            steps = tuple(step for step in steps if step.messages not in (("ResetRequest",), ("ResetResponse",)))
        self.steps(steps, state.expectations, inner)
        self._depth -= 1
        is_accepted = inner.overrides.get("idTokenInfo.status", "Accepted") == "Accepted"
        note_state(self._entered, call.name, is_entered=is_accepted or content.get("idToken") == "<cached>")
        if call.name in AFTER_REBOOT:
            self._is_inoperative = self._is_inoperative and call.name == "ParkingBayUnoccupied"
        self._evse = before

    # Values

    def _expected(self, step: Step, expectations: Sequence[Expectation]) -> tuple[Expectation, ...]:
        found = []
        for one in expectations:
            if one.step == step.number and one.message in step.messages:
                found.append(one)
                self.unchecked.extend(f"step {one.step}: {note}" for note in one.notes)
        return tuple(found)

    def _try(self, content: Mapping[str, Any], place: str, scope: Scope) -> None:
        """See that the placeholders mean something."""
        for path, value in content.items():
            name = re.sub(r"\[.*?\]", "", path.rpartition(".")[2])
            why = understands(value, replace(self._context, arguments=scope.arguments), name)
            if why:
                raise NotPlayable(f"{place}: {why}")
