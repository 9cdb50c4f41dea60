"""The encoder writes what msgspec writes, byte for byte, and fails as that fails, whatever is in a Struct."""

from __future__ import annotations

import copy
import dataclasses
import enum
import math
import os
import pickle
import resource
import struct
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec import UNSET

from ocpp21 import codec, messages
from ocpp21._speedups.encoder import Encoder
from ocpp21.cli.datasets import datasets
from ocpp21.messages import (
    ClearTariffsRequest,
    DataTransferRequest,
    EVSEType,
    HeartbeatRequest,
    MeasurandEnumType,
    ReasonEnumType,
)
from ocpp21.wire import Datatype

VECTORS = Path(__file__).parent / "vectors"
SEED = os.environ.get("OCPP21_SEED", "20260117")
CLASSES = sorted(
    (kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, Datatype)),
    key=lambda kind: kind.__name__,
)
STRING_ENUMS = sorted(
    (kind for kind in vars(messages).values() if isinstance(kind, type) and issubclass(kind, enum.StrEnum)),
    key=lambda kind: kind.__name__,
)

fallback = msgspec.json.Encoder(decimal_format="number").encode
encoder = Encoder(fallback)


def outcome(encode: Callable[[Any], bytes], message: Any) -> bytes | tuple[type[Exception], str]:
    try:
        return encode(message)
    except Exception as error:
        return type(error), str(error)


def same(message: Any) -> bytes | tuple[type[Exception], str]:
    """Check that encoder and fallback do the same, and say what."""
    expected = outcome(fallback, message)
    assert outcome(encoder, message) == expected
    assert outcome(encoder.encode, message) == expected
    return expected


def holding(*values: Any) -> ClearTariffsRequest:
    """A message with a list of anything."""
    return ClearTariffsRequest(tariff_ids=list(values), evse_id=1)


# What the peer would send


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.valid.jsonl")), ids=lambda path: path.name.partition(".")[0])
def test_vectors(path: Path) -> None:
    lines = path.read_bytes().splitlines()
    assert lines
    for line in lines:
        assert isinstance(same(codec.decode(path.name.partition(".")[0], line)), bytes)


@pytest.mark.parametrize("name", datasets())
def test_datasets(name: str) -> None:
    assert isinstance(same(datasets()[name].request), bytes)


def test_every_class_is_there() -> None:
    assert len(CLASSES) == 302
    assert len(STRING_ENUMS) > 100


def test_every_enumeration_value() -> None:
    for kind in STRING_ENUMS:
        assert isinstance(same(holding(*kind)), bytes)


# What nobody should put into a Struct


class Text(str):
    """A str that is no str to msgspec."""


class Shade(enum.StrEnum):
    DARK = 'da"rk'
    WIDE = "wïde"


class Number(enum.IntEnum):
    ONE = 1
    HUGE = 1 << 70


class Plain(enum.Enum):
    TEXT = "text"
    LIST = (1, 2)


class StrangeMeta(enum.EnumMeta):
    """A metaclass that is not the one of all enumerations."""


class Strange(enum.StrEnum, metaclass=StrangeMeta):
    A = "a"


class Lines(list[Any]):
    """A list that msgspec takes for one."""


class Moment(datetime):
    """A datetime that is none to msgspec."""


class Offset(tzinfo):
    """A time zone in Python."""

    def utcoffset(self, when: datetime | None, /) -> timedelta:
        return timedelta(minutes=-90)

    def dst(self, when: datetime | None, /) -> None:
        return None

    def tzname(self, when: datetime | None, /) -> str:
        return "odd"


@dataclasses.dataclass
class Point:
    x: Any
    y: Any


class Loose(msgspec.Struct, omit_defaults=True):
    """Not frozen: its slots can be emptied."""

    c: Any
    a: Any = None
    b: Any = UNSET


ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    'ab "\\/',
    "".join(map(chr, range(0x80))),
    "aé\x80ÿ",
    "a€\u2028\ufeff\uffff",
    "a😀\U0010ffff",
    "ab\ud800\udfff",
)

FLOATS = (0.0, -0.0, 1.5, -16.1, 0.1 + 0.2, 1e15, 1e16, 1e17, 5e-324, 1.7e308, math.nan, math.inf, -math.inf)
INTEGERS = (0, -1, 9, 10, 99, 100, 2**31, 2**53, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64, 10**30)
TIME_ZONES = (None, UTC, timezone(timedelta(0)), timezone(timedelta(0), "Z"), timezone(timedelta(hours=2)), Offset())


