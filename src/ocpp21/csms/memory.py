"""The store of a CSMS in memory: for tests and for trying things out."""

from __future__ import annotations

from ocpp21.csms.aggregates import TableStore
from ocpp21.database import MemoryTables

__all__ = ["MemoryStore"]


class MemoryStore(TableStore):
    """A :class:`~ocpp21.csms.store.Store` that lasts as long as the program.

    Args:
        before: a store whose content to go on with, as after a restart.
    """

    _tables: MemoryTables

    def __init__(self, before: MemoryStore | None = None, /) -> None:
        super().__init__(MemoryTables(None if before is None else before._tables))
