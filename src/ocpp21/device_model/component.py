"""Components with typed variables: what the catalogue is made of, and what makers describe their own parts with.

::

    class Fan(Component, name="Fan"):
        speed = Accessor(DECIMAL, Row("Speed", unit="RPM"))

    Fan(device_model).speed.add(1200)
"""

from __future__ import annotations

from typing import Any, ClassVar, Generic, Self, TypeVar, overload

from ocpp21.device_model.data_types import DataType
from ocpp21.device_model.index import Index
from ocpp21.device_model.place import Place
from ocpp21.device_model.standard import Row
from ocpp21.device_model.variable import Variable

__all__ = ["Accessor", "Component"]

T = TypeVar("T")
C = TypeVar("C", bound="Component")


class Accessor(Generic[T]):
    """A variable as an attribute of its component: the handle on a component, this description on the class.

    Args:
        data_type: data type of the variable.
        rows: what is said of it, one row for each instance; all have one name.
    """

    __slots__ = ("data_type", "rows")

    def __init__(self, data_type: DataType[T], /, *rows: Row) -> None:
        self.data_type = data_type
        self.rows = rows

    @overload
    def __get__(self, component: None, owner: type[Any]) -> Self: ...
    @overload
    def __get__(self, component: Component, owner: type[Any]) -> Variable[T]: ...
    def __get__(self, component: Component | None, owner: type[Any]) -> Self | Variable[T]:
        if component is None:
            return self
        place = component.place._replace(variable=self.rows[0].name)
        return Variable(component.index, place, self.data_type, self.rows)


class Component:
    """A component at its place, there or not.

    Its EVSE or Connector is chosen by :meth:`at`, its instance by subscription:
    ``device_model.connected_ev.at(1)``, ``device_model.network_configuration["1"]``.

    Args:
        index: the device model.
        place: where it stands; on the station, without instance, when absent.
    """

    __slots__ = ("index", "place")

    #: Name of the component; "" where it may be any.
    NAME: ClassVar[str] = ""

    #: What the class says of its variables, by name in lower case.
    ACCESSORS: ClassVar[dict[str, Accessor[Any]]] = {}

    def __init_subclass__(cls, *, name: str = "") -> None:
        cls.NAME = name or cls.NAME
        accessors = [item for item in vars(cls).values() if isinstance(item, Accessor)]
        cls.ACCESSORS = {**cls.ACCESSORS, **{item.rows[0].name.lower(): item for item in accessors}}

    def __init__(self, index: Index, place: Place | None = None, /) -> None:
        self.index = index
        self.place = place or Place(self.NAME)

    def __getitem__(self, instance: str, /) -> Self:
        """The instance of that name."""
        return type(self)(self.index, self.place._replace(component_instance=instance))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.place}{'' if self.exists else ': not there'}>"

    def at(self, evse_id: int, connector_id: int = 0, /) -> Self:
        """The component of an EVSE or Connector; 0 is none."""
        return type(self)(self.index, self.place._replace(evse_id=evse_id, connector_id=connector_id))

    def view(self, kind: type[C], /) -> C:
        """The same component through another class: ``tx_ctrlr.view(GenericVariables).problem``."""
        return kind(self.index, self.place)

    @property
    def exists(self) -> bool:
        """True when the device model has it, with at least one variable."""
        return self.place.component_key in self.index.components

    @property
    def variables(self) -> tuple[Variable[Any], ...]:
        """The variables that the device model has of it."""
        found = self.index.components.get(self.place.component_key)
        entries = () if found is None else found.variables.values()
        return tuple(self._handle(entry.place, entry.characteristics.data_type) for entry in entries)

    def variable(self, name: str, data_type: DataType[T], /) -> Variable[T]:
        """A variable by name, for one that the class does not describe.

        Raises:
            TypeError: the class describes it with another data type.
        """
        return self._handle(self.place._replace(variable=name), data_type)

    def _handle(self, place: Place, data_type: DataType[T]) -> Variable[T]:
        accessor = self.ACCESSORS.get(place.variable.lower())
        if accessor is not None and accessor.data_type is not data_type:
            raise TypeError(f"expected {accessor.data_type.name}, found {data_type.name}: {place}")
        return Variable(self.index, place, data_type, accessor.rows if accessor else ())
