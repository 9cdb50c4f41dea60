"""The session: the receiver's decision table row by row, the golden vectors, and what the table does not say."""

from __future__ import annotations

import gc
import random
import tracemalloc
import uuid
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest
import raw_peer
import wire_oracle
from raw_peer import ALIVE, AUTHORIZE, AUTHORIZED, CHANGE_AVAILABILITY, HEARTBEAT, STREAM, RawPeer

from ocpp21 import testing
from ocpp21.errors import (
    CallError,
    CallTimeout,
    ErrorCode,
    LocalProtocolError,
    PayloadError,
    QueueFull,
    RemoteProtocolError,
)
from ocpp21.errors import SessionClosed as SessionClosedError
from ocpp21.events import (
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
from ocpp21.messages import (
    AFRRSignalRequest,
    AFRRSignalResponse,
    DataTransferRequest,
    DataTransferResponse,
    DataTransferStatusEnumType,
    GenericStatusEnumType,
)
from ocpp21.observation import Statistics
from ocpp21.session import Limits, Session, Side
from ocpp21.testing import Pair
from ocpp21.versions import OCPP201
from ocpp21.wire import Action

SEED = 20260117
ID36 = b"0123456789abcdef0123456789abcdef0123"
HEARTBEAT_AT_8 = [3, "a", {"currentTime": "2026-01-17T08:00:00Z"}]
RPC = "RpcFrameworkError"


# The decision table


def nothing(peer: RawPeer) -> None:
    """No history."""


def called(peer: RawPeer) -> None:
    """We have made the call ``q``, an Authorize, and wait for the answer."""
    peer.call("q")
    assert [frame[:3] for frame in peer.hear()] == [[2, "q", "Authorize"]]


def timed_out(peer: RawPeer) -> None:
    """We have made the call ``q``, and its time is up."""
    called(peer)
    (failed,) = peer.wait(30)
    assert isinstance(failed, CallFailed)


def answered(peer: RawPeer) -> None:
    """We have made the call ``q``, and have its answer."""
    called(peer)
    (result,) = peer.say(b'[3,"q",%s]' % raw_peer.AUTHORIZED_PAYLOAD)
    assert isinstance(result, ResultReceived)


def served(peer: RawPeer) -> None:
    """The peer's call ``a`` was answered."""
    peer.session.reply(peer.ask("a"), ALIVE)
    assert peer.hear("Heartbeat") == [HEARTBEAT_AT_8]


def serving(peer: RawPeer) -> None:
    """The peer's call ``a`` is not answered yet."""
    peer.ask("a")


class Case(NamedTuple):
    """Something that a peer sends, and what comes of it.

    Attributes:
        data: what it sends.
        replies: the beginning of each frame that goes back.
        reported: the kinds of the events; a call is answered at once, as an application would.
        before: what has happened before.
        options: of the session.
    """

    data: bytes | str
    replies: list[list[Any]]
    reported: list[type]
    before: Callable[[RawPeer], None] = nothing
    options: Mapping[str, Any] = MappingProxyType({})


STATION: dict[str, Any] = {"side": "CS"}
ON_201: dict[str, Any] = {"version": OCPP201}
GATED: dict[str, Any] = {"gate": lambda action: f"expected registration, found {action.name}"}
SILENT: list[list[Any]] = []
UNREADABLE = [[4, "-1", RPC]]


def refused(code: str, message_id: str = "a") -> list[list[Any]]:
    return [[4, message_id, code]]


ROWS = {
    # Row 1, a binary message, never reaches a session: it takes text.
    "row-02": Case(b"", SILENT, [FrameDropped]),
    "row-02-str": Case("", SILENT, [FrameDropped]),
    "row-03": Case(
        b'[2,"a","Heartbeat",{}]' + b" " * 1000,
        SILENT,
        [FrameRefused, CloseRequested],
        options={"limits": Limits(max_size=1000)},
    ),
    "row-04": Case(b'[2,"a","Heartbeat",{"\xff":1}]', SILENT, [FrameRefused, CloseRequested]),
    "row-04-head": Case(b'\xff[2,"a","Heartbeat",{}]', SILENT, [FrameRefused, CloseRequested]),
    "row-05": Case(b'[2,"a","Heartbeat",{]', UNREADABLE, [FrameRefused]),
    "row-05-payload": Case(b'[2,"a","Heartbeat",{"customData":tru}]', UNREADABLE, [FrameRefused]),
    "row-05-unknown-type": Case(b'[7,"a"', UNREADABLE, [FrameRefused]),
    "row-05-surrogate": Case('[2,"a","Heartbeat",{"\ud800":1}]', UNREADABLE, [FrameRefused]),
    "row-06-object": Case(b'{"a":1}', UNREADABLE, [FrameRefused]),
    "row-06-empty": Case(b"[]", UNREADABLE, [FrameRefused]),
    "row-07-string": Case(b'["2","a","Heartbeat",{}]', UNREADABLE, [FrameRefused]),
    "row-07-boolean": Case(b'[true,"a","Heartbeat",{}]', UNREADABLE, [FrameRefused]),
    "row-07-fraction": Case(b'[2.0,"a","Heartbeat",{}]', UNREADABLE, [FrameRefused]),
    "row-08": Case(b'[7,"a","Heartbeat",{}]', SILENT, [FrameDropped]),
    "row-08-negative": Case(b"[-1]", SILENT, [FrameDropped]),
    "row-08-huge": Case(b'[%s,"a"]' % (b"9" * 5000), SILENT, [FrameDropped]),
    "row-08-on-2.0.1": Case(b'[7,"a","X",{}]', refused("MessageTypeNotSupported"), [FrameRefused], options=ON_201),
    "row-09-send": Case(
        b'[6,"a","NotifyPeriodicEventStream",{}]', refused("MessageTypeNotSupported"), [FrameRefused], options=ON_201
    ),
    "row-09-error": Case(
        b'[5,"a","GenericError","",{}]', refused("MessageTypeNotSupported"), [FrameRefused], options=ON_201
    ),
    "row-09-broken-send": Case(b'[6,"a"]', refused("MessageTypeNotSupported"), [FrameRefused], options=ON_201),
    "row-09-no-id": Case(b"[5,7]", refused("MessageTypeNotSupported", "-1"), [FrameRefused], options=ON_201),
    "row-10-missing": Case(b"[2]", UNREADABLE, [FrameRefused]),
    "row-10-null": Case(b'[2,null,"Heartbeat",{}]', UNREADABLE, [FrameRefused]),
    "row-11": Case(b'[2,"%sx","Heartbeat",{}]' % ID36, refused(RPC, ID36.decode() + "x"), [FrameRefused]),
    "row-11-too-long-to-echo": Case(b'[2,"%s","Heartbeat",{}]' % (b"x" * 256), UNREADABLE, [FrameRefused]),
    "row-12": Case(b'[2,"","Heartbeat",{}]', UNREADABLE, [FrameRefused]),
    "row-13-few": Case(b'[2,"a","Heartbeat"]', refused(RPC), [FrameRefused]),
    "row-13-many": Case(b'[2,"a","Heartbeat",{},{}]', refused(RPC), [FrameRefused]),
    "row-13-action": Case(b'[2,"a",5,{}]', refused(RPC), [FrameRefused]),
    "row-14": Case(b'[2,"a","Heartbeat",{}]', refused(RPC), [FrameRefused], before=serving),
    "row-14-reserved": Case(b'[2,"-1","Heartbeat",{}]', UNREADABLE, [FrameRefused]),
    "row-15": Case(b'[2,"a","heartbeat",{}]', refused("NotImplemented"), [FrameRefused]),
    "row-15-on-2.0.1": Case(
        b'[2,"a","OpenPeriodicEventStream",{}]', refused("NotImplemented"), [FrameRefused], options=ON_201
    ),
    "row-16-direction": Case(b'[2,"a","Reset",{"type":"Immediate"}]', refused("NotSupported"), [FrameRefused]),
    "row-17": Case(
        b'[2,"a","NotifyPeriodicEventStream",%s]' % raw_peer.STREAM_PAYLOAD, refused("ProtocolError"), [FrameRefused]
    ),
    "row-18": Case(b'[2,"a","Heartbeat",{"x":1}]', refused("SecurityError"), [FrameRefused], options=GATED),
    "row-19": Case(b'[2,"a","Heartbeat",{"x":1}]', refused("FormatViolation"), [FrameRefused]),
    # Rows 16 (no handler) and 20 (the handler failed) are the application's: test_the_application_refuses.
    "row-21": Case(b'[3,"q",%s]' % raw_peer.AUTHORIZED_PAYLOAD, SILENT, [ResultReceived], called, STATION),
    "row-22": Case(
        b'[3,"q",{}]', [[5, "q", "OccurrenceConstraintViolation"]], [FrameRefused, CallFailed], called, STATION
    ),
    "row-22-few": Case(b'[3,"q"]', [[5, "q", RPC]], [FrameRefused, CallFailed], called, STATION),
    "row-22-many": Case(
        b'[3,"q",%s,{}]' % raw_peer.AUTHORIZED_PAYLOAD, [[5, "q", RPC]], [FrameRefused, CallFailed], called, STATION
    ),
    "row-22-on-2.0.1": Case(b'[3,"q",{}]', SILENT, [FrameRefused, CallFailed], called, STATION | ON_201),
    "row-23-result": Case(b'[3,"x",{}]', SILENT, [FrameDropped], called, STATION),
    "row-23-broken-result": Case(b'[3,"x"]', SILENT, [FrameDropped], called, STATION),
    "row-23-error": Case(b'[4,"x","GenericError","",{}]', SILENT, [FrameDropped], called, STATION),
    "row-23-late": Case(b'[3,"q",{}]', SILENT, [FrameDropped], timed_out, STATION),
    "row-23-double": Case(b'[3,"q",{}]', SILENT, [FrameDropped], answered, STATION),
    "row-24": Case(b"[3,7,{}]", SILENT, [FrameDropped], called, STATION),
    "row-25": Case(b'[4,"q","GenericError","",{}]', SILENT, [CallFailed], called, STATION),
    "row-25-bare": Case(b'[4,"q","GenericError"]', SILENT, [CallFailed], called, STATION),
    "row-25-broken": Case(b'[4,"q",7]', SILENT, [FrameRefused, CallFailed], called, STATION),
    "row-25-broken-uncorrelated": Case(b'[4,"x",7]', SILENT, [FrameRefused], called, STATION),
    "row-25-uncorrelated": Case(b'[4,"-1","RpcFrameworkError","",{}]', SILENT, [FrameDropped], called, STATION),
    "row-26": Case(b'[5,"a","InternalError","",{}]', SILENT, [ResultRefused], served),
    "row-26-invented": Case(b'[5,"x","InternalError","",{}]', SILENT, [ResultRefused]),
    "row-26-broken": Case(b'[5,"a"]', SILENT, [FrameRefused], served),
    "row-27": Case(b'[6,"a","NotifyPeriodicEventStream",%s]' % raw_peer.STREAM_PAYLOAD, SILENT, [SendReceived]),
    "row-27-unknown": Case(b'[6,"a","Nope",{}]', SILENT, [FrameRefused]),
    "row-27-misplaced": Case(b'[6,"a","Heartbeat",{}]', SILENT, [FrameRefused]),
    "row-27-payload": Case(b'[6,"a","NotifyPeriodicEventStream",{}]', SILENT, [FrameRefused]),
    "row-27-no-json": Case(b'[6,"a","NotifyPeriodicEventStream",{]', SILENT, [FrameRefused]),
    "row-27-gate": Case(b'[6,"a","NotifyPeriodicEventStream",{}]', SILENT, [FrameRefused], options=GATED),
    "row-27-direction": Case(b'[6,"a","NotifyPeriodicEventStream",{}]', SILENT, [FrameRefused], options=STATION),
}


def golden(*texts: bytes, replies: list[list[Any]], reported: list[type], **history: Any) -> list[Case]:
    return [Case(text, replies, reported, **history) for text in texts]


#: The vectors in their order; those of one line lead to the same reply.
GOLDEN = (
    golden(b'[2,"a","Heartbeat",{}]', replies=[HEARTBEAT_AT_8], reported=[CallReceived]),
    golden(b'[2,"a","Heartbeat",null]', replies=[HEARTBEAT_AT_8], reported=[CallReceived]),
    golden(b'[2,"a","heartbeat",{}]', replies=refused("NotImplemented"), reported=[FrameRefused]),
    golden(b'[2,"a","Heartbeat",{"x":1}]', replies=refused("FormatViolation"), reported=[FrameRefused]),
    golden(
        b'[2,"a","Heartbeat",{"customData":{"vendorId":"v","x":1}}]', replies=[HEARTBEAT_AT_8], reported=[CallReceived]
    ),
    golden(
        b'[2,"a","Heartbeat",{"customData":{"x":1}}]',
        replies=refused("OccurrenceConstraintViolation"),
        reported=[FrameRefused],
    ),
    golden(
        b'[2,"a","BootNotification",{"reason":"PowerUp"}]',
        replies=refused("OccurrenceConstraintViolation"),
        reported=[FrameRefused],
    ),
    golden(
        b'[2,"a","BootNotification",{"reason":7,"chargingStation":{"model":"m","vendorName":"v"}}]',
        replies=refused("TypeConstraintViolation"),
        reported=[FrameRefused],
    ),
    golden(
        b'[2,"a","BootNotification",{"reason":"Nope","chargingStation":{"model":"m","vendorName":"v"}}]',
        replies=refused("PropertyConstraintViolation"),
        reported=[FrameRefused],
    ),
    golden(
        b'[2,"a","NotifyPeriodicEventStream",%s]' % raw_peer.STREAM_PAYLOAD,
        replies=refused("ProtocolError"),
        reported=[FrameRefused],
    ),
    golden(
        b'[6,"a","NotifyPeriodicEventStream",%s]' % raw_peer.STREAM_PAYLOAD, replies=SILENT, reported=[SendReceived]
    ),
    golden(b'[6,"a","Nope",{}]', b'[6,"a"]', b'[6,7,"x",{}]', replies=SILENT, reported=[FrameRefused]),
    golden(b'[7,"a","X",{}]', b"[0]", b'[-1,"a"]', b'[99,"a"]', replies=SILENT, reported=[FrameDropped]),
    golden(*(b"x", b"{}", b"[]", b"[2]", b'"s"', b"1", b"null", b"[[2]]"), replies=UNREADABLE, reported=[FrameRefused]),
    golden(
        b'[2,7,"Heartbeat",{}]',
        b'[2,null,"Heartbeat",{}]',
        b'[2,["a"],"Heartbeat",{}]',
        replies=UNREADABLE,
        reported=[FrameRefused],
    ),
    golden(b'[2,"a",{},{}]', b'[2,"a",null,{}]', b'[2,"a","Heartbeat"]', replies=refused(RPC), reported=[FrameRefused]),
    golden(b'["2","a","Heartbeat",{}]', b'[true,"a","Heartbeat",{}]', replies=UNREADABLE, reported=[FrameRefused]),
    golden(b'[2,"%sx","Heartbeat",{}]' % ID36, replies=refused(RPC, ID36.decode() + "x"), reported=[FrameRefused]),
    [
        Case(b'[3,"unknown",{}]', SILENT, [FrameDropped]),
        Case(b'[4,"unknown","GenericError","",{}]', SILENT, [FrameDropped]),
        Case(b'[5,"unknown","GenericError","",{}]', SILENT, [ResultRefused]),
    ],
    golden(
        b'[3,"q",{}]',
        replies=[[5, "q", "OccurrenceConstraintViolation"]],
        reported=[FrameRefused, CallFailed],
        before=called,
        options=STATION,
    ),
    golden(b'[4,"q","FormationViolation"]', replies=SILENT, reported=[CallFailed], before=called, options=STATION),
    golden(
        b'[3,"q",%s]' % raw_peer.AUTHORIZED_PAYLOAD,
        replies=SILENT,
        reported=[FrameDropped],
        before=timed_out,
        options=STATION,
    ),
    golden(b'[2,"a","Heartbeat",{}]', replies=refused(RPC), reported=[FrameRefused], before=serving),
)

VECTORS = {
    f"golden-{number:02}{'abcdefgh'[index] if len(cases) > 1 else ''}": case
    for number, cases in enumerate(GOLDEN, 1)
    for index, case in enumerate(cases)
}


def check(case: Case, data: bytes | bytearray | memoryview | str) -> None:
    peer = RawPeer(**case.options)
    case.before(peer)
    reported = peer.say(data)
    peer.answer(reported)
    replies = peer.hear("Heartbeat")
    assert [type(event) for event in reported] == case.reported
    assert [reply[: len(due)] for reply, due in zip(replies, case.replies, strict=True)] == case.replies


@pytest.mark.parametrize("case", ROWS.values(), ids=ROWS)
def test_row_of_the_decision_table(case: Case) -> None:
    check(case, case.data)


@pytest.mark.parametrize("case", VECTORS.values(), ids=VECTORS)
def test_golden_vector(case: Case) -> None:
    check(case, case.data)


@pytest.mark.parametrize("form", [bytearray, memoryview, bytes.decode])
@pytest.mark.parametrize("case", VECTORS.values(), ids=VECTORS)
def test_golden_vector_in_another_buffer(case: Case, form: Callable[[bytes], Any]) -> None:
    assert isinstance(case.data, bytes)
    check(case, form(case.data))


def test_every_row_and_every_vector_is_there() -> None:
    assert {name[:6] for name in ROWS} == {f"row-{number:02}" for number in range(2, 28) if number != 20}
    assert len(GOLDEN) == 23


def test_a_vector_that_times_out_or_is_slow_names_what_it_means() -> None:
    peer = RawPeer("CS")
    call = peer.call("q")
    (failed,) = peer.say(b'[4,"q","FormationViolation"]')
    assert isinstance(failed, CallFailed) and failed.call is call
    assert isinstance(failed.error, CallError) and failed.error.code is ErrorCode.FORMAT_VIOLATION


def test_what_is_dropped_is_named() -> None:
    peer = RawPeer()
    assert peer.say(b'[7,"a"]', b"[7]", b"", b'[3,"x",{}]', b'[4,"-1","GenericError"]') == [
        FrameDropped("unknown type", "a"),
        FrameDropped("unknown type"),
        FrameDropped("empty"),
        FrameDropped("unsolicited", "x"),
        FrameDropped("uncorrelated", "-1"),
    ]


def test_a_doubled_call_does_not_disturb_the_first() -> None:
    peer = RawPeer()
    first = peer.ask("a")
    peer.say(b'[2,"a","Heartbeat",{}]')
    assert [reply[:3] for reply in peer.hear()] == refused(RPC)
    peer.session.reply(first, ALIVE)
    assert peer.hear("Heartbeat") == [HEARTBEAT_AT_8]


def test_an_id_may_come_back_once_its_call_is_answered() -> None:
    peer = RawPeer()
    for _ in range(2):
        served(peer)


@pytest.mark.parametrize("code", [ErrorCode.NOT_SUPPORTED, ErrorCode.INTERNAL_ERROR], ids=["row-16", "row-20"])
def test_the_application_refuses(code: ErrorCode) -> None:
    peer = RawPeer()
    peer.session.refuse(peer.ask("a"), CallError(code, "no handler", {"hint": [1]}))
    assert peer.hear() == [[4, "a", code, "no handler", {"hint": [1]}]]


# Our calls


def heartbeats(peer: RawPeer, count: int) -> list[Any]:
    return [peer.session.call(HEARTBEAT, peer.now, message_id=f"{number}") for number in range(count)]


def alive(message_id: str) -> bytes:
    return b'[3,"%s",{"currentTime":"2026-01-17T08:00:00Z"}]' % message_id.encode()


def ids(peer: RawPeer) -> list[str]:
    return [frame[1] for frame in peer.hear()]


def test_a_call_is_answered() -> None:
    peer = RawPeer("CS")
    call = peer.session.call(AUTHORIZE, peer.now, context="card")
    assert peer.hear() == [[2, call.message_id, "Authorize", {"idToken": {"idToken": "04AE", "type": "ISO14443"}}]]
    (result,) = peer.say(b'[3,"%s",%s]' % (call.message_id.encode(), raw_peer.AUTHORIZED_PAYLOAD))
    assert isinstance(result, ResultReceived)
    assert result.call is call and result.response == AUTHORIZED and call.context == "card"
    assert peer.session.next_timer() is None


def test_ids_are_uuids_unless_the_application_makes_them() -> None:
    peer, own = RawPeer("CS"), RawPeer("CS", new_id=iter(["one", "two"]).__next__)
    assert uuid.UUID(peer.session.call(HEARTBEAT, 0.0).message_id).version == 4
    assert uuid.UUID(peer.session.send(STREAM)).version == 4
    assert own.session.call(HEARTBEAT, 0.0).message_id == "one"
    assert own.session.send(STREAM) == "two"


def test_one_call_is_outstanding_and_the_others_leave_in_order() -> None:
    peer = RawPeer("CS")
    heartbeats(peer, 4)
    left = ids(peer)
    for answer in (alive("0"), b'[4,"1","GenericError","",{}]', b'[3,"2",{}]'):
        peer.say(answer)
        left += [message_id for kind, message_id, *_ in peer.hear() if kind == 2]
    assert left == ["0", "1", "2", "3"]


def test_an_answer_to_a_call_that_waits_is_not_its_answer() -> None:
    peer = RawPeer("CS")
    heartbeats(peer, 2)
    assert peer.say(alive("1")) == [FrameDropped("unsolicited", "1")]
    assert ids(peer) == ["0"]


def test_a_send_does_not_wait_and_changes_nothing_for_calls() -> None:
    peer = RawPeer("CS")
    heartbeats(peer, 2)
    peer.session.send(STREAM, message_id="s")
    assert ids(peer) == ["0", "s"]
    assert peer.say(alive("s")) == [FrameDropped("unsolicited", "s")]


def test_calls_cross_without_waiting_for_one_another() -> None:
    peer = RawPeer("CS")
    heartbeats(peer, 1)
    theirs = peer.ask("0", "GetLocalListVersion")
    assert theirs.message_id == "0"
    (result,) = peer.say(alive("0"))
    assert isinstance(result, ResultReceived)


def test_a_call_ends_when_its_time_is_up() -> None:
    peer = RawPeer("CS")
    first, second = heartbeats(peer, 2)
    assert peer.session.next_timer() == 1030.0
    assert peer.wait(29.9) == []
    (failed,) = peer.wait(0.1)
    assert isinstance(failed, CallFailed) and failed.call is first
    assert isinstance(failed.error, CallTimeout) and str(failed.error) == "no answer to Heartbeat within 30 s"
    assert ids(peer) == ["0", "1"] and peer.session.next_timer() == 1060.0
    assert peer.say(alive("0")) == [FrameDropped("late", "0")]
    (result,) = peer.say(alive("1"))
    assert isinstance(result, ResultReceived) and result.call is second


def test_the_time_of_a_waiting_call_begins_when_it_leaves() -> None:
    peer = RawPeer("CS")
    heartbeats(peer, 1)
    peer.session.call(HEARTBEAT, peer.now, timeout_s=2.5, message_id="short")
    peer.now += 20
    peer.say(alive("0"))
    assert peer.session.next_timer() == 1022.5
    peer.wait(2.5)
    assert peer.session.next_timer() is None


def test_a_timer_without_a_call_does_nothing() -> None:
    assert RawPeer("CS").wait(1000) == []


def test_a_call_can_be_repeated_under_its_id_when_its_time_is_up() -> None:
    peer = RawPeer("CS")
    timed_out(peer)
    again = peer.call("q")
    (result,) = peer.say(b'[3,"q",%s]' % raw_peer.AUTHORIZED_PAYLOAD)
    assert isinstance(result, ResultReceived) and result.call is again


def test_only_so_many_calls_that_timed_out_are_remembered() -> None:
    peer = RawPeer("CS", limits=Limits(remembered=2))
    for number in range(3):
        peer.call(f"q{number}")
        peer.wait(30)
    reasons = [event.reason for event in peer.say(*map(alive, ("q0", "q1", "q2"))) if isinstance(event, FrameDropped)]
    assert reasons == ["unsolicited", "late", "late"]


def test_a_waiting_call_can_be_withdrawn() -> None:
    peer = RawPeer("CS")
    first, second, third = heartbeats(peer, 3)
    assert peer.session.withdraw(second)
    assert not peer.session.withdraw(second) and not peer.session.withdraw(first)
    peer.say(alive("0"))
    assert ids(peer) == ["0", "2"]
    peer.say(alive("2"))
    assert not peer.session.withdraw(third)


def test_a_call_of_another_session_is_not_withdrawn() -> None:
    peer, other = RawPeer("CS"), RawPeer("CS")
    heartbeats(peer, 2)
    _, foreign = heartbeats(other, 2)
    assert not peer.session.withdraw(foreign)
    peer.say(alive("0"))
    assert ids(peer) == ["0", "1"]


def test_codes_are_understood_in_every_spelling_and_kept_when_unknown() -> None:
    codes = {
        "OccurenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "OccurrenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
        "FormatViolation": ErrorCode.FORMAT_VIOLATION,
        "VendorSays": "VendorSays",
    }
    for spelling, code in codes.items():
        peer = RawPeer("CS")
        peer.call("q")
        (failed,) = peer.say(b'[4,"q","%s","why",{"a":1}]' % spelling.encode())
        assert isinstance(failed, CallFailed) and isinstance(failed.error, CallError)
        assert (failed.error.code, failed.error.description, failed.error.details) == (code, "why", {"a": 1})


def test_an_answer_that_is_not_valid_fails_the_call_with_the_reason() -> None:
    peer = RawPeer("CS")
    call = peer.call("q")
    refusal, failed = peer.say(b'[3,"q",{"idTokenInfo":{"status":"Nope"}}]')
    assert isinstance(failed, CallFailed) and failed.call is call
    assert isinstance(failed.error, PayloadError) and failed.error.pointer == "/idTokenInfo/status"
    assert refusal == FrameRefused(failed.error, answered=True)
    assert peer.hear()[1:] == [
        [5, "q", "PropertyConstraintViolation", failed.error.description, failed.error.details],
    ]


def test_an_answer_can_be_rejected_while_it_is_remembered() -> None:
    peer = RawPeer("CS", limits=Limits(remembered=1))
    results = []
    for number in range(2):
        peer.call(f"q{number}")
        results += peer.say(b'[3,"q%d",%s]' % (number, raw_peer.AUTHORIZED_PAYLOAD))
    peer.hear()
    error = CallError(ErrorCode.INTERNAL_ERROR, "tariff not usable")
    old, recent = results
    assert isinstance(old, ResultReceived) and isinstance(recent, ResultReceived)
    with pytest.raises(LocalProtocolError, match="recent answer"):
        peer.session.reject(old, error)
    assert peer.session.reject(recent, error)
    assert peer.hear() == [[5, "q1", "InternalError", "tariff not usable", {}]]
    with pytest.raises(LocalProtocolError, match="recent answer"):
        peer.session.reject(recent, error)


def test_an_answer_cannot_be_rejected_where_the_version_has_no_such_message() -> None:
    peer = RawPeer("CS", version=OCPP201)
    peer.call("q")
    (result,) = peer.say(b'[3,"q",%s]' % raw_peer.AUTHORIZED_PAYLOAD)
    peer.hear()
    assert isinstance(result, ResultReceived)
    assert not peer.session.reject(result, CallError(ErrorCode.INTERNAL_ERROR))
    assert peer.hear() == []


# Calls of the peer


def test_answers_leave_in_the_order_of_arrival() -> None:
    peer = RawPeer()
    first, second, third = (peer.ask(message_id) for message_id in "abc")
    peer.session.reply(third, ALIVE)
    peer.session.refuse(second, CallError(ErrorCode.INTERNAL_ERROR))
    assert peer.hear() == []
    peer.session.reply(first, ALIVE)
    assert [reply[:2] for reply in peer.hear("Heartbeat")] == [[3, "a"], [4, "b"], [3, "c"]]


def test_an_id_is_in_use_until_its_answer_has_left() -> None:
    peer = RawPeer()
    peer.ask("a")
    peer.session.reply(peer.ask("b"), ALIVE)
    (refusal,) = peer.say(b'[2,"b","Heartbeat",{}]')
    assert isinstance(refusal, FrameRefused) and refusal.error.code is ErrorCode.RPC_FRAMEWORK_ERROR


def test_a_pipelining_peer_is_served_up_to_the_bound() -> None:
    peer = RawPeer(limits=Limits(serving=2, error_burst=1))
    calls = [peer.ask(message_id) for message_id in "ab"]
    refusals = peer.say(*(b'[2,"%d","Heartbeat",{}]' % number for number in range(10_000)))
    assert len(refusals) == 10_000 and {type(event) for event in refusals} == {FrameRefused}
    assert [reply[:3] for reply in peer.hear()] == [[4, "0", "GenericError"]]
    for call in calls:
        peer.session.reply(call, ALIVE)
    peer.hear("Heartbeat")
    assert peer.is_served()


def test_an_objection_names_what_was_asked() -> None:
    peer = RawPeer(limits=Limits(remembered=1))
    for message_id in "ab":
        peer.session.reply(peer.ask(message_id), ALIVE)
    objections = peer.say(*(b'[5,"%c","InternalError","no",{}]' % letter for letter in b"aabb"))
    assert [(event.message_id, event.request) for event in objections if isinstance(event, ResultRefused)] == [
        ("a", None),
        ("a", None),
        ("b", HEARTBEAT),
        ("b", None),
    ]


def test_large_calls_are_not_remembered() -> None:
    peer = RawPeer(limits=Limits(remembered_bytes=2 * len(b'[2,"a","Heartbeat",{}]')))
    for message_id in "ab":
        peer.session.reply(peer.ask(message_id), ALIVE)
    boot = peer.ask("c", "BootNotification", raw_peer.BOOT_PAYLOAD)
    peer.session.refuse(boot, CallError(ErrorCode.INTERNAL_ERROR))
    objections = peer.say(*(b'[5,"%c","InternalError","no",{}]' % letter for letter in b"abc"))
    assert [event.request for event in objections if isinstance(event, ResultRefused)] == [None, None, None]


def test_what_was_asked_is_not_kept_once_nobody_can_reject_the_answer() -> None:
    peer = RawPeer("CS")
    kept = weakref.ref(peer.call("q"))
    peer.say(alive("q"))
    gc.collect()
    assert kept() is None


def test_the_gate_is_asked_for_calls_and_sends_before_their_payload() -> None:
    asked: list[str] = []

    def gate(action: Action) -> str | None:
        asked.append(action.name)
        return None if action.name == "BootNotification" else "expected an accepted station"

    peer = RawPeer(gate=gate)
    peer.ask("b", "BootNotification", raw_peer.BOOT_PAYLOAD)
    peer.say(b'[2,"a","Heartbeat",?]', b'[6,"s","NotifyPeriodicEventStream",{}]', b'[2,"a","Reset",{}]', b'[3,"q",{}]')
    assert asked == ["BootNotification", "Heartbeat", "NotifyPeriodicEventStream"]
    peer.say(b'[2,"a","Heartbeat",{}]')
    assert peer.hear()[-1] == [4, "a", "SecurityError", "expected an accepted station", {}]


def test_rules_beyond_the_schemas_are_checked_if_wanted() -> None:
    text = b'[2,"a","SecurityEventNotification",{"type":"x","timestamp":"2026-01-17T08:00:00.12345Z"}]'
    assert [type(event) for event in RawPeer().say(text)] == [CallReceived]
    assert [type(event) for event in RawPeer(conform=True).say(text)] == [FrameRefused]


def test_both_sides_may_transfer_data() -> None:
    for side in ("CS", "CSMS"):
        assert RawPeer(side).ask("a", "DataTransfer", b'{"vendorId":"v"}').action == "DataTransfer"


# Limits


def test_error_replies_have_a_budget_that_fills_up_with_time() -> None:
    peer = RawPeer(limits=Limits(error_burst=3, errors_per_s=0.5))
    wrong = b'[2,"a","Nope",{}]'
    answered_flags = [event.answered for event in peer.say(*[wrong] * 5) if isinstance(event, FrameRefused)]
    assert answered_flags == [True, True, True, False, False]
    assert len(peer.hear()) == 3 and peer.session.statistics.muted == 2
    peer.now += 2
    peer.say(wrong, wrong)
    assert len(peer.hear()) == 1
    peer.now += 1_000_000
    peer.say(*[wrong] * 5)
    assert len(peer.hear()) == 3
    assert peer.is_served()


def test_a_clock_that_steps_back_changes_no_budget() -> None:
    peer = RawPeer(limits=Limits(error_burst=1))
    peer.say(b"x")
    peer.now -= 500
    peer.say(b"x")
    assert len(peer.hear()) == 1
    peer.now += 1
    peer.say(b"x")
    assert len(peer.hear()) == 1, "nor does it take any"


def test_objections_to_answers_share_the_budget() -> None:
    peer = RawPeer("CS", limits=Limits(error_burst=0))
    peer.call("q")
    refusal, failed = peer.say(b'[3,"q",{}]')
    assert isinstance(refusal, FrameRefused) and not refusal.answered
    assert isinstance(failed, CallFailed)
    assert ids(peer) == ["q"]


def test_garbage_in_a_row_leads_to_a_close() -> None:
    peer = RawPeer(limits=Limits(garbage=3))
    reported = peer.say(b"x", b"[]", b"{}")
    assert [type(event) for event in reported] == [FrameRefused] * 3 + [CloseRequested]
    assert reported[-1] == CloseRequested(1002, "3 messages in a row were no OCPP-J")
    assert len(peer.hear()) == 2
    assert peer.is_served(), "whether to close is the application's decision"


@pytest.mark.parametrize(
    "between",
    [
        b'[2,"a","Heartbeat",{}]',
        b'[2,"a","Heartbeat",{"x":1}]',
        b'[6,"a","Nope",{}]',
        b'[3,"x",{}]',
        b'[4,"x"]',
        b"[7]",
    ],
)
def test_garbage_is_forgiven_when_something_else_comes(between: bytes) -> None:
    peer = RawPeer(limits=Limits(garbage=2))
    reported = peer.say(b"x", between, b"x", between, b"x")
    assert CloseRequested not in {type(event) for event in reported}


def test_an_empty_message_is_neither_garbage_nor_its_end() -> None:
    peer = RawPeer(limits=Limits(garbage=2))
    assert isinstance(peer.say(b"x", b"", b"x")[-1], CloseRequested)


@pytest.mark.parametrize(
    ("data", "close"),
    [
        (b"[" + b" " * 99, CloseRequested(1009, "expected at most 99 bytes, found 100")),
        ("[" + "é" * 50, CloseRequested(1009, "expected at most 99 bytes, found 101")),
        (b"\xff", CloseRequested(1007, "expected UTF-8")),
    ],
)
def test_what_cannot_be_text_leads_to_a_close(data: bytes | str, close: CloseRequested) -> None:
    peer = RawPeer(limits=Limits(max_size=99))
    refusal, request = peer.say(data)
    assert isinstance(refusal, FrameRefused) and not refusal.answered
    assert request == close
    assert peer.is_served()


# The end


def test_closing_fails_every_call_once_and_names_what_was_not_answered() -> None:
    peer = RawPeer("CS")
    calls = heartbeats(peer, 3)
    peer.session.withdraw(calls[1])
    unanswered = peer.ask("a", "GetLocalListVersion")
    peer.session.close(peer.now, "the cable was cut")
    *failures, closed = testing.events(peer.session)
    assert [event.call for event in failures if isinstance(event, CallFailed)] == [calls[0], calls[2]]
    for event in failures:
        assert isinstance(event, CallFailed) and isinstance(event.error, SessionClosedError)
        assert event.error.reason == "the cable was cut"
    assert closed == SessionClosed("the cable was cut", (unanswered,))
    assert peer.session.is_closed and peer.session.next_timer() is None


def test_an_answer_that_waits_for_another_is_not_unanswered() -> None:
    peer = RawPeer()
    first, second = peer.ask("a"), peer.ask("b")
    peer.session.reply(second, ALIVE)
    peer.session.close(peer.now)
    assert testing.events(peer.session) == [SessionClosed("the connection was closed", (first,))]


def test_nothing_happens_after_the_close() -> None:
    peer = RawPeer("CS")
    heartbeats(peer, 1)
    peer.session.close(peer.now)
    assert not peer.session.is_closed or peer.hear() == []
    testing.events(peer.session)
    peer.session.close(peer.now)
    assert peer.say(b'[2,"a","Heartbeat",{}]', alive("0"), b"x", b"") == []
    assert peer.wait(60) == []
    assert peer.hear() == []
    assert peer.session.statistics.received == 0


# Misuse


def frozen(value: Any) -> Any:
    """What a value is now, in a form that later changes do not reach."""
    if isinstance(value, dict):
        return [(key, frozen(item)) for key, item in value.items()]
    if isinstance(value, list | tuple | deque):
        return [frozen(item) for item in value]
    if isinstance(value, Statistics):
        return repr(value)
    if type(value).__module__ == "ocpp21.session" and not isinstance(value, Limits):
        return [(name, frozen(getattr(value, name))) for name in type(value).__slots__]
    return value


class Stage:
    """A station in the middle of things: a call outstanding, one waiting, one to be answered, one answered."""

    def __init__(self) -> None:
        self.peer = RawPeer("CS", limits=Limits(waiting=1))
        self.session = self.peer.session
        self.result = self.answered(self.peer)
        self.outstanding, self.waiting = self.session.call(HEARTBEAT, 0.0), self.session.call(HEARTBEAT, 0.0)
        self.due = self.peer.ask("due", "GetLocalListVersion")
        self.done = self.peer.ask("done", "GetLocalListVersion")
        self.session.refuse(self.done, CallError("GenericError"))

    def foreign_call(self) -> CallReceived:
        return RawPeer("CS").ask("due", "GetLocalListVersion")

    def foreign_result(self) -> ResultReceived:
        return self.answered(RawPeer("CS"))

    def answered(self, peer: RawPeer) -> ResultReceived:
        called(peer)
        (result,) = peer.say(b'[3,"q",%s]' % raw_peer.AUTHORIZED_PAYLOAD)
        assert isinstance(result, ResultReceived)
        return result


NAN = DataTransferRequest(vendor_id="v", data=float("nan"))
LONG = DataTransferRequest(vendor_id="v" * 256)
ERROR = CallError(ErrorCode.GENERIC_ERROR)
NO_JSON = CallError(ErrorCode.GENERIC_ERROR, "", {"a": object()})

MISUSE: dict[str, tuple[type[Exception], Callable[[Stage], object]]] = {
    "a request of the other side": (LocalProtocolError, lambda it: it.session.call(CHANGE_AVAILABILITY, 9.0)),
    "a response as a request": (LocalProtocolError, lambda it: it.session.call(ALIVE, 9.0)),
    "no message at all": (LocalProtocolError, lambda it: it.session.call({}, 9.0)),
    "a send as a call": (LocalProtocolError, lambda it: it.session.call(STREAM, 9.0)),
    "a call as a send": (LocalProtocolError, lambda it: it.session.send(HEARTBEAT)),
    "a full queue": (QueueFull, lambda it: it.session.call(HEARTBEAT, 9.0)),
    "a full queue, by another id": (QueueFull, lambda it: it.session.call(HEARTBEAT, 9.0, message_id="x")),
    "a send under no id": (LocalProtocolError, lambda it: it.session.send(STREAM, message_id="x" * 37)),
    "a send under the reserved id": (LocalProtocolError, lambda it: it.session.send(STREAM, message_id="-1")),
    "a reply of the wrong class": (LocalProtocolError, lambda it: it.session.reply(it.due, ALIVE)),
    "a request as a reply": (LocalProtocolError, lambda it: it.session.reply(it.due, HEARTBEAT)),
    "a second reply": (LocalProtocolError, lambda it: it.session.refuse(it.done, ERROR)),
    "a reply to a foreign call": (LocalProtocolError, lambda it: it.session.refuse(it.foreign_call(), ERROR)),
    "details that are no JSON": (LocalProtocolError, lambda it: it.session.refuse(it.due, NO_JSON)),
    "a code that is no text": (LocalProtocolError, lambda it: it.session.refuse(it.due, CallError("\ud800"))),
    "a rejected foreign answer": (LocalProtocolError, lambda it: it.session.reject(it.foreign_result(), ERROR)),
    "a rejection that is no JSON": (LocalProtocolError, lambda it: it.session.reject(it.result, NO_JSON)),
}


@pytest.mark.parametrize(("error", "misuse"), MISUSE.values(), ids=MISUSE)
def test_misuse_raises_and_changes_nothing(error: type[Exception], misuse: Callable[[Stage], object]) -> None:
    stage = Stage()
    before = frozen(stage.session)
    with pytest.raises(error):
        misuse(stage)
    assert frozen(stage.session) == before


BAD_CALLS: dict[str, Callable[[Session], object]] = {
    "not a number": lambda session: session.call(NAN, 9.0),
    "too long": lambda session: session.call(LONG, 9.0),
    "no such id": lambda session: session.call(HEARTBEAT, 9.0, message_id="x" * 37),
    "the reserved id": lambda session: session.call(HEARTBEAT, 9.0, message_id="-1"),
    "an id that is no text": lambda session: session.call(HEARTBEAT, 9.0, message_id=["x"]),
    "no time": lambda session: session.call(HEARTBEAT, 9.0, timeout_s=0.0),
    "less than no time": lambda session: session.call(HEARTBEAT, 9.0, timeout_s=-1.0),
    "time that is no number": lambda session: session.call(HEARTBEAT, 9.0, timeout_s=float("nan")),
}


@pytest.mark.parametrize("misuse", BAD_CALLS.values(), ids=BAD_CALLS)
def test_a_call_that_cannot_be_made_changes_nothing(misuse: Callable[[Session], object]) -> None:
    session = Session("CS")
    before = frozen(session)
    with pytest.raises(LocalProtocolError):
        misuse(session)
    assert frozen(session) == before


def test_an_id_in_use_cannot_be_used_again() -> None:
    peer = RawPeer("CS")
    heartbeats(peer, 2)
    before = frozen(peer.session)
    for message_id in "01":
        with pytest.raises(LocalProtocolError, match="new message id"):
            peer.session.call(HEARTBEAT, 9.0, message_id=message_id)
    assert frozen(peer.session) == before


@pytest.mark.parametrize("session", [Session("CSMS"), Session("CS", version=OCPP201)], ids=["direction", "version"])
def test_a_send_is_made_by_who_may(session: Session) -> None:
    before = frozen(session)
    with pytest.raises(LocalProtocolError, match="found NotifyPeriodicEventStream"):
        session.send(STREAM)
    assert frozen(session) == before


def test_a_message_of_a_later_version_cannot_be_sent() -> None:
    request = AFRRSignalRequest(timestamp=raw_peer.TIME, signal=1)
    with pytest.raises(LocalProtocolError, match=r"an action of ocpp2\.0\.1, found AFRRSignal"):
        Session("CSMS", version=OCPP201).call(request, 0.0)
    assert Session("CSMS").call(request, 0.0).request is request


def test_a_reply_is_checked_like_everything_that_leaves() -> None:
    peer = RawPeer("CS")
    call = peer.ask("a", "AFRRSignal", b'{"timestamp":"2026-01-17T08:00:00Z","signal":1}')
    before = frozen(peer.session)
    for custom_data in ({}, {"vendorId": "v", "x": float("inf")}):
        with pytest.raises(LocalProtocolError):
            peer.session.reply(call, AFRRSignalResponse(status=GenericStatusEnumType.ACCEPTED, custom_data=custom_data))
    assert frozen(peer.session) == before


CLOSED: dict[str, Callable[[Stage], object]] = {
    "call": lambda it: it.session.call(HEARTBEAT, 9.0),
    "send": lambda it: it.session.send(STREAM),
    "reply": lambda it: it.session.reply(it.due, ALIVE),
    "refuse": lambda it: it.session.refuse(it.due, ERROR),
    "reject": lambda it: it.session.reject(it.foreign_result(), ERROR),
}


@pytest.mark.parametrize("verb", CLOSED.values(), ids=CLOSED)
def test_a_closed_session_says_so(verb: Callable[[Stage], object]) -> None:
    stage = Stage()
    stage.session.close(9.0, "done")
    before = frozen(stage.session)
    with pytest.raises(SessionClosedError, match="done"):
        verb(stage)
    assert not stage.session.withdraw(stage.waiting)
    assert frozen(stage.session) == before


# What it costs


def test_a_fresh_session_is_small() -> None:
    Session("CS")
    gc.collect()
    tracemalloc.start()
    sessions = [Session("CS") for _ in range(100)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size / len(sessions) <= 4096


def test_unsolicited_answers_leave_no_trace() -> None:
    peer = RawPeer()
    session = Session("CSMS")

    def flood(rounds: int) -> None:
        for number in range(rounds):
            for text in (
                b'[3,"%d",{}]',
                b'[4,"%d","GenericError","",{}]',
                b'[5,"%d","GenericError","",{}]',
                b'[3,"%d"]',
            ):
                session.receive(text % number, peer.now)
            testing.events(session)

    flood(1000)
    gc.collect()
    tracemalloc.start()
    flood(12_500)
    gc.collect()
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert session.statistics.received == 54_000
    assert size < 2048, f"{size} bytes kept after 50,000 answers"


def test_a_refusal_does_not_keep_the_message() -> None:
    peer = RawPeer("CS")
    called(peer)
    for text in (b'[2,"a","Nope",{}]', b"x", b'[3,"q",{}]', b'[6,"a","Nope",{}]'):
        data = bytearray(text)
        reported = peer.session.receive(data, peer.now), testing.events(peer.session)
        peer.seen.clear()
        data.clear()  # a buffer that somebody still looks at cannot be resized
        assert reported


# Two sessions


class Caller:
    """Calls, and answers, with numbers that tell one call from another."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.session = Session(side, limits=Limits(waiting=10_000))
        self.asked = 0
        self.answers: dict[int, Any] = {}

    def ask(self, now: float) -> None:
        request = DataTransferRequest(vendor_id=self.side, data=self.asked)
        self.session.call(request, now, context=self.asked)
        self.asked += 1

    def handle(self, event: Event) -> None:
        if isinstance(event, CallReceived):
            assert isinstance(event.request, DataTransferRequest)
            token = [event.request.vendor_id, event.request.data]
            self.session.reply(event, DataTransferResponse(status=DataTransferStatusEnumType.ACCEPTED, data=token))
        else:
            assert isinstance(event, ResultReceived)
            assert isinstance(event.response, DataTransferResponse)
            assert event.call.context not in self.answers
            self.answers[event.call.context] = event.response.data


def test_two_sessions_lose_nothing_and_cross_nothing() -> None:
    dice = random.Random(SEED)
    station, csms = Caller("CS"), Caller("CSMS")
    pair = Pair(station.session, csms.session, on_station=station.handle, on_csms=csms.handle)
    for _ in range(5000):
        dice.choice((station, csms)).ask(pair.now)
        if dice.random() < 0.3:
            pair.to_csms.fate = testing.delayed(dice.choice((0.0, 0.25)))
            pair.to_station.fate = testing.delayed(dice.choice((0.0, 0.25)))
            pair.advance(dice.choice((0.0, 0.25, 1.0)))
    pair.to_csms.fate = pair.to_station.fate = testing.delivered
    pair.advance(1.0)
    assert station.asked + csms.asked == 5000
    for caller in (station, csms):
        assert caller.answers == {number: [caller.side, number] for number in range(caller.asked)}


def test_the_oracle_can_refuse() -> None:
    for frame in (
        b"{}",
        b"[2]",
        b'[2,"","Heartbeat",{}]',
        b'[2,"a","Heartbeat",{"x":1}]',
        b'[4,"a","Nope","",{}]',
        b'[2,"a","Heartbeat",{"x":NaN}]',
    ):
        with pytest.raises(AssertionError):
            wire_oracle.read(frame)


def test_errors_of_the_peer_are_of_one_kind() -> None:
    (refusal,) = RawPeer().say(b"x")
    assert isinstance(refusal, FrameRefused) and type(refusal.error) is RemoteProtocolError
