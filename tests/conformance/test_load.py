"""The data of the package, and data that must stop the load."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ocpp21.conformance import CaseError, library, load
from ocpp21.conformance.cases.load import read_slips
from tests.conformance.scripted import case, expect, state, step


def test_all_cases_and_states_are_there() -> None:
    found = library()
    assert (len(found.cases), len(found.states)) == (751, 55)
    assert len({case.id for case in found.cases.values()}) == 751


def test_every_slip_has_a_reason() -> None:
    assert all(slip.reason and slip.source != slip.here for slip in library().slips)


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        ({"steps": [step(1, "TS", "FlyRequest")]}, "step 1: expected a message of OCPP 2.1, found 'FlyRequest'"),
        (
            {"steps": [step(1, "TS", "ResetRequest", {"kind": "x"})]},
            "step 1: expected a member of ResetRequest, found 'kind' in 'kind'",
        ),
        (
            {"steps": [step(1, "TS", "ResetRequest", {"type": "Soon"})]},
            "step 1: expected a value of ResetEnumType for type, found 'Soon'",
        ),
        (
            {"steps": [step(1, "TS", "ResetRequest", {"type[0]": "OnIdle"})]},
            "step 1: expected no index, found type[0] in 'type[0]': it is no list",
        ),
        (
            {"expect": [expect(2, "ResetResponse", "status == Fine")]},
            "expectation of step 2: expected a value of ResetStatusEnumType for status, found 'Fine'",
        ),
        (
            {"expect": [expect(2, "ResetResponse", "status is Accepted")]},
            "expectation of step 2: expected a check such as `status == Accepted`, found 'status is Accepted'",
        ),
        (
            {"expect": [expect(2, "CALLERROR", "errorDescription present")]},
            "expectation of step 2: expected one of errorCode, found 'errorDescription'",
        ),
        (
            {"expect": [expect(1, "readings", "MeterValuesRequest: many")]},
            "expectation of step 1: expected readings such as `MeterValuesRequest in Sample.Clock: ...`, "
            "found 'MeterValuesRequest: many'",
        ),
        ({"setup": ["variable X"]}, "setup 1: expected Component.Variable = value, found 'X'"),
        ({"setup": ["hope"]}, "setup 1: expected a line of variable, memory, state or note:, found 'hope'"),
        (
            {"steps": [step(1, "nobody", "ResetRequest")]},
            "step 1: expected by TS, SUT, manual or state, found 'nobody'",
        ),
    ],
)
def test_what_the_schemas_do_not_know_stops_the_load(parts: dict[str, Any], error: str) -> None:
    with pytest.raises(CaseError, match=f"^{re.escape('TC_X_01_CS, ' + error)}$"):
        load(case(**parts), "")


def test_an_unknown_state_stops_the_load() -> None:
    with pytest.raises(CaseError, match=r"^TC_X_01_CS: expected a state for a CS under test, found 'Nowhere'$"):
        load(case(setup=["state Nowhere"]), "")


def test_broken_json_stops_the_load() -> None:
    with pytest.raises(CaseError, match=r"^line 1: expected a JSON object"):
        load("{", "")


def test_a_slip_is_applied_and_one_too_many_stops_the_load() -> None:
    text = '[[slip]]\ncases = ["TC_X_01_CS"]\nsource = "type"\nhere = ""\nreason = "why"\n'
    found = load(case(steps=[step(1, "TS", "ResetRequest", {"type": "Soon"})]), "", read_slips(text))
    assert dict(found.cases["TC_X_01_CS"].steps[0].content) == {}
    with pytest.raises(CaseError, match=r"^slips: expected 'type' in TC_X_01_CS, found nowhere$"):
        load(case(), "", read_slips(text))


def test_words_are_put_right_within_texts_and_one_too_many_stops_the_load() -> None:
    corrections = read_slips('[words]\n"Test System" = "TestSystem"\n')
    ask = step(1, "TS", "ClearTariffsRequest", {"tariffIds": ["Test System1", "x"]})
    check = expect(2, "ClearTariffsResponse", "clearTariffsResult[0].tariffId == Test System1")
    found = load(case(steps=[ask], expect=[check]), "", corrections).cases["TC_X_01_CS"]
    assert found.steps[0].content == {"tariffIds": ["TestSystem1", "x"]}
    assert found.expectations[0].checks[0].alternatives[0].values == ("TestSystem1",)
    with pytest.raises(CaseError, match=r"^words: expected 'Test System' in a text, found nowhere$"):
        load(case(), "", corrections)


def test_states_are_found_by_role() -> None:
    found = load(case(), "\n".join([state("S"), json.dumps({**json.loads(state("S")), "role": "CSMS"})]))
    assert set(found.states) == {("S", "CS"), ("S", "CSMS")}
