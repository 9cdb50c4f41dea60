"""The twin of ``ocpp21._speedups.framing``: slow, in plain Python, and written to be right at sight.

It shares no code and no technique with the extension: regular expressions find the tokens, ``json`` reads strings and
errors. ``outcome`` gives what ``parse`` must give, as a tuple that compares.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

WHITESPACE = b" \t\n\r"
STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
INTEGER = re.compile(rb"(-?(?:0|[1-9][0-9]*))(?=[ \t\n\r,\]])")
OTHER_VALUE = tuple(bytes([byte]) for byte in b"{[-0123456789tfn")

#: Deepest nesting of an error frame, which is read whole.
MAX_DEPTH = 64

FRAMEWORK = "RpcFrameworkError"
UNSUPPORTED = "MessageTypeNotSupported"


class Refused(Exception):
    """(code, message id, message type) of a refusal."""


def outcome(data: bytes | str, max_size: int | None = 1048576) -> tuple[Any, ...]:
    """Return ``("frame", type, id, action, payload, code, text, details)`` or ``("refused", code, id, type)``."""
    try:
        return ("frame", *read(data, max_size))
    except Refused as refused:
        return ("refused", *refused.args)


def read(data: bytes | str, max_size: int | None) -> tuple[Any, ...]:
    try:
        text = data.encode() if isinstance(data, str) else bytes(data)
    except UnicodeEncodeError:
        raise Refused(FRAMEWORK, "-1", None) from None
    if max_size is not None and len(text) > max_size:
        raise Refused(FRAMEWORK, "-1", None)
    rest = text.strip(WHITESPACE)
    if not rest.startswith(b"["):
        raise Refused(FRAMEWORK, "-1", None)
    # The untrimmed end matters to the first element alone: "[2 " has a message type, "[2" has not.
    rest = text.lstrip(WHITESPACE)[1:].lstrip(WHITESPACE)
    integer = INTEGER.match(rest)
    if not integer:
        raise Refused(FRAMEWORK, "-1", None)
    token, rest = integer[1], rest[integer.end() :].strip(WHITESPACE)
    if token not in (b"2", b"3", b"4", b"5", b"6"):
        raise Refused(UNSUPPORTED, id_of_unsupported(rest), number_of(token))
    message_type = int(token)
    if message_type in (4, 5):
        return read_error(message_type, text)
    return read_message(message_type, rest)


def number_of(token: bytes) -> int | None:
    if len(token) > 20:
        return None
    number = int(token)
    return number if number in range(-(2**63), 2**63) else None


def id_of_unsupported(rest: bytes) -> str:
    if not rest.startswith(b","):
        return "-1"
    message_id, _ = split_string(rest[1:].lstrip(WHITESPACE))
    return message_id if message_id and len(message_id) <= 36 else "-1"


def read_message(message_type: int, rest: bytes) -> tuple[Any, ...]:
    if not rest.endswith(b"]"):
        raise Refused(FRAMEWORK, "-1", message_type)
    rest = rest[:-1].rstrip(WHITESPACE)
    rest = after_comma(rest, message_type, "-1")
    message_id, rest = split_string(rest)
    if message_id is None:
        raise Refused(FRAMEWORK, "-1", message_type)
    check_id(message_id, message_type)
    action = None
    if message_type != 3:
        rest = after_comma(rest, message_type, message_id)
        is_other_value = rest.startswith(OTHER_VALUE)
        action, rest = split_string(rest)
        if action is None:
            raise Refused(FRAMEWORK, message_id if is_other_value else "-1", message_type)
        if len(action) > 64:
            raise Refused(FRAMEWORK, message_id, message_type)
    payload = after_comma(rest, message_type, message_id)
    return message_type, message_id, action, b"{}" if payload == b"null" else payload, None, None, None


def after_comma(rest: bytes, message_type: int, message_id: str) -> bytes:
    rest = rest.lstrip(WHITESPACE)
    if not rest:
        raise Refused(FRAMEWORK, message_id, message_type)
    element = rest[1:].lstrip(WHITESPACE)
    if not rest.startswith(b",") or not element:
        raise Refused(FRAMEWORK, "-1", message_type)
    return element


def check_id(message_id: str, message_type: int) -> None:
    if not message_id or len(message_id) > 255:
        raise Refused(FRAMEWORK, "-1", message_type)
    if len(message_id) > 36:
        raise Refused(FRAMEWORK, message_id, message_type)


def split_string(rest: bytes) -> tuple[str | None, bytes]:
    """Return the string that the text begins with, and what follows it; None if it begins with none."""
    found = STRING.match(rest)
    if not found:
        return None, rest
    try:
        string = json.loads(found[0].decode())
        string.encode()
    except ValueError:
        return None, rest
    return string, rest[found.end() :]


def read_error(message_type: int, text: bytes) -> tuple[Any, ...]:
    try:
        elements = strict_json(text)
    except ValueError:
        raise Refused(FRAMEWORK, "-1", message_type) from None
    message_id = elements[1] if len(elements) > 1 else None
    if not isinstance(message_id, str):
        raise Refused(FRAMEWORK, "-1", message_type)
    check_id(message_id, message_type)
    if len(elements) not in (3, 4, 5):
        raise Refused(FRAMEWORK, message_id, message_type)
    code, description, details = [*elements[2:], None, None][:3]
    description = "" if description is None else description
    details = {} if details is None else details
    if not (isinstance(code, str) and isinstance(description, str) and isinstance(details, dict)):
        raise Refused(FRAMEWORK, message_id, message_type)
    return message_type, message_id, None, None, code, description, details


def strict_json(text: bytes) -> Any:
    """Read JSON as OCPP-J wants it: each member once, no lone surrogate, no infinity, no deep nesting."""
    decoded = text.decode()
    if depth(text) > MAX_DEPTH:
        raise ValueError("nested too deep")
    value = json.loads(
        decoded, parse_float=finite, parse_int=number, parse_constant=no_constant, object_pairs_hook=members
    )
    json.dumps(value, ensure_ascii=False).encode()
    return value


def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a member stands twice")
    return dict(pairs)


def depth(text: bytes) -> int:
    level = deepest = 0
    for byte in STRING.sub(b"", text):
        level += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, level)
    return deepest


def finite(token: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise ValueError("no double holds it")
    return value


def number(token: str) -> int | float:
    value = int(token) if len(token) <= 20 else None
    return value if value is not None and -(2**63) <= value < 2**64 else finite(token)


def no_constant(token: str) -> Any:
    raise ValueError(token)
