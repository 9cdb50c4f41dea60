"""The generated classes against the published schemas, field by field, as msgspec sees them."""

from __future__ import annotations

import enum
import functools
import inspect
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import msgspec
import published
import pytest
from msgspec import inspect as reflection

import ocpp21
from codegen.load import load_schemas
from codegen.model import build
from ocpp21 import codec, messages
from ocpp21.messages import ACTION_OF, ACTIONS, BLOCKS, MESSAGES, enumerations, registry, values
from ocpp21.wire import Datatype, Message, Request, Response, Send

ROOT = Path(__file__).parents[1]

#: The one open object, which is no class.
OPEN = "CustomDataType"

#: All object types as published, by name.
OBJECTS = {
    **published.SCHEMAS,
    **{name: item for name, item in published.DEFINITIONS.items() if item["type"] == "object"},
}
ENUMERATIONS = {name: item["enum"] for name, item in published.DEFINITIONS.items() if "enum" in item}
STRUCTS: dict[str, type[Datatype]] = {name: getattr(messages, name) for name in sorted(OBJECTS) if name != OPEN}

by_struct = pytest.mark.parametrize("name", STRUCTS)

Shape = tuple[Any, ...]


def published_shape(schema: dict[str, Any]) -> Shape:
    """A type with its limits, in a form that compares."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/definitions/")
        return ("open",) if name == OPEN else (name,)
    if "type" not in schema:
        return ("any",)
    if schema["type"] == "array":
        return ("array", published_shape(schema["items"]), schema.get("minItems"), schema.get("maxItems"))
    if "format" in schema:
        return (schema["format"],)
    return (schema["type"], schema.get("minimum"), schema.get("maximum"), schema.get("maxLength"))


def our_shape(type_: reflection.Type) -> Shape:
    """The same of an annotation."""
    match type_:
        case reflection.UnionType(types=(inner, reflection.NoneType())):
            return our_shape(inner)
        case reflection.StructType(cls=cls) | reflection.EnumType(cls=cls):
            return (cls.__name__,)
        case reflection.DictType(key_type=reflection.StrType(), value_type=reflection.AnyType()):
            return ("open",)
        case reflection.ListType(item_type=items, min_length=least, max_length=most):
            return ("array", our_shape(items), least, most)
        case reflection.StrType(max_length=most, min_length=None, pattern=None):
            return ("string", None, None, most)
        case reflection.IntType(ge=least, le=most, gt=None, lt=None, multiple_of=None):
            return ("integer", least, most, None)
        case reflection.FloatType(ge=least, le=most, gt=None, lt=None, multiple_of=None):
            return ("number", least, most, None)
        case reflection.BoolType():
            return ("boolean", None, None, None)
        case reflection.DateTimeType():
            return ("date-time",)
        case reflection.AnyType():
            return ("any",)
    raise AssertionError(f"a type that no schema has: {type_}")


@functools.cache
def fields_of(name: str) -> dict[str, reflection.Field]:
    described = reflection.type_info(STRUCTS[name])
    assert isinstance(described, reflection.StructType)
    return {field.encode_name: field for field in described.fields}


def test_there_is_a_class_for_every_type() -> None:
    assert (len(published.SCHEMAS), len(OBJECTS), len(STRUCTS), len(ENUMERATIONS)) == (181, 303, 302, 110)
    assert messages.CustomDataType == dict[str, Any]
    facts = {"ACTIONS", "ACTION_OF", "BLOCKS", "MESSAGES"}
    assert set(messages.__all__) == {*OBJECTS, *ENUMERATIONS, *facts}
    assert ocpp21.messages is messages


@by_struct
def test_struct_agrees_with_the_schema(name: str) -> None:
    schema = OBJECTS[name]
    assert {wire: our_shape(field.type) for wire, field in fields_of(name).items()} == {
        wire: published_shape(sub) for wire, sub in schema["properties"].items()
    }
    assert {wire for wire, field in fields_of(name).items() if field.required} == set(schema.get("required", []))


@by_struct
def test_structs_are_values(name: str) -> None:
    struct = STRUCTS[name]
    config = struct.__struct_config__
    assert config.frozen and config.forbid_unknown_fields and config.omit_defaults and config.eq
    assert not config.gc
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in inspect.signature(struct).parameters.values())
    assert issubclass(struct, Message) == (name in published.SCHEMAS)


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_enumeration_agrees_with_the_schema(name: str) -> None:
    enumeration = getattr(messages, name)
    assert issubclass(enumeration, enum.StrEnum)
    assert [member.value for member in enumeration] == ENUMERATIONS[name]
    assert all(member.name == member.name.upper() and member.name.isidentifier() for member in enumeration)
    assert getattr(enumerations, name) is enumeration


# Round trips


def sample(type_: reflection.Type) -> Any:
    """A value of a type, as Python has it."""
    match type_:
        case reflection.UnionType(types=types):
            return sample(types[0])
        case reflection.StructType(cls=cls):
            return whole(cls.__name__)
        case reflection.EnumType(cls=cls):
            return list(cls)[-1]
        case reflection.DictType():
            return {"vendorId": "x", "more": [1, None]}
        case reflection.ListType(item_type=items, min_length=least):
            return [sample(items)] * least
        case reflection.StrType():
            return "x"
        case reflection.IntType(ge=least):
            return max(least or 0, 1)
        case reflection.FloatType(le=most):
            return -1.5 if most == 0 else 1.5
        case reflection.BoolType():
            return True
        case reflection.DateTimeType():
            return datetime(2026, 1, 31, 12, 30, 15, 125000, UTC)
    return {"a": [1]}


@functools.cache
def whole(name: str) -> Datatype:
    """A Struct with every field present."""
    return STRUCTS[name](**{field.name: sample(field.type) for field in fields_of(name).values()})


@by_struct
def test_every_wire_name_round_trips(name: str) -> None:
    payload = codec.encode(whole(name))
    assert list(json.loads(payload)) == list(fields_of(name))
    assert codec.decode(STRUCTS[name], payload) == codec.decode(name, payload) == whole(name)


@by_struct
def test_an_absent_field_is_none_and_not_written(name: str) -> None:
    fields = fields_of(name)
    required = {field.name: sample(field.type) for field in fields.values() if field.required}
    smallest = STRUCTS[name](**required)
    for wire, field in fields.items():
        # "data" of DataTransfer may be null, which is not the same as absent.
        absent = msgspec.UNSET if wire == "data" else None
        assert field.required or getattr(smallest, field.name) is absent
    assert list(json.loads(codec.encode(smallest))) == [wire for wire, field in fields.items() if field.required]


def test_the_wire_names_are_all_555() -> None:
    wires = {wire for name in STRUCTS for wire in fields_of(name)}
    assert wires | {"vendorId"} == {wire for schema in OBJECTS.values() for wire in schema["properties"]}
    assert len(wires) == 555
    assert sum(len(fields_of(name)) for name in STRUCTS) + 1 == 1345


@by_struct
def test_names_are_python_names(name: str) -> None:
    names = [field.name for field in fields_of(name).values()]
    assert all(re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_?", field) for field in names)
    assert len(set(names)) == len(names)


# The registry


def test_the_registry_has_every_action() -> None:
    assert len(ACTIONS) == 91
    assert [action.kind for action in ACTIONS.values()].count("CALL") == 90
    assert [name for name, action in ACTIONS.items() if action.kind == "SEND"] == ["NotifyPeriodicEventStream"]
    assert list(ACTIONS) == sorted(ACTIONS) == [action.name for action in ACTIONS.values()]
    assert [name for name, action in ACTIONS.items() if action.initiator == "BOTH"] == ["DataTransfer"]
    assert sum(action.initiator == "CSMS" for action in ACTIONS.values()) == 54
    assert sum(action.initiator == "CS" for action in ACTIONS.values()) == 36
    assert sum(action.since == "2.0.1" for action in ACTIONS.values()) == 64


@pytest.mark.parametrize("action", ACTIONS.values(), ids=list(ACTIONS))
def test_an_action_has_its_classes(action: ocpp21.wire.Action) -> None:
    if action.kind == "SEND":
        assert (action.request.__name__, action.response) == (action.name, None)
        assert issubclass(action.request, Send)
        return
    assert action.response is not None
    assert (action.request.__name__, action.response.__name__) == (f"{action.name}Request", f"{action.name}Response")
    assert issubclass(action.request, Request) and issubclass(action.response, Response)
    [base] = action.request.__orig_bases__
    [parameter] = get_args(base)
    assert parameter.__forward_arg__ == action.response.__name__
    assert ACTION_OF[action.request] is ACTION_OF[action.response] is action


def test_messages_are_found_by_name_and_class() -> None:
    assert {name: message.__name__ for name, message in MESSAGES.items()} == {name: name for name in published.SCHEMAS}
    assert set(ACTION_OF) == set(MESSAGES.values())


def test_the_blocks_are_those_of_the_standard() -> None:
    assert "".join(block.letter for block in BLOCKS.values()) == "ABCDEFGHIJKLMNOPQRS"
    assert all(module == block.module and hasattr(messages, module) for module, block in BLOCKS.items())
    for action in ACTIONS.values():
        module = getattr(messages, action.block.module)
        assert BLOCKS[action.block.module] is action.block
        assert action.request.__module__ == module.__name__


@pytest.mark.parametrize("name", ["ACTIONS", "ACTION_OF", "BLOCKS", "MESSAGES"])
def test_the_registry_cannot_be_changed(name: str) -> None:
    table = getattr(registry, name)
    with pytest.raises(TypeError):
        table["x"] = None


# Docstrings


def attributes(docstring: str) -> dict[str, str]:
    """The entries of the attribute list, with their continuation lines."""
    _, _, listed = docstring.partition("Attributes:\n")
    entries = re.findall(r"^    (\w+): (.*(?:\n        .*)*)", listed, re.MULTILINE)
    return {name: re.sub(r"\s+", " ", text) for name, text in entries}


@by_struct
def test_every_class_and_field_is_explained(name: str) -> None:
    docstring = inspect.getdoc(STRUCTS[name]) or ""
    summary, *_ = docstring.splitlines()
    assert summary.endswith(".") and "Source: Part 3" in docstring
    explained = attributes(docstring)
    assert set(explained) == {field.name for field in fields_of(name).values()}
    assert all(text[:1] and not text.startswith("[") for text in explained.values())


@pytest.mark.parametrize("name", ENUMERATIONS)
def test_every_enumeration_is_explained(name: str) -> None:
    docstring = getattr(messages, name).__doc__
    assert docstring.endswith(".") and docstring != "An enumeration."


def test_every_quantity_prints_its_unit_and_every_limit_and_default_is_told() -> None:
    model = build(load_schemas(ROOT / "schemas"), ROOT / "codegen")
    units = 0
    for name in STRUCTS:
        explained = attributes(inspect.getdoc(STRUCTS[name]) or "")
        for field in model.objects[name].fields:
            _, _, facts = explained[field.name].partition(" [")
            units += bool(field.unit)
            assert facts.startswith(field.unit), (name, field.name)
            for limit in _limits(OBJECTS[name]["properties"][field.wire]):
                assert re.search(rf"\b{limit}\b", facts), (name, field.name)
            assert field.default is None or f"default {json.dumps(field.default)}" in facts, (name, field.name)
    assert units == 187


def _limits(schema: dict[str, Any]) -> list[int]:
    parts = [schema, schema.get("items", {})]
    return [int(part[key]) for part in parts for key in ("maxLength", "maxItems", "maximum") if key in part]


# Predefined values


def test_predefined_values_are_plain_strings() -> None:
    lists = [item for name, item in vars(values).items() if inspect.isclass(item)]
    assert sorted(item.__name__ for item in lists) == sorted(set(values.__all__) - {"CRITICAL_SECURITY_EVENTS"})
    for item in lists:
        assert item.__doc__ and "For: " in item.__doc__
        constants = {name: value for name, value in vars(item).items() if not name.startswith("_")}
        assert constants and all(type(value) is str and name.isupper() for name, value in constants.items())
        assert len(set(constants.values())) == len(constants)


def test_critical_security_events_are_events() -> None:
    events = {value for name, value in vars(values.SecurityEvents).items() if not name.startswith("_")}
    assert values.CRITICAL_SECURITY_EVENTS < events
    assert len(values.CRITICAL_SECURITY_EVENTS) == 16
