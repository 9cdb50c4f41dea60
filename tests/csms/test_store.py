"""The stores of the role keep the contract that is shipped for all stores."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from ocpp21.csms.memory import MemoryStore
from ocpp21.csms.sqlite import SqliteStore
from ocpp21.csms.store import Store
from ocpp21.errors import StoreCorrupt
from ocpp21.station.sqlite import SqliteStore as OtherStore
from ocpp21.testing.store_contract import CsmsStoreContract


class TestMemoryStore(CsmsStoreContract):
    async def open(self, place: Path, before: Store | None) -> Store:
        assert before is None or isinstance(before, MemoryStore)
        return MemoryStore(before)


class TestSqliteStore(CsmsStoreContract):
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
        assert await store.stations() == []
        await store.close()

    asyncio.run(main())


def test_the_file_of_the_other_role_is_refused(tmp_path: Path) -> None:
    async def main() -> None:
        await (await OtherStore.open(tmp_path / "store.db")).close()
        with pytest.raises(StoreCorrupt, match="expected the store of a"):
            await SqliteStore.open(tmp_path / "store.db")

    asyncio.run(main())
