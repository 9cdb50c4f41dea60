"""GetVariables (B06)."""

from __future__ import annotations

import pytest

from device_model import asking
from device_model.asking import got, setting
from ocpp21 import codec
from ocpp21.device_model import STRING, DeviceModel
from ocpp21.messages import AttributeEnumType, GetVariablesResponse


@pytest.mark.use_case("B06")
@pytest.mark.parametrize(
    ("component", "variable", "attribute", "status", "value"),
    [
        ("OCPPCommCtrlr", "OfflineThreshold", None, "Accepted", "60"),
        ("OCPPCOMMCTRLR@0", "offlineThreshold", AttributeEnumType.ACTUAL, "Accepted", "60"),
        # B06.FR.08
        ("OCPPCommCtrlr", "OfflineThreshold", AttributeEnumType.MAX_SET, "NotSupportedAttributeType", None),
        ("Nope", "OfflineThreshold", None, "UnknownComponent", None),
        ("OCPPCommCtrlr", "Nope", None, "UnknownVariable", None),
        ("DeviceDataCtrlr", "ItemsPerMessage[getreport]", None, "Accepted", "100"),
        ("DeviceDataCtrlr", "ItemsPerMessage", None, "UnknownVariable", None),
        ("DeviceDataCtrlr", "ItemsPerMessage[]", None, "UnknownVariable", None),
        ("EVSE", "AvailabilityState", None, "UnknownComponent", None),
        ("EVSE@2", "AvailabilityState", None, "Accepted", "Available"),
        ("Connector@2.2", "ConnectorType", None, "Accepted", "cCHAdeMO"),
        ("NetworkConfiguration[1]", "OcppTransport", None, "Accepted", "JSON"),
        ("NetworkConfiguration", "OcppTransport", None, "UnknownComponent", None),
        ("ClockCtrlr", "DateTime", None, "Accepted", ""),
    ],
)
def test_each_element_gets_its_value(
    model: DeviceModel,
    component: str,
    variable: str,
    attribute: AttributeEnumType | None,
    status: str,
    value: str | None,
) -> None:
    result = got(model, component, variable, attribute)
    assert (result.attribute_status, result.attribute_value, result.attribute_status_info) == (status, value, None)
    assert (result.component, result.variable) == (asking.component(component), asking.variable(variable))
    assert result.attribute_type == (attribute or AttributeEnumType.ACTUAL)  # B06.FR.03, B06.FR.11
    codec.encode(GetVariablesResponse(get_variable_result=[result]))


@pytest.mark.use_case("B06")
def test_a_write_only_variable_is_not_told(model: DeviceModel) -> None:
    model.set_variables([setting("SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef")])
    result = got(model, "SecurityCtrlr", "BasicAuthPassword")
    assert (result.attribute_status, result.attribute_value) == ("Rejected", None)
    assert result.attribute_status_info is not None and result.attribute_status_info.reason_code == "WriteOnly"


@pytest.mark.use_case("B06")
def test_an_attribute_that_was_never_set_is_empty(model: DeviceModel) -> None:
    model.evse(1).power.support(AttributeEnumType.TARGET)
    result = got(model, "EVSE@1", "Power", AttributeEnumType.TARGET)
    assert (result.attribute_status, result.attribute_value) == ("Accepted", "")  # B06.FR.13


@pytest.mark.use_case("B06")
def test_each_attribute_has_a_value_of_its_own(model: DeviceModel) -> None:
    model.evse(1).power.set(3)
    model.evse(1).power.support(AttributeEnumType.TARGET, 5)
    kinds = (AttributeEnumType.ACTUAL, AttributeEnumType.TARGET)
    found = [got(model, "EVSE@1", "Power", kind) for kind in kinds]
    assert [(each.attribute_type, each.attribute_value) for each in found] == [(kinds[0], "3"), (kinds[1], "5")]
    assert {each.attribute_status for each in found} == {"Accepted"}  # B06.FR.04


@pytest.mark.parametrize(("limit", "length"), [(None, 2500), (7, 7), (0, 0), (-1, 0), (9999, 2500)])
def test_long_values_are_cut(model: DeviceModel, limit: int | None, length: int) -> None:
    note = model.component("Sign").variable("Text", STRING).add("ü" * 3000)
    if limit is not None:
        model.device_data_ctrlr.reporting_value_size.add(limit)
    assert got(model, "Sign", "Text").attribute_value == "ü" * length
    assert len(note.value) == 3000
