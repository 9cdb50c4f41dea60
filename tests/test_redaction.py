"""Frames without secrets: masked by their place, all else kept, and nothing raised, whatever comes."""

from __future__ import annotations

import base64
import json
import logging
import random
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ocpp21 import codec, framing, messages
from ocpp21._speedups import validators
from ocpp21.errors import CallError, PayloadError
from ocpp21.events import Call, CallFailed, CallReceived
from ocpp21.messages.registry import ACTIONS, MESSAGES
from ocpp21.observation import Observation
from ocpp21.redaction import MASK, Redactor, redact

VECTORS = Path(__file__).parent / "vectors"

SEED = 20260101
SECRET = "hunter2-Zq9"


def call(action: str, payload: Any) -> bytes:
    return json.dumps([2, "1", action, payload]).encode()


def payload_of(redacted: bytes) -> Any:
    return json.loads(redacted)[-1]


def masked(action: str, payload: Any, **options: Any) -> Any:
    """The payload of a redacted CALL."""
    return payload_of(redact(call(action, payload), **options))


def connection(**members: Any) -> dict[str, Any]:
    return {
        "configurationSlot": 1,
        "connectionData": {
            "ocppInterface": "Any",
            "ocppTransport": "JSON",
            "messageTimeout": 30,
            "ocppCsmsUrl": "wss://csms.example.com/ocpp",
            "securityProfile": 2,
            **members,
        },
    }


def value_of(component: str, variable: Any, value: Any = SECRET) -> dict[str, Any]:
    return {"attributeValue": value, "component": {"name": component}, "variable": {"name": variable}}


# By place


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"basicAuthPassword": SECRET}, {"basicAuthPassword": MASK}),
        (
            {"vpn": {"server": "s", "user": "u", "password": SECRET, "key": SECRET, "type": "IPSec"}},
            {"vpn": {"server": "s", "user": "u", "password": MASK, "key": MASK, "type": "IPSec"}},
        ),
        (
            {"apn": {"apn": "a", "apnUserName": "u", "apnPassword": SECRET, "simPin": 1234}},
            {"apn": {"apn": "a", "apnUserName": "u", "apnPassword": MASK, "simPin": MASK}},
        ),
        ({"ocppCsmsUrl": f"wss://user:{SECRET}@host/x"}, {"ocppCsmsUrl": f"wss://{MASK}@host/x"}),
        ({"identity": "station"}, {"identity": "station"}),
    ],
)
def test_secrets_of_a_network_profile(members: dict[str, Any], expected: dict[str, Any]) -> None:
    assert masked("SetNetworkProfile", connection(**members)) == connection(**expected)


@pytest.mark.parametrize(
    ("component", "variable"),
    [
        ("SecurityCtrlr", "BasicAuthPassword"),
        ("securityctrlr", "BASICAUTHPASSWORD"),
        ("NetworkConfiguration", "BasicAuthPassword"),
        ("NetworkConfiguration", "VpnPassword"),
        ("NetworkConfiguration", "VpnKey"),
        ("NetworkConfiguration", "ApnPassword"),
        ("NetworkConfiguration", "SimPin"),
        ("WebPaymentsCtrlr", "SharedSecret"),
        ("Vendor", "AdminPassword"),
        ("Vendor", "ClientSecretV2"),
    ],
)
def test_values_of_write_only_variables(component: str, variable: str) -> None:
    item = value_of(component, variable)
    assert masked("SetVariables", {"setVariableData": [item]}) == {
        "setVariableData": [{**item, "attributeValue": MASK}]
    }
    result = json.dumps([3, "1", {"getVariableResult": [{**item, "attributeStatus": "Accepted"}]}]).encode()
    for action in ("GetVariables", "GetVariables-Signed", None):
        [found] = payload_of(redact(result, action))["getVariableResult"]
        assert found == {**item, "attributeStatus": "Accepted", "attributeValue": MASK}
    event = {"eventId": 1, "actualValue": SECRET, "component": item["component"], "variable": item["variable"]}
    assert masked("NotifyEvent", {"eventData": [event]}) == {"eventData": [{**event, "actualValue": MASK}]}
    report = {"component": item["component"], "variable": item["variable"], "variableAttribute": [{"value": SECRET}]}
    assert masked("NotifyReport", {"reportData": [report]})["reportData"][0]["variableAttribute"] == [{"value": MASK}]


