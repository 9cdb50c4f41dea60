"""The device model that every Charging Station must have."""

from __future__ import annotations

import pytest

from ocpp21.device_model import DeviceModel, EvseLayout
from ocpp21.device_model.catalogue import COMPONENTS, EVSE, Connector, NetworkConfiguration
from ocpp21.device_model.minimal import complete
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import ReportBaseEnumType

#: Variables whose value is the station's: a maker gives the clock a source.
WITHOUT_VALUE = {"ClockCtrlr.DateTime", "EVSE@1.Power"}


@pytest.mark.parametrize("profile", [1, 2, 3])
def test_all_that_is_required_is_there(profile: int) -> None:
    model = DeviceModel.minimal(security_profile=profile)
    places = {EVSE: (1, 0), Connector: (1, 1)}
    for kind in COMPONENTS.values():
        component = kind(model).at(*places.get(kind, (0, 0)))
        component = component["1"] if kind is NetworkConfiguration else component
        for accessor in kind.ACCESSORS.values():
            for row in accessor.rows:
                exists = accessor.__get__(component, kind)[row.instance].exists
                assert exists or row.required != "yes"
    assert model.security_ctrlr.basic_auth_password.exists == (profile < 3)
    assert model.security_ctrlr.additional_root_certificate_check.exists == (profile > 1)
    assert model.security_ctrlr.security_profile.value == profile


def test_all_have_values_but_those_that_cannot() -> None:
    model = DeviceModel.minimal(security_profile=3)
    secret = {f"NetworkConfiguration[{slot}].BasicAuthPassword" for slot in (1, 2)}
    assert {str(variable.place) for variable in model if variable.get() is None} == WITHOUT_VALUE | secret


def test_evses_connectors_and_slots_are_numbered() -> None:
    layouts = [EvseLayout(), EvseLayout(("cCCS2", "sType2"), 150_000, 0)]
    model = DeviceModel.minimal(layouts, configuration_slots=[1, 5])
    places = [str(variable.place) for variable in model]
    assert [place for place in places if place.endswith("ConnectorType")] == [
        "Connector@1.1.ConnectorType",
        "Connector@2.1.ConnectorType",
        "Connector@2.2.ConnectorType",
    ]
    assert model.evse(2).power.characteristics.max_limit == 150_000
    assert (model.evse(2).supply_phases.value, model.charging_station.supply_phases.value) == (0, 3)
    assert model.ocpp_comm_ctrlr.network_configuration_priority.value == ("1",)
    assert model.ocpp_comm_ctrlr.network_configuration_priority.characteristics.values_list == ("1", "5")
    assert model.network_configuration["5"].ocpp_version.value == "OCPP21"


@pytest.mark.parametrize(
    ("evses", "profile", "message"),
    [
        ([], 1, "expected at least one EVSE, each with a Connector"),
        ([EvseLayout(())], 1, "expected at least one EVSE, each with a Connector"),
        ([EvseLayout()], 0, "expected security profile 1, 2 or 3, found 0"),
        ([EvseLayout()], 4, "expected security profile 1, 2 or 3, found 4"),
    ],
)
def test_refuses_what_is_no_station(evses: list[EvseLayout], profile: int, message: str) -> None:
    with pytest.raises(LocalProtocolError, match=message):
        DeviceModel.minimal(evses, security_profile=profile)


def test_what_is_there_already_stays() -> None:
    model = DeviceModel()
    model.tx_ctrlr.ev_connection_time_out.add(7, min_limit=5)
    complete(model, [EvseLayout()])
    assert model.tx_ctrlr.ev_connection_time_out.value == 7
    assert len(model) == len(DeviceModel.minimal())


def test_lists_are_not_empty() -> None:
    for row in DeviceModel.minimal().base_report(ReportBaseEnumType.FULL_INVENTORY):
        facts = row.variable_characteristics
        assert facts is not None and (not facts.data_type.endswith("List") or facts.values_list)
