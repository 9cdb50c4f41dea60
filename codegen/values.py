"""Read ``values.toml``: the predefined values of open string fields."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from codegen import names
from codegen.load import SchemaError


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
        SchemaError: the file is no TOML, or two values get one Python name.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SchemaError(path.name, "", f"cannot be read as TOML: {error}") from error
    return [_list(path.name, name, table) for name, table in document.items()]


def _list(file: str, name: str, table: dict[str, str | dict[str, str] | list[str]]) -> ValueList:
    values: dict[str, Value] = {}
    entries = table["values"]
    assert isinstance(entries, dict)
    for wire, meaning in entries.items():
        constant = _constant(wire, meaning)
        if constant in values:
            raise SchemaError(file, f"/{name}/{wire}", f"gets the Python name {constant} twice")
        values[constant] = Value(constant, wire, meaning)
    critical = tuple(names.member(wire) for wire in table.get("critical", ()))
    return ValueList(name, str(table["text"]), str(table["field"]), tuple(values.values()), critical)


def _constant(wire: str, meaning: str) -> str:
    """Name a value; one without letters is named by its meaning."""
    return names.member(wire if any(map(str.isalpha, wire)) else meaning.rstrip("."))