def test_values_of_other_variables_are_kept() -> None:
    item = value_of("OCPPCommCtrlr", "HeartbeatInterval", "300")
    assert masked("SetVariables", {"setVariableData": [item]}) == {"setVariableData": [item]}
    report = {"component": {"name": "a"}, "variable": {"name": "b"}, "variableAttribute": [{"value": "1"}]}
    assert masked("NotifyReport", {"reportData": [report]}) == {"reportData": [report]}
    report["variableAttribute"] = [{"value": SECRET, "mutability": "WriteOnly"}]
    assert masked("NotifyReport", {"reportData": [report]})["reportData"][0]["variableAttribute"][0]["value"] == MASK


@pytest.mark.parametrize("variable", [{}, {"name": 1}, {"name": None}, "BasicAuthPassword", [], None])
def test_a_value_whose_variable_has_no_name_is_masked(variable: Any) -> None:
    item = {"attributeValue": SECRET, "component": {"name": "x"}, "variable": variable}
    assert SECRET not in json.dumps(masked("SetVariables", {"setVariableData": [item]}))
    assert SECRET not in json.dumps(masked("SetVariables", {"setVariableData": [{"attributeValue": SECRET}]}))


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ({"idToken": SECRET, "type": "KeyCode"}, MASK),
        ({"type": "keycode", "idToken": SECRET}, MASK),
        ({"idToken": SECRET}, MASK),
        ({"idToken": SECRET, "type": 5}, MASK),
        ({"idToken": {"x": SECRET}, "type": "ISO14443"}, MASK),
        ({"idToken": [SECRET], "type": "KeyCode"}, [MASK]),
        ({"idToken": "04A2", "type": "ISO14443"}, "04A2"),
        ({"idToken": ["04A2"], "type": "ISO14443"}, ["04A2"]),
    ],
)
def test_tokens(token: dict[str, Any], expected: Any) -> None:
    assert masked("Authorize", {"idToken": token})["idToken"] == {**token, "idToken": expected}
    started = masked("TransactionEvent", {"transactionInfo": {"transactionId": "t"}, "idToken": token})
    assert started["idToken"] == {**token, "idToken": expected}
    assert SECRET not in json.dumps(masked("SendLocalList", {"localAuthorizationList": [{"idToken": token}]}))


def test_a_token_that_stands_twice_is_judged_by_both() -> None:
    text = b'[2,"1","Authorize",{"idToken":{"idToken":"%s","type":"KeyCode","idToken":"%s","type":"eMAID"}}]'
    found = redact(text % (SECRET.encode(), SECRET.encode()))
    assert found == b'[2,"1","Authorize",{"idToken":{"idToken":"***","type":"KeyCode","idToken":"***","type":"eMAID"}}]'


@pytest.mark.parametrize("token", [SECRET, [SECRET], [[SECRET]], 1234])
def test_a_secret_in_the_place_of_its_object(token: Any) -> None:
    found = masked("Authorize", {"idToken": token})["idToken"]
    assert found in (MASK, [MASK], [[MASK]])


def test_other_secrets() -> None:
    more = {"idToken": "a", "type": "eMAID", "additionalInfo": [{"additionalIdToken": SECRET, "type": "PIN"}]}
    assert masked("Authorize", {"idToken": more})["idToken"]["additionalInfo"] == [
        {"additionalIdToken": MASK, "type": "PIN"}
    ]
    assert masked("NotifyCustomerInformation", {"data": SECRET, "seqNo": 0}) == {"data": MASK, "seqNo": 0}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com/logs", "https://example.com/logs"),
        ("ftp://user:pass@example.com/logs", f"ftp://{MASK}@example.com/logs"),
        ("ftp://user:p@s?s//x@example.com/logs", f"ftp://{MASK}@example.com/logs"),
        ("user:pass@example.com", f"{MASK}@example.com"),
        ("https://example.com/logs?sig=abc", f"https://example.com/logs?{MASK}"),
        ("https://u:p@example.com/logs?sig=abc", f"https://{MASK}@example.com/logs?{MASK}"),
        ("https://example.com/logs?", "https://example.com/logs?"),
        ("", ""),
        (7, MASK),
    ],
)
def test_urls(url: Any, expected: str) -> None:
    assert masked("GetLog", {"log": {"remoteLocation": url}}) == {"log": {"remoteLocation": expected}}
    assert masked("UpdateFirmware", {"firmware": {"location": url}}) == {"firmware": {"location": expected}}
    assert masked("PublishFirmware", {"location": url}) == {"location": expected}


