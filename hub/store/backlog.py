"""What the store has of every spool and what it lacks: by ranges, without a look at any record."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlite_utils import Database

from contract.errors import RefusedError
from contract.events import Status, parse_event
from contract.ids import RecordClass, SpoolId, StationId, parse_spool
from contract.ranges import SeqRanges


@dataclass(frozen=True, slots=True)
class ClassHeld:
    """One class of a spool. `ranges`: stored or, but for calls, given up; `given_up`: what the box said that
    it gave up, of which some may have come all the same.
    """

    ranges: SeqRanges = field(default_factory=SeqRanges)
    given_up: SeqRanges = field(default_factory=SeqRanges)

    @property
    def highest(self) -> int:
        """The highest seq that is known of, 0 for none."""
        return max((high for _, high in self.ranges), default=0)

    @property
    def stored_count(self) -> int:
        """How many are here, without any that the box gave up."""
        either = SeqRanges([*self.ranges, *self.given_up])
        return _count(either) - _count(self.given_up)

    @property
    def missing_count(self) -> int:
        """How many below the highest are neither here nor given up."""
        return self.highest - _count(self.ranges)

    @property
    def given_up_count(self) -> int:
        """How many the box gave up."""
        return _count(self.given_up)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpoolHeld:
    """One spool. `status` is the newest that the box said of itself, None for none yet."""

    station: StationId
    spool: SpoolId
    heard_utc_us: int | None
    classes: Mapping[RecordClass, ClassHeld]
    unopened_count: int  # events whose key is not here, or not for this hub
    unreadable_count: int  # records of a version that this hub does not know
    status: Status | None
    status_utc_us: int | None  # when it came

    @property
    def missing_count(self) -> int:
        """How many of all classes are missing."""
        return sum(held.missing_count for held in self.classes.values())

    @property
    def owed_count(self) -> int:
        """How many records the box said that it owes."""
        return 0 if self.status is None else sum(owed.records for owed in self.status.owed.values())


def worst_first(held: SpoolHeld) -> tuple[int, int, int, int, int]:
    """Return what spools are sorted by: calls that are missing, what cannot be read, then what is missing,
    what is owed, and how long ago they were heard.
    """
    return (
        -held.classes[RecordClass.CALL].missing_count,
        -(held.unopened_count + held.unreadable_count),
        -held.missing_count,
        -held.owed_count,
        held.heard_utc_us or 0,
    )


def read_backlog(db: Database, station: StationId | None) -> list[SpoolHeld]:
    """Return every spool, or those of a station, the worst first: all as of one moment."""
    db.execute("BEGIN")
    try:
        return sorted(_held(db, station), key=worst_first)
    finally:
        db.execute("ROLLBACK")


def _held(db: Database, station: StationId | None) -> list[SpoolHeld]:
    spools = db.execute(
        "SELECT no, station, spool, heard_utc_us FROM spool WHERE :station IS NULL OR station = :station",
        {"station": station},
    ).fetchall()
    stored = _ranges(db, "SELECT spool_no, class, low, high FROM stored_range")
    given_up = _ranges(db, "SELECT spool_no, class, first_seq, last_seq FROM tombstone")
    waiting = dict(
        db.execute("SELECT spool_no, count(*) FROM record WHERE is_waiting GROUP BY spool_no").fetchall()
    )
    unreadable = dict(
        db.execute("SELECT spool_no, count(*) FROM record WHERE kind IS NULL GROUP BY spool_no").fetchall()
    )
    found = []
    for no, name, spool, heard_utc_us in spools:
        status, status_utc_us = _status(db, no)
        nothing = SeqRanges()
        found.append(
            SpoolHeld(
                station=StationId(name),
                spool=parse_spool(spool),
                heard_utc_us=heard_utc_us or None,
                classes={
                    one: ClassHeld(stored.get((no, one), nothing), given_up.get((no, one), nothing))
                    for one in RecordClass
                },
                unopened_count=waiting.get(no, 0),
                unreadable_count=unreadable.get(no, 0),
                status=status,
                status_utc_us=status_utc_us,
            )
        )
    return found


def _ranges(db: Database, query: str) -> dict[tuple[int, int], SeqRanges]:
    found: dict[tuple[int, int], SeqRanges] = {}
    for spool_no, record_class, low, high in db.execute(f"{query} ORDER BY 1, 2, 3"):
        found.setdefault((spool_no, record_class), SeqRanges()).add(low, high)
    return found


def _status(db: Database, spool_no: int) -> tuple[Status | None, int | None]:
    row = db.execute(
        "SELECT e.json, r.received_utc_us FROM event e"
        " JOIN record r ON r.spool_no = e.spool_no AND r.class = e.class AND r.seq = e.seq"
        " WHERE e.spool_no = ? AND e.name = 'status' ORDER BY e.boot DESC, e.t_us DESC LIMIT 1",
        (spool_no,),
    ).fetchone()
    if row is None:
        return None, None
    try:
        event = parse_event(row[0].encode())
    except RefusedError:  # of a hub that knew more
        return None, None
    return (event, row[1]) if isinstance(event, Status) else (None, None)


def _count(ranges: SeqRanges) -> int:
    return sum(high - low + 1 for low, high in ranges)
