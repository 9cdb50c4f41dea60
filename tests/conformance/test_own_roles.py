"""Every case against our own roles, in virtual time: some must not pass yet, as ``expected_failures.toml`` says."""

from __future__ import annotations

from typing import Any

import pytest

from ocpp21.conformance import Case, Verdict, select
from tests.conformance.own import expected_failures, run


class NotPassed(Exception):
    """What a case on the list of expected failures ends in; nothing else is expected of it."""


def cases() -> list[Any]:
    known = expected_failures()
    return [
        pytest.param(
            case,
            id=case.id,
            marks=[pytest.mark.xfail(reason=known[case.id], raises=NotPassed, strict=True)] if case.id in known else [],
        )
        for case in select()
    ]


@pytest.mark.parametrize("case", cases())
def test_a_case_passes(case: Case) -> None:
    result = run(case)
    assert not result.reason.startswith("the kit itself has failed"), result.reason
    assert result.verdict is not Verdict.NOT_APPLICABLE, result.reason
    if result.verdict is not Verdict.PASS:
        raise NotPassed(f"{result.verdict}: {result.text}")
