"""What a message looks like: its fields, their types, limits, units and meaning.

Two sources, neither of them copied: limits come from the tables that the byte validator enforces, texts and units from
the docstrings of the classes. Where Python runs without docstrings (``-OO``) there are no texts, units and defaults.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

import msgspec

from ocpp21._speedups import validators
from ocpp21.errors import LocalProtocolError
from ocpp21.messages import datatypes, enumerations
from ocpp21.messages.registry import ACTION_OF, MESSAGES
from ocpp21.refusal import quote
from ocpp21.wire import Block, Datatype

__all__ = ["ENUMERATIONS", "EnumerationShape", "FieldShape", "Shape", "describe", "describe_enumeration"]

#: The enumerations of the standard by name.
ENUMERATIONS: Final[Mapping[str, type[StrEnum]]] = MappingProxyType(
    {
        name: kind
        for name, kind in vars(enumerations).items()
        if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
    }
)

#: The one open object; an alias of dict, so it has neither fields nor a docstring of its own.
_CUSTOM_DATA: Final = "CustomDataType"


class FieldShape(msgspec.Struct, frozen=True, kw_only=True):
    """A field of a message or datatype.

    Attributes:
        wire: name on the wire.
        name: attribute of the Struct; the wire name where there is no Struct.
        type: ``any``, ``boolean``, ``date-time``, ``identifierString``, ``integer``, ``number``, ``string``, or the
            name of a datatype or enumeration; ``list of`` these for a list.
        required: True when it may not be absent.
        minimum: least number; of each item in a list.
        maximum: greatest number; of each item in a list.
        max_length: most characters; of each item in a list.
        min_items: fewest items of a list; None when it is no list.
        max_items: most items of a list.
        values: the values of an enumeration.
        unit: unit of a quantity.
        default: what absence means, when the schema says so; never filled in.
        text: what it means.
    """

    wire: str
    name: str
    type: str
    required: bool
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    min_items: int | None = None
    max_items: int | None = None
    values: tuple[str, ...] | None = None
    unit: str | None = None
    default: bool | int | float | str | None = None
    text: str = ""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A message or datatype.

    Attributes:
        name: as in the schema.
        text: what it means.
        fields: in the order of the schema.
        is_open: True when members of any other name may follow.
        action: action of a message; None for a datatype, as are all that follow.
        block: functional block of the action.
        initiator: who sends the request of the action, whichever of the two messages this is.
        kind: ``CALL`` is answered, ``SEND`` is not.
    """

    name: str
    text: str
    fields: tuple[FieldShape, ...]
    is_open: bool = False
    action: str | None = None
    block: Block | None = None
    initiator: Literal["CS", "CSMS", "BOTH"] | None = None
    kind: Literal["CALL", "SEND"] | None = None


class EnumerationShape(msgspec.Struct, frozen=True, kw_only=True):
    """An enumeration.

    Attributes:
        name: as in the schema.
        text: what it means.
        values: on the wire.
    """

    name: str
    text: str
    values: tuple[str, ...]


def describe(message: type[Datatype] | str, /) -> Shape:
    """Tell what a message or datatype looks like.

    Args:
        message: class or name of the message or datatype.

    Raises:
        LocalProtocolError: OCPP 2.1 has no such message.
    """
    name = message if isinstance(message, str) else message.__name__
    kind = MESSAGES.get(name) or getattr(datatypes, name, None)
    if kind is None or name not in validators.SCHEMAS or message not in (name, kind):
        raise LocalProtocolError(f"expected a message or datatype of OCPP 2.1, found {quote(name)}")
    tables = validators.describe(validators.SCHEMAS[name])
    if name == _CUSTOM_DATA:
        return Shape(
            name=name, text=_custom_data_text(), fields=tuple(_field(facts, {}, {}) for facts in tables), is_open=True
        )
    names = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    docstring = _docstring(kind)
    notes = _notes(docstring)
    fields = tuple(_field(facts, names, notes) for facts in tables)
    shape = Shape(name=name, text=_summary(docstring), fields=fields)
    action = ACTION_OF.get(kind)
    if action is None:
        return shape
    return msgspec.structs.replace(
        shape, action=action.name, block=action.block, initiator=action.initiator, kind=action.kind
    )


def describe_enumeration(enumeration: type[StrEnum] | str, /) -> EnumerationShape:
    """Tell what an enumeration holds.

    Args:
        enumeration: its class or name.

    Raises:
        LocalProtocolError: OCPP 2.1 has no such enumeration.
    """
    name = enumeration if isinstance(enumeration, str) else enumeration.__name__
    kind = ENUMERATIONS.get(name)
    if kind is None or enumeration not in (name, kind):
        raise LocalProtocolError(f"expected an enumeration of OCPP 2.1, found {quote(name)}")
    return EnumerationShape(name=name, text=_summary(_docstring(kind)), values=tuple(member.value for member in kind))


class _Note(NamedTuple):
    """What a docstring says of a field."""

    text: str = ""
    unit: str | None = None
    default: Any = None


#: ``name: Text. [facts]`` of an "Attributes:" section, over any number of lines.
_ENTRY = re.compile(r"^    (\w+): (\S.*(?:\n {8}.*)*)", re.MULTILINE)

#: Facts after the unit: limits, which the tables know better, and the default.
_LIMIT = re.compile(r"(?:each )?(?:at most -?\d+ characters|-?\d+ (?:or more|or less|to -?\d+)(?: items)?)")
_DEFAULT = re.compile(r"default (.+)")


def _docstring(kind: type) -> str:
    # Not inspect.getdoc() and not __doc__ alone: without a docstring of its own a class would lend that of its base.
    return inspect.cleandoc(vars(kind).get("__doc__") or "")


def _summary(docstring: str) -> str:
    return " ".join(docstring.split("\n\n")[0].split())


def _notes(docstring: str) -> dict[str, _Note]:
    """Read the "Attributes:" section of a generated docstring."""
    _, _, entries = docstring.partition("\nAttributes:\n")
    return {name: _note(" ".join(entry.split())) for name, entry in _ENTRY.findall(entries)}


def _custom_data_text() -> str:
    """What every field of the open type says, as the type has no docstring."""
    return _notes(_docstring(datatypes.StatusInfoType)).get("custom_data", _Note()).text


def _note(entry: str) -> _Note:
    """Take apart ``Text. [unit, limits, default]``; a unit may hold commas itself."""
    text, facts = entry, ""
    if entry.endswith("]"):
        text, _, facts = entry[:-1].rpartition(" [")
    unit: list[str] = []
    default = None
    for fact in facts.split(", "):
        if found := _DEFAULT.fullmatch(fact):
            default = msgspec.json.decode(found[1])
        elif fact and not _LIMIT.fullmatch(fact):
            unit.append(fact)
    return _Note(text, ", ".join(unit) or None, default)


def _field(facts: Mapping[str, Any], names: Mapping[str, str], notes: Mapping[str, _Note]) -> FieldShape:
    wire = facts["name"]
    name = names.get(wire, wire)
    note = notes.get(name, _Note())
    item = facts.get("type") or ("identifierString" if facts["is_identifier"] else facts["kind"])
    return FieldShape(
        wire=wire,
        name=name,
        type=f"list of {item}" if facts["is_array"] else item,
        required=facts["required"],
        minimum=facts["minimum"],
        maximum=facts["maximum"],
        max_length=facts["max_length"],
        min_items=facts["min_items"] if facts["is_array"] else None,
        max_items=facts["max_items"],
        values=tuple(facts["values"]) if "values" in facts else None,
        unit=note.unit,
        default=note.default,
        text=note.text,
    )
