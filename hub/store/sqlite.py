"""The hub's store in one SQLite file and segment files beside it. One writer a folder, many readers."""

import fcntl
import logging
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final, Self

from sqlite_utils import Database

from contract.errors import OwnFaultError
from contract.events import AnyEvent
from contract.ids import BootId, CallId, RecordClass, RecordId, SpoolId, StationId, StreamSetNo
from contract.ranges import SeqRanges
from hub.store.alert_book import SqliteAlertBook
from hub.store.call_filing import move_call
from hub.store.filing import Filing
from hub.store.fleet_book import SqliteFleetBook
from hub.store.forgetting import SqliteForgetting
from hub.store.interface import (
    Arrival,
    CallMove,
    CallRow,
    Outcome,
    StoreFailedError,
    StoreLockedError,
)
from hub.store.known import KnownSpools
from hub.store.link_book import SqliteLinkBook
from hub.store.papers import (
    AdviceDraft,
    AdviceRow,
    Paper,
    PaperRow,
    VisitId,
    file_advice,
    file_paper,
    file_visit,
    give_up_advice,
)
from hub.store.queries import Queries
from hub.store.schema import FITS_SINCE, MIGRATIONS, SCHEMA_VERSION
from hub.store.segments import SEGMENT_MAX_BYTES, SegmentReader, SegmentWriter
from hub.store.settings_book import SettingsBook
from hub.store.time_filing import file_lines, fit_old_boots
from hub.store.view_book import SqliteViewBook
from hub.times.rates import SampleLine

LOG = logging.getLogger(__name__)

DAMAGE: Final = sqlite3.Error  # what reading may raise; for the command line to say in a line

CACHE_KIB: Final = 32_768  # of the writer: what every parcel touches of 14,000 stations is 3 MB and more
BUSY_TIMEOUT_S: Final = 10.0  # a reader that finishes a checkpoint at its start


