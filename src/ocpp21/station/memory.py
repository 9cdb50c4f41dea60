"""The store of a Charging Station in memory: for tests, and for stations that may forget."""

from __future__ import annotations

from ocpp21.database import MemoryTables
from ocpp21.station.store import TableStore

__all__ = ["MemoryStore"]


class MemoryStore(TableStore):
    """A :class:`~ocpp21.station.store.Store` that lasts as long as the program.

    Args:
        before: a store whose content to go on with, as after a restart.
    """

    _tables: MemoryTables

    def __init__(self, before: MemoryStore | None = None, /) -> None:
        super().__init__(MemoryTables(None if before is None else before._tables))
