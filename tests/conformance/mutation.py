"""Mutants of cases that pass: an expectation changed, or the field that it looks at. Each must turn the case red.

``python -m tests.conformance.mutation [COUNT]`` runs so many, spread over all cases, and writes those that survive into
``survivors.toml``, with the reason where there is one.
"""

from __future__ import annotations

import copy
import dataclasses
import logging
import random
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from ocpp21.conformance import Verdict
from ocpp21.conformance.cases.checks import Check, Comparison, mismatch
from ocpp21.conformance.cases.paths import ABSENT, Member, find
from ocpp21.conformance.own import own_csms, own_station
from ocpp21.conformance.planning.operations import Hear, Operation, Plan, Repeat
from ocpp21.conformance.playing.listening import Listener
from ocpp21.conformance.playing.window import Expected
from ocpp21.conformance.runner import playable
from ocpp21.conformance.wire.line import Heard
from ocpp21.testing.virtual_time import run
from tests.conformance.own import ROLES, applicable, expected_failures, system_for

SURVIVORS: Final = Path(__file__).parent / "survivors.toml"
SEED: Final = 21


class Mutant(NamedTuple):
    """A changed expectation or answer.

    Attributes:
        case: id.
        operation: number among what the plan expects.
        message: of the expectation.
        check: number within it.
        kind: ``expectation`` or ``answer``.
    """

    case: str
    operation: int
    message: str
    check: int
    kind: str

    def __str__(self) -> str:
        return f"{self.case} {self.kind} {self.operation}.{self.check} {self.message}"


class Watched(Listener):
    """Notes what has met what; changes a field of what comes, when told to."""

    met: list[tuple[Hear, Heard]]
    spoilt: tuple[Hear, Check] | None = None

    def _match(self, heard: Heard, window: list[Expected]) -> Expected | None:
        found = super()._match(heard, window)
        if found is not None:
            type(self).met.append((found.hear, heard))
        return found

    def _mismatch(self, heard: Heard, hear: Hear, count: int) -> str | None:
        spoilt = type(self).spoilt
        if spoilt is not None and hear is spoilt[0]:
            changed = copy.copy(heard)
            changed.payload = copy.deepcopy(heard.payload)
            spoil(changed.payload, spoilt[1])
            return super()._mismatch(changed, hear, count)
        return super()._mismatch(heard, hear, count)


def spoil(payload: Any, check: Check) -> None:
    """Change what a check looks at, in every entry, so that it does not hold any more."""
    *way, last = (Member(name, None) for name, _ in check.place)
    parents = find(payload, tuple(way), {}) if way else [payload]
    for parent in parents:
        for entry in parent if isinstance(parent, list) else [parent]:
            if isinstance(entry, dict):
                value = other(entry.get(last.name, ABSENT), check.alternatives[0].operator)
                entry.pop(last.name, None)
                if value is not ABSENT:
                    entry[last.name] = value


def other(value: Any, operator: str) -> Any:
    """Another value: none where there must be one, below a lower bound, above an upper one, else of the same type."""
    if operator == "present":
        return ABSENT
    if value is ABSENT:
        return "something"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value - 1_000_000 if operator in (">", ">=") else value + 1_000_000
    if isinstance(value, str):
        return "" if operator in (">", ">=") else f"{value}x"
    return [] if isinstance(value, list) else ABSENT


def opposite(check: Check) -> list[Check]:
    """Checks that all hold exactly where this one does not, as far as the case goes."""
    return [dataclasses.replace(check, alternatives=(_opposite(one),)) for one in check.alternatives]


def _opposite(one: Comparison) -> Comparison:
    flips: dict[str, Any] = {
        "present": "absent",
        "absent": "present",
        "!=": "==",
        ">=": "<",
        "<=": ">",
        ">": "<=",
        "<": ">=",
    }
    if one.operator in flips:
        return dataclasses.replace(one, operator=flips[one.operator])
    if one.operator == "count":
        return dataclasses.replace(one, values=("1000000",), count_operator="==")
    return dataclasses.replace(
        one, values=("no such value",), operator="==" if one.operator == "contains" else one.operator
    )


