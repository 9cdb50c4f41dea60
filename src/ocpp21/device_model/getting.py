"""GetVariables: one result for each element, in their order (B06)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ocpp21.device_model.index import Index
from ocpp21.device_model.place import component_key
from ocpp21.messages import (
    AttributeEnumType,
    GetVariableDataType,
    GetVariableResultType,
    GetVariableStatusEnumType,
    MutabilityEnumType,
    StatusInfoType,
)
from ocpp21.messages.values import ReasonCodes

__all__ = ["get_variables"]

_ACTUAL: Final = AttributeEnumType.ACTUAL
_WRITE_ONLY: Final = MutabilityEnumType.WRITE_ONLY
_WRITE_ONLY_INFO: Final = StatusInfoType(reason_code=ReasonCodes.WRITE_ONLY)

_ACCEPTED: Final = GetVariableStatusEnumType.ACCEPTED
_REJECTED: Final = GetVariableStatusEnumType.REJECTED
_UNKNOWN_COMPONENT: Final = GetVariableStatusEnumType.UNKNOWN_COMPONENT
_UNKNOWN_VARIABLE: Final = GetVariableStatusEnumType.UNKNOWN_VARIABLE
_NOT_SUPPORTED: Final = GetVariableStatusEnumType.NOT_SUPPORTED_ATTRIBUTE_TYPE


def get_variables(index: Index, data: Iterable[GetVariableDataType], /) -> list[GetVariableResultType]:
    """Answer the elements of a GetVariablesRequest; values longer than ReportingValueSize are cut.

    The loop is laid out for speed: it calls nothing of ours for what is found and in force.
    """
    size = index.reporting_value_size()
    find = index.by_address.get
    results = []
    for item in data:  # B06.FR.01
        component, variable = item.component, item.variable
        type_ = item.attribute_type or _ACTUAL  # B06.FR.03, B06.FR.11
        # B06.FR.14, B06.FR.15: exactly the instance that is named, and no instance is one of its own.
        evse, part, instance = component.evse, component.instance, variable.instance
        entry = find(
            (
                component.name.lower(),
                part.lower() if part else "",
                evse.id if evse else 0,
                (evse.connector_id or 0) if evse else 0,
                variable.name.lower(),
                instance.lower() if instance else "",
            )
        )
        info = value = None
        if entry is None:
            # B06.FR.06, B06.FR.07
            status = _UNKNOWN_VARIABLE if component_key(component) in index.components else _UNKNOWN_COMPONENT
        elif (attribute := entry.attributes.get(type_)) is None:
            status = _NOT_SUPPORTED  # B06.FR.08
        elif attribute.mutability is _WRITE_ONLY:
            status, info = _REJECTED, _WRITE_ONLY_INFO  # B06.FR.09
        else:
            status = _ACCEPTED  # B06.FR.04, B06.FR.10
            value = attribute.text
            if value is None or attribute.pending is not None or attribute.source is not None:
                value = attribute.configured  # B06.FR.13
            if len(value) > size:
                value = value[:size]
        results.append(
            GetVariableResultType(
                attribute_status=status,
                attribute_status_info=info,
                attribute_type=type_,
                attribute_value=value,
                component=component,  # B06.FR.02
                variable=variable,
            )
        )
    return results
