"""Payloads: bytes to Structs and back, checked both ways by the byte validator.

What :func:`validate` accepts always decodes, and what it refuses never does; what :func:`encode` returns is always
valid. A message is named by its class or by the name of its schema (``"TransactionEventRequest"``).

Three levels of strictness:

* the schemas and JSON, exactly (the default on receipt);
* ``conform``: also the rules of the standard that the schemas do not hold: the characters of identifierString, integers
  of 32 bits, at most 3 digits of a second, at most 6 decimals towards a Charging Station (Part 2, 2.1.4; the default
  when sending);
* ``lenient``: take what real peers get wrong, and report it. Unknown members and nulls are dropped, strings up to four
  times too long and unknown enumeration values are kept, a date-time without offset is taken as UTC, a number in quotes
  as the number. UTF-8, sizes, depth and missing required members are never forgiven.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar, overload

import msgspec

from ocpp21._speedups import dispatch, validators
from ocpp21._speedups.decoder import StructDecoder
from ocpp21._speedups.encoder import Encoder
from ocpp21.errors import LocalProtocolError, PayloadError, shorten
from ocpp21.messages import datatypes, enumerations
from ocpp21.messages.registry import MESSAGES
from ocpp21.refusal import pointer, quote, text_of
from ocpp21.wire import Datatype

__all__ = ["Decoder", "Deviation", "Payload", "decode", "encode", "validate", "validate_many"]

DatatypeT = TypeVar("DatatypeT", bound=Datatype)

#: Text is taken as the UTF-8 that it would be on the wire.
Payload = bytes | bytearray | memoryview | str

Report = Callable[["Deviation"], object]


class Deviation(msgspec.Struct, frozen=True):
    """Something that lenient mode has tolerated.

    Attributes:
        rule: ``null``, ``unknown member``, ``too long``, ``unknown value``, ``no offset`` or ``quoted number``.
        pointer: where, as a JSON pointer.
        offset: where, in bytes from the start of the payload.
        found: what stood there, escaped and shortened to 40 characters; not shown where it may be a secret.
    """

    rule: str
    pointer: str
    offset: int
    found: str

    def __str__(self) -> str:
        return f"{quote(self.pointer, 120)}: {self.rule}, found {self.found}"


class _Schemas(dict[type[Datatype] | str, StructDecoder]):
    """By class and by name, built on first use: a decoder is dear to build, and few programs need all."""

    def __missing__(self, message: type[Datatype] | str) -> StructDecoder:
        name = message if isinstance(message, str) else message.__name__
        kind = _class_of(name)
        if kind is None or name not in validators.SCHEMAS or message not in (name, kind):
            raise LocalProtocolError(f"expected a message or datatype of OCPP 2.1, found {quote(name)}")
        number, any_form = validators.SCHEMAS[name], msgspec.json.Decoder(kind).decode
        decoder = self[message] = StructDecoder(number, any_form, _class_of)
        return decoder


def _class_of(name: str) -> Any:
    """The class of a message, a datatype or an enumeration; None when there is none."""
    return MESSAGES.get(name) or getattr(datatypes, name, None) or getattr(enumerations, name, None)


SCHEMAS: Final = _Schemas()

#: Writes a Struct as JSON; whether it is a valid message is another matter.
encoder: Final = Encoder(msgspec.json.Encoder(decimal_format="number").encode)

#: What the encoder and the validator raise for a message that cannot leave.
ENCODING_ERRORS: Final = (PayloadError, TypeError, ValueError, RecursionError, OverflowError)


def validate(
    message: type[Datatype] | str,
    payload: Payload,
    /,
    *,
    conform: bool = False,
    lenient: bool = False,
    report: Report | None = None,
) -> None:
    """Check a payload without decoding it.

    Args:
        message: class or name of the message or datatype.
        payload: JSON text.
        conform: also check the rules of the standard that the schemas do not hold.
        lenient: tolerate what real peers get wrong.
        report: called with every deviation that lenient mode has tolerated.

    Raises:
        PayloadError: the payload is refused; the first violation in document order.
        LocalProtocolError: OCPP 2.1 has no such message.
    """
    number = SCHEMAS[message].number
    if not lenient:
        validators.check(number, payload, conform)
        return
    _, found = validators.tolerate(number, payload, conform)
    _tell(found, report)


def validate_many(
    messages: Sequence[type[Datatype] | str], payloads: Iterable[Payload], /, *, conform: bool = False
) -> list[PayloadError | None]:
    """Check a batch of payloads without holding the GIL.

    Args:
        messages: class or name of the message of each payload.
        payloads: JSON texts, as many.
        conform: also check the rules of the standard that the schemas do not hold.

    Returns:
        For each payload its error, or None.

    Raises:
        LocalProtocolError: OCPP 2.1 has no such message.
        ValueError: not as many payloads as messages.
    """
    return validators.check_many([SCHEMAS[message].number for message in messages], payloads, conform)


@overload
def decode(
    message: type[DatatypeT],
    payload: Payload,
    /,
    *,
    conform: bool = False,
    lenient: bool = False,
    report: Report | None = None,
) -> DatatypeT: ...
@overload
def decode(
    message: str, payload: Payload, /, *, conform: bool = False, lenient: bool = False, report: Report | None = None
) -> Any: ...
def decode(
    message: type[Datatype] | str,
    payload: Payload,
    /,
    *,
    conform: bool = False,
    lenient: bool = False,
    report: Report | None = None,
) -> Any:
    """Check and decode a payload.

    Args:
        message: class or name of the message or datatype.
        payload: JSON text.
        conform: also check the rules of the standard that the schemas do not hold.
        lenient: tolerate what real peers get wrong.
        report: called with every deviation that lenient mode has tolerated.

    Returns:
        The Struct. In lenient mode an unknown enumeration value stands in it as a plain string.

    Raises:
        PayloadError: the payload is refused; the first violation in document order.
        LocalProtocolError: OCPP 2.1 has no such message.
    """
    decoder = SCHEMAS[message]
    if not lenient:
        return decoder.decode(payload, conform)
    tolerable, found = validators.tolerate(decoder.number, payload, conform)
    struct = decoder(tolerable)
    for rule, path, _, text, _ in found:
        if rule in ("too long", "unknown value"):
            _put(struct, path, text_of(text))
    _tell(found, report)
    return struct


class Decoder:
    """Decodes with one choice of strictness: for a peer that is known to need it.

    Args:
        conform: also check the rules of the standard that the schemas do not hold.
        lenient: tolerate what real peers get wrong.
        report: called with every deviation that lenient mode has tolerated.
    """

    def __init__(self, *, conform: bool = False, lenient: bool = False, report: Report | None = None) -> None:
        self.conform = conform
        self.lenient = lenient
        self.report = report

    @overload
    def decode(self, message: type[DatatypeT], payload: Payload, /) -> DatatypeT: ...
    @overload
    def decode(self, message: str, payload: Payload, /) -> Any: ...
    def decode(self, message: type[Datatype] | str, payload: Payload, /) -> Any:
        """Check and decode a payload, as :func:`decode` does."""
        return decode(message, payload, conform=self.conform, lenient=self.lenient, report=self.report)

    def validate(self, message: type[Datatype] | str, payload: Payload, /) -> None:
        """Check a payload, as :func:`validate` does."""
        validate(message, payload, conform=self.conform, lenient=self.lenient, report=self.report)


def encode(message: Datatype, /, *, conform: bool = True) -> bytes:
    """Encode and check a message or datatype.

    Absent members are left out, date-times leave as UTC with ``Z`` and at most three digits of a second.

    Args:
        message: the Struct.
        conform: also check the rules of the standard that the schemas do not hold.

    Returns:
        JSON without white space.

    Raises:
        LocalProtocolError: the message is not valid, holds a NaN or infinity, or holds something that is not JSON; its
            ``__cause__`` is the PayloadError or the error of the encoder.
    """
    number = SCHEMAS[type(message)].number
    try:
        return dispatch.encode(number, encoder, message, conform, refuse_not_finite)
    except ENCODING_ERRORS as error:
        raise not_encodable(message, error) from error


def not_encodable(message: Datatype, error: Exception) -> LocalProtocolError:
    """Say of an error of the validator or the encoder which message it is about."""
    name = type(message).__name__
    if isinstance(error, PayloadError):
        return LocalProtocolError(f"{name} {error.description}")
    return LocalProtocolError(f"{name} cannot be encoded: {shorten(str(error), 160)}")


def _tell(found: Iterable[tuple[str, list[str | int], int, bytes, bool]], report: Report | None) -> None:
    if report is not None:
        for rule, path, offset, text, is_secret in found:
            shown = "something not shown here" if is_secret else quote(text.decode("utf-8", "replace"))
            report(Deviation(rule, pointer(path), offset, shown))


def _put(message: Any, path: Sequence[str | int], value: str) -> None:
    """Put a value in the place of its stand-in; nobody has seen the message yet."""
    *steps, last = path
    for step in steps:
        message = getattr(message, _attribute(message, step)) if isinstance(message, Datatype) else message[step]
    if isinstance(message, Datatype):
        msgspec.structs.force_setattr(message, _attribute(message, last), value)
    else:
        message[last] = value


def _attribute(message: Datatype, wire: str | int) -> str:
    return message.__struct_fields__[message.__struct_encode_fields__.index(str(wire))]


def refuse_not_finite(value: Any, path: tuple[str | int, ...] = ()) -> None:
    """Refuse a NaN or infinity where any value may stand: msgspec has written it as null."""
    members: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"expected a finite number, found {value} at {pointer(path)}")
    if isinstance(value, msgspec.Struct):
        members = zip(
            value.__struct_encode_fields__, (getattr(value, name) for name in value.__struct_fields__), strict=True
        )
    elif isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list | tuple):
        members = enumerate(value)
    for step, member in members:
        refuse_not_finite(member, (*path, step))
