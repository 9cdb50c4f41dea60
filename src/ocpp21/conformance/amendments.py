"""What the source says in words, said so that it can be played: ``data/amendments.toml``.

An amendment is of one step of a case or state. It may make the step optional, for good or when an earlier step said
something; replace checks or members; put a wait or a deed in front of it. Each has a reason.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["Amendment", "AmendmentError", "amend", "read_amendments"]

_KEYS: Final = frozenset(
    {
        "before",
        "cases",
        "checks",
        "content",
        "message",
        "optional",
        "optional_when",
        "reason",
        "repeats",
        "role",
        "step",
        "wait",
        "without",
    }
)


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
    changes = amendment.changes
    steps: list[dict[str, Any]] = []
    hits = 0
    for step in record["steps"]:
        if str(step.get("n", "")) == amendment.step and "do" in step:
            hits += 1
            if hits == 1:
                if "wait" in changes:
                    steps.append({"n": amendment.step, "by": "TS", "do": f"wait {changes['wait']}"})
                if "before" in changes:
                    steps.append({"n": amendment.step, "by": "manual", "do": changes["before"], "optional": True})
            step = {**step, **{key: changes[key] for key in ("optional", "optional_when", "repeats") if key in changes}}
            if "content" in changes and step.get("do") == changes.get("message", step.get("do")):
                step["with"] = changes["content"]
            for path in changes.get("without", ()):
                step["with"] = {key: value for key, value in step.get("with", {}).items() if key != path}
        steps.append(step)
    if not hits:
        raise AmendmentError(f"{record.get('id') or record['name']}: expected a step {amendment.step}, found none")
    expect = record["expect"]
    if "checks" in changes:
        expect = [
            {**entry, "checks": changes["checks"]}
            if str(entry["step"]) == amendment.step and entry.get("message") == changes.get("message", entry["message"])
            else entry
            for entry in expect
        ]
    return {**record, "steps": steps, "expect": expect}
