"""Short forms of the elements of requests."""

from __future__ import annotations

from ocpp21.device_model import DeviceModel
from ocpp21.messages import (
    AttributeEnumType,
    ComponentType,
    EVSEType,
    GetVariableDataType,
    GetVariableResultType,
    SetVariableDataType,
    SetVariableResultType,
    VariableType,
)


def component(text: str) -> ComponentType:
    """``Name``, ``Name[instance]``, ``Name@1``, ``Name@1.2``."""
    name, _, spot = text.partition("@")
    name, _, instance = name.partition("[")
    evse_id, _, connector_id = spot.partition(".")
    evse = EVSEType(id=int(evse_id), connector_id=int(connector_id) if connector_id else None) if spot else None
    return ComponentType(name=name, instance=instance.rstrip("]") if instance else None, evse=evse)


def variable(text: str) -> VariableType:
    """``Name`` or ``Name[instance]``."""
    name, _, instance = text.partition("[")
    return VariableType(name=name, instance=instance.rstrip("]") if instance else None)


def setting(part: str, name: str, value: str, attribute: AttributeEnumType | None = None) -> SetVariableDataType:
    return SetVariableDataType(
        attribute_type=attribute, attribute_value=value, component=component(part), variable=variable(name)
    )


def getting(part: str, name: str, attribute: AttributeEnumType | None = None) -> GetVariableDataType:
    return GetVariableDataType(attribute_type=attribute, component=component(part), variable=variable(name))


def put(
    model: DeviceModel, part: str, name: str, value: str, attribute: AttributeEnumType | None = None
) -> SetVariableResultType:
    return model.set_variables([setting(part, name, value, attribute)]).results[0]


def got(model: DeviceModel, part: str, name: str, attribute: AttributeEnumType | None = None) -> GetVariableResultType:
    return model.get_variables([getting(part, name, attribute)])[0]


def outcome(result: SetVariableResultType) -> str:
    """``Accepted``, or status and reason: ``Rejected ReadOnly``."""
    info = result.attribute_status_info
    return result.attribute_status.value + (f" {info.reason_code}" if info else "")
