"""The session: remote procedure calls over one connection, without I/O and without a clock.

Bytes go in with :meth:`Session.receive`, events come out of :meth:`Session.next_event`, bytes to be sent out of
:meth:`Session.messages_to_send`. Time is an argument, in float seconds of a monotonic clock; :meth:`Session.next_timer`
says when to come back. Whatever the peer sends, ``receive`` raises nothing.

Theory of operation. Two directions that never wait for one another:

*Our calls.* At most one is outstanding (Part 4, 4.1.1); the others wait in line. It ends exactly once: by its
CALLRESULT, by a CALLERROR, when its time is up, or with the session. Then the next one leaves. An answer that matches
nothing is dropped: it is late, doubled, or invented. A SEND is no call and leaves at once.

*Calls of the peer.* Each is reported as :class:`~ocpp21.events.CallReceived` and answered by the application. Answers
leave in the order of arrival, whatever the order in which they are given. A peer that has several calls in flight
breaks the rule above and is served nevertheless, up to a bound.

What is refused, and how, follows the receiver's decision table (Part 4, 4.1 to 4.4; docs/decisions.md) row by row. The
rows are named in the code. Every error reply counts against a budget, since a peer could use us as an amplifier, and
a peer that sends nothing but garbage is cut off.
"""

from __future__ import annotations

import uuid
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any, Final, Literal

from ocpp21 import framing
from ocpp21._speedups import dispatch
from ocpp21._speedups.decoder import StructDecoder
from ocpp21.calls import OwnCalls
from ocpp21.codec import SCHEMAS
from ocpp21.decision import Fault, judge
from ocpp21.errors import (
    CallError,
    CallTimeout,
    ErrorCode,
    LocalProtocolError,
    PayloadError,
    RemoteProtocolError,
)
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
from ocpp21.framing import CALL, CALL_ERROR, CALL_RESULT, CALL_RESULT_ERROR, SEND, Frame
from ocpp21.limits import ErrorBudget, Limits, Recent, remember
from ocpp21.messages.registry import ACTION_OF
from ocpp21.observation import Observation, Observer, Statistics
from ocpp21.refusal import quote
from ocpp21.signing import Signing
from ocpp21.versions import OCPP21, Version
from ocpp21.wire import Action, Message, Request, Response, Send

__all__ = ["Gate", "Limits", "Session", "Side"]

Side = Literal["CS", "CSMS"]

#: Says why a message of this action may not be taken now, or None: the registration gate (B01.FR.10, B02.FR.09,
#: B03.FR.07, B03.FR.08). Asked before the payload is looked at.
Gate = Callable[[Action], str | None]

#: The session looks at every CALL itself.
_NO_CALLS: Final[dict[str, StructDecoder]] = {}

#: Actions that a side takes, by type of message and name, with what decodes them.
_Taken = dict[int, dict[str, tuple[Action, StructDecoder]]]

#: The codes, also as OCPP-J 1.6 spells them: accepted on every version, never sent.
_CODES: Final = {
    **{code.value: code for code in ErrorCode},
    "FormationViolation": ErrorCode.FORMAT_VIOLATION,
    "OccurenceConstraintViolation": ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION,
}


