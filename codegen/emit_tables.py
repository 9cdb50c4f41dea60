"""Model -> ``src/_speedups/schema_tables.h``: the constant tables that the byte validator walks.

Every name stands once in a pool of bytes. An object is a run of fields and a hash table over their names; an
enumeration is a run of values and a hash table over them. The hash tables are perfect: a seed is searched for each
under which no two entries meet, so that a look-up is one hash and one comparison.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from codegen.load import SchemaError
from codegen.model import Array, Enumeration, Field, Model, Object, Reference, Scalar

TABLES = Path("src/_speedups/schema_tables.h")

_TEMPLATES = Path(__file__).parent / "templates"

#: What the hash multiplies with; the same constant stands in names.pxd.
MULTIPLIER = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1

#: What the columns of the tables and the buffers of the validator hold: fields of an object (bits of ``required``),
#: values of an enumeration (a slot is a byte), bytes of a name (NAME_ROOM), bounds (int16_t), lengths (uint16_t).
FIELDS = 64
VALUES = 255
NAME = 64
BOUNDS = range(-(2**15), 2**15)
LENGTHS = range(2**16)


def emit(model: Model, header: str) -> dict[Path, str]:
    """Write the tables; the text by path from the root of the checkout.

    Raises:
        SchemaError: something does not fit the tables.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), undefined=jinja2.StrictUndefined, autoescape=False
    )
    environment.filters["rows"] = _rows
    text = environment.get_template("schema_tables.jinja2").render(header=header.removeprefix("# "), t=_Tables(model))
    return {TABLES: text}


