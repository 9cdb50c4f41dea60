"""Whatever a peer sends, the session raises nothing, answers what it must, and serves the next Heartbeat."""

from __future__ import annotations

import asyncio
import gc
import json
import time
import tracemalloc
from collections import Counter
from itertools import chain
from typing import Any

import hostile
import pytest
import raw_peer
from hostile import ANSWERS, CLOSED, CORPUS, INCUMBENT, SERVED, SILENT, Hostile, Outcome, Refusal
from raw_peer import RawPeer

from ocpp21.events import CallFailed, CallReceived, CloseRequested, Event, FrameRefused, ResultReceived
from ocpp21.observation import Statistics
from ocpp21.session import Limits
from ocpp21.testing import events

EVERY = CORPUS + [Hostile(f"incumbent: {it.name}", it.data, it.expected) for it in INCUMBENT]


def outcome(reported: list[Event], replies: list[list[Any]]) -> Outcome | Refusal:
    """What has come of a frame; that it is told once, and to the right ones, is checked."""
    kinds = Counter(type(event) for event in reported)
    assert kinds[CallReceived] + len(replies) <= 1
    if replies:
        ((message_type, message_id, code, description, _),) = replies
        assert message_type == 4
        assert description.isprintable() and "expected " in description
        (refusal,) = reported
        assert isinstance(refusal, FrameRefused) and refusal.answered
        return message_id, code
    assert not any(isinstance(event, FrameRefused) and event.answered for event in reported)
    if kinds[CloseRequested]:
        return CLOSED
    return SERVED if kinds[CallReceived] else SILENT


@pytest.mark.parametrize("frame", EVERY, ids=lambda frame: ascii(frame.name))
def test_a_hostile_frame_is_dealt_with_and_the_next_one_served(frame: Hostile) -> None:
    peer = RawPeer()
    reported = peer.say(frame.data)
    assert outcome(reported, peer.hear()) == frame.expected
    peer.answer(reported)
    assert peer.is_served()


def test_one_session_takes_the_whole_corpus() -> None:
    """Time passes between the frames, so that every one can be answered."""
    peer = RawPeer(limits=Limits(garbage=10**6))
    for frame in EVERY:
        peer.now += 1
        peer.seen.clear()
        reported = peer.say(frame.data)
        assert outcome(reported, peer.hear()) == frame.expected
        peer.answer(reported)
        assert peer.is_served()
    assert peer.session.statistics.received == 2 * len(EVERY)
    assert peer.session.statistics.muted == 0


def test_the_corpus_is_large_and_has_every_family() -> None:
    families = Counter(frame.name[:3] for frame in CORPUS)
    assert len({frame.name for frame in CORPUS}) == len(CORPUS) >= 600
    assert len(INCUMBENT) == 41
    assert families.keys() == {
        *("A30", "A31", "A32", "A34", "A35", "A36", "A37", "A38", "A39"),
        *("A40", "A41", "A42", "A43", "A44", "A45", "A46", "A48"),
    }
    assert families["A42"] >= 120


@pytest.mark.parametrize("form", [bytearray, memoryview])
def test_the_incumbents_frames_in_other_buffers(form: Any) -> None:
    for frame in INCUMBENT:
        assert isinstance(frame.data, bytes)
        peer = RawPeer()
        assert outcome(peer.say(form(frame.data)), peer.hear()) == frame.expected
        assert peer.is_served()


@pytest.mark.parametrize("side", ["CS", "CSMS"])
@pytest.mark.parametrize(
    "options", [{}, {"conform": True}, {"gate": lambda action: "closed"}], ids=["", "conform", "gate"]
)
def test_no_session_raises_on_the_corpus(side: Any, options: dict[str, Any]) -> None:
    for frame in EVERY:
        peer = RawPeer(side, **options)
        peer.say(frame.data)
        assert len(peer.hear()) <= 1
        assert len(peer.session._serving) <= 1


def test_frames_cut_off_anywhere_raise_nothing() -> None:
    for frame in EVERY:
        if len(frame.data) < 200:
            peer = RawPeer(limits=Limits(garbage=10**6))
            for size in range(len(frame.data)):
                peer.answer(peer.say(frame.data[:size]))
            peer.hear()
            assert peer.is_served()


# A39, A59: what is told of the peer's text


def test_what_a_peer_writes_appears_in_errors_escaped_and_short() -> None:
    for frame in EVERY:
        for event in RawPeer().say(frame.data):
            if isinstance(event, FrameRefused):
                told = str(event.error)
                assert told == event.error.description
                assert len(told) <= 255 and told.isascii() | ("…" in told) and told.isprintable()
                assert event.error.__traceback__ is None
                json.dumps(event.error.details).encode()


# A44, A47: floods


def test_a_flood_of_garbage_gets_few_answers_and_a_request_to_close() -> None:
    peer = RawPeer()
    reported = peer.say(*[b"x"] * 10_000)
    assert len(peer.hear()) == Limits().garbage - 1
    assert sum(isinstance(event, CloseRequested) for event in reported) == 10_000 - Limits().garbage + 1
    assert peer.is_served()


