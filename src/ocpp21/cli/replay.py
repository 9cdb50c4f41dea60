"""``ocpp21 replay``: feed a recording to a new session, and show what it does differently now."""

from __future__ import annotations

import json
import math
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import zip_longest
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console

from ocpp21 import codec, framing
from ocpp21.cli.terminal import complain, json_line, painter, printable
from ocpp21.errors import CallError, OcppError, RemoteProtocolError
from ocpp21.events import CallReceived, ResultReceived
from ocpp21.framing import CALL, CALL_ERROR, CALL_RESULT, Frame
from ocpp21.messages.registry import ACTION_OF, ACTIONS
from ocpp21.observation import Observation
from ocpp21.recording import DamagedRecording, Record, read
from ocpp21.redaction import redact
from ocpp21.session import Session
from ocpp21.signing import SUFFIX, is_signed
from ocpp21.wire import Action, Send

__all__ = ["Difference", "Replay", "Role", "replay"]

_CALL_RESULT_ERROR: Final = 5

_GATE_CLOSED: Final = "refused SecurityError"


class Role(StrEnum):
    """Who recorded."""

    CS = "CS"
    CSMS = "CSMS"


class Difference(msgspec.Struct, frozen=True):
    """Something that is not as it was.

    Attributes:
        line: of the recording.
        what: ``verdict``, ``sent``, or ``error`` for what can no longer be said.
        recorded: what it was; None for nothing.
        now: what it is; None for nothing.
    """

    line: int
    what: str
    recorded: str | None
    now: str | None


def replay(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A recording, as `ocpp21.recording.Recorder` writes it.")],
    side: Annotated[
        Role | None, typer.Option("--side", help="Who recorded; found out from the messages when absent.")
    ] = None,
    conform: Annotated[
        bool, typer.Option("--conform", help="Also check the rules of the standard that the schemas do not hold.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON object for each difference, and one with the summary last.")
    ] = False,
) -> None:
    """Feed a recording to a new session, and show the differences.

    What came in comes in again, in order and at its time; calls of ours are made again under their ids, and the
    peer's calls are answered as they were. Shown are verdicts, error codes and frames that are not as recorded;
    descriptions of errors may differ. Signed messages, and frames of which only a note was recorded, are left out.

    Exit codes: 0 no differences, 1 some, 2 the recording cannot be read, 130 interrupted.
    """
    try:
        records = list(read(file))
        who = side or find_side(records)
    except OSError as error:
        complain(f"{file}: {error.strerror}")
        raise typer.Exit(2) from error
    except DamagedRecording as error:
        complain(f"{file}: {error}")
        raise typer.Exit(2) from error
    if who is None:
        complain(f"{file}: cannot tell who recorded; say it with --side")
        raise typer.Exit(2)
    run = Replay(records, who, conform=conform)
    differences = run.run()
    if as_json:
        for difference in differences:
            print(json_line(msgspec.to_builtins(difference)))
        summary = {"frames": len(records), "left_out": run.left_out, "differences": len(differences)}
        print(json_line({"summary": summary}))
    else:
        _print(file, records, run.left_out, differences)
    raise typer.Exit(1 if differences else 0)


def _print(file: str, records: Sequence[Record], left_out: int, differences: Sequence[Difference]) -> None:
    paint = painter(Console())
    for each in differences:
        print(f"{printable(file)}:{each.line}: {paint(each.what, 'yellow')}")
        for style, sign, text in (("red", "-", each.recorded), ("green", "+", each.now)):
            if text is not None:
                print(paint(f"  {sign} {printable(text)}", style))
    sys.stdout.flush()
    skipped = f", {left_out:,} left out" if left_out else ""
    sys.stderr.write(f"{len(records):,} frames{skipped}, {len(differences):,} differences\n")


def find_side(records: Sequence[Record]) -> Role | None:
    """Tell who recorded from the first message that only one side may send; None when there is none."""
    for record in records:
        frame = _parse(record)
        action = _action_of(frame) if record.verdict == "ok" else None
        if action is not None and action.initiator != "BOTH":
            is_ours = record.direction == "out"
            return Role.CS if (action.initiator == "CS") == is_ours else Role.CSMS
    return None


