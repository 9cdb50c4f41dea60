"""The device model as a whole."""

from __future__ import annotations

import pytest

from device_model.asking import setting
from ocpp21.device_model import DECIMAL, INTEGER, Change, DeviceModel, Place
from ocpp21.device_model.catalogue import EVSE, TxCtrlr
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import AttributeEnumType, ComponentType, VariableType


def test_components_are_found_by_name_in_any_case(model: DeviceModel) -> None:
    assert type(model.component("txctrlr")) is TxCtrlr
    assert type(model.component("EVSE", evse_id=1)) is EVSE
    assert model.component("evse", evse_id=1).exists and not model.component("EVSE").exists


def test_it_iterates_over_its_variables(model: DeviceModel) -> None:
    found = list(model)
    assert len(found) == len(model) == len({variable.place.address for variable in found})
    assert all(variable.exists for variable in found)
    assert repr(model) == f"<DeviceModel of {len(model.components)} components, {len(model)} variables>"


def test_what_is_honoured_by_nothing_is_listed(bare: DeviceModel) -> None:
    places = bare.unhonoured()
    assert Place("TxCtrlr", variable="EVConnectionTimeOut") in places
    assert Place("EVSE", evse_id=1, variable="Available") not in places
    bare.tx_ctrlr.ev_connection_time_out.honour()
    assert len(bare.unhonoured()) == len(places) - 1


def test_changes_apply_all_or_none(model: DeviceModel) -> None:
    checked = model.check_set([setting("TxCtrlr", "EVConnectionTimeOut", "61")])
    gone = Change(Place("Gone", variable="Away"), AttributeEnumType.ACTUAL, "", "1")
    odd = Change(Place("EVSE", evse_id=1, variable="Power"), AttributeEnumType.TARGET, "", "1")
    for wrong, message in ((gone, "^Gone.Away is not in"), (odd, "^EVSE@1.Power has no attribute Target")):
        with pytest.raises(LocalProtocolError, match=message):
            model.apply([*checked.changes, wrong])
    assert model.tx_ctrlr.ev_connection_time_out.value == 60


def test_a_change_names_its_variable_as_messages_do() -> None:
    change = Change(Place("Fan", variable="Speed", instance="a"), AttributeEnumType.TARGET, "1", "2")
    assert change.component == ComponentType(name="Fan")
    assert change.variable == VariableType(name="Speed", instance="a")
    assert str(change) == "Fan.Speed[a] Target: '1' -> '2'"


def test_a_handle_must_be_of_the_type_of_the_standard(model: DeviceModel) -> None:
    assert model.tx_ctrlr.variable("EVConnectionTimeOut", INTEGER).value == 60
    with pytest.raises(TypeError, match=r"^expected integer, found decimal: TxCtrlr\.EVConnectionTimeOut$"):
        model.tx_ctrlr.variable("EVConnectionTimeOut", DECIMAL)
