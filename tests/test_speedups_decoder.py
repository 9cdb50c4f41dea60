"""The decoder makes what msgspec makes, value by value and type by type, and keeps nothing."""

from __future__ import annotations

import enum
import gc
import math
import os
import resource
import sys
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import naive_validator
import payloads
import pytest
from msgspec import UNSET

from ocpp21 import codec, messages
from ocpp21._speedups import validators
from ocpp21._speedups.decoder import StructDecoder
from ocpp21.cli.datasets import datasets
from ocpp21.errors import PayloadError
from ocpp21.messages import DataTransferRequest, HeartbeatRequest, TransactionEventRequest
from ocpp21.messages.registry import MESSAGES
from ocpp21.wire import Datatype

VECTORS = Path(__file__).parent / "vectors"
SEED = os.environ.get("OCPP21_SEED", "20260117")
EVENT: dict[str, Any] = dict(datasets()["Transaction"].value)


def find(name: str) -> Any:
    return vars(messages).get(name)


def same(ours: Any, theirs: Any, path: str = "") -> None:
    """Equal, of the same types all the way down, with the same sign of zero and the same zone."""
    assert type(ours) is type(theirs), path
    if isinstance(ours, msgspec.Struct):
        for name in ours.__struct_fields__:
            same(getattr(ours, name), getattr(theirs, name), f"{path}.{name}")
    elif isinstance(ours, dict):
        assert list(ours) == list(theirs), path
        for key in ours:
            same(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), path
        for place, (one, other) in enumerate(zip(ours, theirs, strict=True)):
            same(one, other, f"{path}[{place}]")
    elif isinstance(ours, enum.Enum) or ours is None or ours is UNSET:
        assert ours is theirs, path
    else:
        assert ours == theirs, path
        if isinstance(ours, float):
            assert math.copysign(1, ours) == math.copysign(1, theirs), path
        if isinstance(ours, datetime):
            assert (ours.tzinfo, ours.utcoffset(), ours.fold) == (theirs.tzinfo, theirs.utcoffset(), theirs.fold), path


@cache
def theirs(message: str) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(MESSAGES[message])


def compare(message: str, payload: bytes) -> None:
    """msgspec does not take all that is valid as it is: it gets what the validator has rewritten."""
    same(codec.decode(message, payload), theirs(message).decode(validators.check(validators.SCHEMAS[message], payload)))


@pytest.mark.parametrize("message", sorted(MESSAGES))
def test_the_vectors_decode_as_with_msgspec(message: str) -> None:
    for line in (VECTORS / f"{message}.valid.jsonl").read_bytes().splitlines():
        compare(message, line)


@pytest.mark.parametrize("message", naive_validator.messages())
def test_every_legal_spelling_decodes_as_with_msgspec(message: str) -> None:
    """White space, escapes, members in any order, numbers of any form, optional members there or not."""
    print(f"OCPP21_SEED={SEED}")
    generator = payloads.Generator(message, SEED)
    for payload in (generator.valid() for _ in range(20)):
        compare(message, payload.data)


def event(**changes: str) -> bytes:
    """A TransactionEvent in which texts stand as they are for some members."""
    members = {name: msgspec.json.encode(value).decode() for name, value in EVENT.items()} | changes
    return f"{{{','.join(f'{chr(34)}{name}{chr(34)}:{text}' for name, text in members.items())}}}".encode()


NUMBERS = [
    *("0", "-0", "0.0", "-0.0", "1", "-1", "1.5", "-1.5", "0.1", "0.30000000000000004", "123456789.123456789"),
    *("9007199254740991", "9007199254740992", "9007199254740993", "900719925474099.3", "99999999999999999"),
    *(
        "999999999999999999",
        "1000000000000000000",
        "0.00000000000000001",
        "0.000000000000000001",
        "12345678901234567.8",
    ),
    *("1e0", "1E+2", "-1.5e-7", "1e22", "1e23", "1.7976931348623157e308", "5e-324", "2.2250738585072011e-308"),
    *(f"{'1' * digits}.{'7' * (18 - digits)}" for digits in range(1, 17)),
]


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers(number: str) -> None:
    sample = f'[{{"timestamp":"2026-01-17T08:00:00Z","sampledValue":[{{"value":{number}}}]}}]'
    compare("TransactionEventRequest", event(meterValue=sample))


