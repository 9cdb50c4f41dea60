"""Every applicable case of the blocks that are built, against our own roles, in virtual time."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp21.conformance import Case, Verdict
from tests.conformance.own import applicable, expected_failures, run


def cases() -> list[Any]:
    known = expected_failures()
    return [
        pytest.param(
            case,
            id=case.id,
            marks=[pytest.mark.xfail(reason=known[case.id], strict=True)] if case.id in known else [],
        )
        for role in ("CS", "CSMS")
        for case in applicable(role)
    ]


@pytest.mark.parametrize("case", cases())
def test_a_case_passes(case: Case) -> None:
    result = run(case)
    assert (result.verdict, result.text) == (Verdict.PASS, "")


def test_the_list_of_expected_failures_names_cases_that_apply() -> None:
    every = {case.id for role in ("CS", "CSMS") for case in applicable(role)}
    assert sorted(expected_failures().keys() - every) == []
