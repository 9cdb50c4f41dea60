"""Payloads: bytes to Structs and back, checked both ways by the byte validator."""

from __future__ import annotations

from typing import Any, TypeVar, overload

import msgspec

from ocpp21._speedups import validators
from ocpp21.errors import ErrorCode, LocalProtocolError, PayloadError
from ocpp21.messages import datatypes
from ocpp21.messages.registry import MESSAGES
from ocpp21.wire import Datatype, Message

DatatypeT = TypeVar("DatatypeT", bound=Datatype)
Payload = bytes | bytearray | memoryview

class Schema(msgspec.Struct, frozen=True):
    index: int
    decoder: Any


class _Schemas(dict[Any, Schema]):
    def __missing__(self, message: Any) -> Schema:
        name = message if isinstance(message, str) else message.__name__
        kind = MESSAGES.get(name) or getattr(datatypes, name)
        schema = Schema(validators.SCHEMAS[name], msgspec.json.Decoder(kind))
        self[message] = schema
        return schema


_SCHEMAS = _Schemas()
_encode = msgspec.json.Encoder().encode


def validate(message, payload, conform=False) -> None:
    validators.check(_SCHEMAS[message].index, payload, conform)


def decode(message, payload, conform=False):
    schema = _SCHEMAS[message]
    return schema.decoder.decode(validators.check(schema.index, payload, conform))


def encode(struct) -> bytes:
    schema = _SCHEMAS[type(struct)]
    return validators.check(schema.index, _encode(struct), 3)
