"""What a frame that is not valid is to be taken for: the first rows of the receiver's decision table (Part 4, 4.1).

The scanner of frames and the validator stop at the first thing that is wrong, in the order of the text. The table has
an order of its own: it wants to know of the whole text whether it is UTF-8, JSON, and an array of the right length,
before anything that stands in it counts. So a refused frame, and only that, is looked at once more here.
"""

from __future__ import annotations

from enum import Enum, auto

import orjson

from ocpp21._speedups import validators
from ocpp21.errors import ErrorCode, PayloadError, RemoteProtocolError
from ocpp21.framing import CALL, CALL_RESULT, SEND

__all__ = ["Fault", "judge"]

#: Elements of a frame by its type (Part 4, 4.1.6); those of an error may be fewer (row 25).
_ELEMENTS = {CALL: 4, CALL_RESULT: 3, SEND: 4}


class Fault(Enum):
    """How much of a refused frame makes sense."""

    TOO_BIG = auto()
    """More bytes than we take (row 3)."""
    NOT_UTF8 = auto()
    """Not even text (row 4)."""
    GARBAGE = auto()
    """Text, but no frame: answered under the id "-1" (rows 5 to 7)."""
    MESSAGE = auto()
    """A frame of a type that could be read, to be answered by that type (rows 8 to 27)."""


def judge(
    error: RemoteProtocolError, data: bytes | bytearray | memoryview | str, max_size: int
) -> tuple[Fault, RemoteProtocolError]:
    """Say what a refused frame is to be taken for, and what is wrong with it by the order of the table.

    Args:
        error: what the scanner or the validator has found first.
        data: the frame.
        max_size: largest frame taken, in bytes.
    """
    raw = data.encode("utf-8", "replace") if isinstance(data, str) else bytes(data)
    if len(raw) > max_size:
        return Fault.TOO_BIG, error
    if not _is_utf8(raw):
        return Fault.NOT_UTF8, error
    fault = _garbage_fault(error, raw)
    if fault is not None:
        return Fault.GARBAGE, fault
    return Fault.MESSAGE, _arity_fault(error, raw) or error


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _garbage_fault(error: RemoteProtocolError, raw: bytes) -> RemoteProtocolError | None:
    """What makes a text no OCPP-J at all; None if it has a message type and what follows is to be judged by that."""
    if error.message_type in range(3, 7):  # an answer or a SEND is not answered with a CALLERROR, however broken
        return None
    has_type = error.message_type is not None or error.code is ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED
    return _json_fault(raw) or (None if has_type else error)


def _json_fault(raw: bytes) -> RemoteProtocolError | None:
    """What makes a text no JSON by its grammar; members that stand twice and the like do not count here."""
    try:
        validators.check_json(raw)
    except PayloadError as error:
        if error.keyword == "json":
            return RemoteProtocolError(error.description, code=ErrorCode.RPC_FRAMEWORK_ERROR)
    return None


def _arity_fault(error: RemoteProtocolError, raw: bytes) -> RemoteProtocolError | None:
    """Too many elements come before everything that is wrong inside of them (rows 13, 22)."""
    due = _ELEMENTS.get(error.message_type or 0)
    if due is None or error.message_id == "-1":
        return None
    try:
        count = len(orjson.loads(raw))
    except orjson.JSONDecodeError:  # a payload that is broken, or nested too deep, is not counted behind
        return None
    if count <= due:
        return None
    return RemoteProtocolError(
        f"expected {due} elements, found {count}",
        code=ErrorCode.RPC_FRAMEWORK_ERROR,
        message_id=error.message_id,
        message_type=error.message_type,
    )
