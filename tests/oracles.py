"""Foreign validators over the published schemas, and what is known of how they differ from the standard.

The text is read by orjson and the standard library; the value is judged by jsonschema, fastjsonschema and
jsonschema-rs. The majority of the three is what the byte validator is measured with.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import fastjsonschema
import jsonschema
import jsonschema_rs
import orjson

MAX_DEPTH = 64

Verdicts = dict[str, bool]


@cache
def published(message: str) -> dict[str, Any]:
    """Read a schema as the Open Charge Alliance has published it."""
    text = (resources.files("ocpp.v21.schemas") / f"{message}.json").read_text("utf-8-sig")
    schema: dict[str, Any] = json.loads(text)
    return schema


# The text


def read_text(data: bytes) -> Any:
    """Read a payload as JSON, exact in its whole numbers.

    Raises:
        ValueError: it is no JSON, or has a member twice, nests too deep, or holds a number that no double can hold.
    """
    if depth(orjson.loads(data)) > MAX_DEPTH:
        raise ValueError("nested too deep")
    return json.loads(data.decode(), object_pairs_hook=unique_members)


def unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member occurs twice")
    return members


def depth(value: Any) -> int:
    """Count the levels of objects and arrays, without recursion."""
    levels, row = 0, [value]
    while row := [item for item in row if isinstance(item, dict | list)]:
        levels += 1
        row = [child for item in row for child in (item.values() if isinstance(item, dict) else item)]
    return levels


# The value


@cache
def by_jsonschema(message: str) -> Callable[[Any], bool]:
    checker = jsonschema.FormatChecker(["date-time"])
    validator = jsonschema.Draft6Validator(published(message), format_checker=checker)
    return lambda value: bool(validator.is_valid(value))


@cache
def by_fastjsonschema(message: str) -> Callable[[Any], bool]:
    validate = fastjsonschema.compile(published(message), use_default=False, detailed_exceptions=False)

    def is_valid(value: Any) -> bool:
        try:
            validate(value)
        except fastjsonschema.JsonSchemaValueException:
            return False
        return True

    return is_valid


@cache
def by_jsonschema_rs(message: str) -> Callable[[Any], bool]:
    validator = jsonschema_rs.Draft6Validator(published(message), validate_formats=True)
    return lambda value: bool(validator.is_valid(value))


def verdicts(message: str, value: Any, *, every: bool) -> Verdicts:
    """Ask the validators; jsonschema, by far the slowest, only if its vote decides or ``every`` one is wanted."""
    votes = {
        "fastjsonschema": by_fastjsonschema(message)(value),
        "jsonschema-rs": by_jsonschema_rs(message)(value),
    }
    if every or len(set(votes.values())) == 2:
        votes["jsonschema"] = by_jsonschema(message)(value)
    return votes


def majority(votes: Verdicts) -> bool:
    return 2 * sum(votes.values()) > len(votes)


def dissenters(votes: Verdicts) -> set[str]:
    return {name for name, vote in votes.items() if vote != majority(votes)}


# Known differences


@dataclass(frozen=True)
class Difference:
    """A case in which a validator is known to deviate, with the reason why that is no fault of ours."""

    reason: str
    applies: Callable[[bytes, Any], bool]


def strings_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from strings_of(item)


def some_string(pattern: str) -> Callable[[bytes, Any], bool]:
    """Match payloads that hold a string of that form."""
    return lambda data, value: any(re.fullmatch(pattern, text, re.DOTALL) for text in strings_of(value))


def rounds_to_integer(data: bytes, value: Any) -> bool:
    """Match payloads with a number that is no integer, and whose double is one."""
    tokens = re.findall(rb"-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", data)
    return any(float(token).is_integer() and not is_integral(token.decode()) for token in tokens)


def is_integral(token: str) -> bool:
    mantissa, _, exponent = token.lower().partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).strip("-0")
    trailing = len(whole + fraction) - len((whole + fraction).rstrip("0"))
    return not digits or int(exponent or 0) - len(fraction) + trailing >= 0


DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]"
LEAP_SECOND = some_string(DATE + r"[0-9]{2}:[0-9]{2}:60.*")
LINE_FEED = some_string(DATE + r".*\n")
YEAR_0000 = some_string(r"0000-.*")

#: Where the byte validator is right and the majority is not.
SIGNED_FOR_OURS = (
    Difference(
        "the oracles see numbers after the parser has rounded them to a double; we judge the digits, so that"
        " 1.0000000000000000001 is no integer (draft-06, 4.3)",
        rounds_to_integer,
    ),
    Difference(
        "year 0000 is in the grammar of RFC 3339, but neither ISO 8601 without agreement nor datetime has it",
        YEAR_0000,
    ),
)

#: Where one oracle deviates from the other two.
SIGNED_FOR_ORACLES = {
    "jsonschema": (
        Difference("rfc3339-validator builds a datetime, which has no second 60", LEAP_SECOND),
        Difference("rfc3339-validator builds a datetime, which has no year 0", YEAR_0000),
        Difference("rfc3339-validator ends its pattern with $, which matches before a last line feed", LINE_FEED),
    ),
    "fastjsonschema": (
        Difference("its pattern takes an offset without colon", some_string(DATE + r".*[-+][0-9]{4}")),
        Difference("its pattern takes second 60 at any time of day", LEAP_SECOND),
        Difference("its pattern takes digits of other scripts", some_string(r"[0-9]*[^\x00-\x7f][-\w:+.]*")),
    ),
    "jsonschema-rs": (),
}


def signed(differences: tuple[Difference, ...], data: bytes, value: Any) -> str | None:
    """Return the reason of the first difference that explains the case."""
    return next((known.reason for known in differences if known.applies(data, value)), None)
