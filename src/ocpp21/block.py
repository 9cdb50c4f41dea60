"""Role and Block: the mechanism that both roles share.

A role is one end of the relation between a Charging Station and a CSMS. Its class is a list of annotations, one for
each functional block: the table of contents. Making a role builds the blocks in that order, and collects their methods
``on_<message>`` into one table of handlers, which a connection serves the peer from::

    class Thermometer(Block["Station"]):
        def on_get_log_request(self, request: GetLogRequest) -> GetLogResponse: ...

    class Station(Role):
        side = "CS"
        diagnostics: Thermometer

Handlers are plain or ``async``, and may call the peer themselves. What has no handler is answered NotSupported, what
the standard does not know NotImplemented, by the session and by the connection; a handler refuses by raising a
CallError. Blocks talk to one another through the role, by verbs.

An application changes a role in three ways: it replaces a block, by a keyword when it makes the role or an annotation
in a subclass; it adds a handler with :meth:`Role.on`; it puts a :data:`Middleware` around what comes in or goes out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from functools import cache, partial
from types import MappingProxyType
from typing import Any, ClassVar, Final, Generic, Protocol, TypeAlias, TypeVar, cast, get_origin, get_type_hints

from ocpp21.errors import LocalProtocolError, SessionClosed
from ocpp21.handlers import Handler, Table, check
from ocpp21.messages.registry import ACTIONS, BLOCKS
from ocpp21.session import Side
from ocpp21.wire import Action, Message, Request, Response, Send

__all__ = ["Block", "Link", "Middleware", "Proceed", "Role"]

RoleT = TypeVar("RoleT", bound="Role")
MessageT = TypeVar("MessageT", bound=Message)
ResponseT = TypeVar("ResponseT", bound=Response)
AnswerT = TypeVar("AnswerT")

logger: Final = logging.getLogger("ocpp21.role")
logger.addHandler(logging.NullHandler())

#: Goes on with a message, the same or another of its class: to the next middleware, and at last to the handler or the
#: peer. Returns the answer, None for a SEND.
Proceed: TypeAlias = Callable[[Message], Awaitable[Response | None]]

#: Stands around every message of one direction: sees it, may change it, refuse it with a CallError, or answer itself.
#: The first argument is the role whose message it is.
Middleware: TypeAlias = Callable[[RoleT, Message, Proceed], Awaitable[Response | None]]


class Link(Protocol):
    """What a role speaks through; :class:`ocpp21.asyncio.Connection` is one."""

    async def call(
        self, request: Request[ResponseT], /, *, timeout_s: float | None = None, message_id: str | None = None
    ) -> ResponseT:
        """Ask something of the peer, and wait for its answer."""
        ...

    async def send(self, message: Send, /) -> str:
        """Send a message that is never answered."""
        ...

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """End the connection."""
        ...


class Block(Generic[RoleT]):
    """One functional block of one role: its state, its verbs, and the handlers of its messages.

    Args:
        role: that it is a part of. The blocks that its annotations name after this one are not there yet.
    """

    def __init__(self, role: RoleT, /) -> None:
        self.role: Final = role

    async def start(self) -> None:
        """Take up the work, from what is stored where something is; all blocks are there by now."""

    async def stop(self) -> None:
        """Lay the work down. Nothing can be said to the peer any more, and no handler runs."""

    def attached(self) -> None:
        """There is a connection: what is due can be said to the peer, in tasks of the role."""

    def detached(self) -> None:
        """The connection has ended; every call over it has failed, or is about to."""


class Role:
    """One end of the relation between a Charging Station and its CSMS.

    Args:
        blocks: classes of blocks in place of the annotated ones, by the name of the block.
        incoming: around every message of the peer, the first one outermost.
        outgoing: around every message to the peer, the first one outermost.

    Attributes:
        side: who we are.
        handlers: of what the peer sends, by message class. Connections serve it as it is: a handler that is added
            later works at once.
        link: what it speaks through now; None while there is no connection.

    Raises:
        LocalProtocolError: a handler is misspelt, or in the wrong block, or of a message that never comes to this
            side; or there is no such block.
    """

    side: ClassVar[Side]

    def __init__(
        self,
        *,
        blocks: Mapping[str, type[Block[Any]]] = MappingProxyType({}),
        incoming: Sequence[Middleware[Any]] = (),
        outgoing: Sequence[Middleware[Any]] = (),
    ) -> None:
        self.link: Link | None = None
        self.handlers: Final = Table()
        self._incoming: Final = tuple(incoming)
        self._outgoing: Final = tuple(outgoing)
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._blocks: Final[list[Block[Any]]] = []
        contents = table_of_contents(cast(Any, type(self)))
        for name in blocks:
            if name not in contents:
                raise LocalProtocolError(f"expected the name of a block of {type(self).__name__}, found {name!a}")
        for name, annotated in contents.items():
            block = blocks.get(name, annotated)(self)
            setattr(self, name, block)
            self._blocks.append(block)
            for message, method in handler_names(cast(Any, type(block)), name, self.side).items():
                self._handle(message, getattr(block, method))

    async def start(self) -> None:
        """Start the blocks, in the order of the annotations."""
        for block in self._blocks:
            await block.start()

    async def stop(self) -> None:
        """End the tasks of the role, then stop the blocks, in the reverse order."""
        await self.end_tasks()
        for block in reversed(self._blocks):
            await block.stop()

    def attach(self, link: Link, /, *, is_other_peer: bool = False) -> None:
        """Speak through a new connection, in place of the one before; nothing has been read from it yet.

        Args:
            link: the connection.
            is_other_peer: it leads to another peer than the one before.
        """
        if self.link is not None:
            self.detach(self.link)
        self.link = link
        for block in self._blocks:
            block.attached()

    def detach(self, link: Link, /) -> None:
        """Take note that a connection has ended; one that was replaced before is none of ours any more."""
        if self.link is not link:
            return
        self.link = None
        for block in self._blocks:
            block.detached()

    def gate(self, action: Action, /) -> str | None:
        """Say why a message of the peer may not be taken now, or None; for :class:`~ocpp21.session.Session`."""
        return None

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self.link is not None

    def on(
        self, message: type[MessageT], /
    ) -> Callable[[Callable[[MessageT], AnswerT]], Callable[[MessageT], AnswerT]]:
        """Register the handler of a message, in place of that of its block: a decorator.

        The handler takes the message and returns its answer, or is a coroutine function that does. To refuse, it
        raises a CallError; any other error is answered with InternalError, and logged.

        Raises:
            LocalProtocolError: the message never comes to this side.
        """
        check(message, self.side)

        def register(handler: Callable[[MessageT], AnswerT]) -> Callable[[MessageT], AnswerT]:
            self._handle(message, cast(Handler, handler))
            return handler

        return register

    async def call(
        self, request: Request[ResponseT], /, *, timeout_s: float | None = None, message_id: str | None = None
    ) -> ResponseT:
        """Ask something of the peer and wait for its answer.

        Args:
            request: what to ask.
            timeout_s: how long the answer may take, in seconds; that of the connection's limits by default.
            message_id: for a retry under the same id (Part 4, 4.1.4); a new one by default.

        Raises:
            SessionClosed: there is no connection, or it has ended.
            CallError: the peer has refused, or a middleware has.
            CallTimeout: no answer came in time.
            RemoteProtocolError: the answer was not valid.
            LocalProtocolError: the request is not valid, or not ours to make.
        """

        def leave(message: Message) -> Awaitable[Response]:
            return self._connected().call(cast(Request[Any], message), timeout_s=timeout_s, message_id=message_id)

        return cast(ResponseT, await self._through(self._outgoing, leave, request))

    async def send(self, message: Send, /) -> None:
        """Send a message that is never answered.

        Raises:
            SessionClosed: there is no connection, or it has ended: the message is lost, as it may be (Part 4, 4.2.4).
            LocalProtocolError: the message is not valid, or not ours to send.
        """

        async def leave(message: Message) -> None:
            await self._connected().send(cast(Send, message))

        await self._through(self._outgoing, leave, message)

    def accompany(self, work: Coroutine[Any, Any, None], /) -> asyncio.Task[None]:
        """Run something beside the role until :meth:`end_tasks`; an error that it ends with is logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._forget)
        return task

    async def end_tasks(self) -> None:
        """Cancel all that :meth:`accompany` has started, but the current task, and wait for its end."""
        while others := self._tasks - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.wait(others)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("task of a role failed", exc_info=error)

    def _connected(self) -> Link:
        if self.link is None:
            raise SessionClosed("not connected")
        return self.link

    def _handle(self, message: type[Message], handler: Handler) -> None:
        self.handlers[message] = self._surround(handler) if self._incoming else handler

    def _surround(self, handler: Handler) -> Handler:
        """Put the middleware around a handler."""

        async def arrive(message: Message) -> Response | None:
            answer = handler(message)
            return await answer if isinstance(answer, Awaitable) else answer

        return partial(self._through, self._incoming, arrive)

    async def _through(
        self, middleware: tuple[Middleware[Any], ...], last: Proceed, message: Message
    ) -> Response | None:
        """Take a message through the middleware."""
        if not middleware:
            return await last(message)
        first, *others = middleware
        return await first(self, message, partial(self._through, tuple(others), last))


