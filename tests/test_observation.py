"""What an observer is told of a session, and what the session counts."""

from __future__ import annotations

import msgspec
import pytest
import raw_peer
from raw_peer import ALIVE, AUTHORIZE, STREAM, RawPeer

from ocpp21.observation import Observation, Statistics
from ocpp21.session import Limits, Session

WRONG = b'[2,"b","Heartbeat",{"x":1}]'


def verdicts(peer: RawPeer) -> list[tuple[str, str]]:
    return [(seen.direction, seen.verdict) for seen in peer.seen]


@pytest.mark.parametrize("form", [bytes, bytearray, memoryview, bytes.decode])
def test_a_frame_is_shown_as_it_came_and_not_copied(form: type) -> None:
    peer = RawPeer()
    for text in (b'[2,"a","Heartbeat",{}]', WRONG, b'[3,"x",{}]', b"x", b""):
        data = form(text)
        peer.seen.clear()
        peer.say(data)
        assert peer.seen[-1].data is data


def test_a_frame_that_leaves_is_the_one_that_is_sent() -> None:
    peer = RawPeer("CS")
    peer.call("q")
    peer.session.send(STREAM)
    assert [id(seen.data) for seen in peer.seen] == [id(frame) for frame in peer.session.messages_to_send()]


def test_every_frame_is_seen_once_in_order_with_its_verdict() -> None:
    peer = RawPeer(limits=Limits(max_size=200))
    peer.session.reply(peer.ask("a"), ALIVE)
    peer.say(WRONG, b"", b'[3,"x",{}]', b"[7]", b'[6,"s","NotifyPeriodicEventStream",%s]' % raw_peer.STREAM_PAYLOAD)
    peer.say(b'[5,"a","GenericError"]', b"x", b" " * 201)
    assert verdicts(peer) == [
        ("in", "ok"),
        ("out", "ok"),
        ("out", "ok"),
        ("in", "refused FormatViolation"),
        ("in", "dropped empty"),
        ("in", "dropped unsolicited"),
        ("in", "dropped unknown type"),
        ("in", "ok"),
        ("in", "ok"),
        ("out", "ok"),
        ("in", "refused RpcFrameworkError"),
        ("in", "refused RpcFrameworkError"),
    ]


def test_answers_are_seen_like_calls() -> None:
    peer = RawPeer("CS")
    for answer in (b'[3,"q",%s]' % raw_peer.AUTHORIZED_PAYLOAD, b'[4,"q","GenericError"]', b'[3,"q",{}]'):
        peer.call("q")
        peer.say(answer)
    assert [verdict for direction, verdict in verdicts(peer) if direction == "in"] == [
        "ok",
        "ok",
        "refused OccurrenceConstraintViolation",
    ]


def test_the_time_is_that_of_the_session() -> None:
    peer = RawPeer()
    peer.now = 12.5
    peer.say(b"")
    assert [seen.at for seen in peer.seen] == [12.5]


def test_what_the_session_counts() -> None:
    peer = RawPeer(limits=Limits(error_burst=1, errors_per_s=0.0))
    peer.session.reply(peer.ask("a"), ALIVE)
    peer.say(WRONG, WRONG, b"", b'[3,"x",{}]')
    assert peer.session.statistics == Statistics(received=5, sent=2, refused=2, dropped=2, muted=1)


def test_a_session_needs_no_observer() -> None:
    session = Session("CS")
    session.call(AUTHORIZE, 0.0)
    session.receive(b"x", 0.0)
    assert session.statistics == Statistics(received=1, sent=2, refused=1)


def test_an_observation_does_not_change() -> None:
    observation = Observation("in", b"x", 0.0, "ok")
    with pytest.raises(AttributeError):
        observation.verdict = "refused"
    assert msgspec.structs.replace(observation) == observation
