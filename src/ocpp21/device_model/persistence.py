"""What survives a reboot: out to a store, and back from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ocpp21.device_model.characteristics import ValueRefused
from ocpp21.device_model.data_types import STRING
from ocpp21.device_model.entry import Attribute, Entry
from ocpp21.device_model.index import Index
from ocpp21.device_model.place import Key, Place
from ocpp21.messages import MutabilityEnumType

__all__ = ["Ignored", "load", "persistent_values"]


class Ignored(NamedTuple):
    """A stored value that was not taken.

    Attributes:
        key: what it was stored under.
        reason: why, without the value of a write-only variable.
    """

    key: tuple[object, ...]
    reason: str


def persistent_values(index: Index, /) -> dict[Key, str]:
    """Collect the values that must survive a reboot and are not the ones that their variables were declared with.

    Values of write-only variables are among them.
    """
    return {
        entry.place.key(attribute.type): attribute.configured
        for entry in index.entries()
        for attribute in entry.attributes.values()
        if attribute.is_persistent and attribute.was_set
    }


def load(index: Index, values: Mapping[Key, str], /) -> list[Ignored]:
    """Put stored values in force, before the station starts; nobody is told.

    Args:
        index: the device model.
        values: as :func:`persistent_values` gave them, maybe to another firmware; plain tuples will do as keys.

    Returns:
        What was not taken: unknown variables, values that their characteristics do not allow. These keep the value that
        they were declared with.
    """
    ignored: list[Ignored] = []
    for key, text in values.items():
        reason = _put(index, key, text)
        if reason is not None:
            ignored.append(Ignored(tuple(key), reason))
    return ignored


def _put(index: Index, key: Key, text: str) -> str | None:
    found = _find(index, key)
    if found is None:
        return "the device model has no such attribute"
    entry, attribute = found
    if not attribute.is_persistent:
        return f"{entry.place} is not persistent"
    # A measured value may be out of range; a configured one may not.
    ranges = attribute.mutability is not MutabilityEnumType.READ_ONLY
    if not text and entry.characteristics.data_type is STRING:  # it was left without a value
        attribute.put(text, later=False)
        return None
    try:
        text = entry.characteristics.check(text, is_secret=attribute.is_secret, ranges=ranges)
    except ValueRefused as error:
        return f"{entry.place}: {error}"
    attribute.put(text, later=False)
    return None


def _find(index: Index, key: Key) -> tuple[Entry, Attribute] | None:
    component, component_instance, evse_id, connector_id, variable, variable_instance, type_ = key
    place = Place(
        component, component_instance or "", evse_id or 0, connector_id or 0, variable, variable_instance or ""
    )
    entry = index.by_address.get(place.address)
    attribute = None if entry is None else entry.attributes.get(type_)
    return None if entry is None or attribute is None else (entry, attribute)
