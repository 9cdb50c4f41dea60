"""Data types: text to value and back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocpp21.device_model.data_types import (
    BOOLEAN,
    DATA_TYPES,
    DATE_TIME,
    DECIMAL,
    INTEGER,
    MEMBER_LIST,
    OPTION_LIST,
    SEQUENCE_LIST,
    STRING,
    DataType,
)
from ocpp21.messages import DataEnumType

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
OSLO = timezone(timedelta(hours=1))


def test_there_is_one_for_each_name() -> None:
    assert set(DATA_TYPES) == set(DataEnumType)


@pytest.mark.parametrize(
    ("data_type", "text", "value"),
    [
        (INTEGER, "0", 0),
        (INTEGER, "-0", 0),
        (INTEGER, "-2147483648", -(2**31)),
        (INTEGER, "2147483647", 2**31 - 1),
        (DECIMAL, "2935.600", Decimal("2935.600")),
        (DECIMAL, "-0.1", Decimal("-0.1")),
        (BOOLEAN, "TRUE", True),
        (BOOLEAN, "false", False),
        (DATE_TIME, "2026-01-31T12:00:00Z", NOON),
        (DATE_TIME, "2026-01-31t13:00:00.000+01:00", NOON),
        (STRING, " any, thing ", " any, thing "),
        (OPTION_LIST, "A", "A"),
        (MEMBER_LIST, "A , B", ("A", "B")),
        (SEQUENCE_LIST, "B,A", ("B", "A")),
        (MEMBER_LIST, "", ()),
        (MEMBER_LIST, " ", ()),
    ],
)
def test_reads(data_type: DataType[Any], text: str, value: object) -> None:
    assert data_type.read(text) == value
    assert data_type.read(data_type.normal(text)) == value


@pytest.mark.parametrize(
    ("data_type", "text"),
    [
        (INTEGER, ""),
        (INTEGER, "+1"),
        (INTEGER, "01"),
        (INTEGER, "1.0"),
        (INTEGER, " 1"),
        (INTEGER, "\u0661"),
        (INTEGER, "2147483648"),
        (INTEGER, "9" * 5000),
        (DECIMAL, ""),
        (DECIMAL, "1e3"),
        (DECIMAL, ".5"),
        (DECIMAL, "NaN"),
        (BOOLEAN, "1"),
        (DATE_TIME, "2026-01-31T12:00:00"),
        (DATE_TIME, "2026-01-31 12:00:00Z"),
        (DATE_TIME, "2026-01-31T12:00:00.0001Z"),
        (DATE_TIME, "2026-02-30T12:00:00Z"),
        (STRING, "\ud800"),
        (MEMBER_LIST, "A,,B"),
        (MEMBER_LIST, "A,A"),
        (SEQUENCE_LIST, ",A"),
    ],
)
def test_refuses_other_texts(data_type: DataType[Any], text: str) -> None:
    with pytest.raises(ValueError):
        data_type.normal(text)


@pytest.mark.parametrize(
    ("data_type", "text", "kept"),
    [
        (DECIMAL, "2935.600", "2935.600"),
        (DATE_TIME, "2026-01-31T13:00:00+01:00", "2026-01-31T13:00:00+01:00"),
        (BOOLEAN, "True", "true"),
        (MEMBER_LIST, " A, B ", "A,B"),
    ],
)
def test_keeps_digits_and_offsets_and_drops_blanks(data_type: DataType[Any], text: str, kept: str) -> None:
    assert data_type.normal(text) == kept


@pytest.mark.parametrize(
    ("data_type", "value", "text"),
    [
        (INTEGER, 5, "5"),
        (DECIMAL, Decimal("1E+3"), "1000"),
        (DECIMAL, 0.1, "0.1"),
        (DECIMAL, 7, "7"),
        (BOOLEAN, True, "true"),
        (DATE_TIME, NOON, "2026-01-31T12:00:00Z"),
        (DATE_TIME, NOON.replace(microsecond=1999).astimezone(OSLO), "2026-01-31T12:00:00.001Z"),
        (DATE_TIME, NOON.replace(microsecond=1), "2026-01-31T12:00:00Z"),
        (STRING, "", ""),
        (SEQUENCE_LIST, ("B", "A"), "B,A"),
        (MEMBER_LIST, ["A"], "A"),
    ],
)
def test_writes(data_type: DataType[Any], value: Any, text: str) -> None:
    assert data_type.write(value) == text


@pytest.mark.parametrize(
    ("data_type", "value", "error"),
    [
        (INTEGER, True, TypeError),
        (INTEGER, 1.0, TypeError),
        (INTEGER, 2**31, ValueError),
        (DECIMAL, "1", TypeError),
        (DECIMAL, True, TypeError),
        (DECIMAL, float("inf"), ValueError),
        (DECIMAL, Decimal("1E+301"), ValueError),
        (BOOLEAN, 1, TypeError),
        (DATE_TIME, "2026-01-31T12:00:00Z", TypeError),
        (DATE_TIME, datetime(2026, 1, 31), ValueError),
        (STRING, 1, TypeError),
        (MEMBER_LIST, "A", TypeError),
        (MEMBER_LIST, ("A,B",), ValueError),
        (MEMBER_LIST, ("",), ValueError),
        (MEMBER_LIST, ("A", "A"), ValueError),
    ],
)
def test_refuses_other_values(data_type: DataType[Any], value: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        data_type.write(value)


VALUES: dict[DataEnumType, st.SearchStrategy[Any]] = {
    DataEnumType.INTEGER: st.integers(-(2**31), 2**31 - 1),
    DataEnumType.DECIMAL: st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20),
    DataEnumType.BOOLEAN: st.booleans(),
    DataEnumType.DATE_TIME: st.datetimes(timezones=st.just(UTC)).map(lambda value: value.replace(microsecond=0)),
    DataEnumType.STRING: st.text(),
    DataEnumType.OPTION_LIST: st.text(),
    DataEnumType.MEMBER_LIST: st.lists(st.text("abc.", min_size=1), unique=True).map(tuple),
    DataEnumType.SEQUENCE_LIST: st.lists(st.text("abc.", min_size=1), unique=True).map(tuple),
}


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(list(DATA_TYPES.values())))
def test_what_is_written_reads_back(data: st.DataObject, data_type: DataType[Any]) -> None:
    value = data.draw(VALUES[data_type.name])
    text = data_type.write(value)
    assert data_type.read(text) == value
    assert data_type.normal(text) == text


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(), st.sampled_from(list(DATA_TYPES.values())))
def test_a_normal_text_is_normal(text: str, data_type: DataType[Any]) -> None:
    try:
        normal = data_type.normal(text)
    except ValueError:
        return
    assert data_type.normal(normal) == normal
    assert data_type.read(normal) == data_type.read(text)
