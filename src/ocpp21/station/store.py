"""What the Charging Station must not forget: tables of records that survive a loss of power.

A :class:`Store` is an ordered map of tables with changes that are made together. It knows nothing of what the blocks
keep in it: each block owns its records, and a :class:`Table` turns them into changes and back::

    boots = Table("boot", Boot)

    await store.commit(boots.put("last", Boot(reason="PowerUp")), boots.delete("pending"))
    last = (await boots.load(store)).get("last")

A record that this program cannot read, since another version wrote it, is reported, left out, and kept as it is.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from typing import Final, Generic, Protocol, TypeAlias, TypeVar

import msgspec

from ocpp21.database import Delete, Put, Tables
from ocpp21.errors import printable, shorten

__all__ = ["Change", "Delete", "Put", "Store", "Table", "TableStore", "Unreadable"]

logger: Final = logging.getLogger("ocpp21.station")

Change: TypeAlias = Put | Delete

RecordT = TypeVar("RecordT", bound=msgspec.Struct)


class Store(Protocol):
    """The durable state of a Charging Station. Whoever implements it runs ``ocpp21.testing.store_contract``."""

    async def read(
        self, table: str, /, *, after: str | None = None, limit: int | None = None
    ) -> list[tuple[str, bytes]]:
        """Read records in the order of their keys, by code points.

        Args:
            table: name of the table; an unknown one is empty.
            after: only keys greater than this one.
            limit: most records.

        Raises:
            StoreError: the records could not be read, or the store is closed.
        """
        ...

    async def count(self, table: str, /) -> int:
        """The number of records in a table.

        Raises:
            StoreError: they could not be read, or the store is closed.
        """
        ...

    async def commit(self, *changes: Change) -> None:
        """Make changes, in order, all or none; they are durable on return.

        They are made also when whoever waits for them is cancelled.

        Raises:
            StoreError: nothing was changed; StoreFull when there was no room.
        """
        ...

    async def close(self) -> None:
        """Wait for all that was asked for, and let go of the store. Closing again does nothing."""
        ...


class TableStore:
    """A :class:`Store` on tables of :mod:`ocpp21.database`.

    Args:
        tables: where the records are.
    """

    def __init__(self, tables: Tables, /) -> None:
        self._tables: Tables = tables

    async def read(
        self, table: str, /, *, after: str | None = None, limit: int | None = None
    ) -> list[tuple[str, bytes]]:
        """Read records, as :meth:`Store.read` says."""
        return await self._tables.read(lambda rows: list(rows.scan(table, after=after, limit=limit)))

    async def count(self, table: str, /) -> int:
        """Count records, as :meth:`Store.count` says."""
        return await self._tables.read(lambda rows: rows.count(table))

    async def commit(self, *changes: Change) -> None:
        """Make changes, as :meth:`Store.commit` says."""
        await self._tables.change(changes)

    async def close(self) -> None:
        """Let go of the store, as :meth:`Store.close` says."""
        await self._tables.close()


class Unreadable(msgspec.Struct, frozen=True):
    """A record that this program cannot read; it stays in the store.

    Attributes:
        table: name of the table.
        key: of the record.
        reason: what was expected, and what was found where.
    """

    table: str
    key: str
    reason: str

    def __str__(self) -> str:
        return f"table={printable(self.table)} key={printable(shorten(self.key, 100))}: {self.reason}"


def _complain(unreadable: Unreadable) -> None:
    logger.warning("record left out %s", unreadable)


class Table(Generic[RecordT]):
    """The records of one kind, in one table.

    Args:
        name: of the table.
        kind: class of the records.
        report: told of every record that cannot be read; a warning is logged by default.

    Attributes:
        name: of the table.
    """

    def __init__(
        self, name: str, kind: type[RecordT], /, *, report: Callable[[Unreadable], object] = _complain
    ) -> None:
        self.name: Final = name
        self._encoder = msgspec.json.Encoder(order="deterministic")
        self._decoder = msgspec.json.Decoder(kind)
        self._report = report

    def put(self, key: str, record: RecordT, /) -> Put:
        """The change that inserts or replaces a record."""
        return Put(self.name, key, self._encoder.encode(record))

    def delete(self, key: str, /) -> Delete:
        """The change that removes a record."""
        return Delete(self.name, key)

    def decode(self, key: str, value: bytes, /) -> RecordT | None:
        """Read a record; None when this program cannot, which is reported."""
        try:
            return self._decoder.decode(value)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            self._report(Unreadable(self.name, key, printable(shorten(str(error), 160))))
            return None

    async def load(self, store: Store, /) -> dict[str, RecordT]:
        """All records that can be read, by key, in the order of the keys.

        Raises:
            StoreError: the records could not be read.
        """
        return {key: record async for key, record in self.records(store)}

    async def records(
        self, store: Store, /, *, after: str | None = None, page: int = 500
    ) -> AsyncIterator[tuple[str, RecordT]]:
        """Go through the records that can be read, in the order of the keys, without holding all of them.

        Args:
            store: where they are.
            after: only keys greater than this one.
            page: records that are read at a time.

        Raises:
            StoreError: the records could not be read.
        """
        while found := await store.read(self.name, after=after, limit=page):
            for key, value in found:
                if (record := self.decode(key, value)) is not None:
                    yield key, record
            after = found[-1][0]
            if len(found) < page:
                return
