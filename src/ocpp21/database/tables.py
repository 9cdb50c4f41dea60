"""Ordered tables of JSON records: what both roles keep their state in.

A table maps keys, in the order of their code points, to records. A *series* is for what comes in great numbers: its
entries are found by table, path and number, and those that come at the same time are near one another, whatever their
paths. Work on the tables is a plain function of what is there: work that reads returns what it has found, work that
writes returns the changes to make. All changes of one work are made or none, and they are durable when
:meth:`Tables.write` returns::

    def rename(rows: Rows) -> tuple[list[Change], None]:
        value = rows.get("token", "old")
        return [Delete("token", "old"), Put("token", "new", value or b"{}")], None

    await tables.write(rename)

Work may run in another thread, and more than once: it must not touch anything but its rows. Changes that depend on
nothing that is there are made by :meth:`Tables.change`, which is quicker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, TypeAlias, TypeVar

import msgspec

from ocpp21.errors import StoreError

__all__ = ["Change", "Delete", "Entry", "Put", "Reading", "Rows", "Tables", "Writing", "closed"]

T = TypeVar("T")


class Put(msgspec.Struct, frozen=True, gc=False):
    """Insert a record, or replace it.

    Attributes:
        table: name of the table; it comes into being with its first record.
        key: of the record.
        value: the record, as JSON in UTF-8.
    """

    table: str
    key: str
    value: bytes


class Delete(msgspec.Struct, frozen=True, gc=False):
    """Remove a record; nothing happens when there is none.

    Attributes:
        table: name of the table.
        key: of the record.
    """

    table: str
    key: str


class Entry(msgspec.Struct, frozen=True, gc=False):
    """Add an entry to a series, or replace it.

    Attributes:
        table: name of the table of the series; it comes into being with its first entry.
        path: of the series, likewise.
        number: of the entry, from 0 to 2**63 - 1.
        value: the record, as JSON in UTF-8.
    """

    table: str
    path: str
    number: int
    value: bytes


Change: TypeAlias = Put | Delete | Entry


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

    def entry(self, table: str, path: str, number: int, /) -> bytes | None:
        """The entry of a series, or None."""
        ...

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
        """Go through the entries of a series in the order of their numbers; arguments are those of :meth:`scan`."""
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

    async def change(self, changes: Sequence[Change], /) -> None:
        """Make changes that depend on nothing that is there, all or none; else as :meth:`write` has it.

        Raises:
            StoreError: nothing was changed; StoreFull when there was no room.
        """
        ...

    async def close(self) -> None:
        """Wait for all work that was asked for, and let go of the tables. Closing again does nothing."""
        ...


def closed(place: str) -> StoreError:
    """The error of whoever uses something that is closed."""
    return StoreError(f"expected an open store, found {place} closed")
