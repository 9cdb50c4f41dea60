"""Reads the cases and states of the package, and refuses what the schemas do not know.

The data are one JSON object a line: ``data/cases.jsonl`` and ``data/states.jsonl``. ``data/slips.toml`` lists what the
source has wrong, with what stands for it here; it is applied before anything is checked.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, reduce
from importlib import resources
from types import MappingProxyType
from typing import Any, Final

from ocpp21.conformance.cases.amendments import Amendment, AmendmentError, amend, read_amendments
from ocpp21.conformance.cases.case import Case, Expectation, Listing, Loop, Side, Slip, State, Step
from ocpp21.conformance.cases.checks import Check, CheckError, parse_check
from ocpp21.conformance.cases.facts import FACTS
from ocpp21.conformance.cases.members import UnknownMember, is_message, member
from ocpp21.conformance.cases.paths import PathError, parse_path
from ocpp21.conformance.cases.readings import READINGS, ReadingsError, parse_readings
from ocpp21.conformance.cases.setup_lines import EnterState, Remember, SetupLineError, parse_setup, parse_state

__all__ = ["CaseError", "Corrections", "Library", "library", "load", "read_slips"]

_MESSAGES: Final = re.compile(r"\w+(?:Request|Response)(?: or \w+(?:Request|Response))*")
_REPEATS: Final = re.compile(r"repeat|one or more|for (?:all|every)|every|all |both|once per|several|each|-\d+ while")
_PLACEHOLDER: Final = re.compile(r"<[^<>]*>")
_VARIABLE: Final = re.compile(r"variable ([\w.]+)")
_IS_RESPONSE: Final = re.compile(r"\w+Response$")


class CaseError(ValueError):
    """A case that cannot be used; the text begins with its id and the place."""


@dataclass(frozen=True, slots=True)
class Library:
    """All cases, states and slips.

    Attributes:
        cases: by id, in the order of the source.
        states: by name and role of the system under test.
        slips: what was corrected.
    """

    cases: Mapping[str, Case]
    states: Mapping[tuple[str, str], State]
    slips: tuple[Slip, ...] = ()

    def state(self, name: str, role: Side, /) -> State:
        """The state of a name.

        Raises:
            CaseError: there is none.
        """
        found = self.states.get((name, role))
        if found is None:
            raise CaseError(f"expected a state for a {role} under test, found {name!r}")
        return found


@cache
def library() -> Library:
    """The cases of the package.

    Raises:
        CaseError: the data are not what they should be.
    """
    data = resources.files("ocpp21.conformance") / "data"
    corrections = read_slips((data / "slips.toml").read_text("utf-8"))
    amendments = read_amendments((data / "amendments.toml").read_text("utf-8"))
    corrections = replace(corrections, amendments=amendments)
    return load((data / "cases.jsonl").read_text("utf-8"), (data / "states.jsonl").read_text("utf-8"), corrections)


@dataclass(frozen=True, slots=True)
class Corrections:
    """What is put right before anything is checked.

    Attributes:
        names: of variables as setup lines write them, and as the device model has them.
        slips: texts and what stands for them.
        amendments: of steps.
        words: that stand within texts, and what stands for them.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    slips: tuple[Slip, ...] = ()
    amendments: tuple[Amendment, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)


NO_CORRECTIONS: Final = Corrections()


def read_slips(text: str, /) -> Corrections:
    """Read the list of slips."""
    document = tomllib.loads(text)
    slips = (
        Slip(tuple(entry["cases"]), entry["source"], entry["here"], entry["reason"])
        for entry in document.get("slip", ())
    )
    names, words = (MappingProxyType(document.get(table, {})) for table in ("names", "words"))
    return Corrections(names, tuple(slips), words=words)


def load(cases: str, states: str, corrections: Corrections = NO_CORRECTIONS) -> Library:
    """Read cases and states.

    Args:
        cases: one JSON object a line.
        states: likewise.
        corrections: applied before anything is checked.

    Raises:
        CaseError: the first that is wrong: of what case, where, what was expected and found. Also a slip that nothing
            has any more.
    """
    used: set[int] = set()
    amended: set[int] = set()
    slips = corrections.slips
    read_states = [_state(_corrected(record, corrections, used, amended)) for record in _records(states)]
    by_name = {(state.name, str(state.role)): state for state in read_states}
    found = Library(
        MappingProxyType(
            {
                case.id: case
                for case in (_case(_corrected(record, corrections, used, amended)) for record in _records(cases))
            }
        ),
        MappingProxyType(by_name),
        slips,
    )
    for word in corrections.words:
        if word not in cases and word not in states:
            raise CaseError(f"words: expected {word!r} in a text, found nowhere")
    for number, slip in enumerate(slips):
        if number not in used:
            raise CaseError(f"slips: expected {slip.source!r} in {', '.join(slip.cases)}, found nowhere")
    for number, amendment in enumerate(corrections.amendments):
        if number not in amended:
            raise CaseError(f"amendments: expected {', '.join(amendment.cases)} among the cases, found nowhere")
    every: list[Case | State] = [*found.cases.values(), *found.states.values()]
    for one in every:
        _check_states(one, found)
    return found


