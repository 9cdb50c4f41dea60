"""Frames: the array around a payload that makes it an OCPP-J message (Part 4, chapter 4).

:func:`parse` reads the head of a frame and gives the payload as a view, unread: its cost does not grow with it. The
other functions write frames, each payload checked on its way out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import orjson

from ocpp21._speedups import dispatch, validators
from ocpp21._speedups.decoder import StructDecoder
from ocpp21._speedups.framing import Frame, parse
from ocpp21._speedups.validators import CONFORM
from ocpp21.codec import ENCODING_ERRORS, SCHEMAS, Payload, encoder, not_encodable, refuse_not_finite
from ocpp21.errors import MAX_DESCRIPTION, ErrorCode, LocalProtocolError, RemoteProtocolError, shorten
from ocpp21.messages.registry import ACTIONS
from ocpp21.refusal import quote
from ocpp21.wire import Message, Request, Response, Send

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

# Message types, the first element of a frame (Part 4, Table 3).
CALL: Final = 2
CALL_RESULT: Final = 3
CALL_ERROR: Final = 4
CALL_RESULT_ERROR: Final = 5
SEND: Final = 6

#: What the payload of a CALL must be, by action; filled as actions are met, so it never outgrows the standard.
_CALLS: Final[dict[str, StructDecoder]] = {}


def _packer(message_type: int, middles: Mapping[type[Message], str]) -> dispatch.Packer:
    """Make what writes the frames of a type; the middle of a frame is what stands between id and payload."""
    kinds = {kind: (middle.encode(), validators.SCHEMAS[kind.__name__]) for kind, middle in middles.items()}
    return dispatch.Packer(f"[{message_type},".encode(), kinds, encoder, CONFORM, refuse_not_finite)


#: What writes CALLs, SENDs and CALLRESULTs.
_CALLS_OUT: Final = _packer(CALL, {a.request: f',"{a.name}",' for a in ACTIONS.values() if a.kind == "CALL"})
_SENDS_OUT: Final = _packer(SEND, {a.request: f',"{a.name}",' for a in ACTIONS.values() if a.kind == "SEND"})
_RESULTS_OUT: Final = _packer(CALL_RESULT, {a.response: "," for a in ACTIONS.values() if a.response is not None})


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


def _schema_of(frame: Frame, response: Callable[[str], type[Response] | None] | None = None) -> StructDecoder | None:
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
    return _pack(_CALLS_OUT, message_id, request, "a request")


def call_result(message_id: str, response: Response, /) -> bytes:
    """Write a CALLRESULT.

    Args:
        message_id: id of the CALL that it answers.
        response: its payload.

    Raises:
        LocalProtocolError: the id or the response is not valid.
    """
    return _pack(_RESULTS_OUT, message_id, response, "a response")


def send(message_id: str, message: Send, /) -> bytes:
    """Write a SEND, which is never answered.

    Args:
        message_id: 1 to 36 characters, never used before by this sender for this Charging Station (Part 4, 4.1.4).
        message: its payload.

    Raises:
        LocalProtocolError: the id or the message is not valid.
    """
    return _pack(_SENDS_OUT, message_id, message, "a message for a SEND")


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


def _pack(packer: dispatch.Packer, message_id: str, message: Message, expected: str) -> bytes:
    try:
        frame = packer.pack(message_id, message)
    except ENCODING_ERRORS as error:
        raise not_encodable(message, error) from error
    if frame is not None:
        return frame
    if type(message) not in packer.kinds:
        raise LocalProtocolError(f"expected {expected}, found {quote(type(message).__name__)}")
    raise LocalProtocolError(
        f"expected a message id of 1 to {MAX_MESSAGE_ID} characters, not `-1`, found {quote(str(message_id))}"
    )


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
