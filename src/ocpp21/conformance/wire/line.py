"""The test system's end of the wire: every message of the system under test in one inbox, every frame in one log.

Nothing is answered before the interpreter says how. The first frame that the codec, in strict mode, refuses is kept as
a fault. What the system under test says is kept until the case ends, so there is an end to how much that may be.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, Literal, cast

from ocpp21 import codec
from ocpp21.asyncio import Connection, connect
from ocpp21.asyncio.message_ids import new_id
from ocpp21.conformance.security import Security
from ocpp21.conformance.verdict import Entry, Inconclusive
from ocpp21.conformance.wire.attempts import Attempts
from ocpp21.conformance.wire.endpoint import PATIENCE, Endpoint
from ocpp21.conformance.wire.log import WireLog
from ocpp21.errors import CallError, ErrorCode, LocalProtocolError, OcppError
from ocpp21.handlers import Handler, Table
from ocpp21.limits import Limits
from ocpp21.messages.registry import ACTION_OF, ACTIONS
from ocpp21.observation import Observation
from ocpp21.session import Session, Side
from ocpp21.versions import Version
from ocpp21.wire import Message

__all__ = ["Heard", "Line"]

#: What a system under test may say in one case; our own say a hundred things at the most.
_MOST_MESSAGES: Final = 20_000
_MOST_BYTES: Final = 64 * 1024 * 1024


@dataclass(slots=True, eq=False)
class Heard:
    """Something that the system under test has said.

    Attributes:
        kind: a request, an answer to a request of ours, or an error in its place.
        message: name.
        payload: as JSON; of an error, its code and description.
        at: when, in seconds of the event loop.
        asked: the number of our request, of an answer.
        reply: answers a request; None for what is not answered.
        is_new: it has been compared with nothing so far.
    """

    kind: Literal["request", "response", "error"]
    message: str
    payload: dict[str, Any]
    at: float
    asked: int = 0
    reply: asyncio.Future[Message | None] | None = None
    is_new: bool = True


class Line:
    """The wire, from one side.

    Args:
        side: whose part the test system plays.
        timeout_s: in which a request must be answered.

    Attributes:
        log: frames and notes.
        fault: the first frame that was refused, with the reason; empty when there is none.
        attempts: of the station to connect.
        endpoints: that the station can connect to.
    """

    def __init__(self, side: Side, /, *, timeout_s: float) -> None:
        self.log: Final = WireLog()
        self.fault = ""
        self.attempts: Final = Attempts()
        self.endpoints: Final[list[Endpoint]] = []
        self._side: Final = side
        self._limits: Final = Limits(timeout_s=timeout_s, waiting=128, serving=32)
        self._inbox: Final[asyncio.Queue[Heard | LocalProtocolError]] = asyncio.Queue()
        self._loop: Final = asyncio.get_running_loop()
        self._began_at: Final = self._loop.time()
        self._connection: Connection | None = None
        self._connected: Final = asyncio.Event()
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._asked = 0
        self._messages = self._bytes = 0  # that the system under test has said
        self._where: tuple[str, str, dict[str, Any]] | None = None
        take = cast(Handler, self._take)
        self._handlers: Final = Table(
            {
                action.request: take
                for action in ACTIONS.values()
                if action.request is not None and action.initiator != side
            }
        )

    # Opening and closing

    async def listen(self, *addresses: tuple[str, int], security: Security) -> str:
        """Listen for the station; returns the URL for it to connect to first.

        Args:
            addresses: of the endpoints, host and port.
            security: of the endpoints.

        Raises:
            OSError: an address cannot be used.
            Inconclusive: there is no certificate.
        """
        for number, (host, port) in enumerate(addresses, start=1):
            endpoint = Endpoint(number, security, self.attempts)
            self.endpoints.append(endpoint)
            await endpoint.listen(
                host, port, welcome=self._welcome, handlers=self._handlers, make_session=self._session
            )
        return self.endpoints[0].url

    async def connect(self, url: str, identity: str, /, *, password: str = "", **options: Any) -> None:
        """Connect to the CSMS.

        Raises:
            OSError: it cannot be reached, or refuses.
            LocalProtocolError: the URL is not valid.
        """
        connection = await connect(
            url,
            identity,
            password=password or None,
            handlers=self._handlers,
            make_session=self._session,
            patience=PATIENCE,
            **options,
        )
        self._start(self._welcome(connection))
        self._where = (url, identity, {"password": password, **options})

    async def reconnect(self, url: str = "", /, **options: Any) -> None:
        """Connect to the CSMS once more, at the same URL and with the same options but for those that are given.

        Raises:
            OSError: it cannot be reached, or refuses.
        """
        assert self._where is not None
        before, identity, others = self._where
        await self.connect(url or before, identity, **{**others, **options})

    async def close(self) -> None:
        """End it all; what was not answered stays so."""
        self.keep_out()
        self.cut()
        for endpoint in self.endpoints:
            await endpoint.close()
        for task in list(self._tasks):
            task.cancel()
        for task in list(self._tasks):
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def cut(self) -> None:
        """End the connection without a word, as a broken line does."""
        if self._connection is not None:
            self._connection.abort("cut by the test system")
            self._connection = None
            self.attempts.note_end()
        self._connected.clear()

    def let_in(self, endpoint: int = 0, /) -> None:
        """Let stations in again, at one endpoint or, with 0, at all."""
        for one in self._meant(endpoint):
            one.is_open = True

    def keep_out(self, endpoint: int = 0, /) -> None:
        """Let nobody in, at one endpoint or, with 0, at any."""
        for one in self._meant(endpoint):
            one.is_open = False

    def show(self, fault: str, endpoint: int = 0, /) -> None:
        """Show another certificate, at one endpoint or, with 0, at all; see :meth:`Endpoint.show`."""
        for one in self._meant(endpoint):
            one.show(fault)

    def _meant(self, endpoint: int) -> list[Endpoint]:
        return self.endpoints[endpoint - 1 : endpoint] if endpoint else self.endpoints

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return self._connected.is_set()

    async def connected(self) -> None:
        """Wait for a connection."""
        await self._connected.wait()

    # Talking

    def note(self, text: str) -> None:
        """Put a note into the log."""
        self.log.add(Entry(self._loop.time() - self._began_at, "note", text))

    def ask(self, message: str, payload: dict[str, Any], /) -> int:
        """Send a request; its answer comes as :class:`Heard` with the number that is returned.

        Raises:
            PayloadError: the payload is not valid.
        """
        request: Any = codec.decode(message, json.dumps(payload).encode(), conform=True)
        self._asked += 1
        self._start(self._ask(request, self._asked))
        return self._asked

    async def hear(self, timeout_s: float, /) -> Heard | None:
        """The next thing that the system under test has said, or None when it is silent for so long.

        Raises:
            Inconclusive: it says more than can be kept, or the test system must not send what it was to say.
        """
        if self._has_said_too_much:
            most = f"{_MOST_MESSAGES:,} messages and {_MOST_BYTES:,} bytes"
            raise Inconclusive(f"the system under test has said more than the {most} that are kept of a case")
        heard = None
        if timeout_s <= 0:
            heard = None if self._inbox.empty() else self._inbox.get_nowait()
        else:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    heard = await self._inbox.get()
        if isinstance(heard, LocalProtocolError):
            raise Inconclusive(f"the test system must not send what the case asks for: {heard}") from heard
        return heard

    def answer(self, heard: Heard, message: str, payload: dict[str, Any], /) -> None:
        """Answer a request.

        Raises:
            PayloadError: the payload is not valid.
        """
        response: Any = codec.decode(message, json.dumps(payload).encode(), conform=True)
        if heard.reply is not None and not heard.reply.done():
            heard.reply.set_result(response)

    def refuse(self, heard: Heard, code: ErrorCode, /) -> None:
        """Answer a request by a CALLERROR."""
        if heard.reply is not None and not heard.reply.done():
            heard.reply.set_exception(CallError(code, "asked for by the test case"))

    # Inside

    def _session(self, version: Version) -> Session:
        return Session(
            self._side, version=version, limits=self._limits, conform=True, new_id=new_id, observer=self._observe
        )

    async def _welcome(self, connection: Connection) -> None:
        self._connection = connection
        self.note(f"connection of {connection.identity} opened")
        self._connected.set()
        try:
            await connection.wait_closed()
        finally:  # the task of a connection is cancelled when that has ended
            self.note(f"connection of {connection.identity} ended")
            if self._connection is connection:
                self._connection = None
                self._connected.clear()
                self.attempts.note_end()

    def _observe(self, observation: Observation) -> None:
        text = bytes(observation.data).decode("utf-8", "replace") if not isinstance(observation.data, str) else ""
        text = text or str(observation.data)
        at = self._loop.time() - self._began_at
        self.log.add(Entry(at, observation.direction, text, _action(text)))
        if observation.direction == "in":
            self._messages += 1
            self._bytes += len(text)
            if observation.verdict != "ok" and not self.fault:
                self.fault = f"{observation.verdict}: {text[:200]}"

    @property
    def _has_said_too_much(self) -> bool:
        return self._messages > _MOST_MESSAGES or self._bytes > _MOST_BYTES

    async def _take(self, message: Message) -> Message | None:
        name = type(message).__name__
        action = ACTION_OF[type(message)]
        if self._has_said_too_much:
            raise CallError(ErrorCode.GENERIC_ERROR, "more than the test system keeps of a case")
        reply = self._loop.create_future() if action.response is not None else None
        self._inbox.put_nowait(Heard("request", name, _payload(message), self._loop.time(), reply=reply))
        return None if reply is None else await reply

    async def _ask(self, request: Any, number: int) -> None:
        action = ACTION_OF[type(request)]
        name = action.response.__name__ if action.response is not None else ""
        hear = partial(Heard, message=name, at=0.0, asked=number)
        try:
            if self._connection is None:
                heard = hear("error", payload={"errorCode": "no connection"})
            elif action.response is None:
                await self._connection.send(request)
                return
            else:
                heard = hear("response", payload=_payload(await self._connection.call(request)))
        except CallError as error:
            heard = hear("error", payload={"errorCode": str(error.code), "errorDescription": error.description})
        except LocalProtocolError as error:  # not the fault of the system under test
            self._inbox.put_nowait(error)
            return
        except (OcppError, TimeoutError, ConnectionError) as error:
            heard = hear("error", payload={"errorCode": type(error).__name__, "errorDescription": str(error)})
        heard.at = self._loop.time()
        self._inbox.put_nowait(heard)

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _payload(message: Message) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(codec.encode(message, conform=False))
    return payload


def _action(text: str) -> str:
    """Name of the action of a CALL or SEND; empty otherwise."""
    try:
        frame = json.loads(text)
    except (ValueError, RecursionError):  # a frame that is nothing but brackets
        return ""
    return str(frame[2]) if isinstance(frame, list) and len(frame) > 3 and frame[0] in (2, 6) else ""
