"""Our own roles as systems under test, and the cases that must not pass against them yet.

Every case is played: those that apply to what a role claims with its claims, all others as if it claimed everything.
"""

from __future__ import annotations

import dataclasses
import tomllib
from functools import cache
from pathlib import Path
from typing import Final

from ocpp21.conformance import Case, Claims, Result, select
from ocpp21.conformance.cases.case import Side
from ocpp21.conformance.claims import applies
from ocpp21.conformance.security import unfit
from ocpp21.conformance.sessions import OWN, SystemUnderTest, system_under_test
from ocpp21.network_profile import ProfileNumber

HERE: Final = Path(__file__).parent

PROFILES: Final[tuple[ProfileNumber, ...]] = (1, 2, 3)

ROLES: Final[tuple[Side, ...]] = ("CS", "CSMS")

#: Security profile that a case raises the station to.
RAISED: Final[dict[str, ProfileNumber]] = {"TC_A_19_CSMS": 2}

CONFIGURATIONS: Final = {"CS": HERE / "own_station.toml", "CSMS": HERE / "own_csms.toml"}


@cache
def system(
    role: Side, profile: ProfileNumber = 1, raised: ProfileNumber | None = None, *, everything: bool = False
) -> SystemUnderTest:
    """One of our roles, with a security profile and a second one; with its own claims, or claiming everything."""
    found = system_under_test(role, OWN, configuration=str(CONFIGURATIONS[role]))
    security = dataclasses.replace(found.configuration.security, profile=profile, second_profile=raised)
    claims = Claims(everything=True) if everything else found.configuration.claims
    return dataclasses.replace(
        found, configuration=dataclasses.replace(found.configuration, security=security, claims=claims)
    )


def system_for(case: Case) -> SystemUnderTest:
    """The role that a case is of, with the lowest security profile that the case can be played with."""
    for profile in PROFILES:
        if not unfit(case, profile):
            return system(case.role, profile, RAISED.get(case.id), everything=case not in applicable(case.role))
    raise AssertionError(f"{case.id} is for no security profile")


@cache
def applicable(role: Side) -> tuple[Case, ...]:
    """The cases that apply to what it claims."""
    claims = system(role).configuration.claims
    return tuple(case for case in select(role=role) if not applies(case, claims))


@cache
def expected_failures() -> dict[str, str]:
    """Cases that must not pass yet, with the reason.

    Raises:
        ValueError: a pattern means no case, or a case is meant twice.
    """
    document = tomllib.loads((HERE / "expected_failures.toml").read_text("utf-8"))
    found: dict[str, str] = {}
    for group in document["group"]:
        for pattern in group["cases"]:
            for case in select([pattern]):
                if case.id in found:
                    raise ValueError(f"expected {case.id} in one group, found it again as {pattern}: {group['reason']}")
                found[case.id] = group["reason"]
    return found


def run(case: Case) -> Result:
    """Play a case, in virtual time."""
    return system_for(case).run([case])[0]
