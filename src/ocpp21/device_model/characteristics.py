"""What a variable may hold: data type, unit, limits, list of values; and the check of a value against it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ocpp21.device_model.data_types import DataType
from ocpp21.errors import LocalProtocolError, printable, shorten
from ocpp21.messages import DataEnumType, StatusInfoType, VariableCharacteristicsType
from ocpp21.messages.values import ReasonCodes

__all__ = ["VALUE_SIZE", "Characteristics", "ValueRefused"]

#: Longest value of an attribute, in characters (Part 3, SetVariableDataType and VariableAttributeType).
VALUE_SIZE = 2500

#: Longest ``additionalInfo`` that we write, in characters; the schema allows 1024.
_INFO_SIZE = 255


class ValueRefused(LocalProtocolError):
    """A variable cannot take a value.

    Attributes:
        info: reason and text as they go into ``attributeStatusInfo``; never the value of a write-only variable.
    """

    def __init__(self, reason: str, text: str) -> None:
        self.info = StatusInfoType(reason_code=reason, additional_info=shorten(text, _INFO_SIZE))
        super().__init__(shorten(text, _INFO_SIZE))


@dataclass(frozen=True, slots=True, kw_only=True)
class Characteristics:
    """The fixed properties of a variable (Part 2, VariableCharacteristicsType).

    Attributes:
        data_type: data type of its values.
        unit: unit of its values, at most 16 characters.
        min_limit: lowest number, or least length of a text.
        max_limit: highest number, or greatest length of a text.
        values_list: elements that a value may have; a list type must have some.
        max_elements: how many elements a value may have, 1 or more.
        supports_monitoring: True when monitors can be set on the variable.

    Raises:
        LocalProtocolError: they contradict one another.
    """

    data_type: DataType[Any]
    unit: str | None = None
    min_limit: Decimal | None = None
    max_limit: Decimal | None = None
    values_list: tuple[str, ...] | None = None
    max_elements: int | None = None
    supports_monitoring: bool = False

    def __post_init__(self) -> None:
        for limit in (self.min_limit, self.max_limit):
            if limit is not None and not limit.is_finite():
                raise LocalProtocolError(f"expected a finite limit, found {limit}")
        if self.min_limit is not None and self.max_limit is not None and self.min_limit > self.max_limit:
            raise LocalProtocolError(f"expected min_limit <= max_limit, found {self.min_limit} > {self.max_limit}")
        values = self.values_list
        if values is None and self.data_type.is_list:
            raise LocalProtocolError(f"expected a values_list, which {self.data_type.name} needs, found none")
        if values is not None and (not values or len(set(values)) < len(values) or any(map(_is_ragged, values))):
            raise LocalProtocolError("expected a values_list of different elements, no commas or blanks around them")

    def check(self, text: str, /, *, is_secret: bool = False, ranges: bool = True) -> str:
        """Check a value and give it the form in which it is kept.

        Args:
            text: the value as it travels.
            is_secret: True keeps the value out of the error.
            ranges: False allows numbers outside the limits: a measured value is reported as it is (Part 1).

        Raises:
            ValueRefused: the value has the wrong form, is out of range or is not in the list (B05.FR.07, B05.FR.08).
        """
        shown = "something not shown" if is_secret else repr(printable(shorten(text, 40)))
        try:
            text = self.data_type.normal(text)
        except ValueError:
            # B05.FR.07
            expected = self.data_type.expected
            raise ValueRefused(ReasonCodes.INVALID_VALUE, f"expected {expected}, found {shown}") from None
        if self.data_type.is_number:
            if ranges:
                self._check_number(Decimal(text), shown)
        else:
            self._check_length(len(text))
        if self.values_list is not None:
            self._check_elements(text, self.values_list, shown)
        return text

    def _check_number(self, number: Decimal, shown: str) -> None:
        # B05.FR.08
        if self.min_limit is not None and number < self.min_limit:
            raise ValueRefused(ReasonCodes.VALUE_TOO_LOW, f"expected {self.min_limit} or more, found {shown}")
        if self.max_limit is not None and number > self.max_limit:
            raise ValueRefused(ReasonCodes.VALUE_TOO_HIGH, f"expected {self.max_limit} or less, found {shown}")

    def _check_length(self, length: int) -> None:
        # B05.FR.08; the limits of a text are those of its length (Part 3, VariableCharacteristicsType.maxLimit).
        if self.min_limit is not None and length < self.min_limit:
            problem = f"expected {self.min_limit} characters or more, found {length}"
            raise ValueRefused(ReasonCodes.VALUE_OUT_OF_RANGE, problem)
        if self.max_limit is not None and length > self.max_limit:
            problem = f"expected {self.max_limit} characters or less, found {length}"
            raise ValueRefused(ReasonCodes.VALUE_OUT_OF_RANGE, problem)

    def _check_elements(self, text: str, values: tuple[str, ...], shown: str) -> None:
        value = self.data_type.read(text)
        elements = value if isinstance(value, tuple) else (text,)
        # B05.FR.08
        if not set(elements) <= set(values):
            what = "elements" if isinstance(value, tuple) else "one"
            problem = f"expected {what} of {','.join(values)}, found {shown}"
            raise ValueRefused(ReasonCodes.VALUE_OUT_OF_RANGE, problem)
        if self.max_elements is not None and len(elements) > self.max_elements:
            problem = f"expected {self.max_elements} elements or fewer, found {len(elements)}"
            raise ValueRefused(ReasonCodes.TOO_MANY_ELEMENTS, problem)

    def to_message(self) -> VariableCharacteristicsType:
        """The characteristics as a report has them (B07.FR.07, B08.FR.12)."""
        return VariableCharacteristicsType(
            unit=self.unit,
            data_type=DataEnumType(self.data_type.name),
            min_limit=_number(self.min_limit),
            max_limit=_number(self.max_limit),
            max_elements=self.max_elements,
            values_list=None if self.values_list is None else ",".join(self.values_list),
            supports_monitoring=self.supports_monitoring,
        )


def _is_ragged(element: str) -> bool:
    return "," in element or element != element.strip()


def _number(limit: Decimal | None) -> float | None:
    """A limit as JSON writes it; a whole one without fraction."""
    if limit is None:
        return None
    return int(limit) if limit == limit.to_integral_value() else float(limit)
