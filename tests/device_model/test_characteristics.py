"""Characteristics: what they refuse of themselves and of values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ocpp21.device_model import DECIMAL, INTEGER, MEMBER_LIST, OPTION_LIST, STRING, Characteristics, ValueRefused
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import DataEnumType, VariableCharacteristicsType

ONE, NINE = Decimal(1), Decimal("9.5")


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"min_limit": NINE, "max_limit": ONE}, "expected min_limit <= max_limit, found 9.5 > 1"),
        ({"min_limit": Decimal("NaN")}, "expected a finite limit, found NaN"),
        ({"max_limit": Decimal("inf")}, "expected a finite limit, found Infinity"),
        ({"data_type": OPTION_LIST}, "expected a values_list, which OptionList needs, found none"),
        ({"values_list": ()}, "expected a values_list of different elements, no commas or blanks around them"),
        ({"values_list": ("A", "A")}, "expected a values_list of different elements, no commas or blanks around them"),
        ({"values_list": ("A,B",)}, "expected a values_list of different elements, no commas or blanks around them"),
        ({"values_list": (" A",)}, "expected a values_list of different elements, no commas or blanks around them"),
    ],
)
def test_refuse_what_contradicts_itself(facts: dict[str, Any], message: str) -> None:
    with pytest.raises(LocalProtocolError) as caught:
        Characteristics(**{"data_type": DECIMAL, **facts})
    assert str(caught.value) == message


LIMITED = Characteristics(data_type=DECIMAL, min_limit=ONE, max_limit=NINE)
SHORT = Characteristics(data_type=STRING, min_limit=Decimal(2), max_limit=Decimal(3))
CHOICE = Characteristics(data_type=OPTION_LIST, values_list=("A", "B"))
CHOICES = Characteristics(data_type=MEMBER_LIST, values_list=("A", "B", "C"), max_elements=2)


@pytest.mark.parametrize(
    ("characteristics", "text", "kept"),
    [
        (LIMITED, "1", "1"),
        (LIMITED, "9.5", "9.5"),
        (SHORT, "åß", "åß"),
        (CHOICE, "B", "B"),
        (CHOICES, "C, A", "C,A"),
        (CHOICES, "", ""),
        (Characteristics(data_type=STRING, values_list=("", "x")), "", ""),
    ],
)
def test_take_what_is_within(characteristics: Characteristics, text: str, kept: str) -> None:
    assert characteristics.check(text) == kept


@pytest.mark.parametrize(
    ("characteristics", "text", "reason", "message"),
    [
        (LIMITED, "x", "InvalidValue", "expected a decimal number, found 'x'"),
        (LIMITED, "0.9", "ValueTooLow", "expected 1 or more, found '0.9'"),
        (LIMITED, "9.51", "ValueTooHigh", "expected 9.5 or less, found '9.51'"),
        (SHORT, "a", "ValueOutOfRange", "expected 2 characters or more, found 1"),
        (SHORT, "abcd", "ValueOutOfRange", "expected 3 characters or less, found 4"),
        (CHOICE, "a", "ValueOutOfRange", "expected one of A,B, found 'a'"),
        (CHOICE, "A,B", "ValueOutOfRange", "expected one of A,B, found 'A,B'"),
        (CHOICES, "A,D", "ValueOutOfRange", "expected elements of A,B,C, found 'A,D'"),
        (CHOICES, "A,A", "InvalidValue", "expected elements between commas, each once, found 'A,A'"),
        (CHOICES, "A,B,C", "TooManyElements", "expected 2 elements or fewer, found 3"),
        (LIMITED, "\x1b[2J", "InvalidValue", "expected a decimal number, found '\\\\x1b[2J'"),
    ],
)
def test_refuse_what_is_not(characteristics: Characteristics, text: str, reason: str, message: str) -> None:
    with pytest.raises(ValueRefused) as caught:
        characteristics.check(text)
    assert (caught.value.info.reason_code, caught.value.info.additional_info) == (reason, message)
    assert str(caught.value) == message


@pytest.mark.parametrize("characteristics", [LIMITED, CHOICE, CHOICES])
def test_a_secret_is_not_in_the_error(characteristics: Characteristics) -> None:
    with pytest.raises(ValueRefused) as caught:
        characteristics.check("hunter2", is_secret=True)
    assert "hunter2" not in str(caught.value) and "something not shown" in str(caught.value)


def test_an_error_has_255_characters_at_most() -> None:
    long = Characteristics(data_type=OPTION_LIST, values_list=tuple(f"value{number}" for number in range(90)))
    with pytest.raises(ValueRefused) as caught:
        long.check("x")
    assert len(str(caught.value)) == len(caught.value.info.additional_info or "") == 255


def test_a_measured_number_may_be_out_of_range() -> None:
    assert LIMITED.check("100", ranges=False) == "100"


def test_in_a_message_whole_limits_are_whole() -> None:
    facts = Characteristics(data_type=INTEGER, unit="s", min_limit=ONE, max_limit=NINE, supports_monitoring=True)
    assert facts.to_message() == VariableCharacteristicsType(
        data_type=DataEnumType.INTEGER, unit="s", min_limit=1, max_limit=9.5, supports_monitoring=True
    )
    assert CHOICES.to_message() == VariableCharacteristicsType(
        data_type=DataEnumType.MEMBER_LIST, values_list="A,B,C", max_elements=2, supports_monitoring=False
    )
