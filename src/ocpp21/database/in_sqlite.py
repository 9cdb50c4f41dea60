"""Tables in one SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Coroutine, Iterable, Iterator, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar

from ocpp21.database.commits import Database, Joint
from ocpp21.database.files import Schema
from ocpp21.database.tables import Change, Delete, Entry, Reading, Writing

__all__ = ["SqliteTables"]

T = TypeVar("T")

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

#: The entries of all series. Their index has but two integers, and series that begin at the same time are next to one
#: another in it: a commit of the entries of many makes few pages dirty, and costs a third of one of as many records.
_SERIES: Final = """
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    "table" TEXT NOT NULL,
    path TEXT NOT NULL,
    UNIQUE ("table", path)
) STRICT;
CREATE TABLE entry (
    series INTEGER NOT NULL,
    number INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (series, number)
) STRICT;
"""

_PUT: Final = (
    'INSERT INTO record ("table", key, value) VALUES {} ON CONFLICT ("table", key) DO UPDATE SET value = excluded.value'
)
_ENTER: Final = (
    "INSERT INTO entry (series, number, value) VALUES {} "
    "ON CONFLICT (series, number) DO UPDATE SET value = excluded.value"
)

#: Most rows of one statement. A power of two, as all numbers of rows are: so there are few statements to prepare.
_MOST_ROWS: Final = 64

#: Series whose ids are kept in memory.
_MOST_IDS: Final = 20_000


class _SeriesIds:
    """The ids of series, as far as they were used since work was last undone: an undone series has none.

    Args:
        database: where the series are.
    """

    def __init__(self, database: Database, /) -> None:
        self._database: Final = database
        self._ids: Final[dict[tuple[str, str], int]] = {}
        self._undone = database.undone

    def find(self, connection: sqlite3.Connection, series: tuple[str, str]) -> int:
        """The id of a series, which is created when there is none."""
        if self._undone != self._database.undone or len(self._ids) >= _MOST_IDS:
            self._undone = self._database.undone
            self._ids.clear()
        found = self._ids.get(series)
        if found is None:
            row = connection.execute('SELECT id FROM series WHERE "table" = ? AND path = ?', series).fetchone()
            found = row[0] if row else _created(connection, series)
            self._ids[series] = found
        return found


def _created(connection: sqlite3.Connection, series: tuple[str, str]) -> int:
    number = connection.execute('INSERT INTO series ("table", path) VALUES (?, ?)', series).lastrowid
    assert number is not None  # after an INSERT, there is one
    return number


class _SqliteRows:
    """The rows of :class:`SqliteTables`, in one unit of work."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def get(self, table: str, key: str, /) -> bytes | None:
        return self._one('SELECT value FROM record WHERE "table" = ? AND key = ?', (table, key))

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
        place, values = _between("key", after, before)
        order = "DESC" if reverse else "ASC"
        text = f'SELECT key, value FROM record WHERE "table" = ?{place} ORDER BY "table" {order}, key {order} LIMIT ?'
        return self._all(text, [table, *values, -1 if limit is None else limit])

    def count(self, table: str, /) -> int:
        row = self._connection.execute('SELECT count(*) FROM record WHERE "table" = ?', (table,)).fetchone()
        return int(row[0])

    def entry(self, table: str, path: str, number: int, /) -> bytes | None:
        return self._one(f"SELECT value FROM entry WHERE series = {_ID} AND number = ?", (table, path, number))

    def entries(
        self,
        table: str,
        path: str,
        /,
        *,
        after: int | None = None,
        before: int | None = None,
        reverse: bool = False,
        limit: int | None = None,
    ) -> Iterator[tuple[int, bytes]]:
        place, values = _between("number", after, before)
        order = "DESC" if reverse else "ASC"
        text = f"SELECT number, value FROM entry WHERE series = {_ID}{place} ORDER BY number {order} LIMIT ?"
        return self._all(text, [table, path, *values, -1 if limit is None else limit])

    def _one(self, text: str, values: Sequence[Any]) -> bytes | None:
        row = self._connection.execute(text, values).fetchone()
        return None if row is None else row[0].encode()

    def _all(self, text: str, values: Sequence[Any]) -> Iterator[tuple[Any, bytes]]:
        return ((key, value.encode()) for key, value in self._connection.execute(text, values))


#: Id of the series of a table and a path.
_ID: Final = '(SELECT id FROM series WHERE "table" = ? AND path = ?)'


def _between(column: str, after: Any, before: Any) -> tuple[str, list[Any]]:
    """A condition on a column, and its values."""
    bounds = [(sign, bound) for sign, bound in ((">", after), ("<", before)) if bound is not None]
    return "".join(f" AND {column} {sign} ?" for sign, _ in bounds), [bound for _, bound in bounds]


class _Changes(Joint):
    """Changes as a unit of work; those of several units are made with few statements, each of which lets the GIL go."""

    __slots__ = ("changes", "ids")

    def __init__(self, ids: _SeriesIds, changes: Sequence[Change], /) -> None:
        self.ids: Final = ids
        self.changes: Final = changes

    @classmethod
    def together(cls, connection: sqlite3.Connection, works: Sequence[_Changes], /) -> None:
        """Make the changes of several units."""
        _apply(connection, works[0].ids, chain.from_iterable(work.changes for work in works))


def _apply(connection: sqlite3.Connection, ids: _SeriesIds, changes: Iterable[Change]) -> None:
    """Make changes in the transaction that is open; of those of the same record, the last one counts."""
    records: dict[tuple[str, str], str | None] = {}
    entries: dict[tuple[int, int], str] = {}
    for change in changes:
        if isinstance(change, Entry):
            entries[ids.find(connection, (change.table, change.path)), change.number] = change.value.decode()
        else:
            value = None if isinstance(change, Delete) else change.value.decode()
            records[change.table, change.key] = value
    for key in [key for key, value in records.items() if value is None]:
        connection.execute('DELETE FROM record WHERE "table" = ? AND key = ?', key)
        del records[key]
    _insert(connection, _PUT, [(*key, value) for key, value in records.items()])
    _insert(connection, _ENTER, [(*key, value) for key, value in entries.items()])


def _insert(connection: sqlite3.Connection, text: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of three values each."""
    begin = 0
    while left := len(rows) - begin:
        count = min(_MOST_ROWS, 1 << left.bit_length() - 1)
        connection.execute(_statement(text, count), [*chain.from_iterable(rows[begin : begin + count])])
        begin += count


@cache
def _statement(text: str, count: int) -> str:
    return text.format(", ".join(["(?, ?, ?)"] * count))


class SqliteTables:
    """Tables in a file; open them with :meth:`open`."""

    def __init__(self, database: Database, /) -> None:
        self._database: Final = database
        self._ids: Final = _SeriesIds(database)

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
        schema = Schema(name, application_id, (_RECORDS, _SERIES), page_bytes)
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
            changes, result = work(_SqliteRows(connection))
            _apply(connection, self._ids, changes)
            return result

        return await self._database.write(unit)

    def change(self, changes: Sequence[Change], /) -> Coroutine[Any, Any, None]:
        """Make changes, as :meth:`Tables.change` says."""
        return self._database.write(_Changes(self._ids, changes))

    async def close(self) -> None:
        """Wait for all work that was asked for, and close the file."""
        await self._database.close()
