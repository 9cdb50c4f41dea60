"""The checked model of the messages: what all emitters read, and the only thing they read.

It is built from the schemas, the catalogue and the wording, and refuses whatever is missing, doubled or left over.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec

from codegen import names
from codegen.load import Schema, SchemaError, kind_of


@dataclass(frozen=True, slots=True)
class Scalar:
    """A string, integer, number, boolean, date-time, or anything at all."""

    kind: str
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """A datatype or enumeration, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Array:
    """A list of one type; ``max_items`` None is no limit."""

    items: Scalar | Reference
    min_items: int
    max_items: int | None


Type = Scalar | Reference | Array


@dataclass(frozen=True, slots=True)
class Field:
    """A member of an object.

    Attributes:
        wire: name on the wire.
        name: Python attribute.
        default: value that the schema says an absent field stands for; documented, never put on the wire.
        text: what it means.
        unit: unit as printed, or "".
        is_identifier: a string of the type identifierString (Part 2, 2.1.4).
        is_secret: may hold what must not reach a log (A01.FR.09, C04.FR.04).
    """

    wire: str
    name: str
    type: Type
    required: bool
    default: Any
    text: str
    unit: str
    is_identifier: bool
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Object:
    """A message or datatype; ``is_open`` when it may hold members that the schema does not name."""

    name: str
    fields: tuple[Field, ...]
    is_open: bool
    text: str


