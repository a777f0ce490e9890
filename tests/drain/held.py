"""What of a backlog the hub's store holds, read beside the running hub."""

import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.ids import RecordClass, StationId
from contract.ranges import SeqRanges
from edge.spool.schema import record_table
from hub.store.sqlite import SqliteStore
from tests.drain.picture import Lanes
from tests.village.station import Station

BACKLOG: Final = (RecordClass.NUMERIC, RecordClass.WAVEFORM)
_SIZES: Final = "SELECT length(raw) FROM {} ORDER BY seq"


@dataclass(frozen=True, slots=True)
class Backlog:
    """The records of a spool before its box started: the size of each by class, the first has seq 1."""

    sizes: Mapping[RecordClass, list[int]]

    @classmethod
    def of_spool(cls, path: Path) -> "Backlog":
        """Read it from the spool's file."""
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
            return cls({c: [size for (size,) in db.execute(_SIZES.format(record_table(c)))] for c in BACKLOG})

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(map(len, self.sizes.values()))


@dataclass(frozen=True, slots=True)
class Held:
    """Of one moment."""

    backlog: int
    backlog_bytes: int
    live: int
    calls: int

    def lanes(self, at_s: float) -> Lanes:
        """As the picture wants it."""
        return Lanes(at_s, self.backlog, self.live, self.calls)


def held_of(store: SqliteStore, station: StationId, backlog: Backlog) -> Held:
    """Look at the store."""
    records = size_bytes = live = calls = 0
    for spool in store.spools(station):
        ranges = store.ranges(station, spool)
        calls += ranges[RecordClass.CALL].count_to(2**62) if RecordClass.CALL in ranges else 0
        for record_class, sizes in backlog.sizes.items():
            for low, high in ranges.get(record_class, ()):
                of_backlog = sizes[low - 1 : high]
                records += len(of_backlog)
                size_bytes += sum(of_backlog)
                live += high - low + 1 - len(of_backlog)
    return Held(records, size_bytes, live, calls)


@dataclass(frozen=True, slots=True)
class Faults:
    """Of everything that was sent so far. `lost`: records of which the station believes that the hub has
    them, and it has not; `doubled`: sealed bodies that the hub holds once more under another name."""

    lost: int
    doubled: int


def faults_of(station: Station, store: Path) -> Faults:
    """Hold the station's spool and the hub's store against each other, while both run."""
    path = station.folder / "data" / "spool.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        believed = db.execute("SELECT class, low, high FROM received").fetchall()
    lost, bodies = 0, Counter[bytes]()
    with SqliteStore(store, is_writer=False) as held:
        for spool in held.spools(station.name):
            ranges = held.ranges(station.name, spool)
            for record_class, low, high in believed:
                there = ranges.get(RecordClass(record_class), SeqRanges())
                lost += sum(last - first + 1 for first, last in there.holes(low, high))
            for record_class in BACKLOG:
                for one in held.chunks(station.name, spool, record_class=record_class):
                    bodies[one.record.body] += 1
    return Faults(lost, doubled=bodies.total() - len(bodies))
