"""One verdict for each line."""

import json

import pytest

from ocpp21.cli import verdicts
from ocpp21.cli.verdicts import Judge, Verdict

MAX_SIZE = 1 << 20
HEARTBEAT = b'{"currentTime":"2026-01-01T00:00:00Z"}'


def judge(*lines: bytes, **options: bool) -> list[Verdict]:
    one = Judge(max_size=MAX_SIZE, **options)
    return [one.judge(line) for line in lines]


def facts(verdict: Verdict, *names: str) -> tuple[object, ...]:
    return tuple(getattr(verdict, name) for name in names)


@pytest.mark.parametrize(
    ("line", "kind", "action", "message_id"),
    [
        (b'[2,"1","Heartbeat",{}]', "CALL", "Heartbeat", "1"),
        (b' \t[ 2 , "1" , "Heartbeat" , null ] ', "CALL", "Heartbeat", "1"),
        (b'[4,"1","NotImplemented","",{}]', "CALLERROR", None, "1"),
        (b'[5,"1","FormatViolation","",{}]', "CALLRESULTERROR", None, "1"),
        (
            b'[6,"1","NotifyPeriodicEventStream",'
            b'{"id":1,"pending":0,"basetime":"2026-01-01T00:00:00Z","data":[{"t":0.5,"v":"1"}]}]',
            "SEND",
            "NotifyPeriodicEventStream",
            "1",
        ),
        (b'{"action":"Heartbeat","payload":{}}', "CALL", "Heartbeat", None),
        (b' {"type":"request","payload": {} ,"action":"Heartbeat"}', "CALL", "Heartbeat", None),
        (b'{"action":"Heartbeat","type":"response","payload":' + HEARTBEAT + b"}", "CALLRESULT", "Heartbeat", None),
    ],
)
def test_ok(line, kind, action, message_id):
    assert judge(line) == [Verdict(kind=kind, action=action, id=message_id)]


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        (b"nonsense", "RpcFrameworkError", "expected a JSON array, found 'nonsense'"),
        (b'\xef\xbb\xbf[2,"1","Heartbeat",{}]', "RpcFrameworkError", "expected a JSON array, found "),
        (b'[2,"1","Heartbeat",{}', "RpcFrameworkError", "expected a closing bracket"),
        (b'[2,"1","Heartbeat"]', "RpcFrameworkError", "expected "),
        (b'[2,"1","Heartbeat",{},{}]', "RpcFrameworkError", ""),
        (b'[7,"1"]', "MessageTypeNotSupported", "expected a message type of 2 to 6, found '7'"),
        (b'[2,"1","Heartbeat",[]]', "TypeConstraintViolation", "payload: expected an object, found an array"),
        (b'[2,"1","Heartbeat",{"a":1}]', "FormatViolation", "`/a`: expected a member of this object, found `a`"),
        (b'[2,"1","Heartbeat",{"customData":{"vendorId":"x","a":NaN}}]', "RpcFrameworkError", "`/customData/a`: expec"),
        (b'[2,"1","Heartbeat",{"\xff":1}]', "RpcFrameworkError", "payload: expected UTF-8"),
        (b'[2,"1","Nothing",{}]', "NotImplemented", "expected an action of OCPP 2.1, found `Nothing`"),
        (b'[6,"1","Nothing",{}]', "NotImplemented", "expected an action of OCPP 2.1, found `Nothing`"),
        (b'[2,"1","heartbeat",{}]', "NotImplemented", "expected an action of OCPP 2.1, found `heartbeat`"),
        (b'[2,"1","NotifyPeriodicEventStream",{}]', "ProtocolError", "expected a SEND for this action"),
        (b'[6,"1","Heartbeat",{}]', "ProtocolError", "expected a CALL for this action"),
        (b'[3,"1"]', "RpcFrameworkError", ""),
        (b'[4,"1",1,"",{}]', "RpcFrameworkError", ""),
        (b"{", "RpcFrameworkError", "expected JSON, found the end"),
        (b'{"action":"Heartbeat"}', "RpcFrameworkError", "expected an array, or an object with the members "),
        (b'{"action":"Heartbeat","payload":{},"id":1}', "RpcFrameworkError", "expected an array, or an object with"),
        (b'{"action":1,"payload":{}}', "RpcFrameworkError", "expected an array, or an object with the members "),
        (b'{"action":"Heartbeat","payload":{},"type":"x"}', "RpcFrameworkError", "expected an array, or an object"),
        (b'{"action":"Heartbeat","payload":{}}}', "RpcFrameworkError", "expected JSON, found `}`"),
        (b'{"action":"Heartbeat\xff","payload":{}}', "RpcFrameworkError", "expected UTF-8"),
        (
            b'{"action":"Heartbeat","payload":[]}',
            "TypeConstraintViolation",
            "payload: expected an object, found an arr",
        ),
        (b'{"action":"Heartbeat","payload":{"a":1,"a":2}}', "FormatViolation", "`/a`: expected "),
        (
            b'{"action":"Heartbeat","payload":{"customData":{"vendorId":"","a":1,"a":2}}}',
            "FormatViolation",
            "`/customD",
        ),
        (
            b'{"action":"Reset","action":"Heartbeat","payload":{}}',
            "FormatViolation",
            "`/action`: expected each member ",
        ),
        (b'{"action":"Heartbeat","payload":{"a":1},"payload":{}}', "FormatViolation", "`/payload`: expected each memb"),
        (b'{"action":"Heartbeat","payload":' + b"[" * 100_000, "FormatViolation", "expected at most 64 levels"),
        (
            b'{"action":"Heartbeat","payload":' + b'{"a":' * 64 + b"1" + b"}" * 65,
            "FormatViolation",
            "`/a`: expected a ",
        ),
        (
            b'{"action":"Hartbeat","payload":{}}',
            "NotImplemented",
            "expected an action of OCPP 2.1 (did you mean `Heart",
        ),
        (b'{"action":"?","payload":{}}', "NotImplemented", "expected an action of OCPP 2.1, found `?`"),
        (
            b'{"action":"NotifyPeriodicEventStream","type":"response","payload":{}}',
            "ProtocolError",
            "expected a request, for NotifyPeriodicEventStream has no response",
        ),
    ],
)
def test_refused(line, code, reason):
    (verdict,) = judge(line)
    assert facts(verdict, "verdict", "code") == ("refused", code)
    assert reason in verdict.reason
    assert verdict.reason.isprintable() and len(verdict.reason) <= 255


