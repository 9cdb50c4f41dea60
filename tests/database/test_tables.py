"""Tables in memory and in a file do what two dictionaries do, whatever fails in between."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from ocpp21.database import Change, Delete, Entry, MemoryTables, Put, Rows, SqliteTables, Tables
from ocpp21.errors import StoreError

Opened = Callable[[], Awaitable[Tables]]

PATHS = ["a", "a/b", "b", "ä/\U0001f50c"]


class Refused(Exception):
    """Work that fails."""


class Model:
    """The naive twin: records by table and key, entries by table, path and number."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, str], bytes] = {}
        self.entries: dict[tuple[str, str, int], bytes] = {}

    def apply(self, changes: list[Change]) -> None:
        for change in changes:
            if isinstance(change, Entry):
                self.entries[change.table, change.path, change.number] = change.value
            elif isinstance(change, Put):
                self.records[change.table, change.key] = change.value
            else:
                self.records.pop((change.table, change.key), None)

    def compare(self, rows: Rows, dice: random.Random) -> None:
        for table in "tu":
            known = sorted((key, value) for (name, key), value in self.records.items() if name == table)
            assert list(rows.scan(table)) == known
            assert rows.count(table) == len(known)
            for path in PATHS:
                entries = sorted(
                    (number, value)
                    for (name, place, number), value in self.entries.items()
                    if (name, place) == (table, path)
                )
                assert list(rows.entries(table, path)) == entries
                assert list(rows.entries(table, path, reverse=True)) == entries[::-1]
                after, before, limit = *sorted(dice.sample(range(40), 2)), dice.randrange(1, 4)
                between = [(number, value) for number, value in entries if after < number < before]
                assert list(rows.entries(table, path, after=after, before=before)) == between
                assert list(rows.entries(table, path, after=after, before=before, limit=limit)) == between[:limit]
                assert rows.entry(table, path, after) == dict(entries).get(after)


def some_changes(dice: random.Random, most: int) -> list[Change]:
    changes: list[Change] = []
    for _ in range(dice.randrange(most)):
        table, value = dice.choice("tu"), str(dice.randrange(1000)).encode()
        match dice.randrange(4):
            case 0:
                changes.append(Put(table, str(dice.randrange(20)), value))
            case 1:
                changes.append(Delete(table, str(dice.randrange(20))))
            case _:
                changes.append(Entry(table, dice.choice(PATHS), dice.randrange(40), value))
    return changes


def opened(kind: str, path: Path) -> Opened:
    if kind == "memory":
        tables = MemoryTables()

        async def again() -> Tables:
            return MemoryTables(tables)

        return again
    return lambda: SqliteTables.open(path / "x.db", name="a test", application_id=0x7E57)


