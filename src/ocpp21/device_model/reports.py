"""What reports hold: base reports (B07) and custom reports (B08)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Final

from ocpp21.device_model.entry import Attribute, Entry
from ocpp21.device_model.index import ComponentEntry, Index
from ocpp21.device_model.place import ComponentKey
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import (
    AttributeEnumType,
    ComponentCriterionEnumType,
    ComponentVariableType,
    ReportBaseEnumType,
    ReportDataType,
    VariableAttributeType,
)
from ocpp21.refusal import quote

__all__ = ["base_report", "report"]

_ACTUAL: Final = AttributeEnumType.ACTUAL

#: Variables that tell of an abnormal state while they are true (B07.FR.09).
_ABNORMAL: Final = ("problem", "tripped", "overload", "fallback")

_AVAILABILITY_STATE: Final = ("availabilitystate", "")


def base_report(index: Index, base: ReportBaseEnumType, /) -> list[ReportDataType]:
    """Collect a base report, in the order in which the variables were added.

    Args:
        index: the device model.
        base: ConfigurationInventory: the attributes that the CSMS can set (B07.FR.07). FullInventory: all attributes of
            all variables, also unset ones (B07.FR.08, B07.FR.11). SummaryInventory: AvailabilityState of the station,
            its EVSEs, and the Connectors that differ from their EVSE; and what is wrong (B07.FR.09).

    Raises:
        LocalProtocolError: there is no such base report.
    """
    match base:
        case ReportBaseEnumType.CONFIGURATION_INVENTORY:
            rows = ((entry, list(entry.writable())) for entry in index.entries())
        case ReportBaseEnumType.FULL_INVENTORY:
            rows = ((entry, list(entry.attributes.values())) for entry in index.entries())
        case ReportBaseEnumType.SUMMARY_INVENTORY:
            rows = ((entry, list(entry.attributes.values())) for entry in _summary(index))
        case _:
            # Lenient decoding leaves a value that the schema does not know as it is.
            raise LocalProtocolError(f"expected a base report of the standard, found {quote(base)}")
    size = index.reporting_value_size()
    return [_row(entry, attributes, size) for entry, attributes in rows if attributes]


def report(
    index: Index,
    criteria: Collection[ComponentCriterionEnumType] | None = None,
    component_variables: Iterable[ComponentVariableType] | None = None,
    /,
) -> list[ReportDataType]:
    """Collect a custom report, in the order in which the variables were added.

    Args:
        index: the device model.
        criteria: components that meet any of these (B08.FR.13); all when empty.
        component_variables: variables that any of these names (B08.FR.11); all when empty. Both must hold (B08.FR.05).

    Returns:
        Nothing when nothing is selected: EmptyResultSet (B08.FR.15).

    Raises:
        LocalProtocolError: there is no such criterion.
    """
    for criterion in criteria or ():
        if criterion not in list(ComponentCriterionEnumType):
            raise LocalProtocolError(f"expected a criterion of the standard, found {quote(criterion)}")
    size = index.reporting_value_size()
    filters = None if not component_variables else _Filters(component_variables)
    return [
        _row(entry, entry.attributes.values(), size)
        for key, component in index.components.items()
        if not criteria or any(_meets(component, criterion) for criterion in criteria)
        for entry in (component.variables.values() if filters is None else filters.select(key, component))
    ]


def _row(entry: Entry, attributes: Iterable[Attribute], size: int) -> ReportDataType:
    return ReportDataType(
        component=entry.component,
        variable=entry.variable,
        variable_attribute=[_attribute(entry, attribute, size) for attribute in attributes],
        variable_characteristics=entry.characteristics.to_message(),  # B07.FR.07, B07.FR.08, B08.FR.12
    )


def _attribute(entry: Entry, attribute: Attribute, size: int) -> VariableAttributeType:
    return VariableAttributeType(
        type=attribute.type,
        # B07.FR.03, B08.FR.03; an unset value is "" (B07.FR.11).
        value=None if attribute.is_secret else attribute.configured[:size],
        mutability=entry.mutability(attribute),
        persistent=attribute.is_persistent,
        constant=attribute.is_constant,
    )


def _summary(index: Index) -> Iterator[Entry]:
    """B07.FR.09"""
    for key, component in index.components.items():
        name, _, evse_id, connector_id = key
        state = component.variables.get(_AVAILABILITY_STATE)
        if state is not None and name in ("chargingstation", "evse", "connector"):
            evse = index.by_address.get(("evse", "", evse_id, 0, *_AVAILABILITY_STATE)) if connector_id else None
            if evse is None or evse.number(_ACTUAL) != state.number(_ACTUAL):
                yield state
        yield from (entry for name in _ABNORMAL for entry in _named(component, name) if entry.number(_ACTUAL) is True)


def _named(component: ComponentEntry, name: str) -> Iterator[Entry]:
    """A variable of a component in all its instances."""
    return (entry for (variable, _), entry in component.variables.items() if variable == name)


def _meets(component: ComponentEntry, criterion: ComponentCriterionEnumType) -> bool:
    """True when any instance of the variable is; but for Problem also when it is missing or unset."""
    values = [entry.number(_ACTUAL) for entry in _named(component, criterion.value.lower())]
    if criterion is ComponentCriterionEnumType.PROBLEM:
        return True in values  # B08.FR.10
    return True in values or False not in values  # B08.FR.07, B08.FR.08, B08.FR.09


class _Filters:
    """The componentVariable elements of a GetReportRequest, by name of the component."""

    def __init__(self, component_variables: Iterable[ComponentVariableType]) -> None:
        self._by_name: dict[str, list[ComponentVariableType]] = {}
        for item in component_variables:
            self._by_name.setdefault(item.component.name.lower(), []).append(item)

    def select(self, key: ComponentKey, component: ComponentEntry) -> Iterator[Entry]:
        """The variables of a component that are wanted, each once."""
        wanted = [item.variable for item in self._by_name.get(key[0], ()) if _matches(item, key)]
        if not wanted:
            return
        # B08.FR.20: no variable stands for all; B08.FR.21: no instance stands for all.
        names = [None if item is None else (item.name.lower(), (item.instance or "").lower()) for item in wanted]
        for (name, instance), entry in component.variables.items():
            if None in names or (name, "") in names or (name, instance) in names:
                yield entry


def _matches(item: ComponentVariableType, key: ComponentKey) -> bool:
    _, instance, evse_id, connector_id = key
    asked = item.component
    # B08.FR.24, B08.FR.25: a component without instance stands for all.
    if asked.instance and asked.instance.lower() != instance:
        return False
    # B08.FR.23: no EVSE stands for all and for none; B08.FR.22: no Connector for all and for the EVSE itself.
    if asked.evse is not None and asked.evse.id != evse_id:
        return False
    return asked.evse is None or not asked.evse.connector_id or asked.evse.connector_id == connector_id
