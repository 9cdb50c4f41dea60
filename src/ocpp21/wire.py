"""The base classes of everything that travels, and what the registry says of an action.

The classes of :mod:`ocpp21.messages` are generated on top of these. They are values: frozen, keyword-only, unknown
members refused, absent optional members ``None`` and not written.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeAlias, TypeVar

import msgspec

__all__ = ["Action", "Block", "CustomDataType", "Datatype", "Message", "Request", "Response", "Send"]

#: Data of a vendor: ``vendorId`` (required, at most 255 characters) and any other members. The one open object of the
#: standard (Part 4, chapter 9); every member survives decoding and encoding.
CustomDataType: TypeAlias = dict[str, Any]

ResponseT_co = TypeVar("ResponseT_co", bound="Response", covariant=True)


class Datatype(msgspec.Struct, frozen=True, kw_only=True, gc=False, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a message."""


class Message(Datatype, frozen=True, kw_only=True):
    """The payload of a frame."""


class Response(Message, frozen=True, kw_only=True):
    """The payload of a CALLRESULT."""


class Request(Message, Generic[ResponseT_co], frozen=True, kw_only=True):
    """The payload of a CALL; the parameter is the class of its response."""


class Send(Message, frozen=True, kw_only=True):
    """The payload of a SEND, which is never answered (Part 4, 4.2.4)."""


class Block(msgspec.Struct, frozen=True):
    """A functional block of the standard.

    Attributes:
        letter: ``A`` to ``S``.
        title: as in Part 0, Table 3.
        module: name of the block in this library, in snake case.
    """

    letter: str
    title: str
    module: str


class Action(msgspec.Struct, frozen=True):
    """What the registry knows of an action.

    Attributes:
        name: as it stands in a frame.
        request: class of the payload of the CALL or SEND.
        response: class of the payload of the CALLRESULT; None for a SEND.
        block: functional block.
        initiator: who sends the request: ``CS`` (Charging Station), ``CSMS``, or ``BOTH``.
        kind: ``CALL`` is answered, ``SEND`` is not.
        handler: name of the method that handles the request.
        since: first OCPP version that has the action.
    """

    name: str
    request: type[Request[Any]] | type[Send]
    response: type[Response] | None
    block: Block
    initiator: Literal["CS", "CSMS", "BOTH"]
    kind: Literal["CALL", "SEND"]
    handler: str
    since: Literal["2.0.1", "2.1"]
