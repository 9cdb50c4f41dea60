"""Small invented cases, one for every construct; most of them twice: as it must pass, and as it must fail."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ocpp21.conformance import Result, Verdict
from tests.conformance.scripted import BOOT, CONFIGURATION, ScriptedStation, case, expect, play, state, step

ASK = step(1, "TS", "ClearCacheRequest")
ANSWER = step(2, "SUT", "ClearCacheResponse")
ACCEPTED = {"ClearCacheRequest": {"status": "Accepted"}}
REJECTED = {"ClearCacheRequest": {"status": "Rejected"}}


def event(number: int, **more: Any) -> tuple[str, dict[str, Any]]:
    """A TransactionEventRequest."""
    payload = {
        "eventType": "Updated" if number else "Started",
        "timestamp": "2026-01-01T00:00:00Z",
        "triggerReason": "CablePluggedIn",
        "seqNo": number,
        "transactionInfo": {"transactionId": "T1"},
    }
    return "TransactionEventRequest", {**payload, **more}


def status(value: str = "Occupied", evse_id: int = 1) -> tuple[str, dict[str, Any]]:
    """A StatusNotificationRequest."""
    payload = {"timestamp": "2026-01-01T00:00:00Z", "connectorStatus": value, "evseId": evse_id, "connectorId": 1}
    return "StatusNotificationRequest", payload


def verdict(result: Result) -> tuple[Verdict, str]:
    return result.verdict, result.text


def passes(result: Result) -> bool:
    assert verdict(result) == (Verdict.PASS, "")
    return True


def test_an_answer_as_expected_passes() -> None:
    text = case(steps=[ASK, ANSWER], expect=[expect(2, "ClearCacheResponse", "status == Accepted")])
    assert passes(play(ScriptedStation(ACCEPTED), text))


def test_another_answer_fails_with_step_expected_found_and_the_wire() -> None:
    text = case(steps=[ASK, ANSWER], expect=[expect(2, "ClearCacheResponse", "status == Accepted")])
    result = play(ScriptedStation(REJECTED), text)
    assert verdict(result) == (Verdict.FAIL, "step 2: expected status == Accepted, found 'Rejected'")
    assert [entry.action for entry in result.log if entry.kind == "out"] == ["", "ClearCache"]


def test_a_refusal_fails() -> None:
    result = play(ScriptedStation(), case(steps=[ASK, ANSWER]))
    assert result.verdict is Verdict.FAIL
    assert "expected ClearCacheResponse, found CALLERROR" in result.text


@pytest.mark.parametrize(
    ("check", "answer", "is_met"),
    [
        ("versionNumber == 3", 3, True),
        ("versionNumber == 3", 4, False),
        ("versionNumber != 3", 4, True),
        ("versionNumber != 3", 3, False),
        ("versionNumber in (1, 3)", 3, True),
        ("versionNumber in (1, 3)", 2, False),
        ("versionNumber >= 3", 3, True),
        ("versionNumber >= 3", 2, False),
        ("versionNumber <= 3", 3, True),
        ("versionNumber <= 3", 4, False),
        ("versionNumber > 3", 4, True),
        ("versionNumber > 3", 3, False),
        ("versionNumber < 3", 2, True),
        ("versionNumber < 3", 3, False),
        ("versionNumber present", 0, True),
        ("versionNumber absent", 0, False),
        ("customData absent", 0, True),
        ("customData present", 0, False),
        ("customData absent or versionNumber == 3", 4, True),
        ("customData.isNone == false", 4, True),
        ("customData present or versionNumber == 3", 3, True),
        ("customData present or versionNumber == 3", 4, False),
        ("versionNumber == 3 if versionNumber > 2", 2, True),
        ("versionNumber == 3 if versionNumber > 2", 4, False),
        ("versionNumber == <configured versionNumber>", 2, True),
        ("versionNumber == <configured versionNumber>", 3, False),
        ("versionNumber == <configured versionNumber> + 1", 3, True),
    ],
)
def test_operators(check: str, answer: int, is_met: bool) -> None:
    steps = [step(1, "TS", "GetLocalListVersionRequest"), step(2, "SUT", "GetLocalListVersionResponse")]
    text = case(steps=steps, expect=[expect(2, "GetLocalListVersionResponse", check)])
    result = play(ScriptedStation({"GetLocalListVersionRequest": {"versionNumber": answer}}), text)
    assert (result.verdict is Verdict.PASS) is is_met, result.text


def report(*names: str) -> dict[str, Any]:
    rows = [
        {"attributeStatus": "Accepted", "component": {"name": name}, "variable": {"name": "V"}, "attributeValue": name}
        for name in names
    ]
    return {"GetVariablesRequest": {"getVariableResult": rows}}


@pytest.mark.parametrize(
    ("checks", "is_met"),
    [
        (["getVariableResult[1].component.name == B"], True),
        (["getVariableResult[2].component.name == B"], False),
        (["getVariableResult[*].variable.name == V"], True),
        (["getVariableResult[*].component.name == A"], False),
        (["getVariableResult[i].component.name == B", "getVariableResult[i].attributeValue == B"], True),
        (["getVariableResult[i].component.name == B", "getVariableResult[i].attributeValue == A"], False),
        (["getVariableResult[last].component.name == B"], True),
        (["getVariableResult[last].component.name == A"], False),
        (["getVariableResult[0].attributeValue contains A"], True),
        (["getVariableResult[0].attributeValue contains B"], False),
        (["getVariableResult count == 2"], True),
        (["getVariableResult count >= 3"], False),
    ],
)
def test_entries_of_lists(checks: list[str], is_met: bool) -> None:
    steps = [step(1, "TS", "GetVariablesRequest"), step(2, "SUT", "GetVariablesResponse")]
    text = case(steps=steps, expect=[expect(2, "GetVariablesResponse", *checks)])
    result = play(ScriptedStation(report("A", "B")), text)
    assert (result.verdict is Verdict.PASS) is is_met, result.text


PLUG_IN = [
    step(1, "manual", "plug in the cable"),
    step(2, "SUT", "TransactionEventRequest"),
    step(3, "TS", "TransactionEventResponse"),
]


def test_something_expected_that_does_not_come_fails() -> None:
    result = play(ScriptedStation(plug_in=[]), case(steps=PLUG_IN))
    assert verdict(result) == (Verdict.FAIL, "step 2: expected TransactionEventRequest, found nothing in time")


def test_something_optional_may_stay_away() -> None:
    steps = [PLUG_IN[0], {**PLUG_IN[1], "optional": True}, PLUG_IN[2]]
    assert passes(play(ScriptedStation(plug_in=[]), case(steps=steps)))


def test_something_optional_that_comes_is_looked_at() -> None:
    steps = [PLUG_IN[0], {**PLUG_IN[1], "optional": True}, PLUG_IN[2]]
    wanted = [expect(2, "TransactionEventRequest", "triggerReason == CablePluggedIn")]
    assert passes(play(ScriptedStation(plug_in=[event(0)]), case(steps=steps, expect=wanted)))
    result = play(ScriptedStation(plug_in=[event(0, triggerReason="Authorized")]), case(steps=steps, expect=wanted))
    assert verdict(result) == (Verdict.FAIL, "step 2: expected triggerReason == CablePluggedIn, found 'Authorized'")


def test_alternatives_of_one_step() -> None:
    steps = [PLUG_IN[0], step(2, "SUT", "StatusNotificationRequest or NotifyEventRequest")]
    wanted = [
        expect(2, "StatusNotificationRequest", "connectorStatus == Occupied"),
        expect(2, "NotifyEventRequest", "eventData[0].actualValue == Occupied"),
    ]
    text = case(steps=steps, expect=wanted)
    data = {
        "eventId": 1,
        "timestamp": "2026-01-01T00:00:00Z",
        "trigger": "Delta",
        "component": {"name": "Connector"},
        "variable": {"name": "AvailabilityState"},
        "eventNotificationType": "HardWiredNotification",
    }
    events = [{**data, "actualValue": "Available"}, {**data, "actualValue": "Occupied"}]
    told = {"generatedAt": "2026-01-01T00:00:00Z", "seqNo": 0, "eventData": events}
    assert passes(play(ScriptedStation(plug_in=[status()]), text))
    assert passes(play(ScriptedStation(plug_in=[("NotifyEventRequest", told)]), text))
    assert play(ScriptedStation(plug_in=[status("Faulted")]), text).verdict is Verdict.FAIL
    told = {**told, "eventData": events[:1]}
    assert play(ScriptedStation(plug_in=[("NotifyEventRequest", told)]), text).verdict is Verdict.FAIL


def test_events_of_a_transaction_may_come_in_any_order() -> None:
    steps = [*PLUG_IN, step(4, "SUT", "TransactionEventRequest"), step(5, "TS", "TransactionEventResponse")]
    wanted = [
        expect(2, "TransactionEventRequest", "seqNo == 0"),
        expect(4, "TransactionEventRequest", "seqNo == 1"),
    ]
    assert passes(play(ScriptedStation(plug_in=[event(1), event(0)]), case(steps=steps, expect=wanted)))


def test_other_messages_keep_the_order_of_the_case() -> None:
    authorize = {"idToken": {"idToken": "04A2B3C4", "type": "ISO14443"}}
    steps = [
        PLUG_IN[0],
        step(2, "SUT", "AuthorizeRequest"),
        step(3, "TS", "AuthorizeResponse"),
        step(4, "SUT", "DataTransferRequest"),
        step(5, "TS", "DataTransferResponse"),
    ]
    right = [("AuthorizeRequest", authorize), ("DataTransferRequest", {"vendorId": "V"})]
    assert passes(play(ScriptedStation(plug_in=right), case(steps=steps)))
    assert play(ScriptedStation(plug_in=right[::-1]), case(steps=steps)).verdict is Verdict.FAIL


def test_a_gap_in_seq_no_fails() -> None:
    steps = [*PLUG_IN, step(4, "SUT", "TransactionEventRequest"), step(5, "TS", "TransactionEventResponse")]
    result = play(ScriptedStation(plug_in=[event(0), event(2)]), case(steps=steps))
    assert verdict(result) == (
        Verdict.FAIL,
        "sequence of messages: expected no gap in seqNo, found seqNo 1 of transaction T1 missing",
    )


def test_background_is_answered_and_forgotten() -> None:
    heartbeat: tuple[str, dict[str, Any]] = ("HeartbeatRequest", {})
    station = ScriptedStation(plug_in=[heartbeat, status("Reserved", 2), event(0)])
    assert passes(play(station, case(steps=PLUG_IN)))
    assert [name for name, _ in station.told[1:3]] == ["HeartbeatRequest", "StatusNotificationRequest"]


def test_the_answer_is_that_of_the_case() -> None:
    token = {"idToken": {"idToken": "04A2B3C4", "type": "ISO14443"}}
    steps = [
        step(1, "manual", "present the idToken"),
        step(2, "SUT", "AuthorizeRequest"),
        step(3, "TS", "AuthorizeResponse", {"idTokenInfo.status": "Blocked"}),
    ]
    station = ScriptedStation(present=[("AuthorizeRequest", token)])
    assert passes(play(station, case(steps=steps)))
    assert station.told[-1] == ("AuthorizeRequest", {"idTokenInfo": {"status": "Blocked"}})


def test_what_an_earlier_step_said_can_be_asked_for() -> None:
    steps = [
        step(1, "TS", "SendLocalListRequest", {"updateType": "Full", "versionNumber": "<configured + 1>"}),
        step(2, "SUT", "SendLocalListResponse"),
        step(3, "TS", "GetLocalListVersionRequest"),
        step(4, "SUT", "GetLocalListVersionResponse"),
    ]
    wanted = [expect(4, "GetLocalListVersionResponse", "versionNumber == <versionNumber of step 1>")]
    answers = {"SendLocalListRequest": {"status": "Accepted"}, "GetLocalListVersionRequest": {"versionNumber": 3}}
    assert passes(play(ScriptedStation(answers), case(steps=steps, expect=wanted)))
    answers["GetLocalListVersionRequest"] = {"versionNumber": 2}
    assert play(ScriptedStation(answers), case(steps=steps, expect=wanted)).verdict is Verdict.FAIL


def test_repeated_messages_count_up() -> None:
    def part(number: int) -> tuple[str, dict[str, Any]]:
        facts = {"requestId": 1, "generatedAt": "2026-01-01T00:00:00Z", "seqNo": number}
        return "NotifyReportRequest", {**facts, "tbc": number < 2}

    steps = [
        step(1, "TS", "GetBaseReportRequest", {"requestId": "<generated>", "reportBase": "FullInventory"}),
        step(2, "SUT", "GetBaseReportResponse"),
        step(3, "SUT", "NotifyReportRequest", note="repeats while tbc"),
        step(4, "TS", "NotifyReportResponse"),
    ]
    wanted = [expect(3, "NotifyReportRequest", "requestId == <sent requestId>", "seqNo == 0")]
    answers = {"GetBaseReportRequest": {"status": "Accepted"}}
    station = ScriptedStation(answers, GetBaseReportRequest=[part(0), part(1), part(2)])
    assert passes(play(station, case(steps=steps, expect=wanted)))
    station = ScriptedStation(answers, GetBaseReportRequest=[part(1)])
    assert play(station, case(steps=steps, expect=wanted)).verdict is Verdict.FAIL


def test_silence() -> None:
    steps = [step(1, "manual", "plug in the cable"), step(2, "SUT", "send no TransactionEventRequest")]
    assert passes(play(ScriptedStation(plug_in=[status()]), case(steps=steps)))
    result = play(ScriptedStation(plug_in=[3.0, event(0)]), case(steps=steps))
    assert result.text.startswith("step 2: expected no TransactionEventRequest, found")


def test_silence_in_the_end() -> None:
    text = case(steps=[ASK, ANSWER], after=["note: no TransactionEventRequest after step 1"])
    assert passes(play(ScriptedStation(ACCEPTED), text))
    assert play(ScriptedStation(ACCEPTED, ClearCacheRequest=[event(0)]), text).verdict is Verdict.FAIL


def test_no_charging_in_the_end_is_of_the_whole_case() -> None:
    charging = event(1, transactionInfo={"transactionId": "T1", "chargingState": "Charging"})
    text = case(steps=[*PLUG_IN, step(4, "TS", "wait <Transaction Duration>")], after=["note: no charging"])
    assert passes(play(ScriptedStation(plug_in=[event(0)]), text))
    result = play(ScriptedStation(plug_in=[event(0), charging]), text)
    assert result.verdict is Verdict.FAIL
    assert result.expected == "no TransactionEventRequest with transactionInfo.chargingState == Charging"


def test_states_are_entered_once() -> None:
    states = state("Plugged", steps=PLUG_IN, expect=[expect(2, "TransactionEventRequest", "seqNo == 0")])
    text = case(setup=["state Plugged", "state Plugged unless already"], steps=[ASK, ANSWER])
    station = ScriptedStation(ACCEPTED, plug_in=[event(0)])
    assert passes(play(station, text, states))
    assert [act.deed for act in station.acts] == ["plug_in"]
    station = ScriptedStation(ACCEPTED, plug_in=[event(1)])
    assert play(station, text, states).text == "state Plugged, step 2: expected seqNo == 0, found 1"


def test_variables_are_set_over_the_wire_or_by_the_driver() -> None:
    def result(name: str, status: str, value: str = "") -> dict[str, Any]:
        row = {"attributeStatus": status, "component": {"name": "TxCtrlr"}, "variable": {"name": "StopTxOnInvalidId"}}
        return {f"{name}Result": [row | ({"attributeValue": value} if value else {})]}

    line = "variable TxCtrlr.StopTxOnInvalidId = true"
    reading = {"GetVariablesRequest": result("getVariable", "Accepted", "false"), **ACCEPTED}
    station = ScriptedStation({**reading, "SetVariablesRequest": result("setVariable", "Accepted")})
    assert passes(play(station, case(setup=[line], steps=[ASK, ANSWER])))
    assert station.configured == []
    station = ScriptedStation({**reading, "SetVariablesRequest": result("setVariable", "Rejected")})
    assert passes(play(station, case(setup=[line], steps=[ASK, ANSWER])))
    assert station.configured == [("TxCtrlr.StopTxOnInvalidId == true", "true")]
    missing = {"GetVariablesRequest": result("getVariable", "UnknownVariable"), **ACCEPTED}
    station = ScriptedStation(missing)
    assert passes(play(station, case(setup=[f"{line} (if implemented)"], steps=[ASK, ANSWER])))


def test_errors_that_are_expected() -> None:
    steps = [ASK, step(2, "SUT", "CALLERROR NotSupported")]
    assert passes(play(ScriptedStation(), case(steps=steps)))
    steps = [ASK, step(2, "SUT", "CALLERROR SecurityError")]
    assert play(ScriptedStation(), case(steps=steps)).verdict is Verdict.FAIL
    assert play(ScriptedStation(ACCEPTED), case(steps=steps)).verdict is Verdict.FAIL


def test_the_code_of_an_error_is_checked() -> None:
    steps = [ASK, step(2, "SUT", "CALLERROR")]
    met = case(steps=steps, expect=[expect(2, "CALLERROR", "errorCode in (NotSupported, NotImplemented)")])
    assert passes(play(ScriptedStation(), met))
    other = case(steps=steps, expect=[expect(2, "CALLERROR", "errorCode == SecurityError")])
    assert verdict(play(ScriptedStation(), other)) == (
        Verdict.FAIL,
        "step 2: expected errorCode == SecurityError, found 'NotSupported'",
    )


def test_errors_that_the_case_asks_for() -> None:
    steps = [*PLUG_IN[:2], step(3, "TS", "CallError", {"errorCode": "InternalError"})]
    station = ScriptedStation(plug_in=[event(0)])
    play(station, case(steps=steps))
    assert [name for name, _ in station.told] == [BOOT[0]]


def test_the_connection_is_cut_and_expected_back() -> None:
    steps = [step(1, "TS", "close WebSocket"), step(2, "SUT", "reconnect")]
    result = play(ScriptedStation(), case(steps=steps))
    assert verdict(result) == (Verdict.FAIL, "step 2: expected a connection, found none in time")


def test_a_deed_that_the_driver_cannot_do_is_inconclusive() -> None:
    result = play(ScriptedStation(), case(steps=PLUG_IN))
    assert verdict(result) == (Verdict.INCONCLUSIVE, "step 1: the script does not know plug_in")


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([step(1, "manual", "dance")], "step 1: no driver is asked to 'dance' yet"),
        ([step(1, "TS", "TLS ServerHello")], "step 1: the test system cannot 'TLS ServerHello' yet"),
        ([step(1, "TS", "ResetRequest", {"type": "<moon>"})], "step 1: <moon> has no meaning here"),
        (
            [step(1, "TS", "ResetRequest", {"evseId": "all of them"})],
            "step 1: 'all of them' has no meaning where a number is due",
        ),
    ],
)
def test_words_without_a_meaning_are_inconclusive(steps: list[dict[str, Any]], reason: str) -> None:
    assert verdict(play(ScriptedStation(), case(steps=steps))) == (Verdict.INCONCLUSIVE, reason)


def test_what_the_test_system_must_not_send_is_not_the_fault_of_the_system_under_test() -> None:
    steps = [step(1, "TS", "ClearTariffsRequest", {"tariffIds[0]": "no identifier"}), step(2, "SUT", "CALLERROR")]
    assert verdict(play(ScriptedStation(), case(steps=steps))) == (
        Verdict.INCONCLUSIVE,
        "step 1: the case makes a ClearTariffsRequest that is not valid: `/tariffIds/0`: expected an identifier of "
        "letters, digits and *-_=:+|@., found `no identifier`",
    )


def test_a_request_of_the_other_side_is_refused_by_the_session_of_the_test_system() -> None:
    result = play(ScriptedStation(), case(steps=[step(1, "TS", "HeartbeatRequest"), step(2, "SUT", "CALLERROR")]))
    assert verdict(result) == (
        Verdict.INCONCLUSIVE,
        "the test system must not send what the case asks for: expected a request of the CSMS, found Heartbeat",
    )


def test_a_case_that_is_not_claimed_does_not_apply() -> None:
    configuration = dataclasses.replace(CONFIGURATION, claims=type(CONFIGURATION.claims)())
    listing = {"profile": "Core", "status": "conditional", "condition": "C-49 & !C-01"}
    text = case(steps=[ASK, ANSWER], listings=[listing])
    result = play(ScriptedStation(ACCEPTED), text, configuration=configuration)
    assert verdict(result) == (Verdict.NOT_APPLICABLE, "C-49 & !C-01 is not claimed")