class SqliteStore(Queries):
    """`hub.store.interface.Store` over SQLite. Built, used and closed on one thread."""

    def __init__(self, folder: Path, *, is_writer: bool, segment_max_bytes: int = SEGMENT_MAX_BYTES) -> None:
        """Open the store in `folder`; the writer makes it when there is none.

        Raises:
            StoreLockedError: another writer has it.
            StoreFailedError: it cannot be opened, or was made by a newer hub.
        """
        self._folder = folder
        self._segments: SegmentWriter | None = None
        self._known = KnownSpools()  # the writer's
        with ExitStack() as opened, _as_store_failed(folder, "cannot be opened"):
            if is_writer:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                opened.callback(os.close, _lock(folder))
            db = opened.enter_context(closing(_open(folder / "hub.db", is_writer=is_writer)))
            reader = opened.enter_context(closing(SegmentReader(folder / "segments")))
            super().__init__(db, reader)
            self._settings = SettingsBook(db, self._transaction)
            if is_writer:
                lengths = dict(db.execute("SELECT no, length FROM segment").fetchall())
                writer = SegmentWriter(folder / "segments", lengths, max_bytes=segment_max_bytes)
                self._segments = opened.enter_context(closing(writer))
            self.fleet = SqliteFleetBook(db, self._transaction)
            self.alerts = SqliteAlertBook(db, self._transaction)
            self.links = SqliteLinkBook(db)
            self.forgetting = SqliteForgetting(db, self._transaction)
            self.views = SqliteViewBook(db, self._transaction)
            self._opened = opened.pop_all()

    @property
    def epoch(self) -> int:
        """A random u32 made with the store."""
        return int(self._db.execute("SELECT value FROM epoch").fetchone()[0])

    @property
    def settings(self) -> SettingsBook:
        """Settings and commands."""
        return self._settings

    def commit(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Store all arrivals durably, or none of them. Raises StoreFailedError."""
        with self._transaction() as filing:
            return [filing.take(arrival) for arrival in arrivals]

    def ranges(self, station: StationId, spool: SpoolId) -> Mapping[RecordClass, SeqRanges]:
        """Return what is stored of a spool, tombstones counted as stored, but never those of class 0."""
        known = self._known.ranges_of(station, spool)
        return super().ranges(station, spool) if known is None else known

    def file_event(self, record_id: RecordId, event: AnyEvent, *, now_utc_us: int) -> None:
        """File an event that could be opened late. Raises StoreFailedError."""
        station, spool, record_class, seq = record_id
        with self._transaction() as filing:
            spool_no = filing.spool_no(station, spool)
            cursor = self._db.execute(
                "UPDATE record SET is_waiting = 0 WHERE spool_no = ? AND class = ? AND seq = ?",
                (spool_no, record_class, seq),
            )
            if cursor.rowcount != 1:
                raise OwnFaultError(f"record {record_id} is not stored; its event cannot be filed")
            filing.file(spool_no, record_class, seq, event, now_utc_us=now_utc_us)

    def file_lines(
        self,
        station: StationId,
        spool: SpoolId,
        set_no: StreamSetNo,
        boot: BootId,
        lines: Mapping[int, SampleLine],
        *,
        now_utc_us: int,
    ) -> None:
        """Keep a line of each stream. Raises StoreFailedError."""
        with self._transaction() as filing:
            spool_no = filing.spool_no(station, spool)
            file_lines(self._db, spool_no, set_no, boot, lines, made_utc_us=now_utc_us)

    def move_calls(self, moves: Sequence[CallMove]) -> list[CallRow | None]:
        """Compare and set: None for a call that has another revision by now. Raises StoreFailedError."""
        with self._transaction():
            return [self.call(move.call_id) if move_call(self._db, move) else None for move in moves]

    def note_visit(self, call_id: CallId, of: VisitId, *, utc_us: int) -> None:
        """Keep that somebody is being seen in a call. Raises StoreFailedError."""
        with self._transaction():
            file_visit(self._db, call_id, of, utc_us=utc_us)

    def keep_paper(self, paper: Paper, *, after: int | None) -> PaperRow | None:
        """Keep a version that follows `after`; None: another one stands by now. Raises StoreFailedError."""
        with self._transaction():
            if not file_paper(self._db, paper, after=after):
                return None
            return self.papers_of_call(paper.call_id, kind=paper.kind)[-1]

    def add_advice(self, draft: AdviceDraft) -> AdviceRow:
        """Number advice and keep it. Raises StoreFailedError."""
        with self._transaction():
            no = file_advice(self._db, draft)
            return next(row for row in self.advice_of_call(draft.call_id) if row.no == no)

    def give_up_advice(self, no: int, *, utc_us: int) -> None:
        """Nobody says it any more. Raises StoreFailedError."""
        with self._transaction():
            give_up_advice(self._db, no, utc_us=utc_us)

    def close(self) -> None:
        """Close all files and let another writer in."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _transaction(self) -> Iterator[Filing]:
        if self._segments is None:
            raise OwnFaultError("this store was opened for reading")
        with _as_store_failed(self._folder, "failed"):
            try:
                with self._db.atomic():
                    filing = Filing(self._db, self._segments, self._reader, self._known)
                    yield filing
                    filing.finish()
                self._segments.keep()
                self._known.keep(filing.spool_nos, filing.ranges())
            except BaseException:
                self._known.forget()
                self._undo(self._segments)
                raise

    def _undo(self, segments: SegmentWriter) -> None:
        try:
            segments.undo()
        except OSError as error:
            LOG.error("the tail of a segment in %s could not be cut off: %s", self._folder, error)


@contextmanager
def _as_store_failed(folder: Path, what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        raise StoreFailedError(f"store {folder} {what}: {_cause(error, folder)}") from error


def _lock(folder: Path) -> int:
    path = folder / "lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(fd, 32, 0).decode(errors="replace").strip()
        os.close(fd)
        raise StoreLockedError(
            f"store {folder} is open in another hub (process {owner or 'unknown'}): stop that one,"
            " or give this one a folder of its own ([folders] store)"
        ) from None
    os.ftruncate(fd, 0)
    os.pwrite(fd, str(os.getpid()).encode(), 0)
    return fd


def _open(path: Path, *, is_writer: bool) -> Database:
    if not is_writer and not path.exists():
        raise FileNotFoundError(f"{path} does not exist")
    db = Database(sqlite3.connect(path, timeout=BUSY_TIMEOUT_S))
    try:
        if is_writer:
            db.execute("PRAGMA journal_mode = WAL").fetchone()
            db.execute("PRAGMA synchronous = FULL")  # NORMAL may lose the last commits in a power cut
            db.execute("PRAGMA foreign_keys = ON")
            db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
            _migrate(db, path)
        else:
            db.execute("PRAGMA query_only = ON")
            _check_version(db, path)
    except BaseException:
        db.close()
        raise
    return db


def _migrate(db: Database, path: Path) -> None:
    version = _version(db, path)
    for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
        db.conn.executescript(f"BEGIN; {script}")
        if number == 1:
            db.execute("INSERT INTO epoch (value) VALUES (abs(random()) % 4294967296)")
        if number == FITS_SINCE:
            fit_old_boots(db, made_utc_us=time.time_ns() // 1_000)
        db.execute(f"PRAGMA user_version = {number}")
        db.execute("COMMIT")


def _check_version(db: Database, path: Path) -> None:
    if _version(db, path) != SCHEMA_VERSION:
        raise sqlite3.DatabaseError(f"{path} is not made yet, or of an older hub: start this hub on it first")


def _version(db: Database, path: Path) -> int:
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise sqlite3.DatabaseError(
            f"{path} has version {version}, this hub knows {SCHEMA_VERSION}:"
            " run the newer hub, or restore an older backup"
        )
    return version


def _cause(error: OSError | sqlite3.Error, folder: Path) -> str:
    text = str(error) or type(error).__name__
    try:
        free_bytes = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    except OSError:
        return f"{text}: does the folder exist, and may this user write there?"
    return (
        f"{text}; nothing was stored, the boxes keep their records and send them again."
        f" {free_bytes // 2**20} MB are free there: make room, or see whether the disk is failing"
    )
