"""Two sessions, a link that does its worst, and an observer who sees nothing but the wire.

Hypothesis makes up what the applications and the link do, in virtual time. What must hold all the while:

* I4: at most one CALL of each side is outstanding on the wire.
* I5: every call ends exactly once, with a result, an error, a timeout or the close, and not after its time.
* I6: a CALL is answered at most once, never after the close; neither a SEND nor an error ever is.
* I7: no side uses an id twice.
* I12: nothing is raised but what the errors of the library announce.
* I13: whatever leaves is valid by the published schemas.
* Answers are not crossed (each carries the token of its request), and leave in the order in which the calls came.

The examples are derived from the test itself, so every run is the same run.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import wire_oracle
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from raw_peer import STREAM

from ocpp21 import testing
from ocpp21.errors import CallError, CallTimeout, ErrorCode, LocalProtocolError, QueueFull, RemoteProtocolError
from ocpp21.errors import SessionClosed as SessionClosedError
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
from ocpp21.messages import DataTransferRequest, DataTransferResponse, DataTransferStatusEnumType
from ocpp21.session import Limits, Session, Side
from ocpp21.testing import Fate, Link, Pair, Passage

EXAMPLES, STEPS = 1000, 50

SIDES: tuple[Side, Side] = ("CS", "CSMS")
LIMITS = Limits(waiting=3, serving=3, remembered=4, error_burst=4, errors_per_s=0.5, garbage=5)
REFUSED = CallError(ErrorCode.INTERNAL_ERROR, "refused by the application")
ACCEPTED, REJECTED = DataTransferStatusEnumType.ACCEPTED, DataTransferStatusEnumType.REJECTED

FATES: dict[str, Fate] = {
    "delivered": testing.delivered,
    "dropped": testing.dropped,
    "duplicated": testing.duplicated,
    "late": testing.delayed(3.0),
    "too late": testing.delayed(40.0),
    "now and later": lambda frame: (0.0, 12.0),
}

#: What a third party throws in; ``%s`` is an id that has been on the wire.
GARBAGE = (
    *(b"", b"x", b"[]", b"[2]", b"\xff", b"[" * 1000, b'[7,"%s"]', b'[2,"%s","Nope",{}]', b'[2,"%s",{},{}]'),
    *(b'[2,"%s","Heartbeat",{"x":1}]', b'[2,"%s","DataTransfer",{"vendorId":"forged"}]', b'[3,"%s",{}]', b'[3,"%s"]'),
    *(
        b'[3,"%s",{"status":"Rejected"}]',
        b'[4,"%s","GenericError","",{}]',
        b'[4,"%s"]',
        b'[4,"-1","RpcFrameworkError"]',
    ),
    *(b'[5,"%s","FormatViolation","",{}]', b'[6,"%s","NotifyPeriodicEventStream",{}]', b'[6,"%s","Nope",{}]'),
)

side = st.sampled_from(SIDES)
place = st.integers(0, 7)


class Wire:
    """What an observer on the wire may conclude about one side."""

    def __init__(self, used_ids: set[str]) -> None:
        self.used_ids = used_ids
        self.outstanding: tuple[str, float] | None = None  # the id of its CALL, and when its time is up
        self.timeouts: dict[str, float] = {}
        self.calls_seen: Counter[str] = Counter()  # frames with the type of a CALL that have reached it
        self.results_seen: Counter[str] = Counter()
        self.garbage_seen = 0
        self.answers: Counter[str] = Counter()  # CALLRESULTs and CALLERRORs that it has sent
        self.objections: Counter[str] = Counter()
        self.errors_seen: set[str] = set()
        self.due: list[str] = []  # ids of the calls that its application has been given and that are unanswered
        self.is_closed = False

    def arrives(self, data: bytes, now: float) -> None:
        message = read_anything(data)
        kind, message_id = message[0], message[1] if len(message) > 1 else None
        if kind == wire_oracle.CALL:
            self.calls_seen[message_id if isinstance(message_id, str) else "-1"] += 1
        elif kind in (wire_oracle.CALL_RESULT, wire_oracle.CALL_ERROR):
            self.results_seen[message_id] += kind == wire_oracle.CALL_RESULT
            if self.outstanding is not None and self.outstanding[0] == message_id:
                self.outstanding = None
        elif kind is None:
            self.garbage_seen += 1

    def leaves(self, data: bytes, now: float) -> None:
        assert not self.is_closed, "I6: nothing leaves after the close"
        message = wire_oracle.read(data, "DataTransfer")  # I13
        kind, message_id = message[:2]
        if kind in (wire_oracle.CALL, wire_oracle.SEND):
            assert message_id not in self.used_ids, "I7: an id was used twice"
            self.used_ids.add(message_id)
        if kind == wire_oracle.CALL:
            assert self.outstanding is None or self.outstanding[1] <= now, "I4: a second CALL is outstanding"
            self.outstanding = message_id, now + self.timeouts[message_id]
        elif kind == wire_oracle.CALL_RESULT_ERROR:
            self.objections[message_id] += 1
            assert self.objections[message_id] <= self.results_seen[message_id]
        elif kind != wire_oracle.SEND:
            self.check_answer(message)

    def check_answer(self, message: list[Any]) -> None:
        kind, message_id = message[:2]
        self.answers[message_id] += 1
        if message_id == "-1":
            assert self.answers["-1"] <= self.calls_seen["-1"] + self.garbage_seen
        else:
            assert self.answers[message_id] <= self.calls_seen[message_id], "I6: answered more often than asked"
        if kind == wire_oracle.CALL_RESULT or message[3] == REFUSED.description:
            assert self.due.pop(0) == message_id, "answers leave in the order of arrival"


def read_anything(data: bytes) -> list[Any]:
    """Read a frame that may be no frame; its type is None then."""
    try:
        message = json.loads(data)
    except (ValueError, RecursionError):
        return [None]
    return message if isinstance(message, list) and message and type(message[0]) is int else [None]


class Party:
    """One side: its session, and an application that remembers everything."""

    def __init__(self, side: Side, used_ids: set[str], new_id: Callable[[], str]) -> None:
        self.side = side
        self.session = Session(side, limits=LIMITS, new_id=new_id)
        self.wire = Wire(used_ids)
        self.open: dict[Call, Any] = {}  # our calls that have not ended, with their tokens
        self.ended: Counter[Call] = Counter()
        self.due: list[CallReceived] = []
        self.done: list[CallReceived] = []
        self.results: deque[ResultReceived] = deque(maxlen=LIMITS.remembered)  # what can still be rejected
        self.closes = 0
        self.is_prompt = True

    def handle(self, event: Event) -> None:
        assert self.closes == 0, "nothing happens after the close"
        match event:
            case CallReceived():
                self.due.append(event)
                self.wire.due.append(event.message_id)
                if self.is_prompt:
                    self.reply(event)
            case ResultReceived(call, response):
                assert isinstance(response, DataTransferResponse)
                token = self.end(call)
                assert response.data == token or response.status != ACCEPTED, "an answer was crossed"
                self.results.append(event)
            case CallFailed(call, error):
                self.end(call)
                assert isinstance(error, CallError | RemoteProtocolError | CallTimeout | SessionClosedError)
            case SessionClosed(_, unanswered):
                self.closes += 1
                assert list(unanswered) == self.due
                assert not self.open, "I5: a call has not ended with the session"
            case _:
                assert isinstance(event, SendReceived | ResultRefused | FrameRefused | FrameDropped | CloseRequested)

    def reply(self, call: CallReceived) -> None:
        """Send the token back; what does not come from the other party gets no answer that could be taken for one."""
        assert isinstance(call.request, DataTransferRequest)
        status = ACCEPTED if call.request.vendor_id == "v" else REJECTED
        self.session.reply(call, DataTransferResponse(status=status, data=call.request.data))
        self.settle(call)

    def refuse(self, call: CallReceived) -> None:
        self.session.refuse(call, REFUSED)
        self.settle(call)

    def settle(self, call: CallReceived) -> None:
        self.due.remove(call)
        self.done.append(call)

    def end(self, call: Call) -> Any:
        self.ended[call] += 1
        assert self.ended[call] == 1, "I5: a call has ended twice"
        return self.open.pop(call)


class Sessions(RuleBasedStateMachine):
    """What may happen."""

    def __init__(self) -> None:
        super().__init__()
        self.used_ids: dict[Side, set[str]] = {side: set() for side in SIDES}
        self.tokens = count()
        self.ids = count()
        self.now = 0.0
        self.connect()

    @rule()
    @precondition(lambda self: self.is_closed)
    def connect(self) -> None:
        """A new connection, with what has gone before forgotten but for the ids."""
        self.parties = {side: Party(side, self.used_ids[side], self.new_id) for side in SIDES}
        station, csms = self.parties.values()
        self.pair = Pair(
            station.session,
            csms.session,
            on_station=station.handle,
            on_csms=csms.handle,
            now=self.now,
            watch=self.watch,
        )
        self.links: dict[Side, Link] = {"CS": self.pair.to_csms, "CSMS": self.pair.to_station}

    def watch(self, passage: Passage) -> None:
        wire = self.parties[passage.side].wire
        (wire.leaves if passage.direction == "out" else wire.arrives)(passage.data, passage.at)

    def new_id(self) -> str:
        return f"id-{next(self.ids)}"

    @property
    def is_closed(self) -> bool:
        return self.pair.station.is_closed

    # The applications

    @rule(side=side, timeout_s=st.sampled_from([1.0, 10.0, 30.0]), runs=st.booleans())
    def call(self, side: Side, timeout_s: float, runs: bool) -> None:
        party = self.parties[side]
        token = [side, next(self.tokens)]
        request = DataTransferRequest(vendor_id="v", data=token)
        try:
            call = party.session.call(request, self.pair.now, timeout_s=timeout_s)
        except QueueFull:
            assert len(party.open) == 1 + LIMITS.waiting
        except SessionClosedError:
            assert self.is_closed
        else:
            party.open[call] = token
            party.wire.timeouts[call.message_id] = timeout_s
            if runs:
                self.pair.run()

    @rule(side=side, is_prompt=st.booleans())
    def change_temper(self, side: Side, is_prompt: bool) -> None:
        """From now on answer calls at once, or when it is time."""
        self.parties[side].is_prompt = is_prompt

    @rule(side=side, place=place)
    def reply(self, side: Side, place: int) -> None:
        self.respond(side, place, Party.reply)

    @rule(side=side, place=place)
    def refuse(self, side: Side, place: int) -> None:
        self.respond(side, place, Party.refuse)

    def respond(self, side: Side, place: int, answer: Callable[[Party, CallReceived], None]) -> None:
        party = self.parties[side]
        if party.due and not self.is_closed:
            answer(party, party.due[place % len(party.due)])

    @rule(side=side, place=place)
    def reply_twice(self, side: Side, place: int) -> None:
        party = self.parties[side]
        if party.done:
            with pytest.raises((LocalProtocolError, SessionClosedError)):
                party.session.refuse(party.done[place % len(party.done)], REFUSED)

    @rule(side=side)
    def reject(self, side: Side) -> None:
        party = self.parties[side]
        if party.results and not self.is_closed:
            assert party.session.reject(party.results.pop(), REFUSED)

    @rule()
    def send(self) -> None:
        if not self.is_closed:
            self.pair.station.send(STREAM)

    @rule(side=side, place=place)
    def withdraw(self, side: Side, place: int) -> None:
        party = self.parties[side]
        if party.open:
            call = list(party.open)[place % len(party.open)]
            if party.session.withdraw(call):
                assert call.message_id not in party.wire.used_ids, "it has left already"
                del party.open[call]

    # The link

    @rule(side=side, fate=st.sampled_from(sorted(FATES)))
    def choose_fate(self, side: Side, fate: str) -> None:
        self.links[side].fate = FATES[fate]

    @rule(seed=st.integers(0, 9))
    def let_chaos_rule(self, seed: int) -> None:
        for number, link in enumerate(self.links.values()):
            link.fate = testing.Chaos(2 * seed + number, drop=0.2, duplicate=0.3, delay_s=4.0)

    @rule()
    def heal(self) -> None:
        for link in self.links.values():
            link.fate = testing.delivered

    @rule(side=side, data=st.sampled_from(GARBAGE), place=place, forges=st.booleans())
    def inject(self, side: Side, data: bytes, place: int, forges: bool) -> None:
        """Say something under an id that has been seen, by preference under one that waits for an answer."""
        outstanding = self.parties[side].wire.outstanding
        known = sorted(self.used_ids[SIDES[place % 2]])[place:] or ["forged"]
        message_id = outstanding[0] if forges and outstanding is not None else known[0]
        self.pair.inject(side, data.replace(b"%s", message_id.encode()))

    @rule(side=side)
    @precondition(lambda self: self.pair.now - self.now > 60)
    def cut_one_way(self, side: Side) -> None:
        self.links[side].cut()

    @rule()
    @precondition(lambda self: self.pair.now - self.now > 30)
    def cut(self) -> None:
        self.pair.run()  # what the sessions have said before counts as said
        self.end_connection()

    def end_connection(self) -> None:
        self.pair.cut()
        for party in self.parties.values():
            party.wire.is_closed = True
        self.pair.advance(50.0)
        self.now = self.pair.now
        assert [party.closes for party in self.parties.values()] == [1, 1]

    # Time

    @rule()
    def run(self) -> None:
        self.pair.run()

    @rule(seconds=st.sampled_from([0.5, 1.0, 5.0, 29.5, 30.0, 100.0]))
    def advance(self, seconds: float) -> None:
        self.pair.advance(seconds)

    # What must hold

    @invariant()
    def no_call_outlives_its_time(self) -> None:
        for party in self.parties.values():
            outstanding = party.wire.outstanding
            late = outstanding is not None and outstanding[1] < self.pair.now
            assert not late or all(call.message_id != outstanding[0] for call in party.open), "I5"

    @invariant()
    def queues_are_bounded(self) -> None:
        for party in self.parties.values():
            assert len(party.open) <= 1 + LIMITS.waiting
            assert len(party.due) <= LIMITS.serving

    def teardown(self) -> None:
        if not self.is_closed:
            self.pair.run()
            self.end_connection()
        for party in self.parties.values():
            assert not party.open and set(party.ended.values()) <= {1}, "I5"


def test_two_sessions_and_a_hostile_link() -> None:
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
