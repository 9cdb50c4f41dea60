"""The standardized catalogue, as it is used."""

from __future__ import annotations

import pytest

from ocpp21 import codec, redaction
from ocpp21.device_model import Component, DeviceModel, Row
from ocpp21.device_model.catalogue import COMPONENTS, Components
from ocpp21.messages import DataEnumType

#: A list type must have a values_list; where the standard has none, a maker gives it.
OWN = ("A", "B")


def rows(kind: type[Component]) -> list[tuple[str, Row]]:
    return [(name, row) for name, accessor in kind.ACCESSORS.items() for row in accessor.rows]


@pytest.mark.parametrize("kind", COMPONENTS.values(), ids=lambda kind: kind.NAME)
def test_every_variable_can_be_there(kind: type[Component]) -> None:
    model = DeviceModel()
    component = kind(model)
    for accessor in kind.ACCESSORS.values():
        for row in accessor.rows:
            variable = accessor.__get__(component, kind)["x" if row.instance.startswith("<") else row.instance]
            if accessor.data_type.is_list and row.values_list is None:
                variable.add(values_list=(*OWN, *filter(None, (row.default or "").split(","))))
            else:
                variable.add()
            assert variable.characteristics.data_type is accessor.data_type
    report = model.report()
    assert len(report) == len(rows(kind))
    for row in report:
        codec.encode(row)


def test_every_component_is_an_attribute_or_has_a_number() -> None:
    attributes = {name for name, value in vars(Components).items() if isinstance(value, property)}
    model = DeviceModel()
    found = {type(getattr(model, name)) for name in attributes} | {type(model.evse(1)), type(model.connector(1, 1))}
    assert found == set(COMPONENTS.values())


def test_what_is_write_only_is_what_the_redactor_masks() -> None:
    secret = {name for kind in COMPONENTS.values() for name, row in rows(kind) if row.mutability == "WriteOnly"}
    assert secret == redaction._VARIABLES


def test_data_types_are_those_of_the_standard() -> None:
    used = {item.data_type.name for kind in COMPONENTS.values() for item in kind.ACCESSORS.values()}
    assert used == set(DataEnumType)
