"""What the fuzzers call: each function takes any bytes and fails if an extension disagrees with its twin.

The extensions get every input in a block of exactly its size, so that AddressSanitizer sees a read behind the end.
"""

from __future__ import annotations

import ctypes

import msgspec
import naive_framing
import naive_validator
from naive_validator import Tolerated, Violation

from ocpp21 import codec
from ocpp21._speedups import framing
from ocpp21._speedups.validators import CANONICAL, CONFORM, SCHEMAS, check, check_json, check_many, tolerate
from ocpp21.errors import LocalProtocolError, PayloadError, RemoteProtocolError
from ocpp21.refusal import pointer

MESSAGES = naive_validator.messages()

#: Bytes of an input that say what to do with the rest: message, and mode.
HEAD = 2


def exact_block(data: bytes) -> memoryview:
    """Copy into a block of memory with nothing behind it, not even the zero that ends a bytes object."""
    return memoryview((ctypes.c_char * len(data)).from_buffer_copy(data)).cast("B") if data else memoryview(b"")


def validators(data: bytes) -> None:
    """Check the payload behind the head in every way that there is."""
    if len(data) < HEAD:
        return
    message, mode = MESSAGES[data[0] % len(MESSAGES)], data[1] & CONFORM
    payload = data[HEAD:]
    block = exact_block(payload)
    compare_verdicts(message, payload, block, mode)
    compare_deviations(message, payload, block, mode)
    compare_text(payload, block)
    round_trip(message, payload)


def violation_of(error: PayloadError) -> Violation:
    assert len(error.description) <= 255 and error.description.isprintable()
    return Violation(error.keyword, error.pointer, error.offset)


def compare_verdicts(message: str, payload: bytes, block: memoryview, mode: int) -> None:
    schema = SCHEMAS[message]
    expected = naive_validator.first_violation(message, payload, conform=bool(mode))
    found = None
    try:
        rewritten = check(schema, block, mode)
        assert check(schema, rewritten, mode) is rewritten, "what was rewritten once needs no more"
    except PayloadError as error:
        found = violation_of(error)
    assert found == expected, (message, mode, found, expected)
    (error,) = check_many([schema], [block], mode)
    assert (None if error is None else violation_of(error)) == expected


def compare_deviations(message: str, payload: bytes, block: memoryview, mode: int) -> None:
    schema = SCHEMAS[message]
    expected, tolerable = naive_validator.tolerate(message, payload, conform=bool(mode))
    try:
        text, deviations = tolerate(schema, block, mode)
    except PayloadError as error:
        assert violation_of(error) == expected, (message, mode, error, expected)
        return
    assert expected is None, (message, mode, expected)
    assert [Tolerated(rule, pointer(path), offset) for rule, path, offset, *_ in deviations] == tolerable
    assert check(schema, text, mode) is text


def compare_text(payload: bytes, block: memoryview) -> None:
    found = None
    try:
        check_json(block)
    except PayloadError as error:
        found = violation_of(error)
    assert found == naive_validator.text_violation(payload)


def round_trip(message: str, payload: bytes) -> None:
    """Decode, encode, decode: nothing but PayloadError may come out, and nothing may change the second time."""
    try:
        struct = codec.decode(message, payload, lenient=True)
        struct = codec.decode(message, payload)
    except PayloadError:
        return
    text = check(SCHEMAS[message], payload)
    assert struct == msgspec.json.decode(text, type=type(struct)), "the decoder makes something else than msgspec"
    try:
        encoded = codec.encode(struct, conform=False)
    except LocalProtocolError:
        # A time near the first or the last day of the calendar, which UTC cannot say.
        assert b"0001-01-01" in check(SCHEMAS[message], payload) or b"9999-12-31" in check(SCHEMAS[message], payload)
        return
    assert codec.encode(codec.decode(message, encoded), conform=False) == encoded
    assert check(SCHEMAS[message], encoded, CANONICAL) is encoded


def frames(data: bytes) -> None:
    """Parse a frame."""
    block = exact_block(data)
    try:
        frame = framing.parse(block)
    except RemoteProtocolError as error:
        assert len(error.description) <= 255 and error.description.isprintable()
        found = ("refused", str(error.code), error.message_id, error.message_type)
    else:
        payload = None if frame.payload is None else bytes(frame.payload)
        rest = (frame.error_code, frame.error_description, frame.error_details)
        found = ("frame", frame.message_type, frame.message_id, frame.action, payload, *rest)
    expected = naive_framing.outcome(data)
    assert found == expected, (found, expected)
