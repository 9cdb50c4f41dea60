"""SetVariables (B05): statuses, reasons, changes, and the check that changes nothing."""

from __future__ import annotations

import pytest

from device_model import asking
from device_model.asking import outcome, put, setting
from ocpp21.device_model import DECIMAL, INTEGER, STRING, DeviceModel
from ocpp21.messages import AttributeEnumType, MutabilityEnumType, SetVariableStatusEnumType, StatusInfoType

TARGET, MIN_SET, MAX_SET = AttributeEnumType.TARGET, AttributeEnumType.MIN_SET, AttributeEnumType.MAX_SET
READ_WRITE = MutabilityEnumType.READ_WRITE


@pytest.mark.use_case("B05")
@pytest.mark.parametrize(
    ("component", "variable", "value", "attribute", "expected"),
    [
        ("OCPPCommCtrlr", "OfflineThreshold", "300", None, "Accepted"),
        ("ocppcommctrlr", "OFFLINETHRESHOLD", "300", None, "Accepted"),
        ("OCPPCommCtrlr@0", "OfflineThreshold", "300", AttributeEnumType.ACTUAL, "Accepted"),
        ("Nope", "OfflineThreshold", "300", None, "UnknownComponent"),
        ("OCPPCommCtrlr[x]", "OfflineThreshold", "300", None, "UnknownComponent"),
        ("OCPPCommCtrlr@1", "OfflineThreshold", "300", None, "UnknownComponent"),
        ("OCPPCommCtrlr", "Nope", "300", None, "UnknownVariable"),
        ("OCPPCommCtrlr", "OfflineThreshold[x]", "300", None, "UnknownVariable"),
        ("OCPPCommCtrlr", "MessageAttempts", "3", None, "UnknownVariable"),
        ("OCPPCommCtrlr", "MessageAttempts[transactionevent]", "3", None, "Accepted"),
        ("OCPPCommCtrlr", "OfflineThreshold", "300", TARGET, "NotSupportedAttributeType"),  # B05.FR.06
        ("OCPPCommCtrlr", "ActiveNetworkProfile", "1", None, "Rejected ReadOnly"),
        ("OCPPCommCtrlr", "MessageTimeout[Default]", "30", None, "Rejected ReadOnly"),
        ("OCPPCommCtrlr", "OfflineThreshold", "abc", None, "Rejected InvalidValue"),
        ("OCPPCommCtrlr", "OfflineThreshold", "300.1", None, "Rejected InvalidValue"),
        ("OCPPCommCtrlr", "OfflineThreshold", "true", None, "Rejected InvalidValue"),
        ("OCPPCommCtrlr", "WebSocketPingInterval", "-1", None, "Rejected ValueTooLow"),
        ("AuthCtrlr", "AuthorizeRemoteStart", "2026-01-31T12:00:00Z", None, "Rejected InvalidValue"),
        ("AuthCtrlr", "AuthorizeRemoteStart", "True", None, "Accepted"),
        ("NetworkConfiguration[1]", "OcppTransport", "SOAP", None, "Rejected ValueOutOfRange"),
        ("OCPPCommCtrlr", "NetworkConfigurationPriority", "1,3", None, "Rejected ValueOutOfRange"),
        ("SecurityCtrlr", "BasicAuthPassword", "too short", None, "Rejected ValueOutOfRange"),
        ("SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef", None, "Accepted"),
        ("SecurityCtrlr", "OrganizationName", "x" * 2501, None, "Rejected ValueOutOfRange"),
    ],
)
def test_each_element_gets_its_status(
    model: DeviceModel,
    component: str,
    variable: str,
    value: str,
    attribute: AttributeEnumType | None,
    expected: str,
) -> None:
    result = put(model, component, variable, value, attribute)
    assert outcome(result) == expected
    # B05.FR.02, B05.FR.03, B05.FR.12
    assert (result.component, result.variable) == (asking.component(component), asking.variable(variable))
    assert result.attribute_type == (attribute or AttributeEnumType.ACTUAL)


@pytest.mark.use_case("B05")
def test_what_nothing_honours_cannot_be_set(bare: DeviceModel) -> None:
    assert outcome(put(bare, "OCPPCommCtrlr", "OfflineThreshold", "300")) == "Rejected ReadOnly"
    password = put(bare, "SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef")
    assert outcome(password) == "Rejected UnsupportedParam"
    bare.ocpp_comm_ctrlr.offline_threshold.honour()
    assert outcome(put(bare, "OCPPCommCtrlr", "OfflineThreshold", "300")) == "Accepted"
    assert bare.ocpp_comm_ctrlr.offline_threshold.value == 300


