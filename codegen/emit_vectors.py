"""Model -> ``tests/vectors``: payloads of every message that must be taken, and payloads that must be refused.

Per message there are two files, and the verdict is in their names:

- ``<Message>.valid.jsonl`` holds the smallest payload and the fullest one: every member at every place, and each limit
  reached once, for a payload at all its limits at once would be many megabytes long.
- ``<Message>.invalid.jsonl`` holds one fault per constraint of the message and of every datatype in it, each in the
  smallest payload that has room for it, with what the validator is to report.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from codegen.model import Array, Enumeration, Field, Model, Object, Reference, Scalar, Type

VECTORS = Path("tests/vectors")

#: The error code that answers each violation; the product has the same table in ``ocpp21.refusal``.
CODES = {
    "type": "TypeConstraintViolation",
    "required": "OccurrenceConstraintViolation",
    "additionalProperties": "FormatViolation",
    "enum": "PropertyConstraintViolation",
    "maxLength": "PropertyConstraintViolation",
    "minimum": "PropertyConstraintViolation",
    "maximum": "PropertyConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
    "format": "FormatViolation",
}

#: One code point, two units of UTF-16, four bytes of UTF-8: lengths count the first (JSON Schema draft-06, 6.6).
PLUG = "\U0001f50c"

#: For each type a value that is not of it, though a careless validator may take it.
_WRONG: dict[str, Any] = {"string": 0, "date-time": 0, "integer": 1.5, "number": True, "boolean": 0}

#: The greatest integer (32 bits) and a number of the most decimals that a station need take (Part 2, 2.1.4).
_INTEGER = 2**31 - 1
_NUMBER = 123456.789012

_UNKNOWN = "not/known"

_README = """\
# Vectors

Written by `python -m codegen` (`codegen/emit_vectors.py`) from the schemas; do not edit. One JSON value per line.

- `<Message>.valid.jsonl`: the smallest and the fullest payload; every validator must take them.
- `<Message>.invalid.jsonl`: one violated constraint per line, each `(type, field, keyword)` once per message (`type`
  twice: another type, and null): `keyword` of the schema, `pointer` to the place (RFC 6901), `code` to answer with, and
  the `payload`.
"""

Route = tuple[Field, ...]


def emit(model: Model) -> dict[Path, str]:
    """Write the vectors; the text by path from the root of the checkout."""
    vectors = _Vectors(model.objects, {item.name: item for item in model.enumerations})
    files = {VECTORS / "README.md": _README}
    for message in model.messages:
        valid = (vectors.smallest(message), vectors.fullest(message))
        files[VECTORS / f"{message.name}.valid.jsonl"] = _lines(valid)
        files[VECTORS / f"{message.name}.invalid.jsonl"] = _lines(vectors.faulty(message))
    return files


def _lines(documents: Iterator[Any] | Sequence[Any]) -> str:
    return "".join(f"{_text(document)}\n" for document in documents)


def _text(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True, slots=True)
class _Fault:
    """A violated constraint: where, as a JSON pointer from the value at hand, and that value with the fault in it."""

    keyword: str
    pointer: str
    value: Any


@dataclass(frozen=True, slots=True)
class _Vectors:
    """Makes payloads from the types of the model."""

    objects: dict[str, Object]
    enumerations: dict[str, Enumeration]

    def smallest(self, item: Object) -> dict[str, Any]:
        """The required members alone, each as short as it may be."""
        return {field.wire: self.small(field.type) for field in item.fields if field.required}

    def fullest(self, item: Object) -> dict[str, Any]:
        """All members, those of inner objects too, each limit reached where it stands first."""
        return _Full(self, set()).object(item)

    def faulty(self, message: Object) -> Iterator[dict[str, Any]]:
        """Every fault of the message's tree, with what is to be reported of it."""
        yield from map(_report, _type_faults([]))
        for name, route in self._routes(message).items():
            place = "".join(_step(field) for field in route)
            for fault in self._object_faults(self.objects[name]):
                payload = self._embed(message, route, fault.value)
                yield _report(_Fault(fault.keyword, place + fault.pointer, payload))

    def _routes(self, message: Object) -> dict[str, Route]:
        """For every object type in the message the fields that lead to it in the smallest payload that has one."""
        best: dict[str, tuple[int, Route]] = {}
        for name, route in self._all_routes(message, ()):
            size = len(_text(self._embed(message, route, {})))
            if name not in best or size < best[name][0]:
                best[name] = size, route
        return {name: route for name, (_, route) in best.items()}

    def _all_routes(self, item: Object, route: Route) -> Iterator[tuple[str, Route]]:
        yield item.name, route
        for field in item.fields:
            target = _item_type(field.type)
            if isinstance(target, Reference) and target.name in self.objects:
                yield from self._all_routes(self.objects[target.name], (*route, field))

    def _embed(self, item: Object, route: Sequence[Field], value: Any) -> Any:
        """Put a value at the end of a route into the smallest object that has room for it."""
        if not route:
            return value
        field, *rest = route
        target = _item_type(field.type)
        assert isinstance(target, Reference)
        inner = self._embed(self.objects[target.name], rest, value)
        return {**self.smallest(item), field.wire: self._first(field.type, inner)}

    def _first(self, type_: Type, item: Any) -> Any:
        """The value of a field that has ``item``, or a list that starts with it."""
        if not isinstance(type_, Array):
            return item
        return [item, *[self.small(type_.items)] * (type_.min_items - 1)]

    def small(self, type_: Type) -> Any:
        """The shortest value of a type, or the one next to zero."""
        match type_:
            case Array(items, min_items):
                return [self.small(items)] * min_items
            case Reference(name) if name in self.objects:
                return self.smallest(self.objects[name])
            case Reference(name):
                return min(_values(self.enumerations[name]), key=len)
            case Scalar("string"):
                return ""
            case Scalar("date-time"):
                return "2026-01-01T00:00:00Z"
            case Scalar("boolean"):
                return True
            case _:  # a number, which is anything too
                return max(type_.minimum or 0, min(type_.maximum or 0, 0))

    # Faults

    def _object_faults(self, item: Object) -> Iterator[_Fault]:
        """The object with one fault in it, for every constraint on itself and its members."""
        whole = self.smallest(item)
        for name in whole:
            yield _Fault("required", "", {other: value for other, value in whole.items() if other != name})
        if not item.is_open:
            pointer = f"/{_UNKNOWN.replace('/', '~1')}"
            yield _Fault("additionalProperties", pointer, {**whole, _UNKNOWN: 0})
        for field in item.fields:
            for fault in self._faults(field.type):
                yield _Fault(fault.keyword, f"/{field.wire}{fault.pointer}", {**whole, field.wire: fault.value})

    def _faults(self, type_: Type) -> Iterator[_Fault]:
        match type_:
            case Scalar("any"):
                return
            case Array():
                yield from self._array_faults(type_)
            case Reference(name) if name in self.objects:
                yield from _type_faults([])
            case Reference(name):
                yield from _type_faults(0)
                longest = max(_values(self.enumerations[name]), key=len)
                yield _Fault("enum", "", f"{longest}x")  # longer than any value, so none
            case _:
                yield from _scalar_faults(type_)

    def _array_faults(self, array: Array) -> Iterator[_Fault]:
        yield from _type_faults({})
        if array.min_items:
            yield _Fault("minItems", "", [self.small(array.items)] * (array.min_items - 1))
        if array.max_items is not None:
            yield _Fault("maxItems", "", [self.small(array.items)] * (array.max_items + 1))
        for fault in self._faults(array.items):
            yield _Fault(fault.keyword, f"/0{fault.pointer}", self._first(array, fault.value))


