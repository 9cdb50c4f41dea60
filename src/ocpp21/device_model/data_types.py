"""The data types of variables: the text that travels, and the Python value that it stands for (Part 2, 2.1.4)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, Generic, TypeVar

from ocpp21.messages import DataEnumType

__all__ = [
    "BOOLEAN",
    "DATA_TYPES",
    "DATE_TIME",
    "DECIMAL",
    "INTEGER",
    "MEMBER_LIST",
    "OPTION_LIST",
    "SEQUENCE_LIST",
    "STRING",
    "DataType",
]

T = TypeVar("T")

#: An integer has 32 bits, no plus sign and no leading zeros (Part 2, 2.1.4).
_INTEGER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_INTEGERS: Final = range(-(2**31), 2**31)
_DECIMAL: Final = re.compile(r"-?[0-9]{1,400}(?:\.[0-9]{1,400})?", re.ASCII)
#: RFC 3339 with an offset and at most three digits of a second (Part 2, 2.1.4).
_DATE_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,3})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


@dataclass(frozen=True, slots=True, eq=False)
class DataType(Generic[T]):
    """One of the eight data types; the parameter is the type of its values in Python.

    Attributes:
        name: as the standard calls it.
        expected: what a text of it must be, as an error says it.
        read: text to value; raises ValueError when the text is none of this type.
        write: value to text; raises TypeError or ValueError when the value is none of this type.
        is_number: True for integer and decimal, which have a lowest and a highest value.
        is_list: True where a text names elements of ``valuesList``.
    """

    name: DataEnumType
    expected: str
    read: Callable[[str], T] = field(repr=False)
    write: Callable[[T], str] = field(repr=False)
    is_number: bool = False
    is_list: bool = False

    def normal(self, text: str, /) -> str:
        """Give a text the form in which it is kept: numbers and date-times as written, no blanks between elements.

        Raises:
            ValueError: the text is none of this type.
        """
        value = self.read(text)
        if self.is_number or self.name is DataEnumType.DATE_TIME:
            return text
        return self.write(value)


def _need(value: object, *types: type) -> None:
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise TypeError(f"expected {types[0].__name__}, found {type(value).__name__}")


def _read_integer(text: str) -> int:
    if len(text) > 11 or not _INTEGER.fullmatch(text) or int(text) not in _INTEGERS:
        raise ValueError(text)
    return int(text)


def _write_integer(value: int) -> str:
    _need(value, int)
    if value not in _INTEGERS:
        raise ValueError(f"expected a whole number of 32 bits, found one of {value.bit_length()} bits")
    return str(value)


def _read_decimal(text: str) -> Decimal:
    if not _DECIMAL.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


def _write_decimal(value: Decimal) -> str:
    """Write all digits and no exponent; a float is taken by its shortest form."""
    _need(value, Decimal, int, float)
    number = Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > 300:
        raise ValueError(f"expected a finite number of at most 300 digits, found {value!s:.40}")
    return f"{number:f}"


def _read_boolean(text: str) -> bool:
    match text.lower():
        case "true":
            return True
        case "false":
            return False
    raise ValueError(text)


def _write_boolean(value: bool) -> str:
    _need(value, bool)
    return "true" if value else "false"


def _read_date_time(text: str) -> datetime:
    if not _DATE_TIME.fullmatch(text):
        raise ValueError(text)
    return datetime.fromisoformat(text.upper())


def _write_date_time(value: datetime) -> str:
    _need(value, datetime)
    if value.tzinfo is None:
        raise ValueError("expected a date and time with an offset, found one without")
    value = value.astimezone(UTC)
    text = value.isoformat(timespec="milliseconds" if value.microsecond >= 1000 else "seconds")
    return text.replace("+00:00", "Z")


def _as_is(text: str) -> str:
    _need(text, str)
    text.encode()
    return text


def _read_list(text: str) -> tuple[str, ...]:
    elements = tuple(element.strip() for element in text.split(",")) if text.strip() else ()
    if "" in elements or len(set(elements)) < len(elements):
        raise ValueError(text)
    return elements


def _write_list(value: tuple[str, ...]) -> str:
    _need(value, tuple, list)
    text = ",".join(value)
    if _read_list(text) != tuple(value):
        raise ValueError("expected elements that are not empty, not twice there and without commas or blanks around")
    return text


INTEGER: Final = DataType(DataEnumType.INTEGER, "a whole number of 32 bits", _read_integer, _write_integer, True)
DECIMAL: Final = DataType(DataEnumType.DECIMAL, "a decimal number", _read_decimal, _write_decimal, True)
BOOLEAN: Final = DataType(DataEnumType.BOOLEAN, "true or false", _read_boolean, _write_boolean)
DATE_TIME: Final = DataType(
    DataEnumType.DATE_TIME, "a date and time as in RFC 3339, with an offset", _read_date_time, _write_date_time
)
STRING: Final = DataType(DataEnumType.STRING, "a text", _as_is, _as_is)
OPTION_LIST: Final = DataType(DataEnumType.OPTION_LIST, "one element", _as_is, _as_is, is_list=True)
MEMBER_LIST: Final = DataType(
    DataEnumType.MEMBER_LIST, "elements between commas, each once", _read_list, _write_list, is_list=True
)
SEQUENCE_LIST: Final = DataType(
    DataEnumType.SEQUENCE_LIST, "elements between commas, each once", _read_list, _write_list, is_list=True
)

#: The data types by name.
DATA_TYPES: Final[dict[DataEnumType, DataType[Any]]] = {
    item.name: item for item in (INTEGER, DECIMAL, BOOLEAN, DATE_TIME, STRING, OPTION_LIST, MEMBER_LIST, SEQUENCE_LIST)
}
