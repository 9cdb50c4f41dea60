"""What a type checker makes of the device model; checked by ../test_typing.py, never run.

A comment behind ``reveal_type`` gives the type that must be revealed there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import reveal_type

from ocpp21.device_model import DECIMAL, Accessor, Component, DeviceModel, GenericVariables, Row
from ocpp21.device_model.catalogue import TxCtrlr
from ocpp21.messages import StatusInfoType


class Fan(Component, name="Fan"):
    speed = Accessor(DECIMAL, Row("Speed", unit="RPM"))


def read(device_model: DeviceModel) -> None:
    reveal_type(device_model.tx_ctrlr.ev_connection_time_out)  # Variable[int]
    reveal_type(device_model.tx_ctrlr.ev_connection_time_out.value)  # int
    reveal_type(device_model.ocpp_comm_ctrlr.message_timeout["Default"].value)  # int
    reveal_type(device_model.tx_ctrlr.stop_tx_on_invalid_id.value)  # bool
    reveal_type(device_model.tx_ctrlr.tx_start_point.value)  # tuple[str, ...]
    reveal_type(device_model.clock_ctrlr.date_time.value)  # datetime
    reveal_type(device_model.evse(1).power.value)  # Decimal
    reveal_type(device_model.evse(1).power.get())  # Decimal | None
    reveal_type(device_model.evse(1).power.get(0))  # Decimal | int
    reveal_type(device_model.connector(1, 1).connector_type.value)  # str
    reveal_type(device_model.connected_ev.at(1))  # ConnectedEV
    reveal_type(device_model.network_configuration["1"].message_timeout.value)  # int
    reveal_type(device_model.tx_ctrlr.view(GenericVariables).problem.value)  # bool
    reveal_type(Fan(device_model).speed.value)  # Decimal
    reveal_type(TxCtrlr.ev_connection_time_out)  # Accessor[int]


def write(device_model: DeviceModel) -> None:
    device_model.tx_ctrlr.ev_connection_time_out.set(60)
    device_model.tx_ctrlr.ev_connection_time_out.set("60")  # error
    device_model.tx_ctrlr.ev_connection_time_out.add(60, min_limit=1)
    device_model.tx_ctrlr.ev_connection_time_out.add(60, min_limt=1)  # error
    device_model.evse(1).power.set(7360.5)
    device_model.evse(1).power.add(Decimal(1), max_limit=22_000)
    device_model.tx_ctrlr.ev_connection_time_out.honour(even)
    device_model.tx_ctrlr.stop_tx_on_invalid_id.honour(text)  # error


def even(value: int) -> StatusInfoType | None:
    return StatusInfoType(reason_code="InvalidValue") if value % 2 else None


def text(value: str) -> StatusInfoType | None:
    return StatusInfoType(reason_code="InvalidValue") if value else None
