"""One connection: drives a sans-IO :class:`~ocpp21.session.Session` over a WebSocket.

Theory of operation. The transport hands over each message as it comes. It goes to the session, the events that come out
are acted upon, and what must leave is written, all at once. Nothing of that waits for a handler, or for an answer to a
call of ours: plain handlers are called on the spot, asynchronous ones run as tasks of their own. So a handler may call
the peer. One task waits for the end (:meth:`Connection.run`).

*Bounds.* The session refuses more calls of the peer than its limits allow, so there are no more tasks than that for
them; SENDs have a bound of their own. Writing does not wait, as two peers that both wait to write would wait for ever;
a peer that does not read is not read from once too much waits for it, and is cut off after a while.

*The end.* It comes once, in ``run``: the session is closed, so every call that waits fails; timers stop; tasks that are
still running are cancelled and awaited.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar, cast

from ocpp21.asyncio.binding import PeerCertificate
from ocpp21.asyncio.deadlines import Deadlines
from ocpp21.asyncio.liveness import Liveness
from ocpp21.asyncio.patience import Patience
from ocpp21.asyncio.reporter import Reporter
from ocpp21.asyncio.service import Service
from ocpp21.asyncio.tasks import Tasks
from ocpp21.asyncio.transport import Transport
from ocpp21.errors import CallError
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
from ocpp21.handlers import Handler, Handlers, table
from ocpp21.observation import Statistics
from ocpp21.session import Session
from ocpp21.versions import Version
from ocpp21.wire import Message, Request, Response, Send

__all__ = ["Connection"]

MessageT = TypeVar("MessageT", bound=Message)
ResponseT = TypeVar("ResponseT", bound=Response)
AnswerT = TypeVar("AnswerT")

#: Times the largest message that may wait to be written before we stop reading.
_BACKLOG: Final = 4


class Connection:
    """A connection to a peer.

    Made by :func:`~ocpp21.asyncio.client.connect` and :func:`~ocpp21.asyncio.server.serve`; over another WebSocket
    stack, make it with a transport of your own and let a task :meth:`run` it.

    Args:
        transport: an open WebSocket.
        session: a new session.
        identity: of the Charging Station, whichever side we are.
        certificate: that the station has shown to us, who are the CSMS.
        handlers: of what the peer sends; more can be added with :meth:`on`.
        on_event: told of what is not a message: refused and dropped frames, answers that the peer could not use.
        patience: with the peer.

    Attributes:
        identity: of the Charging Station.
        certificate: client certificate of the station, verified, where we are the CSMS; None when there is none.
        version: of the protocol, as negotiated.
        statistics: what has passed so far.
    """

    __slots__ = (
        "__weakref__",
        "_deadlines",
        "_ended",
        "_is_closing",
        "_liveness",
        "_loop",
        "_patience",
        "_reason",
        "_reporter",
        "_runner",
        "_service",
        "_session",
        "_tasks",
        "_transport",
        "certificate",
        "identity",
    )

    def __init__(
        self,
        transport: Transport,
        session: Session,
        /,
        *,
        identity: str,
        certificate: PeerCertificate | None = None,
        handlers: Handlers | None = None,
        on_event: Callable[[Event], object] | None = None,
        patience: Patience = Patience(),  # noqa: B008, it is frozen
    ) -> None:
        self.identity: Final = identity
        self.certificate: Final = certificate
        self._loop: Final = asyncio.get_running_loop()
        self._transport: Final = transport
        self._session: Final = session
        self._reporter: Final = Reporter(identity, on_event)
        self._patience: Final = patience
        self._tasks: Final = Tasks(identity)
        self._service: Final = Service(
            session, self._tasks, table(handlers, session.side), flush=self._flush, identity=identity
        )
        self._deadlines: Final = Deadlines(
            session,
            transport,
            stall_timeout_s=patience.stall_timeout_s,
            on_due=self._ring,
            on_stalled=self._give_up_stalled,
        )
        self._liveness: Final = Liveness(
            transport,
            interval_s=patience.ping_interval_s,
            timeout_s=patience.pong_timeout_s,
            on_dead=self._give_up_dead,
        )
        self._is_closing = False
        self._reason = ""
        self._runner: asyncio.Task[None] | None = None
        self._ended: Final[asyncio.Future[None]] = self._loop.create_future()

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else "open"
        return f"<Connection {self.identity!a} {self.version.subprotocol} {state}>"

    @property
    def version(self) -> Version:
        return self._session.version

    @property
    def statistics(self) -> Statistics:
        return self._session.statistics

    @property
    def is_closed(self) -> bool:
        """Whether the connection has ended, or is about to."""
        return self._session.is_closed

    @property
    def reason(self) -> str:
        """Why the connection has ended, for people; empty until it has."""
        return self._reason

    # What the application says

    def on(
        self, message: type[MessageT], /
    ) -> Callable[[Callable[[MessageT], AnswerT]], Callable[[MessageT], AnswerT]]:
        """Register the handler of a message: a decorator. A later one replaces an earlier one.

        The handler takes the message and returns its answer, or is a coroutine function that does. To refuse, it
        raises a CallError; any other error is answered with InternalError, and logged.

        Raises:
            LocalProtocolError: the message never comes to this side.
        """

        def register(handler: Callable[[MessageT], AnswerT]) -> Callable[[MessageT], AnswerT]:
            self._service.register(message, cast(Handler, handler))
            return handler

        return register

    def adopt(self, handlers: Handlers, /) -> None:
        """Take these handlers in place of all earlier ones; a :class:`~ocpp21.handlers.Table` stays shared.

        Raises:
            LocalProtocolError: a handler is misspelt, or its message never comes to this side.
        """
        self._service.adopt(table(handlers, self._session.side))

    async def call(
        self,
        request: Request[ResponseT],
        /,
        *,
        timeout_s: float | None = None,
        message_id: str | None = None,
        accept: Callable[[ResponseT], object] | None = None,
    ) -> ResponseT:
        """Ask something of the peer and wait for its answer; it leaves when no other call of ours is outstanding.

        Cancelling takes the call back while it waits. Once it has left, it keeps its place until it ends, so that
        no other call is made too early (Part 4, 4.1.1), and its answer is dropped.

        Args:
            request: what to ask.
            timeout_s: how long the answer may take once the call has left, in seconds; that of the limits by default.
            message_id: for a retry under the same id (Part 4, 4.1.4); a new one by default.
            accept: looks at the answer; raising a CallError tells the peer that it cannot be used (CALLRESULTERROR).

        Returns:
            The answer.

        Raises:
            CallError: the peer has refused, or ``accept`` has.
            CallTimeout: no answer came in time.
            RemoteProtocolError: the answer was not valid; a PayloadError when its payload was not.
            SessionClosed: the connection has ended.
            LocalProtocolError: the request is not valid, or not ours to make; QueueFull: too many calls are waiting.
        """
        answered: asyncio.Future[ResultReceived] = self._loop.create_future()
        call = self._session.call(
            request, self._loop.time(), timeout_s=timeout_s, message_id=message_id, context=answered
        )
        self._flush()
        try:
            result = await answered
        except asyncio.CancelledError:
            self._session.withdraw(call)
            if answered.done() and not answered.cancelled():
                answered.exception()  # it has failed at the same moment, which is nobody's business now
            raise
        response = cast(ResponseT, result.response)
        if accept is not None:
            self._accept(accept, response, result)
        return response

    async def send(self, message: Send, /) -> str:
        """Send a message that is never answered, once the peer reads what was written before.

        Returns:
            Its message id.

        Raises:
            LocalProtocolError: the message is not valid, or not ours to send.
            SessionClosed: the connection has ended.
        """
        while self._transport.congested_since is not None and not self.is_closed:
            await self._transport.drain()
        message_id = self._session.send(message)
        self._flush()
        return message_id

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection: calls that wait fail at once, handlers are cancelled, the peer is told.

        Returns when nothing is left of it; to a handler of this connection, when the WebSocket is closed.

        Args:
            code: WebSocket close code (RFC 6455, 7.4.1).
            reason: for the peer and the log, at most 123 bytes of UTF-8.
        """
        self._end_session(reason or f"closed with {code}")
        with self._tasks.closing() as is_within:
            await self._transport.close(code, reason)
        if not is_within:
            await self.wait_closed()

    async def drain(self, timeout_s: float, /, *, code: int = 1001, reason: str = "going away") -> None:
        """End the connection when the calls of the peer that are being handled have been answered.

        Args:
            timeout_s: how long to wait for that, in seconds.
            code: WebSocket close code.
            reason: for the peer and the log.
        """
        await self._tasks.wait_answered(timeout_s)
        await self.close(code, reason)

    def abort(self, reason: str, /) -> None:
        """End the connection at once, without a word to the peer."""
        self._end_session(reason)
        self._transport.abort()

    async def wait_closed(self) -> None:
        """Wait until the connection has ended, and nothing of it is left."""
        await asyncio.shield(self._ended)

    async def is_alive(self, timeout_s: float, /) -> bool:
        """Ping the peer, and say whether anything comes from it in time.

        Args:
            timeout_s: how long to wait, in seconds.
        """
        self._transport.ping()
        try:
            async with asyncio.timeout(timeout_s):
                await self._transport.heard()
        except TimeoutError:
            return False
        return not self.is_closed

    def accompany(self, work: Coroutine[Any, Any, None], /) -> None:
        """Run something beside the connection; it is cancelled when the connection ends, and logged when it fails."""
        self._tasks.start(self._tasks.guard(work))

    # What comes in

    def start(self) -> None:
        """Let a task of its own :meth:`run` the connection."""
        self._runner = self._loop.create_task(self.run())
        self._runner.add_done_callback(self._finish)

    async def run(self) -> None:
        """Serve the connection until it ends; whatever the peer sends, it raises nothing."""
        self._liveness.start()
        try:
            closed = await self._transport.listen(self._receive, self._deadlines.watch)
            self._end_session(closed.reason or f"closed with {closed.code}")
            self._reporter.note_end(closed.code, self._reason, self.statistics)
        finally:
            await self._end()

    def _receive(self, message: bytes | bytearray | memoryview) -> None:
        """Take one message. A peer that lets too much wait to be written is not read from, until its time runs out."""
        if self._is_closing:
            return
        self._session.receive(message, self._loop.time())
        self._dispatch()
        self._flush()
        if self._deadlines.is_congested and self._transport.buffered > _BACKLOG * self._session.limits.max_size:
            self._transport.hold()

    def _dispatch(self) -> None:
        """Act upon all that has happened."""
        while (event := self._session.next_event()) is not None:
            _REACTIONS[type(event)](self, event)

    def _flush(self) -> None:
        """Write what must leave, and see to the timers."""
        for frame in self._session.messages_to_send():
            self._transport.send(frame)
        self._deadlines.watch()

    def _ring(self) -> None:
        self._session.handle_timer(self._loop.time())
        self._dispatch()
        self._flush()

    # Reactions to events

    def _take_result(self, event: ResultReceived) -> None:
        answered: asyncio.Future[ResultReceived] = event.call.context
        event.call.context = None  # the session remembers the call for a while, and all that hangs on it
        if not answered.done():  # a cancelled call's answer is nobody's
            answered.set_result(event)

    def _take_failure(self, event: CallFailed) -> None:
        answered: asyncio.Future[ResultReceived] = event.call.context
        if not answered.done():
            answered.set_exception(event.error)

    def _take_close_request(self, event: CloseRequested) -> None:
        self._is_closing = True
        self._tasks.start(self.close(event.code, event.reason))
        self._reporter.tell(event)

    def _accept(self, accept: Callable[[ResponseT], object], response: ResponseT, result: ResultReceived) -> None:
        try:
            accept(response)
        except CallError as error:
            if not self.is_closed:
                self._session.reject(result, error)
                self._flush()
            raise

    # The end

    def _end_session(self, reason: str) -> None:
        if self._session.is_closed:
            return
        self._reason = reason
        self._session.close(self._loop.time(), reason)
        self._dispatch()

    def _give_up_stalled(self) -> None:
        self.abort("the peer does not read")

    def _give_up_dead(self) -> None:
        self.abort("no sign of life")

    async def _end(self) -> None:
        """Leave nothing behind."""
        self.abort("the task that serves it was cancelled")  # of no effect, unless it was
        self._liveness.stop()
        self._deadlines.stop()
        try:
            await self._tasks.end(self._patience.close_timeout_s)
        finally:
            self._finish()

    def _finish(self, runner: asyncio.Task[None] | None = None) -> None:
        """Tell that all has ended; a task that was cancelled before it began has not."""
        if not self._ended.done():
            self.abort("the task that serves it was cancelled")
            self._ended.set_result(None)


_REACTIONS: Final[dict[type[Event], Callable[[Connection, Any], None]]] = {
    CallReceived: lambda connection, event: connection._service.serve(event),
    SendReceived: lambda connection, event: connection._service.take(event),
    ResultReceived: Connection._take_result,
    CallFailed: Connection._take_failure,
    ResultRefused: lambda connection, event: connection._reporter.tell(event),
    FrameRefused: lambda connection, event: connection._reporter.tell_refusal(event),
    FrameDropped: lambda connection, event: connection._reporter.tell(event),
    CloseRequested: Connection._take_close_request,
    SessionClosed: lambda connection, event: None,  # it ends where its connection does
}
