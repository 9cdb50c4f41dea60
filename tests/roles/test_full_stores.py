"""Stores that are full or fail, on either side: a clear line in the log, nothing lost, and on when there is room."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from laboratory import Laboratory, explore

from ocpp21.csms import SqliteStore as CsmsSqliteStore
from ocpp21.csms.aggregates import TableStore as CsmsStore
from ocpp21.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked
from ocpp21.station.sqlite import SqliteStore
from ocpp21.station.store import TableStore
from ocpp21.testing.virtual_time import run
from roles.doomed_tables import WatchedTables
from roles.reconciling import (
    applied,
    check_energy,
    check_frames,
    check_transactions,
    no_complaints,
    persisted,
    settle,
)
from roles.sessions import BUSY, Session, online, with_a_gap

#: How long a store has no room, in s.
OUTAGE_S = 45.0


def failing(first: int, error: Callable[[], Exception]) -> WatchedTables:
    """Tables whose n-th write is refused, and all others for a while."""
    tables = WatchedTables()
    writes = 0
    since: list[float] = []

    def refuse(number: int, kind: str) -> Exception | None:
        nonlocal writes
        if kind != "write":
            return None
        writes += 1
        now = asyncio.get_running_loop().time()
        if writes == first:
            since.append(now)
        return error() if since and now <= since[0] + OUTAGE_S else None

    tables.refuse = refuse
    return tables


async def live(session: Session, kept: WatchedTables, csms_kept: WatchedTables) -> int:
    """Have a session; returns how many writes there were, of both."""
    lab = Laboratory(
        variables=BUSY | {"ocpp_comm_ctrlr.message_attempts[TransactionEvent]": 10},
        station_store=TableStore(kept),
        csms_store=CsmsStore(csms_kept),
    )
    await lab.start()
    await session(lab)
    await lab.quiet(300)
    await settle(lab)
    # What the store would not forget is sent again after the next start, and counts once.
    await lab.kill()
    await lab.quiet()
    await lab.boot()
    await settle(lab)
    transactions = await check_transactions(lab.csms_store)
    check_energy(transactions, lab.delivered_wh())
    assert await applied(lab.csms_store) == persisted(kept.put("message_queue"))
    assert await lab.station_store.count("message_queue") == await lab.station_store.count("transaction") == 0
    check_frames(lab.frames)
    await lab.stop()
    return len(kept.commits)


def full() -> Exception:
    return StoreFull("expected room, found none")


def broken() -> Exception:
    return StoreError("expected to read and write, found: disk I/O error")


@pytest.mark.parametrize("error", [full, broken])
@pytest.mark.parametrize("session", [online, with_a_gap], ids=["online", "with_a_gap"])
def test_the_store_of_the_station_fails_from_any_write_on(
    session: Session, error: Callable[[], Exception], caplog: pytest.LogCaptureFixture
) -> None:
    writes = run(live(session, WatchedTables(), WatchedTables()))
    for first in range(1, writes + 1):
        caplog.clear()
        try:
            run(live(session, failing(first, error), WatchedTables()))
        except Exception as problem:
            raise AssertionError(f"the store fails from write {first} of {writes} on") from problem
        text = "\n".join(record.getMessage() + str(record.exc_info or "") for record in caplog.records)
        assert str(error()) in text, "nothing was said of it"
        assert "task of a role failed" not in text


@pytest.mark.parametrize("error", [full, broken])
def test_the_store_of_the_csms_fails_from_any_write_on(
    error: Callable[[], Exception], caplog: pytest.LogCaptureFixture
) -> None:
    csms_kept = WatchedTables()
    run(live(online, WatchedTables(), csms_kept))
    writes = len(csms_kept.commits)
    for first in range(3, writes + 1):  # the first two store the tokens
        caplog.clear()
        try:
            run(live(online, WatchedTables(), failing(first, error)))
        except Exception as problem:
            raise AssertionError(f"the store fails from write {first} of {writes} on") from problem
        assert [record for record in caplog.records if record.levelno >= logging.WARNING]


# Real files


def limit_pages(store: Any, pages: int | None) -> Any:
    """Let the file of a store grow by so many pages and no further, or as it likes."""

    def work(connection: sqlite3.Connection) -> None:
        (used,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {2**30 if pages is None else used + pages}")

    return store._tables._database.read(work)


@pytest.mark.parametrize("side", ["station", "csms"])
def test_a_disk_without_room(side: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        station_store = await SqliteStore.open(tmp_path / "station.db")
        csms_store = await CsmsSqliteStore.open(tmp_path / "csms.db")
        lab = Laboratory(
            variables=BUSY | {"ocpp_comm_ctrlr.message_attempts[TransactionEvent]": 100},
            station_store=station_store,
            csms_store=csms_store,
        )
        await lab.start()
        await lab.plug_in()
        await lab.present()
        if side == "station":
            await lab.go_offline()
        await limit_pages(station_store if side == "station" else csms_store, 0)
        await lab.quiet(3000)
        assert "expected room in " in caplog.text
        await limit_pages(station_store if side == "station" else csms_store, None)
        await lab.quiet(60)
        if side == "station":
            await lab.go_online()
        await lab.leave()
        await settle(lab)
        if lab.station.queue.thinned:  # E12.FR.04: to make room, inner samples go, and are counted
            (transaction,) = await csms_store.transactions("CS001")
            assert transaction.is_ended and transaction.missing_count == lab.station.queue.thinned
        else:
            (transaction,) = await check_transactions(csms_store)
        check_energy([transaction], lab.delivered_wh())
        await lab.stop()
        await station_store.close()
        await csms_store.close()

    run(main())


def test_a_file_that_is_damaged_or_taken_is_one_clear_error(tmp_path: Path) -> None:
    async def charge(path: Path) -> None:
        store = await SqliteStore.open(path)
        lab = Laboratory(variables=BUSY, station_store=store)
        await lab.start()
        await online(lab)
        with pytest.raises(StoreLocked, match="expected to be the only program"):
            await SqliteStore.open(path)
        await lab.stop()
        await store.close()

    path = tmp_path / "station.db"
    run(charge(path))
    sound = path.read_bytes()
    path.write_bytes(sound[: len(sound) // 2 + 100])
    with pytest.raises(StoreCorrupt):
        run(charge(path))
    assert path.read_bytes() == sound[: len(sound) // 2 + 100]
    path.write_bytes(sound)
    run(charge(path))


def test_a_store_that_cannot_be_read_keeps_the_roles_from_starting() -> None:
    tables = WatchedTables()
    tables.refuse = lambda number, kind: broken() if kind == "read" else None

    async def nothing(lab: Laboratory) -> None: ...

    for stores in ({"station_store": TableStore(tables)}, {"csms_store": CsmsStore(tables)}):
        with no_complaints(), pytest.raises(StoreError, match="disk I/O error"):
            explore(nothing, **stores)
