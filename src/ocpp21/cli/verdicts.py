"""One verdict for each line of a recording: a frame of OCPP-J, or ``{"action": ..., "payload": ...}``."""

from __future__ import annotations

import difflib
from collections import OrderedDict, deque
from operator import itemgetter
from typing import Final, Literal

import msgspec

from ocpp21 import codec, framing
from ocpp21._speedups import validators
from ocpp21.codec import Deviation
from ocpp21.errors import ErrorCode, PayloadError, RemoteProtocolError, shorten
from ocpp21.framing import CALL, CALL_ERROR, CALL_RESULT, CALL_RESULT_ERROR, SEND
from ocpp21.messages.registry import ACTION_OF, ACTIONS
from ocpp21.refusal import quote
from ocpp21.wire import Action, Message

__all__ = ["MAX_WAITING", "Judge", "Verdict"]

#: Most CALLs that are remembered until their CALLRESULT comes; the oldest is forgotten first.
MAX_WAITING: Final = 10_000

#: Longest action that is shown and compared, in characters; as in frames.
_MAX_ACTION: Final = 64

_KINDS: Final = {
    CALL: "CALL",
    CALL_RESULT: "CALLRESULT",
    CALL_ERROR: "CALLERROR",
    CALL_RESULT_ERROR: "CALLRESULTERROR",
    SEND: "SEND",
}


class _Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """A payload that says what it is; its bytes stay as they came, for the validator to see."""

    action: str
    payload: msgspec.Raw
    type: Literal["request", "response"] = "request"


#: Who may send the CALL of an action.
_SIDES: Final = ("CS", "CSMS", "BOTH")

_read_envelope = msgspec.json.Decoder(_Envelope).decode


class Verdict(msgspec.Struct, kw_only=True):
    """What is to be said of a line; None is what it does not have or what could not be read.

    Attributes:
        verdict: ``ok``, ``refused``, or ``unmatched`` for a CALLRESULT whose CALL is not known.
        kind: name of the message type.
        action: action, of a result that of its CALL.
        id: message id.
        code: what a refused line would be answered with.
        keyword: what its payload violates.
        pointer: where, as a JSON pointer into the payload.
        offset: where, in bytes from the start of the payload.
        reason: what was expected, what came, and where.
        deviations: what was tolerated.
    """

    verdict: Literal["ok", "refused", "unmatched"] = "ok"
    kind: str | None = None
    action: str | None = None
    id: str | None = None
    code: str | None = None
    keyword: str | None = None
    pointer: str | None = None
    offset: int | None = None
    reason: str | None = None
    deviations: list[Deviation] = []


class Judge:
    """Gives verdicts on the lines of one stream, in order.

    Args:
        max_size: longest line, in bytes.
        conform: also check the rules of the standard that the schemas do not hold.
        lenient: tolerate what real peers get wrong.
    """

    def __init__(self, *, max_size: int, conform: bool = False, lenient: bool = False) -> None:
        self._max_size = max_size
        self._conform = conform
        self._lenient = lenient
        self._calls = _Calls()

    def judge(self, line: bytes) -> Verdict:
        """Judge a line without its ending."""
        verdict = Verdict()
        try:
            if line.lstrip(b" \t")[:1] == b"{":
                self._judge_envelope(line, verdict)
            else:
                self._judge_frame(line, verdict)
        except RemoteProtocolError as error:
            _refuse(verdict, error)
        return verdict

    def too_long(self, size: int) -> Verdict:
        """Refuse a line for its size, in the words of ``framing.parse``."""
        verdict = Verdict()
        reason = f"expected at most {self._max_size} bytes, found {size}"
        _refuse(verdict, RemoteProtocolError(reason, code=ErrorCode.RPC_FRAMEWORK_ERROR))
        return verdict

    def _judge_frame(self, line: bytes, verdict: Verdict) -> None:
        frame = framing.parse(line, max_size=None)
        verdict.kind = _KINDS[frame.message_type]
        verdict.id = frame.message_id
        if frame.action is not None:
            self._judge_action(frame, frame.action, verdict)
        elif frame.message_type == CALL_RESULT:
            self._judge_result(frame, verdict)
        elif frame.message_type == CALL_ERROR:
            for action in self._calls.oldest(frame.message_id)[:1]:
                verdict.action = action.name
                self._calls.answer(frame.message_id, action)

    def _judge_action(self, frame: framing.Frame, name: str, verdict: Verdict) -> None:
        verdict.action = name
        message = framing.request_class(frame)
        action = ACTION_OF[message]
        if action.response is not None:
            # Even when its payload is refused: a peer that is less strict answers it all the same.
            self._calls.add(frame.message_id, action)
        self._check(message, frame.payload, verdict)

    def _judge_result(self, frame: framing.Frame, verdict: Verdict) -> None:
        """Match a result with the first waiting CALL that it can answer, else with the oldest."""
        waiting = self._calls.oldest(frame.message_id)
        if not waiting:
            verdict.verdict = "unmatched"
            verdict.reason = f"expected the id of a CALL before it, found {quote(frame.message_id)}"
            return
        refusals = []
        for action in waiting:
            try:
                self._check_response(action, frame.payload, verdict)
            except PayloadError as error:
                refusals.append(error)
            else:
                break
        else:
            action = waiting[0]
            _refuse(verdict, refusals[0])
        verdict.action = action.name
        self._calls.answer(frame.message_id, action)

    def _judge_envelope(self, line: bytes, verdict: Verdict) -> None:
        envelope = _open(line)
        verdict.action = shorten(envelope.action, _MAX_ACTION)
        action = _look_up(envelope.action)
        if envelope.type == "request":
            verdict.kind = action.kind
            self._check(action.request, memoryview(envelope.payload), verdict)
            return
        verdict.kind = "CALLRESULT"
        self._check_response(action, memoryview(envelope.payload), verdict)

    def _check_response(self, action: Action, payload: memoryview | None, verdict: Verdict) -> None:
        if action.response is None:
            description = f"expected a request, for {action.name} has no response"
            raise RemoteProtocolError(description, code=ErrorCode.PROTOCOL_ERROR)
        self._check(action.response, payload, verdict)

    def _check(self, message: type[Message], payload: memoryview | None, verdict: Verdict) -> None:
        assert payload is not None  # only errors have none
        codec.validate(message, payload, conform=self._conform, lenient=self._lenient, report=verdict.deviations.append)


