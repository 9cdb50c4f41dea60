"""What stands at a path of a message, by the schemas."""

from __future__ import annotations

from functools import cache
from typing import Final

from ocpp21.conformance.cases.paths import Path, text_of
from ocpp21.errors import LocalProtocolError
from ocpp21.messages.registry import MESSAGES
from ocpp21.shapes import FieldShape, Shape, describe

__all__ = ["UnknownMember", "is_message", "member", "shape_of"]

_LIST: Final = "list of "
_PLAIN: Final = frozenset({"any", "boolean", "date-time", "identifierString", "integer", "number", "string"})


class UnknownMember(ValueError):
    """A path that the schemas do not know; the text says where it ends."""


def is_message(name: str, /) -> bool:
    """Whether OCPP 2.1 has a message of this name."""
    return name in MESSAGES


@cache
def shape_of(name: str, /) -> Shape | None:
    """Tell what a message or datatype looks like; None for what has no members."""
    if name in _PLAIN:
        return None
    try:
        return describe(name)
    except LocalProtocolError:
        return None


@cache
def _fields(name: str) -> dict[str, FieldShape]:
    shape = shape_of(name)
    return {} if shape is None else {field.wire: field for field in shape.fields}


def member(message: str, path: Path, /) -> FieldShape | None:
    """Tell what stands at a path of a message.

    Returns:
        The field; None where anything may stand.

    Raises:
        UnknownMember: nothing can stand there.
    """
    kind = message
    found: FieldShape | None = None
    for name, index in path:
        shape = shape_of(kind)
        if kind == "any" or (shape is not None and shape.is_open and name not in _fields(kind)):
            return None
        found = _fields(kind).get(name)
        if found is None:
            raise UnknownMember(f"expected a member of {kind}, found {name!r} in {text_of(path)!r}")
        is_list = found.type.startswith(_LIST)
        if index is not None and not is_list:
            raise UnknownMember(f"expected no index, found {name}[{index}] in {text_of(path)!r}: it is no list")
        kind = found.type.removeprefix(_LIST)
    return found