class Session:
    """One connection's worth of remote procedure calls.

    Args:
        side: who we are: ``CS`` (Charging Station) or ``CSMS``.
        version: of the protocol, as negotiated.
        limits: bounds.
        gate: asked before a CALL or SEND of the peer is taken; it must not raise.
        conform: check what the peer sends also against the rules that the schemas do not hold.
        new_id: makes message ids: 1 to 36 characters, never the same twice for one Charging Station (Part 4, 4.1.4).
        observer: told of every frame; it must not raise.
        signing: what is done about signed messages.
    """

    __slots__ = (
        "_answered",
        "_budget",
        "_calls",
        "_closed",
        "_conform",
        "_events",
        "_garbage",
        "_gate",
        "_held",
        "_new_id",
        "_now",
        "_observer",
        "_opened",
        "_out",
        "_results",
        "_serving",
        "_signing",
        "_signs",
        "_taken",
        "limits",
        "side",
        "statistics",
        "version",
    )

    def __init__(
        self,
        side: Side,
        /,
        *,
        version: Version = OCPP21,
        limits: Limits = Limits(),  # noqa: B008, it is frozen
        gate: Gate | None = None,
        conform: bool = False,
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
        observer: Observer | None = None,
        signing: Signing = Signing(),  # noqa: B008, it is frozen
    ) -> None:
        self.side: Final = side
        self.version: Final = version
        self.limits: Final = limits
        self.statistics: Final = Statistics()
        self._gate = gate
        self._conform = conform
        self._new_id = new_id
        self._observer = observer
        self._signing = signing
        self._signs = signing.policy != "off"
        self._taken = _taken(version, side)
        self._opened: Message | None = None  # out of the signed payload of the frame that is being received
        self._events: list[Event] = []  # they are few; an empty deque takes ten times the memory
        self._out: list[bytes] = []
        self._now = 0.0
        self._closed: str | None = None
        # our calls
        self._calls = OwnCalls(limits)
        # Whose answers may still be rejected, while somebody has them: only then can they be.
        self._results: dict[str, weakref.ref[Call]] = {}
        # calls of the peer, by id, in order of arrival
        self._serving: dict[str, CallReceived] = {}
        self._held: dict[str, bytes] = {}  # answers that an earlier call holds up
        self._answered: Recent[CallReceived] = Recent(limits)
        # error replies
        self._budget = ErrorBudget(limits)
        self._garbage = 0

    # What the application says

    def call(
        self,
        request: Request[Any],
        now: float,
        /,
        *,
        timeout_s: float | None = None,
        message_id: str | None = None,
        context: Any = None,
    ) -> Call:
        """Ask something of the peer; it leaves when no other call of ours is outstanding.

        Args:
            request: what to ask.
            now: the time.
            timeout_s: how long the answer may take once the call has left; that of the limits by default.
            message_id: for a retry under the same id (Part 4, 4.1.4); a new one by default.
            context: kept in the handle.

        Returns:
            The handle that its :class:`ResultReceived` or :class:`CallFailed` will carry.

        Raises:
            LocalProtocolError: the request is not valid, or not ours to make.
            QueueFull: too many calls are waiting.
            SessionClosed: the session has ended.
        """
        self._check_open()
        self._check_ours(request)
        if timeout_s is None:
            timeout_s = self.limits.timeout_s
        elif not timeout_s > 0:  # a NaN is not, either
            raise LocalProtocolError(f"expected a timeout of more than 0 s, found {timeout_s}")
        call = Call(message_id or self._new_id(), request, timeout_s, context)
        frame = framing.call(call.message_id, request)
        if self._signs:
            frame = self._signing.seal(frame, _action(call))
        self._calls.check_room(call.message_id)
        self._now = now
        self._write_next(self._calls.add(call, frame, now))
        return call

    def withdraw(self, call: Call, /) -> bool:
        """Take back a call that has not left yet.

        Returns:
            True when it was waiting: it ends here, without an event. False when it has left or ended: too late.
        """
        return self._calls.withdraw(call)

    def send(self, message: Send, /, *, message_id: str | None = None) -> str:
        """Send a message that is never answered; it need not wait for a call (Part 4, 4.2.4).

        Returns:
            Its message id.

        Raises:
            LocalProtocolError: the message is not valid, or not ours to send.
            SessionClosed: the session has ended.
        """
        self._check_open()
        self._check_ours(message)
        message_id = message_id or self._new_id()
        self._write(self._signing.seal(framing.send(message_id, message), ACTION_OF[type(message)].name))
        return message_id

    def reply(self, call: CallReceived, response: Response, /) -> None:
        """Answer a call of the peer.

        Raises:
            LocalProtocolError: the response is not valid or not that of the call, or the call was answered before.
            SessionClosed: the session has ended; the answer is lost, as the peer has forgotten the call.
        """
        self._check_due(call)
        expected = ACTION_OF[type(call.request)].response
        if type(response) is not expected:
            raise LocalProtocolError(
                f"expected {expected.__name__ if expected else 'nothing'}, found {quote(type(response).__name__)}"
            )
        frame = framing.call_result(call.message_id, response)
        if self._signs:
            frame = self._signing.seal(frame, call.action, in_return=call.signed)
        self._answer(call, frame)

    def refuse(self, call: CallReceived, error: CallError, /) -> None:
        """Refuse a call of the peer with a CALLERROR.

        Raises:
            LocalProtocolError: the details are not JSON, or the call was answered before.
            SessionClosed: the session has ended.
        """
        self._check_due(call)
        self._answer(call, framing.call_error(call.message_id, error.code, error.description, error.details))

    def reject(self, result: ResultReceived, error: CallError, /) -> bool:
        """Tell the peer that a valid answer of its cannot be used (CALLRESULTERROR, I08).

        Returns:
            False when the version has no such message: the peer will not know.

        Raises:
            LocalProtocolError: the details are not JSON, or the answer was rejected before or too long ago.
            SessionClosed: the session has ended.
        """
        self._check_open()
        message_id = result.call.message_id
        known = self._results.get(message_id)
        if known is None or known() is not result.call:
            raise LocalProtocolError(f"expected a recent answer, found {quote(message_id)}")
        frame = framing.call_result_error(message_id, error.code, error.description, error.details)
        del self._results[message_id]
        if self.version.refuses_results:
            self._write(frame)
        return self.version.refuses_results

    # What the connection says

    def receive(self, data: bytes | bytearray | memoryview | str, now: float, /) -> None:
        """Take one complete text message; it raises nothing, whatever it holds.

        Args:
            data: the message, as it came.
            now: the time.
        """
        if self._closed is not None:
            return
        self._now = now
        self.statistics.received += 1
        if len(data) == 0:  # row 2
            self._drop("empty", None, data)
            return
        try:
            frame, message = dispatch.unpack(data, _NO_CALLS, self._schema_of, self._conform, self.limits.max_size)
        except RemoteProtocolError as error:
            error.__traceback__ = None  # it would keep the message, and us, alive with the event
            self._refuse_frame(error, data)
            return
        self._garbage = 0
        kind = frame.message_type
        signed = self._opened is not None
        if signed:
            message, self._opened = self._opened, None
        if kind == CALL:
            self._serve(frame, message, data, signed)
        elif kind == CALL_RESULT:
            self._take_result(frame, message, data, signed)
        elif kind == SEND:
            self._observe("in", data, "ok")
            self._events.append(SendReceived(frame.message_id, self._signing.action(frame), message, signed))
        elif kind == CALL_ERROR:
            self._take_error(frame, data)
        else:
            self._take_objection(frame, data)

    def close(self, now: float, /, reason: str = "the connection was closed") -> None:
        """End the session: every call of ours that has not ended fails, once. Closing again does nothing."""
        if self._closed is not None:
            return
        self._now = now
        self._closed = reason
        self._out.clear()
        self._events.extend(CallFailed(call, SessionClosedError(reason)) for call in self._calls.clear())
        unanswered = tuple(call for call in self._serving.values() if call.message_id not in self._held)
        self._serving.clear()
        self._held.clear()
        self._events.append(SessionClosed(reason, unanswered))

    def handle_timer(self, now: float, /) -> None:
        """Let the outstanding call end if its time is up. Coming too early does no harm."""
        self._now = now
        call = self._calls.outstanding
        if call is None or now < self._calls.deadline:
            return
        self._calls.expire(call)
        self._end(CallFailed(call, CallTimeout(f"no answer to {_action(call)} within {call.timeout_s:g} s")))

    # What comes out

    def next_event(self) -> Event | None:
        """The next thing that has happened, or None."""
        return self._events.pop(0) if self._events else None

    def messages_to_send(self) -> list[bytes]:
        """The frames that must leave now, in order; they are handed out once."""
        frames, self._out = self._out, []
        return frames

    def next_timer(self) -> float | None:
        """When to call :meth:`handle_timer`, or None."""
        return None if self._calls.outstanding is None else self._calls.deadline

    @property
    def is_closed(self) -> bool:
        """Whether the session has ended."""
        return self._closed is not None

    # Our calls

    def _check_open(self) -> None:
        if self._closed is not None:
            raise SessionClosedError(self._closed)

    def _check_ours(self, message: Message) -> None:
        action = ACTION_OF.get(type(message))
        if action is None or isinstance(message, Response):
            raise LocalProtocolError(f"expected a request, found {quote(type(message).__name__)}")
        if action.initiator not in (self.side, "BOTH"):
            raise LocalProtocolError(f"expected a request of the {self.side}, found {action.name}")
        if not self.version.has(action.name):
            raise LocalProtocolError(f"expected an action of {self.version.subprotocol}, found {action.name}")

    def _end(self, event: ResultReceived | CallFailed) -> None:
        """The outstanding call has ended; the next one may leave."""
        self._events.append(event)
        self._write_next(self._calls.end(self._now))

    def _write_next(self, frame: bytes | None) -> None:
        if frame is not None:
            self._write(frame)

    def _take_result(self, frame: Frame, response: Response | None, data: Any, signed: bool) -> None:
        call = self._calls.matches(frame.message_id)
        if call is None or response is None:  # row 23
            self._drop_answer(frame.message_id, data)
            return
        self._observe("in", data, "ok")  # row 21
        remember(self._results, call.message_id, weakref.ref(call), self.limits.remembered)
        self._end(ResultReceived(call, response, signed))

    def _take_error(self, frame: Frame, data: Any) -> None:
        call = self._calls.matches(frame.message_id)
        if call is None:  # row 23; a peer that could not read an id says "-1", and that is nobody's
            self._drop_answer(frame.message_id, data)
            return
        self._observe("in", data, "ok")  # row 25
        self._end(CallFailed(call, _call_error(frame)))

    def _drop_answer(self, message_id: str, data: Any) -> None:
        if message_id == "-1":
            self._drop("uncorrelated", message_id, data)
        else:
            self._drop("late" if self._calls.has_expired(message_id) else "unsolicited", message_id, data)

    # Calls of the peer

    def _schema_of(self, frame: Frame) -> StructDecoder | None:
        """Which type a frame's payload must have, after all that is decided before looking at it."""
        kind = frame.message_type
        if kind == CALL_RESULT:
            call = self._calls.matches(frame.message_id)
            if call is None:
                return None
            action = ACTION_OF[type(call.request)]
            return self._open(frame, action, SCHEMAS[action.response or ""])
        if kind not in self.version.message_types:  # row 9
            raise _no_such_type(frame.message_id, kind)
        if kind == CALL and frame.message_id in self._serving:  # row 14
            raise _refused(frame, ErrorCode.RPC_FRAMEWORK_ERROR, "a new message id, found one still being handled")
        if kind == CALL and frame.message_id == "-1":  # it stands for an id that could not be read (4.2.3)
            raise _refused(frame, ErrorCode.RPC_FRAMEWORK_ERROR, "a message id other than `-1`")
        name = self._signing.action(frame) if self._signs else str(frame.action)
        action, decoder = self._taken[kind].get(name) or self._look_up(frame, name)
        if kind == CALL and len(self._serving) >= self.limits.serving:
            raise _refused(frame, ErrorCode.GENERIC_ERROR, f"at most {self.limits.serving} calls in flight")
        closed = self._gate(action) if self._gate is not None else None
        if closed is not None:  # row 18
            raise RemoteProtocolError(
                closed, code=ErrorCode.SECURITY_ERROR, message_id=frame.message_id, message_type=kind
            )
        return self._open(frame, action, decoder) if self._signs else decoder

    def _look_up(self, frame: Frame, name: str) -> tuple[Action, StructDecoder]:
        """An action that this side takes, and what decodes it; kept for the next message."""
        message = framing.request_class(frame, name)  # rows 15, 17
        action = ACTION_OF[message]
        if not self.version.has(action.name):
            raise _refused(frame, ErrorCode.NOT_IMPLEMENTED, f"an action of {self.version.subprotocol}")
        if action.initiator == self.side:  # row 16
            raise _refused(frame, ErrorCode.NOT_SUPPORTED, f"a request to the {self.side}, found {action.name}")
        found = self._taken[frame.message_type][name] = action, SCHEMAS[message]
        return found

    def _open(self, frame: Frame, action: Action, schema: StructDecoder) -> StructDecoder | None:
        """The type that the payload in the frame must have; None when it is signed, and its content was decoded."""
        payload = self._signing.open(frame, action.name)
        if payload is None:
            return schema
        try:
            self._opened = schema.decode(payload, self._conform)
        except PayloadError as error:
            error.message_id = frame.message_id
            error.message_type = frame.message_type
            raise
        return None

    def _serve(self, frame: Frame, request: Request[Any], data: Any, signed: bool) -> None:
        action = self._signing.action(frame) if self._signs else str(frame.action)
        call = CallReceived(frame.message_id, action, request, signed, len(data))
        self._serving[call.message_id] = call
        if self._observer is not None:
            self._observe("in", data, "ok")
        self._events.append(call)

    def _check_due(self, call: CallReceived) -> None:
        self._check_open()
        if self._serving.get(call.message_id) is not call or call.message_id in self._held:
            raise LocalProtocolError(f"expected a call that waits for its answer, found {quote(call.message_id)}")

    def _answer(self, call: CallReceived, frame: bytes) -> None:
        """Let an answer go, and those that it has held up; or keep it until the calls before it are answered."""
        if len(self._serving) == 1:  # nearly always
            self._let_go(call, frame)
            return
        self._held[call.message_id] = frame
        while self._serving:
            first = next(iter(self._serving.values()))
            answer = self._held.pop(first.message_id, None)
            if answer is None:
                break
            self._let_go(first, answer)

    def _let_go(self, call: CallReceived, answer: bytes) -> None:
        del self._serving[call.message_id]
        self._answered.put(call.message_id, call)
        self._write(answer)

    def _take_objection(self, frame: Frame, data: Any) -> None:
        if frame.message_type not in self.version.message_types:  # row 9
            self._reply_error(_no_such_type(frame.message_id, CALL_RESULT_ERROR), data)
            return
        self._observe("in", data, "ok")  # row 26
        call = self._answered.pop(frame.message_id)
        request = None if call is None else call.request
        self._events.append(ResultRefused(frame.message_id, request, _call_error(frame)))

    # What is not valid

    def _refuse_frame(self, error: RemoteProtocolError, data: Any) -> None:
        """Do what the decision table says of a frame that is not valid."""
        fault, error = judge(error, data, self.limits.max_size)
        if fault is Fault.GARBAGE:
            self._refuse_garbage(error, data)
            return
        self._garbage = 0
        if fault is Fault.TOO_BIG:
            self._request_close(1009, error.description, error, data)
        elif fault is Fault.NOT_UTF8:
            self._request_close(1007, "expected UTF-8", error, data)
        else:
            self._refuse_message(error, data)

    def _refuse_message(self, error: RemoteProtocolError, data: Any) -> None:
        """Do what the decision table says of a frame whose type could be read."""
        kind = error.message_type
        if kind not in range(2, 7):  # row 8
            self._refuse_unknown_type(error, data)
        elif kind not in self.version.message_types:  # row 9
            self._reply_error(_no_such_type(error.message_id, kind), data)
        elif kind == CALL:  # rows 10 to 19
            self._reply_error(error, data)
        elif kind == CALL_RESULT:  # rows 22, 24
            self._refuse_result(error, data)
        else:  # rows 25 to 27: errors and SENDs are never answered
            self._note_refusal(error, False, data)
            if kind == CALL_ERROR and (call := self._calls.matches(error.message_id)) is not None:
                self._end(CallFailed(call, error))

    def _refuse_unknown_type(self, error: RemoteProtocolError, data: Any) -> None:
        if self.version.unknown_type is None:
            self._drop("unknown type", None if error.message_id == "-1" else error.message_id, data)
        else:
            self._reply_error(error, data)

    def _refuse_garbage(self, error: RemoteProtocolError, data: Any) -> None:
        """Answer what is no frame under the id "-1", and count."""
        self._garbage += 1
        if self._garbage >= self.limits.garbage:
            self._request_close(1002, f"{self._garbage} messages in a row were no OCPP-J", error, data)
            return
        self._reply_error(error, data)

    def _refuse_result(self, error: RemoteProtocolError, data: Any) -> None:
        call = self._calls.matches(error.message_id)
        if call is None:  # rows 23, 24
            self._drop_answer(error.message_id, data)
            return
        answered = self.version.refuses_results and self._spend()  # row 22
        if answered:
            self._write(framing.call_result_error(error.message_id, error.code, error.description, error.details))
        self._note_refusal(error, answered, data)
        self._end(CallFailed(call, error))

    def _reply_error(self, error: RemoteProtocolError, data: Any) -> None:
        answered = self._spend()
        if answered:
            self._write(framing.call_error(error.message_id, error.code, error.description, error.details))
        self._note_refusal(error, answered, data)

    def _note_refusal(self, error: RemoteProtocolError, answered: bool, data: Any) -> None:
        self.statistics.refused += 1
        self._observe("in", data, f"refused {error.code}")
        self._events.append(FrameRefused(error, answered))

    def _request_close(self, code: int, reason: str, error: RemoteProtocolError, data: Any) -> None:
        self._note_refusal(error, False, data)
        self._events.append(CloseRequested(code, reason))

    def _drop(self, reason: str, message_id: str | None, data: Any) -> None:
        self.statistics.dropped += 1
        self._observe("in", data, f"dropped {reason}")
        self._events.append(FrameDropped(reason, message_id))

    def _spend(self) -> bool:
        """Take one error reply from the budget."""
        granted = self._budget.spend(self._now)
        self.statistics.muted += not granted
        return granted

    # Small things

    def _write(self, frame: bytes) -> None:
        self.statistics.sent += 1
        if self._observer is not None:
            self._observe("out", frame, "ok")
        self._out.append(frame)

    def _observe(self, direction: Literal["in", "out"], data: Any, verdict: str) -> None:
        if self._observer is not None:
            self._observer(Observation(direction, data, self._now, verdict))


@cache
def _taken(version: Version, side: Side) -> _Taken:
    """What a side takes in a version, as far as somebody has sent it: the same for all sessions."""
    return {CALL: {}, SEND: {}}


def _action(call: Call) -> str:
    return ACTION_OF[type(call.request)].name


def _refused(frame: Frame, code: ErrorCode, expected: str) -> RemoteProtocolError:
    return RemoteProtocolError(
        f"expected {expected}", code=code, message_id=frame.message_id, message_type=frame.message_type
    )


def _no_such_type(message_id: str, kind: int | None) -> RemoteProtocolError:
    return RemoteProtocolError(
        f"expected no message of type {kind}",
        code=ErrorCode.MESSAGE_TYPE_NOT_SUPPORTED,
        message_id=message_id,
        message_type=kind,
    )


def _call_error(frame: Frame) -> CallError:
    """What the peer says; codes of other versions are understood, unknown ones kept as they are."""
    text = str(frame.error_code)
    return CallError(_CODES.get(text, text), frame.error_description or "", frame.error_details)