def baseline(case: Any) -> tuple[Plan, dict[tuple[int, str], list[Any]]]:
    """Play a case as it is; returns its plan, and the payloads that met an expectation by its number and message."""
    plan = playable(case, system_for(case).configuration)
    Watched.met, Watched.spoilt = [], None
    result = play(plan)
    if result is not Verdict.PASS:
        return plan, {}
    numbers = {id(hear): number for number, hear in enumerate(plan.hears)}
    met: dict[tuple[int, str], list[Any]] = {}
    for hear, heard in Watched.met:
        met.setdefault((numbers[id(hear)], heard.message), []).append(heard.payload)
    return plan, met


def applies_to(check: Check, payloads: list[Any]) -> bool:
    """Whether the condition of a check holds for any of the payloads, so that it says anything."""
    if check.condition is None or check.each:
        return True
    held = Check((check.condition,))
    return any(mismatch([held], payload, lambda text: text) is None for payload in payloads)


def mutants(case: Any) -> Iterator[tuple[Mutant, Plan]]:
    """All mutants of a case."""
    plan, met = baseline(case)
    for (number, message), payloads in met.items():
        alternatives = [one for one in plan.hears[number].expectations if one.message == message]
        for expectation in alternatives:
            if len(alternatives) == 1:  # one that is changed would leave the other
                for index in (i for i, one in enumerate(expectation.checks) if applies_to(one, payloads)):
                    for kind in ("expectation", "answer"):
                        yield Mutant(case.id, number, message, index, kind), plan


def survives(mutant: Mutant, plan: Plan) -> bool:
    """Whether the case still passes."""
    hear = plan.hears[mutant.operation]
    Watched.met, Watched.spoilt = [], None
    if mutant.kind == "answer":
        check = next(one for one in hear.expectations if one.message == mutant.message).checks[mutant.check]
        Watched.spoilt = (hear, check)
        return play(plan) is Verdict.PASS
    expectations = []
    for one in hear.expectations:
        if one.message == mutant.message:
            checks = [new for i, c in enumerate(one.checks) for new in (opposite(c) if i == mutant.check else [c])]
            one = dataclasses.replace(one, checks=tuple(checks))
        expectations.append(one)
    changed = dataclasses.replace(hear, expectations=tuple(expectations))
    operations = exchanged(plan.operations, hear, changed)
    return play(dataclasses.replace(plan, operations=operations)) is Verdict.PASS


def exchanged(operations: Sequence[Operation], old: Hear, new: Hear) -> tuple[Operation, ...]:
    """The operations with another one in place of one of them, also within repetitions."""
    return tuple(
        new
        if one is old
        else dataclasses.replace(one, operations=exchanged(one.operations, old, new))
        if isinstance(one, Repeat)
        else one
        for one in operations
    )


def play(plan: Plan) -> Verdict:
    """Play a plan against our own role."""
    configuration = system_for(plan.case).configuration
    make = own_station if plan.case.role == "CS" else own_csms

    async def live() -> Verdict:
        return (await make(configuration, Watched).play(plan)).verdict

    return run(live(), real_io=True)


def sample(count: int) -> list[tuple[Mutant, Plan]]:
    """So many mutants, the same ones every time."""
    cases = [one for role in ROLES for one in applicable(role) if one.id not in expected_failures()]
    cases.sort(key=lambda one: random.Random(f"{SEED} {one.id}").random())  # another case changes little
    found: list[tuple[Mutant, Plan]] = []
    for one in cases:
        if len(found) >= count:
            break
        found.extend(mutants(one))
    return found[:count]


def known_survivors() -> dict[str, str]:
    """Survivors of the last whole run, with the reason."""
    return {one["mutant"]: one["reason"] for one in tomllib.loads(SURVIVORS.read_text("utf-8"))["survivor"]}


def main(count: int) -> None:
    """Run so many mutants, and write those that survive."""
    logging.disable(logging.CRITICAL)
    known = known_survivors() if SURVIVORS.exists() else {}
    chosen = sample(count)
    left = [mutant for mutant, plan in chosen if survives(mutant, plan)]
    lines = [f"# {len(chosen)} mutants, {len(left)} of them survive.\n"]
    lines += ["survivor = []\n"] if not left else []
    for mutant in left:
        reason = known.get(str(mutant), "not looked into")
        lines.append(f'\n[[survivor]]\nmutant = "{mutant}"\nreason = "{reason}"\n')
    SURVIVORS.write_text("".join(lines), encoding="utf-8")
    sys.stdout.write(lines[0])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
