"""Read ``device-model.csv``: the standardized components and variables, with every fact checked."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen import names
from codegen.load import SchemaError
from codegen.values import ValueList

#: The columns, in their order.
COLUMNS = (
    "component",
    "component_instance",
    "variable",
    "variable_instance",
    "required",
    "mutability",
    "data_type",
    "unit",
    "default",
    "min",
    "max",
    "values",
    "meaning",
)

DATA_TYPES = ("string", "decimal", "integer", "dateTime", "boolean", "OptionList", "SequenceList", "MemberList")
MUTABILITIES = ("RO", "RW", "WO", "RO/RW", "RW/RO")

#: Stands for a variable that any component may have.
GENERIC = "<generic>"

#: Upper limits that are for the station to give, as the column says it.
OPEN_LIMITS = ("capacity", "rated power")

#: Lists of values that are for the station to give, as the column says it, and where their usual values are found.
OPEN_LISTS = {
    "RFC 5646 codes": None,
    "slots as listed in valuesList": None,
    "idTokenType list": "IdTokenTypes",
    "connectorType list": None,
}

#: Attributes of every component in Python, which no variable may be called.
RESERVED = frozenset({"at", "exists", "index", "place", "variable", "variables", "view"})

#: Longest valuesList (Part 3, VariableCharacteristicsType); what is longer is for the station to choose from.
VALUES_LIST = 1000

#: How a default names another variable whose value it is; it is told in the meaning only.
_REFERENCE = re.compile(r"[A-Za-z0-9]+\.[A-Za-z0-9]+")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")

_DEFAULTS = {
    "integer": re.compile(r"-?[0-9]+"),
    "decimal": _NUMBER,
    "boolean": re.compile("true|false"),
}


@dataclass(frozen=True, slots=True)
class StandardVariable:
    """One row, its cells understood.

    Attributes:
        values: elements that a value may have; None where any, or where the station chooses.
        default: "" is an empty value, None is none.
    """

    name: str
    instance: str
    required: str
    mutability: str
    data_type: str
    unit: str
    default: str | None
    minimum: str
    maximum: str
    values: tuple[str, ...] | None
    meaning: str


@dataclass(frozen=True, slots=True)
class StandardComponent:
    """A component: its variables by Python name, each in one or more instances."""

    name: str
    instance: str
    variables: dict[str, tuple[StandardVariable, ...]]


def read(path: Path, enumerations: Mapping[str, tuple[str, ...]], lists: list[ValueList]) -> list[StandardComponent]:
    """Read the catalogue; components in alphabetical order, their variables in the order of the file.

    Args:
        path: the file.
        enumerations: values of the enumerations of the schemas, which the column ``values`` may name.
        lists: predefined values of open fields, which it may name too.

    Raises:
        SchemaError: a cell, a column or a row is not what it should be.
    """
    known = {**enumerations, **{item.name: tuple(value.literal for value in item.values) for item in lists}}
    components: dict[str, StandardComponent] = {}
    seen: set[tuple[str, ...]] = set()
    for line, row in _rows(path):
        place = f"/{line}"
        key = tuple(row[column].lower() for column in COLUMNS[:4])
        if key in seen:
            raise SchemaError(path.name, place, f"has {row['component']}.{row['variable']} for a second time")
        seen.add(key)
        name, instance = row["component"], row["component_instance"]
        if name != GENERIC and not _NAME.fullmatch(name):
            raise SchemaError(path.name, place, f"expected the name of a component, found {name!r}")
        component = components.setdefault(name.lower(), StandardComponent(name, instance, {}))
        if (component.name, component.instance) != (name, instance):
            raise SchemaError(path.name, place, f"spells {component.name} in another way")
        _add(path.name, place, component, _variable(path.name, place, row, known))
    return sorted(components.values(), key=lambda item: item.name.lower())


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SchemaError(path.name, "", f"cannot be read as CSV: {error}") from error
    reader = csv.reader(io.StringIO(text))
    header = tuple(next(reader, ()))
    if header != COLUMNS:
        raise SchemaError(path.name, "/1", f"expected the columns {','.join(COLUMNS)}, found {','.join(header)}")
    for cells in reader:
        if len(cells) != len(COLUMNS):
            raise SchemaError(path.name, f"/{reader.line_num}", f"expected {len(COLUMNS)} cells, found {len(cells)}")
        yield reader.line_num, dict(zip(COLUMNS, cells, strict=True))


def _add(file: str, place: str, component: StandardComponent, variable: StandardVariable) -> None:
    attribute = names.snake(variable.name)
    if attribute in RESERVED:
        raise SchemaError(file, place, f"gets the Python name {attribute}, which every component has")
    others = component.variables.get(attribute, ())
    for other in others[:1]:
        if other.name != variable.name:
            raise SchemaError(file, place, f"gets the Python name {attribute}, as {other.name} does")
        if other.data_type != variable.data_type:
            raise SchemaError(
                file, place, f"expected {other.data_type} as in other instances, found {variable.data_type}"
            )
    component.variables[attribute] = (*others, variable)


def _variable(file: str, place: str, row: dict[str, str], known: Mapping[str, tuple[str, ...]]) -> StandardVariable:
    def expect(column: str, what: str, fits: bool) -> None:
        if not fits:
            raise SchemaError(file, f"{place}/{column}", f"expected {what}, found {row[column]!r}")

    required, data_type, unit = row["required"], row["data_type"], row["unit"]
    expect("variable", "the name of a variable", _NAME.fullmatch(row["variable"]) is not None)
    expect("required", "yes, no or a condition", required in ("yes", "no") or required.startswith("if "))
    expect("mutability", f"one of {', '.join(MUTABILITIES)}", row["mutability"] in MUTABILITIES)
    expect("data_type", f"one of {', '.join(DATA_TYPES)}", data_type in DATA_TYPES)
    expect("unit", "a unit of at most 16 characters", len(unit) <= 16)
    expect("min", "a number", not row["min"] or _NUMBER.fullmatch(row["min"]) is not None)
    expect("max", "a number", row["max"] in ("", *OPEN_LIMITS) or _NUMBER.fullmatch(row["max"]) is not None)
    expect("meaning", "a meaning", bool(row["meaning"].removeprefix("[min] ")))
    default = _default(row["default"])
    form = _DEFAULTS.get(data_type)
    expect("default", f"a value of {data_type}", not default or form is None or form.fullmatch(default) is not None)
    values = _values(row["values"], known)
    unknown = set(_elements(data_type, default)) - set(values or ()) if values else set()
    expect("default", "elements of values", not unknown)
    return StandardVariable(
        name=row["variable"],
        instance=row["variable_instance"],
        required=required,
        mutability=row["mutability"],
        data_type=data_type,
        unit=unit,
        default=default,
        minimum=row["min"],
        maximum="" if row["max"] in OPEN_LIMITS else row["max"],
        values=values,
        meaning=row["meaning"].removeprefix("[min] "),
    )


def _default(cell: str) -> str | None:
    if cell == "(empty)":
        return ""
    return cell if cell and not (_REFERENCE.fullmatch(cell) and "Ctrlr." in cell) else None


def _elements(data_type: str, default: str | None) -> list[str]:
    if not default:
        return []
    return default.split(",") if data_type in ("MemberList", "SequenceList") else [default]


def _values(cell: str, known: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    """The elements of a cell: written out, or by the name of an enumeration or list; None where the station chooses."""
    if not cell:
        return None
    name = OPEN_LISTS.get(cell, cell)
    if name is None:
        return None
    values = known.get(name) or tuple("" if value == "(empty)" else value for value in cell.split(","))
    return values if len(",".join(values)) <= VALUES_LIST else None
