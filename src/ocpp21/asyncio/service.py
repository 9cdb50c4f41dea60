"""The peer's messages and their handlers: every call is answered once, whatever its handler does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import Final, TypeVar, cast

from ocpp21.asyncio.journal import complain, note
from ocpp21.asyncio.tasks import Tasks
from ocpp21.errors import CallError, ErrorCode, LocalProtocolError, SessionClosed
from ocpp21.events import CallReceived, SendReceived
from ocpp21.handlers import Handler, Table, check
from ocpp21.session import Session
from ocpp21.wire import Message, Response

__all__ = ["Service"]

MessageT = TypeVar("MessageT", bound=Message)

#: Asynchronous handlers of SENDs that may run at a time; beyond it SENDs are lost, as they may be (Part 4, 4.2.4).
SENDS_IN_HAND: Final = 64


class Service:
    """Hands messages of the peer to their handlers.

    Args:
        session: what is answered through.
        tasks: in which asynchronous handlers run; the session bounds how many calls there are at a time.
        handlers: who handles what.
        flush: called when an answer must leave later than its call has come.
        identity: for the log.
    """

    __slots__ = ("_flush", "_handlers", "_identity", "_owns_handlers", "_sends", "_session", "_tasks")

    def __init__(
        self, session: Session, tasks: Tasks, handlers: Table, /, *, flush: Callable[[], object], identity: str
    ) -> None:
        self._session: Final = session
        self._tasks: Final = tasks
        self._handlers = handlers
        self._owns_handlers = False
        self._flush: Final = flush
        self._identity: Final = identity
        self._sends = 0

    def register(self, message: type[MessageT], handler: Handler, /) -> None:
        """Set the handler of a message, in place of an earlier one.

        Raises:
            LocalProtocolError: the message never comes to this side.
        """
        check(message, self._session.side)
        if not self._owns_handlers:  # those that were passed in may be shared with other connections
            self._handlers, self._owns_handlers = Table(self._handlers), True
        self._handlers[message] = handler

    def adopt(self, handlers: Table, /) -> None:
        """Take a table of handlers in place of the present one."""
        self._handlers, self._owns_handlers = handlers, False

    # Calls

    def serve(self, call: CallReceived, /) -> None:
        """Let a call be handled, now or in a task."""
        handler = self._handlers.get(type(call.request))
        if handler is None:  # row 16 of the receiver's decision table
            self._refuse(call, CallError(ErrorCode.NOT_SUPPORTED, f"expected no {call.action}"))
            return
        try:
            answer = handler(call.request)
        except Exception as error:
            self._refuse_failed(call, error)
            return
        if isinstance(answer, Response):
            self._reply(call, answer)
        elif type(answer) is CoroutineType or isinstance(answer, Awaitable):  # the latter takes its time
            self._tasks.start(self._answer(call, answer), answers=True)
        else:
            self._reply(call, answer)

    async def _answer(self, call: CallReceived, answer: Awaitable[Response | None]) -> None:
        """Answer a call when its handler is done, even if that gets itself cancelled."""
        try:
            response = await answer
        except asyncio.CancelledError:
            self._refuse(call, CallError(ErrorCode.INTERNAL_ERROR))
            self._flush()
            raise
        except Exception as error:
            self._refuse_failed(call, error)
        else:
            self._reply(call, response)
        self._flush()

    def _reply(self, call: CallReceived, response: Response | None) -> None:
        try:
            self._session.reply(call, cast(Response, response))
        except LocalProtocolError as error:
            self._refuse_failed(call, error)
        except SessionClosed:
            note(logging.INFO, "answer lost", identity=self._identity, action=call.action)

    def _refuse(self, call: CallReceived, error: CallError) -> None:
        try:
            self._session.refuse(call, error)
        except LocalProtocolError as wrong:  # its details are no JSON
            self._refuse_failed(call, wrong)
        except SessionClosed:
            note(logging.DEBUG, "refusal lost", identity=self._identity, action=call.action)

    def _refuse_failed(self, call: CallReceived, error: Exception) -> None:
        """Refuse a call whose handler has failed. Only a CallError says why: anything else is not for the peer."""
        if isinstance(error, CallError):
            self._refuse(call, error)
            return
        complain("handler failed", error, identity=self._identity, action=call.action)
        self._refuse(call, CallError(ErrorCode.INTERNAL_ERROR))  # row 20

    # Sends

    def take(self, send: SendReceived, /) -> None:
        """Let a SEND be handled, now or in a task; it is lost when nobody can."""
        handler = self._handlers.get(type(send.message))
        if handler is None:
            self._lose(send, "no handler")
        elif self._sends >= SENDS_IN_HAND:
            self._lose(send, "too many at a time")
        else:
            self._handle(handler, send)

    def _handle(self, handler: Handler, send: SendReceived) -> None:
        try:
            work = handler(send.message)
        except Exception as error:
            complain("handler failed", error, identity=self._identity, action=send.action)
            return
        if isinstance(work, Awaitable):
            self._sends += 1
            self._tasks.start(self._finish(work))

    async def _finish(self, work: Awaitable[object]) -> None:
        try:
            await self._tasks.guard(work)
        finally:
            self._sends -= 1

    def _lose(self, send: SendReceived, reason: str) -> None:
        note(logging.INFO, "send lost", identity=self._identity, action=send.action, reason=reason)
