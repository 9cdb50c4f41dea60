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
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from ocpp21.conformance import CsmsRunner, StationRunner, Verdict
from ocpp21.conformance.checks import Check, Comparison
from ocpp21.conformance.drivers.csms import OwnCsms
from ocpp21.conformance.drivers.simulator import SimulatorDriver
from ocpp21.conformance.line import Heard
from ocpp21.conformance.listening import Expected, Listener
from ocpp21.conformance.operations import Hear, Plan
from ocpp21.conformance.paths import ABSENT, Member, find
from ocpp21.conformance.paths import Path as Place
from ocpp21.conformance.runner import playable
from ocpp21.testing.virtual_time import EPOCH, run, wall_time
from tests.conformance.own import applicable, expected_failures, system

SURVIVORS: Final = Path(__file__).parent / "survivors.toml"
SEED: Final = 21


class Mutant(NamedTuple):
    """A changed expectation or answer.

    Attributes:
        case: id.
        operation: number in the plan.
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

    met: list[tuple[Hear, str]]
    spoilt: tuple[Hear, Place] | None = None

    def _match(self, heard: Heard, window: list[Expected]) -> Expected | None:
        found = super()._match(heard, window)
        if found is not None:
            type(self).met.append((found.hear, heard.message))
        return found

    def _mismatch(self, heard: Heard, hear: Hear, count: int) -> str | None:
        spoilt = type(self).spoilt
        if spoilt is not None and hear is spoilt[0]:
            changed = copy.copy(heard)
            changed.payload = copy.deepcopy(heard.payload)
            spoil(changed.payload, spoilt[1])
            return super()._mismatch(changed, hear, count)
        return super()._mismatch(heard, hear, count)


def spoil(payload: Any, place: Place) -> None:
    """Change what stands at a place, in every entry; put something there when nothing does."""
    *way, last = place
    parents = find(payload, tuple(way), {}) if way else [payload]
    for parent in parents:
        for entry in parent if isinstance(parent, list) else [parent]:
            if isinstance(entry, dict):
                entry[last.name] = other(entry.get(last.name, ABSENT))


def other(value: Any) -> Any:
    """Another value of the same type."""
    if value is ABSENT:
        return "something"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1_000_000
    if isinstance(value, str):
        return f"{value}x"
    return ABSENT if value is None else None


def opposite(check: Check) -> Check:
    """A check that holds exactly where this one does not, as far as the case goes."""
    return Check(tuple(_opposite(one) for one in check.alternatives), check.condition)


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


def baseline(case: Any) -> tuple[Plan, list[tuple[int, str]]]:
    """Play a case as it is; returns its plan and which operations were met by which message."""
    plan = playable(case, system(case.role).configuration)
    Watched.met, Watched.spoilt = [], None
    result = play(plan)
    if result is not Verdict.PASS:
        return plan, []
    numbers = {id(operation): number for number, operation in enumerate(plan.operations)}
    return plan, list(dict.fromkeys((numbers[id(hear)], message) for hear, message in Watched.met))


def mutants(case: Any) -> Iterator[tuple[Mutant, Plan]]:
    """All mutants of a case."""
    plan, met = baseline(case)
    for number, message in met:
        hear = plan.operations[number]
        assert isinstance(hear, Hear)
        alternatives = [one for one in hear.expectations if one.message == message]
        for expectation in alternatives:
            if len(alternatives) == 1:  # one that is changed would leave the other
                for index in range(len(expectation.checks)):
                    for kind in ("expectation", "answer"):
                        yield Mutant(case.id, number, message, index, kind), plan


def survives(mutant: Mutant, plan: Plan) -> bool:
    """Whether the case still passes."""
    hear = plan.operations[mutant.operation]
    assert isinstance(hear, Hear)
    Watched.met, Watched.spoilt = [], None
    if mutant.kind == "answer":
        check = next(one for one in hear.expectations if one.message == mutant.message).checks[mutant.check]
        Watched.spoilt = (hear, tuple(Member(name, None) for name, _ in check.alternatives[0].path))
        return play(plan) is Verdict.PASS
    expectations = []
    for one in hear.expectations:
        if one.message == mutant.message:
            checks = [opposite(c) if i == mutant.check else c for i, c in enumerate(one.checks)]
            one = dataclasses.replace(one, checks=tuple(checks))
        expectations.append(one)
    operations = list(plan.operations)
    operations[mutant.operation] = dataclasses.replace(hear, expectations=tuple(expectations))
    return play(dataclasses.replace(plan, operations=tuple(operations))) is Verdict.PASS


def play(plan: Plan) -> Verdict:
    """Play a plan against our own role."""
    configuration = system(plan.case.role).configuration

    async def live() -> Verdict:
        runner: StationRunner | CsmsRunner
        if plan.case.role == "CS":
            driver = SimulatorDriver(configuration, epoch=EPOCH)
            runner = StationRunner(configuration, wall_time, driver=driver, make_listener=Watched)
        else:
            runner = CsmsRunner(
                configuration, wall_time, driver=OwnCsms(configuration, now=wall_time), make_listener=Watched
            )
        return (await runner.play(plan)).verdict

    return run(live(), real_io=True)


def sample(count: int) -> list[tuple[Mutant, Plan]]:
    """So many mutants, the same ones every time."""
    dice = random.Random(SEED)
    cases = [one for role in ("CS", "CSMS") for one in applicable(role) if one.id not in expected_failures()]  # type: ignore[arg-type]
    dice.shuffle(cases)
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