@pytest.mark.parametrize(
    "number", ["0", "-0", "7", "-7", "2147483647", "-2147483648", "9" * 17, "9" * 18, "9" * 19, "9" * 300]
)
def test_integers(number: str) -> None:
    for text in (number, f"-{number.lstrip('-')}"):
        sample = f'[{{"value":1,"unitOfMeasure":{{"multiplier":{text}}}}}]'
        moment = f'[{{"timestamp":"2026-01-17T08:00:00Z","sampledValue":{sample}}}]'
        compare("TransactionEventRequest", event(meterValue=moment))
    compare("TransactionEventRequest", event(seqNo="1.0"))
    compare("TransactionEventRequest", event(seqNo="1e3"))


@pytest.mark.parametrize(
    "text",
    [
        *("2026-01-17T08:00:00Z", "2026-01-17t08:00:00z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"),
        *(f"2026-01-17T08:00:00.{'1234567890'[:digits]}Z" for digits in range(1, 11)),
        *("2026-01-17T08:00:00.5+02:00", "2026-01-17T08:00:00-11:30", "2026-01-17T08:00:00+00:00"),
        *(
            "2016-12-31T23:59:60Z",
            "2016-12-31T15:59:60.5-08:00",
            "2026-01-17T08:00:00\\u005a",
            "2024-02-29T00:00:00.0Z",
        ),
    ],
)
def test_date_times(text: str) -> None:
    compare("TransactionEventRequest", event(timestamp=f'"{text}"'))


@pytest.mark.parametrize(
    "text", ["", "a", "x" * 36, "ä", "中文", "\U0001f50c", "a\\n", "\\u00e4", "\\ud83d\\udd0c", "ä\\t\\u0000"]
)
def test_texts(text: str) -> None:
    compare("TransactionEventRequest", event(transactionInfo=f'{{"transactionId":"{text}"}}'))


@pytest.mark.parametrize(
    "data", ["null", "{}", "[]", '"x"', "1", "1e3", "-0", '{"a":[1,{"b":null}],"c":{"d":[]}}', "[[[]]]"]
)
def test_open_values(data: str) -> None:
    compare("DataTransferRequest", f'{{"vendorId":"v","data":{data}}}'.encode())
    compare("DataTransferRequest", f'{{"customData":{{"vendorId":"v","x":{data}}},"vendorId":"v"}}'.encode())
    assert codec.decode(DataTransferRequest, b'{"vendorId":"v"}').data is UNSET


def test_the_root_may_be_any_type() -> None:
    assert codec.decode("CustomDataType", b'{"vendorId":"v","x":[1]}') == {"vendorId": "v", "x": [1]}
    assert codec.decode("EVSEType", b' { "id" : 1 } ') == messages.EVSEType(id=1)
    assert codec.decode("HeartbeatRequest", b"{}") == HeartbeatRequest()


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: data.decode()])
def test_text_of_every_kind(kind: Any) -> None:
    data = msgspec.json.encode({**EVENT, "transactionInfo": {"transactionId": "ä"}})
    same(codec.decode(TransactionEventRequest, kind(data)), theirs("TransactionEventRequest").decode(data))


def test_a_large_payload_has_a_long_tape() -> None:
    for data in datasets().values():
        same(codec.decode(type(data.request), data.payload), msgspec.json.decode(data.payload, type=type(data.request)))


def prefixes(payload: bytes) -> Iterator[bytes]:
    """A payload cut short everywhere, and with every byte replaced."""
    for place in range(len(payload)):
        yield payload[:place]
        yield payload[:place] + b"\x00" + payload[place + 1 :]