class Replay:
    """One recording, and the session that it is fed to.

    Args:
        records: in order.
        side: who recorded.
        conform: check what the peer sends also against the rules that the schemas do not hold.

    Attributes:
        left_out: frames that were not replayed.
    """

    def __init__(self, records: Sequence[Record], side: Role, *, conform: bool = False) -> None:
        self.left_out = 0
        self._records = records
        self._timeouts = dict(_timeouts(records))
        self._session = Session(side.value, gate=self._gate, conform=conform, observer=self._observe)
        self._now = records[0] if records else None
        self._verdict = ""
        self._sent: deque[codec.Payload] = deque()
        self._due: deque[Record] = deque()  # frames that should be sent by now
        self._ahead: list[Record] = []  # error replies, recorded before the frame that they answer
        self._calls: dict[str, CallReceived] = {}
        self._results: dict[str, ResultReceived] = {}
        self._actions: dict[tuple[str, str], str] = {}  # of CALLs, by direction and id
        self._left_out: set[tuple[str, str]] = set()  # CALLs that were left out, likewise
        self._differences: list[Difference] = []

    def run(self) -> list[Difference]:
        """Replay everything and return the differences in order."""
        for record, following in zip_longest(self._records, self._records[1:]):
            frame = _parse(record)
            if self._must_be_left_out(record, frame):
                self.left_out += 1
                self._ahead.clear()
            elif record.direction == "in":
                self._receive(record, frame)
            else:
                assert frame is not None  # or it would have been left out
                self._send(record, frame, following)
        self._settle()
        return self._differences

    # What came in

    def _receive(self, record: Record, frame: Frame | None) -> None:
        self._settle()
        self._at(record)
        self._due.extend(self._ahead)
        self._ahead.clear()
        if frame is not None and frame.message_type == CALL:
            self._actions["in", frame.message_id] = str(frame.action)
        self._session.receive(record.data or b"", record.at)
        if self._verdict != record.verdict:
            self._differ(record, "verdict", record.verdict, self._verdict)
        while (event := self._session.next_event()) is not None:
            if isinstance(event, CallReceived):
                self._calls[event.message_id] = event
            elif isinstance(event, ResultReceived):
                self._results[event.call.message_id] = event

    def _at(self, record: Record) -> None:
        """Let all time pass until a record, and what falls due in it happen."""
        while (due := self._session.next_timer()) is not None and due <= record.at:
            self._session.handle_timer(due)
        self._now = record

    def _gate(self, action: Action) -> str | None:
        """Stay closed where the recorded session's was; what it said is no part of the recording."""
        return "expected registration first" if self._now and self._now.verdict == _GATE_CLOSED else None

    def _observe(self, observation: Observation) -> None:
        if observation.direction == "in":
            self._verdict = observation.verdict
        else:
            self._sent.append(observation.data)

    # What went out

    def _send(self, record: Record, frame: Frame, following: Record | None) -> None:
        if _is_own_reply(frame, following):
            self._ahead.append(record)
            return
        self._at(record)
        self._due.append(record)
        try:
            self._say(record, frame)
        except OcppError as error:
            self._due.pop()
            self._differ(record, "error", _shown(record.data, self._action(frame)), str(error))

    def _say(self, record: Record, frame: Frame) -> None:
        """Make the session say what was recorded, if that was the application's to say."""
        message_id = frame.message_id
        if frame.action is not None:
            message = codec.decode(framing.request_class(frame), frame.payload or b"")
            if isinstance(message, Send):
                self._session.send(message, message_id=message_id)
                return
            self._actions["out", message_id] = frame.action
            timeout_s = self._timeouts.get(record.line, math.inf)
            self._session.call(message, record.at, message_id=message_id, timeout_s=timeout_s)
        elif frame.message_type == _CALL_RESULT_ERROR:
            if (result := self._results.pop(message_id, None)) is not None:
                self._session.reject(result, _call_error(frame))
        elif (call := self._calls.pop(message_id, None)) is not None:
            if frame.message_type == CALL_ERROR:
                self._session.refuse(call, _call_error(frame))
            else:
                response = ACTION_OF[type(call.request)].response or ""
                self._session.reply(call, codec.decode(response, frame.payload or b""))

    # Comparing

    def _settle(self) -> None:
        """Compare what was sent with what should have been."""
        self._session.messages_to_send()
        sent = [(data, framing.parse(data, max_size=None)) for data in self._sent]
        self._sent.clear()
        for record in self._due:
            frame = framing.parse(record.data or b"", max_size=None)
            key, action = _key(frame), self._action(frame)
            match = next((each for each in sent if _key(each[1]) == key), None)
            recorded = _shown(record.data, action)
            if match is None:
                self._differ(record, "sent", recorded, None)
                continue
            sent.remove(match)
            if _compared(recorded) != _compared(now := _shown(match[0], action)):
                self._differ(record, "sent", recorded, now)
        self._due.clear()
        if self._now is not None:
            for data, frame in sent:
                self._differ(self._now, "sent", None, _shown(data, self._action(frame)))

    def _action(self, frame: Frame) -> str | None:
        return self._actions.get(("in", frame.message_id)) if frame.message_type == CALL_RESULT else None

    def _differ(self, record: Record, what: str, recorded: str | None, now: str | None) -> None:
        self._differences.append(Difference(record.line, what, recorded, now))

    # What cannot be replayed

    def _must_be_left_out(self, record: Record, frame: Frame | None) -> bool:
        """Say whether a record has no frame, or is signed, or has to do with a CALL that was left out."""
        if record.data is None or frame is None:
            return record.data is None or record.direction == "out"
        if frame.action is not None:
            is_left_out = frame.action.endswith(SUFFIX) or is_signed(frame.payload or b"")
            if is_left_out:
                self._left_out.add((record.direction, frame.message_id))
            return is_left_out
        of_whom = record.direction if frame.message_type == _CALL_RESULT_ERROR else _other(record.direction)
        return (of_whom, frame.message_id) in self._left_out or (
            frame.message_type == CALL_RESULT and is_signed(frame.payload or b"")
        )