@dataclass(frozen=True, slots=True)
class Enumeration:
    """A closed list of strings: (member name, wire value) pairs.

    Attributes:
        default: value that an absent field stands for wherever the enumeration is used; documented only.
    """

    name: str
    members: tuple[tuple[str, str], ...]
    text: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A functional block: letter, title and module name."""

    letter: str
    title: str
    module: str


@dataclass(frozen=True, slots=True)
class Action:
    """One of the 91 actions; ``response`` is None for a SEND."""

    name: str
    block: Block
    initiator: str
    kind: str
    since: str
    request: Object
    response: Object | None

    @property
    def messages(self) -> tuple[Object, ...]:
        """Request, and response if there is one."""
        return (self.request,) if self.response is None else (self.request, self.response)


@dataclass(frozen=True, slots=True)
class Model:
    """Everything, in alphabetical order."""

    blocks: tuple[Block, ...]
    actions: tuple[Action, ...]
    datatypes: tuple[Object, ...]
    enumerations: tuple[Enumeration, ...]

    @property
    def messages(self) -> Iterator[Object]:
        """The payloads: every request, response and SEND, by name."""
        return iter(sorted((m for action in self.actions for m in action.messages), key=lambda message: message.name))

    @property
    def objects(self) -> dict[str, Object]:
        """Datatypes and messages by name."""
        return {item.name: item for item in (*self.datatypes, *self.messages)}


class _BlockFacts(msgspec.Struct, forbid_unknown_fields=True):
    title: str
    module: str


class _ActionFacts(msgspec.Struct, forbid_unknown_fields=True):
    block: str
    initiator: Literal["CS", "CSMS", "BOTH"]
    kind: Literal["CALL", "SEND"]
    since: Literal["2.0.1", "2.1"]


class _Quantity(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    unit: str


_Line = str | _Quantity
_Owners = Literal["all"] | list[str]


def build(schemas: Mapping[str, Schema], here: Path) -> Model:
    """Build the model.

    Args:
        schemas: checked schemas by message name.
        here: folder that holds ``catalogue.toml`` and ``wording.toml``.

    Raises:
        SchemaError: something is missing, in conflict, or left over; the message names file and place.
    """
    catalogue = read_toml(
        here / "catalogue.toml",
        {"blocks": _BlockFacts, "actions": _ActionFacts, "identifiers": _Owners},
        optional={"secrets": _Owners},
    )
    wording = Wording(read_toml(here / "wording.toml", {}, _Line))
    identifiers = FieldList("identifiers", catalogue["identifiers"], {"string"})
    secrets = FieldList("secrets", catalogue.get("secrets", {}), {"any", "integer", "number", "string"})
    definitions = _merge_definitions(schemas)
    objects = _Objects(definitions, wording, identifiers, secrets)
    datatypes = [
        objects.build(name, schema, file, f"/definitions/{name}")
        for name, (schema, file) in sorted(definitions.items())
        if kind_of(schema) == "object"
    ]
    enumerations = [
        _enumeration(name, schema, wording, file)
        for name, (schema, file) in sorted(definitions.items())
        if kind_of(schema) == "enum"
    ]
    messages = {name: objects.build(name, schema, f"{name}.json", "") for name, schema in sorted(schemas.items())}
    blocks = {letter: Block(letter, facts.title, facts.module) for letter, facts in sorted(catalogue["blocks"].items())}
    actions = tuple(_actions(messages, catalogue["actions"], blocks))
    wording.check_all_used()
    identifiers.check_all_used()
    secrets.check_all_used()
    return Model(tuple(blocks.values()), actions, tuple(datatypes), tuple(enumerations))


class Wording:
    """The lines of ``wording.toml``; it remembers which were asked for."""

    FILE = "wording.toml"

    def __init__(self, lines: dict[str, dict[str, _Line]]) -> None:
        self._units = lines.pop("units", {})
        self._shared = lines.pop("shared", {})
        self._types = lines
        self._used: set[tuple[str, str]] = set()

    def of_type(self, type_name: str) -> str:
        """The line of a type."""
        return self._line(type_name, "_")[0]

    def of_field(self, type_name: str, field: str, *, quantity: bool) -> tuple[str, str]:
        """The line and the printed unit of a field."""
        text, unit = self._line(type_name, field)
        if quantity and unit is None:
            raise SchemaError(self.FILE, f"/{type_name}/{field}", "an integer or number needs a unit")
        if unit is not None and unit not in self._units:
            raise SchemaError(self.FILE, f"/{type_name}/{field}", f"unknown unit {unit!r}")
        return text, str(self._units[unit]) if unit is not None else ""

    def check_all_used(self) -> None:
        """Refuse lines that belong to nothing."""
        lines = {("shared", field) for field in self._shared}
        lines |= {(name, field) for name, fields in self._types.items() for field in fields}
        for name, field in sorted(lines - self._used):
            raise SchemaError(self.FILE, f"/{name}/{field}", "a line for a type or field that does not exist")

    def _line(self, type_name: str, field: str) -> tuple[str, str | None]:
        own = self._types.get(type_name, {})
        home = type_name if field in own else "shared"
        entry = own.get(field, self._shared.get(field))
        if entry is None:
            raise SchemaError(self.FILE, f"/{type_name}/{field}", "has no line")
        self._used.add((home, field))
        if isinstance(entry, str):
            return entry, None
        return entry.text, entry.unit


class FieldList:
    """Fields that share a trait, a table of ``catalogue.toml``; it remembers which lines were of use.

    Args:
        name: of the table.
        table: field = the types in which it has the trait, or "all".
        kinds: of scalars that can have it.
    """

    def __init__(self, name: str, table: Mapping[str, str | list[str]], kinds: Set[str]) -> None:
        self._name = name
        self._table = table
        self._kinds = kinds
        self._used: set[str] = set()

    def has(self, type_name: str, field: str, type_: Type) -> bool:
        """Say whether the field, or each item of it, has the trait."""
        types = self._table.get(field, ())
        scalar = type_.items if isinstance(type_, Array) else type_
        if not isinstance(scalar, Scalar) or scalar.kind not in self._kinds:
            return False
        if types != "all" and type_name not in types:
            return False
        self._used.add(field)
        return True

    def check_all_used(self) -> None:
        """Refuse lines that belong to no field."""
        for field in sorted(set(self._table) - self._used):
            raise SchemaError(
                "catalogue.toml", f"/{self._name}/{field}", f"there is no such {' or '.join(sorted(self._kinds))} field"
            )


def read_toml(
    path: Path, forms: Mapping[str, Any], other: Any = None, optional: Mapping[str, Any] | None = None
) -> dict[str, dict[str, Any]]:
    """Read a TOML file of tables of entries.

    Args:
        path: the file.
        forms: type of the entries of each table that must be there.
        other: type of the entries of all other tables; None allows no others.
        optional: type of the entries of each table that may be there.

    Raises:
        SchemaError: the file is unreadable, is no TOML, or has another form.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SchemaError(path.name, "", f"cannot be read as TOML: {error}") from error
    for name in sorted(forms.keys() - document.keys()):
        raise SchemaError(path.name, f"/{name}", "is missing")
    known = {**forms, **(optional or {})}
    return {name: _table(path.name, name, table, known.get(name, other)) for name, table in document.items()}


def _table(file: str, name: str, table: Any, form: Any) -> dict[str, Any]:
    if form is None or not isinstance(table, dict):
        raise SchemaError(file, f"/{name}", "is no table that is known here")
    return {key: convert(file, f"/{name}/{key}", value, form) for key, value in table.items()}


def convert(file: str, place: str, value: Any, form: Any) -> Any:
    """Give a value of a file its type.

    Raises:
        SchemaError: the value has another form.
    """
    try:
        return msgspec.convert(value, form)
    except msgspec.ValidationError as error:
        raise SchemaError(file, place, str(error)) from error


