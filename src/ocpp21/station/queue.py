"""Messages that a Charging Station must deliver, in order, whatever happens: kept until the CSMS has answered.

A message is in the store before it is sent, and leaves it after its CALLRESULT only. So after a crash it is sent again:
the CSMS knows it by its content, a TransactionEvent by transactionId and seqNo. Keys are numbers that always grow, also
when the queue was empty in between. In memory there is a few words for each message, and the next few messages::

    queue = await MessageQueue.open(store)
    await queue.put(event, also=[transactions.put(id, record)])  # one commit: the state, and the event that reports it

:class:`~ocpp21.station.delivery.Delivery` sends them.

When more messages wait than there is room for, some are discarded (E04.FR.07-.08, E11.FR.04-.05, E12.FR.04-.05): of
those that are no TransactionEvents every other one; when there are none, of the Updated events the 1st, 3rd, 5th, ...
of those between the oldest and the newest. Never Started, Ended, nor what reports a limit.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable, Sequence
from typing import Any, Final, Literal, TypeVar

import msgspec

from ocpp21 import codec
from ocpp21.errors import LocalProtocolError, PayloadError, StoreError, StoreFull
from ocpp21.messages.transactions import TransactionEventRequest
from ocpp21.station.queued import Discarded, QueuedMessage, QueueState, Waiting, queued
from ocpp21.station.store import Change, Store, Table
from ocpp21.wire import Request

__all__ = ["Discarded", "MessageQueue", "Waiting"]

T = TypeVar("T")

logger: Final = logging.getLogger("ocpp21.station")

#: Messages that are read from the store at a time, for delivery.
_WINDOW: Final = 32

#: Records that are read at a time when the queue is opened.
_PAGE: Final = 1000

#: Key of the one record in the table of the state.
_STATE: Final = "state"


class _Head(msgspec.Struct, frozen=True, gc=False):
    """What is in memory of every message that waits."""

    transaction_id: str | None
    is_thinnable: bool


class MessageQueue:
    """A queue in a store, for one event loop; use :meth:`open`."""

    def __init__(self, store: Store, /, *, limit: int, report: Callable[[Discarded], object] | None, name: str) -> None:
        self._store = store
        self._limit = limit
        self._report = report
        self._messages: Final = Table(name, QueuedMessage)
        self._states: Final = Table(f"{name}_state", QueueState)
        self._heads: dict[str, _Head] = {}  # of all messages that wait, in order
        self._per_transaction: Counter[str] = Counter()
        self._state = QueueState()
        self._window: deque[tuple[str, QueuedMessage]] = deque()  # the next to deliver
        self._cursor = ""  # key of the last message that was read into the window
        self._current: str | None = None  # key of the message that is being delivered
        self._unsaved: list[Change] = []  # what the store has refused, and what must not be lost
        self._lock = asyncio.Lock()  # whoever holds it may change the store, and what mirrors it in here
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    @classmethod
    async def open(
        cls,
        store: Store,
        /,
        *,
        limit: int = 100_000,
        report: Callable[[Discarded], object] | None = None,
        name: str = "message_queue",
    ) -> MessageQueue:
        """Go on with the messages that are in the store; all of them have waited offline.

        Args:
            store: where they are.
            limit: messages from which on some are discarded for want of room.
            report: told of every message that is discarded.
            name: of the table; a store may hold more than one queue.

        Raises:
            StoreError: the store could not be read.
        """
        queue = cls(store, limit=limit, report=report, name=name)
        async for key, message in queue._messages.records(store, page=_PAGE):
            queue._add(key, message)
        state = (await queue._states.load(store)).get(_STATE, queue._state)
        last = max(state.last, int(next(reversed(queue._heads), "0")))
        # E11.FR.07: the connection of an earlier run has ended, whether or not anybody could write that down.
        queue._state = msgspec.structs.replace(state, last=last, offline_to=last)
        return queue

    def __len__(self) -> int:
        """The number of messages that wait, the one being delivered among them."""
        return len(self._heads)

    @property
    def thinned(self) -> int:
        """Messages discarded for want of room, over all time."""
        return self._state.thinned

    @property
    def given_up(self) -> int:
        """Messages discarded after the last attempt, over all time."""
        return self._state.given_up

    def has_messages(self, transaction_id: str | None = None, /) -> bool:
        """Whether TransactionEvents wait, of one transaction or of any (E14.FR.04, .05, .07, .08)."""
        if transaction_id is None:
            return bool(self._per_transaction)
        return transaction_id in self._per_transaction

    async def put(self, *requests: Request[Any], also: Iterable[Change] = ()) -> None:
        """Queue messages, in one commit with other changes; on return they are durable.

        They are queued also when whoever waits for it is cancelled.

        Args:
            requests: the messages, in order. What has happened offline is marked so by whoever makes it.
            also: changes to commit with them.

        Raises:
            LocalProtocolError: a message is not valid; nothing was queued or changed.
            StoreError: nothing was queued or changed; StoreFull when discarding messages has made no room.
        """
        messages = [queued(request) for request in requests]
        await _to_the_end(self._put(messages, list(also)))

    async def next(self) -> Waiting | None:
        """The message that is to be delivered next, the same one until it is done; None when none waits.

        Raises:
            StoreError: the messages could not be read.
        """
        async with self._lock:
            while self._window or await self._fill():
                key, message = self._window[0]
                if (request := self._read(key, message)) is not None:
                    self._current = key
                    return Waiting(key, request, message.attempts)
                self._window.popleft()
                self._remove(key)
            # Whatever else was known of has gone from the store.
            self._heads.clear()
            self._per_transaction.clear()
            self._emptied.set()
            return None

    async def filled(self) -> None:
        """Wait until there is a message."""
        while not self._heads:
            self._filled.clear()
            await self._filled.wait()

    async def emptied(self) -> None:
        """Wait until no message waits."""
        while self._heads:
            self._emptied.clear()
            await self._emptied.wait()

    async def done(self, key: str, /) -> None:
        """The CSMS has answered the message that was next: forget it."""
        await _to_the_end(self._finish(key, is_given_up=False))

    async def give_up(self, key: str, /) -> None:
        """Discard the message that was next, after its last attempt (E13.FR.04)."""
        await _to_the_end(self._finish(key, is_given_up=True))

    async def failed(self, key: str, /) -> int:
        """Count a failed attempt of the message that was next.

        Returns:
            How many attempts have failed.
        """
        return await _to_the_end(self._fail(key))

    async def mark_offline(self) -> None:
        """Mark all messages that wait as offline, for good: the connection has ended (E11.FR.07)."""
        await _to_the_end(self._mark_offline())

    async def _put(self, messages: Sequence[QueuedMessage], also: Sequence[Change]) -> None:
        async with self._lock:
            last = self._state.last
            keys = [f"{number:015}" for number in range(last + 1, last + 1 + len(messages))]
            new = dict(zip(keys, messages, strict=True))
            is_tight = len(self._heads) + len(new) > self._limit
            chosen = self._choose(messages) if is_tight else []
            try:
                await self._add_and_thin(new, chosen, also)
            except StoreFull:
                # E12.FR.05: never refuse what is new while something else can go.
                if chosen or not (chosen := self._choose(messages)):
                    raise
                await self._add_and_thin(new, chosen, also)

    async def _add_and_thin(self, new: dict[str, QueuedMessage], chosen: Sequence[str], also: Sequence[Change]) -> None:
        """Commit new messages, and what goes for them."""
        state = msgspec.structs.replace(
            self._state, last=self._state.last + len(new), thinned=self._state.thinned + len(chosen)
        )
        await self._store.commit(
            *self._unsaved,
            *map(self._messages.delete, chosen),
            *(self._messages.put(key, message) for key, message in new.items()),
            self._states.put(_STATE, state),
            *also,
        )
        self._unsaved.clear()
        self._state = state
        for key in chosen:
            self._tell(key, self._remove(key), "thinned")
        gone = set(chosen)
        self._window = deque(item for item in self._window if item[0] not in gone)
        for key, message in new.items():
            self._add(key, message)
        self._filled.set()

    def _choose(self, messages: Sequence[QueuedMessage]) -> list[str]:
        """Which messages to discard so that others have room; those others are the newest."""
        free = [key for key, head in self._heads.items() if head.is_thinnable and key != self._current]
        # QueueAllMessages: transaction messages are the last to go.
        if others := [key for key in free if self._heads[key].transaction_id is None]:
            return others[::2]
        # E12.FR.05, J02.FR.13: inner ones, the 1st, 3rd, 5th, ...; the oldest and the newest value stay.
        is_newer_coming = any(message.is_thinnable and message.transaction_id is not None for message in messages)
        return free[1 : None if is_newer_coming else -1 : 2]

    async def _fill(self) -> bool:
        """Read the next messages into the window; False when there are none."""
        while self._heads and (found := await self._store.read(self._messages.name, after=self._cursor, limit=_WINDOW)):
            self._cursor = found[-1][0]
            for key, value in found:
                # What cannot be read was reported when the queue was opened, and is kept.
                if key in self._heads and (message := self._messages.decode(key, value)) is not None:
                    self._window.append((key, message))
            if self._window:
                return True
        return False

    def _read(self, key: str, message: QueuedMessage) -> Request[Any] | None:
        """The request of a message; None when this program cannot read it."""
        try:
            request: Request[Any] = codec.decode(message.type, message.request)
        except (PayloadError, LocalProtocolError) as error:
            logger.warning("message left out table=%s key=%s: %s", self._messages.name, key, error)
            return None
        # E11.FR.02, E11.FR.07
        if int(key) <= self._state.offline_to and isinstance(request, TransactionEventRequest):
            return msgspec.structs.replace(request, offline=True)
        return request

    async def _finish(self, key: str, *, is_given_up: bool) -> None:
        async with self._lock:
            self._expect(key)
            self._window.popleft()
            self._current = None
            head = self._remove(key)
            changes: list[Change] = [self._messages.delete(key)]
            if is_given_up:
                self._state = msgspec.structs.replace(self._state, given_up=self._state.given_up + 1)
                changes.append(self._states.put(_STATE, self._state))
                self._tell(key, head, "given up")
            await self._save(*changes)

    async def _fail(self, key: str) -> int:
        async with self._lock:
            self._expect(key)
            message = self._window[0][1]
            message = msgspec.structs.replace(message, attempts=message.attempts + 1)
            self._window[0] = key, message
            await self._save(self._messages.put(key, message))
            return message.attempts

    async def _mark_offline(self) -> None:
        async with self._lock:
            if self._state.offline_to < self._state.last:
                self._state = msgspec.structs.replace(self._state, offline_to=self._state.last)
                await self._save(self._states.put(_STATE, self._state))

    async def _save(self, *changes: Change) -> None:
        """Commit changes that have happened; what the store refuses goes with the next commit."""
        self._unsaved.extend(changes)
        try:
            await self._store.commit(*self._unsaved)
        except StoreError as error:
            logger.warning("queue not saved table=%s changes=%d: %s", self._messages.name, len(self._unsaved), error)
        else:
            self._unsaved.clear()

    def _add(self, key: str, message: QueuedMessage) -> None:
        self._heads[key] = _Head(message.transaction_id, message.is_thinnable)
        if message.transaction_id is not None:
            self._per_transaction[message.transaction_id] += 1

    def _remove(self, key: str) -> _Head:
        head = self._heads.pop(key)
        if not self._heads:
            self._emptied.set()
        if head.transaction_id is not None:
            self._per_transaction[head.transaction_id] -= 1
            if not self._per_transaction[head.transaction_id]:
                del self._per_transaction[head.transaction_id]
        return head

    def _expect(self, key: str) -> None:
        if key != self._current:
            raise LocalProtocolError(f"expected the key of the message that is next, {self._current}, found {key}")

    def _tell(self, key: str, head: _Head, reason: Literal["given up", "thinned"]) -> None:
        if self._report is not None:
            self._report(Discarded(key, head.transaction_id, reason))


async def _to_the_end(work: Coroutine[Any, Any, T]) -> T:
    """Do work that must not stop half-way; whoever waits may be cancelled."""
    task = asyncio.ensure_future(work)
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return await asyncio.shield(task)


#: The event loop itself holds tasks weakly.
_tasks: Final[set[asyncio.Future[Any]]] = set()
