"""Where in a case we are: arguments and tokens of the states that are passed through, and what they change."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ocpp21.conformance.cases.case import Expectation, State, Step
from ocpp21.conformance.cases.members import shape_of
from ocpp21.conformance.cases.paths import parse_path
from ocpp21.conformance.cases.setup_lines import StateCall
from ocpp21.conformance.configuration import Configuration, Token
from ocpp21.conformance.planning.context import Context

__all__ = [
    "VARIANT",
    "Scope",
    "chosen",
    "enter_scope",
    "given",
    "overrides",
    "place_of",
    "presented",
    "status_of",
    "wanted_content",
]

VARIANT: Final = re.compile(r"([AB])(\d+)")
#: Stands for what the CSMS says of the IdToken of the state.
STATUS: Final = "<status of the idtoken>"
#: Stands for a valid IdToken that is not the one of the state.
_OTHER: Final = "<valid idtoken beside it>"
_REMOTE: Final = frozenset({"remote", "b"})
_LOCAL: Final = frozenset({"local", "a"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Where in a case we are.

    Attributes:
        label: of the places, such as ``state Authorized``.
        arguments: of the state, by parameter.
        overrides: members of the answers that the case gives in place of those of the state.
        remote: whether variant B is played; None when there are no variants.
        token: presented in place of the valid one.
    """

    label: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)
    remote: bool | None = None
    token: Token | None = None


def enter_scope(state: State, call: StateCall, content: Mapping[str, Any], outer: Scope, context: Context) -> Scope:
    arguments = {key: value for key, value in outer.arguments.items() if key in ("evseId", "connectorId")}
    remote: bool | None = None
    if any(VARIANT.fullmatch(step.number) for step in state.steps):
        remote = not context.configuration.local_start
    values = [value.partition("=")[2] or value for value in call.arguments]
    for position, value in enumerate(values):
        if value.lower() in _REMOTE | _LOCAL:
            remote = value.lower() in _REMOTE
        elif "evse.id" in value or "evseId" in value or value.startswith("evse "):
            arguments["evseId"] = value if value.startswith("<") else value.split()[-1]
        elif "connectorId" in value:
            arguments["connectorId"] = value
            arguments.setdefault("evseId", "<evseId>")
        elif position < len(state.parameters):
            arguments[state.parameters[position].split(" ")[0]] = value
    if "status Invalid" in " ".join(call.arguments):
        arguments["status"] = "Invalid"
    token = outer.token
    for key, value in content.items():
        if key == "idToken":
            token = context.token(str(value)) or context.configuration.valid
        elif key in ("evse.id", "evseId", "connectorId"):
            arguments["evseId" if key == "evse.id" else key] = str(value)
    for value in arguments.values():
        if (one := context.token(value)) is not None:
            token = one
    if call.name.startswith("Unavailable") and "charging station" in " ".join(call.arguments):
        arguments.clear()
    overrides = {key: value for key, value in content.items() if key not in ("idToken", "evse.id", "connectorId")}
    if status_of(token, context.configuration) != "Accepted":
        overrides.setdefault("idTokenInfo.status", status_of(token, context.configuration))
    return Scope(f"state {state.name}, ", {**arguments}, {**outer.overrides, **overrides}, remote, token)


def given(value: Any, scope: Scope, context: Context) -> Any:
    """Put the IdToken of the state, or its status, in place of the valid one."""
    if value == STATUS:
        return scope.arguments.get("status") or status_of(scope.token, context.configuration)
    if value == _OTHER:
        configuration = context.configuration
        return (configuration.valid if scope.token == configuration.valid2 else configuration.valid2).id
    if scope.token is not None and isinstance(value, str) and context.token(value) == context.configuration.valid:
        return scope.token.type if value.endswith("type>") else scope.token.id
    return value


def place_of(name: str, default: int, scope: Scope, context: Context) -> int:
    value = context.resolve(scope.arguments.get(name, default), name)
    return int(value) if str(value).isdigit() else default


def presented(later: Sequence[Step], expectations: Sequence[Expectation], context: Context) -> Token | None:
    """The IdToken that the next AuthorizeRequest is expected to tell of."""
    for step in later:
        if step.kind == "manual":
            return None
        for expectation in expectations:
            if expectation.step == step.number and step.by == "SUT":
                for check in expectation.checks:
                    first = check.alternatives[0]
                    if first.path[-1].name == "idToken" and first.values:
                        return context.token(first.values[0])
    return None


def status_of(token: Token | None, configuration: Configuration) -> str:
    """What the CSMS says of an IdToken by the configuration."""
    for known, status in (
        (configuration.invalid, "Invalid"),
        (configuration.blocked, "Blocked"),
        (configuration.expired, "Expired"),
    ):
        if token == known:
            return status
    return "Accepted"


def wanted_content(expectations: Sequence[Expectation], content: Mapping[str, Any]) -> dict[str, Any]:
    """What a request must hold for the checks of a step to be met: members by path."""
    wanted = dict(content)
    for expectation in expectations:
        for check in expectation.checks:
            if check.each:
                continue
            first = check.alternatives[0]
            path = ".".join(
                name if index is None else f"{name}[{index if isinstance(index, int) else 0}]"
                for name, index in first.path
            )
            if first.operator in ("==", "in", "contains") and first.values[0] != "absent":
                wanted[path] = first.values[0]
            elif first.operator == "present":
                wanted.setdefault(path, "<present>")
            elif first.operator in (">", ">="):
                bound = first.values[0]
                wanted[path] = int(bound) + 1 if bound.isdigit() else f"{bound} + 1"
    return wanted


def chosen(messages: Sequence[str], content: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Of alternative messages the first, with those of the members that are its own."""
    message = messages[0]
    shape = shape_of(message)
    names = {field.wire for field in shape.fields} if shape is not None else set()
    return message, {path: value for path, value in content.items() if parse_path(path)[0].name in names}


def overrides(response: str, content: Mapping[str, Any], given_by_case: Mapping[str, Any]) -> dict[str, Any]:
    """Members of an answer that the case gives in place of those of the state."""
    prefix = f"{response}."
    found = {key.removeprefix(prefix): value for key, value in given_by_case.items() if key.startswith(prefix)}
    found.update({key: value for key, value in given_by_case.items() if key in content})
    return found
