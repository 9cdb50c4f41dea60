"""What must be so before a case begins: ``variable TxCtrlr.TxStartPoint contains Authorized (if ReadWrite)``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["EnterState", "Note", "Remember", "SetVariable", "SetupLine", "SetupLineError", "StateCall", "parse_setup"]


class SetupLineError(ValueError):
    """A line that cannot be read; the text says what was expected and found."""


@dataclass(frozen=True, slots=True)
class SetVariable:
    """A variable must have a value.

    Attributes:
        component: name.
        component_instance: or None.
        variable: name.
        variable_instance: or None.
        relation: what the value must be to ``values``: the only one, one of them, or one or more in its list.
        values: texts; placeholders are not resolved.
        unless: it need not be so where the station has no such variable, or where it cannot be written.
    """

    component: str
    component_instance: str | None
    variable: str
    variable_instance: str | None
    relation: Literal["==", ">", "in", "contains", "absent"]
    values: tuple[str, ...]
    unless: Literal["missing", "read-only"] | None = None

    def __str__(self) -> str:
        first = f"[{self.component_instance}]" if self.component_instance else ""
        second = f"[{self.variable_instance}]" if self.variable_instance else ""
        return f"{self.component}{first}.{self.variable}{second} {self.relation} {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class StateCall:
    """A state with its arguments.

    Attributes:
        name: of the state.
        arguments: texts, in order; placeholders are not resolved.
    """

    name: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}({', '.join(self.arguments)})" if self.arguments else self.name


@dataclass(frozen=True, slots=True)
class Remember:
    """A memory state: something that the system under test must have stored.

    Attributes:
        state: which.
        is_optional: when the feature is implemented only.
        condition: a text such as ``<securityProfile> == 1``; empty for always.
    """

    state: StateCall
    is_optional: bool = False
    condition: str = ""


@dataclass(frozen=True, slots=True)
class EnterState:
    """A reusable state to be in.

    Attributes:
        state: which.
        unless: states in which nothing is to be done; the state itself for ``unless already``.
        is_optional: it may be left out.
        condition: a text such as ``<EVProtocol> == CHAdeMO``, or a remark; empty for always.
    """

    state: StateCall
    unless: tuple[str, ...] = ()
    is_optional: bool = False
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something for people."""

    text: str


SetupLine: TypeAlias = SetVariable | Remember | EnterState | Note

_SUFFIX: Final = re.compile(r"(?P<body>.*?)(?: \((?P<remark>[^()]*)\))?")
_VARIABLE: Final = re.compile(
    r"(?P<component>\w+)(?:\[(?P<component_instance>[^\]]+)\])?\.(?P<variable>\w+)(?:\[(?P<variable_instance>[^\]]+)\])?"
    r" (?P<relation>=|>|in|contains any of|contains|absent or empty)(?: (?P<value>.*))?"
)
_STATE: Final = re.compile(r"(?P<name>[A-Za-z0-9][\w -]*?)(?:\((?P<arguments>.*)\))?")
_REMARKS: Final[dict[str, Literal["missing", "read-only"]]] = {
    "if implemented": "missing",
    "if supported": "missing",
    "if ReadWrite": "read-only",
    "if implemented and ReadWrite": "read-only",
}


def parse_setup(line: str, /) -> SetupLine:
    """Read a line.

    Raises:
        SetupLineError: it is none.
    """
    kind, _, rest = line.partition(" ")
    if kind == "note:":
        return Note(rest)
    if kind == "variable":
        return _variable(rest)
    if kind == "memory":
        body, _, condition = rest.partition(" if ")
        match = _SUFFIX.fullmatch(rest) if rest.endswith("(if implemented)") else None
        if match is not None:
            return Remember(parse_state(match["body"]), is_optional=True)
        return Remember(parse_state(body), condition=condition.partition(" (")[0])
    if kind == "state":
        return _enter(rest)
    raise SetupLineError(f"expected a line of variable, memory, state or note:, found {line!r}")


def parse_state(text: str, /) -> StateCall:
    """Read a state with its arguments.

    Raises:
        SetupLineError: it is none.
    """
    match = _STATE.fullmatch(text.strip())
    if match is None:
        raise SetupLineError(f"expected a state such as Name(argument), found {text!r}")
    arguments = tuple(part.strip() for part in (match["arguments"] or "").split(",") if part.strip())
    return StateCall(match["name"].strip(), arguments)


def _variable(text: str) -> SetVariable:
    unless: Literal["missing", "read-only"] | None = None
    for remark, excuse in _REMARKS.items():
        if text.endswith(f" ({remark})"):
            text, unless = text.removesuffix(f" ({remark})"), excuse
            break
    match = _VARIABLE.fullmatch(text)
    if match is None:
        raise SetupLineError(f"expected Component.Variable = value, found {text!r}")
    value = match["value"] or ""
    relation = match["relation"]
    values: tuple[str, ...] = (value.strip('"'),)
    if relation in ("in", "contains any of") or value.startswith("("):
        values = tuple(part.strip() for part in value.strip("()").split(","))
    if relation == "contains" and " and/or " in value:
        values = tuple(part.strip() for part in value.partition(" (")[0].split(" and/or "))
    meaning: Literal["==", ">", "in", "contains", "absent"] = "=="
    if relation == ">":
        meaning = ">"
    elif relation.startswith("contains"):
        meaning = "contains"
    elif relation == "in":
        meaning = "in"
    elif relation == "absent or empty":
        meaning, values = "absent", ()
    return SetVariable(
        match["component"],
        match["component_instance"],
        match["variable"],
        match["variable_instance"],
        meaning,
        values,
        unless,
    )


def _enter(text: str) -> EnterState:
    is_optional = text.endswith(" (optional)")
    text = text.removesuffix(" (optional)")
    body, _, rest = text.partition(" unless ")
    body, _, condition = body.partition(" if ")
    state = parse_state(body)
    if condition:
        return EnterState(state, (), is_optional, condition)
    names, _, remark = rest.partition(" (")
    if names == "already":
        return EnterState(state, (state.name,), is_optional, remark.removesuffix(")"))
    unless = tuple(name.strip() for name in names.split(" or ")) if names else ()
    return EnterState(state, unless, is_optional, remark.removesuffix(")"))
