"""One SQLite file, one connection, one thread, and one commit for all that waits.

A commit costs what the disk needs to sync, whatever is in it. So units of work that are asked for in the same turn of
the event loop share one, and those that arrive while it is running wait for it, and share the next one: under load
hundreds do, alone a unit goes at once. When one of them fails, which is rare, all are undone, and done again with a
savepoint for each: the one that fails is undone, and the others are committed. When the transaction itself fails (a
full disk, an error of the disk), each unit is tried once more, alone: so only those fail that cannot be done. What can
be done together (:class:`Joint`) is, at first.

The loop is woken by ``run_in_executor`` alone. There are no tasks in here: the end of one turn starts the next. So
nobody's cancellation can stop a commit, and closing waits for everything that was asked for.
"""

from __future__ import annotations

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from ocpp21.database.files import Opened, Schema, open_file, store_error
from ocpp21.errors import StoreError, printable, shorten

__all__ = ["Database", "Joint", "Work"]

T = TypeVar("T")

#: A unit of work. It may run more than once, and must not touch anything but the connection.
Work: TypeAlias = Callable[[sqlite3.Connection], T]


class Joint(ABC):
    """Work without a result, of a class that can do several at once."""

    __slots__ = ()

    def __call__(self, connection: sqlite3.Connection, /) -> None:
        """Do this work."""
        self.together(connection, [self])

    @classmethod
    @abstractmethod
    def together(cls, connection: sqlite3.Connection, works: Sequence[Any], /) -> None:
        """Do works of this class, with the same effect as if they were done one after the other."""


class _Unit:
    """Work that somebody waits for, and what has become of it."""

    __slots__ = ("error", "future", "is_write", "result", "work")

    def __init__(self, work: Work[Any], future: asyncio.Future[Any], *, is_write: bool) -> None:
        self.work = work
        self.future = future
        self.is_write = is_write
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self, connection: sqlite3.Connection) -> None:
        """Do the work; an error is kept for whoever waits."""
        self.error = None
        try:
            self.result = self.work(connection)
        except BaseException as error:
            self.error = error

    def settle(self, path: Path, failure: BaseException | None) -> None:
        """Tell whoever waits, unless nobody does any more."""
        error = self.error or failure
        if self.future.done():
            return
        if error is None:
            self.future.set_result(self.result)
        elif isinstance(error, sqlite3.Error):
            told = store_error(error, path)
            told.__cause__ = error
            self.future.set_exception(told)
        else:
            self.future.set_exception(error)


