"""Tables, of either role, that fail when a test wants them to: a machine dies at a commit, or a disk refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from ocpp21.database import Change, MemoryTables, Put, Rows, Tables
from ocpp21.database.tables import Reading, Writing

T = TypeVar("T")

#: Told of an operation by its number, from 1, and its kind: ``read`` or ``write``; returns the error to raise, or None.
Refuse = Callable[[int, str], Exception | None]


class WatchedTables:
    """Tables whose commits are written down; they may refuse some, or take their time.

    Args:
        tables: what it is kept in.
        refuse: decides on each operation.

    Attributes:
        operations: how many were asked for.
        write_s: how long a commit takes, in s.
        commits: time and changes of each that is durable.
    """

    def __init__(self, tables: Tables | None = None, refuse: Refuse = lambda number, kind: None) -> None:
        self._tables = tables or MemoryTables()
        self.refuse = refuse
        self.operations = 0
        self.write_s = 0.0
        self.commits: list[tuple[float, list[Change]]] = []

    async def read(self, work: Reading[T], /) -> T:
        self._count("read")
        return await self._tables.read(work)

    async def write(self, work: Writing[T], /) -> T:
        self._count("write")
        if self.write_s:
            await asyncio.sleep(self.write_s)
        made: list[Change] = []

        def watched(rows: Rows) -> tuple[list[Change], T]:
            changes, result = work(rows)
            made[:] = changes
            return made, result

        result = await self._tables.write(watched)
        self.commits.append((asyncio.get_running_loop().time(), made))
        return result

    async def change(self, changes: Sequence[Change], /) -> None:
        await self.write(lambda rows: (changes, None))

    async def close(self) -> None:
        await self._tables.close()

    def put(self, table: str) -> dict[str, bytes]:
        """Whatever was ever put into a table, by key."""
        changes = (change for _, made in self.commits for change in made)
        return {each.key: each.value for each in changes if isinstance(each, Put) and each.table == table}

    def _count(self, kind: str) -> None:
        self.operations += 1
        if (error := self.refuse(self.operations, kind)) is not None:
            raise error


class DoomedTables:
    """Tables of a machine that dies at its n-th commit: that commit is the last thing that happens, or all before it.

    Whoever waits for them then waits for ever, as nobody is there any more.

    Args:
        tables: what it is kept in.
        doom: number of the commit, from 1; None for none.
        is_kept: the commit itself still happens.
        die: called at that moment.

    Attributes:
        commits: how many there were.
        doomed: it is dead.
    """

    def __init__(self, tables: Tables, doom: int | None, *, is_kept: bool, die: Callable[[], object]) -> None:
        self._tables = tables
        self._doom = doom
        self._is_kept = is_kept
        self._die = die
        self.commits = 0
        self.doomed = asyncio.Event()

    async def read(self, work: Reading[T], /) -> T:
        await self._wait_if_doomed()
        return await self._tables.read(work)

    async def write(self, work: Writing[T], /) -> T:
        await self._wait_if_doomed()
        self.commits += 1
        if self.commits == self._doom:
            if self._is_kept:
                await self._tables.write(work)
            self.doomed.set()
            self._die()
        await self._wait_if_doomed()
        return await self._tables.write(work)

    async def change(self, changes: Sequence[Change], /) -> None:
        await self.write(lambda rows: (changes, None))

    async def close(self) -> None:
        """Do nothing: the tables outlive the machine."""

    async def _wait_if_doomed(self) -> None:
        if self.doomed.is_set():
            forever: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            await forever
