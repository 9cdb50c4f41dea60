"""Steps that are played several times, or left out; checks of every entry; what is so in every case."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocpp21.conformance import Verdict, load
from ocpp21.conformance.cases.amendments import AmendmentError, amend, read_amendments
from ocpp21.conformance.cases.checks import mismatch, parse_check
from ocpp21.conformance.cases.load import CaseError
from ocpp21.conformance.cases.paths import ABSENT
from ocpp21.conformance.cases.remarks import asking
from ocpp21.conformance.planning.values import basic_credentials, priority, status_of
from ocpp21.conformance.playing.filling import for_each_asked
from tests.conformance.scripted import BOOT, ScriptedStation, case, expect, play, state, step
from tests.conformance.test_interpreter import event, passes, verdict

WRITE = {
    "setVariableData[0].component.name": "OCPPCommCtrlr",
    "setVariableData[0].variable.name": "OfflineThreshold",
    "setVariableData[0].attributeValue": "<value>",
}


def written(*statuses: str) -> Any:
    """Answers SetVariables with these statuses, one after the other."""
    left = iter(statuses)

    def answer(request: Any) -> dict[str, Any]:
        asked = request.set_variable_data[0]
        result = {
            "attributeStatus": next(left),
            "component": {"name": asked.component.name},
            "variable": {"name": asked.variable.name},
        }
        return {"setVariableResult": [result]}

    return answer


def told(*values: str) -> Any:
    """Answers GetVariables with these values, one after the other."""
    left = iter(values)

    def answer(request: Any) -> dict[str, Any]:
        asked = request.get_variable_data[0]
        result = {
            "attributeStatus": "Accepted",
            "attributeValue": next(left),
            "component": {"name": asked.component.name},
            "variable": {"name": asked.variable.name},
        }
        return {"getVariableResult": [result]}

    return answer


@pytest.mark.parametrize(
    ("statuses", "is_met"),
    [
        (("Accepted", "Rejected", "Rejected"), True),
        (("Accepted", "Accepted", "Rejected"), False),
        (("Rejected", "Rejected", "Rejected"), False),
        (("Accepted", "Rejected", "Accepted"), False),
    ],
)
def test_steps_are_repeated_for_each_value(statuses: tuple[str, ...], is_met: bool) -> None:
    loop = {"name": "value", "values": ["<offlineThreshold>", "<offlineThreshold + 0.1>", "abc"], "to": "2"}
    steps = [step(1, "TS", "SetVariablesRequest", WRITE, loop=loop), step(2, "SUT", "SetVariablesResponse")]
    check = "setVariableResult[0].attributeStatus == <status of value as integer>"
    text = case(steps=steps, expect=[expect(2, "SetVariablesResponse", check)])
    result = play(ScriptedStation({"SetVariablesRequest": written(*statuses)}), text)
    assert (result.verdict is Verdict.PASS) is is_met, result.text


GET = {
    "getVariableData[0].component.name": "OCPPCommCtrlr",
    "getVariableData[0].variable.name": "NetworkConfigurationPriority",
}


def test_steps_are_repeated_for_each_entry_of_what_was_said() -> None:
    loop = {"name": "slot", "values": ["<attributeValue of step 2>"], "to": "4"}
    content = {**WRITE, "setVariableData[0].component.name": "<slot>"}
    content["setVariableData[0].attributeValue"] = "1"
    steps = [
        step(1, "TS", "GetVariablesRequest", GET),
        step(2, "SUT", "GetVariablesResponse"),
        step(3, "TS", "SetVariablesRequest", content, loop=loop),
        step(4, "SUT", "SetVariablesResponse"),
    ]
    check = "setVariableResult[0].component.name == <slot>"
    text = case(steps=steps, expect=[expect(4, "SetVariablesResponse", check)])
    answers = {"GetVariablesRequest": told("A, B"), "SetVariablesRequest": written("Rejected", "Rejected")}
    result = play(ScriptedStation(answers), text)
    assert passes(result)
    notes = [entry.text for entry in result.log if entry.kind == "note" and " for slot " in entry.text]
    assert notes == ["steps 3 to 4 for slot A", "steps 3 to 4 for slot B"]


def test_a_value_without_a_meaning_is_found_before_anything_is_sent() -> None:
    loop = {"name": "value", "values": ["<moon>"], "to": "2"}
    steps = [step(1, "TS", "SetVariablesRequest", WRITE, loop=loop), step(2, "SUT", "SetVariablesResponse")]
    result = play(ScriptedStation(), case(steps=steps))
    assert verdict(result) == (Verdict.INCONCLUSIVE, "steps 1 to 2: <moon> has no meaning here")


@pytest.mark.parametrize(
    ("condition", "value", "is_asked"),
    [
        ("contains <inactive slot>", "1,2", True),
        ("contains <inactive slot>", "1", False),
        ("lacks <inactive slot>", "1", True),
        ("lacks <inactive slot>", "1,2", False),
    ],
)
def test_a_request_may_hang_on_what_was_said(condition: str, value: str, is_asked: bool) -> None:
    steps = [
        step(1, "TS", "GetVariablesRequest", GET),
        step(2, "SUT", "GetVariablesResponse"),
        step(3, "TS", "ClearCacheRequest", asked_when=f"2: getVariableResult[0].attributeValue {condition}"),
        step(4, "SUT", "ClearCacheResponse", optional=True),
    ]
    asked: list[Any] = []
    answers: dict[str, Any] = {
        "GetVariablesRequest": told(value),
        "ClearCacheRequest": lambda request: asked.append(request) or {"status": "Accepted"},
    }
    assert passes(play(ScriptedStation(answers), case(steps=steps)))
    assert bool(asked) is is_asked


REPORT = {"a": [{"kind": "x", "n": 1, "in": [{"m": 1}]}, {"kind": "y", "in": [{"m": 2}, {}]}]}


@pytest.mark.parametrize(
    ("check", "wrong"),
    [
        ("each a: kind present", ""),
        ("each a: n present", "each a: n present, found 1, nothing"),
        ("each a: n present if kind == x", ""),
        ("each a: n absent if kind == x", "each a: n absent if kind == x, found 1, nothing"),
        ("each a: n present or kind == y", ""),
        ("each a: n present or kind == z", "each a: n present or kind == z, found 1, nothing"),
        ("each a.in: m in (1, 2, absent)", ""),
        ("each a.in: m in (1, absent)", "each a.in: m in (1, absent), found 1, 2, nothing"),
        ("each b: m present", ""),
    ],
)
def test_a_check_of_every_entry(check: str, wrong: str) -> None:
    def resolve(text: str) -> Any:
        return ABSENT if text == "absent" else text

    parsed = parse_check(check)
    assert str(parsed) == check
    found = mismatch([parsed], REPORT, resolve)
    assert ("" if found is None else f"{found.expected}, found {found.found}") == wrong


def test_a_member_that_no_entry_has_stops_the_load() -> None:
    wanted = [expect(2, "GetVariablesResponse", "each getVariableResult: moon present")]
    steps = [step(1, "TS", "GetVariablesRequest", GET), step(2, "SUT", "GetVariablesResponse")]
    with pytest.raises(CaseError, match="moon"):
        load(case(steps=steps, expect=wanted), "")


# In every case

PLUG_IN = [step(1, "manual", "plug in the cable"), step(2, "SUT", "TransactionEventRequest", note="one or more")]


@pytest.mark.parametrize(
    ("events", "fault"),
    [
        ([event(0), event(1), event(2, eventType="Ended")], ""),
        ([event(2, eventType="Ended"), event(0), event(1)], ""),
        ([event(4), event(5)], ""),
        ([event(0, eventType="Updated")], "Started as the first event, and no other, found Updated as seqNo 0"),
        (
            [event(0), event(1, eventType="Started")],
            "Started as the first event, and no other, found Started as seqNo 1",
        ),
        ([event(0), event(1, eventType="Ended"), event(2)], "Ended as the last event, found Ended as seqNo 1 of 2"),
    ],
)
def test_a_transaction_begins_and_ends_once(events: list[tuple[str, dict[str, Any]]], fault: str) -> None:
    result = play(ScriptedStation(plug_in=events), case(steps=PLUG_IN))
    if not fault:
        assert passes(result)
    else:
        assert result.text == f"sequence of messages: expected {fault} of transaction T1"


def part(number: int, *, tbc: bool) -> tuple[str, dict[str, Any]]:
    payload = {"requestId": 1, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": number, "tbc": tbc}
    return "NotifyReportRequest", payload


@pytest.mark.parametrize(
    ("parts", "fault"),
    [
        ([part(0, tbc=True), part(1, tbc=False)], ""),
        ([part(0, tbc=False), part(1, tbc=False)], "tbc in all parts of a report but the last, found none in part 0"),
        ([part(0, tbc=True), part(2, tbc=False)], "no gap in seqNo, found part 1 of report 1 missing"),
    ],
)
def test_a_report_has_all_parts(parts: list[tuple[str, dict[str, Any]]], fault: str) -> None:
    text = case(steps=[step(1, "manual", "plug in the cable"), step(2, "SUT", "NotifyReportRequest", note="repeats")])
    result = play(ScriptedStation(plug_in=parts), text)
    assert result.text.startswith(f"sequence of messages: expected {fault}") if fault else passes(result)


TOKEN = {"idToken": {"idToken": "04A2B3C4", "type": "ISO14443"}}
OTHER = {"idToken": {"idToken": "04A2B3C5", "type": "ISO14443"}}

# When a message comes, and how often

SENDINGS = [step(1, "manual", "plug in the cable"), step(2, "SUT", "TransactionEventRequest", note="repeated")]
ARRIVAL = ["count == <attempts>", "gap >= <interval> x <earlier> if earlier > 0"]


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ([event(0), 5.0, event(0), 10.0, event(0)], ""),
        ([event(0), 5.0, event(0)], "step 2: expected count == <attempts>, found 2"),
        (
            [event(0), 5.0, event(0), 10.0, event(0), 15.0, event(0)],
            "step 2: expected count == <attempts>, found 4",
        ),
        (
            [event(0), 5.0, event(0), 5.0, event(0)],
            "step 2: expected gap >= <interval> x <earlier> if earlier > 0, found 5",
        ),
        ([event(0), 5.0, event(0), event(1), 10.0, event(0)], ""),  # another one is not counted
    ],
)
def test_a_message_is_sent_again_and_again(script: list[Any], text: str) -> None:
    found = play(ScriptedStation(plug_in=script), case(steps=SENDINGS, expect=[expect(2, "arrival", *ARRIVAL)]))
    assert found.text == text, found.text


def test_the_first_message_is_refused_and_the_second_one_answered() -> None:
    steps = [SENDINGS[0], {**SENDINGS[1], "refused": 1}]
    authorize = ("AuthorizeRequest", TOKEN)
    steps[1]["do"] = "AuthorizeRequest"
    station = ScriptedStation(plug_in=[authorize, authorize])
    result = play(station, case(steps=steps, expect=[expect(2, "arrival", "count == 2")]))
    assert passes(result)
    answers = [entry.text[:3] for entry in result.log if entry.kind == "out"]
    assert answers == ["[3,", "[4,", "[3,"]


def test_an_unknown_fact_of_an_arrival_stops_the_load() -> None:
    with pytest.raises(CaseError, match="expected one of count, earlier, gap, found 'moon'"):
        load(case(steps=SENDINGS, expect=[expect(2, "arrival", "moon == 1")]), "")


# What was refused

ENTER = state(
    "Shown",
    steps=[
        step(0, "manual", "present the idToken"),
        step(1, "SUT", "AuthorizeRequest", optional=True),
        step(2, "TS", "AuthorizeResponse", optional=True),
    ],
    expect=[expect(1, "AuthorizeRequest", "idToken.idToken == <valid idtoken>")],
)


def test_what_a_step_has_refused_is_nothing_for_its_second_pass() -> None:
    text = case(steps=[step(1, "state", "Shown"), step(2, "state", "Shown")])

    class Once(ScriptedStation):
        async def perform(self, act: Any, /) -> None:
            self.scripts = {"present": [("AuthorizeRequest", OTHER if not self.acts else TOKEN)]}
            await super().perform(act)

    result = play(Once(present=[]), text, ENTER)
    expected = "state Shown, step 1: expected idToken.idToken == <valid idtoken>, found '04A2B3C5'"
    assert verdict(result) == (Verdict.FAIL, expected)
    assert passes(play(ScriptedStation(present=[("AuthorizeRequest", TOKEN)]), text, ENTER))


def test_of_two_messages_for_one_step_one_is_too_many() -> None:
    steps = [step(1, "state", "Shown"), step(2, "manual", "plug in the cable"), step(3, "SUT", "AuthorizeRequest")]
    wanted = [expect(3, "AuthorizeRequest", "idToken.idToken == <valid idtoken 2>")]
    other = ("AuthorizeRequest", OTHER)
    text = case(steps=steps, expect=wanted)
    assert play(ScriptedStation(present=[other], plug_in=[other]), text, ENTER).verdict is Verdict.FAIL
    assert passes(play(ScriptedStation(present=[other], plug_in=[]), text, ENTER))  # the station is ahead
    assert passes(play(ScriptedStation(present=[], plug_in=[other]), text, ENTER))


# Values


@pytest.mark.parametrize(
    ("value", "integer", "decimal", "boolean", "date"),
    [
        (300, "Accepted", "Accepted", "Rejected", "Rejected"),
        (300.1, "Rejected", "Accepted", "Rejected", "Rejected"),
        ("true", "Rejected", "Rejected", "Accepted", "Rejected"),
        ("2026-01-01T00:00:00Z", "Rejected", "Rejected", "Rejected", "Accepted"),
        ("abc", "Rejected", "Rejected", "Rejected", "Rejected"),
    ],
)
def test_how_a_value_must_be_answered(value: Any, integer: str, decimal: str, boolean: str, date: str) -> None:
    kinds = ("integer", "decimal", "boolean", "dateTime")
    found = [status_of(f"status of value as {kind}".lower(), lambda name: value) for kind in kinds]
    assert found == [integer, decimal, boolean, date]
    assert status_of("status of value as moon", lambda name: value) is None


def test_credentials() -> None:
    values = {"user": "CS001", "password": "secret"}
    assert basic_credentials("base64(user:password)", values.__getitem__) == "Q1MwMDE6c2VjcmV0"
    assert basic_credentials("user:password", values.__getitem__) is None


@pytest.mark.parametrize(
    ("told_as", "words", "found"),
    [
        ("1,2,3", "list without inactive slot", "1,3"),
        ("1,2,3", "list with inactive slot appended", "1,3,2"),
        ("1,3", "list with inactive slot appended", "1,3,2"),
        ("1,3", "list of step 16 less its last slot", "1"),
        ("1,3", "list of the moon", None),
        ("", "list without inactive slot", None),
    ],
)
def test_slots(told_as: str, words: str, found: str | None) -> None:
    result = {"variable": {"name": "NetworkConfigurationPriority"}, "attributeValue": told_as}
    assert priority(words, {"1": {"wait": 1}, "2": {"getVariableResult": [result]}}, 2) == found


# What a case expects of a state


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        ("CablePluggedIn", ""),
        ("Authorized", "step 1: expected triggerReason == CablePluggedIn, found 'Authorized'"),
    ],
)
def test_what_a_case_expects_of_a_state_is_seen_in_the_end(reason: str, text: str) -> None:
    steps = [step(0, "manual", "plug in the cable"), step(1, "SUT", "TransactionEventRequest")]
    plugged = state("Plugged", steps=steps)
    wanted = [expect(1, "TransactionEventRequest", "triggerReason == CablePluggedIn")]
    station = ScriptedStation(plug_in=[event(0, triggerReason=reason)])
    result = play(station, case(steps=[step(1, "state", "Plugged")], expect=wanted), plugged)
    assert result.text == text


def test_nothing_of_what_a_case_expects_of_a_state_fails() -> None:
    idle = state("Idle", steps=[step(0, "manual", "plug in the cable")])
    wanted = [expect(1, "TransactionEventRequest", "eventType == Ended")]
    result = play(ScriptedStation(plug_in=[]), case(steps=[step(1, "state", "Idle")], expect=wanted), idle)
    assert result.text == "step 1: expected TransactionEventRequest, found none"


def test_an_answer_has_a_result_for_each_element() -> None:
    asked = {"setVariableData": [{"component": {"name": n}, "variable": {"name": n}} for n in "AB"]}
    given = {"setVariableResult": [{"attributeStatus": "Rejected"}]}
    found = for_each_asked(asked, "SetVariablesResponse", given)["setVariableResult"]
    assert [(one["component"]["name"], one["attributeStatus"]) for one in found] == [
        ("A", "Rejected"),
        ("B", "Rejected"),
    ]
    assert for_each_asked({}, "ClearCacheResponse", {"status": "Accepted"}) == {"status": "Accepted"}


def test_notes_that_ask_nothing_are_left_out() -> None:
    notes = [
        "step 3: source writes evse.id",
        "by hand: look",
        "step 3: or the NotifyEventRequest form",
        "by hand: look",
    ]
    assert list(asking(notes)) == ["by hand: look"]


def test_a_note_that_is_not_there_stops_the_load() -> None:
    text = '[[amendment]]\ncases = ["TC_X_01_CS"]\nstep = "1"\nnotes = ["moon"]\nalso = []\nreason = "r"\n'
    record = json.loads(case(steps=[step(1, "manual", "plug in the cable")]))
    with pytest.raises(AmendmentError, match="TC_X_01_CS: expected 'note: moon', found none"):
        amend(record, read_amendments(text), set())


# Reboots

BOOTED = state(
    "Booted",
    steps=[
        step(0, "manual", "power cycle the CS", optional=True),
        step(3, "SUT", "BootNotificationRequest"),
        step(4, "TS", "BootNotificationResponse", {"status": "Accepted"}),
    ],
)


def test_a_station_that_was_reset_is_not_switched_off_as_well() -> None:
    reset = [step(1, "TS", "ResetRequest", {"type": "OnIdle"}), step(2, "SUT", "ResetResponse")]
    answers = {"ResetRequest": {"status": "Accepted"}}
    station = ScriptedStation(answers, ResetRequest=[BOOT], reboot=[BOOT])
    assert passes(play(station, case(steps=[*reset, step(3, "state", "Booted")]), BOOTED))
    assert station.acts == []
    station = ScriptedStation(answers, ResetRequest=[BOOT], reboot=[BOOT])
    assert passes(play(station, case(steps=[step(3, "state", "Booted")]), BOOTED))
    assert [act.deed for act in station.acts] == ["reboot"]


def test_the_time_in_an_answer_is_that_of_the_answer() -> None:
    station = ScriptedStation(plug_in=[20.0, BOOT])
    steps = [step(1, "manual", "plug in the cable"), step(2, "SUT", "BootNotificationRequest")]
    assert passes(play(station, case(steps=steps)))
    assert station.told[-1][1]["currentTime"] >= "2026-01-01T00:00:20"
