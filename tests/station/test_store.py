"""The stores of the role keep the contract that is shipped for all stores."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from ocpp21.csms.sqlite import SqliteStore as OtherStore
from ocpp21.errors import StoreCorrupt
from ocpp21.station.memory import MemoryStore
from ocpp21.station.sqlite import SqliteStore
from ocpp21.station.store import Put, Store, Table, Unreadable
from ocpp21.testing.store_contract import StationStoreContract


class TestMemoryStore(StationStoreContract):
    async def open(self, place: Path, before: Store | None) -> Store:
        assert before is None or isinstance(before, MemoryStore)
        return MemoryStore(before)


class TestSqliteStore(StationStoreContract):
    async def open(self, place: Path, before: Store | None) -> Store:
        return await SqliteStore.open(place / "store.db")

    def killed(self) -> Callable[[Path], Awaitable[Store]]:
        return SqliteStore.open


def test_a_damaged_file_is_refused_or_set_aside(tmp_path: Path) -> None:
    path = tmp_path / "store.db"

    async def main() -> None:
        path.write_bytes(b"no database")
        with pytest.raises(StoreCorrupt):
            await SqliteStore.open(path)
        store = await SqliteStore.open(path, set_aside=True)
        assert store.set_aside is not None and store.set_aside.read_bytes() == b"no database"
        assert await store.read("t") == []
        await store.close()

    asyncio.run(main())


def test_the_file_of_the_other_role_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        await (await OtherStore.open(tmp_path / "store.db")).close()
        with pytest.raises(StoreCorrupt, match="expected the store of a"):
            await SqliteStore.open(tmp_path / "store.db")

    asyncio.run(main())


class Record(msgspec.Struct):
    number: int


def test_tables_write_and_read_records() -> None:
    async def main() -> None:
        store, table = MemoryStore(), Table("t", Record)
        await store.commit(*(table.put(f"{number}", Record(number)) for number in range(10)))
        await store.commit(table.delete("3"))
        expected = {f"{number}": Record(number) for number in range(10) if number != 3}
        assert await table.load(store) == expected
        for page in range(1, 12):
            assert dict([item async for item in table.records(store, page=page)]) == expected
        assert [key async for key, _ in table.records(store, after="7", page=1)] == ["8", "9"]

    asyncio.run(main())


def test_a_record_that_cannot_be_read_is_reported_left_out_and_kept() -> None:
    async def main() -> None:
        told: list[Unreadable] = []
        store, table = MemoryStore(), Table("t", Record, report=told.append)
        wrong = {"a": b'{"number": "x"}', "b": b"{", "c": b"\xff", "d": b'{"number": 1, "newer": true}', "e\n": b"[]"}
        await store.commit(*(Put("t", key, value) for key, value in wrong.items()))
        assert await table.load(store) == {"d": Record(1)}
        assert [each.key for each in told] == ["a", "b", "c", "e\n"]
        assert str(told[0]) == "table=t key=a: Expected `int`, got `str` - at `$.number`"
        assert "\n" not in str(told[3])
        assert await store.count("t") == 5

    asyncio.run(main())


def test_records_are_found_with_sql(tmp_path: Path) -> None:
    async def main() -> None:
        store = await SqliteStore.open(tmp_path / "store.db")
        await store.commit(Table("t", Record).put("a", Record(7)))
        with closing(sqlite3.connect(f"{(tmp_path / 'store.db').as_uri()}?mode=ro", uri=True)) as tool:
            text = "SELECT json_extract(value, '$.number') FROM record WHERE \"table\" = 't'"
            assert tool.execute(text).fetchall() == [(7,)]
        await store.close()

    asyncio.run(main())
