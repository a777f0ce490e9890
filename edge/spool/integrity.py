"""A spool's file checked while it is in use, a slice at a time (shell over sqlite-utils).

SQLite keeps no checksums of its pages, and its own check of a large file takes minutes in one go. Here each
slice is a short read of some 32 kB: a press waits for no more than that, and the log can be begun anew.

What is looked at, in order: the small tables by SQLite's own check of a table; the list of free pages; every
record, read in order (its CRC, its name, its columns), found again by its number (so that the inner pages of
the tree are right), and none missing that was not given up.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from sqlite_utils import Database

from contract.errors import RefusedError
from contract.header import Record, parse_record
from contract.ids import RecordClass
from contract.ranges import SeqRanges
from edge.errors import SpoolDamagedError
from edge.spool.integrity_pages import FreeWalk, walk_on
from edge.spool.ledger import Ledger
from edge.spool.schema import record_table
from edge.spool.spool_file import SpoolFile

SLICE_BYTES: Final = (
    32_768  # of records: 10 ms of a card that reads 3 MB a second, and as much of a processor
)
CLASSES: Final = (RecordClass.CALL, RecordClass.NUMERIC, RecordClass.PART, RecordClass.WAVEFORM)
_TABLES: Final = "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"


@dataclass(frozen=True, slots=True)
class Place:
    """How far a check is: small tables looked at, then the free list, then records by class and seq."""

    tables: int = 0
    free: FreeWalk = field(default_factory=FreeWalk)
    classes: int = 0  # of CLASSES that are done
    after: int = 0  # seqs of the class that is not

    @property
    def is_done(self) -> bool:
        """Whether all was looked at."""
        return self.classes == len(CLASSES)

    def saved(self) -> list[int]:
        """Return what a restart must know, as JSON."""
        return [self.classes, self.after]

    @classmethod
    def restored(cls, saved: Any) -> Self:
        """Return the place that was `saved`; small tables and free list are looked at again."""
        match saved:
            case [int(classes), int(after)] if 0 <= classes < len(CLASSES) and after >= 0:
                return cls(classes=classes, after=after)
        return cls()


@dataclass(frozen=True, slots=True)
class Found:
    """Records that are damaged or missing, of one class."""

    record_class: RecordClass
    seqs: SeqRanges


def share_of(place: Place, ledgers: Mapping[RecordClass, Ledger]) -> float:
    """Return the share of the records that was looked at, 0 … 1."""
    there = {c: ledgers[c].given - ledgers[c].given_up.count_to(ledgers[c].given) for c in CLASSES}
    done = sum(there[c] for c in CLASSES[: place.classes])
    if not place.is_done:
        done += place.after - ledgers[CLASSES[place.classes]].given_up.count_to(place.after)
    return 1.0 if place.is_done else done / max(1, sum(there.values()))


def check_slice(
    db: Database, file: SpoolFile, ledgers: Mapping[RecordClass, Ledger], place: Place
) -> tuple[Place, Found | None]:
    """Look at what comes next; return how far the check is then, and what is damaged alone.

    Raises SpoolDamagedError when the file itself is, sqlite3.Error.
    """
    names = [name for (name,) in db.execute(_TABLES).fetchall() if not name.startswith("record_")]
    if place.tables < len(names):
        _check_table(db, file, names[place.tables])
        return replace(place, tables=place.tables + 1), None
    if not place.free.is_over:
        return replace(place, free=_walk_free_list(db, file, place.free)), None
    record_class = CLASSES[place.classes]
    return _check_records(db, file, record_class, ledgers[record_class], place)


def _check_table(db: Database, file: SpoolFile, name: str) -> None:
    told = [row[0] for row in db.execute(f"PRAGMA quick_check('{name}')").fetchall()]
    if told != ["ok"]:
        raise SpoolDamagedError(f"{file.path}: table {name}: {told[0]}")


def _walk_free_list(db: Database, file: SpoolFile, walk: FreeWalk) -> FreeWalk:
    """A fault may only mean that the last checkpoint was cut off: it is made whole before it is believed."""
    walk = walk_on(walk, file.raw_page, file_bytes=file.raw_bytes())
    if walk.fault is not None:
        busy, frames, moved = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        if busy or frames != moved:
            return replace(walk, fault=None)  # somebody reads: the next check will see
        again = walk_on(FreeWalk(), file.raw_page, file_bytes=file.raw_bytes(), most=2**31)
        if again.fault is not None:
            raise SpoolDamagedError(f"{file.path}: {again.fault}")
        return again
    return walk


def _check_records(
    db: Database, file: SpoolFile, record_class: RecordClass, ledger: Ledger, place: Place
) -> tuple[Place, Found | None]:
    table, last, size, is_end = record_table(record_class), place.after, 0, True
    there, damaged = SeqRanges(), SeqRanges()
    cursor = db.execute(f"SELECT seq, boot, t_us, raw FROM {table} WHERE seq > ? ORDER BY seq", [place.after])
    try:
        for seq, boot, t_us, raw in cursor:
            if not isinstance(seq, int) or seq <= last:
                raise SpoolDamagedError(f"{file.path}: {table}: row {seq} comes after row {last}")
            last = seq
            there.add(seq, seq)
            if not _is_sound(record_class, seq, boot, t_us, raw) and seq not in ledger.given_up:
                damaged.add(seq, seq)
            size += len(raw) if isinstance(raw, bytes) else 0
            if size >= SLICE_BYTES:
                is_end = False
                break
    finally:
        cursor.close()  # else the log could not be begun anew
    for low, high in there:
        sql = f"SELECT count(*) FROM {table} WHERE seq = ?"
        for seq in range(low, high + 1):
            if db.execute(sql, [seq]).fetchone() != (1,):
                raise SpoolDamagedError(f"{file.path}: {table}: row {seq} is there and is not found")
    end = max(ledger.given, last) if is_end else last
    for hole in there.holes(place.after + 1, end):
        for low, high in ledger.given_up.holes(*hole):
            damaged.add(low, high)
    classes, after = (place.classes + 1, 0) if is_end else (place.classes, last)
    found = Found(record_class, damaged) if any(damaged) else None
    return replace(place, classes=classes, after=after), found


def _is_sound(record_class: RecordClass, seq: int, boot: object, t_us: object, raw: object) -> bool:
    try:
        record = parse_record(bytes(raw))  # type: ignore[call-overload]
    except (RefusedError, TypeError, ValueError):
        return False
    if not isinstance(record, Record):
        return True  # a newer version's: its CRC is right
    header = record.header
    return (header.record_class, header.seq, header.boot, header.t_us) == (record_class, seq, boot, t_us)
