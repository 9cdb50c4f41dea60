"""Our own roles as systems under test, and the cases that must not pass against them yet."""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from ocpp21.conformance import Case, Result, select
from ocpp21.conformance.case import Side
from ocpp21.conformance.claims import applies
from ocpp21.conformance.security import unfit
from ocpp21.conformance.sessions import OWN, SystemUnderTest, system_under_test
from ocpp21.network_profile import ProfileNumber

HERE: Final = Path(__file__).parent

PROFILES: Final[tuple[ProfileNumber, ...]] = (1, 2, 3)

#: Blocks that are played in CI; block A as far as it is built.
BLOCKS: Final = "ABCDEFGJP"

CONFIGURATIONS: Final = {"CS": HERE / "own_station.toml", "CSMS": HERE / "own_csms.toml"}


@cache
def system(role: Side, profile: ProfileNumber = 1) -> SystemUnderTest:
    """One of our roles, with a security profile."""
    found = system_under_test(role, OWN, configuration=str(CONFIGURATIONS[role]))
    security = dataclasses.replace(found.configuration.security, profile=profile)
    return dataclasses.replace(found, configuration=dataclasses.replace(found.configuration, security=security))


def system_for(case: Case) -> SystemUnderTest:
    """The role that a case is of, with the lowest security profile that the case can be played with."""
    for profile in PROFILES:
        if not unfit(case, profile):
            return system(case.role, profile)
    raise AssertionError(f"{case.id} is for no security profile")


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
    return system_for(case).run([case])[0]