# Where no schema tells


@pytest.mark.parametrize(
    "name",
    [
        "basicAuthPassword",
        "BASICAUTHPASSWORD",
        "simPin",
        "key",
        "attributeValue",
        "Authorization",
        "pin",
        "client_secret",
    ],
)
@pytest.mark.parametrize(
    "place",
    [
        pytest.param(lambda open_: call("Vendor", open_), id="unknown action"),
        pytest.param(lambda open_: call("DataTransfer", {"vendorId": "v", "data": open_}), id="data"),
        pytest.param(lambda open_: call("DataTransfer", {"data": json.dumps(open_)}), id="JSON in a string"),
        pytest.param(lambda open_: call("Heartbeat", {"customData": {"vendorId": "v", **open_}}), id="customData"),
        pytest.param(lambda open_: call("Heartbeat", open_), id="unknown member"),
        pytest.param(lambda open_: call("BootNotification", {"reason": open_}), id="in the place of a string"),
        pytest.param(lambda open_: call("Heartbeat", [open_]), id="in a list"),
        pytest.param(lambda open_: json.dumps([3, "1", open_]).encode(), id="result"),
        pytest.param(lambda open_: json.dumps([3, "1", [[open_]]]).encode(), id="result in lists"),
        pytest.param(lambda open_: json.dumps([4, "1", "GenericError", "", open_]).encode(), id="error"),
        pytest.param(lambda open_: json.dumps([5, "1", "GenericError", "", open_]).encode(), id="result error"),
        pytest.param(lambda open_: json.dumps([6, "1", "NotifyPeriodicEventStream", open_]).encode(), id="send"),
    ],
)
def test_names_tell_where_no_schema_does(place: Any, name: str) -> None:
    for secret in (SECRET, {"x": SECRET}, [SECRET], [{"x": [SECRET]}]):
        found = redact(place({"more": {name: secret}}))
        assert SECRET.encode() not in found and MASK.encode() in found
        assert SECRET.encode() not in redact(place({name: secret}))


def test_without_the_action_a_result_is_judged_by_names() -> None:
    result = {"idTokenInfo": {"groupIdToken": {"idToken": SECRET, "type": "KeyCode"}, "status": "Accepted"}}
    data = json.dumps([3, "1", result]).encode()
    assert redact(data) == redact(data, "Authorize")
    assert payload_of(redact(data))["idTokenInfo"]["groupIdToken"] == {"idToken": MASK, "type": "KeyCode"}
    value = {"variable": {"name": "VpnKey"}, "more": [{"value": SECRET}]}
    assert payload_of(redact(json.dumps([3, "1", value]).encode()))["more"] == [{"value": MASK}]


def test_common_names_do_not_tell() -> None:
    data = b'[3,"1",{"value":1,"data":"x","status":"Accepted","more":{"value":"2"},"flag":true,"none":null}]'
    assert redact(data) == data


def test_true_false_and_null_are_no_secrets() -> None:
    data = b'[2,"1","Vendor",{"password":null,"pin":true,"secret":false}]'
    assert redact(data) == data


# All else is kept