class Database:
    """An open file; it belongs to the event loop it was opened in. Use :meth:`open`, and close it.

    Attributes:
        path: of the file.
        set_aside: where the damaged file is now, if there was one.
        commits: number of commits so far; units of work that share one count once.
        undone: how often work was undone; whoever keeps something of the file in memory must then forget it.
    """

    def __init__(self, path: Path, opened: Opened, worker: ThreadPoolExecutor, /) -> None:
        self.path: Final = path
        self.set_aside: Final = opened.set_aside
        self.commits = 0
        self.undone = 0
        self._opened = opened
        self._worker = worker
        self._loop = asyncio.get_running_loop()
        self._waiting: list[_Unit] = []
        self._turn: asyncio.Future[None] | None = None  # the one that runs now
        self._closed: asyncio.Future[None] | None = None  # there once closing was asked for

    @classmethod
    async def open(cls, path: Path | str, schema: Schema, /, *, set_aside: bool = False) -> Database:
        """Open a file, and create it when there is none.

        Args:
            path: of the file.
            schema: what it holds.
            set_aside: move a damaged file to ``<name>.corrupt-<time>``, and begin with an empty one.

        Raises:
            StoreLocked: another program has the file.
            StoreCorrupt: the file is damaged or holds something else; it was not changed.
            StoreError: the file cannot be opened, or a newer version of the program has written it.
        """
        path = Path(path)
        opened: list[Opened] = []
        worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"ocpp21 {path.name}")
        try:
            await asyncio.get_running_loop().run_in_executor(
                worker, lambda: opened.append(open_file(path, schema, set_aside=set_aside))
            )
        except BaseException as error:
            worker.submit(_shut, opened)  # a cancelled opening goes on in its thread
            worker.shutdown(wait=False)
            if isinstance(error, OSError):
                text = f"expected to open {printable(shorten(str(path), 120))}, found: {error.strerror}"
                raise StoreError(text) from error
            raise
        return cls(path, opened[0], worker)

    def read(self, work: Work[T], /) -> Coroutine[Any, Any, T]:
        """Do work that only reads; it sees all that was acknowledged before, and nothing that is not durable.

        Raises:
            StoreError: the file could not be read, or is closed.
            Exception: whatever the work has raised.
        """
        return self._ask(work, is_write=False)

    def write(self, work: Work[T], /) -> Coroutine[Any, Any, T]:
        """Do work that writes; on return it is durable. It is done also when whoever waits for it is cancelled.

        Raises:
            StoreError: nothing was written; StoreFull when there was no room.
            Exception: whatever the work has raised; nothing was written.
        """
        return self._ask(work, is_write=True)

    async def close(self) -> None:
        """Wait for all work that was asked for, and close the file. Closing again waits for the same."""
        if self._closed is None:
            self._closed = self._loop.create_future()
            if self._turn is None:
                self._next_turn()
        await asyncio.shield(self._closed)

    async def _ask(self, work: Work[T], *, is_write: bool) -> T:
        if self._closed is not None:
            raise StoreError(f"expected an open store, found {printable(shorten(str(self.path), 120))} closed")
        unit = _Unit(work, self._loop.create_future(), is_write=is_write)
        self._waiting.append(unit)
        if self._turn is None and len(self._waiting) == 1:
            self._loop.call_soon(self._begin)
        result: T = await unit.future
        return result

    def _begin(self) -> None:
        """Begin with all that was asked for in the turn of the loop before; closing may have begun already."""
        if self._turn is None:
            self._next_turn()

    def _next_turn(self) -> None:
        """Let the thread do all that waits; when nothing does and closing was asked for, close."""
        units, self._waiting = self._waiting, []
        if units:
            self._turn = self._loop.run_in_executor(self._worker, self._serve, units)
            self._turn.add_done_callback(partial(self._settle, units))
        elif self._closed is not None:
            self._turn = self._loop.run_in_executor(self._worker, _shut, [self._opened])
            self._turn.add_done_callback(partial(self._settle_closing, self._closed))
        else:
            self._turn = None

    def _settle(self, units: Sequence[_Unit], turn: asyncio.Future[None]) -> None:
        failure = turn.exception()
        for unit in units:
            unit.settle(self.path, failure)
        self._next_turn()

    def _settle_closing(self, closed: asyncio.Future[None], turn: asyncio.Future[None]) -> None:
        turn.exception()  # whatever was committed is there
        self._worker.shutdown(wait=False)
        closed.set_result(None)

    def _serve(self, units: Sequence[_Unit]) -> None:
        """In the thread: first all reads, which so see only what is durable, then all writes with one commit."""
        connection = self._opened.connection
        for unit in units:
            if not unit.is_write:
                unit.run(connection)
        writes = [unit for unit in units if unit.is_write]
        if writes and not (self._commit(writes) or self._commit(writes, has_savepoints=True)):
            for unit in writes:
                self._commit([unit])

    def _commit(self, units: Sequence[_Unit], *, has_savepoints: bool = False) -> bool:
        """In the thread: do the work and commit it; False when it should be tried again, with more care."""
        connection = self._opened.connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            for group in _one_by_one(units) if has_savepoints else _grouped(units):
                if has_savepoints:
                    connection.execute("SAVEPOINT unit")
                _run(connection, group)
                error = group[0].error
                if not connection.in_transaction:
                    # SQLite itself has given up the transaction (SQLITE_FULL, SQLITE_IOERR), and all units before.
                    return self._failed(units, error or StoreError("expected work to leave the transaction open"))
                if error is not None and not has_savepoints:
                    connection.execute("ROLLBACK")
                    return self._failed(units, error)
                if error is not None:
                    connection.execute("ROLLBACK TO unit")
                    self.undone += 1
                if has_savepoints:
                    connection.execute("RELEASE unit")
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return self._failed(units, error)
        self.commits += 1
        return True

    def _failed(self, units: Sequence[_Unit], error: BaseException) -> bool:
        """Keep the error for a unit that was alone; for more, say that they should be tried with more care."""
        self.undone += 1
        if len(units) > 1:
            return False
        units[0].error = units[0].error or error
        return True


def _one_by_one(units: Sequence[_Unit]) -> list[list[_Unit]]:
    return [[unit] for unit in units]


def _grouped(units: Sequence[_Unit]) -> list[list[_Unit]]:
    """Units in their order; those that follow one another are in one group when their work can be done together."""
    groups: list[list[_Unit]] = []
    for unit in units:
        kind = type(unit.work)
        if groups and kind is type(groups[-1][0].work) and issubclass(kind, Joint):
            groups[-1].append(unit)
        else:
            groups.append([unit])
    return groups


def _run(connection: sqlite3.Connection, group: Sequence[_Unit]) -> None:
    """Do the work of a unit, or of several together; of these, the first one keeps the error."""
    first = group[0]
    if len(group) == 1 or not isinstance(first.work, Joint):
        first.run(connection)
        return
    first.error = None
    try:
        first.work.together(connection, [unit.work for unit in group])
    except BaseException as error:
        first.error = error


def _shut(opened: Sequence[Opened]) -> None:
    """In the thread: close the file, then let others in."""
    for each in opened:
        try:
            each.connection.close()
        finally:
            each.lock.close()