def _merge_definitions(schemas: Mapping[str, Schema]) -> dict[str, tuple[Schema, str]]:
    """Every definition once, with the first file that has it; the same name must mean the same everywhere."""
    merged: dict[str, tuple[Schema, str]] = {}
    for message, schema in sorted(schemas.items()):
        file = f"{message}.json"
        for name, definition in schema.get("definitions", {}).items():
            if name in schemas:
                raise SchemaError(file, f"/definitions/{name}", "is the name of a message too")
            known, first = merged.setdefault(name, (definition, file))
            if known != definition:
                raise SchemaError(file, f"/definitions/{name}", f"differs from the definition in {first}")
    return merged


@dataclass(frozen=True, slots=True)
class _Objects:
    """Builds objects from their schemas and from what else is known of their fields."""

    definitions: Mapping[str, tuple[Schema, str]]
    wording: Wording
    identifiers: FieldList
    secrets: FieldList

    def build(self, name: str, schema: Schema, file: str, home: str) -> Object:
        """Build the object whose schema stands at the place ``home`` of the file."""
        fields: dict[str, Field] = {}
        for wire, sub in schema.get("properties", {}).items():
            place = f"{home}/properties/{wire}"
            field = self._field(name, wire, sub, wire in schema.get("required", []), file, place)
            if field.name in fields:
                raise SchemaError(file, place, f"gets the Python name {field.name!r} of {fields[field.name].wire!r}")
            fields[field.name] = field
        is_open = schema.get("additionalProperties", True) is not False
        return Object(name, tuple(fields.values()), is_open, self.wording.of_type(name))

    def _field(self, owner: str, wire: str, schema: Schema, required: bool, file: str, place: str) -> Field:
        type_ = _type(schema, file, place)
        scalar = type_.items if isinstance(type_, Array) else type_
        quantity = isinstance(scalar, Scalar) and scalar.kind in ("integer", "number")
        text, unit = self.wording.of_field(owner, wire, quantity=quantity)
        default = schema.get("default")
        if isinstance(type_, Reference):
            default = self.definitions[type_.name][0].get("default")
        is_identifier = self.identifiers.has(owner, wire, type_)
        is_secret = self.secrets.has(owner, wire, type_)
        return Field(wire, names.snake(wire), type_, required, default, text, unit, is_identifier, is_secret)


def _type(schema: Schema, file: str, place: str) -> Type:
    kind = kind_of(schema)
    if kind == "reference":
        return Reference(schema["$ref"].removeprefix("#/definitions/"))
    if kind == "array":
        items = _type(schema["items"], file, f"{place}/items")
        assert not isinstance(items, Array)  # load.py refuses it
        return Array(items, schema.get("minItems", 0), schema.get("maxItems"))
    if schema.get("format") == "date-time":
        if "maxLength" in schema:
            raise SchemaError(file, place, "a date-time with a length")
        return Scalar("date-time")
    bounds = {keyword: _whole(schema.get(keyword), file, f"{place}/{keyword}") for keyword in ("minimum", "maximum")}
    return Scalar(kind, bounds["minimum"], bounds["maximum"], schema.get("maxLength"))


def _whole(bound: float | None, file: str, place: str) -> int | None:
    """Bounds are written as floats and are whole; the validator compares with whole numbers."""
    if bound is None:
        return None
    if type(bound) not in (int, float) or bound % 1 != 0:  # not so for infinity either
        raise SchemaError(file, place, f"expected a whole number, found {bound!r}")
    return int(bound)


def _enumeration(name: str, schema: Schema, wording: Wording, file: str) -> Enumeration:
    members: dict[str, str] = {}
    for value in schema["enum"]:
        member = names.member(value)
        if member in members:
            raise SchemaError(
                file, f"/definitions/{name}/enum", f"{value!r} gets the Python name {member} of {members[member]!r}"
            )
        members[member] = value
    default = schema.get("default")
    if default is not None and default not in members.values():
        raise SchemaError(file, f"/definitions/{name}/default", f"{default!r} is none of its values")
    return Enumeration(name, tuple(members.items()), wording.of_type(name), default)


def _actions(
    messages: Mapping[str, Object], facts: Mapping[str, _ActionFacts], blocks: Mapping[str, Block]
) -> Iterator[Action]:
    left = dict(messages)
    for name, fact in sorted(facts.items()):
        place = f"/actions/{name}"
        is_send = fact.kind == "SEND"
        if fact.block not in blocks:
            raise SchemaError("catalogue.toml", place, f"unknown block {fact.block!r}")
        wanted = [name] if is_send else [f"{name}Request", f"{name}Response"]
        for message in wanted:
            if message not in left:
                raise SchemaError("catalogue.toml", place, f"there is no {message}.json")
        request, *response = (left.pop(message) for message in wanted)
        yield Action(
            name=name,
            block=blocks[fact.block],
            initiator=fact.initiator,
            kind=fact.kind,
            since=fact.since,
            request=request,
            response=response[0] if response else None,
        )
    for message in sorted(left):
        raise SchemaError(f"{message}.json", "", "an action without a line in catalogue.toml")