@cache
def table_of_contents(role: type[Role], /) -> Mapping[str, type[Block[Any]]]:
    """The blocks that a class of roles is annotated with, by name, in the order of the annotations.

    Raises:
        LocalProtocolError: a block is not annotated with its name in the standard.
    """
    contents = {}
    for name, hint in get_type_hints(role).items():
        annotated = get_origin(hint) or hint
        if not (isinstance(annotated, type) and issubclass(annotated, Block)):
            continue
        if name not in BLOCKS:
            raise LocalProtocolError(f"expected the name of a functional block, found {role.__name__}.{name}")
        contents[name] = annotated
    return MappingProxyType(contents)


@cache
def handler_names(block: type[Block[Any]], name: str, side: Side, /) -> Mapping[type[Message], str]:
    """The messages that a class of blocks handles, with the names of the methods.

    Args:
        block: the class.
        name: of the block in the role.
        side: of the role.

    Raises:
        LocalProtocolError: a method is misspelt, belongs to another block, or its message never comes to this side.
    """
    found: dict[type[Message], str] = {}
    for method in dir(block):
        if not method.startswith("on_"):
            continue
        action = _BY_HANDLER.get(method)
        if action is None:
            raise LocalProtocolError(f"expected on_<message>, found {block.__name__}.{method}")
        if action.block.module != name:
            raise LocalProtocolError(f"expected {method} in the block {action.block.module}, found it in {name}")
        check(action.request, side)
        found[action.request] = method
    return MappingProxyType(found)


_BY_HANDLER: Final[Mapping[str, Action]] = {action.handler: action for action in ACTIONS.values()}