def run(open_tables: Opened, *uses: Callable[[Tables], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        for use in uses:
            tables = await open_tables()
            try:
                await use(tables)
            finally:
                await tables.close()

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("seed", range(3))
def test_they_do_what_dictionaries_do(kind: str, seed: int, tmp_path: Path) -> None:
    """Many units at a time, of which some fail: then all of their commit are undone, and made one by one."""
    dice, model = random.Random(seed), Model()

    async def fail(tables: Tables, changes: list[Change]) -> None:
        def work(rows: Rows) -> tuple[list[Change], None]:
            raise Refused

        def wrong(rows: Rows) -> tuple[list[Change], None]:
            # The last one cannot be made: by then the others are.
            return [*changes, Put("t", "x", b"\xff")], None

        with pytest.raises((Refused, UnicodeDecodeError)):
            await tables.write(work if kind == "memory" or dice.random() < 0.5 else wrong)

    async def use(tables: Tables) -> None:
        for _ in range(60):
            units: list[Awaitable[None]] = []
            for _ in range(dice.randrange(1, 12)):
                changes = some_changes(dice, 30)
                match dice.randrange(10):
                    case 0:
                        units.append(fail(tables, changes))
                        continue
                    case 1 | 2:
                        units.append(tables.write(lambda rows, changes=changes: (changes, None)))  # type: ignore[misc]
                    case _:
                        units.append(tables.change(changes))
                model.apply(changes)
            await asyncio.gather(*units)
            await tables.read(lambda rows: model.compare(rows, dice))

    run(opened(kind, tmp_path), use, use)


def test_work_sees_the_changes_that_were_asked_for_before_it(tmp_path: Path) -> None:
    async def use(tables: Tables) -> None:
        seen: list[list[tuple[int, bytes]]] = []

        def look(rows: Rows) -> tuple[list[Change], None]:
            seen.append(list(rows.entries("t", "a")))
            return [Entry("t", "a", 9, b"9")], None

        await asyncio.gather(
            tables.change([Entry("t", "a", 1, b"1")]),
            tables.change([Entry("t", "a", 2, b"2")]),
            tables.write(look),
            tables.change([Entry("t", "a", 3, b"3")]),
            tables.write(look),
        )
        both = [(1, b"1"), (2, b"2")]
        assert seen[-2:] == [both, [*both, (3, b"3"), (9, b"9")]]

    run(opened("sqlite", tmp_path), use)


def test_only_the_unit_that_cannot_be_made_fails(tmp_path: Path) -> None:
    """A series that its commit has created is undone with it, and created again."""

    async def use(tables: Tables) -> None:
        found = await asyncio.gather(
            tables.change([Entry("t", "new", 1, b"1")]),
            tables.change([Entry("t", "newer", 1, b"1"), Entry("t", "newer", 2**63, b"beyond SQLite")]),
            tables.change([Entry("t", "new", 2, b"2")]),
            return_exceptions=True,
        )
        assert [type(each) for each in found] == [type(None), OverflowError, type(None)]
        assert await tables.read(lambda rows: list(rows.entries("t", "newer"))) == []
        await tables.change([Entry("t", "newer", 3, b"3")])
        assert await tables.read(lambda rows: list(rows.entries("t", "newer"))) == [(3, b"3")]
        assert await tables.read(lambda rows: list(rows.entries("t", "new"))) == [(1, b"1"), (2, b"2")]

    async def again(tables: Tables) -> None:
        assert await tables.read(lambda rows: list(rows.entries("t", "newer"))) == [(3, b"3")]

    run(opened("sqlite", tmp_path), use, again)


def test_many_series_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than are kept in memory."""
    monkeypatch.setattr("ocpp21.database.in_sqlite._MOST_IDS", 10)

    async def use(tables: Tables) -> None:
        for number in range(3):
            await asyncio.gather(*(tables.change([Entry("t", f"{path}", number, b"0")]) for path in range(35)))
        for path in range(35):
            found = await tables.read(lambda rows, path=path: list(rows.entries("t", f"{path}")))  # type: ignore[misc]
            assert found == [(0, b"0"), (1, b"0"), (2, b"0")]

    run(opened("sqlite", tmp_path), use)


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_closed_tables_say_so(kind: str, tmp_path: Path) -> None:
    async def use(tables: Tables) -> None:
        await tables.close()
        for work in (tables.read(list), tables.write(lambda rows: ((), None)), tables.change(())):  # type: ignore[arg-type]
            with pytest.raises(StoreError, match="closed"):
                await work

    run(opened(kind, tmp_path), use)


def test_changes_share_their_statements(tmp_path: Path) -> None:
    """A hundred units take a few statements, not hundreds: each one lets the interpreter go and waits for it."""
    statements: list[str] = []

    async def use(tables: Tables) -> None:
        assert isinstance(tables, SqliteTables)

        def watch(connection: sqlite3.Connection) -> None:
            connection.set_trace_callback(statements.append)

        await tables.change([Entry("t", "a", number, b"0") for number in range(3)])
        await tables._database.read(watch)
        await asyncio.gather(*(tables.change([Entry("t", "a", number, b"1")]) for number in range(100)))
        await tables._database.read(lambda connection: connection.set_trace_callback(None))

    run(opened("sqlite", tmp_path), use)
    inserts = [text for text in statements if text.startswith("INSERT")]
    assert len(inserts) == 3, inserts  # 64 + 32 + 4
