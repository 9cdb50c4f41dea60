"""Ordered tables of JSON records: what both roles keep their state in.

A table maps keys, in the order of their code points, to records. Work on the tables is a plain function of what is
there: work that reads returns what it has found, work that writes returns the changes to make. All changes of one work
are made or none, and they are durable when :meth:`Tables.write` returns::

    def rename(rows: Rows) -> tuple[list[Change], None]:
        value = rows.get("token", "old")
        return [Delete("token", "old"), Put("token", "new", value or b"{}")], None

    await tables.write(rename)

Work may run in another thread, and more than once: it must not touch anything but its rows.
"""

from __future__ import annotations

import sqlite3
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final, Protocol, TypeAlias, TypeVar

import msgspec

from ocpp21.database.commits import Database
from ocpp21.database.files import Schema
from ocpp21.errors import StoreError

__all__ = ["Change", "Delete", "MemoryTables", "Put", "Rows", "SqliteTables", "Tables", "closed"]

T = TypeVar("T")


class Put(msgspec.Struct, frozen=True):
    """Insert a record, or replace it.

    Attributes:
        table: name of the table; it comes into being with its first record.
        key: of the record.
        value: the record, as JSON in UTF-8.
    """

    table: str
    key: str
    value: bytes


class Delete(msgspec.Struct, frozen=True):
    """Remove a record; nothing happens when there is none.

    Attributes:
        table: name of the table.
        key: of the record.
    """

    table: str
    key: str


Change: TypeAlias = Put | Delete


