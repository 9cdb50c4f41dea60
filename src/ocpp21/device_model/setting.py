"""SetVariables: check first, change after, so that a value can be stored in between (B05)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from ocpp21.device_model.characteristics import ValueRefused
from ocpp21.device_model.data_types import DECIMAL
from ocpp21.device_model.entry import Attribute, Change, Entry
from ocpp21.device_model.index import Index
from ocpp21.device_model.place import Key, component_key, variable_key
from ocpp21.messages import (
    AttributeEnumType,
    MutabilityEnumType,
    SetVariableDataType,
    SetVariableResultType,
    SetVariableStatusEnumType,
)
from ocpp21.messages.values import ReasonCodes

__all__ = ["CheckedSet", "check_set", "check_value"]

_ACTUAL: Final = AttributeEnumType.ACTUAL
_TARGET: Final = AttributeEnumType.TARGET
_MIN_SET: Final = AttributeEnumType.MIN_SET
_MAX_SET: Final = AttributeEnumType.MAX_SET

#: Decimals of a value that is sent to a Charging Station (Part 2, 2.1.4).
_DECIMALS: Final = 6

#: Texts that earlier elements of a request have set, by attribute.
_Overlay = Mapping[Attribute, str]


class CheckedSet(NamedTuple):
    """What a SetVariablesRequest would do.

    Attributes:
        results: one for each element, in their order (B05.FR.01).
        changes: what to store and then to apply; nothing for what is refused or set already.
    """

    results: list[SetVariableResultType]
    changes: tuple[Change, ...]

    def to_store(self) -> dict[Key, str]:
        """The new values that must survive a reboot, those of write-only variables too."""
        return {change.key: change.new for change in self.changes if change.is_persistent}


def check_set(index: Index, data: Iterable[SetVariableDataType], /) -> CheckedSet:
    """Check the elements of a SetVariablesRequest, each on its own and in their order; change nothing."""
    results: list[SetVariableResultType] = []
    changes: list[Change] = []
    overlay: dict[Attribute, str] = {}
    size = index.configuration_value_size()
    for item in data:
        info = None
        try:
            status, change, attribute = _check(index, item, overlay, size)
        except ValueRefused as error:
            status, change, info = SetVariableStatusEnumType.REJECTED, None, error.info
        if change is not None:
            changes.append(change)
            overlay[attribute] = change.new
        results.append(
            # B05.FR.02, B05.FR.03, B05.FR.12
            SetVariableResultType(
                attribute_type=item.attribute_type or _ACTUAL,
                attribute_status=status,
                attribute_status_info=info,
                component=item.component,
                variable=item.variable,
            )
        )
    return CheckedSet(results, tuple(changes))


def _check(
    index: Index, item: SetVariableDataType, overlay: _Overlay, size: int
) -> tuple[SetVariableStatusEnumType, Change | None, Any]:
    component = index.components.get(component_key(item.component))
    if component is None:
        return SetVariableStatusEnumType.UNKNOWN_COMPONENT, None, None  # B05.FR.04
    entry = component.variables.get(variable_key(item.variable))
    if entry is None:
        return SetVariableStatusEnumType.UNKNOWN_VARIABLE, None, None  # B05.FR.05
    attribute = entry.attributes.get(item.attribute_type or _ACTUAL)
    if attribute is None:
        return SetVariableStatusEnumType.NOT_SUPPORTED_ATTRIBUTE_TYPE, None, None  # B05.FR.06
    _check_mutability(entry, attribute)
    text = item.attribute_value
    if len(text) > size:
        problem = f"expected {size} characters or less, found {len(text)}"
        raise ValueRefused(ReasonCodes.VALUE_OUT_OF_RANGE, problem)  # B05.FR.08
    if entry.characteristics.data_type is DECIMAL and len(text.partition(".")[2]) > _DECIMALS:
        problem = f"expected at most {_DECIMALS} decimals, found {len(text.partition('.')[2])}"
        raise ValueRefused(ReasonCodes.INVALID_VALUE, problem)  # B05.FR.07
    text = check_value(entry, attribute, text, overlay)
    _check_preconditions(entry, attribute, text)
    later = entry.requires_reboot and text != attribute.text
    change = None
    if text != overlay.get(attribute, attribute.configured) or attribute.text is None:
        change = _change(entry, attribute, text, overlay, later=later)
    # B05.FR.10; a value that is in force already needs no reboot.
    status = SetVariableStatusEnumType.REBOOT_REQUIRED if later else SetVariableStatusEnumType.ACCEPTED
    return status, change, attribute


def _change(entry: Entry, attribute: Attribute, text: str, overlay: _Overlay, *, later: bool) -> Change:
    return Change(
        entry.place,
        attribute.type,
        overlay.get(attribute, attribute.configured),
        text,
        attribute.is_persistent,
        attribute.is_secret,
        later,
    )


def _check_mutability(entry: Entry, attribute: Attribute) -> None:
    # B05.FR.09
    if entry.mutability(attribute) is MutabilityEnumType.READ_ONLY:
        raise ValueRefused(ReasonCodes.READ_ONLY, f"{entry.place} cannot be set")
    if not entry.claim.is_honoured:
        raise ValueRefused(ReasonCodes.UNSUPPORTED_PARAM, f"{entry.place} is not used by this Charging Station")


def check_value(entry: Entry, attribute: Attribute, text: str, overlay: _Overlay | None = None) -> str:
    """Check a value that is to be set against the characteristics, MinSet and MaxSet.

    Returns:
        The value in the form in which it is kept.

    Raises:
        ValueRefused: with the reason to answer.
    """
    text = entry.characteristics.check(text, is_secret=attribute.is_secret)
    data_type = entry.characteristics.data_type
    if data_type.is_number:
        _check_bounds(entry, attribute, text, overlay or {})
    return text


def _check_preconditions(entry: Entry, attribute: Attribute, text: str) -> None:
    """Ask the code that honours the variable (B05.FR.09)."""
    if attribute.type is not _ACTUAL and attribute.type is not _TARGET:
        return
    value = entry.characteristics.data_type.read(text)
    for precondition in entry.claim.preconditions:
        info = precondition(value)
        if info is not None:
            raise ValueRefused(info.reason_code, info.additional_info or "the Charging Station cannot take it")


def _check_bounds(entry: Entry, attribute: Attribute, text: str, overlay: _Overlay) -> None:
    """MinSet and MaxSet bound what Target may be, and one another (Part 1, 4.2; B05.FR.08)."""
    type_ = attribute.type
    value = entry.characteristics.data_type.read(text)
    shown = "something not shown" if attribute.is_secret else repr(text)
    lowest = _bound(entry, _MIN_SET, overlay) if type_ in (_TARGET, _MAX_SET) else None
    highest = _bound(entry, _MAX_SET, overlay) if type_ in (_TARGET, _MIN_SET) else None
    if lowest is not None and value < lowest:
        problem = f"expected {lowest} (MinSet) or more, found {shown}"
        raise ValueRefused(ReasonCodes.VALUE_OUT_OF_RANGE, problem)
    if highest is not None and value > highest:
        problem = f"expected {highest} (MaxSet) or less, found {shown}"
        raise ValueRefused(ReasonCodes.VALUE_OUT_OF_RANGE, problem)


def _bound(entry: Entry, type_: AttributeEnumType, overlay: _Overlay) -> Any:
    attribute = entry.attributes.get(type_)
    text = "" if attribute is None else overlay.get(attribute, attribute.configured)
    return entry.characteristics.data_type.read(text) if text else None
