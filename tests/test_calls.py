"""The line of our calls. How the session uses it is shown in test_session.py."""

from __future__ import annotations

import pytest

from ocpp21.calls import OwnCalls
from ocpp21.errors import LocalProtocolError, QueueFull
from ocpp21.events import Call
from ocpp21.limits import Limits
from ocpp21.messages import HeartbeatRequest


def call(message_id: str, timeout_s: float = 30.0) -> Call:
    return Call(message_id, HeartbeatRequest(), timeout_s)


def test_one_leaves_and_the_others_follow_in_order() -> None:
    calls = OwnCalls(Limits())
    first, second, third = call("a", 10.0), call("b", 20.0), call("c")
    assert calls.end(0.0) is None
    assert calls.add(first, b"a", 1.0) == b"a"
    assert (calls.outstanding, calls.deadline) == (first, 11.0)
    assert calls.add(second, b"b", 2.0) is calls.add(third, b"c", 2.0) is None
    assert calls.end(5.0) == b"b"
    assert (calls.outstanding, calls.deadline) == (second, 25.0)
    assert calls.matches("b") is second
    assert calls.matches("a") is calls.matches("c") is None
    assert calls.end(6.0) == b"c"
    assert calls.end(7.0) is None
    assert calls.outstanding is calls.matches("c") is None


def test_room_is_bounded_and_ids_are_new() -> None:
    calls = OwnCalls(Limits(waiting=1))
    calls.check_room("a")
    calls.add(call("a"), b"", 0.0)
    with pytest.raises(LocalProtocolError, match="found that of a waiting call, `a`"):
        calls.check_room("a")
    calls.check_room("b")
    calls.add(call("b"), b"", 0.0)
    with pytest.raises(QueueFull, match="at most 1 waiting"):
        calls.check_room("c")
    calls.end(1.0)
    with pytest.raises(LocalProtocolError):
        calls.check_room("b")
    calls.check_room("a")


def test_only_what_waits_can_be_withdrawn() -> None:
    calls = OwnCalls(Limits())
    first, second = call("a"), call("b")
    calls.add(first, b"a", 0.0)
    calls.add(second, b"b", 0.0)
    assert not calls.withdraw(first)
    assert not calls.withdraw(call("b"))  # another one of the same id
    assert calls.withdraw(second)
    assert not calls.withdraw(second)
    assert calls.end(1.0) is None


def test_clearing_gives_back_what_has_not_ended_in_order() -> None:
    calls = OwnCalls(Limits())
    assert calls.clear() == []
    line = [call("a"), call("b"), call("c")]
    for each in line:
        calls.add(each, b"", 0.0)
    assert calls.clear() == line
    assert calls.clear() == [] and calls.outstanding is None


def test_expired_calls_are_remembered_for_a_while() -> None:
    calls = OwnCalls(Limits(remembered=2))
    for message_id in "abc":
        calls.expire(call(message_id))
    assert [calls.has_expired(message_id) for message_id in "abc"] == [False, True, True]
