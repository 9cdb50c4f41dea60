"""A CSMS that raises the security profile of a station, and must not take it at the lower one any more (A05.FR.07)."""

from __future__ import annotations

import dataclasses

import pytest

from ocpp21.conformance import Result, Verdict, select
from ocpp21.network_profile import ProfileNumber
from tests.conformance.own import system


def played(profile: ProfileNumber, raised: ProfileNumber | None, *, password: str | None = None) -> Result:
    """Play TC_A_19_CSMS against our CSMS."""
    ours = system("CSMS", profile, raised)
    if password is not None:
        ours = dataclasses.replace(ours, configuration=dataclasses.replace(ours.configuration, password=password))
    return ours.run(select(["TC_A_19_CSMS"]))[0]


@pytest.mark.parametrize(("profile", "raised"), [(1, 2), (2, 3)])
def test_the_station_comes_back_with_the_higher_profile(profile: ProfileNumber, raised: ProfileNumber) -> None:
    result = played(profile, raised)
    assert (result.verdict, result.text, result.unchecked) == (Verdict.PASS, "", ())
    (refused,) = (entry for entry in result.log if entry.text.startswith("the CSMS has answered"))
    assert refused.text == "the CSMS has answered 401"
    assert [entry.text for entry in result.log].count("connection of CS001 opened") == 3


def test_a_csms_that_still_takes_the_lower_profile_fails() -> None:
    result = played(1, 2, password="")  # it lets everybody in
    assert (result.verdict, result.text) == (
        Verdict.FAIL,
        "step 10: expected a refused upgrade, found an open WebSocket",
    )


@pytest.mark.parametrize("raised", [None, 3])
def test_without_the_profile_that_it_is_raised_to_it_is_inconclusive(raised: ProfileNumber | None) -> None:
    result = played(1, raised)
    assert (result.verdict, result.text) == (
        Verdict.INCONCLUSIVE,
        f"step 7: expected second_profile = 2 in [security], found {raised}",
    )
