"""Payloads made from the schemas by a seeded generator: valid ones in every legal spelling, and broken ones.

A payload is first a tree (``Members`` for objects, lists, scalars, ``Raw`` for text that stands as it is), so that
it can have what a dict cannot: a name twice, a number of any spelling, a string that is no Unicode. Then it is written.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import naive_validator

Schema = dict[str, Any]


class Raw(bytes):
    """JSON text, or what is to pass for it, written as it is."""


class Members(list[list[Any]]):
    """The members of an object: ``[name, value]`` each, in the order in which they are written."""


@dataclass(frozen=True)
class Payload:
    """A generated payload; ``faults`` names what was broken, and is empty when the payload is valid."""

    message: str
    data: bytes
    faults: tuple[str, ...] = ()


# Valid values

IDENTIFIER = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789*-_=:+|@."
ALPHABETS = (
    IDENTIFIER,
    "".join(map(chr, range(0x20, 0x7F))),
    "äßéÿĀžЖλ\u00a0",
    "中文字カナ가\u2028\ufeff",
    "🔌⚡🚗\U0001d4b3\U0010ffff",
    '\x00\x01\b\t\n\f\r\x1f\x7f"\\/',
    "e\u0301\u200d🇩🇪",
)
DATETIMES = (
    "2026-01-17T08:00:00Z",
    "2026-01-17T08:00:00.000Z",
    "2026-01-17T08:00:00.1Z",
    "2026-01-17T08:00:00.486+02:00",
    "2026-01-17t08:00:00.12z",
    "2024-02-29T23:59:59.999-11:30",
    "2026-01-17T08:00:00-00:00",
    "2026-01-17T08:00:00+23:59",
    "1972-06-30T23:59:60Z",
    "2016-12-31T15:59:60.5-08:00",
    "2000-02-29T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "0001-01-01T00:00:00Z",
)
LONG_FRACTIONS = (
    "2026-01-17T08:00:00.1234Z",
    "2026-01-17T08:00:00.999999Z",
    "2026-01-17T08:00:00.9999999Z",
    "2026-01-17T08:00:00.123456789012345678901234567890+05:45",
)
NUMBERS = (b"0", b"-0", b"-0.0", b"0.1", b"21.4", b"1e2", b"1E+2", b"2.5e-3", b"1234.123456", b"100", b"16", b"3.0")
WIDE_NUMBERS = (b"1e300", b"123456789012345678901234567890", b"0.1234567890123456789", b"5e-324", b"9007199254740993")
ANY_TEXTS = (
    b"null",
    b"true",
    b"false",
    b"[]",
    b"{}",
    b"[[],{},[null]]",
    b'{"a":{"a":{"a":[1,2.5,"x"]}},"b":""}',
    b'"\\ud83d\\udd0c"',
    b"1e2",
    b"12345678901234567890123",
    b"0.1",
    b'{"":0,"\\u0000":1}',
)


class Generator:
    """Makes payloads of one message from one seed."""

    def __init__(self, message: str, seed: object) -> None:
        self.message = message
        self.random = random.Random(f"{seed}/{message}")
        self.schema = naive_validator.load(message)
        self.conform = True

    def valid(self) -> Payload:
        return Payload(self.message, self.write(self.tree()))

    def faulty(self, count: int) -> Payload:
        """Break a valid payload in ``count`` places; a later fault may hide or even heal an earlier one."""
        tree = self.tree()
        labels = tuple(self.break_something(tree) for _ in range(count))
        return Payload(self.message, self.write(tree), labels)

    def mutated(self) -> Payload:
        """Change the bytes of a valid payload; what comes out may still be valid."""
        data = bytearray(self.write(self.tree()))
        for _ in range(self.random.choice((1, 1, 1, 2, 5))):
            self.random.choice(MUTATIONS)(self.random, data)
        return Payload(self.message, bytes(data), ("bytes",))

    def tree(self) -> Members:
        """Make a valid payload; half of them keep the rules of the standard that the schemas do not hold."""
        self.conform = self.random.random() < 0.5
        fullness = self.random.choice((0.0, 0.15, 0.5, 1.0))
        return self.object(self.schema, fullness)

    def value(self, schema: Schema, fullness: float, is_identifier: bool = False) -> Any:
        schema = self.resolve(schema)
        kind = schema.get("type")
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        if kind == "object":
            return self.object(schema, fullness)
        if kind == "array":
            return self.array(schema, fullness, is_identifier)
        if kind == "string":
            return self.datetime() if schema.get("format") else self.string(schema.get("maxLength", 30), is_identifier)
        if kind in ("integer", "number"):
            return self.integer(schema) if kind == "integer" else self.number(schema)
        return self.random.random() < 0.5 if kind == "boolean" else self.any()

    def resolve(self, schema: Schema) -> Schema:
        name = schema.get("$ref", "").removeprefix("#/definitions/")
        resolved: Schema = self.schema["definitions"][name] if name else schema
        return resolved

    def object(self, schema: Schema, fullness: float) -> Members:
        required = schema.get("required", ())
        owner = schema.get("javaType", "") + "Type" if "javaType" in schema else self.message
        members = Members()
        for name, sub in schema["properties"].items():
            chance = fullness if name != "customData" else fullness / 4
            if name in required or self.random.random() < chance:
                is_identifier = naive_validator.is_identifier(owner, name)
                members.append([name, self.value(sub, fullness * 0.8, is_identifier)])
        if "additionalProperties" not in schema:
            members.extend([self.string(12, False), self.any()] for _ in range(self.random.randrange(4)))
            members[:] = list({name: [name, value] for name, value in members}.values())
        if self.random.random() < 0.25:
            self.random.shuffle(members)
        return members

    def array(self, schema: Schema, fullness: float, is_identifier: bool) -> list[Any]:
        most = schema.get("maxItems", 3)
        is_flat = "$ref" not in schema["items"]
        count = self.random.choice((1, 1, 2, min(most, 30 if is_flat else 4)))
        count = min(count, most)
        return [self.value(schema["items"], fullness, is_identifier) for _ in range(max(count, schema["minItems"]))]

    def string(self, limit: int, is_identifier: bool) -> str:
        alphabet = IDENTIFIER if is_identifier and self.conform else self.random.choice(ALPHABETS)
        length = self.random.choice((0, 1, min(limit, 7), min(limit, 20)))
        if self.random.random() < (0.1 if limit <= 255 else 0.01):
            length = limit
        return "".join(self.random.choices(alphabet, k=length))

    def datetime(self) -> str:
        return self.random.choice(DATETIMES if self.conform or self.random.random() < 0.7 else LONG_FRACTIONS)

    def integer(self, schema: Schema) -> Raw:
        low = int(schema.get("minimum", -(2**31)))
        high = int(schema.get("maximum", 2**31 - 1))
        number = self.random.choice((low, high, 1, self.random.randint(low, high)))
        if not self.conform and "maximum" not in schema and self.random.random() < 0.2:
            number = self.random.choice((2**31, 2**53 + 1, 2**64, 10**40))
        return Raw(self.spell(number))

    def spell(self, number: int) -> bytes:
        """Write a whole number in one of the ways that draft-06 takes for an integer."""
        text = str(number)
        spellings = [text, text, text, text, text + ".0", text + ".000", text + "e0", text + "E+0"]
        if number:
            spellings.append(text + "0e-1")
        if number and text.endswith("00"):
            spellings.append(text[:-2] + "e2")
        if number == 0:
            spellings += ["-0", "-0.0", "0e999999999999999999999"]
        return self.random.choice(spellings).encode()

    def number(self, schema: Schema) -> Raw:
        low, high = schema.get("minimum", -math.inf), schema.get("maximum", math.inf)
        pool = NUMBERS if self.conform else NUMBERS + WIDE_NUMBERS
        fitting = [text for text in pool if low <= float(text) <= high]
        return Raw(self.random.choice(fitting))

    def any(self) -> Raw:
        return Raw(self.random.choice(ANY_TEXTS))

    # Writing

    def write(self, tree: Any) -> bytes:
        style = self.random.choice((PLAIN, PLAIN, SPACED, ESCAPED, Style(0.2, 0.1)))
        return b"".join((style.space(self.random), style.write(self.random, tree), style.space(self.random)))

    # Faults

    def break_something(self, tree: Members) -> str:
        """Apply one fault that fits the payload, and return its name."""
        places = list(self.places(tree, self.schema))
        self.random.shuffle(places)
        for label, fault in self.random.sample(FAULTS, len(FAULTS)):
            if any(fault(self, place) for place in places):
                return label
        raise AssertionError("some fault fits every payload")

    def places(self, node: Any, schema: Schema) -> Iterator[Place]:
        """Yield every place of a tree together with its schema; the payload itself comes without a holder."""
        yield Place(node, schema)
        yield from self.places_below(node, schema)

    def places_below(self, node: Any, schema: Schema) -> Iterator[Place]:
        if isinstance(node, Members):
            properties = schema.get("properties", {})
            for member in node:
                if member[0] in properties:
                    sub = self.resolve(properties[member[0]])
                    yield Place(member[1], sub, member, 1)
                    yield from self.places_below(member[1], sub)
        elif isinstance(node, list):
            sub = self.resolve(schema.get("items", {}))
            for index, item in enumerate(node):
                yield Place(item, sub, node, index)
                yield from self.places_below(item, sub)


@dataclass(frozen=True)
class Style:
    """How to write a tree: the chance of white space at each place where it may stand, and of a needless escape."""

    spaces: float
    escapes: float

    def space(self, rng: random.Random) -> bytes:
        return bytes(rng.choices(b" \t\n\r", k=rng.randint(1, 3))) if rng.random() < self.spaces else b""

    def write(self, rng: random.Random, node: Any) -> bytes:
        if isinstance(node, Raw):
            return node
        if isinstance(node, str):
            return self.string(rng, node)
        if isinstance(node, Members):
            gap = self.space
            members = (
                gap(rng) + self.string(rng, name) + gap(rng) + b":" + gap(rng) + self.write(rng, value) + gap(rng)
                for name, value in node
            )
            return b"{" + (b",".join(members) or gap(rng)) + b"}"
        if isinstance(node, list):
            items = (self.space(rng) + self.write(rng, item) + self.space(rng) for item in node)
            return b"[" + (b",".join(items) or self.space(rng)) + b"]"
        return json.dumps(node).encode()

    def string(self, rng: random.Random, text: str | Raw) -> bytes:
        if isinstance(text, Raw):
            return text
        if not self.escapes:
            return json.dumps(text, ensure_ascii=False).encode()
        return b'"' + b"".join(self.character(rng, character) for character in text) + b'"'

    def character(self, rng: random.Random, character: str) -> bytes:
        if rng.random() >= self.escapes:
            return json.dumps(character, ensure_ascii=False)[1:-1].encode()
        if character == "/":
            return b"\\/"
        units = character.encode("utf-16-be").hex()
        units = units.upper() if rng.random() < 0.5 else units
        return b"".join(b"\\u" + units[start : start + 4].encode() for start in range(0, len(units), 4))


PLAIN = Style(0, 0)
SPACED = Style(0.5, 0)
ESCAPED = Style(0, 0.5)


@dataclass(frozen=True)
class Place:
    """A value of a tree, its schema, and where it hangs."""

    value: Any
    schema: Schema
    holder: Any = None
    key: int = 0

    def put(self, value: Any) -> bool:
        """Replace the value; the payload itself cannot be replaced."""
        if self.holder is None:
            return False
        self.holder[self.key] = value
        return True


Fault = Callable[[Generator, Place], bool]


def is_closed(place: Place) -> bool:
    return isinstance(place.value, Members) and place.schema.get("additionalProperties") is False


def drop_required(generator: Generator, place: Place) -> bool:
    if not isinstance(place.value, Members):
        return False
    required = [member for member in place.value if member[0] in place.schema.get("required", ())]
    if required:
        place.value.remove(generator.random.choice(required))
    return bool(required)


def add_unknown(generator: Generator, place: Place) -> bool:
    if not is_closed(place):
        return False
    names = ("unknown", "", "__class__", "__proto__", "id ", "\u0000", "customdata", "x" * 70, "é", "a/b~c")
    index = generator.random.randint(0, len(place.value))
    place.value.insert(index, [generator.random.choice(names), generator.any()])
    return True


def duplicate(generator: Generator, place: Place) -> bool:
    if not isinstance(place.value, Members) or not place.value:
        return False
    name, value = generator.random.choice(place.value)
    place.value.append([name, value])
    return True


def wrong_type(generator: Generator, place: Place) -> bool:
    kind = place.schema.get("type")
    texts = {
        "object": b"{}",
        "array": b"[1]",
        "string": b'"1"',
        "number": b"1.5",
        "boolean": b"true",
        "null": b"null",
        "token": b"NaN",
        "large": b"1e400",
    }
    texts.pop(kind or "", None)
    return kind is not None and place.put(Raw(generator.random.choice(list(texts.values()))))


def bad_enum(generator: Generator, place: Place) -> bool:
    if "enum" not in place.schema:
        return False
    value = generator.random.choice(place.schema["enum"])
    return place.put(generator.random.choice((value.swapcase(), value + " ", value[:-1], "", "é", "x" * 100)))


def bad_length(generator: Generator, place: Place) -> bool:
    limit = place.schema.get("maxLength")
    if limit is None or (limit > 1000 and generator.random.random() < 0.9):
        return False
    return place.put(generator.random.choice(("a", "é", "🔌", "\n")) * (limit + 1))


def is_array(place: Place) -> bool:
    return place.schema.get("type") == "array" and isinstance(place.value, list)


def no_items(generator: Generator, place: Place) -> bool:
    if is_array(place):
        place.value.clear()
    return is_array(place)


def too_many_items(generator: Generator, place: Place) -> bool:
    most = place.schema.get("maxItems")
    if not is_array(place) or not place.value or most is None or most > 100:
        return False
    place.value.extend(place.value[:1] * (most + generator.random.randint(1, 2) - len(place.value)))
    return True


def bad_number(generator: Generator, place: Place) -> bool:
    kind = place.schema.get("type")
    texts = (b"1e400", b"-1e400", b"01", b"1.", b".5", b"+1", b"-", b"1e", b"0x1", b"Infinity", b"-Infinity", b"1_0")
    if kind == "integer" and generator.random.random() < 0.5:
        texts = (b"1.5", b"1.0000000000000000001", b"1e-1", b"5e-324", b"1e-99999999999999999999", b"1234567890.5")
    return kind in ("integer", "number") and place.put(Raw(generator.random.choice(texts)))


def too_small(generator: Generator, place: Place) -> bool:
    if "minimum" not in place.schema:
        return False
    low = int(place.schema["minimum"])
    texts = (b"%d" % (low - 1), b"%d.0" % (low - 1), b"-1e300", b"-123456789012", b"%de-1" % (10 * low - 10))
    return place.put(Raw(generator.random.choice(texts)))


def too_large(generator: Generator, place: Place) -> bool:
    if "maximum" not in place.schema:
        return False
    high = int(place.schema["maximum"])
    texts = (b"%d" % (high + 1), b"%de-1" % (10 * high + 10), b"1e300", b"123456789012", b"%d.0" % (high + 1))
    return place.put(Raw(generator.random.choice(texts)))


#: Date-times that are none, and the two that are one but that some validators refuse.
BAD_DATETIMES = (
    "",
    "2026-01-17",
    "2026-01-17T08:00:00",
    "2026-01-17 08:00:00Z",
    "2026-01-17T08:00:00+02",
    "2026-01-17T08:00:00+0200",
    "2026-01-17T08:00:00Z\n",
    "2026-01-17T08:00:00.Z",
    "2026-01-17T12:00:60Z",
    "2026-01-17T23:59:61Z",
    "2026-01-17T24:00:00Z",
    "2026-01-17T08:60:00Z",
    "2026-01-17T08:00:00+24:00",
    "2026-01-17T08:00:00+02:60",
    "2026-02-29T08:00:00Z",
    "1900-02-29T08:00:00Z",
    "2026-00-01T08:00:00Z",
    "2026-13-01T08:00:00Z",
    "2026-01-00T08:00:00Z",
    "0000-01-01T00:00:00Z",
    "202\u0666-01-17T08:00:00Z",
    "+2026-01-17T08:00:00Z",
    "2026-1-17T08:00:00Z",
    "2026-01-17T08:00:00Zulu",
    "1000000",
)


def bad_datetime(generator: Generator, place: Place) -> bool:
    return "format" in place.schema and place.put(generator.random.choice(BAD_DATETIMES))


def bad_text(generator: Generator, place: Place) -> bool:
    """Put a string that is no Unicode text, or no JSON string, where a string is due."""
    texts = (
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'"\\ud800\\u0041"',
        b'"\xed\xa0\x80"',
        b'"\xc0\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"\xff"',
        b'"\xe2\x82"',
        b'"\t"',
        b'"\x00"',
        b'"\\x41"',
        b'"\\u12"',
        b'"\\',
        b'"\\ud800\\u12"',
        b"'a'",
    )
    return place.schema.get("type") == "string" and place.put(Raw(generator.random.choice(texts)))


def bad_name(generator: Generator, place: Place) -> bool:
    if not isinstance(place.value, Members) or not place.value:
        return False
    names = (b'"\\ud800"', b'"\xff"', b"a", b"1", b'"a', b"", b'"evse\\u0049d\\"')
    generator.random.choice(place.value)[0] = Raw(generator.random.choice(names))
    return True


def too_deep(generator: Generator, place: Place) -> bool:
    """Put an open value where customData is due: just deep enough, one level too deep, or far too deep."""
    if not is_closed(place):
        return False
    levels = generator.random.choice((40, 61, 62, 63, 64, 65, 1000))
    bracket, closing = generator.random.choice(((b"[", b"]"), (b'{"a":', b"}")))
    inner = b"0" if bracket != b"[" else b""
    deep = Raw(bracket * levels + inner + closing * levels)
    place.value[:] = [member for member in place.value if member[0] != "customData"]
    place.value.append(["customData", Members([["vendorId", "a"], ["deep", deep]])])
    return True


def null(generator: Generator, place: Place) -> bool:
    if "properties" not in place.schema or not isinstance(place.value, Members):
        return False
    absent = set(place.schema["properties"]) - {name for name, _ in place.value}
    if absent:
        place.value.append([generator.random.choice(sorted(absent)), Raw(b"null")])
    return bool(absent)


FAULTS: tuple[tuple[str, Fault], ...] = tuple(
    (fault.__name__, fault)
    for fault in (
        drop_required,
        add_unknown,
        duplicate,
        wrong_type,
        bad_enum,
        bad_length,
        no_items,
        too_many_items,
        bad_number,
        too_small,
        too_large,
        bad_datetime,
        bad_text,
        bad_name,
        too_deep,
        null,
    )
)


# Mutations of bytes

TOKENS = (
    *(bytes([byte]) for byte in b'{}[]:,"\\-.0 \n\x00\x1f\x80\xff'),
    *(b"null", b"true", b"NaN", b"1e400", b"1e", b"0" * 400, b"9" * 310, b"//"),
    *(b"\\u", b"\\ud800", b"\\udc00", b"\xc0\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xf0\x9f\x94\x8c"),
    *(b"[" * 70, b'{"":' * 70),
)

Mutation = Callable[[random.Random, bytearray], None]


def some_span(rng: random.Random, data: bytearray) -> slice:
    start = rng.randint(0, len(data))
    return slice(start, min(len(data), start + rng.choice((1, 1, 2, 5, 20))))


def flip(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def replace(rng: random.Random, data: bytearray) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def insert(rng: random.Random, data: bytearray) -> None:
    at = rng.randint(0, len(data))
    data[at:at] = rng.choice(TOKENS)


def delete(rng: random.Random, data: bytearray) -> None:
    del data[some_span(rng, data)]


def repeat(rng: random.Random, data: bytearray) -> None:
    span = some_span(rng, data)
    data[span] = data[span] * 2


def cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randint(0, len(data)) :]


MUTATIONS: tuple[Mutation, ...] = (flip, replace, insert, insert, delete, repeat, cut)
