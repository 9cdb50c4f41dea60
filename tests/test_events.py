"""Events: values that say what has happened, and handles that are told apart by what they are."""

from __future__ import annotations

import gc
import weakref
from typing import get_args

import msgspec
import pytest
from raw_peer import ALIVE, HEARTBEAT, STREAM

from ocpp21 import events
from ocpp21.errors import CallError, CallTimeout, ErrorCode, RemoteProtocolError
from ocpp21.events import (
    Call,
    CallFailed,
    CallReceived,
    CloseRequested,
    Event,
    FrameDropped,
    FrameRefused,
    ResultReceived,
    ResultRefused,
    SendReceived,
    SessionClosed,
)

CALL = Call("q", HEARTBEAT, 30.0)
REFUSED = CallError(ErrorCode.INTERNAL_ERROR)

EVERY: list[Event] = [
    CallReceived("a", "Heartbeat", HEARTBEAT),
    SendReceived("s", "NotifyPeriodicEventStream", STREAM),
    ResultReceived(CALL, ALIVE),
    CallFailed(CALL, CallTimeout("no answer")),
    ResultRefused("a", HEARTBEAT, REFUSED),
    FrameRefused(RemoteProtocolError("expected JSON", code=ErrorCode.RPC_FRAMEWORK_ERROR), answered=True),
    FrameDropped("empty"),
    CloseRequested(1002, "garbage"),
    SessionClosed("done"),
]


def name(event: Event) -> str:
    return type(event).__name__


def copy(event: Event) -> Event:
    return type(event)(*(getattr(event, field) for field in event.__struct_fields__))


def test_every_event_is_here_and_public() -> None:
    kinds = {type(event) for event in EVERY}
    assert set(get_args(Event)) == kinds
    assert set(events.__all__) == {kind.__name__ for kind in kinds} | {"Call", "Event"}


@pytest.mark.parametrize("event", EVERY, ids=name)
def test_an_event_does_not_change(event: Event) -> None:
    for field in event.__struct_fields__:
        with pytest.raises(AttributeError):
            setattr(event, field, None)


@pytest.mark.parametrize("event", [event for event in EVERY if not isinstance(event, CallReceived)], ids=name)
def test_events_are_compared_by_what_they_say(event: Event) -> None:
    assert copy(event) == event
    assert copy(event) is not event


def test_a_call_of_the_peer_is_a_handle() -> None:
    event = CallReceived("a", "Heartbeat", HEARTBEAT)
    assert copy(event) != event
    assert len({event, copy(event)}) == 2
    assert weakref.ref(event)() is event


def test_a_call_of_ours_is_a_handle() -> None:
    same = Call("q", HEARTBEAT, 30.0)
    assert same != CALL
    assert len({same, CALL}) == 2
    seen = weakref.ref(same)
    del same
    gc.collect()
    assert seen() is None


def test_the_context_of_a_call_is_the_applications() -> None:
    call = Call("q", HEARTBEAT, 30.0)
    assert call.context is None
    call.context = ["anything"]
    assert call.context == ["anything"]


@pytest.mark.parametrize("event", [*EVERY, CALL], ids=lambda event: type(event).__name__)
def test_an_event_shows_its_fields(event: Event | Call) -> None:
    assert repr(event).startswith(f"{type(event).__name__}({event.__struct_fields__[0]}=")
    assert isinstance(event, msgspec.Struct)


def test_what_is_unsaid() -> None:
    received = EVERY[:3]
    assert [event.signed for event in received if isinstance(event, CallReceived | SendReceived | ResultReceived)] == [
        False
    ] * 3
    assert FrameDropped("empty").message_id is None
    assert SessionClosed("done").unanswered == ()