def _scalar_faults(scalar: Scalar) -> Iterator[_Fault]:
    yield from _type_faults(_WRONG[scalar.kind])
    if scalar.kind == "date-time":
        yield _Fault("format", "", "2026-01-01T00:00:00")
    if scalar.max_length is not None:
        yield _Fault("maxLength", "", PLUG + "x" * scalar.max_length)
    if scalar.minimum is not None:
        yield _Fault("minimum", "", scalar.minimum - 1)
    if scalar.maximum is not None:
        yield _Fault("maximum", "", scalar.maximum + 1)


def _type_faults(wrong: Any) -> Iterator[_Fault]:
    yield _Fault("type", "", wrong)
    yield _Fault("type", "", None)


def _report(fault: _Fault) -> dict[str, Any]:
    return {
        "keyword": fault.keyword,
        "pointer": fault.pointer,
        "code": CODES[fault.keyword],
        "payload": fault.value,
    }


def _step(field: Field) -> str:
    return f"/{field.wire}/0" if isinstance(field.type, Array) else f"/{field.wire}"


def _item_type(type_: Type) -> Scalar | Reference:
    return type_.items if isinstance(type_, Array) else type_


def _values(enumeration: Enumeration) -> list[str]:
    return [value for _, value in enumeration.members]


@dataclass(frozen=True, slots=True)
class _Full:
    """Makes one fullest payload; it remembers which fields have reached their limits."""

    vectors: _Vectors
    reached: set[tuple[str, str]]

    def object(self, item: Object) -> dict[str, Any]:
        payload = {field.wire: self._field(item, field) for field in item.fields}
        return {**payload, "x": [PLUG, {"": -0.5}]} if item.is_open else payload

    def _field(self, owner: Object, field: Field) -> Any:
        """The value of a field; a list is filled up with small items behind a full one."""
        at_limit = (owner.name, field.wire) not in self.reached
        self.reached.add((owner.name, field.wire))
        if not isinstance(field.type, Array):
            return self._value(field, field.type, at_limit=at_limit)
        items = field.type.items
        more = (field.type.max_items or 2) - 1 if at_limit else field.type.min_items - 1
        return [self._value(field, items, at_limit=at_limit), *[self.vectors.small(items)] * more]

    def _value(self, field: Field, type_: Scalar | Reference, *, at_limit: bool) -> Any:
        match type_:
            case Reference(name) if name in self.vectors.objects:
                return self.object(self.vectors.objects[name])
            case Reference(name):
                return max(_values(self.vectors.enumerations[name]), key=len)
            case Scalar("string", max_length=limit):
                # Identifiers have a character set of their own (Part 2, 2.1.4).
                text = "x" if field.is_identifier else PLUG
                return text + "x" * ((limit or 2) - 1) if at_limit else text
            case Scalar("date-time"):
                return "9999-12-31T23:59:59.999Z"
            case Scalar("boolean"):
                return False
            case Scalar("any"):
                return [None, {"": [False, "", 0.5]}]
            case Scalar("integer", maximum=maximum):
                return _INTEGER if maximum is None else maximum
            case _:
                unbound = -_NUMBER if type_.minimum is None else _NUMBER
                return unbound if type_.maximum is None else type_.maximum
