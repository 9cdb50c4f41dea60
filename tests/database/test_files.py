"""Opening a file: alone, sound, ours, in the newest form; and whatever is refused is left as it was."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ocpp21.database import files
from ocpp21.database.files import Opened, Schema, open_file, store_error
from ocpp21.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked

FIRST = "CREATE TABLE t (k INTEGER PRIMARY KEY, v TEXT NOT NULL) STRICT;"
SECOND = "ALTER TABLE t ADD COLUMN w TEXT; INSERT INTO t (k, v) VALUES (0, 'migrated');"
SCHEMA = Schema("a test", 0x7E57, (FIRST,))
NEWER = Schema("a test", 0x7E57, (FIRST, SECOND))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.db"


def opened(path: Path, schema: Schema = SCHEMA, *, set_aside: bool = False) -> Opened:
    return open_file(path, schema, set_aside=set_aside)


def shut(opened: Opened) -> None:
    opened.connection.close()
    opened.lock.close()


def filled(path: Path, count: int = 200) -> None:
    """A file with rows in it."""
    each = opened(path)
    each.connection.executemany("INSERT INTO t VALUES (?, ?)", [(key, f"{key}" * 50) for key in range(1, count + 1)])
    shut(each)


def content(path: Path) -> dict[str, bytes]:
    """What is in the directory, but for the lock, the shared memory of readers, and the empty log that they leave."""
    left_out = (".db-lock", ".db-shm")
    found = {each.name: each.read_bytes() for each in path.parent.iterdir() if not each.name.endswith(left_out)}
    return {name: data for name, data in found.items() if data or not name.endswith("-wal")}


def keys(path: Path) -> list[int]:
    each = opened(path)
    try:
        return [key for (key,) in each.connection.execute("SELECT k FROM t ORDER BY k")]
    finally:
        shut(each)


def refused(path: Path, error: type[StoreError], match: str, schema: Schema = SCHEMA) -> None:
    """A file is refused, and nothing has changed."""
    before = content(path)
    with pytest.raises(error, match=match) as caught:
        opened(path, schema)
    assert type(caught.value) is error
    assert len(str(caught.value)) <= 255
    assert content(path) == before


def test_a_new_file(path: Path) -> None:
    each = opened(path)
    for pragma, value in (("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("user_version", 1)):
        assert each.connection.execute(f"PRAGMA {pragma}").fetchone() == (value,)
    assert each.set_aside is None
    shut(each)


def test_only_one_may_have_it_open(path: Path) -> None:
    each = opened(path)
    text = r"expected to be the only program that has .*x\.db open, found another one"
    refused(path, StoreLocked, text)
    program = (
        "import sys; from pathlib import Path; from ocpp21.database.files import *; from ocpp21.errors import *\n"
        "try: open_file(Path(sys.argv[1]), Schema('', 0x7E57, ('',)), set_aside=True)\n"
        "except StoreLocked as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert told.stdout.count("\n") == 1 and "found another one" in told.stdout
    shut(each)
    shut(opened(path))


def test_a_tool_may_read_it_meanwhile(path: Path) -> None:
    each = opened(path)
    each.connection.execute("INSERT INTO t VALUES (1, 'x')")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as tool:
        assert tool.execute("SELECT k FROM t").fetchall() == [(1,)]
    shut(each)


def test_migrations_run_once_and_from_every_version(path: Path) -> None:
    filled(path, 2)
    for _ in range(2):
        each = opened(path, NEWER)
        rows = each.connection.execute("SELECT k, w FROM t ORDER BY k").fetchall()
        assert rows == [(0, None), (1, None), (2, None)]
        shut(each)
    other = path.with_name("y.db")
    each = opened(other, NEWER)
    assert each.connection.execute("SELECT k FROM t").fetchall() == [(0,)]
    shut(each)


def test_a_migration_that_fails_changes_nothing(path: Path) -> None:
    filled(path, 2)
    broken = Schema("a test", 0x7E57, (FIRST, "DELETE FROM t; CREATE TABLE t (x);"))
    with pytest.raises(StoreError, match="already exists"):
        opened(path, broken)
    assert keys(path) == [1, 2]


def test_a_newer_version_is_refused(path: Path) -> None:
    shut(opened(path, NEWER))
    refused(path, StoreError, r"expected version 1 at most in .*, found 2: a newer program wrote it")


def test_other_files_are_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE mine (x)")
    refused(path, StoreCorrupt, "expected a test in .*, found a database marked 0x00000000 with 1 entries")
    path.unlink()
    shut(opened(path, Schema("another", 0xABC, (FIRST,))))
    refused(path, StoreCorrupt, "found a database marked 0x00000abc")
    path.unlink()
    path.write_bytes(b"not a database at all" * 100)
    refused(path, StoreCorrupt, "file is not a database")
    path.unlink()
    path.mkdir()
    with pytest.raises(StoreError, match="expected to read and write in"):
        opened(path)
    with pytest.raises(StoreError, match="expected to read and write in"):
        opened(path / "nowhere" / "x.db")


def test_a_file_that_was_left_without_tables_is_taken(path: Path) -> None:
    with closing(sqlite3.connect(path)) as started:
        started.execute("PRAGMA journal_mode = WAL")
    assert keys(path) == []
    path.with_name("z.db").touch()
    assert keys(path.with_name("z.db")) == []


def test_a_file_whose_creation_was_cut_short_is_taken(path: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as started:
        for text in ("PRAGMA cache_size = 2", "CREATE TABLE z (x)", "DROP TABLE z", "BEGIN", "CREATE TABLE y (x)"):
            started.execute(text)
        started.executemany("INSERT INTO y VALUES (?)", [("x" * 1000,)] * 300)
        copy = tmp_path / "copy.db"
        copy.write_bytes(path.read_bytes())
        copy.with_name("copy.db-journal").write_bytes(path.with_name("x.db-journal").read_bytes())
    assert copy.stat().st_size > 100_000
    assert keys(copy) == []


def test_an_empty_file_beside_a_log_is_damaged(path: Path) -> None:
    path.touch()
    path.with_name("x.db-wal").write_bytes(b"x" * 100)
    refused(path, StoreCorrupt, "found an empty file beside a log of changes")
    path.unlink()
    refused(path, StoreCorrupt, "found an empty file beside a log of changes")


def test_a_damaged_page_is_found(path: Path) -> None:
    filled(path)
    each = opened(path)
    each.connection.execute("INSERT INTO t VALUES (1000, 'in the log')")
    data = bytearray(path.read_bytes())
    log = path.with_name("x.db-wal").read_bytes()
    shut(each)
    data[3 * 4096 : 3 * 4096 + 64] = b"\xff" * 64
    path.write_bytes(data)
    refused(path, StoreCorrupt, "expected a sound database in")
    # SQLite would write the log into the file when it is closed, and delete it.
    path.with_name("x.db-wal").write_bytes(log)
    refused(path, StoreCorrupt, "expected a sound database in")


def test_a_damaged_file_is_set_aside_when_asked(path: Path) -> None:
    moved = []
    for _ in range(3):
        path.write_bytes(b"no database")
        path.with_name("x.db-wal").write_bytes(b"log")
        each = opened(path, set_aside=True)
        assert each.set_aside is not None
        moved.append(each.set_aside)
        assert each.connection.execute("SELECT count(*) FROM t").fetchone() == (0,)
        shut(each)
    assert len(set(moved)) == 3
    path.write_bytes(b"no database")
    each = opened(path, set_aside=True)
    assert each.set_aside is not None and not each.set_aside.with_name(each.set_aside.name + "-wal").exists()
    shut(each)
    for place in moved:
        assert place.name.startswith("x.db.corrupt-2")
        assert place.read_bytes() == b"no database"
        assert place.with_name(place.name + "-wal").read_bytes() == b"log"


def test_a_sound_file_is_not_set_aside(path: Path) -> None:
    filled(path)
    each = opened(path, set_aside=True)
    assert each.set_aside is None
    assert each.connection.execute("SELECT count(*) FROM t").fetchone() == (200,)
    shut(each)


def test_a_file_or_log_cut_anywhere_is_a_prefix_or_refused(path: Path, tmp_path: Path) -> None:
    """What a loss of power may leave: fewer pages of the file, or of its log."""
    seed = 21
    print(f"seed {seed}")
    dice = random.Random(seed)
    each = opened(path)
    each.connection.execute("PRAGMA wal_autocheckpoint = 0")
    for key in range(1, 101):
        each.connection.execute("INSERT INTO t VALUES (?, ?)", (key, "x" * dice.randrange(3000)))
        if key == 50:
            each.connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    file, log = path.read_bytes(), path.with_name("x.db-wal").read_bytes()
    shut(each)
    seen = set()
    for number in range(200):
        copy = tmp_path / f"{number}" / "x.db"
        copy.parent.mkdir()
        cuts = [len(file), len(log)]
        which = dice.randrange(2)
        cuts[which] = dice.randrange(cuts[which] // 4096 + 1) * 4096 + dice.choice((0, 0, dice.randrange(4096)))
        copy.write_bytes(file[: cuts[0]])
        copy.with_name("x.db-wal").write_bytes(log[: cuts[1]])
        try:
            found = keys(copy)
        except StoreCorrupt:
            seen.add("refused")
        else:
            assert found == list(range(1, len(found) + 1)), number
            assert which == 0 or len(found) >= 50, number
            seen.add("opened")
    assert seen == {"refused", "opened"}


def test_an_old_sqlite_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 9))
    with pytest.raises(StoreError, match=r"expected SQLite 3\.37\.0 or newer, found 3\."):
        opened(path)
    assert not list(path.parent.iterdir())


def test_a_file_system_without_wal_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn(sqlite3.Connection):
        def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
            return super().execute("PRAGMA journal_mode = DELETE" if "WAL" in sql else sql, *values)

    real = sqlite3.connect
    monkeypatch.setattr(files.sqlite3, "connect", lambda *args, **options: real(*args, factory=Stubborn, **options))
    with pytest.raises(StoreError, match=r"expected a file system that lets SQLite keep a WAL at .*, found delete"):
        opened(path)


def test_the_lock_is_let_go_when_opening_fails(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = sqlite3.connect

    def connect(target: Any, *args: Any, **options: Any) -> sqlite3.Connection:
        if target == path:
            raise sqlite3.OperationalError("no")
        return real(target, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(files.sqlite3, "connect", connect)
        with pytest.raises(StoreError, match="found: no"):
            opened(path)
    shut(opened(path))


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, StoreFull),
        (sqlite3.SQLITE_CORRUPT, StoreCorrupt),
        (sqlite3.SQLITE_NOTADB, StoreCorrupt),
        (sqlite3.SQLITE_BUSY, StoreLocked),
        (sqlite3.SQLITE_LOCKED, StoreLocked),
        (sqlite3.SQLITE_IOERR_FSYNC, StoreError),
        (sqlite3.SQLITE_CANTOPEN, StoreError),
        (None, StoreError),
    ],
)
def test_errors(code: int | None, kind: type[StoreError]) -> None:
    error = sqlite3.OperationalError("why" * 100)
    if code is not None:
        error.sqlite_errorcode = code
    told = store_error(error, Path("/a/\x1b[31m" + "b" * 300))
    assert type(told) is kind
    assert len(str(told)) <= 255 and "\x1b" not in str(told)
