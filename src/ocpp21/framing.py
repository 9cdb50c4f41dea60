"""Frames: the array around a payload that makes it an OCPP-J message (Part 4, chapter 4).

:func:`parse` reads the head of a frame and gives the payload as a view, unread: its cost does not grow with it. The
other functions write frames, each payload checked on its way out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import orjson

from ocpp21._speedups import dispatch
from ocpp21._speedups.framing import Frame, parse
from ocpp21._speedups.validators import CONFORM
from ocpp21.codec import ENCODING_ERRORS, SCHEMAS, Payload, Schema, encoder, not_encodable, refuse_not_finite
from ocpp21.errors import MAX_DESCRIPTION, ErrorCode, LocalProtocolError, RemoteProtocolError, shorten
from ocpp21.messages.registry import ACTIONS
from ocpp21.refusal import quote
from ocpp21.wire import Datatype, Message, Request, Response, Send

__all__ = [
    "CALL",
    "CALL_ERROR",
    "CALL_RESULT",
    "CALL_RESULT_ERROR",
    "MAX_MESSAGE_ID",
    "MAX_SIZE",
    "SEND",
    "Frame",
    "call",
    "call_error",
    "call_result",
    "call_result_error",
    "parse",
    "request_class",
    "send",
    "unpack",
]

#: Longest message id, in characters (Part 4, Table 4).
MAX_MESSAGE_ID: Final = 36

#: Longest frame taken unless told otherwise, in bytes; the standard has no limit.
MAX_SIZE: Final = 1 << 20

#: The id that stands for one that could not be read (Part 4, 4.2.3); nobody may choose it.
_UNREADABLE = "-1"

# Message types, the first element of a frame (Part 4, Table 3).
CALL: Final = 2
CALL_RESULT: Final = 3
CALL_ERROR: Final = 4
CALL_RESULT_ERROR: Final = 5
SEND: Final = 6

#: What the payload of a CALL must be, by action; filled as actions are met, so it never outgrows the standard.
_CALLS: Final[dict[str, Schema]] = {}

#: What stands between id and payload, by the class of the payload.
_CALL_MIDDLES: Final[Mapping[type[Datatype], bytes]] = {
    action.request: f',"{action.name}",'.encode() for action in ACTIONS.values() if action.kind == "CALL"
}
_SEND_MIDDLES: Final[Mapping[type[Datatype], bytes]] = {
    action.request: f',"{action.name}",'.encode() for action in ACTIONS.values() if action.kind == "SEND"
}
_RESULT_MIDDLES: Final[Mapping[type[Datatype], bytes]] = {
    action.response: b"," for action in ACTIONS.values() if action.response is not None
}


def unpack(
    data: Payload,
    /,
    *,
    response: Callable[[str], type[Response] | None] | None = None,
    conform: bool = False,
    max_size: int = MAX_SIZE,
) -> tuple[Frame, Message | None]:
    """Read a whole frame: parse its head, check its payload, and decode it, in one go.

    Args:
        data: one text message as it came.
        response: tells the class of the response that is due under a message id, or None when none is due.
        conform: also check the rules of the standard that the schemas do not hold.
        max_size: largest frame taken, in bytes.

    Returns:
        The frame and its message; None for an error frame, and for a CALLRESULT that nobody waits for.

    Raises:
        RemoteProtocolError: it is no frame of OCPP-J, or its action is not one of OCPP 2.1.
        PayloadError: the payload is refused; with the id to answer to.
    """
    schema_of = _schema_of if response is None else partial(_schema_of, response=response)
    return dispatch.unpack(data, _CALLS, schema_of, conform, max_size)


def _schema_of(frame: Frame, response: Callable[[str], type[Response] | None] | None = None) -> Schema | None:
    if frame.message_type == CALL_RESULT:
        kind = response(frame.message_id) if response is not None else None
        return None if kind is None else SCHEMAS[kind]
    schema = SCHEMAS[request_class(frame)]
    if frame.message_type == CALL:
        _CALLS[str(frame.action)] = schema
    return schema


def request_class(frame: Frame, action: str | None = None, /) -> type[Request[Any]] | type[Send]:
    """Look up the class of a CALL's or SEND's payload.

    Args:
        frame: its head.
        action: its action, where that is not the text in the frame: without the suffix of a signed message.

    Raises:
        RemoteProtocolError: OCPP 2.1 has no such action, or the other kind of frame is due for it.
    """
    known = ACTIONS.get(action or str(frame.action))
    if known is None:
        raise _misplaced(frame, ErrorCode.NOT_IMPLEMENTED, "an action of OCPP 2.1")
    # An action of the wrong kind of frame is no unknown one (N15.FR.01).
    if (known.kind == "SEND") != (frame.message_type == SEND):
        raise _misplaced(frame, ErrorCode.PROTOCOL_ERROR, f"a {known.kind} for this action")
    return known.request


def _misplaced(frame: Frame, code: ErrorCode, expected: str) -> RemoteProtocolError:
    description = f"expected {expected}, found {quote(str(frame.action))}"
    return RemoteProtocolError(description, code=code, message_id=frame.message_id, message_type=frame.message_type)


def call(message_id: str, request: Request[Any], /) -> bytes:
    """Write a CALL.

    Args:
        message_id: 1 to 36 characters, never used before by this sender for this Charging Station (Part 4, 4.1.4).
        request: its payload.

    Raises:
        LocalProtocolError: the id or the request is not valid.
    """
    return _pack(b"[2,", message_id, _CALL_MIDDLES, request)


def call_result(message_id: str, response: Response, /) -> bytes:
    """Write a CALLRESULT.

    Args:
        message_id: id of the CALL that it answers.
        response: its payload.

    Raises:
        LocalProtocolError: the id or the response is not valid.
    """
    return _pack(b"[3,", message_id, _RESULT_MIDDLES, response)


def send(message_id: str, message: Send, /) -> bytes:
    """Write a SEND, which is never answered.

    Args:
        message_id: 1 to 36 characters, never used before by this sender for this Charging Station (Part 4, 4.1.4).
        message: its payload.

    Raises:
        LocalProtocolError: the id or the message is not valid.
    """
    return _pack(b"[6,", message_id, _SEND_MIDDLES, message)


def call_error(
    message_id: str, code: ErrorCode | str, description: str = "", details: Mapping[str, Any] | None = None, /
) -> bytes:
    """Write a CALLERROR, the answer to a CALL that was refused.

    Args:
        message_id: id of the CALL, as it came; ``"-1"`` when it could not be read.
        code: why.
        description: for people; cut to 255 characters.
        details: any JSON object.

    Raises:
        LocalProtocolError: the details are not JSON, or the id is not text.
    """
    return _error(b"[4,", message_id, code, description, details)


def call_result_error(
    message_id: str, code: ErrorCode | str, description: str = "", details: Mapping[str, Any] | None = None, /
) -> bytes:
    """Write a CALLRESULTERROR, the answer to a CALLRESULT that was refused (new in OCPP 2.1).

    Args:
        message_id: id of the CALLRESULT.
        code: why.
        description: for people; cut to 255 characters.
        details: any JSON object.

    Raises:
        LocalProtocolError: the details are not JSON, or the id is not text.
    """
    return _error(b"[5,", message_id, code, description, details)


def _pack(head: bytes, message_id: str, middles: Mapping[type[Datatype], bytes], message: Message) -> bytes:
    middle = middles.get(type(message))
    if middle is None:
        kinds = {b"[2,": "a request", b"[3,": "a response", b"[6,": "a message for a SEND"}
        raise LocalProtocolError(f"expected {kinds[head]}, found {quote(type(message).__name__)}")
    if not isinstance(message_id, str) or not 0 < len(message_id) <= MAX_MESSAGE_ID or message_id == _UNREADABLE:
        raise LocalProtocolError(
            f"expected a message id of 1 to 36 characters, not `-1`, found {quote(str(message_id))}"
        )
    number = SCHEMAS[type(message)].number
    try:
        return dispatch.pack(head, message_id, middle, number, encoder, message, CONFORM, refuse_not_finite)
    except ENCODING_ERRORS as error:
        raise not_encodable(message, error) from error


def _error(
    head: bytes, message_id: str, code: ErrorCode | str, description: str, details: Mapping[str, Any] | None
) -> bytes:
    # An id that came too long is given back as it came, so no limit is checked here (docs/decisions.md).
    text = shorten(description).encode("utf-8", "backslashreplace").decode()[:MAX_DESCRIPTION]
    parts = (
        head,
        _json(message_id, "the message id"),
        b",",
        _json(str(code), "the error code"),
        b",",
        _json(text, "the description"),
        b",",
        _json(dict(details or {}), "errorDetails"),
        b"]",
    )
    return b"".join(parts)


def _json(value: object, what: str) -> bytes:
    try:
        return orjson.dumps(value)
    except TypeError as error:
        raise LocalProtocolError(f"expected JSON as {what}: {error}") from error
