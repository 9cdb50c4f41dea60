"""The base classes of all messages."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec import json

from ocpp21 import wire
from ocpp21.wire import Action, Block, CustomDataType, Datatype, Message, Request, Response, Send


class Point(Datatype, frozen=True, kw_only=True):
    """A datatype."""

    x_axis: int = msgspec.field(name="xAxis")
    note: str | None = None
    custom_data: CustomDataType | None = msgspec.field(name="customData", default=None)


class Pong(Response, frozen=True, kw_only=True):
    """A response."""


class Ping(Request[Pong], frozen=True, kw_only=True):
    """A request."""

    points: list[Point]


class Shout(Send, frozen=True, kw_only=True):
    """A SEND."""


def test_all_names_are_exported() -> None:
    public = {name for name, item in vars(wire).items() if getattr(item, "__module__", "") == wire.__name__}
    assert set(wire.__all__) == {name for name in public if not name.endswith("_co")} | {"CustomDataType"}


@pytest.mark.parametrize("message", [Pong(), Ping(points=[]), Shout()], ids=lambda message: type(message).__name__)
def test_messages_are_datatypes(message: Message) -> None:
    assert isinstance(message, Message) and isinstance(message, Datatype)


def test_requests_responses_and_sends_are_kept_apart() -> None:
    kinds = (Request, Response, Send)
    assert [[issubclass(kind, other) for other in kinds] for kind in (Ping, Pong, Shout)] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]


def test_values_are_equal_frozen_and_hashable() -> None:
    point = Point(x_axis=1)
    assert point == Point(x_axis=1) != Point(x_axis=2)
    assert len({point, Point(x_axis=1)}) == 1
    with pytest.raises(AttributeError):
        point.x_axis = 2


def test_fields_go_by_keyword() -> None:
    with pytest.raises(TypeError):
        Point(1)
    with pytest.raises(TypeError):
        Point()


def test_the_garbage_collector_does_not_track_them() -> None:
    assert not Point.__struct_config__.gc
    assert not Ping.__struct_config__.gc


@pytest.mark.parametrize(
    ("point", "text"),
    [
        (Point(x_axis=1), b'{"xAxis":1}'),
        (Point(x_axis=1, note=""), b'{"xAxis":1,"note":""}'),
        (
            Point(x_axis=1, custom_data={"vendorId": "v", "other": [None]}),
            b'{"xAxis":1,"customData":{"vendorId":"v","other":[null]}}',
        ),
    ],
)
def test_wire_names_and_absent_fields(point: Point, text: bytes) -> None:
    assert json.encode(point) == text
    assert json.decode(text, type=Point) == point


@pytest.mark.parametrize("text", [b'{"x_axis":1}', b'{"xAxis":1,"other":1}', b"{}"])
def test_unknown_and_missing_members_are_refused(text: bytes) -> None:
    with pytest.raises(msgspec.ValidationError):
        json.decode(text, type=Point)


def test_a_request_decodes_with_its_datatypes() -> None:
    assert json.decode(b'{"points":[{"xAxis":1}]}', type=Ping) == Ping(points=[Point(x_axis=1)])


@pytest.mark.parametrize(
    "fact",
    [
        Block("A", "Noise", "noise"),
        Action("Ping", Ping, Pong, Block("A", "Noise", "noise"), "CS", "CALL", "on_ping", "2.1"),
    ],
    ids=["block", "action"],
)
def test_facts_cannot_be_changed(fact: Any) -> None:
    assert fact.__struct_config__.frozen and fact == type(fact)(*(getattr(fact, n) for n in fact.__struct_fields__))
