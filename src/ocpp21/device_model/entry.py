"""What is kept of a variable: its attributes and who vouches for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from ocpp21.device_model.characteristics import Characteristics
from ocpp21.device_model.place import Key, Place
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import AttributeEnumType, ComponentType, MutabilityEnumType, StatusInfoType, VariableType

__all__ = ["Attribute", "Change", "Claim", "Entry", "Observer", "Precondition"]

_READ_ONLY: Final = MutabilityEnumType.READ_ONLY
_WRITE_ONLY: Final = MutabilityEnumType.WRITE_ONLY


@dataclass(frozen=True, slots=True)
class Change:
    """A value that is to change or has changed.

    Attributes:
        place: the variable.
        attribute: which attribute of it.
        old: value so far, "" when none was set.
        new: value from now on.
        is_persistent: True when the value must survive a reboot.
        is_secret: True for a write-only variable; the values are not in the representation then.
        takes_effect_on_reboot: True when the new value is only kept for the time after a reboot.
    """

    place: Place
    attribute: AttributeEnumType
    old: str = field(repr=False)
    new: str = field(repr=False)
    is_persistent: bool = False
    is_secret: bool = False
    takes_effect_on_reboot: bool = False

    @property
    def component(self) -> ComponentType:
        """The component as messages name it."""
        return self.place.component_type

    @property
    def variable(self) -> VariableType:
        """The variable as messages name it."""
        return self.place.variable_type

    @property
    def key(self) -> Key:
        """What a store files the value under."""
        return self.place.key(self.attribute)

    def __str__(self) -> str:
        name = f"{self.place}" + ("" if self.attribute == AttributeEnumType.ACTUAL else f" {self.attribute}")
        return f"{name}: not shown" if self.is_secret else f"{name}: {self.old!r} -> {self.new!r}"


#: Called with every change after it has been made.
Observer = Callable[[Change], object]

#: Called with the value that is to be set; says why it cannot be, or None.
Precondition = Callable[[Any], StatusInfoType | None]


@dataclass(slots=True)
class Claim:
    """Who vouches for a variable and who watches it; it may be there before the variable is.

    Attributes:
        is_honoured: True when something acts on what is set.
        preconditions: asked before a value is set.
        observers: told after a value has changed.
    """

    is_honoured: bool = False
    preconditions: list[Precondition] = field(default_factory=list)
    observers: list[Observer] = field(default_factory=list)


class Attribute:
    """One attribute of a variable.

    Attributes:
        type: which attribute.
        mutability: as declared.
        is_persistent: True when the value must survive a reboot.
        is_constant: True when the value never changes while the station runs.
        text: value in force, "" when none is set.
        pending: value that a reboot puts in force, or None.
        was_set: True when the value is not the one it was declared with.
        source: gives the value whenever it is asked for, in place of ``text``; None for most.
    """

    __slots__ = (
        "_read",
        "_value",
        "is_constant",
        "is_persistent",
        "mutability",
        "pending",
        "source",
        "text",
        "type",
        "was_set",
    )

    def __init__(
        self,
        type_: AttributeEnumType,
        mutability: MutabilityEnumType,
        text: str | None,
        *,
        is_persistent: bool,
        is_constant: bool,
    ) -> None:
        self.type = type_
        self.mutability = mutability
        self.is_persistent = is_persistent
        self.is_constant = is_constant
        self.text = text
        self.pending: str | None = None
        self.was_set = False
        self.source: Callable[[], str] | None = None
        self._read: str | None = None
        self._value: Any = None

    @property
    def is_secret(self) -> bool:
        """True when it can be set, and never read."""
        return self.mutability is _WRITE_ONLY

    @property
    def is_writable(self) -> bool:
        """True when it is declared to be set by the CSMS."""
        return self.mutability is not _READ_ONLY

    @property
    def configured(self) -> str:
        """The value that was set last, whether it is in force or not; "" when none is set (B06.FR.13)."""
        if self.source is not None:
            return self.source()
        text = self.pending if self.pending is not None else self.text
        return "" if text is None else text

    def value(self, characteristics: Characteristics) -> Any:
        """The value in force in Python's terms; it is read from its text once."""
        if self.source is not None:
            return characteristics.data_type.read(self.source())
        if self._read is not self.text:
            self._value = None if self.text is None else characteristics.data_type.read(self.text)
            self._read = self.text
        return self._value

    def put(self, text: str, *, later: bool) -> None:
        """Set the value: now, or for the time after a reboot."""
        self.was_set = True
        if later:
            self.pending = text
        else:
            self.text = text
            self.pending = None


class Entry:
    """A variable of the device model.

    Attributes:
        place: its address.
        component: the component as messages name it.
        variable: the variable as messages name it.
        characteristics: its fixed properties.
        attributes: its attributes, Actual first.
        requires_reboot: True when a value that the CSMS sets takes effect on reboot.
        claim: who vouches for it.
    """

    __slots__ = ("attributes", "characteristics", "claim", "component", "place", "requires_reboot", "variable")

    def __init__(
        self,
        place: Place,
        characteristics: Characteristics,
        claim: Claim,
        *,
        requires_reboot: bool,
    ) -> None:
        self.place = place
        self.component = place.component_type
        self.variable = place.variable_type
        self.characteristics = characteristics
        self.attributes: dict[AttributeEnumType, Attribute] = {}
        self.requires_reboot = requires_reboot
        self.claim = claim

    def mutability(self, attribute: Attribute) -> MutabilityEnumType:
        """What the CSMS may do with an attribute: one that nothing honours is read-only, whatever was declared."""
        if self.claim.is_honoured or attribute.is_secret:
            return attribute.mutability
        return _READ_ONLY

    def writable(self) -> Iterator[Attribute]:
        """The attributes that the CSMS may set."""
        return (item for item in self.attributes.values() if self.mutability(item) is not _READ_ONLY)

    def number(self, type_: AttributeEnumType) -> Any:
        """The value of an attribute that may be absent or unset."""
        attribute = self.attributes.get(type_)
        return None if attribute is None else attribute.value(self.characteristics)

    def need(self, type_: AttributeEnumType) -> Attribute:
        """An attribute that must be there."""
        attribute = self.attributes.get(type_)
        if attribute is None:
            raise LocalProtocolError(f"{self.place} has no attribute {type_}")
        return attribute