def test_refusal_has_place_and_rule():
    line = b'{"payload":{"evse":{"id":-1},"connectorStatus":""},"action":"ReserveNow"}'
    (verdict,) = judge(line)
    assert facts(verdict, "kind", "action", "id") == ("CALL", "ReserveNow", None)
    assert facts(verdict, "keyword", "pointer", "offset") == ("additionalProperties", "/evse", 1)


def test_place_of_a_double_member_outside_of_the_payload_counts_the_payload():
    line = b'{"payload":{"customData":{"vendorId":"x"}},"action":"Heartbeat","action":"Heartbeat"}'
    (verdict,) = judge(line)
    assert facts(verdict, "keyword", "pointer", "offset") == ("uniqueMembers", "/action", line.rindex(b'"action"'))


def test_refused_frame_keeps_what_could_be_read():
    (verdict,) = judge(b'[2,"abc","Heartbeat"]')
    assert facts(verdict, "kind", "action", "id") == ("CALL", None, "abc")
    (verdict,) = judge(b'[7,"abc"]')
    assert facts(verdict, "kind", "action", "id") == (None, None, "abc")


def test_long_action_is_cut():
    (verdict,) = judge(json.dumps({"action": "x" * 100_000, "payload": {}}).encode())
    assert len(verdict.action) == 64


def test_too_long_is_refused_in_the_words_of_framing():
    judge = Judge(max_size=4)
    verdict = judge.too_long(5)
    assert facts(verdict, "verdict", "code", "reason") == (
        "refused",
        "RpcFrameworkError",
        "expected at most 4 bytes, found 5",
    )


def test_result_is_checked_against_the_response_of_its_call():
    call, good, bad = judge(b'[2,"1","Heartbeat",{}]', b'[3,"1",' + HEARTBEAT + b"]", b'[3,"1",' + HEARTBEAT + b"]")
    assert call.verdict == "ok"
    assert good == Verdict(kind="CALLRESULT", action="Heartbeat", id="1")
    assert facts(bad, "verdict", "kind", "action", "id", "code") == ("unmatched", "CALLRESULT", None, "1", None)
    assert bad.reason == "expected the id of a CALL before it, found `1`"


