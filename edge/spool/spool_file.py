"""The spool's database file: ours alone, its tables of today, its log at full size (shell: sqlite-utils)."""

import errno
import fcntl
import resource
import shutil
import sqlite3
from pathlib import Path
from typing import BinaryIO, Final

from sqlite_utils import Database

from edge.errors import SpoolBusyError, SpoolDamagedError, SpoolError
from edge.spool.damage import says_damaged, spool_error
from edge.spool.integrity_log import log_damage
from edge.spool.salvage_scan import page_bytes_of
from edge.spool.schema import SCHEMA

PAGE_BYTES: Final = 512  # of a new file; measured in docs/adr/0016-the-spool.md
LOG_FRAME_BYTES: Final = 24  # what the log adds to each page
LOG_BYTES: Final = 4_400_000
CHECKPOINT_BYTES: Final = 4_000_000  # of log; the commit that crosses it still fits
HEAD_BYTES: Final = 100  # of a file: its header
CHANGE: Final = "change the card soon"
GROWTH_MARGIN_BYTES: Final = 12_000_000  # free beyond it: a full log and the pages that it makes of the file


class SpoolFile:
    """An open spool file and the lock beside it. Raises SpoolBusyError, SpoolError when it cannot be had."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock = path.with_suffix(".lock").open("w")
        except OSError as error:
            raise SpoolError(
                f"{path}: cannot be made: {error.strerror}; check [data_dir], its rights and the card"
            ) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise SpoolBusyError(f"{path}: another `edge vitals` holds this spool; stop it first") from error
        self.db: Database | None = None
        self._raw: BinaryIO | None = None
        self.page_bytes = PAGE_BYTES
        try:
            self.db = self._open()
            self._extend_log()
        except (OSError, sqlite3.Error, SpoolError) as error:
            self.close()
            if isinstance(error, SpoolError):
                raise
            if isinstance(error, sqlite3.Error) and says_damaged(error):
                raise spool_error(path, error) from error
            raise SpoolError(
                f"{path}: cannot be opened: {error}; check card and rights, and keep the file"
            ) from error

    def _open(self) -> Database:
        self._refuse_damaged()
        connection = sqlite3.connect(self.path, isolation_level=None)
        self.db = Database(connection)
        for pragma in (
            f"page_size = {PAGE_BYTES}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = OFF",
        ):
            connection.execute(f"PRAGMA {pragma}")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > len(SCHEMA):
            raise SpoolDamagedError(
                f"{self.path}: made by a newer version ({version}); this one knows {len(SCHEMA)}: update it"
            )
        if not version and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise SpoolDamagedError(f"{self.path}: its header is damaged: it has tables and no version")
        for number, script in enumerate(SCHEMA[version:], start=version + 1):
            connection.executescript(f"BEGIN IMMEDIATE; {script} PRAGMA user_version = {number}; COMMIT;")
        self.page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
        pages = CHECKPOINT_BYTES // (self.page_bytes + LOG_FRAME_BYTES)
        connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
        self._raw = self.path.open("rb", buffering=0)
        return self.db

    def _refuse_damaged(self) -> None:
        """Look at file and log before SQLite does, who deletes or overwrites a log that it cannot read."""
        log = self._log.read_bytes() if self._log.exists() else b""
        head = b""
        if self.path.exists():
            with self.path.open("rb") as file:
                head = file.read(HEAD_BYTES)
        if not head:
            if any(log):
                raise SpoolDamagedError(f"{self.path}: the file is gone from beside its log")
            return
        page_bytes = page_bytes_of(head)
        if page_bytes is None:
            raise SpoolDamagedError(f"{self.path}: file is not a database: the file is damaged; {CHANGE}")
        damage = log_damage(log, page_bytes)
        if damage is not None:
            raise SpoolDamagedError(f"{self.path}: {damage}; {CHANGE}")

    def raw_page(self, number: int) -> bytes:
        """Return a page as the last checkpoint left it in the file; short or empty where the file ends."""
        assert self._raw is not None  # noqa: S101  # open, or it would have raised
        self._raw.seek((number - 1) * self.page_bytes)
        return self._raw.read(self.page_bytes)

    def raw_bytes(self) -> int:
        """Return the size of the file without its log."""
        return self.path.stat().st_size

    @property
    def _log(self) -> Path:
        return self.path.with_name(f"{self.path.name}-wal")

    def is_log_held(self) -> bool:
        """Whether the log is so much larger than it should be that somebody must be reading the file: then it
        cannot be begun anew.
        """
        try:
            return self._log.stat().st_size > 2 * LOG_BYTES
        except OSError:  # the card is in trouble: the commit itself will say so
            return False

    def _extend_log(self) -> None:
        """Write the log to its full size: commits that grow a file cost three times as many bytes.

        SQLite takes the zeros for the end of what is valid, and writes over them from its own end on.
        """
        try:
            with self._log.open("ab") as log:
                log.write(bytes(max(0, LOG_BYTES - log.tell())))
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):  # then it grows as it must
                raise

    def may_grow(self) -> bool:
        """Whether the partition (and this process's limit) has ample room.

        A log that holds pages for which the file cannot grow can never be emptied: then even deleting fails.
        So the file stops growing before that, and what is stored goes where something was given up.
        """
        limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
        try:
            free = shutil.disk_usage(self.path.parent).free
            left = free if limit == resource.RLIM_INFINITY else limit - self.path.stat().st_size
        except OSError:  # the card is in trouble: the commit itself will say so
            return True
        return min(free, left) >= GROWTH_MARGIN_BYTES

    def close(self) -> None:
        """Give file and lock back. It is not needed for durability."""
        if self.db is not None:
            self.db.close()
        if self._raw is not None:
            self._raw.close()  # after the database: closing any descriptor of a file drops all its locks
        self._lock.close()
