"""Components, of the standard and of a maker."""

from __future__ import annotations

from ocpp21.device_model import DECIMAL, STRING, Accessor, Component, DeviceModel, GenericVariables, Row
from ocpp21.device_model.catalogue import COMPONENTS, TxCtrlr


class Fan(Component, name="Fan"):
    speed = Accessor(DECIMAL, Row("Speed", unit="RPM"))


def test_a_maker_describes_a_part() -> None:
    model = DeviceModel()
    fan = Fan(model)["left"].at(1, 2)
    assert repr(fan) == "<Fan Fan[left]@1.2: not there>"
    fan.speed.add(1200)
    assert fan.speed.characteristics.unit == "RPM"
    assert repr(fan) == "<Fan Fan[left]@1.2>"
    assert [str(variable.place) for variable in fan.variables] == ["Fan[left]@1.2.Speed"]
    assert (Fan(model).exists, Fan(model).variables) == (False, ())


class FastTxCtrlr(TxCtrlr):
    pulse = Accessor(STRING, Row("Pulse"))


def test_a_maker_adds_to_a_component_of_the_standard() -> None:
    model = DeviceModel()
    FastTxCtrlr(model).pulse.add("x")
    FastTxCtrlr(model).ev_connection_time_out.add(60)
    assert model.tx_ctrlr.variable("Pulse", STRING).value == "x"
    assert model.tx_ctrlr.ev_connection_time_out.value == 60
    assert FastTxCtrlr.ACCESSORS.keys() - TxCtrlr.ACCESSORS.keys() == {"pulse"}


def test_any_component_may_have_the_general_variables() -> None:
    model = DeviceModel()
    general = model.tx_ctrlr.view(GenericVariables)
    general.label.add("transactions")
    assert model.tx_ctrlr.variable("Label", STRING).value == "transactions"


def test_a_class_says_what_the_standard_says() -> None:
    accessor = TxCtrlr.ev_connection_time_out
    assert isinstance(accessor, Accessor)
    assert accessor.rows[0].required == "yes"
    assert COMPONENTS["txctrlr"] is TxCtrlr
    assert TxCtrlr.ACCESSORS["evconnectiontimeout"] is accessor