def test_all_but_the_secrets_is_kept() -> None:
    digits = b"7" * 5000
    text = (
        b' [ 2 , "id\\u0031" , "DataTransfer" , { "data" : [ 1.0 , 1e2 , -0 , 0.10 , %s ,'
        b' "\xc3\xa9\\u2028\x7f" , { } ] , "vendorId" : "a" , "vendorId" : "b" } ] '
    )
    assert (
        redact(text % digits)
        == (
            b'[2,"id1","DataTransfer",{"data":[1.0,1e2,-0,0.10,%s,"\\u00e9\\u2028\\u007f",{}],'
            b'"vendorId":"a","vendorId":"b"}]'
        )
        % digits
    )


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, bytes.decode], ids=lambda form: form.__name__)
def test_forms_of_data(form: Any) -> None:
    assert redact(form(call("Vendor", {"password": "x"}))) == b'[2,"1","Vendor",{"password":"***"}]'


def test_every_valid_message_stays_one() -> None:
    """With types kept, a recording can be replayed: what was valid still is."""
    print(f"seed {SEED}")
    for action in ACTIONS.values():
        for part in filter(None, (action.request, action.response)):
            for line in (VECTORS / f"{part.__name__}.valid.jsonl").read_text(encoding="utf-8").splitlines():
                payload = json.dumps(json.loads(line))
                codec.validate(part, payload)
                if part is action.response:
                    found = redact(f'[3,"1",{payload}]', action.name, keep_types=True)
                else:
                    found = redact(f'[2,"1","{action.name}",{payload}]', keep_types=True)
                codec.validate(part, framing.parse(found).payload or b"")


def test_types_are_kept_when_wanted() -> None:
    apn = {"apn": "a", "apnPassword": SECRET, "simPin": 1234}
    found = masked("SetNetworkProfile", connection(apn=apn), keep_types=True)
    assert found == connection(apn={"apn": "a", "apnPassword": MASK, "simPin": 0})
    assert "1234" in json.dumps(masked("DataTransfer", {"data": "[1234]"}, keep_types=True))


def test_no_secret_of_any_message_is_left() -> None:
    """All texts and numbers at all secret places of all messages are masked, at every depth."""
    found = 0
    for name, kind in MESSAGES.items():
        action = next(each for each in ACTIONS.values() if kind in (each.request, each.response))
        value, count = filled(name)
        found += count
        head = [3, "1"] if kind is action.response else [2, "1", action.name]
        text = redact(json.dumps([*head, value]).encode(), action.name).decode()
        assert SECRET not in text, name
    assert found > 40


def filled(kind: str, depth: int = 0) -> tuple[Any, int]:
    """A value of a type with a secret at every place where one may stand, and how many they are."""
    value: dict[str, Any] = {}
    count = 0
    for facts in validators.describe(validators.SCHEMAS[kind]):
        if facts["is_secret"]:
            item: Any = f"x://{SECRET}@x" if "ocation" in facts["name"] or "Url" in facts["name"] else SECRET
            count += 1
        elif facts["kind"] == "object":
            item, more = filled(facts["type"], depth + 1)
            count += more
        else:
            continue
        value[facts["name"]] = [item] if facts["is_array"] else item
    if kind == "VariableType":
        value["name"] = "BasicAuthPassword"
    if kind in ("IdTokenType", "AdditionalInfoType"):
        value["type"] = "KeyCode"
    return value, count


# Signed