def _records(text: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            record = json.loads(line)
        except ValueError as error:
            raise CaseError(f"line {number}: expected a JSON object, found {line[:60]!r}") from error
        yield record


def _corrected(record: dict[str, Any], corrections: Corrections, used: set[int], amended: set[int]) -> dict[str, Any]:
    """Apply the slips: each replaces a text that is equal to its source, wherever it stands."""
    name = record.get("id") or record["name"]
    table: dict[str, tuple[int, str]] = {}
    for number, slip in enumerate(corrections.slips):
        if name in slip.cases or "*" in slip.cases:
            table[slip.source] = (number, slip.here)

    def change(value: Any) -> Any:
        if isinstance(value, str) and value in table:
            used.add(table[value][0])
            return table[value][1]
        if isinstance(value, str):
            return reduce(lambda text, word: text.replace(*word), corrections.words.items(), value)
        if isinstance(value, list):
            return [new for entry in value if (new := change(entry)) != "" or entry == ""]
        if isinstance(value, dict):
            return {change(key): change(entry) for key, entry in value.items() if change(key) != ""}
        return value

    changed = record | {part: change(record[part]) for part in ("setup", "steps", "expect", "after")}
    changed["setup"] = [_renamed(line, corrections.names) for line in changed["setup"]]
    try:
        return amend(changed, corrections.amendments, amended)
    except AmendmentError as error:
        raise CaseError(f"amendments: {error}") from error


def _renamed(line: str, names: Mapping[str, str]) -> str:
    """Give the variable of a setup line the name that the device model has for it."""
    match = _VARIABLE.match(line)
    return line if match is None else f"variable {names.get(match[1], match[1])}{line[match.end() :]}"


def _case(record: Mapping[str, Any]) -> Case:
    place = _Place(record["id"])
    return Case(
        id=record["id"],
        role=record["role"],
        block=record["block"],
        title=record["title"],
        use_cases=tuple(record["use_cases"]),
        requirements=tuple(record["requirements"]),
        condition=record["condition"],
        setup=tuple(place.read(parse_setup, line, f"setup {number}") for number, line in enumerate(record["setup"], 1)),
        steps=tuple(_step(step, place) for step in record["steps"]),
        expectations=tuple(_expectation(entry, place) for entry in record["expect"]),
        after=tuple(record["after"]),
        listings=tuple(Listing(**listing) for listing in record.get("listings", ())),
    )


def _state(record: Mapping[str, Any]) -> State:
    place = _Place(f"state {record['name']} ({record['role']})")
    return State(
        name=record["name"],
        role=record["role"],
        is_memory=record["kind"] == "memory",
        parameters=tuple(record["args"]),
        setup=tuple(place.read(parse_setup, line, f"setup {number}") for number, line in enumerate(record["setup"], 1)),
        steps=tuple(_step(step, place) for step in record["steps"]),
        expectations=tuple(_expectation(entry, place) for entry in record["expect"]),
        after=tuple(record["after"]),
    )


@dataclass(frozen=True, slots=True)
class _Place:
    """Whose error it is."""

    name: str

    def read(self, parse: Any, text: str, where: str) -> Any:
        """Parse something, or say where it could not be."""
        try:
            return parse(text)
        except (CheckError, PathError, ReadingsError, SetupLineError, UnknownMember) as error:
            raise CaseError(f"{self.name}, {where}: {error}") from error

    def refuse(self, where: str, text: str) -> CaseError:
        return CaseError(f"{self.name}, {where}: {text}")


def _step(record: Mapping[str, Any], place: _Place) -> Step:
    number = str(record.get("n", ""))
    note = record.get("note", "")
    scenario = record.get("scenario")
    if scenario:
        note = f"{note} (scenario {scenario})".strip()
    if "do" not in record:
        return Step(number, "TS", "note", note)
    text, by, content = record["do"], record["by"], record.get("with", {})
    optional = bool(record.get("optional"))
    where = f"step {number}"
    loop = Loop(**{**record["loop"], "values": tuple(record["loop"]["values"])}) if "loop" in record else None
    if by == "manual":
        return Step(number, by, "manual", text, content=content, is_optional=optional, note=note)
    if by == "state":
        state = place.read(parse_state, text, where)
        return Step(number, by, "state", text, content=content, state=state, is_optional=optional, note=note)
    if by not in ("TS", "SUT"):
        raise place.refuse(where, f"expected by TS, SUT, manual or state, found {by!r}")
    if text.startswith("note: ") and "answers with the matching response" in text:
        text = "StatusNotificationResponse or NotifyEventResponse"
    if text.startswith("note:"):
        return Step(number, by, "note", text, note=note)
    if not _MESSAGES.fullmatch(text):
        return Step(number, by, "wire", text, content=content, is_optional=optional, note=note, loop=loop)
    messages = tuple(text.split(" or "))
    if note.startswith("or NotifyEventRe") and len(messages) == 1:
        messages = (*messages, f"NotifyEvent{'Response' if _IS_RESPONSE.match(messages[0]) else 'Request'}")
    for message in messages:
        if not is_message(message):
            raise place.refuse(where, f"expected a message of OCPP 2.1, found {message!r}")
    if len(messages) == 1:
        for path, value in content.items():
            _check_value(messages[0], path, [value], place, where)
    return Step(
        number,
        by,
        "response" if _IS_RESPONSE.match(messages[0]) else "request",
        text,
        messages=messages,
        content=content,
        is_optional=optional,
        repeats=record.get("repeats", bool(_REPEATS.search(note))),
        optional_when=record.get("optional_when", ""),
        note=note,
        asked_when=record.get("asked_when", ""),
        loop=loop,
        refused=record.get("refused", 0),
    )


def _expectation(record: Mapping[str, Any], place: _Place) -> Expectation:
    number = str(record["step"])
    message = record.get("message", "")
    checks: list[Check] = []
    notes: list[str] = []
    if message == READINGS:
        where = f"expectation of step {number}"
        lines = tuple(place.read(parse_readings, line, where) for line in record["checks"])
        return Expectation(number, message, readings=lines)
    for text in record["checks"]:
        if text.startswith("note:"):
            notes.append(text.removeprefix("note:").strip())
        elif message in FACTS:
            checks.append(_check_of_facts(text, FACTS[message], place, f"expectation of step {number}"))
        elif not is_message(message):
            notes.append(text)
        else:
            check = place.read(parse_check, text, f"expectation of step {number}")
            for comparison in (*check.alternatives, *filter(None, [check.condition])):
                values = comparison.values if comparison.operator in ("==", "!=", "in") else ()
                path = (*check.each, *comparison.path)
                _check_value(message, path, values, place, f"expectation of step {number}")
            checks.append(check)
    if re.fullmatch(r"\w+(Request|Response)", message) and not is_message(message):
        raise place.refuse(f"expectation of step {number}", f"expected a message of OCPP 2.1, found {message!r}")
    return Expectation(number, message, tuple(checks), tuple(notes))


def _check_of_facts(text: str, facts: frozenset[str], place: _Place, where: str) -> Check:
    check: Check = place.read(parse_check, text, where)
    for comparison in (*check.alternatives, *filter(None, [check.condition])):
        if comparison.path[0].name not in facts:
            raise place.refuse(where, f"expected one of {', '.join(sorted(facts))}, found {comparison.path[0].name!r}")
    return check


def _check_value(message: str, path: Any, values: Sequence[Any], place: _Place, where: str) -> None:
    """See that a member exists, and that an enumeration has the values, placeholders left aside."""
    parsed = place.read(parse_path, path, where) if isinstance(path, str) else path
    field = place.read(lambda _: member(message, parsed), "", where)
    if field is None or field.values is None:
        return
    for value in values:
        for one in value if isinstance(value, list) else _entries(str(value)):
            if one != "absent" and not _PLACEHOLDER.search(str(one)) and str(one) not in field.values:
                raise place.refuse(where, f"expected a value of {field.type} for {field.wire}, found {one!r}")


def _entries(value: str) -> list[str]:
    """What a list written in brackets holds; any other text is its only entry."""
    return [part.strip() for part in value[1:-1].split(",")] if value[:1] + value[-1:] == "[]" else [value]


def _check_states(one: Case | State, found: Library) -> None:
    name = one.id if isinstance(one, Case) else f"state {one.name} ({one.role})"
    calls = [line.state for line in one.setup if isinstance(line, Remember | EnterState)]
    calls += [step.state for step in one.steps if step.state is not None]
    for call in calls:
        if (call.name, one.role) not in found.states:
            raise CaseError(f"{name}: expected a state for a {one.role} under test, found {call.name!r}")
