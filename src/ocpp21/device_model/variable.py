"""The typed handle of a variable: what station code reads, sets and watches."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final, Generic, Self, TypeVar, Unpack, cast, overload

from ocpp21.device_model.characteristics import Characteristics
from ocpp21.device_model.data_types import STRING, DataType
from ocpp21.device_model.declaring import Mode, Number, Options, add_attribute, checked, declare
from ocpp21.device_model.entry import Change, Entry, Observer
from ocpp21.device_model.index import Index
from ocpp21.device_model.place import Place
from ocpp21.device_model.standard import Row, row_of
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import AttributeEnumType, StatusInfoType

__all__ = ["Variable"]

T = TypeVar("T")
D = TypeVar("D")

_ACTUAL: Final = AttributeEnumType.ACTUAL


class Variable(Generic[T]):
    """A variable at its place, there or not; the parameter is the type of its values.

    An instance of it is had by subscription: ``ocpp_comm_ctrlr.message_timeout["Default"]``.
    """

    __slots__ = ("_address", "_index", "_place", "_rows", "_type")

    def __init__(self, index: Index, place: Place, type_: DataType[T], rows: tuple[Row, ...] = (), /) -> None:
        self._index = index
        self._place = place
        self._address = place.address
        self._type = type_
        self._rows = rows

    def __getitem__(self, instance: str, /) -> Self:
        """The instance of that name."""
        return type(self)(self._index, self._place._replace(instance=instance), self._type, self._rows)

    def __repr__(self) -> str:
        entry = self._entry
        if entry is None:
            return f"<Variable {self._place}: not there>"
        attribute = next(iter(entry.attributes.values()))
        return f"<Variable {self._place}: {'not shown' if attribute.is_secret else repr(attribute.text)}>"

    @property
    def place(self) -> Place:
        """Its address."""
        return self._place

    @property
    def exists(self) -> bool:
        """True when the device model has it."""
        return self._entry is not None

    @property
    def instances(self) -> tuple[str, ...]:
        """The instances that the device model has, "" being the one without."""
        component = self._index.components.get(self._place.component_key)
        entries = [] if component is None else component.variables.values()
        name = self._place.variable.lower()
        return tuple(entry.place.instance for entry in entries if entry.place.variable.lower() == name)

    @property
    def value(self) -> T:
        """The value in force of Actual.

        Raises:
            LocalProtocolError: the variable is not there, or has no value.
        """
        value = self.get()
        if value is None:
            raise LocalProtocolError(f"{self._place} {'has no value' if self.exists else 'is not in the device model'}")
        return value

    @overload
    def get(self, default: None = None, /, *, attribute: AttributeEnumType = ...) -> T | None: ...
    @overload
    def get(self, default: D, /, *, attribute: AttributeEnumType = ...) -> T | D: ...
    def get(self, default: Any = None, /, *, attribute: AttributeEnumType = _ACTUAL) -> Any:
        """The value in force of an attribute, or ``default`` where variable, attribute or value is not there."""
        entry = self._entry
        value = None if entry is None else entry.number(attribute)
        return default if value is None else value

    @property
    def pending(self) -> T | None:
        """The value of Actual that a reboot will put in force, or None."""
        entry = self._entry
        attribute = None if entry is None else entry.attributes.get(_ACTUAL)
        return None if attribute is None or attribute.pending is None else self._type.read(attribute.pending)

    @property
    def is_writable(self) -> bool:
        """True when the device model has it, and declares that the CSMS may set it."""
        entry = self._entry
        attribute = None if entry is None else entry.attributes.get(_ACTUAL)
        return attribute is not None and attribute.is_writable

    @property
    def characteristics(self) -> Characteristics:
        """Its fixed properties.

        Raises:
            LocalProtocolError: the variable is not there.
        """
        return self._need().characteristics

    @overload
    def set(self: Variable[Decimal], value: Number, /, *, attribute: AttributeEnumType = ...) -> Change | None: ...
    @overload
    def set(self, value: T, /, *, attribute: AttributeEnumType = ...) -> Change | None: ...
    def set(self, value: Any, /, *, attribute: AttributeEnumType = _ACTUAL) -> Change | None:
        """Set a value as the station itself, also one that the CSMS cannot set; it is in force at once.

        A read-only number may be outside its limits: what is measured is reported (Part 1, 4.2). A float is taken by
        its shortest form.

        Args:
            value: the value.
            attribute: which attribute.

        Returns:
            The change, or None when this is the value already.

        Raises:
            LocalProtocolError: the variable or attribute is not there, is constant, has a source, or cannot take the
                value.
            TypeError: the value has another type.
            ValueError: the value cannot be written as a text of the data type.
        """
        change = self.change(value, attribute=attribute)
        if change is not None:
            self._index.apply((change,))
        return change

    def change(self, value: T | None, /, *, attribute: AttributeEnumType = _ACTUAL) -> Change | None:
        """The change that :meth:`set` would make, so that it can be stored before the device model applies it.

        Args:
            value: the value; None leaves a variable of texts without one.
            attribute: which attribute.

        Returns:
            The change, or None when this is the value already.

        Raises:
            LocalProtocolError, TypeError, ValueError: as :meth:`set` raises them.
        """
        entry = self._need()
        target = entry.need(attribute)
        if target.is_constant or target.source is not None:
            raise LocalProtocolError(f"{self._place} is constant, or has a source of its own")
        text = "" if value is None and self._type is STRING else checked(entry, target, self._text(value))
        if text == (target.text or "") and target.pending is None:
            return None
        return Change(entry.place, attribute, target.configured, text, target.is_persistent, target.is_secret)

    def provide(self, source: Callable[[], T], /) -> Self:
        """Ask ``source`` for the value of Actual whenever it is wanted, for what changes by itself: a clock, a count.

        It must not raise. Its changes are seen by no observer, and it is neither set nor stored.

        Raises:
            LocalProtocolError: the variable is not there, or is not read-only.
        """
        attribute = self._need().need(_ACTUAL)
        if attribute.is_writable or attribute.is_persistent or attribute.is_constant:
            raise LocalProtocolError(f"{self._place}: expected a ReadOnly variable, not persistent, not constant")
        attribute.source = lambda: self._text(source())
        return self

    def on_change(self, observer: Observer, /) -> Callable[[], None]:
        """Call ``observer`` with every change of a value in force, whoever makes it.

        The variable need not be there yet.

        Returns:
            What ends it.
        """
        observers = self._index.claim(self._address).observers
        observers.append(observer)
        return lambda: observers.remove(observer)

    def honour(self, precondition: Callable[[T], StatusInfoType | None] | None = None, /) -> Self:
        """Vouch for the variable: something acts on what is set, so the CSMS may set it.

        Without this a variable is read-only to the CSMS, whatever it was declared as (B05.FR.09).

        Args:
            precondition: asked before the CSMS sets Actual or Target; says why it cannot, or None.
        """
        claim = self._index.claim(self._address)
        claim.is_honoured = True
        if precondition is not None:
            claim.preconditions.append(precondition)
        return self

    @overload
    def add(
        self: Variable[Decimal], value: Number | None = None, /, **options: Unpack[Options]
    ) -> Variable[Decimal]: ...
    @overload
    def add(self, value: T | None = None, /, **options: Unpack[Options]) -> Variable[T]: ...
    def add(self, value: Any = None, /, **options: Unpack[Options]) -> Any:
        """Put the variable into the device model; what is not given is as the standard says.

        Args:
            value: value of Actual; the default of the standard, or none, when absent.
            **options: see :class:`Options`.

        Returns:
            The variable.

        Raises:
            LocalProtocolError: it is there already, the arguments contradict one another or the standard, or the value
                is not allowed.
            TypeError: the value has another type.
        """
        text = None if value is None else self._text(value)
        declare(self._index, self._place, self._type, row_of(self._rows, self._place), text, options)
        return self

    def support(self, attribute: AttributeEnumType, value: T | None = None, /, **options: Unpack[Mode]) -> Self:
        """Give the variable another attribute: Target, MinSet or MaxSet.

        Args:
            attribute: which one.
            value: its value, if it has one.
            **options: see :class:`Mode`; read-only when its mutability is absent.

        Raises:
            LocalProtocolError: the variable is not there, has the attribute already, or cannot take the value.
            TypeError: the value has another type.
        """
        text = None if value is None else self._text(value)
        add_attribute(self._need(), attribute, text, options)
        return self

    def _text(self, value: T | None) -> str:
        try:
            return self._type.write(cast(T, value))
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self._place}: {error}") from None

    @property
    def _entry(self) -> Entry | None:
        return self._index.by_address.get(self._address)

    def _need(self) -> Entry:
        entry = self._entry
        if entry is None:
            raise LocalProtocolError(f"{self._place} is not in the device model")
        return entry