@pytest.mark.use_case("B05")
def test_elements_are_independent_and_in_order(model: DeviceModel) -> None:
    checked = model.set_variables(
        [
            setting("OCPPCommCtrlr", "OfflineThreshold", "300"),
            setting("OCPPCommCtrlr", "OfflineThreshold", "abc"),
            setting("AuthCtrlr", "LocalPreAuthorize", "true"),
        ]
    )
    assert [outcome(result) for result in checked.results] == ["Accepted", "Rejected InvalidValue", "Accepted"]
    assert [str(change) for change in checked.changes] == [
        "OCPPCommCtrlr.OfflineThreshold: '60' -> '300'",
        "AuthCtrlr.LocalPreAuthorize: 'false' -> 'true'",
    ]
    assert model.ocpp_comm_ctrlr.offline_threshold.value == 300
    assert model.auth_ctrlr.local_pre_authorize.value is True


@pytest.mark.use_case("B05")
def test_a_check_changes_nothing_until_it_is_applied(model: DeviceModel) -> None:
    checked = model.check_set([setting("OCPPCommCtrlr", "OfflineThreshold", "300")])
    assert model.ocpp_comm_ctrlr.offline_threshold.value == 60
    assert model.persistent_values() == {}
    store = checked.to_store()
    model.apply(checked.changes)
    assert model.ocpp_comm_ctrlr.offline_threshold.value == 300
    assert model.persistent_values() == store != {}


def test_the_value_that_is_there_is_accepted_and_no_change(model: DeviceModel) -> None:
    checked = model.check_set([setting("OCPPCommCtrlr", "OfflineThreshold", "60")])
    assert (outcome(checked.results[0]), checked.changes) == ("Accepted", ())


def test_a_value_that_was_never_set_is_a_change_even_when_empty(model: DeviceModel) -> None:
    part = model.component("Sign").variable("Text", STRING).add(mutability=READ_WRITE).honour()
    assert part.get() is None
    checked = model.set_variables([setting("Sign", "Text", "")])
    assert (len(checked.changes), part.value) == (1, "")


def test_only_persistent_values_are_to_be_stored(model: DeviceModel) -> None:
    model.component("Sign").variable("Text", STRING).add(mutability=READ_WRITE, persistent=False).honour()
    checked = model.set_variables([setting("Sign", "Text", "hello")])
    assert (len(checked.changes), checked.to_store()) == (1, {})


@pytest.mark.use_case("B05")
def test_a_secret_is_stored_but_not_shown(model: DeviceModel) -> None:
    checked = model.set_variables([setting("SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef")])
    assert list(checked.to_store().values()) == ["0123456789abcdef"]
    assert str(checked.changes[0]) == "SecurityCtrlr.BasicAuthPassword: not shown"
    assert "0123456789" not in repr(checked) + repr(model) + repr(list(model))
    assert model.security_ctrlr.basic_auth_password.value == "0123456789abcdef"


def test_values_have_six_decimals_at_most_on_their_way_to_a_station(model: DeviceModel) -> None:
    level = model.component("Lamp").variable("Level", DECIMAL).add(0.1234567, mutability=READ_WRITE).honour()
    assert outcome(put(model, "Lamp", "Level", "0.123456")) == "Accepted"
    assert outcome(put(model, "Lamp", "Level", "0.1234567")) == "Rejected InvalidValue"
    level.set(0.1234567)


def test_configuration_value_size(model: DeviceModel) -> None:
    model.device_data_ctrlr.configuration_value_size.add(5)
    assert outcome(put(model, "SecurityCtrlr", "OrganizationName", "12345")) == "Accepted"
    assert outcome(put(model, "SecurityCtrlr", "OrganizationName", "123456")) == "Rejected ValueOutOfRange"
    model.device_data_ctrlr.value_size.add(4)
    assert outcome(put(model, "SecurityCtrlr", "OrganizationName", "12345")) == "Rejected ValueOutOfRange"


class TestReboot:
    @pytest.fixture(autouse=True)
    def mode(self, model: DeviceModel) -> None:
        part = model.component("Radio").variable("Channel", INTEGER)
        part.add(1, mutability=READ_WRITE, requires_reboot=True).honour()

    @pytest.mark.use_case("B05")
    def test_the_new_value_waits_for_the_reboot(self, model: DeviceModel) -> None:
        channel = model.component("Radio").variable("Channel", INTEGER)
        checked = model.set_variables([setting("Radio", "Channel", "2")])
        assert checked.results[0].attribute_status is SetVariableStatusEnumType.REBOOT_REQUIRED
        assert (channel.value, channel.pending) == (1, 2)
        # What was set is what is told.
        assert asking.got(model, "Radio", "Channel").attribute_value == "2"
        again = model.set_variables([setting("Radio", "Channel", "2")])
        assert (outcome(again.results[0]), again.changes) == ("RebootRequired", ())
        seen: list[str] = []
        channel.on_change(lambda change: seen.append(str(change)))
        assert [str(change) for change in model.activate()] == seen == ["Radio.Channel: '1' -> '2'"]
        assert (channel.value, channel.pending, model.activate()) == (2, None, ())

    def test_setting_it_back_needs_none_and_is_told_to_nobody(self, model: DeviceModel) -> None:
        seen: list[object] = []
        model.on_change(seen.append)
        put(model, "Radio", "Channel", "2")
        checked = model.set_variables([setting("Radio", "Channel", "1")])
        assert [str(change) for change in checked.changes] == ["Radio.Channel: '2' -> '1'"]
        assert outcome(checked.results[0]) == "Accepted"
        assert (model.component("Radio").variable("Channel", INTEGER).pending, seen) == (None, [])

    def test_a_restored_value_is_in_force(self, model: DeviceModel) -> None:
        put(model, "Radio", "Channel", "2")
        stored = model.persistent_values()
        model.load(stored)
        assert model.component("Radio").variable("Channel", INTEGER).value == 2


