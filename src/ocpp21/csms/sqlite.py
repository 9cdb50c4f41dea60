"""The store of a CSMS in one SQLite file, which survives a loss of power at any moment."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocpp21.csms.aggregates import TableStore
from ocpp21.database import SqliteTables

__all__ = ["SqliteStore"]

#: "OCM2": marks the file, so that it is not taken for that of a Charging Station.
_APPLICATION_ID: Final = 0x4F434D32

#: An event with its meter values takes 1 to 2 kB: several fit into a page.
_PAGE_BYTES: Final = 8192


class SqliteStore(TableStore):
    """A :class:`~ocpp21.csms.store.Store` in a file; open it with :meth:`open`, and close it.

    The records are JSON in the table ``record``: ``SELECT json_extract(value, '$.identity') FROM record WHERE "table" =
    'transaction'`` works with any tool, also while the CSMS runs. So does ``SELECT path, number, value FROM entry JOIN
    series ON series.id = entry.series WHERE "table" = 'transaction_event'``, which finds the events.
    """

    _tables: SqliteTables

    @classmethod
    async def open(cls, path: Path | str, /, *, set_aside: bool = False) -> SqliteStore:
        """Open the store in a file, which is created when there is none.

        Args:
            path: of the file; SQLite keeps ``-wal``, ``-shm`` and ``-lock`` beside it.
            set_aside: move a damaged file to ``<name>.corrupt-<time>``, and begin with an empty one.

        Raises:
            StoreLocked: another program has the file.
            StoreCorrupt: the file is damaged or holds something else; it was not changed.
            StoreError: the file cannot be opened, or a newer version of the program has written it.
        """
        tables = await SqliteTables.open(
            path,
            name="the store of a CSMS",
            application_id=_APPLICATION_ID,
            page_bytes=_PAGE_BYTES,
            set_aside=set_aside,
        )
        return cls(tables)

    @property
    def set_aside(self) -> Path | None:
        """Where the damaged file is now, if there was one."""
        return self._tables.set_aside
