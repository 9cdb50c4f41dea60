"""Lists that are cut to what a Charging Station takes in one request."""

from __future__ import annotations

from itertools import chain, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csms.scene import component, variable
from ocpp21 import framing
from ocpp21.csms.splitting import MessageLimits, split
from ocpp21.messages import (
    AttributeEnumType,
    ReportDataType,
    SetVariableDataType,
    SetVariablesRequest,
    VariableAttributeType,
)

CONTROLLER = component("DeviceDataCtrlr")


def limits(items: int | None = None, size: int | None = None) -> MessageLimits:
    known = MessageLimits()
    for name, value in (("ItemsPerMessage", items), ("BytesPerMessage", size)):
        if value is not None:
            known.learn(CONTROLLER, variable(name, "SetVariables"), str(value))
    return known


@given(
    lengths=st.lists(st.integers(1, 50), min_size=1, max_size=40),
    most=st.integers(1, 12),
    size=st.none() | st.integers(300, 1500),
)
def test_parts_keep_the_order_and_the_limits(lengths: list[int], most: int, size: int | None) -> None:
    items = [
        SetVariableDataType(
            component=component("C"), variable=variable("V"), attribute_value=("é" if length % 2 else "v") * length
        )
        for length in lengths
    ]
    first = SetVariablesRequest(set_variable_data=items[:1])
    parts = split(items, "SetVariables", limits(most, size), frame=first)
    assert list(chain(*parts)) == items
    frames = [len(framing.call("x" * 36, SetVariablesRequest(set_variable_data=part))) for part in parts]
    assert all(0 < len(part) <= most for part in parts)
    assert size is None or max(frames) <= size
    for part, following in pairwise(parts):  # none is shorter than it must be
        larger = SetVariablesRequest(set_variable_data=[*part, following[0]])
        assert len(part) == most or (size is not None and len(framing.call("x" * 36, larger)) > size)


@pytest.mark.parametrize("value", [None, "", "0", "-1", "1.5", "x", "٣", "9" * 10])
def test_what_is_no_limit_is_not_learnt(value: str | None) -> None:
    known = limits(5)
    known.learn(CONTROLLER, variable("ItemsPerMessage", "SetVariables"), value)
    assert known.of("SetVariables") == (5, None)


def test_other_variables_are_not_learnt() -> None:
    known = MessageLimits()
    known.learn(CONTROLLER, variable("ItemsPerMessage"), "5")
    known.learn(CONTROLLER, variable("ValueSize", "GetVariables"), "5")
    known.learn(component("DeviceDataCtrlr", 1), variable("ItemsPerMessage", "GetVariables"), "5")
    known.learn(component("OtherCtrlr"), variable("ItemsPerMessage", "GetVariables"), "5")
    assert known.of("GetVariables") == (1, None)


def test_limits_are_learnt_from_reports() -> None:
    known = MessageLimits()
    row = ReportDataType(
        component=CONTROLLER,
        variable=variable("ITEMSPERMESSAGE", "getvariables"),
        variable_attribute=[
            VariableAttributeType(type=AttributeEnumType.ACTUAL, value="7"),
            VariableAttributeType(type=AttributeEnumType.MAX_SET, value="9"),
        ],
    )
    known.learn_report([row])
    assert known.of("GetVariables") == (7, None)


def test_a_station_cannot_fill_the_memory_with_limits() -> None:
    known = MessageLimits()
    for number in range(1000):
        known.learn(CONTROLLER, variable("ItemsPerMessage", f"Invented{number}"), "5")
    assert known.of("Invented0") == (1, None)
