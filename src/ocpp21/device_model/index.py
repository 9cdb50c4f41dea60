"""The variables by component, and the one place where a value changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from ocpp21.device_model.characteristics import VALUE_SIZE
from ocpp21.device_model.entry import Attribute, Change, Claim, Entry, Observer
from ocpp21.device_model.place import Address, ComponentKey, Place, VariableKey
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import AttributeEnumType, ComponentType

__all__ = ["ComponentEntry", "Index"]

_LIMITS: Final = ("devicedatactrlr", "", 0, 0)


class ComponentEntry:
    """A component of the device model with its variables, in the order in which they were added."""

    __slots__ = ("component", "place", "variables")

    def __init__(self, place: Place) -> None:
        self.place = place
        self.component: ComponentType = place.component_type
        self.variables: dict[VariableKey, Entry] = {}


class Index:
    """All variables, found without regard to case (Part 2, 2.1.4).

    Attributes:
        components: the components, each with its variables, in the order in which they were added.
        by_address: the variables, for finding one.
        observers: told after any value has changed.
    """

    def __init__(self) -> None:
        self.components: dict[ComponentKey, ComponentEntry] = {}
        self.by_address: dict[Address, Entry] = {}
        self.observers: list[Observer] = []
        self._claims: dict[Address, Claim] = {}

    def entries(self) -> Iterator[Entry]:
        """All variables, in the order in which their components were added."""
        return (entry for component in self.components.values() for entry in component.variables.values())

    def claim(self, address: Address) -> Claim:
        """Who vouches for the variable at an address; it need not be there yet."""
        return self._claims.setdefault(address, Claim())

    def insert(self, entry: Entry) -> None:
        """Add a variable, and its component if that is new.

        Raises:
            LocalProtocolError: the variable is there already, or its Connector has no EVSE.
        """
        place = entry.place
        if place.connector_id and not place.evse_id:
            raise LocalProtocolError(f"expected an EVSE to every Connector, found {place}")
        if place.address in self.by_address:
            raise LocalProtocolError(f"{place} is in the device model already")
        component = self.components.setdefault(place.component_key, ComponentEntry(place))
        component.variables[place.variable_key] = self.by_address[place.address] = entry

    def apply(self, changes: Iterable[Change], /) -> None:
        """Make changes that were checked before, all of them, and then tell who watches of values in force.

        Raises:
            LocalProtocolError: a variable is not there; nothing has changed then.
            ExceptionGroup: observers failed; all changes are made and all other observers were told.
        """
        found = [(change, *self._located(change)) for change in changes]
        told = []
        for change, entry, attribute in found:
            before = attribute.text
            attribute.put(change.new, later=change.takes_effect_on_reboot)
            if attribute.text != before:
                told.append((change, entry))
        self._tell(told)

    def activate(self) -> tuple[Change, ...]:
        """Put in force what was waiting for a reboot, for a station that reboots without losing this object.

        Returns:
            The changes that were waiting.
        """
        changes = [
            (_change(entry, item, item.pending), entry, item)
            for entry in self.entries()
            for item in entry.attributes.values()
            if item.pending is not None
        ]
        for change, _, attribute in changes:
            attribute.put(change.new, later=False)
        self._tell((change, entry) for change, entry, _ in changes)
        return tuple(change for change, _, _ in changes)

    def reporting_value_size(self) -> int:
        """Longest value in an answer or report, in characters (DeviceDataCtrlr.ReportingValueSize and ValueSize)."""
        return self._size("reportingvaluesize")

    def configuration_value_size(self) -> int:
        """Longest value that can be set, in characters (DeviceDataCtrlr.ConfigurationValueSize and ValueSize)."""
        return self._size("configurationvaluesize")

    def _size(self, name: str) -> int:
        entries = (self.by_address.get((*_LIMITS, variable, "")) for variable in (name, "valuesize"))
        sizes: list[int | None] = [entry.number(AttributeEnumType.ACTUAL) for entry in entries if entry is not None]
        return max(min(size for size in (*sizes, VALUE_SIZE) if size is not None), 0)

    def _located(self, change: Change) -> tuple[Entry, Attribute]:
        entry = self.by_address.get(change.place.address)
        if entry is None:
            raise LocalProtocolError(f"{change.place} is not in the device model")
        return entry, entry.need(change.attribute)

    def _tell(self, changes: Iterable[tuple[Change, Entry]]) -> None:
        errors: list[Exception] = []
        for change, entry in changes:
            for observer in (*entry.claim.observers, *self.observers):
                try:
                    observer(change)
                except Exception as error:
                    errors.append(error)
        if errors:
            raise ExceptionGroup("observers of the device model failed; the changes are made", errors)


def _change(entry: Entry, attribute: Attribute, new: str) -> Change:
    return Change(entry.place, attribute.type, attribute.text or "", new, attribute.is_persistent, attribute.is_secret)