def random_text(random: Random) -> str:
    alphabet = random.choice(ALPHABETS)
    return "".join(random.choice(alphabet) for _ in range(random.choice((0, 1, 2, 7, 8, 9, 20, 60))))


def random_time(random: Random) -> datetime:
    kind = random.choice((datetime, datetime, Moment))
    microsecond = random.choice((0, 1, 999999, 120000, random.randrange(1000000)))
    moment = datetime.min + timedelta(seconds=random.randrange(9999 * 365 * 86400))
    return kind(*moment.timetuple()[:6], microsecond, tzinfo=random.choice(TIME_ZONES), fold=random.randrange(2))


ODDITIES: tuple[Callable[[Random], Any], ...] = (
    lambda random: Text("text"),
    lambda random: random.choice((*Shade, *Number, *Plain, *Strange)),
    lambda random: Decimal(random.choice(("1.10", "NaN", "1E+3", "-0"))),
    lambda random: Fraction(1, 3),
    lambda random: object,
    lambda random: msgspec.Raw(b"[ 1 ]"),
    lambda random: uuid.UUID(int=random.getrandbits(128)),
    lambda random: random.choice((b"bytes", bytearray(b"array"), memoryview(b"view"))),
    lambda random: random.choice((date(2026, 1, 17), time(8, 30), timedelta(seconds=90))),
    lambda random: 1j,
    lambda random: Point(random_value(random, 1), None),
    lambda random: Loose(c=random_value(random, 1)),
    lambda random: {random_text(random): random_value(random, 1) for _ in range(random.randrange(3))},
    lambda random: {random.choice((1, 1.5, None, (1,), ReasonEnumType.EMERGENCY_STOP)): 1},
    lambda random: (random_value(random, 1), random_value(random, 1)),
    lambda random: {random.choice(INTEGERS)},
    lambda random: frozenset(),
    lambda random: Lines([random_value(random, 1)]),
    lambda random: random.choice((Ellipsis, NotImplemented, len)),
)

COMMON: tuple[Callable[[Random], Any], ...] = (
    random_text,
    random_time,
    lambda random: random.choice((None, UNSET, True, False)),
    lambda random: random.choice(FLOATS),
    lambda random: round(random.uniform(-1e6, 1e6), random.randrange(8)),
    lambda random: random.choice(INTEGERS),
    lambda random: random.randrange(-1000, 1000),
    lambda random: random.choice(list(random.choice(STRING_ENUMS))),
)


def random_value(random: Random, depth: int) -> Any:
    """Anything; mostly what may stand in a message somewhere, if not here."""
    draw = random.random()
    if draw < 0.04:
        return random.choice(ODDITIES)(random)
    if draw < 0.2 and depth < 4:
        return [random_value(random, depth + 1) for _ in range(random.randrange(4))]
    if draw < 0.3 and depth < 4:
        return random_struct(random, depth + 1)
    return random.choice(COMMON)(random)


def random_struct(random: Random, depth: int = 0) -> Datatype:
    kind = random.choice(CLASSES)
    required = {info.name for info in msgspec.structs.fields(kind) if info.required}
    return kind(
        **{
            name: random_value(random, depth)
            for name in kind.__struct_fields__
            if name in required or random.random() < 0.4
        }
    )


@pytest.mark.parametrize("part", range(10), ids=lambda part: f"{SEED}-{part}")
def test_random_structs(part: int) -> None:
    random = Random(f"{SEED}-{part}")
    outcomes = [same(random_struct(random)) for _ in range(2500)]
    # Both ways are well travelled.
    written = sum(isinstance(found, bytes) for found in outcomes)
    assert 1000 < written < 2400


def test_every_class_with_every_value_in_every_member() -> None:
    random = Random(SEED)
    for kind in CLASSES:
        for name in kind.__struct_fields__:
            for make in COMMON:
                same(kind(**{field: make(random) if field == name else None for field in kind.__struct_fields__}))


# Text


def test_every_code_point() -> None:
    for start in range(0, 0x110000, 0x100):
        text = "".join(map(chr, range(start, start + 0x100)))
        expected = same(holding(text, *text[:8]))
        assert isinstance(expected, bytes) != (0xD800 <= start < 0xE000)


