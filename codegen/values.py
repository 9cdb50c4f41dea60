"""Read ``values.toml``: the predefined values of open string fields."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from codegen import names
from codegen.load import SchemaError
from codegen.model import convert, read_toml


@dataclass(frozen=True, slots=True)
class Value:
    """One constant; ``meaning`` is empty when the value says it all."""

    name: str
    literal: str
    meaning: str


@dataclass(frozen=True, slots=True)
class ValueList:
    """One list of constants, with the names of those that are security events to be sent."""

    name: str
    text: str
    field: str
    values: tuple[Value, ...]
    critical: tuple[str, ...]


def read(path: Path) -> list[ValueList]:
    """Read the lists.

    Raises:
        SchemaError: the file is no TOML of the right form, two values get one Python name, or a critical value is not
            in its list.
    """
    tables = read_toml(path, {}, str | list[str] | dict[str, str])
    return [_list(path.name, name, convert(path.name, f"/{name}", table, _Table)) for name, table in tables.items()]


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    field: str
    values: dict[str, str]
    critical: list[str] = []


def _list(file: str, name: str, table: _Table) -> ValueList:
    values: dict[str, Value] = {}
    for wire, meaning in table.values.items():
        constant = _constant(wire, meaning)
        if constant in values:
            raise SchemaError(file, f"/{name}/{wire}", f"gets the Python name {constant} twice")
        values[constant] = Value(constant, wire, meaning)
    for wire in table.critical:
        if wire not in table.values:
            raise SchemaError(file, f"/{name}/critical", f"{wire!r} is not in the list")
    critical = tuple(names.member(wire) for wire in table.critical)
    return ValueList(name, table.text, table.field, tuple(values.values()), critical)


def _constant(wire: str, meaning: str) -> str:
    """Name a value; one without letters is named by its meaning."""
    return names.member(wire if any(map(str.isalpha, wire)) else meaning.rstrip("."))
