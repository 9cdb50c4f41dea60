"""Opening an SQLite file: alone, sound, and in the newest form.

Everything here runs in the thread that owns the connection. In order:

1. A lock beside the file, ``<name>-lock``, keeps a second program out. It is an empty SQLite file under an exclusive
   lock, so it works wherever SQLite does, and the system lets go of it when the program dies.
2. A connection that cannot write looks at the file: is it one of ours, sound, and not newer than this program? So a
   file that is refused has not been changed.
3. The one connection that writes: WAL, every commit synced, and the migrations that are missing, each in one
   transaction with its number (``user_version``). There is no way back.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import msgspec

from ocpp21.errors import StoreCorrupt, StoreError, StoreFull, StoreLocked, printable, shorten

__all__ = ["Opened", "Schema", "open_file", "store_error"]

#: STRICT tables came with this version.
_LEAST_SQLITE: Final = (3, 37, 0)

#: Most memory for pages, in KiB, and how long the log grows before its pages move to the file. Many stations at a time
#: touch a page each: with SQLite's own 2 MiB and 1000 pages it reads and moves them again and again.
_CACHE_KIB: Final = 16_384
_LOG_BYTES: Final = 16_384_000

#: What SQLite's primary result codes mean to us; all others are errors of input and output, or of ours.
_ERRORS: Final = {
    sqlite3.SQLITE_FULL: StoreFull,
    sqlite3.SQLITE_CORRUPT: StoreCorrupt,
    sqlite3.SQLITE_NOTADB: StoreCorrupt,
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
}


class Schema(msgspec.Struct, frozen=True):
    """What a file holds.

    Attributes:
        name: for errors: ``the store of a Charging Station``.
        application_id: marks the file, so that no other file is taken for one of this kind; 32 bits.
        migrations: SQL scripts; the n-th takes a file from version n to n + 1. Never changed once released.
        page_bytes: size of the pages of a new file. Records of more than a quarter of it spill over, which costs time;
            a commit writes whole pages, which wears flash memory.
    """

    name: str
    application_id: int
    migrations: tuple[str, ...]
    page_bytes: int = 4096


class Opened(NamedTuple):
    """A file that is open.

    Attributes:
        connection: reads and writes it.
        lock: holds the lock as long as it is open.
        set_aside: where the damaged file is now, if there was one.
    """

    connection: sqlite3.Connection
    lock: sqlite3.Connection
    set_aside: Path | None


def store_error(error: sqlite3.Error, path: Path) -> StoreError:
    """Say of an error of SQLite what it means to us."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    expected = "room" if code == sqlite3.SQLITE_FULL else "to read and write"
    text = f"expected {expected} in {_shown(path)}, found: {error}"
    return _ERRORS.get(code, StoreError)(shorten(text))


def open_file(path: Path, schema: Schema, /, *, set_aside: bool) -> Opened:
    """Open a file, and create it when there is none.

    Args:
        path: of the file.
        schema: what it holds.
        set_aside: move a damaged file out of the way, and begin with an empty one.

    Raises:
        StoreLocked: another program has the file.
        StoreCorrupt: the file is damaged or holds something else; it was not changed.
        StoreError: the file cannot be opened, or a newer version has written it.
    """
    if sqlite3.sqlite_version_info < _LEAST_SQLITE:
        wanted = ".".join(map(str, _LEAST_SQLITE))
        raise StoreError(f"expected SQLite {wanted} or newer, found {sqlite3.sqlite_version}")
    lock = _lock(path)
    try:
        moved = None
        try:
            _look(path, schema)
        except StoreCorrupt:
            if not set_aside:
                raise
            moved = _move_aside(path)
        return Opened(_connect(path, schema), lock, moved)
    except BaseException:
        lock.close()
        raise


def _lock(path: Path) -> sqlite3.Connection:
    lock = None
    try:
        lock = sqlite3.connect(_beside(path, "-lock"), timeout=0, isolation_level=None)
        lock.execute("PRAGMA journal_mode = MEMORY")
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if lock is not None:
            lock.close()
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
            text = f"expected to be the only program that has {_shown(path)} open, found another one"
            raise StoreLocked(text) from error
        raise store_error(error, path) from error
    return lock


def _look(path: Path, schema: Schema) -> None:
    """Refuse a file that is not sound, not ours, or too new, without a change to it."""
    log = _beside(path, "-wal")
    if not path.exists() or not path.stat().st_size:
        if log.exists() and log.stat().st_size:
            # SQLite would delete the log of a file without pages, and with it what was committed.
            raise StoreCorrupt(f"expected {schema.name} in {_shown(path)}, found an empty file beside a log of changes")
        return
    try:
        if _beside(path, "-journal").exists():
            # The program died while it created the file. What was begun must be undone, and not by one who only reads.
            with closing(sqlite3.connect(path, timeout=0)) as connection:
                connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=0)) as connection:
            (kind,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            # A program that died while it created the file has left it without tables, and without a mark.
            if kind != schema.application_id and (kind or tables):
                found = f"a database marked {kind:#010x} with {tables} entries"
                raise StoreCorrupt(f"expected {schema.name} in {_shown(path)}, found {found}")
            if version > len(schema.migrations):
                known = len(schema.migrations)
                text = f"expected version {known} at most in {_shown(path)}, found {version}: a newer program wrote it"
                raise StoreError(text)
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise store_error(error, path) from error
    if verdict != "ok":
        raise StoreCorrupt(shorten(f"expected a sound database in {_shown(path)}, found: {printable(verdict)}"))


def _connect(path: Path, schema: Schema) -> sqlite3.Connection:
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        connection.execute(f"PRAGMA page_size = {schema.page_bytes}")  # of no effect on a file that is there
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        connection.execute(f"PRAGMA wal_autocheckpoint = {_LOG_BYTES // schema.page_bytes}")
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(f"expected a file system that lets SQLite keep a WAL at {_shown(path)}, found {mode}")
        _migrate(connection, schema)
    except BaseException as error:
        if connection is not None:
            connection.close()
        if isinstance(error, sqlite3.Error):
            raise store_error(error, path) from error
        raise
    return connection


def _migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Bring the file to the newest version, step by step; a step that fails leaves the version before it."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    for number, script in enumerate(schema.migrations[version:], version + 1):
        mark = f"PRAGMA application_id = {schema.application_id}; PRAGMA user_version = {number};"
        connection.executescript(f"BEGIN IMMEDIATE; {script} {mark} COMMIT;")


def _move_aside(path: Path) -> Path:
    """Rename a damaged file, and its log with it, so that SQLite finds both when somebody looks into them."""
    moved = _beside(path, f".corrupt-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}")
    number = 1
    while moved.exists():
        number += 1
        moved = _beside(path, f".corrupt-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{number}")
    for suffix in ("-wal", "-shm", ""):
        part = _beside(path, suffix)
        if part.exists():
            part.rename(_beside(moved, suffix))
    return moved


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _shown(path: Path) -> str:
    return printable(shorten(str(path), 120))
