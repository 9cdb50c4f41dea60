"""Our own roles as systems under test, and the cases that must not pass against them yet."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from ocpp21.conformance import Case, Result, select
from ocpp21.conformance.case import Side
from ocpp21.conformance.claims import applies
from ocpp21.conformance.sessions import OWN, SystemUnderTest, system_under_test

HERE: Final = Path(__file__).parent

#: Blocks that are played in CI; block A as far as the test system can play it.
BLOCKS: Final = "ABCDEFGJP"

CONFIGURATIONS: Final = {"CS": HERE / "own_station.toml", "CSMS": HERE / "own_csms.toml"}


@cache
def system(role: Side) -> SystemUnderTest:
    """One of our roles."""
    return system_under_test(role, OWN, configuration=str(CONFIGURATIONS[role]))


@cache
def applicable(role: Side) -> tuple[Case, ...]:
    """The cases of the blocks that apply to it."""
    claims = system(role).configuration.claims
    return tuple(case for case in select(role=role) if case.block in BLOCKS and not applies(case, claims))


@cache
def expected_failures() -> dict[str, str]:
    """Cases that must not pass yet, with the reason."""
    document = tomllib.loads((HERE / "expected_failures.toml").read_text("utf-8"))
    return {case: group["reason"] for group in document["group"] for case in group["cases"]}


def run(case: Case) -> Result:
    """Play a case, in virtual time."""
    return system(case.role).run([case])[0]
