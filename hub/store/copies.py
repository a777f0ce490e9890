"""Copies of SQLite files (the store's and the accounts'), taken while their owner goes on writing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from hub.store.interface import StoreFailedError
from hub.store.schema import SCHEMA_VERSION

PAGES_AT_ONCE: Final = 2_000  # 8 MB between two looks at the progress bar


class Counts(NamedTuple):
    """What a store holds, for people."""

    stations: int
    records: int
    newest_utc_us: int  # when the newest record was received; 0: there is none


def copy_database(source: Path, target: Path, *, on_bytes: Callable[[int], None]) -> None:
    """Copy `source` as it is at one moment; `on_bytes` is told how many bytes were copied more.

    The moment is that of the first read: the source is read within one transaction, so that writers neither
    wait for us nor make us begin again. Raises StoreFailedError.
    """
    if not source.exists():
        raise StoreFailedError(f"{source} does not exist: is this the hub's configuration?")
    try:
        with closing(sqlite3.connect(source)) as ours, closing(sqlite3.connect(target)) as copy:
            page_bytes = int(ours.execute("PRAGMA page_size").fetchone()[0])
            ours.execute("BEGIN")
            ours.execute("SELECT count(*) FROM sqlite_master").fetchone()
            left = [-1]

            def progress(_status: int, remaining: int, total: int) -> None:
                before = total if left[0] < 0 else left[0]
                left[0] = remaining
                on_bytes((before - remaining) * page_bytes)

            ours.backup(copy, pages=PAGES_AT_ONCE, progress=progress)
            copy.execute("PRAGMA journal_mode = DELETE").fetchone()  # one file, complete in itself
    except sqlite3.Error as error:
        raise StoreFailedError(f"{source} cannot be copied to {target}: {error}") from error


def check_database(path: Path) -> None:
    """Raise StoreFailedError when SQLite finds the file damaged."""
    try:
        with closing(sqlite3.connect(path)) as db:
            (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        found = str(error)
    if found != "ok":
        raise StoreFailedError(f"{path} is damaged: {found}")


def segment_lengths(path: Path) -> dict[int, int]:
    """Return how far each segment is valid by the store's file `path`. Raises StoreFailedError."""
    with closing(_open_store(path)) as db:
        return dict(db.execute("SELECT no, length FROM segment ORDER BY no").fetchall())


def count_records(path: Path) -> Counts:
    """Return what the store's file `path` holds. Raises StoreFailedError."""
    with closing(_open_store(path)) as db:
        (stations,) = db.execute("SELECT count(DISTINCT station) FROM spool").fetchone()
        records, newest = db.execute("SELECT count(*), max(received_utc_us) FROM record").fetchone()
    return Counts(stations, records, newest or 0)


def read_epoch(path: Path) -> int:
    """Return the epoch of the store's file `path`. Raises StoreFailedError."""
    with closing(_open_store(path)) as db:
        return int(db.execute("SELECT value FROM epoch").fetchone()[0])


def write_epoch(path: Path, epoch: int) -> None:
    """Give the store's file `path` this epoch. Raises StoreFailedError."""
    with closing(_open_store(path)) as db, db:
        db.execute("UPDATE epoch SET value = ?", (epoch,))


def _open_store(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    try:
        version = int(db.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        db.close()
        raise StoreFailedError(f"{path} cannot be read: {error}") from error
    if not 1 <= version <= SCHEMA_VERSION:
        db.close()
        raise StoreFailedError(f"{path} has version {version}, this hub knows 1 … {SCHEMA_VERSION}")
    return db
