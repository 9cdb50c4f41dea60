"""The pair: links that lose, double, delay and cut, and a time that moves only when it is told."""

from __future__ import annotations

from typing import Any

import pytest
import raw_peer
from raw_peer import ALIVE, AUTHORIZE, AUTHORIZED, HEARTBEAT, STREAM

from ocpp21.errors import CallTimeout
from ocpp21.errors import SessionClosed as SessionClosedError
from ocpp21.events import CallFailed, CallReceived, Event, FrameDropped, ResultReceived, SendReceived, SessionClosed
from ocpp21.messages import DataTransferRequest, DataTransferResponse, DataTransferStatusEnumType
from ocpp21.session import Limits, Session
from ocpp21.testing import Chaos, Link, Pair, Passage, delayed, delivered, dropped, duplicated, events


def answering(*sessions: Session) -> Any:
    """A handler that answers every call as a CSMS would."""

    def handle(event: Event) -> None:
        if isinstance(event, CallReceived):
            sessions[0].reply(event, raw_peer.ANSWERS[event.action])

    return handle


def served_pair(**options: Any) -> Pair:
    csms = Session("CSMS")
    return Pair(None, csms, on_csms=answering(csms), **options)


# The pair


def test_the_example_of_the_module() -> None:
    pair = Pair()
    call = pair.station.call(HEARTBEAT, pair.now)
    pair.run()
    (received,) = events(pair.csms)
    assert isinstance(received, CallReceived)
    pair.csms.reply(received, ALIVE)
    pair.run()
    assert events(pair.station) == [ResultReceived(call, ALIVE)]
    pair.to_csms.fate = dropped
    call = pair.station.call(HEARTBEAT, pair.now)
    pair.advance(30)
    (failed,) = events(pair.station)
    assert isinstance(failed, CallFailed) and failed.call is call and isinstance(failed.error, CallTimeout)


def test_a_handler_is_given_the_events_of_its_side() -> None:
    pair = served_pair()
    calls = [pair.station.call(AUTHORIZE, pair.now) for _ in range(3)]
    pair.run()
    assert events(pair.station) == [ResultReceived(call, AUTHORIZED) for call in calls]
    assert events(pair.csms) == []


def test_sessions_of_ones_own_are_joined() -> None:
    station, csms = Session("CS"), Session("CSMS")
    pair = Pair(station, csms)
    assert pair.station is station and pair.csms is csms
    station.send(STREAM)
    pair.run()
    (received,) = events(csms)
    assert isinstance(received, SendReceived)


def test_the_time_stands_still_while_running() -> None:
    pair = Pair(now=5.0)
    pair.station.call(HEARTBEAT, pair.now)
    pair.to_csms.fate = delayed(1.0)
    pair.run()
    assert pair.now == 5.0 and len(pair.to_csms) == 1 and events(pair.csms) == []
    pair.advance(1.0)
    assert pair.now == 6.0 and len(pair.to_csms) == 0 and len(events(pair.csms)) == 1


def test_timers_run_out_at_their_time_and_in_their_order() -> None:
    seen: list[Passage] = []
    pair = Pair(watch=seen.append)
    pair.to_csms.fate = pair.to_station.fate = dropped
    for timeout_s in (2.0, 3.0):
        pair.station.call(HEARTBEAT, pair.now, timeout_s=timeout_s)
    pair.csms.call(DataTransferRequest(vendor_id="v"), pair.now, timeout_s=4.0)
    pair.csms.call(DataTransferRequest(vendor_id="v"), pair.now, timeout_s=9.0)
    pair.advance(100.0)
    assert [(passage.at, passage.side, passage.direction) for passage in seen] == [
        (0.0, "CS", "out"),
        (0.0, "CSMS", "out"),
        (2.0, "CS", "out"),
        (4.0, "CSMS", "out"),
    ]
    assert pair.now == 100.0
    assert [len(events(session)) for session in (pair.station, pair.csms)] == [2, 2]


def test_an_answer_with_the_last_moment_is_in_time() -> None:
    pair = served_pair()
    pair.to_station.fate = delayed(30.0)
    call = pair.station.call(HEARTBEAT, pair.now)
    pair.advance(30.0)
    assert events(pair.station) == [ResultReceived(call, ALIVE)]


def test_time_does_not_run_backwards() -> None:
    pair = Pair(now=1.0)
    with pytest.raises(ValueError, match="found -1"):
        pair.advance(-1)
    assert pair.now == 1.0


