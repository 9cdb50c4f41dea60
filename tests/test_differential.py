"""The byte validator against its naive twin and against three foreign validators, on generated payloads.

``OCPP21_SEED`` chooses other payloads; the seed is printed with every failure.
"""

from __future__ import annotations

import datetime
import json
import os
from decimal import Decimal
from functools import cache
from typing import Any

import naive_validator
import oracles
import payloads
import pytest
from naive_validator import Violation

from ocpp21 import codec
from ocpp21._speedups import validators
from ocpp21.errors import LocalProtocolError, PayloadError
from ocpp21.messages.registry import MESSAGES
from ocpp21.refusal import CODES, pointer

SEED = os.environ.get("OCPP21_SEED", "20260117")

#: Payloads of each kind and message; over 181 messages more than 20,000 in all.
VALID, SINGLE, DOUBLE, MUTATED = 30, 36, 18, 30

#: jsonschema is slow, and its vote decides only where the other two differ; one payload in so many gets it anyway.
SAMPLE = 10


@cache
def generate(message: str) -> list[payloads.Payload]:
    generator = payloads.Generator(message, SEED)
    return (
        [generator.valid() for _ in range(VALID)]
        + [generator.faulty(1) for _ in range(SINGLE)]
        + [generator.faulty(2) for _ in range(DOUBLE)]
        + [generator.mutated() for _ in range(MUTATED)]
    )


def ours(message: str, data: bytes, mode: int = 0) -> Violation | None:
    """Return the verdict of the byte validator, and check what all its errors share."""
    try:
        validators.check(validators.SCHEMAS[message], data, mode)
    except PayloadError as error:
        assert error.code == CODES[error.keyword]
        assert len(error.description) <= 255 and error.description.isprintable()
        assert error.__context__ is None, "the context would hold the text of the peer"
        return Violation(error.keyword, error.pointer, error.offset)
    return None


@pytest.fixture(params=naive_validator.messages())
def message(request: pytest.FixtureRequest) -> str:
    print(f"OCPP21_SEED={SEED}")
    return str(request.param)


def test_there_are_enough_payloads() -> None:
    assert len(naive_validator.messages()) == 181
    assert 181 * (VALID + SINGLE + DOUBLE + MUTATED) >= 20_000


def test_verdict_code_pointer_and_offset_are_those_of_the_twin(message: str) -> None:
    for payload in generate(message):
        for mode in (0, validators.CONFORM):
            expected = naive_validator.first_violation(message, payload.data, conform=bool(mode))
            assert ours(message, payload.data, mode) == expected, payload
            assert payload.faults or mode or expected is None, payload


def test_verdict_is_that_of_the_oracles(message: str) -> None:
    for number, payload in enumerate(generate(message)):
        is_valid = ours(message, payload.data) is None
        try:
            value = oracles.read_text(payload.data)
        except ValueError:
            assert not is_valid, payload
            continue
        votes = oracles.verdicts(message, value, every=number % SAMPLE == 0)
        if is_valid != oracles.majority(votes):
            assert not is_valid, payload
            assert oracles.signed(oracles.SIGNED_FOR_OURS, payload.data, value), payload
        for name in oracles.dissenters(votes):
            assert oracles.signed(oracles.SIGNED_FOR_ORACLES[name], payload.data, value), (name, payload)


def test_what_is_valid_decodes_and_comes_back_equal(message: str) -> None:
    for payload in generate(message):
        if ours(message, payload.data) is not None:
            with pytest.raises(PayloadError):
                codec.decode(message, payload.data)
            continue
        struct = codec.decode(message, payload.data)
        assert type(struct) is MESSAGES[message]
        encoded = codec.encode(struct, conform=False)
        assert is_equal(message, payload.data, encoded), (payload, encoded)


def test_lenient_mode_forgives_what_the_twin_forgives(message: str) -> None:
    schema = validators.SCHEMAS[message]
    for payload in generate(message):
        for mode in (0, validators.CONFORM):
            violation, expected = naive_validator.tolerate(message, payload.data, conform=bool(mode))
            try:
                text, deviations = validators.tolerate(schema, payload.data, mode)
            except PayloadError as error:
                assert Violation(error.keyword, error.pointer, error.offset) == violation, payload
                continue
            assert violation is None, payload
            assert [(rule, pointer(path), offset) for rule, path, offset, *_ in deviations] == expected, payload
            assert validators.check(schema, text, mode) is text, (payload, text)


def test_what_lenient_mode_forgives_decodes(message: str) -> None:
    for payload in generate(message):
        _, expected = naive_validator.tolerate(message, payload.data)
        deviations: list[codec.Deviation] = []
        try:
            struct = codec.decode(message, payload.data, lenient=True, report=deviations.append)
        except PayloadError:
            continue
        assert type(struct) is MESSAGES[message]
        assert [(found.rule, found.pointer, found.offset) for found in deviations] == expected


def test_what_conforms_is_sent(message: str) -> None:
    generator = payloads.Generator(message, f"{SEED}/conform")
    for payload in (generator.valid() for _ in range(10)):
        struct = codec.decode(message, payload.data)
        if naive_validator.first_violation(message, codec.encode(struct, conform=False), conform=True):
            with pytest.raises(LocalProtocolError) as caught:
                codec.encode(struct)
            assert isinstance(caught.value.__cause__, PayloadError)
        else:
            assert codec.encode(struct) == codec.encode(struct, conform=False)


def test_the_generator_reaches_every_rule() -> None:
    rules, seen = {"", *CODES}, set[str]()
    generators = [payloads.Generator(message, f"{SEED}/rules") for message in naive_validator.messages()]
    for _ in range(50):
        for generator in generators:
            for payload in (generator.valid(), generator.faulty(1)):
                violation = naive_validator.first_violation(generator.message, payload.data, conform=True)
                seen.add(violation.keyword if violation else "")
        if seen == rules:
            return
    assert seen == rules, f"OCPP21_SEED={SEED}"


# Equality of JSON values, as far as a schema defines it


def is_equal(message: str, one: bytes, other: bytes) -> bool:
    schema = naive_validator.load(message)
    one_value, other_value = (json.loads(data, parse_float=naive_validator.exact) for data in (one, other))
    return equal(schema, schema, one_value, other_value)


def equal(root: dict[str, Any], schema: dict[str, Any], one: Any, other: Any) -> bool:
    """Compare whole numbers exactly, all others as doubles, and date-times as instants."""
    if "$ref" in schema:
        schema = root["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    if isinstance(one, list):
        items = schema.get("items", {})
        return len(one) == len(other) and all(equal(root, items, *pair) for pair in zip(one, other, strict=True))
    if isinstance(one, dict):
        known = schema.get("properties", {})
        pairs = ((known.get(name, {}), value, other.get(name)) for name, value in one.items())
        return one.keys() == other.keys() and all(equal(root, *pair) for pair in pairs)
    if schema.get("format") == "date-time":
        return instant(one) == instant(other)
    is_double = schema.get("type") == "number" or ("type" not in schema and isinstance(one, Decimal))
    return bool(float(one) == float(other) if is_double else one == other)


def instant(text: str) -> tuple[int, str]:
    """Return minutes, and seconds cut to milliseconds; a leap second is taken as the one before."""
    found = naive_validator.DATETIME.fullmatch(text)
    assert found
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    minutes = datetime.date(year, month, day).toordinal() * 1440 + hour * 60 + minute
    if found[8]:
        offset = int(found[8][1:]) * 60 + int(found[9])
        minutes += offset if found[8][0] == "-" else -offset
    return minutes, f"{min(second, 59):02}.{(found[7] or '')[:3]:0<3}"