def hash_name(name: bytes, seed: int) -> int:
    """Hash a name as names.pxd does: eight bytes at a time, then the rest, padded with zeros."""
    state = seed
    for start in range(0, len(name) // 8 * 8 + 1, 8):
        word = int.from_bytes(name[start : start + 8].ljust(8, b"\0"), "little")
        state = (state ^ word) * MULTIPLIER & _MASK
        state ^= state >> 32
    return state


@dataclass(frozen=True, slots=True)
class _Slots:
    """A perfect hash table: where it starts in the pool of slots, its size as a power of two, and its seed."""

    start: int
    bits: int
    seed: int


@dataclass(slots=True)
class _Pool:
    """Names, each once; equal names share their place."""

    text: bytearray = field(default_factory=bytearray)
    places: dict[bytes, int] = field(default_factory=dict)

    def place(self, name: str) -> tuple[int, int]:
        raw = name.encode()
        _check_room(name.isascii() and len(raw) <= NAME, f"/{name}", f"a name of more than {NAME} ASCII characters")
        if raw not in self.places:
            self.places[raw] = len(self.text)
            self.text += raw
        return self.places[raw], len(raw)


class _Tables:
    """All tables as rows of C initializers."""

    def __init__(self, model: Model) -> None:
        self._pool = _Pool()
        self._enumerations = {item.name: index for index, item in enumerate(model.enumerations)}
        self._objects = {name: index for index, name in enumerate(sorted(model.objects))}
        self.slots: list[int] = []
        self.fields: list[str] = []
        self.values: list[str] = []
        to_station = set(_sent_to_station(model))
        self.enumerations = [self._enumeration(enumeration) for enumeration in model.enumerations]
        self.objects = [self._object(model.objects[name], name in to_station) for name in self._objects]
        self.pool = bytes(self._pool.text) + bytes(8)  # the validator compares eight bytes at a time

    def _enumeration(self, item: Enumeration) -> str:
        values = [value for _, value in item.members]
        _check_room(len(values) <= VALUES, f"/{item.name}", f"more than {VALUES} values")
        first, slots = len(self.values), self._perfect([value.encode() for value in values])
        self.values += [_row(*self._pool.place(value)) for value in values]
        default = values.index(item.default) + 1 if item.default is not None else 0
        name = self._pool.place(item.name)
        return _row(*name, first, len(values), default, slots.start, slots.bits, f"{slots.seed}u")

    def _object(self, item: Object, to_station: bool) -> str:
        _check_room(len(item.fields) <= FIELDS, f"/{item.name}", f"more than {FIELDS} fields")
        first, slots = len(self.fields), self._perfect([field.wire.encode() for field in item.fields])
        self.fields += [self._field(item.name, field) for field in item.fields]
        required = sum(1 << index for index, field in enumerate(item.fields) if field.required)
        return _row(
            f"{required:#x}u",
            *self._pool.place(item.name),
            first,
            len(item.fields),
            slots.start,
            slots.bits,
            f"{slots.seed}u",
            int(item.is_open),
            int(to_station),
        )

    def _field(self, owner: str, field: Field) -> str:
        type_ = field.type
        flags = ["OCPP_IDENTIFIER"] if field.is_identifier else []
        flags += ["OCPP_SECRET"] if field.is_secret else []
        min_items = max_items = 0
        if isinstance(type_, Array):
            flags.append("OCPP_ARRAY")
            min_items, max_items, type_ = type_.min_items, type_.max_items or 0, type_.items
        kind, index, minimum, maximum, max_length = "", 0, 0, 0, 0
        if isinstance(type_, Reference):
            is_enum = type_.name in self._enumerations
            kind = "ENUM" if is_enum else "OBJECT"
            index = (self._enumerations if is_enum else self._objects)[type_.name]
        else:
            kind = type_.kind.replace("-", "").upper()
            flags += _bound_flags(type_)
            minimum, maximum, max_length = type_.minimum or 0, type_.maximum or 0, type_.max_length or 0
        fits = all(n in BOUNDS for n in (minimum, maximum)) and all(
            n in LENGTHS for n in (max_length, min_items, max_items)
        )
        _check_room(fits, f"/{owner}/{field.wire}", "a limit beyond 16 bits")
        name, length = self._pool.place(field.wire)
        return _row(
            name,
            length,
            f"OCPP_{kind}",
            " | ".join(flags) or 0,
            index,
            minimum,
            maximum,
            max_length,
            min_items,
            max_items,
        )

    def _perfect(self, names: Sequence[bytes]) -> _Slots:
        """Append a table in which every name has a slot of its own; a slot holds index + 1, or 0."""
        bits, seed = _perfect_hash(names)
        table = [0] * (1 << bits)
        for index, name in enumerate(names):
            table[hash_name(name, seed) >> (64 - bits)] = index + 1
        start = len(self.slots)
        self.slots += table
        return _Slots(start, bits, seed)


def _perfect_hash(names: Sequence[bytes], seeds: int = 200) -> tuple[int, int]:
    """Find the smallest table, of at least twice the names, and a seed under which no two names meet."""
    smallest = max(1, (2 * len(names) - 1).bit_length())
    return next(
        (bits, seed)
        for bits in itertools.count(smallest)
        for seed in range(seeds)
        if len({hash_name(name, seed) >> (64 - bits) for name in names}) == len(names)
    )


def _sent_to_station(model: Model) -> Iterable[str]:
    for action in model.actions:
        if action.initiator != "CS":
            yield action.request.name
        if action.initiator != "CSMS" and action.response:
            yield action.response.name


def _check_room(fits: bool, place: str, problem: str) -> None:
    if not fits:
        raise SchemaError(TABLES.name, place, f"{problem} does not fit the tables of the validator")


def _bound_flags(scalar: Scalar) -> Iterable[str]:
    if scalar.minimum is not None:
        yield "OCPP_MINIMUM"
    if scalar.maximum is not None:
        yield "OCPP_MAXIMUM"
    if scalar.max_length is not None:
        yield "OCPP_MAX_LENGTH"


def _row(*cells: int | str) -> str:
    return "{" + ", ".join(map(str, cells)) + "}"


def _rows(values: Iterable[int], width: int = 24) -> list[str]:
    """Lay out numbers in lines."""
    numbers = list(values)
    return [", ".join(map(str, numbers[start : start + width])) for start in range(0, len(numbers), width)]
