"""Base reports (B07) and custom reports (B08): what is in them."""

from __future__ import annotations

import pytest

from device_model import asking
from device_model.asking import put
from ocpp21 import codec
from ocpp21.device_model import BOOLEAN, DeviceModel, GenericVariables, Place
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    AttributeEnumType,
    ComponentCriterionEnumType,
    ComponentVariableType,
    MutabilityEnumType,
    ReportBaseEnumType,
    ReportDataType,
    VariableAttributeType,
)

CONFIGURATION = ReportBaseEnumType.CONFIGURATION_INVENTORY
FULL = ReportBaseEnumType.FULL_INVENTORY
SUMMARY = ReportBaseEnumType.SUMMARY_INVENTORY
ACTIVE, AVAILABLE, ENABLED, PROBLEM = ComponentCriterionEnumType


def name(row: ReportDataType) -> str:
    evse = row.component.evse
    place = Place(
        row.component.name,
        row.component.instance or "",
        evse.id if evse else 0,
        (evse.connector_id or 0) if evse else 0,
        row.variable.name,
        row.variable.instance or "",
    )
    return str(place)


def names(rows: list[ReportDataType]) -> list[str]:
    for row in rows:
        codec.encode(row)
        assert row.variable_characteristics is not None
    return [name(row) for row in rows]


def asked(*texts: str) -> list[ComponentVariableType]:
    """``Component`` or ``Component.Variable``; a dot in an EVSE is a slash here."""
    pairs = [text.partition(".") for text in texts]
    return [
        ComponentVariableType(
            component=asking.component(part.replace("/", ".")), variable=asking.variable(var) if var else None
        )
        for part, _, var in pairs
    ]


@pytest.mark.use_case("B07")
def test_the_full_inventory_has_everything(model: DeviceModel) -> None:
    model.evse(1).power.support(AttributeEnumType.TARGET, 5)
    rows = model.base_report(FULL)
    assert names(rows) == [str(variable.place) for variable in model]
    power = next(row for row in rows if name(row) == "EVSE@1.Power")
    # B07.FR.11
    assert [(item.type, item.value) for item in power.variable_attribute] == [("Actual", ""), ("Target", "5")]
    assert power.variable_characteristics and power.variable_characteristics.max_limit == 22_000


@pytest.mark.use_case("B07")
def test_lists_tell_their_values(model: DeviceModel) -> None:
    for row in model.base_report(FULL):
        facts = row.variable_characteristics
        assert facts is not None
        if facts.data_type in ("OptionList", "MemberList", "SequenceList"):
            allowed = set((facts.values_list or "").split(","))
            value = row.variable_attribute[0].value
            assert value is not None and (not value or set(value.split(",")) <= allowed)


@pytest.mark.use_case("B07")
def test_write_only_values_are_left_out(model: DeviceModel) -> None:
    put(model, "SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef")
    for rows in (model.base_report(FULL), model.base_report(CONFIGURATION), model.report()):
        row = next(row for row in rows if row.variable.name == "BasicAuthPassword")
        assert row.variable_attribute == [
            VariableAttributeType(
                type=AttributeEnumType.ACTUAL,
                mutability=MutabilityEnumType.WRITE_ONLY,
                persistent=True,
                constant=False,
            )
        ]


@pytest.mark.use_case("B07")
def test_the_configuration_inventory_has_what_can_be_set(model: DeviceModel) -> None:
    model.heater.power.add(5).support(AttributeEnumType.TARGET, 5, mutability=MutabilityEnumType.READ_WRITE).honour()
    rows = model.base_report(CONFIGURATION)
    written = {attribute.mutability for row in rows for attribute in row.variable_attribute}
    assert written == {MutabilityEnumType.READ_WRITE, MutabilityEnumType.WRITE_ONLY}
    found = names(rows)
    assert "Heater.Power" in found and "TxCtrlr.EVConnectionTimeOut" in found
    assert "OCPPCommCtrlr.ActiveNetworkProfile" not in found
    heater = next(row for row in rows if name(row) == "Heater.Power")
    assert [item.type for item in heater.variable_attribute] == ["Target"]


@pytest.mark.use_case("B07")
def test_what_nothing_honours_is_told_as_read_only(bare: DeviceModel) -> None:
    assert names(bare.base_report(CONFIGURATION)) == [
        "SecurityCtrlr.BasicAuthPassword",
        "NetworkConfiguration[1].BasicAuthPassword",
        "NetworkConfiguration[2].BasicAuthPassword",
    ]
    row = bare.report(None, asked("TxCtrlr.EVConnectionTimeOut"))[0]
    assert row.variable_attribute[0].mutability is MutabilityEnumType.READ_ONLY


@pytest.mark.use_case("B07")
def test_the_summary_tells_availability_and_what_is_wrong(model: DeviceModel) -> None:
    station = ["ChargingStation.AvailabilityState", "EVSE@1.AvailabilityState", "EVSE@2.AvailabilityState"]
    assert names(model.base_report(SUMMARY)) == station
    model.connector(2, 1).availability_state.set("Occupied")
    model.connector(1, 1).problem.add(False)
    model.connector(1, 1).tripped.add(True)
    model.fiscal_metering.at(1).view(GenericVariables).problem["a"].add(True)
    assert names(model.base_report(SUMMARY)) == [
        *station[:2],
        "Connector@1.1.Tripped",
        station[2],
        "Connector@2.1.AvailabilityState",
        "FiscalMetering@1.Problem[a]",
    ]


