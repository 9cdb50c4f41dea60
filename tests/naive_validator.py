"""The twin of ``ocpp21._speedups.validators``: slow, in plain Python, and written to be right at sight.

It shares no technique with the extension. The extension decides in one pass; here, a reader first makes a tree of as
much of the text as is JSON, then every violation in the tree is collected, and the one that comes first in the text
wins. Three conventions fix what "first" means:

* a scalar is judged after it was read, a container at its opening bracket, so no rule of a schema comes before a
  fault inside the same scalar;
* a missing member, or a missing item, is noticed at the closing bracket; one too many where it begins;
* the pointer of a fault in the text leads to the value that has begun last and, in an array, to the item that is due.
"""

from __future__ import annotations

import datetime
import json
import math
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache, partial
from pathlib import Path as FilePath
from typing import Any, NamedTuple

ROOT = FilePath(__file__).resolve().parent.parent
MAX_DEPTH = 64

SPACE = re.compile(rb"[ \t\n\r]*")
PLAIN = re.compile(rb'[^"\\\x00-\x1f\x80-\xff]*')
NUMBER_LIKE = re.compile(rb"-?[0-9]*(\.[0-9]*)?([eE][-+]?[0-9]*)?")
NUMBER = re.compile(rb"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
WORDS = {b"t": (b"true", True), b"f": (b"false", False), b"n": (b"null", None)}
ESCAPES = {b'"': '"', b"\\": "\\", b"/": "/", b"b": "\b", b"f": "\f", b"n": "\n", b"r": "\r", b"t": "\t"}
HEX = re.compile(rb"[0-9a-fA-F]{4}")
IDENTIFIER = re.compile(r"[a-zA-Z0-9*\-_=:+|@.]*")
DATETIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:[Zz]|([-+][0-9]{2}):([0-9]{2}))"
)


Path = tuple[str | int, ...]


class Violation(NamedTuple):
    """What is wrong, and where."""

    keyword: str
    pointer: str
    offset: int


class Fault(Exception):
    """The text cannot be read on: (keyword, offset)."""


class Tolerated(NamedTuple):
    """What lenient mode lets pass, and where."""

    rule: str
    pointer: str
    offset: int


@dataclass(slots=True)
class Node:
    """A value in the text.

    ``end`` is the offset of the last byte of a string or of the closing bracket; None while a container is open.
    """

    kind: str
    start: int
    value: Any = None
    items: list[Node] = field(default_factory=list)
    members: list[tuple[str, int, Node | None]] = field(default_factory=list)
    end: int | None = None


# The text


