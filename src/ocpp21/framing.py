"""Frames: the array around a payload that makes it an OCPP-J message (Part 4, chapter 4).

:func:`parse` reads the head of a frame and gives the payload as a view, unread: its cost does not grow with it. The
other functions write frames, each payload checked on its way out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from ocpp21._speedups import dispatch
from ocpp21._speedups.framing import Frame, parse
from ocpp21.codec import SCHEMAS, Payload, Schema, encode
from ocpp21.errors import MAX_DESCRIPTION, ErrorCode, LocalProtocolError, RemoteProtocolError, shorten
from ocpp21.messages.registry import ACTIONS
from ocpp21.refusal import quote
from ocpp21.wire import Datatype, Message, Request, Response, Send

__all__ = [
    "MAX_MESSAGE_ID",
    "MAX_SIZE",
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

#: Message type of a SEND (Part 4, Table 3).
_SEND: Final = 6

_ACTIONS: Final[Mapping[type[Datatype], bytes]] = {
    action.request: f',"{action.name}",'.encode() for action in ACTIONS.values()
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

    def schema_of(frame: Frame) -> Schema | None:
        if frame.action is not None:
            return SCHEMAS[request_class(frame)]
        kind = response(frame.message_id) if response is not None else None
        return None if kind is None else SCHEMAS[kind]

    return dispatch.unpack(data, schema_of, conform, max_size)


def request_class(frame: Frame, /) -> type[Request[Any]] | type[Send]:
    """Look up the class of a CALL's or SEND's payload.

    Raises:
        RemoteProtocolError: OCPP 2.1 has no such action, or the other kind of frame is due for it.
    """
    action = ACTIONS.get(str(frame.action))
    if action is None:
        raise _misplaced(frame, ErrorCode.NOT_IMPLEMENTED, "an action of OCPP 2.1")
    # An action of the wrong kind of frame is no unknown one (N15.FR.01).
    if (action.kind == "SEND") != (frame.message_type == _SEND):
        raise _misplaced(frame, ErrorCode.PROTOCOL_ERROR, f"a {action.kind} for this action")
    return action.request


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
    if not isinstance(request, Request):
        raise LocalProtocolError(f"expected a request, found {quote(type(request).__name__)}")
    return b"".join((b"[2,", _id(message_id), _ACTIONS[type(request)], encode(request), b"]"))


def call_result(message_id: str, response: Response, /) -> bytes:
    """Write a CALLRESULT.

    Args:
        message_id: id of the CALL that it answers.
        response: its payload.

    Raises:
        LocalProtocolError: the id or the response is not valid.
    """
    if not isinstance(response, Response):
        raise LocalProtocolError(f"expected a response, found {quote(type(response).__name__)}")
    return b"".join((b"[3,", _id(message_id), b",", encode(response), b"]"))


def send(message_id: str, message: Send, /) -> bytes:
    """Write a SEND, which is never answered.

    Args:
        message_id: 1 to 36 characters, never used before by this sender for this Charging Station (Part 4, 4.1.4).
        message: its payload.

    Raises:
        LocalProtocolError: the id or the message is not valid.
    """
    if not isinstance(message, Send):
        raise LocalProtocolError(f"expected a message for a SEND, found {quote(type(message).__name__)}")
    return b"".join((b"[6,", _id(message_id), _ACTIONS[type(message)], encode(message), b"]"))


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


def _id(message_id: str) -> bytes:
    if not isinstance(message_id, str) or not 0 < len(message_id) <= MAX_MESSAGE_ID or message_id == _UNREADABLE:
        raise LocalProtocolError(
            f"expected a message id of 1 to 36 characters, not `-1`, found {quote(str(message_id))}"
        )
    return _json(message_id, "the message id")


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