def encode(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def signed(payload: str) -> dict[str, str]:
    return {"protected": encode({"alg": "ES256"}), "payload": payload, "signature": "c2ln"}


@pytest.mark.parametrize("action", ["SetVariables-Signed", "SetVariables"])
def test_the_secrets_of_a_signed_payload_are_masked_in_it(action: str) -> None:
    item = value_of("SecurityCtrlr", "BasicAuthPassword")
    found = masked(action, signed(encode({"setVariableData": [item]})))
    assert {**found, "payload": ""} == signed("")
    inner = json.loads(base64.urlsafe_b64decode(found["payload"] + "=" * (-len(found["payload"]) % 4)))
    assert inner == {"setVariableData": [{**item, "attributeValue": MASK}]}


def test_a_signed_payload_without_secrets_is_left_alone() -> None:
    payload = signed(encode({"a": 1.0}))
    assert masked("Heartbeat-Signed", payload) == payload
    assert payload_of(redact(json.dumps([3, "1", payload]), "Heartbeat")) == payload


@pytest.mark.parametrize("payload", ["!", "YQ", "é", 5, None, [], {"x": 1}])
def test_a_signed_payload_that_cannot_be_read_is_masked(payload: Any) -> None:
    found = masked("Heartbeat-Signed", {**signed(""), "payload": payload})
    assert found["payload"] == (payload if payload is None else MASK)


# Whatever comes

GARBAGE: list[Any] = [
    "",
    "x",
    "{}",
    "[]",
    "null",
    f'"{SECRET}"',
    "[2]",
    '[2,"1"]',
    '[2,"1","A"]',
    '[2,"1","A",{},{}]',
    '[2,1,"A",{}]',
    '[2,"1",{},{}]',
    '["2","1","A",{}]',
    '[2.0,"1","A",{}]',
    '[7,"1","A",{}]',
    '[3,"1"]',
    '[3,"1",{},{}]',
    '[4,"1"]',
    '[4,"1","C","",{},{}]',
    '[6,"1",2,{}]',
    '[2,"1","A",NaN]',
    '[2,"1","A",-Infinity]',
    '[2,"1","A",01]',
    '[2,"1","A",{"password":"x}]',
    '[2,"1","A",{}] x',
    '\ufeff[2,"1","A",{}]',
    '[2,"1","A","\n"]',
    "[" * 100_000,
    "[" * 100_000 + "]" * 100_000,
    '[2,"1","A",' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "]",
    json.dumps([2, "1", "A", "[" * 30_000 + "]" * 30_000]),
    b"\xff",
    b'[2,"1","A","\xff"]',
    '[2,"1","A",{}]'.encode("utf-16"),
    5,
    None,
    10**15,
    [2, "1", "A", {"password": SECRET}],
    {"password": SECRET},
]


@pytest.mark.parametrize("data", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_frame_is_told_by_its_size_alone(data: Any) -> None:
    found = redact(data)
    assert json.loads(found).startswith("no frame of OCPP-J: ") and len(found) < 60
    assert SECRET.encode() not in found


def test_a_view_that_was_released_is_no_frame() -> None:
    view = memoryview(b"[]")
    view.release()
    assert redact(view) == b'"no frame of OCPP-J: a memoryview"'


def test_nothing_is_raised_and_no_control_passes() -> None:
    print(f"seed {SEED}")
    rand = random.Random(SEED)
    start = call("SetNetworkProfile", connection(basicAuthPassword=SECRET, customData={"vendorId": "é", "a": "\x7f"}))
    pieces = [b'"', b"\\", b"{", b"}", b"[", b"]", b":", b",", b"1", b"\x00", b"\xff", b"\n", b"null", b'"password":']
    for _ in range(5_000):
        data = bytearray(start)
        for _ in range(rand.randint(1, 3)):
            place = rand.randrange(len(data))
            data[place : place + rand.randint(0, 2)] = rand.choice(pieces)
        found = redact(bytes(data))
        json.loads(found)
        assert found.isascii() and found.decode().isprintable()


def test_hostile_texts_take_linear_time() -> None:
    def timed(make: Any, count: int) -> float:
        data = make(count)
        best = float("inf")
        for _ in range(3):
            started = time.perf_counter()
            redact(data)
            best = min(best, time.perf_counter() - started)
        return best

    for make in (
        lambda count: '[2,"1","Authorize",{"idToken":{' + ",".join(['"idToken":"x","type":"y"'] * count) + "}}]",
        lambda count: '[2,"1","NotifyReport",{"reportData":[' + ",".join(['{"variable":{"name":"x"}}'] * count) + "]}]",
        lambda count: '[2,"1","Vendor",{' + ",".join([f'"p{n}":"[1]"' for n in range(count)]) + "}]",
        lambda count: json.dumps([2, "1", "Vendor", {"data": "[" + "1," * count + "1]"}]),
        lambda count: json.dumps([2, "1", "GetLog", {"log": {"remoteLocation": "//@?" * count}}]),
    ):
        assert timed(make, 20_000) < 60 * timed(make, 2_000)


# Logs


class Kept(logging.Handler):
    """Keeps what is logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> tuple[logging.Logger, Kept]:
    logger = logging.Logger("test")
    handler = Kept()
    handler.addFilter(Redactor())
    logger.addHandler(handler)
    return logger, handler


FRAME = call("SetNetworkProfile", connection(basicAuthPassword=SECRET))


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(("%s", FRAME), id="bytes"),
        pytest.param(("%s %r", 1, bytearray(FRAME)), id="repr"),
        pytest.param(("%s", memoryview(FRAME)), id="view"),
        pytest.param(("%s", FRAME.decode()), id="text"),
        pytest.param(("%(frame)s", {"frame": FRAME}), id="mapping"),
        pytest.param((FRAME.decode(),), id="message"),
        pytest.param((FRAME,), id="message in bytes"),
        pytest.param((f"< {FRAME.decode()} {FRAME.decode()} (2 frames)",), id="within a text"),
        pytest.param((f"received {FRAME!r}",), id="repr within a text"),
        pytest.param(("%s", json.dumps(FRAME.decode())), id="escaped once more"),
        pytest.param(("%s", FRAME.decode()[:-3]), id="cut off"),
        pytest.param(("%s", Observation("in", FRAME, 1.0, "ok")), id="observation"),
        pytest.param(("%s", Observation("in", FRAME.decode(), 1.0, "ok")), id="observation of text"),
        pytest.param(
            ("%s", codec.decode("SetNetworkProfileRequest", framing.parse(FRAME).payload or b"")), id="message"
        ),
    ],
)
def test_logs_hold_no_secrets(log: tuple[logging.Logger, Kept], arguments: Any) -> None:
    logger, handler = log
    logger.warning(*arguments)
    [line] = handler.lines
    assert SECRET not in line
    assert MASK in line or "no frame of OCPP-J: " in line


def test_logs_keep_all_else(log: tuple[logging.Logger, Kept]) -> None:
    logger, handler = log
    logger.warning("slots %s of [2, 3] in %d s", [1, 2], 3)
    logger.warning(f"< {FRAME.decode()} (one frame)")
    logger.warning('prices [2, "x"] and more')
    logger.warning("100 %")
    assert handler.lines == [
        "slots [1, 2] of [2, 3] in 3 s",
        f"< {redact(FRAME).decode()} (one frame)",
        "prices no frame of OCPP-J: 17 characters",
        "100 %",
    ]


def test_events_and_messages_are_logged_without_secrets(log: tuple[logging.Logger, Kept]) -> None:
    logger, handler = log
    token = messages.IdTokenType(id_token=SECRET, type="KeyCode")
    request = messages.AuthorizeRequest(id_token=token)
    logger.warning("%s", request)
    logger.warning("%s", CallReceived("1", "Authorize", request))
    failed = Call("1", request, 30.0, object())
    logger.warning("%s", CallFailed(failed, CallError("GenericError", f'no {FRAME.decode()} "x"')))
    logger.warning("%s", messages.HeartbeatResponse(current_time=datetime(2026, 1, 1, tzinfo=UTC)))
    logger.warning("%s", Call("1", request, float("nan")))
    assert handler.lines[0] == f'AuthorizeRequest {{"idToken":{{"idToken":"{MASK}","type":"KeyCode"}}}}'
    assert '"request":{"idToken":{"idToken":"***","type":"KeyCode"}}' in handler.lines[1]
    assert '"context":"object"' in handler.lines[2] and "GenericError: no [2," in handler.lines[2]
    assert handler.lines[3] == 'HeartbeatResponse {"currentTime":"2026-01-01T00:00:00Z"}'
    assert '"timeout_s":' in handler.lines[4] or handler.lines[4] == "Call"
    assert SECRET not in "".join(handler.lines)


def test_a_message_that_cannot_be_written_is_logged_by_name(log: tuple[logging.Logger, Kept]) -> None:
    logger, handler = log
    nested: list[Any] = []
    for _ in range(100_000):
        nested = [nested]
    logger.warning("%s", messages.DataTransferRequest(vendor_id="v", data=nested))
    assert handler.lines == ["DataTransferRequest"]
    while nested:  # taken apart from outside: its destructor would recurse
        nested = nested.pop()


# Errors


@pytest.mark.parametrize(
    ("message", "payload", "expected"),
    [
        ("SetNetworkProfileRequest", '"basicAuthPassword":12345678', "a string, found a number"),
        ("SetNetworkProfileRequest", f'"basicAuthPassword":"{SECRET}"{SECRET}', "JSON, found something not shown here"),
        ("SetNetworkProfileRequest", f'"basicAuthPassword":{SECRET}', "JSON, found something not shown here"),
        ("SetNetworkProfileRequest", f'"basicAuthPassword":"{SECRET}', "JSON, found something not shown here"),
        ("SetNetworkProfileRequest", f'"basicAuthPassword":["{SECRET}"]', "a string, found an array"),
        ("SetNetworkProfileRequest", f'"basicAuthPassword":{{"{SECRET}":1}}', "a string, found an object"),
        ("SetNetworkProfileRequest", '"basicAuthPassword":null', "a string, found `null`"),
        ("SetNetworkProfileRequest", f'"basicAuthPassword":"{SECRET * 8}"', "64 characters, found a string of 88 char"),
        ("SetNetworkProfileRequest", f'"basicAuthPassword":"{SECRET}\\ud800"', "surrogate pair, found something not"),
        ("SetNetworkProfileRequest", '"apn":{"simPin":"1234"', "an integer, found a string of 4 characters"),
        ("SetNetworkProfileRequest", f'"apn":{{"simPin":"{"1" * 600}"', "an integer, found a string"),
        ("SetNetworkProfileRequest", '"vpn":{"server":x,"key":"hunter', 'JSON, found `x,"key"` at byte'),
        ("SetNetworkProfileRequest", '"basicAuthPassword":"a","basicAuthPassword":"b"', "found `basicAuthPassword`"),
        ("SetNetworkProfileRequest", f'"customData":{{"password":{SECRET}', "JSON, found something not shown here"),
    ],
)
def test_errors_hide_secrets(message: str, payload: str, expected: str) -> None:
    start = json.dumps(connection()).removesuffix("}}")
    with pytest.raises(PayloadError) as caught:
        codec.validate(message, f"{start},{payload}")
    assert expected in str(caught.value)
    assert not any(part in str(caught.value) for part in (SECRET[:4], "1234", "111"))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ('{"idToken":{"idToken":"1 23","type":"KeyCode"}}', "found a string of 4 characters"),
        ('{"idToken":"1234"}', "`/idToken`: expected an object, found a string of 4 characters"),
        ('{"idToken":1234}', "`/idToken`: expected an object, found a number"),
        ('{"idToken":{"idToken":"a","type":5}}', "`/idToken/type`: expected a string, found `5`"),
        ("5", "payload: expected an object, found `5`"),
    ],
)
def test_errors_hide_tokens(payload: str, expected: str) -> None:
    with pytest.raises(PayloadError) as caught:
        codec.validate("AuthorizeRequest", payload, conform=True)
    assert expected in str(caught.value)


def test_errors_of_texts_without_schema_go_by_names() -> None:
    with pytest.raises(PayloadError, match="found something not shown here at byte 28"):
        validators.check_json(b'[2,"1","x",{"password":"hun"ter"}]')
    with pytest.raises(PayloadError, match="found `x` at byte 11"):
        validators.check_json(b'[2,"1","x",x:"hunter"}]')


def test_the_tables_say_which_fields_may_be_secret() -> None:
    secrets = {
        (name, facts["name"])
        for name, number in validators.SCHEMAS.items()
        for facts in validators.describe(number)
        if facts["is_secret"]
    }
    assert {
        ("NetworkConnectionProfileType", "basicAuthPassword"),
        ("APNType", "simPin"),
        ("VPNType", "key"),
        ("VPNType", "password"),
        ("IdTokenType", "idToken"),
        ("VariableAttributeType", "value"),
    } <= secrets
    assert not any(name == "SampledValueType" for name, _ in secrets)