class TestBounds:
    @pytest.fixture(autouse=True)
    def heater(self, model: DeviceModel) -> None:
        power = model.heater.at(1).power.add(5, max_limit=100)
        power.support(MIN_SET, 10, mutability=READ_WRITE).support(MAX_SET, 50, mutability=READ_WRITE)
        power.support(TARGET, mutability=READ_WRITE).honour()

    @pytest.mark.parametrize(
        ("attribute", "value", "expected"),
        [
            (TARGET, "10", "Accepted"),
            (TARGET, "50", "Accepted"),
            (TARGET, "9.9", "Rejected ValueOutOfRange"),
            (TARGET, "51", "Rejected ValueOutOfRange"),
            (TARGET, "101", "Rejected ValueTooHigh"),
            (MIN_SET, "51", "Rejected ValueOutOfRange"),
            (MAX_SET, "9", "Rejected ValueOutOfRange"),
            (MAX_SET, "100", "Accepted"),
            (None, "20", "Rejected ReadOnly"),
        ],
    )
    def test_min_set_and_max_set_bound_the_target(
        self, model: DeviceModel, attribute: AttributeEnumType | None, value: str, expected: str
    ) -> None:
        assert outcome(put(model, "Heater@1", "Power", value, attribute)) == expected

    def test_elements_see_the_bounds_that_earlier_ones_set(self, model: DeviceModel) -> None:
        checked = model.check_set(
            [
                setting("Heater@1", "Power", "80", MAX_SET),
                setting("Heater@1", "Power", "70", TARGET),
                setting("Heater@1", "Power", "75", MIN_SET),
                setting("Heater@1", "Power", "70", TARGET),
            ]
        )
        results = [outcome(result) for result in checked.results]
        assert results == ["Accepted", "Accepted", "Accepted", "Rejected ValueOutOfRange"]

    def test_a_bound_that_is_not_there_or_unset_bounds_nothing(self, model: DeviceModel) -> None:
        power = model.heater.at(2).power.add(5)
        power.support(TARGET, mutability=READ_WRITE).support(MIN_SET, mutability=READ_WRITE).honour()
        assert outcome(put(model, "Heater@2", "Power", "-1000", TARGET)) == "Accepted"


def test_a_change_back_in_one_request_is_a_change(model: DeviceModel) -> None:
    asked = [setting("OCPPCommCtrlr", "OfflineThreshold", value) for value in ("1", "1", "60")]
    assert [change.new for change in model.check_set(asked).changes] == ["1", "60"]


def test_preconditions_are_asked_of_what_the_csms_sets(model: DeviceModel) -> None:
    def odd(value: int) -> StatusInfoType | None:
        return None if value % 2 else StatusInfoType(reason_code="InvalidNetworkConf")

    threshold = model.ocpp_comm_ctrlr.offline_threshold.honour(odd)
    assert outcome(put(model, "OCPPCommCtrlr", "OfflineThreshold", "31")) == "Accepted"
    assert outcome(put(model, "OCPPCommCtrlr", "OfflineThreshold", "32")) == "Rejected InvalidNetworkConf"
    threshold.set(32)
    assert threshold.value == 32


def test_preconditions_are_not_asked_of_bounds(model: DeviceModel) -> None:
    power = model.heater.at(1).power.add(5).support(MAX_SET, 50, mutability=READ_WRITE)
    power.honour(lambda value: StatusInfoType(reason_code="InvalidValue", additional_info="never"))
    assert outcome(put(model, "Heater@1", "Power", "60", MAX_SET)) == "Accepted"


def test_a_secret_is_in_no_error_about_bounds(model: DeviceModel) -> None:
    code = model.component("Safe").variable("Code", INTEGER).add(5, mutability=MutabilityEnumType.WRITE_ONLY)
    code.support(MIN_SET, 100).support(TARGET, mutability=MutabilityEnumType.WRITE_ONLY).honour()
    result = put(model, "Safe", "Code", "42", TARGET)
    assert outcome(result) == "Rejected ValueOutOfRange" and "42" not in str(result.attribute_status_info)
