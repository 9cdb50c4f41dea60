"""A device model as a file of TOML that a maker writes.

::

    security_profile = 3            # optional, 1 to 3; 1 when absent
    configuration_slots = [1, 2]    # optional; [1] when absent

    [[evse]]                        # numbered from 1 in this order
    connectors = ["cCCS2"]
    power_w = 150_000
    supply_phases = 0

    [[variable]]                    # a variable of the standard: what is not given is as the standard says
    component = "TxCtrlr"
    variable = "EVConnectionTimeOut"
    value = 90

    [[variable]]                    # one of the maker
    component = "Fan"
    evse = 1
    variable = "Speed"
    data_type = "integer"
    unit = "RPM"
    target = 1200

Variables that every Charging Station must have are added when the file does not name them. Without any ``[[evse]]`` the
file is taken as it is, and nothing is added. Nothing in a file makes a variable one that the CSMS can set: code that
acts on it does, with ``honour()``.
"""

from __future__ import annotations

import difflib
import tomllib
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from ocpp21.device_model.catalogue import COMPONENTS, Components
from ocpp21.device_model.component import Component
from ocpp21.device_model.data_types import DATA_TYPES, DataType
from ocpp21.device_model.declaring import Options
from ocpp21.device_model.minimal import EvseLayout, complete, default_of
from ocpp21.device_model.place import Place
from ocpp21.device_model.variable import Variable
from ocpp21.errors import LocalProtocolError, printable, shorten
from ocpp21.messages import AttributeEnumType, DataEnumType, MutabilityEnumType

__all__ = ["fill"]

#: Keys of a variable that are the options of ``add()`` by the same name.
_OPTIONS: Final = (
    "mutability",
    "persistent",
    "constant",
    "unit",
    "min_limit",
    "max_limit",
    "values_list",
    "max_elements",
    "supports_monitoring",
    "requires_reboot",
)

_ATTRIBUTES: Final = {
    "min_set": AttributeEnumType.MIN_SET,
    "max_set": AttributeEnumType.MAX_SET,
    "target": AttributeEnumType.TARGET,
}


class _Evse(msgspec.Struct, forbid_unknown_fields=True):
    connectors: list[str]
    power_w: float
    supply_phases: int


class _Variable(msgspec.Struct, forbid_unknown_fields=True):
    component: str
    variable: str
    component_instance: str = ""
    variable_instance: str = ""
    evse: int = 0
    connector: int = 0
    data_type: DataEnumType | None = None
    value: Any = None
    target: Any = None
    min_set: Any = None
    max_set: Any = None
    mutability: MutabilityEnumType | None = None
    persistent: bool | None = None
    constant: bool | None = None
    unit: str | None = None
    min_limit: int | float | None = None
    max_limit: int | float | None = None
    values_list: list[str] | None = None
    max_elements: int | None = None
    supports_monitoring: bool | None = None
    requires_reboot: bool | None = None

    @property
    def place(self) -> Place:
        return Place(
            self.component, self.component_instance, self.evse, self.connector, self.variable, self.variable_instance
        )


class _File(msgspec.Struct, forbid_unknown_fields=True):
    security_profile: int = 1
    configuration_slots: list[int] = msgspec.field(default_factory=lambda: [1])
    evse: list[_Evse] = []
    variable: list[dict[str, Any]] = []


def fill(model: Components, source: Path | str, /) -> None:
    """Add what a file describes to a new device model.

    Args:
        model: an empty device model; of no use after an error.
        source: path of the file, or its text: a string that is empty or has a line break is a text.

    Raises:
        LocalProtocolError: the file cannot be read or describes no device model; one line that names the place.
    """
    name, file = _read(source)
    for number, item in enumerate(file.variable, 1):
        try:
            _add(model, item)
        except (LocalProtocolError, TypeError, ValueError) as error:
            raise LocalProtocolError(shorten(f"{name}: variable {number}: {printable(str(error))}")) from error
    if file.evse:
        layouts = [EvseLayout(tuple(item.connectors), item.power_w, item.supply_phases) for item in file.evse]
        try:
            complete(
                model,
                layouts,
                security_profile=file.security_profile,
                configuration_slots=file.configuration_slots,
            )
        except LocalProtocolError as error:
            raise LocalProtocolError(shorten(f"{name}: {error}")) from error


def _read(source: Path | str) -> tuple[str, _File]:
    is_text = isinstance(source, str) and ("\n" in source or not source)
    name = "device model" if is_text else Path(source).name
    try:
        text = str(source) if is_text else Path(source).read_text(encoding="utf-8")
        return name, msgspec.convert(tomllib.loads(text), _File)
    except (OSError, ValueError) as error:
        problem = printable(" ".join(str(error).split()))
        raise LocalProtocolError(shorten(f"{name}: {problem}")) from error


def _add(model: Components, table: dict[str, Any]) -> None:
    item = _converted(table)
    place = item.place
    component = COMPONENTS.get(place.component.lower(), Component)(model, place._replace(variable="", instance=""))
    data_type = _data_type(component, item)
    variable = component.variable(place.variable, data_type)[place.instance]
    default = default_of(place)
    given = {name: value for name in _OPTIONS if (value := getattr(item, name)) is not None}
    value = default.value if item.value is None else _typed(item.value)
    variable.add(value, **cast(Options, {**default.options, **given}))
    _support(variable, item)


def _converted(table: dict[str, Any]) -> _Variable:
    try:
        return msgspec.convert(table, _Variable)
    except msgspec.ValidationError as error:
        names = [name for key in ("component", "variable") if isinstance(name := table.get(key), str)]
        raise LocalProtocolError(f"{'.'.join(names) or 'without a name'}: {error}") from error


def _support(variable: Variable[Any], item: _Variable) -> None:
    mutability = item.mutability or MutabilityEnumType.READ_ONLY
    for name, attribute in _ATTRIBUTES.items():
        value = getattr(item, name)
        if value is not None:
            variable.support(attribute, _typed(value), mutability=mutability)


def _data_type(component: Component, item: _Variable) -> DataType[Any]:
    accessor = component.ACCESSORS.get(item.variable.lower())
    if item.data_type is not None:
        return DATA_TYPES[item.data_type]
    if accessor is not None:
        return accessor.data_type
    known = [accessor.rows[0].name for accessor in component.ACCESSORS.values()] if component.NAME else []
    names = [kind.NAME for kind in COMPONENTS.values()]
    near = difflib.get_close_matches(item.variable if known else item.component, known or names, 1)
    hint = f"; is {near[0]} meant?" if near else ""
    raise LocalProtocolError(f"{item.place} is not of the standard and needs a data_type{hint}")


def _typed(value: Any) -> Any:
    """The value that a value of TOML stands for."""
    if isinstance(value, list):
        return tuple(value)
    return value
