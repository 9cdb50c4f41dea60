"""The store of a Charging Station in one SQLite file, which survives a loss of power at any moment."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from ocpp21.database import SqliteTables
from ocpp21.station.store import TableStore

__all__ = ["SqliteStore"]

#: "OCS1": marks the file, so that it is not taken for that of a CSMS.
_APPLICATION_ID: Final = 0x4F435331


class SqliteStore(TableStore):
    """A :class:`~ocpp21.station.store.Store` in a file; open it with :meth:`open`, and close it.

    The records are JSON in the table ``record``: ``SELECT json_extract(value, '$.member') FROM record WHERE "table" =
    'boot'`` works with any tool, also while the station runs.
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
        name = "the store of a Charging Station"
        return cls(await SqliteTables.open(path, name=name, application_id=_APPLICATION_ID, set_aside=set_aside))

    @property
    def set_aside(self) -> Path | None:
        """Where the damaged file is now, if there was one."""
        return self._tables.set_aside