def test_a_connector_without_evse_state_is_told() -> None:
    model = DeviceModel()
    model.connector(1, 1).availability_state.add("Faulted")
    model.component("Other").variable("AvailabilityState", BOOLEAN).add(True)
    assert names(model.base_report(SUMMARY)) == ["Connector@1.1.AvailabilityState"]


@pytest.mark.use_case("B08")
def test_without_filters_it_is_the_full_inventory(model: DeviceModel) -> None:
    assert model.report() == model.report([], []) == model.base_report(FULL)


@pytest.mark.use_case("B08")
@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (["EVSE.Power"], ["EVSE@1.Power", "EVSE@2.Power"]),
        (["evse@2.POWER"], ["EVSE@2.Power"]),
        (["Connector@2.ConnectorType"], ["Connector@2.1.ConnectorType", "Connector@2.2.ConnectorType"]),
        (["Connector@2/2.ConnectorType"], ["Connector@2.2.ConnectorType"]),
        (["Connector@1/2"], []),
        (["EVSE@0"], []),
        (["ClockCtrlr@0"], ["ClockCtrlr.DateTime", "ClockCtrlr.TimeSource"]),
        (["ClockCtrlr"], ["ClockCtrlr.DateTime", "ClockCtrlr.TimeSource"]),  # B08.FR.20
        (["ClockCtrlr", "ClockCtrlr.DateTime"], ["ClockCtrlr.DateTime", "ClockCtrlr.TimeSource"]),
        (["ClockCtrlr.TimeSource", "Nope", "ClockCtrlr.Nope"], ["ClockCtrlr.TimeSource"]),
        (
            ["DeviceDataCtrlr.ItemsPerMessage"],
            [f"DeviceDataCtrlr.ItemsPerMessage[{item}]" for item in ("GetReport", "GetVariables", "SetVariables")],
        ),
        (["DeviceDataCtrlr.ItemsPerMessage[getreport]"], ["DeviceDataCtrlr.ItemsPerMessage[GetReport]"]),
        # B08.FR.25
        (["NetworkConfiguration.OcppVersion"], [f"NetworkConfiguration[{slot}].OcppVersion" for slot in (1, 2)]),
        (["NetworkConfiguration[1].OcppVersion"], ["NetworkConfiguration[1].OcppVersion"]),  # B08.FR.24
        (["NetworkConfiguration[3]"], []),
    ],
)
def test_components_and_variables_are_selected(model: DeviceModel, wanted: list[str], expected: list[str]) -> None:
    assert names(model.report(None, asked(*wanted))) == expected  # B08.FR.11


class TestCriteria:
    @pytest.fixture(autouse=True)
    def parts(self) -> None:
        """Three components: one with all at true, one with all at false, one with none."""
        self.model = DeviceModel()
        for part, value in (("Yes", True), ("No", False)):
            component = self.model.component(part).view(GenericVariables)
            for variable in (component.active, component.available, component.enabled, component.problem):
                variable.add(value)
        self.model.component("None").view(GenericVariables).label.add("x")
        self.model.component("Unset").view(GenericVariables).active.add()
        self.model.component("Some").view(GenericVariables).available["Tariff"].add(False)
        self.model.component("Some").view(GenericVariables).available["Cost"].add(True)

    def found(self, *criteria: ComponentCriterionEnumType) -> list[str]:
        return sorted({row.component.name for row in self.model.report(criteria)})

    @pytest.mark.use_case("B08")
    def test_missing_and_unset_count_as_true_but_for_problem(self) -> None:
        assert self.found(ACTIVE) == ["None", "Some", "Unset", "Yes"]  # B08.FR.07
        assert self.found(ENABLED) == ["None", "Some", "Unset", "Yes"]  # B08.FR.09
        assert self.found(AVAILABLE) == ["None", "Some", "Unset", "Yes"]
        assert self.found(PROBLEM) == ["Yes"]  # B08.FR.10

    @pytest.mark.use_case("B08")
    def test_criteria_are_alternatives(self) -> None:
        self.model.component("No").view(GenericVariables).problem.set(True)
        assert self.found(PROBLEM) == ["No", "Yes"]
        assert self.found(ACTIVE, PROBLEM) == ["No", "None", "Some", "Unset", "Yes"]  # B08.FR.13

    @pytest.mark.use_case("B08")
    def test_both_filters_must_hold(self) -> None:
        assert names(self.model.report([PROBLEM], asked("No"))) == []
        assert names(self.model.report([PROBLEM], asked("Yes.Active"))) == ["Yes.Active"]


def test_an_unknown_report_is_refused(model: DeviceModel) -> None:
    with pytest.raises(LocalProtocolError, match="expected a criterion of the standard, found `Broken`"):
        model.report(["Broken"])  # type: ignore[list-item]
    with pytest.raises(LocalProtocolError, match="expected a base report of the standard, found `Everything`"):
        model.base_report("Everything")  # type: ignore[arg-type]
