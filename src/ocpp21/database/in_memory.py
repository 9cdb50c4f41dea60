"""Tables that last as long as the program."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Generic, TypeVar

from ocpp21.database.tables import Change, Delete, Entry, Put, Reading, Writing, closed

__all__ = ["MemoryTables"]

T = TypeVar("T")
KeyT = TypeVar("KeyT", str, int)


class _Sorted(Generic[KeyT]):
    """Records, and their keys in order."""

    __slots__ = ("keys", "records")

    def __init__(self) -> None:
        self.records: dict[KeyT, bytes] = {}
        self.keys: list[KeyT] = []

    def put(self, key: KeyT, value: bytes) -> None:
        if key not in self.records:
            insort(self.keys, key)
        self.records[key] = value

    def delete(self, key: KeyT) -> None:
        if self.records.pop(key, None) is not None:
            del self.keys[bisect_left(self.keys, key)]

    def scan(
        self, after: KeyT | None, before: KeyT | None, reverse: bool, limit: int | None
    ) -> Iterator[tuple[KeyT, bytes]]:
        first = 0 if after is None else bisect_right(self.keys, after)
        end = len(self.keys) if before is None else bisect_left(self.keys, before)
        keys = self.keys[first:end] if limit is None and not reverse else _some(self.keys, first, end, reverse, limit)
        return ((key, self.records[key]) for key in keys)


def _some(keys: list[KeyT], first: int, end: int, reverse: bool, limit: int | None) -> Iterator[KeyT]:
    """Keys between two places, without a copy of the list."""
    places = range(end - 1, first - 1, -1) if reverse else range(first, end)
    return islice((keys[place] for place in places), limit)


class _MemoryRows:
    """The rows of :class:`MemoryTables`."""

    def __init__(self) -> None:
        self._tables: defaultdict[str, _Sorted[str]] = defaultdict(_Sorted)
        self._series: defaultdict[tuple[str, str], _Sorted[int]] = defaultdict(_Sorted)

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
        found = self._tables.get(table)
        return iter(()) if found is None else found.scan(after, before, reverse, limit)

    def count(self, table: str, /) -> int:
        found = self._tables.get(table)
        return 0 if found is None else len(found.keys)

    def entry(self, table: str, path: str, number: int, /) -> bytes | None:
        found = self._series.get((table, path))
        return None if found is None else found.records.get(number)

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
        found = self._series.get((table, path))
        return iter(()) if found is None else found.scan(after, before, reverse, limit)

    def apply(self, changes: Sequence[Change]) -> None:
        """Make the changes; nothing in here can fail half-way."""
        for change in changes:
            if isinstance(change, Entry):
                self._series[change.table, change.path].put(change.number, change.value)
            elif isinstance(change, Put):
                self._tables[change.table].put(change.key, change.value)
            elif isinstance(change, Delete) and (table := self._tables.get(change.table)) is not None:
                table.delete(change.key)


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
        self._check_open()
        return work(self._rows)

    async def write(self, work: Writing[T], /) -> T:
        """Do work and make its changes, as :meth:`Tables.write` says, but for the durability."""
        self._check_open()
        changes, result = work(self._rows)
        self._rows.apply(list(changes))
        return result

    async def change(self, changes: Sequence[Change], /) -> None:
        """Make changes, as :meth:`Tables.change` says, but for the durability."""
        self._check_open()
        self._rows.apply(changes)

    async def close(self) -> None:
        """Let go of the tables."""
        self._is_closed = True

    def _check_open(self) -> None:
        if self._is_closed:
            raise closed("the tables in memory")