def test_refused_result_answers_its_call_all_the_same():
    _, refused, unmatched = judge(b'[2,"1","Heartbeat",{}]', b'[3,"1",{}]', b'[3,"1",{}]')
    assert facts(refused, "verdict", "action", "keyword") == ("refused", "Heartbeat", "required")
    assert unmatched.verdict == "unmatched"


def test_call_that_is_refused_waits_for_its_answer_too():
    refused, answer = judge(b'[2,"1","Heartbeat",{"a":1}]', b'[3,"1",' + HEARTBEAT + b"]")
    assert (refused.verdict, answer.verdict) == ("refused", "ok")


def test_one_id_used_twice_is_answered_in_order():
    verdicts = judge(
        b'[2,"1","Heartbeat",{}]',
        b'[2,"1","ClearCache",{}]',
        b'[2,"1","Authorize",{}]',
        b'[3,"1",' + HEARTBEAT + b"]",
        b'[3,"1",{"status":"Accepted"}]',
        b'[3,"1",{"idTokenInfo":{"status":"Accepted"}}]',
        b'[3,"1",{}]',
    )
    assert [verdict.action for verdict in verdicts[3:]] == ["Heartbeat", "ClearCache", "Authorize", None]


def test_sides_may_use_the_same_id_and_be_answered_in_either_order():
    verdicts = judge(
        b'[2,"1","Heartbeat",{}]',
        b'[2,"1","ClearCache",{}]',
        b'[3,"1",{"status":"Accepted"}]',
        b'[3,"1",' + HEARTBEAT + b"]",
    )
    assert [(verdict.verdict, verdict.action) for verdict in verdicts[2:]] == [
        ("ok", "ClearCache"),
        ("ok", "Heartbeat"),
    ]


def test_result_that_suits_neither_side_is_that_of_the_older_call():
    *_, refused, rest = judge(
        b'[2,"1","ClearCache",{}]', b'[2,"1","Heartbeat",{}]', b'[3,"1",{"a":1}]', b'[3,"1",' + HEARTBEAT + b"]"
    )
    assert facts(refused, "verdict", "action", "pointer") == ("refused", "ClearCache", "/a")
    assert facts(rest, "verdict", "action") == ("ok", "Heartbeat")


def test_error_answers_its_call():
    _, error, late = judge(b'[2,"1","Heartbeat",{}]', b'[4,"1","InternalError","",{}]', b'[3,"1",' + HEARTBEAT + b"]")
    assert facts(error, "verdict", "action") == ("ok", "Heartbeat")
    assert late.verdict == "unmatched"


def test_oldest_calls_are_forgotten():
    one = Judge(max_size=MAX_SIZE)
    for number in range(verdicts.MAX_WAITING + 1):
        one.judge(b'[2,"%d","Heartbeat",{}]' % number)
    results = [one.judge(b'[3,"%d",%b]' % (number, HEARTBEAT)).verdict for number in (0, 1, verdicts.MAX_WAITING)]
    assert results == ["unmatched", "ok", "ok"]


def test_one_id_used_without_end_is_forgotten_too():
    one = Judge(max_size=MAX_SIZE)
    for _ in range(verdicts.MAX_WAITING + 5):
        one.judge(b'[2,"1","Heartbeat",{}]')
    results = [one.judge(b'[3,"1",%b]' % HEARTBEAT).verdict for _ in range(verdicts.MAX_WAITING + 1)]
    assert results == ["ok"] * verdicts.MAX_WAITING + ["unmatched"]


def test_lenient_reports_what_it_tolerates():
    (verdict,) = judge(b'[2,"1","Heartbeat",{"a":1,"customData":null}]', lenient=True)
    assert verdict.verdict == "ok"
    assert [(each.rule, each.pointer) for each in verdict.deviations] == [
        ("unknown member", "/a"),
        ("null", "/customData"),
    ]


def test_conform_checks_more():
    line = b'{"action":"Authorize","payload":{"idToken":{"idToken":"a b","type":"Local"}}}'
    assert [verdict.verdict for verdict in judge(line)] == ["ok"]
    (verdict,) = judge(line, conform=True)
    assert facts(verdict, "verdict", "keyword", "pointer") == ("refused", "identifierString", "/idToken/idToken")