@pytest.mark.parametrize("special", ['"', "\\", "\n", "\x00", "\x1f", "\x7f", "é", "€", "😀", "\ud800"], ids=ascii)
def test_a_special_character_at_every_place_of_every_length(special: str) -> None:
    for length in range(1, 36):
        for place in range(length):
            text = "x" * place + special + "y" * (length - place - 1)
            same(holding(text, text + special, special + text))


def test_text_that_fills_the_buffer_to_the_last_byte() -> None:
    for length in (*range(3990, 4110), *range(8150, 8210), 100_000):
        same(holding("x" * length))
        same(holding("\x01" * (length // 6), "é" * (length // 2)))
        same(holding("x" * length, 1.5, datetime(2026, 1, 17, 8, 30, 1, 5, UTC), [], HeartbeatRequest(), 2**63 - 1))
        same(holding("x" * length, {"a": 1}, "x" * length))


def test_long_text_with_many_escapes() -> None:
    same(holding(("-" * 64 + "\n") * 2000, '"' * 100_000, "é\n" * 50_000))


# Numbers


def compare_numbers(numbers: list[float]) -> None:
    message = holding(*numbers)
    if encoder(message) != fallback(message):
        for number in numbers:  # to tell which
            assert encoder(holding(number)) == fallback(holding(number))


def random_floats(random: Random, count: int) -> list[float]:
    ways: tuple[Callable[[], float], ...] = (
        lambda: struct.unpack("<d", random.randbytes(8))[0],
        lambda: struct.unpack("<d", (random.getrandbits(52)).to_bytes(8, "little"))[0],
        lambda: float(random.randrange(-(10 ** random.randrange(1, 18)), 10 ** random.randrange(1, 18))),
        lambda: random.randrange(-(10**6), 10**6) / 2,
        lambda: random.randrange(10**6) + random.randrange(10000) / 10000,
        lambda: random.randrange(10 ** random.randrange(1, 17)) / 10 ** random.randrange(7),
        lambda: random.uniform(-1, 1) * 10.0 ** random.randrange(-20, 20),
        lambda: round(random.uniform(0, 10 ** random.randrange(12)), random.randrange(7)),
    )
    return [random.choice(ways)() for _ in range(count)]


@pytest.mark.parametrize("part", range(4), ids=lambda part: f"{SEED}-{part}")
def test_random_floats(part: int) -> None:
    random = Random(f"{SEED}-{part}")
    for _ in range(50):
        compare_numbers(random_floats(random, 1000))


def test_floats_at_the_borders() -> None:
    borders = [scale * 10.0**power for power in range(-8, 24) for scale in (1, 5, 9.9999, 9.99995)]
    borders += [2.0**power for power in range(-1074, 1024)]
    borders += [place + digits / 10000 for place in (0, 1, 9, 99999999999, 2**36) for digits in range(10000)]
    near = [math.nextafter(number, way) for number in borders for way in (-math.inf, math.inf)]
    compare_numbers([sign * number for number in borders + near for sign in (1, -1)])


def test_integers_at_the_borders() -> None:
    borders = [base**power + step for base in (2, 10) for power in range(70) for step in (-1, 0, 1)]
    compare_numbers([*borders, *(-number for number in borders)])


def test_every_second_fraction_of_a_date_time() -> None:
    random = Random(SEED)
    same(holding(*(random_time(random).replace(tzinfo=UTC) for _ in range(5000)), datetime.min, datetime.max))
    assert (
        same(holding(datetime(1, 2, 3, 4, 5, 6, 7, UTC))) == b'{"tariffIds":["0001-02-03T04:05:06.000007Z"],"evseId":1}'
    )


# Classes that are not like our messages


class Longer(EVSEType, frozen=True, kw_only=True):
    extra: Any = None
    last: Any


class Renamed(EVSEType, frozen=True, kw_only=True, rename="upper"):
    extra: int = 5


class Verbose(msgspec.Struct, omit_defaults=False):
    a: int | None = None


class Defaults(msgspec.Struct, omit_defaults=True):
    a: list[int] = []
    b: int = 1000
    c: Any = msgspec.field(default_factory=dict)
    d: str = "text"


class Tagged(msgspec.Struct, tag=True, omit_defaults=True):
    a: int | None = None


class Row(msgspec.Struct, array_like=True, omit_defaults=True):
    a: Any = None
    b: Any = None


class Wide(msgspec.Struct, omit_defaults=True, rename=lambda name: name * 30):
    ab: Any = None
    é: Any = None


class ShortestTooLong(msgspec.Struct, omit_defaults=True, rename=lambda name: name * 45):
    a: Any = None


class LongestThatFits(msgspec.Struct, omit_defaults=True, rename=lambda name: name * 44):
    b: Any = None


class WithDict(msgspec.Struct, dict=True, weakref=True, omit_defaults=True):
    a: Any = None


class Shadowed(EVSEType, frozen=True, kw_only=True):
    """A class attribute hides the slot of its base."""


Shadowed.connector_id = property(lambda self: 7)


class Swapped(msgspec.Struct, omit_defaults=True):
    """Two members whose descriptors have changed places."""

    a: Any
    b: Any


Swapped.a, Swapped.b = Swapped.b, Swapped.a


@pytest.mark.parametrize(
    "message",
    [
        Longer(id=1, connector_id=2, extra="x", last=[1]),
        Longer(id=1, last=None),
        Renamed(id=1, connector_id=2),
        Renamed(id=1, extra=6),
        Verbose(),
        Verbose(a=1),
        Defaults(),
        Defaults(a=[1], b=1001, c={"x": 1}, d="other"),
        Defaults(a=[], b=int("1000"), c={}, d="".join(["te", "xt"])),
        Tagged(a=1),
        Row(),
        Row(a=1),
        Wide(ab=1),
        Wide(é=1),
        ShortestTooLong(a=1),
        LongestThatFits(b=1),
        WithDict(a=1),
        Shadowed(id=1, connector_id=2),
        Swapped(a=1, b=2),
        Loose(c=None),
        Loose(c=UNSET, b=2),
    ],
    ids=lambda message: type(message).__name__,
)
def test_other_classes(message: Any) -> None:
    assert isinstance(same(message), bytes)
    assert isinstance(same(holding(message, message)), bytes)


@pytest.mark.parametrize("message", [None, True, 5, 1.5, "text", [1, "a"], {"a": 1}, (), object(), UNSET, EVSEType])
def test_what_is_no_struct(message: Any) -> None:
    same(message)


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_a_slot_that_is_not_set(name: str) -> None:
    message = Loose(a=1, b=2, c=3)
    delattr(message, name)
    found = same(message)
    assert isinstance(found, tuple) and found[0] is AttributeError
    same(holding("x", message))


def test_unset_is_not_written_in_any_place() -> None:
    for kind in CLASSES:
        assert same(kind(**dict.fromkeys(kind.__struct_fields__, UNSET))) == b"{}"


def test_all_classes_in_one_message() -> None:
    empty = [kind(**dict.fromkeys(kind.__struct_fields__)) for kind in CLASSES]
    assert isinstance(same(holding(*empty, *reversed(empty))), bytes)


def test_copies() -> None:
    for dataset in datasets().values():
        message = dataset.request
        for other in (copy.copy(message), copy.deepcopy(message), pickle.loads(pickle.dumps(message))):
            assert encoder(other) == fallback(message)


# Nesting


def nested(depth: int) -> Any:
    value: Any = "core"
    for level in range(depth):
        value = [value] if level % 2 else DataTransferRequest(vendor_id="v", data=value)
    return holding(value)


@pytest.mark.parametrize("depth", [1, 13, 32, 64, 500])
def test_deep_nesting(depth: int) -> None:
    assert isinstance(same(nested(depth)), bytes)


def test_too_deep_nesting() -> None:
    expected = outcome(fallback, nested(100_000))
    assert expected == outcome(encoder, nested(100_000))
    assert isinstance(expected, tuple) and expected[0] is RecursionError


def test_cycles() -> None:
    mapping: dict[str, Any] = {}
    mapping["self"] = mapping
    values: list[Any] = []
    message = DataTransferRequest(vendor_id="v", data=values)
    values.append(message)
    crossed: dict[str, Any] = {}
    crossed["struct"] = holding([crossed])
    for cyclic in (holding(mapping), message, holding(values), crossed["struct"]):
        found = same(cyclic)
        assert isinstance(found, tuple) and found[0] is RecursionError
    values.clear()


# Re-entrancy and threads


class Meddler(Offset):
    """A time zone that does something whenever it is asked."""

    def __init__(self, action: Callable[[], object]) -> None:
        self.action = action

    def utcoffset(self, when: datetime | None, /) -> timedelta:
        self.action()
        return timedelta(0)


def test_the_fallback_may_encode_in_turn() -> None:
    inner = holding("inner", 2.5, "x" * 5000)
    found: list[bytes] = []
    when = datetime(2026, 1, 17, tzinfo=Meddler(lambda: found.append(encoder(inner))))
    message = holding("outer", when, "x" * 5000, when)
    assert encoder(message) == fallback(message)
    assert found[0] == found[1] == fallback(inner)


def test_a_list_may_change_while_it_is_written() -> None:
    values: list[Any] = []
    values += ["first", datetime(2026, 1, 17, tzinfo=Meddler(values.clear)), *map(str, range(1000))]
    message = DataTransferRequest(vendor_id="v", data=values)
    assert encoder(message) == b'{"vendorId":"v","data":["first","2026-01-17T00:00:00Z"]}'


@pytest.mark.parametrize("wrap", [lambda inner: inner, lambda inner: [inner]], ids=["struct", "list"])
def test_a_member_may_be_replaced_while_it_is_written(wrap: Callable[[Any], Any]) -> None:
    def replace() -> None:
        msgspec.structs.force_setattr(outer, "data", None)

    def inner(action: Callable[[], object]) -> DataTransferRequest:
        when: Any = datetime(2026, 1, 17, tzinfo=Meddler(action))
        return DataTransferRequest(vendor_id="w", message_id=when, data=["x" * number for number in range(50)])

    outer = DataTransferRequest(vendor_id="v", data=wrap(inner(replace)))
    expected = fallback(DataTransferRequest(vendor_id="v", data=wrap(inner(int))))
    assert encoder(outer) == expected
    assert outer.data is None


def test_errors_of_the_fallback_pass_through() -> None:
    def fail(value: object) -> bytes:
        raise ZeroDivisionError(str(value))

    with pytest.raises(ZeroDivisionError, match=r"^\{'a': 1\}$"):
        Encoder(fail)(holding("x" * 5000, {"a": 1}))
    with pytest.raises(TypeError, match="bytes"):
        Encoder(lambda value: "text")(holding({"a": 1}))


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError):
        Encoder()
    with pytest.raises(TypeError):
        encoder()


def test_threads_share_an_encoder() -> None:
    shared = Encoder(fallback)
    requests = [dataset.request for dataset in datasets().values()]
    expected = [fallback(request) for request in requests]
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: [shared(request) for request in requests], range(100)):
            assert found == expected


# Memory

STATM = Path("/proc/self/statm")


def resident() -> int:
    """Return the memory of the process in bytes; where the system does not tell, the most it ever was."""
    if STATM.exists():
        return int(STATM.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_memory_stays_flat() -> None:
    text = "x" * 50
    mapping = {"vendorId": text}
    message = holding(text, mapping, 1.25, 0.123456789, EVSEType(id=1), MeasurandEnumType.SOC, "é" * 3000)
    bad = holding("x" * 5000, object())
    held = (text, mapping, message, EVSEType, MeasurandEnumType.SOC)

    def encode_many(count: int) -> None:
        for _ in range(count):
            encoder(message)
        for _ in range(count // 10):
            outcome(encoder, bad)

    encode_many(1000)
    references = [sys.getrefcount(value) for value in held]
    blocks, memory = sys.getallocatedblocks(), resident()
    encode_many(200_000)
    assert abs(sys.getallocatedblocks() - blocks) < 100
    assert [sys.getrefcount(value) for value in held] == references
    # A buffer that is lost in each call would be 1 GB.
    assert resident() - memory < 8_000_000


def test_encoders_leave_nothing_behind() -> None:
    def use() -> None:
        Encoder(fallback)(holding(EVSEType(id=1), Tagged(a=1), Wide(ab=1)))

    use()
    references = [sys.getrefcount(value) for value in (EVSEType, Tagged, fallback)]
    blocks = sys.getallocatedblocks()
    for _ in range(1000):
        use()
    assert abs(sys.getallocatedblocks() - blocks) < 100
    assert [sys.getrefcount(value) for value in (EVSEType, Tagged, fallback)] == references