def test_a_pair_that_never_becomes_quiet_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each handler sends for each event that it sees."""
    monkeypatch.setattr("ocpp21.testing.pair._BUSY", 1000)
    station = Session("CS", limits=Limits(error_burst=10**9, garbage=10**9))
    pair = Pair(station, on_station=lambda event: station.send(STREAM), on_csms=lambda event: pair.inject("CS", b"x"))
    station.send(STREAM)
    with pytest.raises(RuntimeError, match="quiet within 1000 steps"):
        pair.run()


def test_what_is_injected_arrives_whatever_the_link_does_to_others() -> None:
    pair = Pair()
    pair.to_csms.fate = pair.to_station.fate = dropped
    pair.inject("CSMS", b"")
    pair.inject("CS", b'[3,"x",{}]')
    pair.run()
    assert events(pair.csms) == [FrameDropped("empty")]
    assert events(pair.station) == [FrameDropped("unsolicited", "x")]


def test_a_cut_closes_both_sides_and_loses_what_is_on_its_way() -> None:
    pair = Pair()
    call = pair.station.call(HEARTBEAT, pair.now)
    pair.to_csms.fate = delayed(1.0)
    pair.run()
    pair.cut("thunder")
    pair.inject("CSMS", b"x")
    pair.advance(10.0)
    failed, closed = events(pair.station)
    assert isinstance(failed, CallFailed) and failed.call is call
    assert isinstance(failed.error, SessionClosedError) and failed.error.reason == "thunder"
    assert closed == SessionClosed("thunder") and events(pair.csms) == [closed]


def test_watching_shows_both_ends_of_the_way() -> None:
    seen: list[Passage] = []
    pair = served_pair(watch=seen.append)
    pair.to_csms.fate = delayed(2.0)
    pair.station.call(HEARTBEAT, pair.now, message_id="q")
    pair.advance(5.0)
    question, answer = b'[2,"q","Heartbeat",{}]', b'[3,"q",{"currentTime":"2026-01-17T08:00:00Z"}]'
    assert seen == [
        Passage(0.0, "CS", "out", question),
        Passage(2.0, "CSMS", "in", question),
        Passage(2.0, "CSMS", "out", answer),
        Passage(2.0, "CS", "in", answer),
    ]


# The links


def arrivals(link: Link, until: float) -> list[bytes]:
    return list(iter(lambda: link.take(until), None))


def test_frames_arrive_in_order() -> None:
    link = Link()
    for frame in (b"1", b"2", b"3"):
        link.put(frame, 0.0)
    assert len(link) == 3 and link.due == 0.0
    assert arrivals(link, 0.0) == [b"1", b"2", b"3"]
    assert len(link) == 0 and link.due is None


def test_the_fates() -> None:
    link = Link()
    for frame, fate in {
        b"1": dropped,
        b"2": duplicated,
        b"3": delayed(2.0),
        b"4": delayed(1.0),
        b"5": delivered,
    }.items():
        link.put(frame, 10.0, fate=fate)
    assert arrivals(link, 10.0) == [b"2", b"2", b"5"]
    assert link.due == 11.0
    assert arrivals(link, 12.0) == [b"4", b"3"]


def test_nothing_arrives_before_it_was_sent() -> None:
    link = Link()
    link.put(b"1", 10.0, fate=delayed(-5.0))
    assert link.due == 10.0


def test_a_link_that_is_cut_tells_nobody() -> None:
    pair = Pair()
    call = pair.station.call(HEARTBEAT, pair.now)
    pair.run()
    (received,) = events(pair.csms)
    assert isinstance(received, CallReceived)
    pair.to_station.cut()
    pair.csms.reply(received, ALIVE)
    pair.advance(29.0)
    assert pair.to_station.is_cut and not pair.to_csms.is_cut
    assert events(pair.station) == [] and not pair.station.is_closed
    pair.advance(1.0)
    (failed,) = events(pair.station)
    assert isinstance(failed, CallFailed) and failed.call is call


def test_a_cut_loses_what_is_on_its_way() -> None:
    link = Link()
    link.put(b"1", 0.0)
    link.cut()
    link.put(b"2", 0.0)
    assert len(link) == 0


def test_chaos_is_repeatable_and_does_all_that_it_says() -> None:
    frames = [b"%d" % number for number in range(1000)]
    fates = [list(map(list, map(Chaos(7, drop=0.2, duplicate=0.3, delay_s=4.0), frames))) for _ in range(2)]
    assert fates[0] == fates[1]
    copies = [len(fate) for fate in fates[0]]
    assert 150 < copies.count(0) < 250 and 190 < copies.count(2) < 290
    delays = [delay for fate in fates[0] for delay in fate]
    assert 0 <= min(delays) < 0.1 and 3.9 < max(delays) <= 4.0


def test_calls_survive_chaos_or_fail_once() -> None:
    csms = Session("CSMS", limits=Limits(serving=1000))
    ended: list[Any] = []
    pair = Pair(Session("CS", limits=Limits(waiting=1000)), csms, on_station=ended.append, on_csms=answering_data(csms))
    pair.to_csms.fate, pair.to_station.fate = Chaos(1), Chaos(2)
    calls = [
        pair.station.call(DataTransferRequest(vendor_id="v", data=number), pair.now, timeout_s=8.0)
        for number in range(300)
    ]
    pair.advance(3000.0)
    results = [event for event in ended if isinstance(event, ResultReceived)]
    failures = [event for event in ended if isinstance(event, CallFailed)]
    assert [event.call for event in ended if isinstance(event, ResultReceived | CallFailed)] == calls
    assert len(results) > 150 and len(failures) > 50
    for event in results:
        assert isinstance(event.call.request, DataTransferRequest)
        assert isinstance(event.response, DataTransferResponse)
        assert event.response.data == event.call.request.data


def answering_data(csms: Session) -> Any:
    def handle(event: Event) -> None:
        if isinstance(event, CallReceived) and isinstance(event.request, DataTransferRequest):
            csms.reply(event, DataTransferResponse(status=DataTransferStatusEnumType.ACCEPTED, data=event.request.data))

    return handle
