"""Where a variable stands: the names of the standard, and the keys by which they are found without regard to case."""

from __future__ import annotations

from typing import NamedTuple

from ocpp21.errors import printable, shorten
from ocpp21.messages import AttributeEnumType, ComponentType, EVSEType, VariableType

__all__ = ["Address", "ComponentKey", "Key", "Place", "VariableKey", "component_key", "variable_key"]

#: Name and instance in lower case, EVSE and Connector; 0 and "" stand for none. EVSE 0 is the whole Charging Station.
ComponentKey = tuple[str, str, int, int]

#: Name and instance in lower case; "" stands for no instance.
VariableKey = tuple[str, str]


#: Both in a row: where a variable is found.
Address = tuple[str, str, int, int, str, str]


class Key(NamedTuple):
    """What a store files the value of an attribute under; names as the device model spells them.

    Attributes:
        component: name of the component.
        component_instance: its instance, or None.
        evse_id: number of its EVSE, or None for the whole Charging Station.
        connector_id: number of its Connector within the EVSE, or None.
        variable: name of the variable.
        variable_instance: its instance, or None.
        attribute: type of the attribute.
    """

    component: str
    component_instance: str | None
    evse_id: int | None
    connector_id: int | None
    variable: str
    variable_instance: str | None
    attribute: AttributeEnumType


class Place(NamedTuple):
    """The address of a variable, or of a component when ``variable`` is empty.

    Attributes:
        component: name of the component.
        component_instance: its instance, or "".
        evse_id: number of its EVSE, or 0 for the whole Charging Station.
        connector_id: number of its Connector within the EVSE, or 0.
        variable: name of the variable.
        instance: its instance, or "".
    """

    component: str
    component_instance: str = ""
    evse_id: int = 0
    connector_id: int = 0
    variable: str = ""
    instance: str = ""

    @property
    def component_key(self) -> ComponentKey:
        """The component, as it is compared: without regard to case."""
        return self.component.lower(), self.component_instance.lower(), self.evse_id, self.connector_id

    @property
    def variable_key(self) -> VariableKey:
        """The variable, as it is compared: without regard to case."""
        return self.variable.lower(), self.instance.lower()

    @property
    def address(self) -> Address:
        """Component and variable, as they are compared."""
        return self.component_key + self.variable_key

    @property
    def component_type(self) -> ComponentType:
        """The component as messages name it."""
        evse = EVSEType(id=self.evse_id, connector_id=self.connector_id or None) if self.evse_id else None
        return ComponentType(name=self.component, instance=self.component_instance or None, evse=evse)

    @property
    def variable_type(self) -> VariableType:
        """The variable as messages name it."""
        return VariableType(name=self.variable, instance=self.instance or None)

    def key(self, attribute: AttributeEnumType, /) -> Key:
        """What an attribute of the variable is stored under."""
        return Key(
            self.component,
            self.component_instance or None,
            self.evse_id or None,
            self.connector_id or None,
            self.variable,
            self.instance or None,
            attribute,
        )

    def __str__(self) -> str:
        """For errors and logs: ``Connector@1.2.SupplyPhases``, ``OCPPCommCtrlr.MessageTimeout[Default]``."""
        spot = f"@{self.evse_id}" if self.evse_id else ""
        spot += f".{self.connector_id}" if self.connector_id else ""
        component = _named(self.component, self.component_instance) + spot
        return f"{component}.{_named(self.variable, self.instance)}" if self.variable else component


def _named(name: str, instance: str) -> str:
    name = printable(shorten(name, 50))
    return f"{name}[{printable(shorten(instance, 50))}]" if instance else name


def component_key(component: ComponentType, /) -> ComponentKey:
    """The key of a component in a message; an empty instance is none (B06.FR.15)."""
    evse = component.evse
    instance = component.instance
    return (
        component.name.lower(),
        instance.lower() if instance else "",
        evse.id if evse else 0,
        (evse.connector_id or 0) if evse else 0,
    )


def variable_key(variable: VariableType, /) -> VariableKey:
    """The key of a variable in a message; an empty instance is none (B06.FR.15)."""
    instance = variable.instance
    return variable.name.lower(), instance.lower() if instance else ""
