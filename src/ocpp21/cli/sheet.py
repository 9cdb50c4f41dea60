"""What the commands over sockets print: lines for people or for programs, and the frames with their secrets masked.

Frames reach the printer as lines of a recording, one :class:`~ocpp21.recording.Recorder` for each connection: so that
what is printed and what is recorded have their secrets masked in one place, and the answer to a call is masked as what
it is.
"""

from __future__ import annotations

import io
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, Literal, cast

import msgspec
from rich.console import Console

from ocpp21.cli.terminal import complain, json_line, painter, printable
from ocpp21.observation import Observation
from ocpp21.recording import Recorder

__all__ = ["Frames", "Sheet", "recorder"]

#: The journal of the sockets (see ocpp21.asyncio.journal), of the roles and of the stores.
_journal: Final = logging.getLogger("ocpp21")


class Sheet:
    """Standard output, and a recording if one is wanted. Secrets never get this far.

    Args:
        as_json: print JSON objects.
        recording: where the frames go, too.

    Attributes:
        error: why nothing can be printed any more; None while it can.
        on_broken: called once when that happens.
    """

    def __init__(self, *, as_json: bool, recording: BinaryIO | None = None) -> None:
        self.error: OSError | None = None
        self.on_broken: Callable[[], object] = lambda: None
        self._as_json: Final = as_json
        self._recording = recording
        self._paint: Final = painter(Console())

    def listening(self, url: str, /) -> None:
        """Print where stations connect to."""
        self._print(json_line({"kind": "listening", "url": url}) if self._as_json else f"listening on {url}/<identity>")

    def note(self, record: logging.LogRecord, /) -> None:
        """Print a line of the journal, without the traceback it may have."""
        at, text = datetime.fromtimestamp(record.created, UTC), record.getMessage()
        if self._as_json:
            facts = {"level": record.levelname.lower(), "text": text, "fields": getattr(record, "fields", {})}
            self._print(json_line({"kind": "log", "time": _rfc3339(at), **facts}))
        else:
            self._print(f"{_time_of_day(at)} {self._paint(printable(text), _STYLES.get(record.levelno, 'bold'))}")

    def say(self, kind: str, text: str, /, *, at: datetime | None = None, **facts: Any) -> None:
        """Print something that has happened.

        Args:
            kind: what it is, for programs.
            text: for people.
            at: when, aware; now by default.
            facts: for programs.
        """
        at = (at or datetime.now(UTC)).astimezone(UTC)
        if self._as_json:
            self._print(json_line({"kind": kind, "time": _rfc3339(at), **facts}))
        else:
            self._print(f"{_time_of_day(at)} {self._paint(printable(text), 'bold')}")

    def frame(self, identity: str, line: bytes, /) -> None:
        """Print and record a line of a recording, in which secrets have been masked."""
        self._record(line)
        if self._as_json:
            members = msgspec.json.decode(line, type=dict[str, msgspec.Raw])
            ours = {"kind": msgspec.Raw(b'"frame"'), "identity": msgspec.Raw(msgspec.json.encode(identity))}
            self._print(msgspec.json.encode(ours | members).decode())
            return
        seen = _read_line(line)
        verdict = self._paint(printable(seen.verdict), "green" if seen.verdict == "ok" else "red")
        text = f"({seen.note})" if seen.note is not None else bytes(seen.frame).decode()
        self._print(f"{_time_of_day(seen.time)} {identity} {seen.direction:3} {verdict} {printable(text)}")

    @contextmanager
    def journal(self) -> Iterator[None]:
        """Print the journal of the sockets meanwhile."""
        handler, level = _Scribe(self), _journal.level
        _journal.addHandler(handler)
        _journal.setLevel(logging.INFO)
        try:
            yield
        finally:
            _journal.setLevel(level)
            _journal.removeHandler(handler)

    def _print(self, text: str) -> None:
        if self.error is not None:
            return
        try:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()
        except OSError as error:
            self.error = error
            self.on_broken()

    def _record(self, line: bytes) -> None:
        """Write a line whole; a recording that cannot go on ends, and traffic does not."""
        if self._recording is None:
            return
        try:
            while line:
                line = line[self._recording.write(line) :]
        except OSError as error:
            self._recording = None
            complain(f"recording has ended: {error.strerror}")


class _Scribe(logging.Handler):
    """Hands lines of the journal to the sheet."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__(logging.INFO)
        self._sheet: Final = sheet

    def filter(self, record: logging.LogRecord) -> bool:
        """Leave out what the WebSocket library says of what the journal tells, too."""
        return hasattr(record, "fields") or record.levelno >= logging.WARNING

    def emit(self, record: logging.LogRecord) -> None:
        """Print a line."""
        self._sheet.note(record)


class _Slip(io.RawIOBase):
    """What the recorder of one connection writes on."""

    def __init__(self, sheet: Sheet, identity: str) -> None:
        self._sheet: Final = sheet
        self._identity: Final = identity

    def write(self, line: Any, /) -> int:
        """Take one line."""
        self._sheet.frame(self._identity, line)
        return len(line)


class _Seen(msgspec.Struct):
    """What is printed of a line of a recording."""

    time: datetime
    direction: Literal["in", "out"]
    verdict: str
    frame: msgspec.Raw = msgspec.Raw(b"")
    note: str | None = None


_read_line: Final = msgspec.json.Decoder(_Seen).decode

_STYLES: Final = {logging.WARNING: "yellow", logging.ERROR: "red"}


def recorder(sheet: Sheet, identity: str, /) -> Recorder:
    """Make an observer of one session that prints its frames."""
    return Recorder(cast(BinaryIO, _Slip(sheet, identity)))


class Frames:
    """Prints the frames of many roles.

    Args:
        sheet: where to.
    """

    def __init__(self, sheet: Sheet, /) -> None:
        self._sheet: Final = sheet
        self._recorders: Final[dict[str, Recorder]] = {}

    def see(self, identity: str, observation: Observation, /) -> None:
        """Print one."""
        known = self._recorders.get(identity)
        if known is None:
            known = self._recorders[identity] = recorder(self._sheet, identity)
        known(observation)


def _time_of_day(at: datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
