"""What the source says in words, said so that it can be played: ``data/amendments.toml``.

An amendment is of one step of a case or state. It may make the step optional, for good or when an earlier step said
something; replace checks or members, or add checks that stand for notes; say what its connection must be like, when its
message must come and how often, what all meter readings must be, or how often it is refused; put a wait or a deed in
front of it; let it and those after it be played for each value of a list; leave it out; or ask for more in the setup.
Each has a reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ocpp21.conformance.cases.facts import ARRIVAL
from ocpp21.conformance.cases.readings import READINGS

__all__ = ["Amendment", "AmendmentError", "amend", "read_amendments"]

_KEYS: Final = frozenset(
    {
        "also",
        "arrival",
        "asked_when",
        "before",
        "cases",
        "checks",
        "connection",
        "content",
        "drop",
        "loop",
        "message",
        "notes",
        "optional",
        "optional_when",
        "readings",
        "reason",
        "refused",
        "repeats",
        "role",
        "setup",
        "step",
        "wait",
        "where_noted",
        "without",
    }
)
#: Keys that a step has itself.
_OF_STEPS: Final = ("asked_when", "loop", "optional", "optional_when", "refused", "repeats")


class AmendmentError(ValueError):
    """An amendment that cannot be used."""


@dataclass(frozen=True, slots=True)
class Amendment:
    """One amendment.

    Attributes:
        cases: ids of cases, names of states.
        role: of the system under test, of a state; empty for either.
        step: number of the step.
        reason: why.
        changes: what is changed, by the keys of the file.
    """

    cases: tuple[str, ...]
    role: str
    step: str
    reason: str
    changes: Mapping[str, Any]


def read_amendments(text: str, /) -> tuple[Amendment, ...]:
    """Read the list.

    Raises:
        AmendmentError: a key is unknown or missing.
    """
    found = []
    for number, entry in enumerate(tomllib.loads(text).get("amendment", ()), start=1):
        for key in entry.keys() - _KEYS:
            raise AmendmentError(f"amendment {number}: expected one of {', '.join(sorted(_KEYS))}, found {key}")
        for key in ("cases", "step", "reason"):
            if key not in entry:
                raise AmendmentError(f"amendment {number}: expected {key}, found none")
        changes = {key: value for key, value in entry.items() if key not in ("cases", "role", "step", "reason")}
        found.append(
            Amendment(tuple(entry["cases"]), entry.get("role", ""), str(entry["step"]), entry["reason"], changes)
        )
    return tuple(found)


def amend(record: dict[str, Any], amendments: Sequence[Amendment], used: set[int], /) -> dict[str, Any]:
    """Apply the amendments of a case or state, as the data have it.

    Args:
        record: one line of the data.
        amendments: all of them.
        used: numbers of those that have changed something, added to.
    """
    name = record.get("id") or record["name"]
    for number, amendment in enumerate(amendments):
        if name in amendment.cases and amendment.role in ("", record["role"]):
            record = _changed(record, amendment)
            used.add(number)
    return record


def _changed(record: dict[str, Any], amendment: Amendment) -> dict[str, Any]:
    changes, notes = amendment.changes, _notes(amendment)
    steps: list[dict[str, Any]] = []
    hits = 0
    for step in record["steps"]:
        if str(step.get("n", "")) == amendment.step and "do" in step:
            hits += 1
            if changes.get("drop") and step["do"] == changes.get("message", step["do"]):
                continue
            if hits == 1:
                if "wait" in changes:
                    steps.append({"n": amendment.step, "by": "TS", "do": f"wait {changes['wait']}"})
                if "before" in changes:
                    steps.append({"n": amendment.step, "by": "manual", "do": changes["before"], "optional": True})
            step = {**step, **{key: changes[key] for key in _OF_STEPS if key in changes}}
            if "content" in changes and step.get("do") == changes.get("message", step.get("do")):
                step["with"] = changes["content"]
            for path in changes.get("without", ()):
                step["with"] = {key: value for key, value in step.get("with", {}).items() if key != path}
        steps.append(step)
    if not hits:
        raise AmendmentError(f"{record.get('id') or record['name']}: expected a step {amendment.step}, found none")
    expect = record["expect"]
    there = {check for entry in expect for check in entry["checks"]} | set(record["after"])
    for note in sorted(notes - there):
        raise AmendmentError(f"{record.get('id') or record['name']}: expected {note!r}, found none")
    if "checks" in changes:
        expect = [
            {**entry, "checks": changes["checks"]}
            if str(entry["step"]) == amendment.step and entry.get("message") == changes.get("message", entry["message"])
            else entry
            for entry in expect
        ]
    if changes.keys() & {"also", "notes"}:
        expect = [_added(entry, amendment) for entry in expect]
    for key, message in (("connection", "HTTP upgrade"), ("arrival", ARRIVAL), ("readings", READINGS)):
        if key in changes:
            expect = [*expect, {"step": amendment.step, "message": message, "checks": changes[key]}]
    setup = _prepared(record["setup"], changes.get("setup", ()))
    after = [one for one in record["after"] if one not in notes]
    return {**record, "setup": setup, "steps": steps, "expect": expect, "after": after}


def _prepared(setup: Sequence[str], more: Sequence[str]) -> list[str]:
    """The setup with more lines: variables are set before any state is entered."""
    first = next((number for number, line in enumerate(setup) if line.startswith("state ")), len(setup))
    variables = [line for line in more if line.startswith("variable ")]
    others = [line for line in more if line not in variables]
    return [*setup[:first], *variables, *setup[first:], *others]


def _notes(amendment: Amendment) -> set[str]:
    """The notes that it stands for, as the data have them."""
    return {f"note: {note}" for note in amendment.changes.get("notes", ())}


def _added(entry: dict[str, Any], amendment: Amendment) -> dict[str, Any]:
    """An expectation with more checks: of several for one step, those that have the notes which they stand for."""
    changes = amendment.changes
    if entry.get("message") in (ARRIVAL, READINGS):
        return entry
    if str(entry["step"]) != amendment.step or entry["message"] != changes.get("message", entry["message"]):
        return entry
    left = [one for one in entry["checks"] if one not in _notes(amendment)]
    if "notes" in changes and len(left) == len(entry["checks"]) and changes.get("where_noted"):
        return entry
    return {**entry, "checks": [*left, *changes.get("also", ())]}
