"""Frames written, and read whole. How their heads are read is shown in test_speedups_framing.py."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ocpp21 import framing
from ocpp21.errors import ErrorCode, LocalProtocolError, PayloadError, RemoteProtocolError
from ocpp21.framing import call, call_error, call_result, call_result_error, parse, send, unpack
from ocpp21.messages import (
    HeartbeatRequest,
    HeartbeatResponse,
    IdTokenType,
    NotifyPeriodicEventStream,
    StreamDataElementType,
)
from ocpp21.messages.registry import ACTIONS

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
STREAM = NotifyPeriodicEventStream(id=1, pending=0, basetime=NOON, data=[StreamDataElementType(t=0.5, v="1")])
RESULT = b'[3,"a",{"currentTime":"2026-01-05T12:00:00Z"}]'


def test_frames_have_their_form() -> None:
    assert call("a", HeartbeatRequest()) == b'[2,"a","Heartbeat",{}]'
    assert call_result("a", HeartbeatResponse(current_time=NOON)) == RESULT
    assert call_error("a", ErrorCode.NOT_SUPPORTED) == b'[4,"a","NotSupported","",{}]'
    assert call_result_error("a", "Odd", "why", {"b": 1}) == b'[5,"a","Odd","why",{"b":1}]'
    assert send("a", STREAM).startswith(b'[6,"a","NotifyPeriodicEventStream",{"data":[{"t":0.5,"v":"1"}],')


@pytest.mark.parametrize("message_id", ["a", "a" * 36, 'q"', "\\", "é", "\x7f", "\n", "😀" * 36, " "])
def test_any_id_within_its_limit_comes_back(message_id: str) -> None:
    frame = call(message_id, HeartbeatRequest())
    assert json.loads(frame)[1] == parse(frame).message_id == message_id
    assert parse(call_error(message_id, "x")).message_id == message_id


@pytest.mark.parametrize("message_id", ["", "-1", "a" * 37, None, 1, b"a", "\ud800"])
def test_other_ids_are_refused(message_id: Any) -> None:
    for write, message in ((call, HeartbeatRequest()), (send, STREAM)):
        with pytest.raises(LocalProtocolError):
            write(message_id, message)
    with pytest.raises(LocalProtocolError):
        call_result(message_id, HeartbeatResponse(current_time=NOON))


@pytest.mark.parametrize(
    ("write", "message", "expected"),
    [
        (call, STREAM, "a request"),
        (call, HeartbeatResponse(current_time=NOON), "a request"),
        (call, IdTokenType(id_token="a", type="b"), "a request"),
        (call, {}, "a request"),
        (call_result, HeartbeatRequest(), "a response"),
        (send, HeartbeatRequest(), "a message for a SEND"),
    ],
)
def test_messages_stand_in_frames_of_their_kind(write: Any, message: Any, expected: str) -> None:
    with pytest.raises(LocalProtocolError, match=f"^expected {expected}, found `{type(message).__name__}`$"):
        write("a", message)


def test_invalid_messages_do_not_leave() -> None:
    with pytest.raises(LocalProtocolError, match=r"^HeartbeatRequest `/customData`: expected the member `vendorId`"):
        call("a", HeartbeatRequest(custom_data={}))


def test_errors_are_written_whatever_they_say() -> None:
    error = json.loads(call_error("-1", "x", "é\ud800\n" * 200, {"deep": [None]}))
    assert error[:3] == [4, "-1", "x"]
    assert len(error[3]) == 255 and error[3].startswith("é\\ud800\n")
    assert error[4] == {"deep": [None]}
    assert json.loads(call_error("i" * 255, "x"))[1] == "i" * 255


def test_error_details_must_be_json() -> None:
    with pytest.raises(LocalProtocolError, match=r"^expected JSON as errorDetails: "):
        call_error("a", "x", "", {"y": object()})
    with pytest.raises(LocalProtocolError, match=r"^expected JSON as the message id: "):
        call_error("\ud800", "x")


# Reading whole frames


def test_requests_are_read_whole() -> None:
    for _ in range(2):  # the second time the action is known
        frame, message = unpack(call("a", HeartbeatRequest()))
        assert (frame.message_type, frame.message_id, frame.action) == (2, "a", "Heartbeat")
        assert message == HeartbeatRequest()
        frame, message = unpack(send("a", STREAM))
        assert (frame.message_type, message) == (6, STREAM)
    assert set(framing._CALLS) <= set(ACTIONS)


def test_results_are_read_when_somebody_waits_for_them() -> None:
    due = {"a": HeartbeatResponse}.get
    assert unpack(RESULT, response=due)[1] == HeartbeatResponse(current_time=NOON)
    frame, message = unpack(RESULT.replace(b'"a"', b'"b"'), response=due)
    assert (frame.message_id, message) == ("b", None)
    assert unpack(RESULT)[1] is None


def test_errors_have_no_message() -> None:
    frame, message = unpack(b'[4,"a","GenericError","why",{"b":1}]')
    assert (frame.error_code, frame.error_description, frame.error_details) == ("GenericError", "why", {"b": 1})
    assert message is None and frame.payload is None


@pytest.mark.parametrize(
    ("text", "code", "message_id", "message_type"),
    [
        (b'[2,"a","Heartbeet",{}]', ErrorCode.NOT_IMPLEMENTED, "a", 2),
        (b'[6,"a","heartbeat",{}]', ErrorCode.NOT_IMPLEMENTED, "a", 6),
        (b'[2,"a","NotifyPeriodicEventStream",{}]', ErrorCode.PROTOCOL_ERROR, "a", 2),
        (b'[6,"a","Heartbeat",{}]', ErrorCode.PROTOCOL_ERROR, "a", 6),
        (b'[7,"a"]', ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED, "a", 7),
        (b"x", ErrorCode.RPC_FRAMEWORK_ERROR, "-1", None),
    ],
)
def test_other_frames_are_refused(text: bytes, code: ErrorCode, message_id: str, message_type: int | None) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        unpack(text)
    error = caught.value
    assert (error.code, error.message_id, error.message_type) == (code, message_id, message_type)


def test_refused_payloads_say_whom_to_answer() -> None:
    with pytest.raises(PayloadError) as caught:
        unpack(b'[2,"a","Heartbeat",{"x":1}]')
    error = caught.value
    assert (error.message_id, error.message_type, error.pointer) == ("a", 2, "/x")
    with pytest.raises(PayloadError) as caught:
        unpack(b'[3,"a",{}]', response={"a": HeartbeatResponse}.get)
    assert (caught.value.message_id, caught.value.message_type) == ("a", 3)


def test_options_reach_the_validator() -> None:
    text = b'[2,"a","Authorize",{"idToken":{"idToken":"no spaces","type":"Local"}}]'
    unpack(text)
    with pytest.raises(PayloadError, match="expected an identifier"):
        unpack(text, conform=True)
    with pytest.raises(RemoteProtocolError, match=r"^expected at most 10 bytes"):
        unpack(text, max_size=10)