class Rows(Protocol):
    """The records as they are when the work runs; valid until it returns."""

    def get(self, table: str, key: str, /) -> bytes | None:
        """The record, or None."""
        ...

    def scan(
        self,
        table: str,
        /,
        *,
        after: str | None = None,
        before: str | None = None,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        """Go through the records in the order of their keys.

        Args:
            table: name of the table.
            after: only keys greater than this one.
            before: only keys less than this one.
            reverse: go from the greatest key to the least.
            limit: most records.
        """
        ...

    def count(self, table: str, /) -> int:
        """The number of records."""
        ...


Reading: TypeAlias = Callable[[Rows], T]
Writing: TypeAlias = Callable[[Rows], tuple[Iterable[Change], T]]


class Tables(Protocol):
    """A set of tables that survives, or not."""

    async def read(self, work: Reading[T], /) -> T:
        """Do work that changes nothing; it sees all changes that were acknowledged before.

        Raises:
            StoreError: the records could not be read, or the tables are closed.
        """
        ...

    async def write(self, work: Writing[T], /) -> T:
        """Do work and make the changes it returns, all or none; they are durable on return.

        Work once asked for is done, also when whoever waits for it is cancelled.

        Raises:
            StoreError: nothing was changed; StoreFull when there was no room.
            Exception: whatever the work has raised; nothing was changed.
        """
        ...

    async def close(self) -> None:
        """Wait for all work that was asked for, and let go of the tables. Closing again does nothing."""
        ...


def closed(place: str) -> StoreError:
    """The error of whoever uses something that is closed."""
    return StoreError(f"expected an open store, found {place} closed")


class _MemoryTable:
    """Records, and their keys in order."""

    def __init__(self) -> None:
        self.records: dict[str, bytes] = {}
        self.keys: list[str] = []


class _MemoryRows:
    """The rows of :class:`MemoryTables`."""

    def __init__(self) -> None:
        self._tables: dict[str, _MemoryTable] = {}

    def get(self, table: str, key: str, /) -> bytes | None:
        found = self._tables.get(table)
        return None if found is None else found.records.get(key)

    def scan(
        self,
        table: str,
        /,
        *,
        after: str | None = None,
        before: str | None = None,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        found = self._tables.get(table) or _MemoryTable()
        first = 0 if after is None else bisect_right(found.keys, after)
        end = len(found.keys) if before is None else bisect_left(found.keys, before)
        keys = found.keys[first:end] if limit is None and not reverse else _some(found.keys, first, end, reverse, limit)
        return ((key, found.records[key]) for key in keys)

    def count(self, table: str, /) -> int:
        found = self._tables.get(table)
        return 0 if found is None else len(found.keys)

    def apply(self, changes: Sequence[Change]) -> None:
        """Make the changes; nothing in here can fail half-way."""
        for change in changes:
            table = self._tables.setdefault(change.table, _MemoryTable())
            if isinstance(change, Put):
                if change.key not in table.records:
                    insort(table.keys, change.key)
                table.records[change.key] = change.value
            elif table.records.pop(change.key, None) is not None:
                del table.keys[bisect_left(table.keys, change.key)]


def _some(keys: list[str], first: int, end: int, reverse: bool, limit: int | None) -> Iterator[str]:
    """Keys between two places, without a copy of the list."""
    places = range(end - 1, first - 1, -1) if reverse else range(first, end)
    return islice((keys[place] for place in places), limit)


class MemoryTables:
    """Tables that last as long as the program: for tests and for trying things out.

    Args:
        before: tables whose content to go on with, as a program would that starts again with the same file.
    """

    def __init__(self, before: MemoryTables | None = None, /) -> None:
        self._rows: _MemoryRows = _MemoryRows() if before is None else before._rows
        self._is_closed = False

    async def read(self, work: Reading[T], /) -> T:
        """Do work that changes nothing, as :meth:`Tables.read` says."""
        if self._is_closed:
            raise closed("the tables in memory")
        return work(self._rows)

    async def write(self, work: Writing[T], /) -> T:
        """Do work and make its changes, as :meth:`Tables.write` says, but for the durability."""
        if self._is_closed:
            raise closed("the tables in memory")
        changes, result = work(self._rows)
        self._rows.apply(list(changes))
        return result

    async def close(self) -> None:
        """Let go of the tables."""
        self._is_closed = True


class _SqliteRows:
    """The rows of :class:`SqliteTables`, in one unit of work."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, table: str, key: str, /) -> bytes | None:
        row = self._connection.execute(
            'SELECT value FROM record WHERE "table" = ? AND key = ?', (table, key)
        ).fetchone()
        return None if row is None else row[0].encode()

    def scan(
        self,
        table: str,
        /,
        *,
        after: str | None = None,
        before: str | None = None,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[str, bytes]]:
        text = 'SELECT key, value FROM record WHERE "table" = ?'
        values: list[str | int] = [table]
        for bound, sign in ((after, ">"), (before, "<")):
            if bound is not None:
                text += f" AND key {sign} ?"
                values.append(bound)
        text += f' ORDER BY "table" {"DESC" if reverse else "ASC"}, key {"DESC" if reverse else "ASC"} LIMIT ?'
        values.append(-1 if limit is None else limit)
        return ((key, value.encode()) for key, value in self._connection.execute(text, values))

    def count(self, table: str, /) -> int:
        row = self._connection.execute('SELECT count(*) FROM record WHERE "table" = ?', (table,)).fetchone()
        return int(row[0])

    def apply(self, changes: Iterable[Change]) -> None:
        """Make the changes, in the transaction that is open."""
        for change in changes:
            if isinstance(change, Put):
                self._connection.execute(
                    'INSERT INTO record ("table", key, value) VALUES (?, ?, ?) '
                    'ON CONFLICT ("table", key) DO UPDATE SET value = excluded.value',
                    (change.table, change.key, change.value.decode()),
                )
            else:
                self._connection.execute('DELETE FROM record WHERE "table" = ? AND key = ?', (change.table, change.key))


#: The records of all tables; SQL finds its way into them with ``json_extract(value, '$.member')``. With row ids, new
#: records go to the end of the file: in the order of their keys, each station would make a page of its own dirty.
_RECORDS: Final = """
CREATE TABLE record (
    "table" TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY ("table", key)
) STRICT;
"""


class SqliteTables:
    """Tables in a file; open them with :meth:`open`."""

    def __init__(self, database: Database, /) -> None:
        self._database: Final = database

    @classmethod
    async def open(
        cls, path: Path | str, /, *, name: str, application_id: int, page_bytes: int = 4096, set_aside: bool = False
    ) -> SqliteTables:
        """Open the tables in a file, which is created when there is none.

        Args:
            path: of the file.
            name: what the file holds, for errors.
            application_id: marks the file as one of this kind.
            page_bytes: size of the pages of a new file; see :class:`Schema`.
            set_aside: move a damaged file out of the way, and begin with an empty one.

        Raises:
            StoreLocked: another program has the file.
            StoreCorrupt: the file is damaged, or something else; it was not changed.
            StoreError: the file cannot be opened, or a newer version of the program has written it.
        """
        schema = Schema(name, application_id, (_RECORDS,), page_bytes)
        return cls(await Database.open(path, schema, set_aside=set_aside))

    @property
    def set_aside(self) -> Path | None:
        """Where the damaged file is now, if there was one."""
        return self._database.set_aside

    async def read(self, work: Reading[T], /) -> T:
        """Do work that changes nothing, as :meth:`Tables.read` says."""
        return await self._database.read(lambda connection: work(_SqliteRows(connection)))

    async def write(self, work: Writing[T], /) -> T:
        """Do work and make its changes, as :meth:`Tables.write` says."""

        def unit(connection: sqlite3.Connection) -> T:
            rows = _SqliteRows(connection)
            changes, result = work(rows)
            rows.apply(changes)
            return result

        return await self._database.write(unit)

    async def close(self) -> None:
        """Wait for all work that was asked for, and close the file."""
        await self._database.close()
