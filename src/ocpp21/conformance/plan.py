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

from ocpp21.conformance.acts import Act, Deed, read_act
from ocpp21.conformance.case import Case, Expectation, Step
from ocpp21.conformance.configuration import Configuration
from ocpp21.conformance.context import Context, understands
from ocpp21.conformance.load import Library
from ocpp21.conformance.operations import (
    CALL_ERROR,
    Ask,
    Do,
    Hear,
    Operation,
    Plan,
    Require,
    Silence,
    Trigger,
)
from ocpp21.conformance.scopes import (
    FORBIDDEN,
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
from ocpp21.conformance.setup_lines import EnterState, Note, Remember, SetVariable, StateCall
from ocpp21.conformance.upgrades import ADMITTED, REFUSED, read_logins, read_upgrade
from ocpp21.conformance.verdict import Inconclusive
from ocpp21.conformance.wire_steps import read_wire

__all__ = ["NotPlayable", "lay_out"]


#: What is so as well once a state is entered: the transaction is over, the cable still there.
_IMPLIES: Final = {"Deauthorized": frozenset({"StopAuthorized", "EVConnectedPostSession"})}
#: What is over once a state is entered.
_ENDS: Final[dict[str, frozenset[str]]] = {
    "EVDisconnected": frozenset(
        {
            "Authorized",
            "EVConnectedPreSession",
            "EVConnectedPostSession",
            "EnergyTransferStarted",
            "EnergyTransferSuspended",
            "StopAuthorized",
        }
    ),
    "StopAuthorized": frozenset({"Authorized"}),
}
#: An inoperative connector stays Unavailable whatever is plugged in.
_STATUS: Final = frozenset({"StatusNotificationRequest", "NotifyEventRequest"})
_SILENT_WHEN_INOPERATIVE: Final = frozenset(
    {"state Booted, ", "state EVConnectedPreSession, ", "state EVDisconnected, "}
)
#: Beginnings of notes of steps that are for a remote, or a local, start only.
_SCENARIOS: Final = ("remote scenario", "local scenario")
_AFTER_REBOOT: Final = frozenset({"Booted", "Booting", "ParkingBayUnoccupied"})
_OCCUPIED: Final = frozenset({"EVConnectedPreSession", "EnergyTransferStarted", "EVConnectedPostSession"})


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
    return Plan(case, tuple(planner.operations), tuple(planner.unchecked))


class _Planner:
    def __init__(self, case: Case, library: Library, configuration: Configuration, context: Context) -> None:
        self.operations: Final[list[Operation]] = []
        self.unchecked: Final[list[str]] = []
        self._case: Final = case
        self._library: Final = library
        self._configuration: Final = configuration
        self._context: Final = context
        self._places: dict[str, set[str]] = {}
        self._evse = ""
        self._is_inoperative = False
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
        for number, step in enumerate(steps):
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
                    self.operations.extend(read_logins(expectations, step, place))
                case "wire":
                    self._wire(step, steps[number + 1 :], place)
                case "request":
                    self._request(step, expectations, place, scope)
                case "response":
                    self._response(step, expectations, place, scope)

    def after(self, notes: Sequence[str]) -> None:
        """Take what must be so in the end: silence is listened for, the rest is for people."""
        for note in notes:
            text = note.removeprefix("note: ")
            if re.search(r"[Nn]o TransactionEventRequest(?! with eventType)", text):
                with_what = re.search(r"with (idToken|triggerReason)", text)
                self.operations.append(
                    Silence("end", ("TransactionEventRequest",), FORBIDDEN.get(with_what and with_what[1]))
                )
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
        return self._is_inoperative and is_status and scope.label in _SILENT_WHEN_INOPERATIVE

    # Steps

    def _request(self, step: Step, expectations: Sequence[Expectation], place: str, scope: Scope) -> None:
        if step.by == "TS":
            content = {path: given(value, scope, self._context) for path, value in step.content.items()}
            self._try(content, place, scope)
            message, content = chosen(step.messages, content)
            if message == "ChangeAvailabilityRequest":
                self._is_inoperative = content.get("operationalStatus") == "Inoperative"
            elif message == "ResetRequest":  # B12.FR.03: what gets idle becomes Unavailable until the reset
                self._is_inoperative = content.get("type") == "OnIdle"
            self.operations.append(
                Ask(place, step.number, message, content, scope.arguments, step.is_optional, step.note)
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
            if "type" in scope.overrides:
                return
            self.operations.append(Do(place, Act(Deed.REBOOT, step.text)))
            return
        acts = read_act(step.text, lambda name: getattr(configuration, name), places, presented=shown)
        if not acts:
            raise NotPlayable(f"{place}: no driver is asked to {step.text!r} yet")
        self.operations.extend(Do(place, act, is_optional=step.is_optional) for act in acts)
        if not self._depth or scope.label == "state Deauthorized, ":
            self._note_deed(acts, later)

    def _note_deed(self, acts: Sequence[Act], later: Sequence[Step]) -> None:
        """A case may enter a state by steps of its own."""
        for act in acts:
            match act.deed:
                case Deed.PRESENT if "EnergyTransferStarted" in self._entered:
                    self._entered.add("StopAuthorized")
                case Deed.PRESENT if "Authorized" not in self._entered:
                    statuses = [step.content.get("idTokenInfo.status") for step in later if step.by == "TS"]
                    if next(filter(None, statuses), "Accepted") == "Accepted":
                        self._entered.add("Authorized")
                case Deed.PLUG_IN:
                    self._entered.add("EVConnectedPreSession")
                case Deed.DRIVE_IN:
                    self._entered.add("ParkingBayOccupied")
                case Deed.UNPLUG:
                    self._entered.difference_update(_ENDS["EVDisconnected"])
                case Deed.DRIVE_OUT:
                    self._entered.discard("ParkingBayOccupied")

    def _wire(self, step: Step, later: Sequence[Step], place: str) -> None:
        if step.text.upper().startswith("CALLERROR"):
            self._error(step, place)
            return
        if self._case.role == "CSMS" and step.text in ("HTTP upgrade", *ADMITTED, *REFUSED):
            if step.by == "TS":
                upgrade = read_upgrade(step, later, place)
                if upgrade is None:
                    raise NotPlayable(f"{place}: the test system cannot upgrade like this yet")
                self._try({"password": upgrade.password}, place, Scope())
                self.operations.append(upgrade)
            return
        found = read_wire(step.text, step.by)
        if found is None:
            raise NotPlayable(f"{place}: the test system cannot {step.text!r} yet")
        for one in found:
            self.operations.append(replace(one, place=place))

    def _error(self, step: Step, place: str) -> None:
        """A CALLERROR, of the test system or of the system under test."""
        code = step.text.partition(" ")[2] or str(step.content.get("errorCode", ""))
        if step.by == "SUT":
            self.operations.append(
                Hear(place, step.number, (CALL_ERROR,), (), is_optional=step.is_optional, error=code)
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
        if any("is occupied" in one for one in line.unless) and self._entered & _OCCUPIED:
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
        if (call.name, self._case.role) == ("EnergyTransferStarted", "CSMS") and self._entered & _OCCUPIED:
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
        if inner.overrides.get("idTokenInfo.status", "Accepted") == "Accepted" or content.get("idToken") == "<cached>":
            self._entered.add(call.name)
        self._entered.difference_update(_ENDS.get(call.name, frozenset()))
        self._entered.update(_IMPLIES.get(call.name, frozenset()))
        if call.name in _AFTER_REBOOT:
            is_plugged = call.name == "Booted" and "EVConnectedPreSession" in self._entered
            self._entered.clear()
            self._entered.update({call.name, *(["EVConnectedPreSession"] if is_plugged else [])})
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