class _Calls:
    """CALLs that wait for their answer, by message id and by who sends such a CALL: the sides may use the same ids."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[tuple[str, str], deque[tuple[int, Action]]] = OrderedDict()
        self._added = 0
        self._size = 0

    def add(self, message_id: str, action: Action) -> None:
        self._waiting.setdefault((message_id, action.initiator), deque()).append((self._added, action))
        self._added += 1
        self._size += 1
        if self._size > MAX_WAITING:
            self._remove(next(iter(self._waiting)))

    def oldest(self, message_id: str) -> list[Action]:
        """The oldest CALL of each side with this id, oldest first."""
        queues = [self._waiting[key] for side in _SIDES if (key := (message_id, side)) in self._waiting]
        return [action for _, action in sorted((queue[0] for queue in queues), key=itemgetter(0))]

    def answer(self, message_id: str, action: Action) -> None:
        """Forget a CALL that is the oldest of its side."""
        self._remove((message_id, action.initiator))

    def _remove(self, key: tuple[str, str]) -> None:
        queue = self._waiting[key]
        queue.popleft()
        self._size -= 1
        if not queue:
            del self._waiting[key]


def _open(line: bytes) -> _Envelope:
    """Read a line that is an object; refuse it in the validator's words where it is no JSON."""
    try:
        envelope = _read_envelope(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        validators.check_json(line)
        raise RemoteProtocolError(
            'expected an array, or an object with the members "action", "payload" and at most "type"; found another',
            code=ErrorCode.RPC_FRAMEWORK_ERROR,
        ) from error
    payload = bytes(envelope.payload)
    if payload.startswith(b"{"):
        # The decoder takes the last of members of one name. The payload is not its business: blank it out.
        validators.check_json(line.replace(payload, b"{}".ljust(len(payload)), 1))
    return envelope


def _look_up(name: str) -> Action:
    action = ACTIONS.get(name)
    if action is None:
        close = difflib.get_close_matches(name[:_MAX_ACTION], ACTIONS, n=1)
        guess = f" (did you mean {quote(close[0])}?)" if close else ""
        raise RemoteProtocolError(
            f"expected an action of OCPP 2.1{guess}, found {quote(name)}", code=ErrorCode.NOT_IMPLEMENTED
        )
    return action


def _refuse(verdict: Verdict, error: RemoteProtocolError) -> None:
    verdict.verdict = "refused"
    verdict.code = str(error.code)
    verdict.reason = error.description
    if verdict.kind is None and error.message_type is not None:
        verdict.kind = _KINDS.get(error.message_type)
    if verdict.id is None and error.message_id != "-1":
        verdict.id = error.message_id
    if isinstance(error, PayloadError):
        verdict.keyword = error.keyword
        verdict.pointer = error.pointer
        verdict.offset = error.offset
