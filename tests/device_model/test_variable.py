"""Handles of variables: reading, setting, watching, declaring."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from device_model.asking import got, put
from ocpp21.device_model import DECIMAL, INTEGER, STRING, DeviceModel, Place
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import AttributeEnumType, MutabilityEnumType, ReportBaseEnumType

TARGET = AttributeEnumType.TARGET
NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


def test_values_have_their_types(model: DeviceModel) -> None:
    assert model.tx_ctrlr.ev_connection_time_out.value == 60
    assert model.ocpp_comm_ctrlr.message_timeout["Default"].value == 30
    assert model.tx_ctrlr.stop_tx_on_invalid_id.value is True
    assert model.tx_ctrlr.tx_stop_point.value == ("EVConnected", "Authorized")
    assert model.evse(2).availability_state.value == "Available"
    assert model.connector(2, 2).connector_type.value == "cCHAdeMO"
    assert model.network_configuration["1"].ocpp_transport.value == "JSON"


def test_what_is_not_there_says_so(model: DeviceModel) -> None:
    gone = model.tx_ctrlr.resumption_timeout
    assert (gone.exists, gone.get(), gone.get(7), gone.pending, gone.instances) == (False, None, 7, None, ())
    assert model.component("Nope").variable("X", INTEGER).instances == ()
    for failing in (
        lambda: gone.value,
        lambda: gone.characteristics,
        lambda: gone.set(1),
        lambda: gone.support(TARGET),
        lambda: gone.provide(lambda: 1),
    ):
        with pytest.raises(LocalProtocolError, match=r"^TxCtrlr\.ResumptionTimeout is not in the device model$"):
            failing()


def test_what_has_no_value_says_so(model: DeviceModel) -> None:
    power = model.evse(1).power
    assert (power.exists, power.get(), power.get(0)) == (True, None, 0)
    assert power.characteristics.max_limit == 22_000
    with pytest.raises(LocalProtocolError, match=r"^EVSE@1\.Power has no value$"):
        _ = power.value


def test_instances_are_listed(model: DeviceModel) -> None:
    assert model.device_data_ctrlr.items_per_message.instances == ("GetReport", "GetVariables", "SetVariables")
    model.clock_ctrlr.time_offset.add("+01:00")
    model.clock_ctrlr.time_offset["NextTransition"].add("+02:00")
    assert model.clock_ctrlr.time_offset.instances == ("", "NextTransition")
    assert model.clock_ctrlr.time_offset["nexttransition"].value == "+02:00"


def test_the_station_sets_what_the_csms_cannot(bare: DeviceModel) -> None:
    change = bare.evse(1).availability_state.set("Occupied")
    assert change is not None and str(change) == "EVSE@1.AvailabilityState: 'Available' -> 'Occupied'"
    assert bare.evse(1).availability_state.set("Occupied") is None
    power = bare.evse(1).power
    power.set(99_999)
    assert power.value == 99_999
    power.set(0.1)
    assert power.value == Decimal("0.1")
    bare.tx_ctrlr.ev_connection_time_out.set(5)
    assert got(bare, "TxCtrlr", "EVConnectionTimeOut").attribute_value == "5"


def test_the_station_may_set_other_attributes(model: DeviceModel) -> None:
    power = model.heater.power.add(5).support(TARGET, 6)
    power.set(7, attribute=TARGET)
    assert (power.get(attribute=TARGET), power.value) == (7, 5)
    assert power.get(attribute=AttributeEnumType.MAX_SET) is None


def test_the_station_cannot_set_what_the_variable_cannot_hold(model: DeviceModel) -> None:
    with pytest.raises(LocalProtocolError, match=r"^TxCtrlr\.EVConnectionTimeOut: expected 0 or more, found '-1'$"):
        model.tx_ctrlr.ev_connection_time_out.set(-1)
    with pytest.raises(LocalProtocolError, match=r"^EVSE@1\.AvailabilityState: expected one of Available,.*'Broken'$"):
        model.evse(1).availability_state.set("Broken")
    with pytest.raises(TypeError, match=r"^TxCtrlr\.EVConnectionTimeOut: expected int, found str$"):
        model.tx_ctrlr.ev_connection_time_out.set("5")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"^TxCtrlr\.EVConnectionTimeOut: expected a whole number of 32 bits, "):
        model.tx_ctrlr.ev_connection_time_out.set(2**40)
    with pytest.raises(LocalProtocolError, match=r"^EVSE@1\.SupplyPhases has no attribute Target$"):
        model.evse(1).supply_phases.set(1, attribute=TARGET)


def test_a_constant_is_never_set(model: DeviceModel) -> None:
    model.charging_station.model.add("Wallbox", constant=True)
    with pytest.raises(LocalProtocolError, match="is constant"):
        model.charging_station.model.set("Other")
    with pytest.raises(LocalProtocolError, match="expected a constant to be ReadOnly, found ReadWrite"):
        model.tx_ctrlr.tx_before_accepted_enabled.add(False, constant=True)
    assert not model.tx_ctrlr.tx_before_accepted_enabled.exists


def test_a_value_may_have_a_source(model: DeviceModel) -> None:
    clock = model.clock_ctrlr.date_time.provide(lambda: NOON)
    assert clock.value == NOON
    assert got(model, "ClockCtrlr", "DateTime").attribute_value == "2026-01-31T12:00:00Z"
    row = next(row for row in model.base_report(ReportBaseEnumType.FULL_INVENTORY) if row.variable.name == "DateTime")
    assert row.variable_attribute[0].value == "2026-01-31T12:00:00Z"
    assert model.persistent_values() == {}
    with pytest.raises(LocalProtocolError, match="has a source of its own"):
        clock.set(NOON)


@pytest.mark.parametrize("options", [{"persistent": True}, {"constant": True}])
def test_a_source_is_for_what_is_neither_set_nor_stored(model: DeviceModel, options: dict[str, bool]) -> None:
    with pytest.raises(LocalProtocolError, match="expected a ReadOnly variable, not persistent, not constant"):
        model.tx_ctrlr.ev_connection_time_out.provide(lambda: 1)
    part = model.component("Part").variable("Count", INTEGER).add(1, **options)  # type: ignore[typeddict-item]
    with pytest.raises(LocalProtocolError, match="expected a ReadOnly variable, not persistent, not constant"):
        part.provide(lambda: 1)


def test_changes_are_told_to_whoever_watches(model: DeviceModel) -> None:
    one: list[str] = []
    every: list[str] = []
    stop = model.tx_ctrlr.ev_connection_time_out.on_change(lambda change: one.append(change.new))
    model.on_change(lambda change: every.append(change.new))
    put(model, "TxCtrlr", "EVConnectionTimeOut", "61")
    put(model, "TxCtrlr", "EVConnectionTimeOut", "abc")
    model.tx_ctrlr.ev_connection_time_out.set(62)
    model.tx_ctrlr.ev_connection_time_out.set(62)
    put(model, "AuthCtrlr", "LocalPreAuthorize", "true")
    assert (one, every) == (["61", "62"], ["61", "62", "true"])
    stop()
    model.tx_ctrlr.ev_connection_time_out.set(63)
    assert len(one) == 2


def test_who_watches_or_honours_may_come_before_the_variable() -> None:
    model = DeviceModel()
    seen: list[str] = []
    timeout = model.tx_ctrlr.ev_connection_time_out.honour()
    timeout.on_change(lambda change: seen.append(change.new))
    timeout.add(60)
    put(model, "TxCtrlr", "EVConnectionTimeOut", "61")
    assert seen == ["61"]
    assert model.unhonoured() == []


def test_failing_observers_stop_nothing(model: DeviceModel) -> None:
    seen: list[str] = []

    def fail(change: object) -> None:
        raise RuntimeError("no")

    model.tx_ctrlr.ev_connection_time_out.on_change(fail)
    model.on_change(lambda change: seen.append(change.new))
    with pytest.raises(ExceptionGroup) as caught:
        model.tx_ctrlr.ev_connection_time_out.set(61)
    assert [str(error) for error in caught.value.exceptions] == ["no"]
    assert (seen, model.tx_ctrlr.ev_connection_time_out.value) == (["61"], 61)


def test_attributes_are_supported_once(model: DeviceModel) -> None:
    model.evse(1).power.support(TARGET, 5)
    with pytest.raises(LocalProtocolError, match=r"^EVSE@1\.Power has an attribute Target already$"):
        model.evse(1).power.support(TARGET)
    with pytest.raises(LocalProtocolError, match=r"^EVSE@1\.Power has an attribute Actual already$"):
        model.evse(1).power.support(AttributeEnumType.ACTUAL)


def test_a_handle_shows_its_place_and_no_secret(model: DeviceModel) -> None:
    assert repr(model.tx_ctrlr.ev_connection_time_out) == "<Variable TxCtrlr.EVConnectionTimeOut: '60'>"
    assert repr(model.tx_ctrlr.resumption_timeout) == "<Variable TxCtrlr.ResumptionTimeout: not there>"
    put(model, "SecurityCtrlr", "BasicAuthPassword", "0123456789abcdef")
    assert repr(model.security_ctrlr.basic_auth_password) == "<Variable SecurityCtrlr.BasicAuthPassword: not shown>"
    assert model.evse(1).power.place == Place("EVSE", "", 1, 0, "Power", "")


def test_a_secret_is_in_no_error_of_the_station(model: DeviceModel) -> None:
    secret = model.component("Safe").variable("Code", INTEGER)
    secret.add(12345, mutability=MutabilityEnumType.WRITE_ONLY, max_limit=99999)
    with pytest.raises(LocalProtocolError) as caught:
        secret.set(123456)
    assert "123456" not in str(caught.value)
    assert secret.value == 12345


class TestAdd:
    def test_what_is_not_given_is_as_in_the_standard(self) -> None:
        model = DeviceModel()
        model.tx_ctrlr.resumption_timeout.add()
        model.sampled_data_ctrlr.enabled.add(True)
        facts = model.tx_ctrlr.resumption_timeout.characteristics
        assert (model.tx_ctrlr.resumption_timeout.value, facts.unit, facts.min_limit) == (0, "s", 0)
        entry = model.report()[0].variable_attribute[0]
        assert (entry.persistent, entry.constant) == (True, False)

    def test_the_instance_has_its_own_row(self) -> None:
        model = DeviceModel()
        interval = model.tariff_cost_ctrlr.interval
        for name in ("Cost", "Tariff", "Other"):
            interval[name].add(1)
        limits = [interval[name].characteristics.min_limit for name in ("cost", "tariff", "other")]
        assert limits == [1, 0, 1]

    def test_a_maker_says_otherwise(self) -> None:
        model = DeviceModel()
        part = model.component("Fan", evse_id=1).variable("Speed", DECIMAL)
        part.add(
            5.5,
            unit="RPM",
            min_limit=0,
            max_limit=9.5,
            supports_monitoring=True,
            persistent=True,
            mutability=MutabilityEnumType.READ_ONLY,
        )
        row = model.report()[0]
        facts = row.variable_characteristics
        assert facts and (facts.unit, facts.min_limit, facts.max_limit) == ("RPM", 0, 9.5)
        assert facts.supports_monitoring and row.variable_attribute[0].persistent
        assert part.value == Decimal("5.5")

    @pytest.mark.parametrize("mutability", list(MutabilityEnumType))
    def test_the_standard_says_who_may_set(self, mutability: MutabilityEnumType) -> None:
        model = DeviceModel()
        variables = [
            model.evse(1).available,
            model.tx_ctrlr.ev_connection_time_out,
            model.security_ctrlr.basic_auth_password,
            model.auth_ctrlr.authorize_remote_start,
            model.component("Own").variable("Thing", STRING),
        ]
        allowed = []
        for variable in variables:
            try:
                variable.add(mutability=mutability)
            except LocalProtocolError as error:
                assert f"as in the standard, found {mutability}" in str(error)
            allowed.append(variable.exists)
        assert (
            allowed
            == {
                MutabilityEnumType.READ_ONLY: [True, True, False, True, True],
                MutabilityEnumType.READ_WRITE: [False, True, False, True, True],
                MutabilityEnumType.WRITE_ONLY: [False, False, True, False, True],
            }[mutability]
        )

    def test_twice_is_an_error_in_any_case(self) -> None:
        model = DeviceModel()
        model.component("Fan").variable("Speed", INTEGER).add(1)
        with pytest.raises(LocalProtocolError, match=r"^FAN\.SPEED is in the device model already$"):
            model.component("FAN").variable("SPEED", INTEGER).add(1)

    @pytest.mark.parametrize(
        ("place", "message"),
        [
            (Place("Fan", "", 0, 1, "Speed"), "expected an EVSE to every Connector, found Fan"),
            (Place("Fan", "", 2**31, 0, "Speed"), "/component/evse/id"),
            (Place("Fan", "", -1, 0, "Speed"), "/component/evse/id"),
            (Place("x" * 51, variable="Speed"), "/component/name"),
            (Place("a fan", variable="Speed"), "/component/name"),
            (Place("Fan", "#1", variable="Speed"), "/component/instance"),
            (Place("Fan", variable="Speed" * 11), "/variable/name"),
            (Place("Fan", variable="Speed", instance="x" * 51), "/variable/instance"),
        ],
    )
    def test_an_address_must_fit_into_messages(self, place: Place, message: str) -> None:
        model = DeviceModel()
        component = model.component(
            place.component, place.component_instance, evse_id=place.evse_id, connector_id=place.connector_id
        )
        with pytest.raises(LocalProtocolError, match=message):
            component.variable(place.variable, INTEGER)[place.instance].add(1)
        assert (len(model), len(model.components)) == (0, 0)

    def test_characteristics_must_fit_into_messages(self) -> None:
        part = DeviceModel().component("Fan").variable("Speed", INTEGER)
        with pytest.raises(LocalProtocolError, match=r"^Fan\.Speed: .*/variableCharacteristics/unit"):
            part.add(1, unit="x" * 17)
        with pytest.raises(LocalProtocolError, match=r"^Fan\.Speed: .*/variableCharacteristics/valuesList"):
            part.add(1, values_list=[str(number) for number in range(400)])
        with pytest.raises(LocalProtocolError, match=r"^Fan\.Speed: .*/variableCharacteristics/maxElements"):
            part.add(1, max_elements=0)
        with pytest.raises(LocalProtocolError, match=r"^Fan\.Speed: expected min_limit <= max_limit, found 2 > 1$"):
            part.add(1, min_limit=2, max_limit=1)
        assert not part.exists