def test_what_is_refused_half_way_leaves_nothing() -> None:
    payload = event()
    decoder = codec.SCHEMAS[TransactionEventRequest]

    def refuse_all() -> None:
        for broken in prefixes(payload):
            with pytest.raises(PayloadError):
                decoder.decode(broken)

    refuse_all()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        refuse_all()
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] - before < 20_000
    finally:
        tracemalloc.stop()


def memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def test_memory_stays_flat() -> None:
    """A megabyte would be five bytes a message."""
    payloads_of_all_kinds = [data.payload for data in datasets().values() if len(data.payload) < 2000]
    decoders = [codec.SCHEMAS[type(data.request)] for data in datasets().values() if len(data.payload) < 2000]

    def decode_all(times: int) -> None:
        for _ in range(times):
            for decoder, payload in zip(decoders, payloads_of_all_kinds, strict=True):
                decoder.decode(payload)

    decode_all(20_000)
    before = memory()
    decode_all(70_000)
    assert memory() - before < 2**20


def test_references_are_counted() -> None:
    """Defaults, enumeration members, classes: shared by all messages, and given back with them."""
    decoded = codec.decode(TransactionEventRequest, event())
    shared = [TransactionEventRequest, messages.TransactionType, decoded.event_type, decoded.trigger_reason, UTC, "Wh"]
    before = [sys.getrefcount(value) for value in shared]
    found = [codec.decode(TransactionEventRequest, event()) for _ in range(100)]
    del found
    assert [sys.getrefcount(value) for value in shared] == before


def test_what_was_decoded_is_not_tracked_by_the_collector() -> None:
    """As with msgspec: messages cannot be part of a circle."""
    ours = codec.decode(TransactionEventRequest, event())
    assert gc.is_tracked(ours) is gc.is_tracked(theirs("TransactionEventRequest").decode(event()))
    with pytest.raises(AttributeError):
        ours.seq_no = 7  # type: ignore[misc]
    assert hash(ours.timestamp) and ours.__copy__() == ours


# Classes that are not what the tables say


def refused(message: str, **odd: Any) -> str:
    with pytest.raises(TypeError) as caught:
        StructDecoder(validators.SCHEMAS[message], lambda data: data, lambda name: odd.get(name) or find(name))
    return str(caught.value)


class Tracked(msgspec.Struct, frozen=True, kw_only=True):
    """Tracked by the collector."""

    custom_data: Any = None


class Small(msgspec.Struct, frozen=True, gc=False):
    """Lacks members."""


class Listed(Datatype, frozen=True, array_like=True):
    custom_data: Any = None


class Busy(Datatype, frozen=True):
    custom_data: Any = msgspec.field(name="customData", default=None)

    def __post_init__(self) -> None:
        """Do what the decoder would not."""


@pytest.mark.parametrize("odd", [Tracked, Listed, Busy])
def test_a_class_that_is_more_than_its_slots_is_refused(odd: Any) -> None:
    assert refused("GetLocalListVersionRequest", GetLocalListVersionRequest=odd).startswith(
        "expected a plain class, found"
    )


def test_a_class_of_other_members_is_refused() -> None:
    assert refused("GetLocalListVersionRequest", GetLocalListVersionRequest=Small).startswith(
        "expected 1 fields, found 0"
    )


def test_there_is_one_class_for_a_message() -> None:
    class HeartbeatRequest(messages.HeartbeatRequest, frozen=True):
        """Not ours."""

    codec.decode("HeartbeatRequest", b"{}")
    assert refused("HeartbeatRequest", HeartbeatRequest=HeartbeatRequest).startswith(
        "expected the class HeartbeatRequest"
    )


def test_no_such_number() -> None:
    for number in (-1, len(validators.SCHEMAS)):
        with pytest.raises(IndexError):
            StructDecoder(number, lambda data: data, find)