class Reader:
    """Reads one JSON text (RFC 8259) with the caps of the library; keeps what was read before a fault."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0
        self.path: list[str | int | None] = []
        self.root: Node | None = None
        self.fault: Violation | None = None
        try:
            self.read_text()
        except Fault as fault:
            keyword, offset = fault.args
            self.fault = Violation(keyword, pointer(self.path), offset)

    def read_text(self) -> None:
        self.skip_space()
        self.read_value(self.set_root, 1)
        self.skip_space()
        if self.at < len(self.data):
            raise Fault("json", self.at)

    def set_root(self, node: Node) -> None:
        self.root = node

    def skip_space(self) -> None:
        found = SPACE.match(self.data, self.at)
        assert found
        self.at = found.end()

    def peek(self) -> bytes:
        return self.data[self.at : self.at + 1]

    def expect(self, *tokens: bytes) -> bytes:
        self.skip_space()
        token = self.peek()
        if token not in tokens:
            raise Fault("json", self.at)
        self.at += 1
        return token

    def read_value(self, keep: Any, depth: int) -> None:
        """Read a value of which ``depth`` would be the level if it is a container."""
        token = self.peek()
        if token == b'"':
            start = self.at
            text = self.read_string()
            keep(Node("string", start, text, end=self.at - 1))
        elif token in (b"{", b"["):
            if depth > MAX_DEPTH:
                raise Fault("depth", self.at)
            node = Node("object" if token == b"{" else "array", self.at)
            keep(node)
            self.at += 1
            if token == b"{":
                self.read_members(node, depth)
            else:
                self.read_items(node, depth)
        elif token in WORDS:
            keep(self.read_word(token))
        else:
            keep(self.read_number())

    def read_word(self, token: bytes) -> Node:
        word, value = WORDS[token]
        if not self.data.startswith(word, self.at):
            raise Fault("json", self.at)
        node = Node("null" if value is None else "boolean", self.at, value)
        self.at += len(word)
        return node

    def read_number(self) -> Node:
        found = NUMBER_LIKE.match(self.data, self.at)
        assert found
        token = found[0]
        if not NUMBER.fullmatch(token):
            raise Fault("json", self.at)
        if not is_finite(token):
            raise Fault("range", self.at)
        node = Node("number", self.at, exact(token.decode()))
        self.at = found.end()
        return node

    def read_items(self, node: Node, depth: int) -> None:
        self.path.append(0)
        self.skip_space()
        if self.peek() == b"]":
            return self.close(node)
        while True:
            self.read_value(node.items.append, depth + 1)
            if self.expect(b",", b"]") == b"]":
                self.at -= 1
                return self.close(node)
            self.path[-1] = len(node.items)
            self.skip_space()

    def read_members(self, node: Node, depth: int) -> None:
        self.path.append(None)
        self.skip_space()
        if self.peek() == b"}":
            return self.close(node)
        seen: set[str] = set()
        while True:
            self.skip_space()
            offset = self.at
            if self.peek() != b'"':
                raise Fault("json", offset)
            name = self.read_string()
            self.path[-1] = name
            if name in seen:
                raise Fault("uniqueMembers", offset)
            seen.add(name)
            # The name counts even if no value follows: an unknown member is refused at its name.
            node.members.append((name, offset, None))
            self.expect(b":")
            self.skip_space()
            self.read_value(partial(set_last, node, name, offset), depth + 1)
            if self.expect(b",", b"}") == b"}":
                self.at -= 1
                return self.close(node)
            self.path[-1] = None

    def close(self, node: Node) -> None:
        node.end = self.at
        self.at += 1
        self.path.pop()

    def read_string(self) -> str:
        start = self.at
        self.at += 1
        parts = []
        while True:
            run = PLAIN.match(self.data, self.at)
            assert run
            parts.append(run[0].decode("ascii"))
            self.at = run.end()
            token = self.peek()
            if token == b"":
                raise Fault("json", start)
            if token == b'"':
                self.at += 1
                return "".join(parts)
            if token < b" ":
                raise Fault("json", self.at)
            parts.append(self.read_escape() if token == b"\\" else self.read_wide())

    def read_escape(self) -> str:
        start = self.at
        letter = self.data[start + 1 : start + 2]
        if letter in ESCAPES:
            self.at += 2
            return ESCAPES[letter]
        unit = self.read_unit(start)
        if not 0xD800 <= unit <= 0xDFFF:
            return chr(unit)
        if unit > 0xDBFF or self.data[self.at : self.at + 2] != b"\\u":
            raise Fault("surrogate", start)
        low = self.read_unit(self.at)
        if not 0xDC00 <= low <= 0xDFFF:
            raise Fault("surrogate", start)
        return chr(0x10000 + (unit - 0xD800) * 0x400 + low - 0xDC00)

    def read_unit(self, start: int) -> int:
        found = HEX.match(self.data, start + 2)
        if self.data[start + 1 : start + 2] != b"u" or not found:
            raise Fault("json", start)
        self.at = found.end()
        return int(found[0], 16)

    def read_wide(self) -> str:
        for length in (2, 3, 4):
            try:
                text = self.data[self.at : self.at + length].decode()
            except UnicodeDecodeError:
                continue
            if len(text) == 1:
                self.at += length
                return text
        raise Fault("utf-8", self.at)


def is_finite(token: bytes) -> bool:
    return math.isfinite(float(token))


def set_last(node: Node, name: str, offset: int, value: Node) -> None:
    node.members[-1] = (name, offset, value)


def exact(token: str) -> Decimal:
    """The number with all its digits.

    An exponent below every one that matters is cut: what is left is still no integer, and on the same side of every
    bound.
    """
    mantissa, _, exponent = token.lower().partition("e")
    if not exponent:
        return Decimal(token)
    negative = exponent.startswith("-")
    digits = exponent.lstrip("+-").lstrip("0") or "0"
    limit = len(mantissa) + 1000
    power = int(digits) if len(digits) < 10 else 10**10
    # A number that is not zero and has a larger exponent was refused already: no double holds it.
    power = min(power, limit + (0 if negative else len(mantissa)))
    return Decimal(f"{mantissa}e{'-' if negative else ''}{power}")


def pointer(path: Iterable[str | int | None]) -> str:
    steps = [str(step) for step in path if step is not None]
    return "".join("/" + step.replace("~", "~0").replace("/", "~1") for step in steps)


# The schemas


@cache
def load(message: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((ROOT / "schemas" / f"{message}.json").read_text("utf-8"))
    return schema


@cache
def catalogue() -> dict[str, Any]:
    return tomllib.loads((ROOT / "codegen" / "catalogue.toml").read_text("utf-8"))


def messages() -> list[str]:
    return sorted(path.stem for path in (ROOT / "schemas").glob("*.json"))


def goes_to_station(message: str) -> bool:
    """Say whether a Charging Station may be the one that receives the message."""
    action = message.removesuffix("Request").removesuffix("Response")
    initiator = catalogue()["actions"][action]["initiator"]
    return bool(initiator != ("CSMS" if message.endswith("Response") else "CS"))


def first_violation(message: str, data: bytes, *, conform: bool = False) -> Violation | None:
    """Return the violation that comes first in the text, or None if the payload is valid."""
    violation, _ = examine(message, data, conform=conform, lenient=False)
    return violation


def tolerate(message: str, data: bytes, *, conform: bool = False) -> tuple[Violation | None, list[Tolerated]]:
    """Return the first violation that lenient mode does not forgive, and all that it does, in document order."""
    return examine(message, data, conform=conform, lenient=True)


def examine(message: str, data: bytes, *, conform: bool, lenient: bool) -> tuple[Violation | None, list[Tolerated]]:
    reader = Reader(bytes(data))
    walk = Walk(reader.data, load(message), conform, conform and goes_to_station(message), lenient)
    if reader.root is not None:
        walk.check(reader.root, load(message), (), message)
    found = ([reader.fault] if reader.fault else []) + walk.found
    first = min(found, key=lambda violation: violation.offset, default=None)
    return first, sorted(walk.tolerated, key=lambda deviation: deviation.offset)


def text_violation(data: bytes) -> Violation | None:
    """Return what is wrong with a text that need only be JSON."""
    return Reader(bytes(data)).fault


@dataclass
class Walk:
    """Collects what a tree violates; of several violations at one place, the first found counts."""

    data: bytes
    root: dict[str, Any]
    conform: bool
    to_station: bool
    lenient: bool
    found: list[Violation] = field(default_factory=list)
    tolerated: list[Tolerated] = field(default_factory=list)

    def add(self, keyword: str, path: Path, offset: int) -> None:
        self.found.append(Violation(keyword, pointer(path), offset))

    def forgive(self, rule: str, path: Path, offset: int) -> None:
        self.tolerated.append(Tolerated(rule, pointer(path), offset))

    def check(self, node: Node, schema: dict[str, Any], path: Path, owner: str) -> None:
        """Check a value; ``owner`` is the type that it is a value of, or a member of if it is a scalar."""
        if "$ref" in schema:
            owner = schema["$ref"].removeprefix("#/definitions/")
            schema = self.root["definitions"][owner]
        if "type" not in schema:
            return
        expected = schema["type"]
        if expected in ("integer", "number"):
            self.check_number(self.unquote(node, path), schema, path)
        elif node.kind != expected:
            self.add("type", path, node.start)
        elif expected == "object":
            self.check_object(node, schema, path, owner)
        elif expected == "array":
            self.check_array(node, schema, path, owner)
        elif expected == "string":
            self.check_string(node, schema, path, owner)

    def check_object(self, node: Node, schema: dict[str, Any], path: Path, owner: str) -> None:
        properties, required = schema["properties"], schema.get("required", ())
        for name, offset, value in node.members:
            if name in properties:
                if value is None:
                    continue
                if self.lenient and value.kind == "null" and name not in required and properties[name]:
                    self.forgive("null", (*path, name), value.start)
                else:
                    self.check(value, properties[name], (*path, name), owner)
            elif schema.get("additionalProperties") is False:
                if self.lenient:
                    self.forgive("unknown member", (*path, name), offset)
                else:
                    self.add("additionalProperties", (*path, name), offset)
        present = {name for name, _, _ in node.members}
        if node.end is not None and not present.issuperset(required):
            self.add("required", path, node.end)

    def check_array(self, node: Node, schema: dict[str, Any], path: Path, owner: str) -> None:
        for index, item in enumerate(node.items):
            if index == schema.get("maxItems"):
                self.add("maxItems", path, item.start)
            self.check(item, schema["items"], (*path, index), owner)
        if node.end is not None and len(node.items) < schema.get("minItems", 0):
            self.add("minItems", path, node.end)

    def check_string(self, node: Node, schema: dict[str, Any], path: Path, owner: str) -> None:
        limit = schema.get("maxLength")
        if limit is not None and len(node.value) > limit:
            if self.lenient and len(node.value) <= 4 * limit:
                self.forgive("too long", path, node.start)
            else:
                self.add("maxLength", path, node.start)
        if "enum" in schema:
            self.check_enum(node, schema, path)
        elif schema.get("format") == "date-time":
            self.check_datetime(node, path)
        elif self.conform and is_identifier(owner, member_of(path)) and not IDENTIFIER.fullmatch(node.value):
            self.add("identifierString", path, node.start)

    def check_enum(self, node: Node, schema: dict[str, Any], path: Path) -> None:
        if node.value in schema["enum"]:
            return
        if self.lenient:
            self.forgive("unknown value", path, node.start)
        else:
            self.add("enum", path, node.start)

    def check_datetime(self, node: Node, path: Path) -> None:
        fraction = datetime_fraction(node.value)
        if fraction is None and self.lenient:
            fraction = datetime_fraction(node.value + "Z")
            if fraction is not None:
                self.forgive("no offset", path, node.start)
        if fraction is None:
            self.add("format", path, node.start)
        elif self.conform and len(fraction) > 3:
            self.add("fractionDigits", path, node.start)

    def check_number(self, node: Node, schema: dict[str, Any], path: Path) -> None:
        number = node.value
        if node.kind == "range":
            self.add("range", path, node.start)
        elif node.kind != "number" or (schema["type"] == "integer" and decimals(number) > 0):
            self.add("type", path, node.start)
        else:
            if self.conform and schema["type"] == "integer" and not -(2**31) <= number < 2**31:
                self.add("integer32", path, node.start)
            if self.to_station and schema["type"] == "number" and decimals(number) > 6:
                self.add("decimals", path, node.start)
            if "minimum" in schema and number < schema["minimum"]:
                self.add("minimum", path, node.start)
            if "maximum" in schema and number > schema["maximum"]:
                self.add("maximum", path, node.start)

    def unquote(self, node: Node, path: Path) -> Node:
        """Take a number that stands in quotes, without escapes, as the number that it is."""
        if not self.lenient or node.kind != "string" or node.end is None:
            return node
        token = self.data[node.start + 1 : node.end]
        if not NUMBER.fullmatch(token):
            return node
        self.forgive("quoted number", path, node.start)
        return Node("number" if is_finite(token) else "range", node.start, exact(token.decode()))


def member_of(path: Path) -> str:
    """The name of the member that a value, or the array that it is in, belongs to."""
    return next(step for step in reversed(path) if isinstance(step, str))


def decimals(number: Decimal) -> int:
    """Count the digits behind the point that are not trailing zeros."""
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    text = "".join(map(str, digits)).lstrip("0")
    return max(0, -exponent - (len(text) - len(text.rstrip("0")))) if text else 0


def is_identifier(owner: str, name: str) -> bool:
    types = catalogue()["identifiers"].get(name, ())
    return types == "all" or owner in types


def datetime_fraction(text: str) -> str | None:
    """Return the digits of the fraction of a second of an RFC 3339 date-time; None if it is none."""
    found = DATETIME.fullmatch(text)
    if not found:
        return None
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    offset_hours, offset_minutes = found[8] or "+00", int(found[9] or 0)
    try:
        datetime.datetime(year, month, day, hour, minute, min(second, 59))
    except ValueError:
        return None
    if second > 60 or int(offset_hours[1:]) > 23 or offset_minutes > 59:
        return None
    offset = int(offset_hours[1:]) * 60 + offset_minutes
    utc = hour * 60 + minute + (offset if offset_hours[0] == "-" else -offset)
    if second == 60 and utc % 1440 != 23 * 60 + 59:
        return None
    return found[7] or ""
