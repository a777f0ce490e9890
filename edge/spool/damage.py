"""What an error of SQLite means for the file (core over sqlite3's codes)."""

import sqlite3
from pathlib import Path
from typing import Final

from edge.errors import SpoolDamagedError, SpoolError

DAMAGED: Final = "damaged on the card"  # what a tombstone says
_DAMAGED: Final = frozenset(
    {
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_CONSTRAINT,  # we break none: a table has lost what it counts by
    }
)
_UNREADABLE: Final = frozenset({sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ})
_SCHEMA_GONE: Final = ("no such table", "no such column", "malformed database schema")


def says_damaged(error: sqlite3.Error) -> bool:
    """Whether the file itself is at fault: not the disk's room, not a lock, not its rights."""
    code = getattr(error, "sqlite_errorcode", None)  # Python's own complaints have none
    if code is None:
        return str(error).startswith("Could not decode")  # a text that no longer is one
    return (
        code & 0xFF in _DAMAGED
        or code in _UNREADABLE
        or (code == sqlite3.SQLITE_ERROR and str(error).startswith(_SCHEMA_GONE))
    )


def spool_error(path: Path, error: sqlite3.Error) -> SpoolError:
    """Return what to raise for an error that is not a matter of room."""
    if says_damaged(error):
        return SpoolDamagedError(f"{path}: {error}: the file is damaged; change the card soon")
    return SpoolError(f"{path}: {error}; check the card, and the system's log")
