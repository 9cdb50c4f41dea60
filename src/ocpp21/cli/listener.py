"""The CSMS of ``ocpp21 listen``: what it answers, and what it prints.

Frames reach the printer as lines of a recording, one :class:`~ocpp21.recording.Recorder` for each connection: so that
what is printed and what is recorded have their secrets masked in one place, and the answer to a call is masked as what
it is.
"""

from __future__ import annotations

import asyncio
import hmac
import io
import logging
import signal
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, BinaryIO, Final, Literal, NamedTuple, cast

import msgspec
from rich.console import Console

from ocpp21.asyncio import Handler, Server, serve
from ocpp21.asyncio.binding import CertificateBinder
from ocpp21.asyncio.passwords import Authenticator
from ocpp21.cli.credentials import Unusable
from ocpp21.cli.terminal import complain, json_line, painter, printable
from ocpp21.messages import (
    BootNotificationRequest,
    BootNotificationResponse,
    HeartbeatRequest,
    HeartbeatResponse,
    RegistrationStatusEnumType,
)
from ocpp21.messages.registry import ACTIONS
from ocpp21.recording import Recorder
from ocpp21.session import Session
from ocpp21.versions import Version
from ocpp21.wire import Request, Response, Send

__all__ = ["Doorkeeping", "OnePassword", "Sheet", "answers", "run"]

#: The journal of the sockets (see ocpp21.asyncio.journal).
_journal: Final = logging.getLogger("ocpp21.asyncio")


class Doorkeeping(NamedTuple):
    """Who is let in.

    Attributes:
        context: of TLS; None for none.
        authenticator: asked for passwords; None for no passwords.
        binder: whose client certificate it is; None for anybody's.
        allow_unauthenticated: there need be neither.
    """

    context: ssl.SSLContext | None
    authenticator: Authenticator | None
    binder: CertificateBinder | None
    allow_unauthenticated: bool


class OnePassword:
    """Takes the same password from every station."""

    def __init__(self, password: bytes, /) -> None:
        self._password: Final = password

    async def authenticate(self, identity: str, password: bytes) -> bool:
        """Compare in a time that does not tell how much of it is right."""
        return hmac.compare_digest(self._password, password)


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
            fields = getattr(record, "fields", {})
            level = record.levelname.lower()
            self._print(
                json_line({"kind": "log", "time": _rfc3339(at), "level": level, "text": text, "fields": fields})
            )
        else:
            self._print(f"{_time_of_day(at)} {self._paint(printable(text), _STYLES.get(record.levelno, 'bold'))}")

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


def answers(interval: int, /) -> dict[type[Request[Any]] | type[Send], Handler]:
    """Make the handlers, of what can be answered without making anything up, and of what needs no answer.

    Args:
        interval: of Heartbeats, in seconds.
    """
    handlers: dict[type[Request[Any]] | type[Send], Handler] = {
        action.request: _empty(action.response)
        for action in ACTIONS.values()
        if action.initiator != "CSMS" and _may_be_empty(action.response)
    }
    handlers[HeartbeatRequest] = lambda request: HeartbeatResponse(current_time=datetime.now(UTC))
    handlers[BootNotificationRequest] = lambda request: BootNotificationResponse(
        current_time=datetime.now(UTC), interval=interval, status=RegistrationStatusEnumType.ACCEPTED
    )
    return handlers


def _may_be_empty(response: type[Response] | None) -> bool:
    return response is None or not any(field.required for field in msgspec.structs.fields(response))


def _empty(response: type[Response] | None) -> Handler:
    return lambda request: None if response is None else response()


async def run(doorkeeping: Doorkeeping, sheet: Sheet, host: str, port: int, interval: int) -> None:
    """Serve until SIGINT or SIGTERM, then drain.

    Args:
        doorkeeping: who is let in.
        sheet: where all is printed.
        host: address to listen on.
        port: to listen on; 0 for any.
        interval: of Heartbeats, in seconds.

    Raises:
        Unusable: the address cannot be listened on.
        OSError: nothing can be printed any more.
    """
    server = serve(
        lambda connection: None,
        host,
        port,
        authenticator=doorkeeping.authenticator,
        binder=doorkeeping.binder,
        allow_unauthenticated=doorkeeping.allow_unauthenticated,
        ssl=doorkeeping.context,
        handlers=answers(interval),
        make_session=lambda identity, version: _session(sheet, identity, version),
    )
    async with AsyncExitStack() as closing:
        closing.enter_context(sheet.journal())
        try:
            await closing.enter_async_context(server)
        except OSError as error:
            raise Unusable(f"cannot listen on {host} port {port}: {error.strerror}") from error
        end = _end(server)
        sheet.on_broken = end.set
        sheet.listening(_url(host, server.ports[0], is_secure=doorkeeping.context is not None))
        await end.wait()
    if sheet.error is not None:
        raise sheet.error


def _end(server: Server) -> asyncio.Event:
    """Give what is set by the first signal; one that comes after it cuts off stations that do not close."""
    end = asyncio.Event()

    def interrupt() -> None:
        if end.is_set():
            for connection in list(server.connections.values()):
                connection.abort("interrupted again")
        end.set()

    with suppress(NotImplementedError):  # Windows: there, Ctrl-C cancels the whole
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, interrupt)
    return end


def _session(sheet: Sheet, identity: str, version: Version) -> Session:
    recorder = Recorder(cast(BinaryIO, _Slip(sheet, identity)))
    return Session("CSMS", version=version, observer=recorder)


def _url(host: str, port: int, *, is_secure: bool) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{'wss' if is_secure else 'ws'}://{name}:{port}"


def _time_of_day(at: datetime) -> str:
    return f"{at:%H:%M:%S}.{at.microsecond // 1000:03}"


def _rfc3339(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
