"""The errors: one tree, texts that fit on the wire, and copies that lose nothing."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from ocpp21 import errors
from ocpp21.errors import (
    MAX_DESCRIPTION,
    CallError,
    CallTimeout,
    ErrorCode,
    LocalProtocolError,
    OcppError,
    PayloadError,
    QueueFull,
    RemoteProtocolError,
    SessionClosed,
    StoreCorrupt,
    StoreError,
    StoreFull,
    StoreLocked,
    shorten,
)

TREE = {
    OcppError: Exception,
    LocalProtocolError: OcppError,
    QueueFull: LocalProtocolError,
    RemoteProtocolError: OcppError,
    PayloadError: RemoteProtocolError,
    CallError: OcppError,
    CallTimeout: OcppError,
    SessionClosed: OcppError,
    StoreError: OcppError,
    StoreFull: StoreError,
    StoreCorrupt: StoreError,
    StoreLocked: StoreError,
}

EVERY = [
    OcppError("o"),
    LocalProtocolError("l"),
    QueueFull("q"),
    RemoteProtocolError("r", code=ErrorCode.PROTOCOL_ERROR, message_id="7", message_type=2),
    PayloadError(
        "p",
        code=ErrorCode.TYPE_CONSTRAINT_VIOLATION,
        keyword="type",
        pointer="/a/0",
        offset=9,
        message_id="7",
        message_type=3,
    ),
    CallError(ErrorCode.NOT_SUPPORTED, "c", {"a": [1]}),
    CallError("Vendor"),
    CallTimeout("t"),
    SessionClosed("s"),
    StoreError("e"),
    StoreFull("f"),
    StoreCorrupt("c"),
    StoreLocked("k"),
]


def state(error: OcppError) -> dict[str, Any]:
    return {"type": type(error), "args": error.args, "text": str(error), "cause": error.__cause__, **vars(error)}


def test_the_tree() -> None:
    assert all(issubclass(error, parent) for error, parent in TREE.items())
    defined = {item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, Exception)}
    assert defined == set(TREE)
    assert set(errors.__all__) == {error.__name__ for error in TREE} | {"ErrorCode"}


def test_the_docstring_draws_the_tree() -> None:
    drawn = errors.__doc__ or ""
    for error, parent in TREE.items():
        depth = 4 + 2 * (len([base for base in error.__mro__ if base in TREE]) - 1)
        assert f"\n{' ' * depth}{error.__name__} " in drawn, (error, parent)


def test_python_s_own_errors_catch_what_is_theirs() -> None:
    assert issubclass(CallTimeout, TimeoutError)
    assert issubclass(SessionClosed, ConnectionError)


def test_the_codes_are_the_twelve_of_the_standard() -> None:
    assert {code.value for code in ErrorCode} == {
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
    assert f"{ErrorCode.FORMAT_VIOLATION}" == "FormatViolation"


@pytest.mark.parametrize("error", EVERY, ids=repr)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickling_loses_nothing(error: OcppError, protocol: int) -> None:
    assert state(pickle.loads(pickle.dumps(error, protocol))) == state(error)


@pytest.mark.parametrize("error", EVERY, ids=repr)
def test_copying_loses_nothing(error: OcppError) -> None:
    assert state(copy.copy(error)) == state(copy.deepcopy(error)) == state(error)


@pytest.mark.parametrize(("length", "shortened"), [(0, 0), (254, 254), (255, 255), (256, 255), (100_000, 255)], ids=str)
def test_texts_are_shortened_to_what_fits_on_the_wire(length: int, shortened: int) -> None:
    text = shorten("\U0001f50c" * length)
    assert len(text) == shortened
    assert text.endswith("…") == (length > MAX_DESCRIPTION)


def test_shortening_to_another_limit() -> None:
    assert (shorten("abcd", 4), shorten("abcde", 4)) == ("abcd", "abc…")


LONG = "x" * 1000


def test_descriptions_stay_within_255_characters() -> None:
    remote = RemoteProtocolError(LONG, code=ErrorCode.FORMAT_VIOLATION)
    payload = PayloadError(LONG, code=ErrorCode.FORMAT_VIOLATION, keyword="format", pointer=f"/{LONG}")
    refused = CallError(ErrorCode.GENERIC_ERROR, LONG)
    for error in (remote, payload, refused):
        assert len(error.description) == MAX_DESCRIPTION == 255
    assert (str(remote), str(payload)) == (remote.description, payload.description)
    assert payload.pointer == f"/{LONG}"
    assert len(payload.details["pointer"]) == 255


def test_a_remote_error_without_an_id_is_answered_to_minus_one() -> None:
    error = RemoteProtocolError("r", code=ErrorCode.RPC_FRAMEWORK_ERROR)
    assert (error.message_id, error.message_type, error.details) == ("-1", None, {})
    assert (error.code, error.description, str(error)) == (ErrorCode.RPC_FRAMEWORK_ERROR, "r", "r")


def test_a_payload_error_says_where_and_what() -> None:
    error = PayloadError("p", code=ErrorCode.TYPE_CONSTRAINT_VIOLATION, keyword="type")
    assert (error.keyword, error.pointer, error.offset) == ("type", "", 0)
    assert (error.message_id, error.message_type) == ("-1", None)
    assert error.details == {"pointer": "", "keyword": "type"}


def test_a_call_error_reads_well_with_and_without_a_description() -> None:
    assert str(CallError(ErrorCode.NOT_SUPPORTED, "not here")) == "NotSupported: not here"
    assert str(CallError("Vendor")) == "Vendor"


def test_a_call_error_keeps_its_own_details() -> None:
    details = {"a": 1}
    error = CallError(ErrorCode.INTERNAL_ERROR, details=details)
    details["a"] = 2
    assert error.details == {"a": 1}
    assert CallError(ErrorCode.INTERNAL_ERROR).details == {}


def test_a_closed_session_says_why() -> None:
    assert SessionClosed().reason == str(SessionClosed()) == "the connection was closed"
    assert SessionClosed("bye").reason == str(SessionClosed("bye")) == "bye"