def test_a_flood_of_refused_calls_gets_as_many_answers_as_the_budget_has() -> None:
    peer = RawPeer()
    for _ in range(100):
        peer.now += 0.1
        peer.say(*[b'[2,"a","Nope",{}]'] * 100)
    # The burst, and then five per second; the first tenth of a second meets a full budget.
    assert len(peer.hear()) == pytest.approx(20 + 9.9 * 5, abs=1)
    assert peer.session.statistics == Statistics(
        received=10_000,
        sent=10_000 - peer.session.statistics.muted,
        refused=10_000,
        muted=peer.session.statistics.muted,
    )
    assert peer.is_served()


def test_a_flood_of_calls_is_held_at_the_bound_and_memory_with_it() -> None:
    peer = RawPeer()
    session = peer.session
    calls = peer.say(*(b'[2,"%d","Heartbeat",{}]' % number for number in range(8)))
    peer.seen.clear()
    session.messages_to_send()
    gc.collect()
    tracemalloc.start()
    for number in range(8, 10_008):
        session.receive(b'[2,"%d","Heartbeat",{}]' % number, peer.now)
        events(session)
        peer.seen.clear()
    session.messages_to_send()
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size < 4096
    peer.answer(calls)
    assert [reply[1] for reply in peer.hear("Heartbeat")] == [f"{number}" for number in range(8)]
    assert peer.is_served()


def test_errors_about_errors_do_not_play_ping_pong() -> None:
    """Two peers that answered errors with errors would do so for ever (A45)."""
    peer = RawPeer()
    for kind, message_id in [(4, '"a"'), (5, '"a"'), (4, "7"), (5, "null"), (3, '"a"')] * 20:
        peer.say(b'[%d,%s,"GenericError","",{}]' % (kind, message_id.encode()))
    assert peer.hear() == []
    assert peer.is_served()


# A49: answers to a call of ours


@pytest.mark.parametrize("data", [b'[4,"q"]', b'[4,"q",7]', b'[4,"q","GenericError","",{},{}]', b'[4,"q",{}'])
def test_an_error_that_is_broken_ends_the_call_if_it_names_it(data: bytes) -> None:
    peer = RawPeer("CS")
    call = peer.call("q")
    peer.hear()
    failures = [event.call for event in peer.say(data) if isinstance(event, CallFailed)]
    assert failures == ([call] if data.endswith(b"]") else [])
    assert peer.hear() == []


@pytest.mark.parametrize(("data", "code"), [answer[1:] for answer in ANSWERS], ids=[answer[0] for answer in ANSWERS])
def test_an_answer_that_is_not_one_ends_the_call_once_or_not_at_all(data: bytes, code: str | None) -> None:
    peer = RawPeer("CS")
    call = peer.call("q")
    peer.hear()
    reported = peer.say(data)
    objections = [reply for reply in peer.hear() if reply[0] == 5]
    failures = [event for event in reported if isinstance(event, CallFailed)]
    assert [reply[:3] for reply in objections] == ([] if code is None else [[5, "q", code]])
    assert [event.call for event in failures] == ([] if code is None else [call])
    ended = peer.say(b'[3,"q",%s]' % raw_peer.AUTHORIZED_PAYLOAD)
    assert [type(event) for event in ended] == ([ResultReceived] if code is None else [type(ended[0])])
    assert sum(isinstance(event, ResultReceived | CallFailed) for event in chain(reported, ended)) == 1


# Time


@pytest.mark.parametrize(
    "frame", [frame for frame in EVERY if len(frame.data) > 50_000], ids=lambda frame: ascii(frame.name)
)
def test_no_large_frame_takes_long(frame: Hostile) -> None:
    """A hundred times what it should take: quadratic behaviour would show, a busy machine would not."""
    peer = RawPeer()
    started = time.process_time()
    peer.say(frame.data)
    assert time.process_time() - started < 1.0


# The incumbent


def test_the_incumbents_loop_ends_where_ours_goes_on() -> None:
    """The five frames on which ``ocpp`` 2.1.0 dies; should a later release survive them, this says so."""
    from ocpp.v21 import ChargePoint

    class Connection:
        def __init__(self, frame: str) -> None:
            self.frames = [frame]

        async def recv(self) -> str:
            return self.frames.pop()

        async def send(self, frame: str) -> None:
            raise AssertionError("it has answered")

    async def survives(frame: str) -> bool:
        try:
            await ChargePoint("CS001", Connection(frame)).start()
        except IndexError:  # no more frames: the loop came back for the next one
            return True
        except (TypeError, RecursionError, ValueError):
            return False
        raise AssertionError("the loop has ended without an error")

    deadly = ["action {}", "action []", "100k arrays", "100k arrays as first element", "5000 digits as type"]
    frames = {it.name: it.data.decode() for it in INCUMBENT if isinstance(it.data, bytes)}
    assert {name: asyncio.run(survives(frames[name])) for name in deadly} == dict.fromkeys(deadly, False)
    assert asyncio.run(survives("x"))


def test_the_corpus_is_what_it_says() -> None:
    assert hostile.nested("both", 4, closed=True) == b'[{"a":[{"a":0}]}]'
    assert len(hostile.heartbeat(b"{}").ljust(hostile.MAX_SIZE)) == hostile.MAX_SIZE