def _timeouts(records: Sequence[Record]) -> Iterator[tuple[int, float]]:
    """Find the calls of ours whose time was up: line, and seconds until it certainly was.

    A timeout is no frame. It shows when the next call leaves without an answer, or when the answer comes too late.
    """
    waiting: tuple[Record, str] | None = None
    for record in records:
        frame = _parse(record)
        if frame is None:
            continue
        is_call = record.direction == "out" and frame.message_type == CALL
        is_answer = record.direction == "in" and frame.message_type in (CALL_RESULT, CALL_ERROR)
        if waiting is not None and (is_call or (is_answer and frame.message_id == waiting[1])):
            if is_call or record.verdict == "dropped late":
                yield waiting[0].line, max(record.at - waiting[0].at, sys.float_info.min)
            waiting = None
        if is_call:
            waiting = record, frame.message_id


def _is_own_reply(frame: Frame, following: Record | None) -> bool:
    """Say whether an error was the session's own: then the frame that it refuses is recorded next."""
    return (
        frame.error_code is not None
        and following is not None
        and following.direction == "in"
        and following.verdict == f"refused {frame.error_code}"
    )


def _parse(record: Record) -> Frame | None:
    try:
        return framing.parse(record.data or b"", max_size=None)
    except RemoteProtocolError:
        return None


def _action_of(frame: Frame | None) -> Action | None:
    return None if frame is None or frame.action is None else ACTIONS.get(frame.action)


def _call_error(frame: Frame) -> CallError:
    return CallError(str(frame.error_code), frame.error_description or "", frame.error_details)


def _key(frame: Frame) -> tuple[int, str]:
    return frame.message_type, frame.message_id


def _other(direction: str) -> str:
    return "out" if direction == "in" else "in"


def _shown(data: codec.Payload | None, action: str | None) -> str:
    """A frame as it is compared and shown: without secrets, since the recorded one may have none."""
    return redact(data or b"", action, keep_types=True).decode("ascii")


def _compared(shown: str) -> Any:
    """A frame without the description of its error, which is for people."""
    frame = json.loads(shown, parse_int=str, parse_float=str)
    if frame[0] in ("4", "5"):
        del frame[3:4]
    return frame
