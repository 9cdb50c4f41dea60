"""One commit for all that waits: shared, undone unit by unit, and never lost to a cancellation or a full disk."""

from __future__ import annotations

import asyncio
import errno
import random
import resource
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from ocpp21.database import Database, Schema
from ocpp21.errors import StoreError, StoreFull

SCHEMA = Schema("a test", 0x7E57, ("CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT) STRICT;",))


def run(path: Path, use: Callable[[Database], Coroutine[Any, Any, None]]) -> None:
    async def main() -> None:
        database = await Database.open(path / "x.db", SCHEMA)
        try:
            await use(database)
        finally:
            await database.close()

    asyncio.run(main())


def insert(key: int, text: str = "x") -> Callable[[sqlite3.Connection], int]:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO t VALUES (?, ?)", (key, text))
        return key

    return work


def keys(connection: sqlite3.Connection) -> list[int]:
    return [key for (key,) in connection.execute("SELECT k FROM t ORDER BY k")]


async def outcomes(*works: Awaitable[object]) -> list[object]:
    return list(await asyncio.gather(*works, return_exceptions=True))


class Gate:
    """A unit of work that holds the thread until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        self.entered.set()
        assert self.go.wait(30)


def test_what_arrives_during_a_commit_shares_the_next(tmp_path: Path) -> None:
    async def use(database: Database) -> None:
        gate = Gate()
        first = asyncio.ensure_future(database.write(gate))
        await asyncio.sleep(0)
        rest = [asyncio.ensure_future(database.write(insert(key))) for key in range(100)]
        await asyncio.sleep(0)
        gate.go.set()
        await first
        assert await asyncio.gather(*rest) == list(range(100))
        assert database.commits == 2
        assert await database.read(keys) == list(range(100))

    run(tmp_path, use)


def test_what_is_asked_for_in_one_turn_of_the_loop_shares_a_commit(tmp_path: Path) -> None:
    async def use(database: Database) -> None:
        for turn in range(3):
            await asyncio.gather(*(database.write(insert(100 * turn + key)) for key in range(50)))
            assert database.commits == turn + 1

    run(tmp_path, use)


def test_closing_at_once_does_what_was_asked_for(tmp_path: Path) -> None:
    async def use(database: Database) -> None:
        works = [asyncio.ensure_future(database.write(insert(key))) for key in range(3)]
        await asyncio.sleep(0)
        await database.close()
        assert [work.result() for work in works] == [0, 1, 2]

    run(tmp_path, use)


def test_a_unit_that_fails_is_undone_alone(tmp_path: Path) -> None:
    def wrong(connection: sqlite3.Connection) -> None:
        insert(2)(connection)
        raise ValueError("no")

    async def use(database: Database) -> None:
        found = await outcomes(
            database.write(insert(1)),
            database.write(wrong),
            database.write(insert(1)),
            database.write(insert(3)),
            database.read(keys),
        )
        assert found[0] == 1
        assert isinstance(found[1], ValueError)
        assert type(found[2]) is StoreError and isinstance(found[2].__cause__, sqlite3.IntegrityError)
        assert "x.db" in str(found[2])
        assert found[3] == 3
        assert await database.read(keys) == [1, 3]

    run(tmp_path, use)


def test_a_read_sees_only_what_is_durable(tmp_path: Path) -> None:
    async def use(database: Database) -> None:
        gate = Gate()
        first = asyncio.ensure_future(database.write(gate))
        await asyncio.sleep(0)
        write = asyncio.ensure_future(database.write(insert(1)))
        read = asyncio.ensure_future(database.read(keys))
        await asyncio.sleep(0)
        gate.go.set()
        await first
        assert (await read, await write) == ([], 1)

    run(tmp_path, use)


@pytest.mark.parametrize("is_raised", [True, False])
def test_when_the_transaction_is_lost_the_others_are_done_one_by_one(tmp_path: Path, is_raised: bool) -> None:
    def lost(connection: sqlite3.Connection) -> None:
        connection.execute("ROLLBACK")
        if is_raised:
            raise sqlite3.OperationalError("disk I/O error")

    async def use(database: Database) -> None:
        one, other, three = await outcomes(database.write(insert(1)), database.write(lost), database.write(insert(3)))
        assert (one, three) == (1, 3)
        assert type(other) is StoreError
        assert await database.read(keys) == [1, 3]

    run(tmp_path, use)


def test_a_turn_that_breaks_fails_those_who_wait_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def use(database: Database) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(database, "_serve", lambda units: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                await database.write(insert(1))
        assert await database.write(insert(2)) == 2
        assert await database.read(keys) == [2]

    run(tmp_path, use)


def test_a_transaction_left_open_is_ended(tmp_path: Path) -> None:
    async def use(database: Database) -> None:
        await database.read(lambda connection: connection.execute("BEGIN"))
        with pytest.raises(StoreError):
            await database.write(insert(1))
        assert await database.write(insert(1)) == 1

    run(tmp_path, use)


def test_nobody_waits_any_more_but_the_work_is_done(tmp_path: Path) -> None:
    async def use(database: Database) -> None:
        gate = Gate()
        works = [asyncio.ensure_future(database.write(gate))]
        await asyncio.sleep(0)
        works += [asyncio.ensure_future(database.write(insert(key))) for key in range(3)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(database.close())
        await asyncio.sleep(0)
        for work in (*works, closing):
            work.cancel()
        gate.go.set()
        await asyncio.wait([*works, closing])
        await database.close()

    run(tmp_path, use)

    async def look(database: Database) -> None:
        assert await database.read(keys) == [0, 1, 2]

    run(tmp_path, look)


def test_closed(tmp_path: Path) -> None:
    async def use(database: Database) -> None:
        pending = asyncio.ensure_future(database.write(insert(1)))
        await asyncio.sleep(0)
        await asyncio.gather(database.close(), database.close())
        assert await pending == 1
        for work in (database.read(keys), database.write(keys)):
            with pytest.raises(StoreError, match=r"expected an open store, found .*x\.db closed"):
                await work

    run(tmp_path, use)


def test_an_opening_that_nobody_waits_for_leaves_nothing_open(tmp_path: Path) -> None:
    async def main() -> None:
        for steps in (0, 1, 2):
            opening = asyncio.ensure_future(Database.open(tmp_path / f"{steps}.db", SCHEMA))
            for _ in range(steps):
                await asyncio.sleep(0)
            opening.cancel()
            await asyncio.wait([opening])
            assert opening.cancelled()
        for thread in threading.enumerate():
            if thread.name.startswith("ocpp21 "):
                thread.join(30)
        for steps in (0, 1, 2):
            await (await Database.open(tmp_path / f"{steps}.db", SCHEMA)).close()

    asyncio.run(main())


def test_an_error_of_the_system_while_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x.db").write_bytes(b"no database")
    error = OSError(errno.EROFS, "Read-only file system")
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(error))

    async def main() -> None:
        with pytest.raises(StoreError, match=r"expected to open .*x\.db, found: Read-only file system"):
            await Database.open(tmp_path / "x.db", SCHEMA, set_aside=True)

    asyncio.run(main())


async def fit_pages(database: Database, pages: int) -> None:
    """Let the file grow by so many pages and no further, as a full disk would."""

    def work(connection: sqlite3.Connection) -> None:
        (used,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {used + pages}")

    await database.read(work)


def test_only_what_does_not_fit_fails_on_a_full_disk(tmp_path: Path) -> None:
    async def use(database: Database) -> None:
        await fit_pages(database, 2)
        small, large, tiny = await outcomes(
            database.write(insert(1)), database.write(insert(2, "x" * 50_000)), database.write(insert(3))
        )
        assert (small, tiny) == (1, 3)
        assert isinstance(large, StoreFull)
        assert str(large).startswith("expected room in ")
        assert await database.read(keys) == [1, 3]
        await fit_pages(database, 100)
        assert await database.write(insert(2, "x" * 50_000)) == 2

    run(tmp_path, use)


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let every write beyond a size fail with an error of the disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_the_disk_fails_at_every_write(tmp_path: Path) -> None:
    """What was acknowledged is there, what was refused is not, and the store goes on when the disk does."""
    seed = 21
    print(f"seed {seed}")
    dice = random.Random(seed)
    acknowledged: list[int] = []
    refused = 0

    async def use(database: Database) -> None:
        nonlocal refused
        number = 1000
        log = tmp_path / "x.db-wal"
        for room in range(0, 60_000, 300):
            with files_up_to(log.stat().st_size + room if log.exists() else room):
                works = {}
                for _ in range(3):
                    number += 1
                    works[number] = database.write(insert(number, "x" * dice.randrange(20_000)))
                for key, found in zip(works, await outcomes(*works.values()), strict=True):
                    if isinstance(found, StoreError):
                        refused += 1
                    else:
                        assert found == key
                        acknowledged.append(key)
            number += 1
            acknowledged.append(await database.write(insert(number)))
            assert await database.read(keys) == acknowledged

    run(tmp_path, use)

    async def look(database: Database) -> None:
        assert await database.read(keys) == acknowledged

    run(tmp_path, look)
    assert refused > 50
    assert len(acknowledged) > 300
