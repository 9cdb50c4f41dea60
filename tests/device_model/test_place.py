"""Places: names in messages, keys of stores, text of errors."""

from __future__ import annotations

import pytest

from device_model import asking
from ocpp21.device_model.place import Key, Place, component_key, variable_key
from ocpp21.messages import AttributeEnumType, ComponentType, EVSEType, VariableType

PLACES = [
    (Place("TxCtrlr", variable="TxStartPoint"), "TxCtrlr.TxStartPoint"),
    (Place("OCPPCommCtrlr", variable="MessageTimeout", instance="Default"), "OCPPCommCtrlr.MessageTimeout[Default]"),
    (Place("NetworkConfiguration", "1", variable="Apn"), "NetworkConfiguration[1].Apn"),
    (Place("EVSE", evse_id=2, variable="Power"), "EVSE@2.Power"),
    (Place("Connector", "a", 2, 1), "Connector[a]@2.1"),
]


@pytest.mark.parametrize(("place", "text"), PLACES)
def test_a_place_as_text(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(("place", "_"), PLACES)
def test_a_message_leads_to_the_same_keys(place: Place, _: str) -> None:
    assert component_key(place.component_type) == place.component_key
    assert variable_key(place.variable_type) == place.variable_key
    assert place.address == (*place.component_key, *place.variable_key)


def test_case_does_not_matter_and_evse_0_is_the_station() -> None:
    assert component_key(asking.component("TXCTRLR@0")) == Place("TxCtrlr").component_key
    assert component_key(ComponentType(name="a", instance="", evse=EVSEType(id=0))) == ("a", "", 0, 0)
    assert variable_key(VariableType(name="B", instance="")) == ("b", "")


def test_a_key_names_what_is_not_there_with_none() -> None:
    assert PLACES[0][0].key(AttributeEnumType.ACTUAL) == Key(
        "TxCtrlr", None, None, None, "TxStartPoint", None, AttributeEnumType.ACTUAL
    )


def test_names_of_a_peer_are_shortened_and_escaped() -> None:
    assert str(Place("a\n" * 100)) == ("a\n" * 25)[:49].replace("\n", "\\n") + "…"
