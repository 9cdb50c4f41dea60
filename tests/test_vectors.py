"""Every generated vector: the published schema agrees with the verdict, and so do the validator and the codec."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import orjson
import published
import pytest

from ocpp21 import codec
from ocpp21._speedups import validators
from ocpp21.errors import PayloadError
from ocpp21.messages import MESSAGES

FOLDER = Path(__file__).parent / "vectors"

by_message = pytest.mark.parametrize("message", published.SCHEMAS)


def lines(message: str, verdict: str) -> list[Any]:
    text = (FOLDER / f"{message}.{verdict}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@cache
def oracle(message: str) -> jsonschema.Draft6Validator:
    checker = jsonschema.FormatChecker(["date-time"])
    assert "date-time" in checker.checkers
    return jsonschema.Draft6Validator(published.SCHEMAS[message], format_checker=checker)


def test_there_are_vectors_of_every_message_and_no_others() -> None:
    names = {f"{message}.{verdict}.jsonl" for message in published.SCHEMAS for verdict in ("valid", "invalid")}
    assert {path.name for path in FOLDER.iterdir()} == {*names, "README.md"}


@by_message
def test_the_published_schema_takes_the_valid_ones(message: str) -> None:
    for payload in lines(message, "valid"):
        oracle(message).validate(payload)


@by_message
def test_the_published_schema_refuses_the_invalid_ones_for_that_reason(message: str) -> None:
    """Each has the one fault that it is to have, at the place that it is to have it."""
    for vector in lines(message, "invalid"):
        found = {(error.validator, _pointer(error)) for error in oracle(message).iter_errors(vector["payload"])}
        keyword, pointer = vector["keyword"], vector["pointer"]
        if keyword == "additionalProperties":
            pointer, _, name = pointer.rpartition("/")
            assert name == "not~1known"
        expected = {(keyword, pointer)}
        # A value of another type breaks an enumeration too.
        assert found == expected or (keyword == "type" and found == {*expected, ("enum", pointer)}), vector


def _pointer(error: jsonschema.ValidationError) -> str:
    return "".join(f"/{step}" for step in error.absolute_path)


@by_message
def test_the_validator_takes_the_valid_ones(message: str) -> None:
    for payload in lines(message, "valid"):
        data = orjson.dumps(payload)
        for mode in (0, validators.CONFORM):
            assert validators.check(validators.SCHEMAS[message], data, mode) is data


@by_message
def test_the_validator_refuses_the_invalid_ones_and_says_why(message: str) -> None:
    for vector in lines(message, "invalid"):
        with pytest.raises(PayloadError) as caught:
            validators.check(validators.SCHEMAS[message], orjson.dumps(vector["payload"]))
        error = caught.value
        assert (error.keyword, error.pointer, error.code) == (vector["keyword"], vector["pointer"], vector["code"])
        with pytest.raises(PayloadError):
            codec.decode(message, orjson.dumps(vector["payload"]))


@by_message
def test_decoding_and_encoding_gives_an_equal_value(message: str) -> None:
    for payload in lines(message, "valid"):
        struct = codec.decode(MESSAGES[message], orjson.dumps(payload))
        assert type(struct) is MESSAGES[message]
        assert json.loads(codec.encode(struct)) == payload
