"""Recordings: what passed through a session, frame by frame, one JSON object a line.

A :class:`Recorder` is an observer of a session. By default it masks secrets (see :mod:`ocpp21.redaction`), and what
is no frame then leaves a note only. :func:`read` gives the records back, ``ocpp21 replay`` feeds them to a new session.

Members of a line: ``time`` (RFC 3339, UTC), ``at`` (seconds of the session's clock), ``direction``, ``verdict``, and
one of ``frame`` (the frame itself, as JSON), ``base64`` (a frame that is no JSON) and ``note`` (what is left of a frame
that must not be recorded as it was).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import BinaryIO, Final, Literal, Self

import msgspec

from ocpp21 import framing
from ocpp21.errors import OcppError, RemoteProtocolError
from ocpp21.framing import CALL, CALL_RESULT
from ocpp21.observation import Observation
from ocpp21.redaction import redact

__all__ = ["MAX_FRAME", "DamagedRecording", "Record", "Recorder", "read"]

#: Largest frame that is recorded, in bytes, and longest line that is read: such a frame in base64, and the rest.
MAX_FRAME: Final = 8 * 1024 * 1024
_MAX_LINE: Final = 2 * MAX_FRAME

#: CALLs that are remembered until they are answered; the oldest is forgotten first. More are never in flight.
_MAX_CALLS: Final = 256

_NO_JSON: Final = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class DamagedRecording(OcppError):
    """A file is not a recording, or not any more.

    Attributes:
        line: number of the line, from 1.
    """

    def __init__(self, line: int, reason: str) -> None:
        self.line = line
        super().__init__(f"line {line}: {reason}")


class Record(msgspec.Struct, frozen=True):
    """One frame, as it passed.

    Attributes:
        line: number of its line, from 1.
        time: when.
        at: the same in seconds of the session's clock.
        direction: ``in`` or ``out``.
        verdict: ``ok``, or what became of it.
        data: the frame, its secrets masked if they were when it was recorded; None when it was not recorded.
        note: why it was not.
    """

    line: int
    time: datetime
    at: float
    direction: Literal["in", "out"]
    verdict: str
    data: bytes | None
    note: str | None = None


class _Line(msgspec.Struct, omit_defaults=True):
    """A record as it is written."""

    time: datetime
    at: float
    direction: Literal["in", "out"]
    verdict: str
    frame: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    base64: bytes | None = None
    note: str | None = None


_read_line = msgspec.json.Decoder(_Line).decode


class Recorder:
    """Writes every frame of one session.

    It never disturbs the session: when the file cannot be written, recording ends.

    Args:
        stream: where to write; flushed after every frame.
        redacted: mask secrets.
        clock: gives the time of day, in seconds since 1970.

    Attributes:
        error: why recording has ended; None while it goes on.
    """

    def __init__(self, stream: BinaryIO, /, *, redacted: bool = True, clock: Callable[[], float] = time.time) -> None:
        self.error: OSError | None = None
        self._stream = stream
        self._redacted = redacted
        self._clock = clock
        self._actions: dict[tuple[str, str], str] = {}  # by direction and id of the CALL

    @classmethod
    def create(
        cls, path: str | os.PathLike[str], /, *, redacted: bool = True, clock: Callable[[], float] = time.time
    ) -> Self:
        """Record into a new file that only its owner may read.

        Raises:
            OSError: the file exists, or cannot be made.
        """
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        return cls(os.fdopen(descriptor, "wb"), redacted=redacted, clock=clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __call__(self, observation: Observation, /) -> None:
        """Write a frame."""
        if self.error is not None or self._stream.closed:
            return
        try:
            self._stream.write(self._line(observation) + b"\n")
            self._stream.flush()
        except OSError as error:
            self.error = error

    def close(self) -> None:
        """Close the stream; what passes from now on is not recorded. Closing again does nothing."""
        try:
            self._stream.close()
        except OSError as error:
            self.error = self.error or error

    def _line(self, observation: Observation) -> bytes:
        data = observation.data
        raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else bytes(data)
        line = _Line(
            datetime.fromtimestamp(self._clock(), UTC), observation.at, observation.direction, observation.verdict
        )
        if len(raw) > MAX_FRAME:
            line.note = f"too large to be recorded: {len(raw)} bytes"
        elif self._redacted:
            self._put_redacted(line, raw, self._action(observation.direction, raw))
        else:
            self._put(line, raw)
        return msgspec.json.encode(line)

    def _put(self, line: _Line, raw: bytes) -> None:
        line.frame = msgspec.Raw(raw)
        if _is_readable(line, raw):
            # In JSON a line ends between tokens only, where a space is as good.
            line.frame = msgspec.Raw(raw.replace(b"\n", b" ").replace(b"\r", b" "))
        else:
            line.frame = msgspec.UNSET
            line.base64 = raw

    def _put_redacted(self, line: _Line, raw: bytes, action: str | None) -> None:
        text = redact(raw, action, keep_types=True)
        line.frame = msgspec.Raw(text)
        if text.startswith(b'"') or not _is_readable(line, text):
            line.frame = msgspec.UNSET
            line.note = msgspec.json.decode(text, type=str) if text.startswith(b'"') else "not fit for a recording"

    def _action(self, direction: Literal["in", "out"], raw: bytes) -> str | None:
        """Remember the action of a CALL until it is answered, and give that of an answer."""
        try:
            frame = framing.parse(raw, max_size=None)
        except RemoteProtocolError:
            return None
        if frame.message_type == CALL:
            self._actions[direction, frame.message_id] = str(frame.action)
            if len(self._actions) > _MAX_CALLS:
                del self._actions[next(iter(self._actions))]
        elif frame.message_type == CALL_RESULT:
            return self._actions.pop(("out" if direction == "in" else "in", frame.message_id), None)
        return None


def _is_readable(line: _Line, raw: bytes) -> bool:
    """Say whether a line with a frame in it is UTF-8, and can be read again."""
    try:
        raw.decode()
        _read_line(msgspec.json.encode(line))
    except _NO_JSON:
        return False
    return True


def read(path: str | os.PathLike[str], /) -> Iterator[Record]:
    """Read a recording. A last line that was not finished is left out.

    Raises:
        OSError: the file cannot be opened or read.
        DamagedRecording: a line is no record.
    """
    with open(path, "rb") as stream:
        number = 0
        while raw := stream.readline(_MAX_LINE + 1):
            number += 1
            if len(raw) > _MAX_LINE:
                raise DamagedRecording(number, f"expected at most {_MAX_LINE} bytes")
            try:
                line = _read_line(raw)
            except _NO_JSON as error:
                if not raw.endswith(b"\n"):
                    return
                raise DamagedRecording(number, "expected a record in JSON") from error
            yield _record(number, line)


def _record(number: int, line: _Line) -> Record:
    data = bytes(line.frame) if isinstance(line.frame, msgspec.Raw) else line.base64
    if data is None and line.note is None:
        raise DamagedRecording(number, "expected a frame, base64 or note")
    return Record(number, line.time, line.at, line.direction, line.verdict, data, line.note)
