"""Variables and attributes put into the device model, checked against the standard and against themselves."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, TypedDict

from ocpp21 import codec
from ocpp21.device_model.characteristics import Characteristics, ValueRefused
from ocpp21.device_model.data_types import DataType
from ocpp21.device_model.entry import Attribute, Entry
from ocpp21.device_model.index import Index
from ocpp21.device_model.place import Place
from ocpp21.device_model.setting import check_value
from ocpp21.device_model.standard import Row
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import AttributeEnumType, MutabilityEnumType, ReportDataType, VariableAttributeType

__all__ = ["Mode", "Number", "Options", "add_attribute", "checked", "declare"]

Number = Decimal | float

_READ_ONLY: Final = MutabilityEnumType.READ_ONLY


class Mode(TypedDict, total=False):
    """How an attribute is kept.

    Attributes:
        mutability: what the CSMS may do.
        persistent: True when a value that is set survives a reboot; so for all that can be written when absent.
        constant: True when it never changes while the station runs.
    """

    mutability: MutabilityEnumType
    persistent: bool
    constant: bool


class Options(Mode, total=False):
    """How a variable is declared.

    Attributes:
        unit: unit of the values, at most 16 characters.
        min_limit: lowest number, or least length of a text.
        max_limit: highest number, or greatest length of a text.
        values_list: elements that a value may have; together at most 1000 characters.
        max_elements: how many elements a value may have, 1 or more.
        supports_monitoring: True when monitors can be set on it; False when absent.
        requires_reboot: True when what the CSMS sets takes effect on reboot.
    """

    unit: str
    min_limit: Number
    max_limit: Number
    values_list: Iterable[str]
    max_elements: int
    supports_monitoring: bool
    requires_reboot: bool


def declare(index: Index, place: Place, data_type: DataType[Any], row: Row, text: str | None, options: Options) -> None:
    """Put a variable with its Actual into the device model; all of it or nothing.

    Raises:
        LocalProtocolError: it is there already, the options contradict one another or the standard, or the value is not
            allowed.
    """
    try:
        characteristics = _characteristics(data_type, row, options)
    except LocalProtocolError as error:
        raise LocalProtocolError(f"{place}: {error}") from error
    entry = Entry(
        place,
        characteristics,
        index.claim(place.address),
        requires_reboot=options.get("requires_reboot", False),
    )
    _check_message(entry)
    mutability = options.get("mutability", row.mutability)
    if mutability not in row.allowed:
        allowed = " or ".join(row.allowed)
        raise LocalProtocolError(f"{place}: expected {allowed} as in the standard, found {mutability}")
    mode: Mode = {"mutability": mutability, "constant": options.get("constant", False)}
    if "persistent" in options:
        mode["persistent"] = options["persistent"]
    add_attribute(entry, AttributeEnumType.ACTUAL, row.default if text is None else text, mode)
    index.insert(entry)


def _check_message(entry: Entry) -> None:
    """Refuse what no report can hold: names, units and lists that are too long, or of characters not allowed."""
    row = ReportDataType(
        component=entry.component,
        variable=entry.variable,
        variable_attribute=[VariableAttributeType()],
        variable_characteristics=entry.characteristics.to_message(),
    )
    try:
        codec.encode(row)
    except LocalProtocolError as error:
        raise LocalProtocolError(f"{entry.place}: {error}") from error


def _characteristics(data_type: DataType[Any], row: Row, options: Options) -> Characteristics:
    values_list = options.get("values_list")
    return Characteristics(
        data_type=data_type,
        unit=options.get("unit", row.unit),
        min_limit=_limit(options.get("min_limit"), row.min_limit),
        max_limit=_limit(options.get("max_limit"), row.max_limit),
        values_list=row.values_list if values_list is None else tuple(values_list),
        max_elements=options.get("max_elements"),
        supports_monitoring=options.get("supports_monitoring", False),
    )


def _limit(given: Number | None, standard: Decimal | None) -> Decimal | None:
    return standard if given is None else Decimal(str(given))


def add_attribute(entry: Entry, type_: AttributeEnumType, text: str | None, mode: Mode) -> None:
    """Give a variable an attribute.

    Raises:
        LocalProtocolError: it has the attribute already, or cannot take the value.
    """
    mutability = mode.get("mutability", _READ_ONLY)
    is_constant = mode.get("constant", False)
    if type_ in entry.attributes:
        raise LocalProtocolError(f"{entry.place} has an attribute {type_} already")
    if is_constant and mutability is not _READ_ONLY:
        raise LocalProtocolError(f"{entry.place}: expected a constant to be ReadOnly, found {mutability}")
    is_persistent = mode.get("persistent", mutability is not _READ_ONLY)
    attribute = Attribute(type_, mutability, None, is_persistent=is_persistent, is_constant=is_constant)
    if text is not None:
        attribute.text = checked(entry, attribute, text)
    entry.attributes[type_] = attribute


def checked(entry: Entry, attribute: Attribute, text: str) -> str:
    """Check what the station sets: as strictly as what the CSMS sets, but that a measured number may be out of range.

    Raises:
        LocalProtocolError: the value is not allowed.
    """
    try:
        if attribute.mutability is _READ_ONLY:
            return entry.characteristics.check(text, ranges=False)
        return check_value(entry, attribute, text)
    except ValueRefused as error:
        raise LocalProtocolError(f"{entry.place}: {error}") from error
