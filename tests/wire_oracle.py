"""Judges the frames that we emit with nothing of ours: the JSON of the standard library, and the published schemas."""

from __future__ import annotations

import json
from typing import Any, Never

import oracles
import published

CALL, CALL_RESULT, CALL_ERROR, CALL_RESULT_ERROR, SEND = 2, 3, 4, 5, 6
ERRORS = (CALL_ERROR, CALL_RESULT_ERROR)
LENGTHS = {CALL: 4, CALL_RESULT: 3, CALL_ERROR: 5, CALL_RESULT_ERROR: 5, SEND: 4}
CODES = {
    "FormatViolation",
    "GenericError",
    "InternalError",
    "MessageTypeNotSupported",
    "NotImplemented",
    "NotSupported",
    "OccurrenceConstraintViolation",
    "PropertyConstraintViolation",
    "ProtocolError",
    "RpcFrameworkError",
    "SecurityError",
    "TypeConstraintViolation",
}
MAX_ID, MAX_ECHOED_ID, MAX_DESCRIPTION = 36, 255, 255


def read(frame: bytes, action: str | None = None) -> list[Any]:
    """Read a frame of ours, and fail if it is not one that OCPP-J allows.

    Args:
        frame: what was emitted.
        action: of the CALL that a CALLRESULT answers, if it is known.
    """
    message: list[Any] = json.loads(
        frame.decode(), object_pairs_hook=oracles.unique_members, parse_constant=refuse_constant
    )
    assert type(message) is list and type(message[0]) is int
    assert len(message) == LENGTHS[message[0]]
    check_id(message)
    if message[0] in ERRORS:
        check_error(message)
    else:
        check_payload(message, action)
    return message


def refuse_constant(text: str) -> Never:
    raise AssertionError(f"{text} is no JSON")


def check_id(message: list[Any]) -> None:
    message_type, message_id = message[:2]
    assert type(message_id) is str
    assert 1 <= len(message_id) <= (MAX_ECHOED_ID if message_type == CALL_ERROR else MAX_ID)
    assert message_id != "-1" or message_type == CALL_ERROR


def check_error(message: list[Any]) -> None:
    _, _, code, description, details = message
    assert code in CODES
    assert type(description) is str and len(description) <= MAX_DESCRIPTION
    assert type(details) is dict


def check_payload(message: list[Any], action: str | None) -> None:
    payload = message[-1]
    if message[0] == CALL:
        schema = f"{message[2]}Request"
    elif message[0] == SEND:
        schema = message[2]
    else:
        schema = f"{action}Response"
    assert type(payload) is dict
    assert (message[0] == CALL_RESULT and action is None) or schema in published.SCHEMAS
    if schema in published.SCHEMAS:
        assert oracles.by_jsonschema_rs(schema)(payload)
