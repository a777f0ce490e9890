"""What a spool's file holds, read beside the product: names and check sums, and what is known of each."""

import json
import sqlite3
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from contract.events import KeyMade, Tombstone, parse_event
from contract.header import Header, Kind, Record, parse_draft, parse_record
from contract.ids import CLEAR, KeyId, RecordClass, SpoolId
from contract.sealing import Opener, unwrap_key
from edge.spool.schema import record_table
from tests.integration.edge.spools import HUB, STATION

# The check sum of a row is zlib's: Castagnoli's over a record that ends with its own is the same for all.
TABLES: Final = {int(record_class): record_table(record_class) for record_class in RecordClass}

FACTS: Final = ("call", "desired", "epoch", "visit")  # of the box's rooms; the spool's own are its own affair

Name = tuple[int, int]  # class, seq


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a spool's file holds. Rows by their check sums."""

    records: Mapping[Name, int] = field(default_factory=dict)
    drafts: tuple[int, ...] = ()
    presses: Mapping[tuple[str, int, int], int] = field(default_factory=dict)  # -> seq
    received: tuple[tuple[int, int, int], ...] = ()  # class, low, high
    counters: Mapping[int, int] = field(default_factory=dict)  # class -> the highest seq ever given
    boots: int = 0
    spool: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)  # what a restart goes on from: a call, a visit …

    def has_received(self, name: Name) -> bool:
        """Whether the hub is known to have this record."""
        return any(one == name[0] and low <= name[1] <= high for one, low, high in self.received)


class Known(NamedTuple):
    """What is known of a row, by its check sum."""

    record_class: int
    stream_set: int
    first_index: int
    samples: int
    body: int  # check sum: a draft that got a number keeps its body
    gives_up: tuple[int, int, int] | None  # a tombstone's class, first, last


def read_contents(db: sqlite3.Connection) -> Contents:
    """Read all tables. Raises sqlite3.Error, for one on a file without them."""
    records = {
        (record_class, seq): zlib.crc32(raw)
        for record_class, table in TABLES.items()
        for seq, raw in db.execute(f"SELECT seq, raw FROM {table}")  # noqa: S608 - our own names
    }
    counters = dict(db.execute("SELECT name, seq FROM sqlite_sequence"))
    facts = dict(db.execute("SELECT name, value FROM fact"))
    return Contents(
        records=records,
        drafts=tuple(zlib.crc32(raw) for (raw,) in db.execute("SELECT raw FROM draft ORDER BY draft")),
        presses={(d, b, c): s for d, b, c, s in db.execute("SELECT * FROM press")},
        received=tuple(db.execute("SELECT class, low, high FROM received ORDER BY class, low")),
        counters={one: counters.get(table, 0) for one, table in TABLES.items()},
        boots=db.execute("SELECT count(*) FROM boot").fetchone()[0],
        spool=facts.get("spool", ""),
        facts={name: value for name, value in facts.items() if name in FACTS},
    )


def known_of(header: Header, body: bytes, gives_up: tuple[int, int, int] | None = None) -> Known:
    """Return what a row's header says."""
    return Known(
        record_class=int(header.record_class),
        stream_set=int(header.stream_set),
        first_index=header.first_index,
        samples=header.count,
        body=zlib.crc32(body),
        gives_up=gives_up,
    )


class Teller:
    """Says what the file at `path` holds now, and of each row that it meets first what is known of it;
    before that, how long the file `beside` is.
    """

    def __init__(self, path: Path, *, beside: Path | None = None) -> None:
        self.path, self._beside = path, beside
        self._met: set[int] = set()
        self._openers: dict[int, Opener] = {}
        self._contents = Contents()

    def last_seqs(self) -> dict[RecordClass, int]:
        """The last number of each class, as told last."""
        return {RecordClass(one): last for one, last in self._contents.counters.items()}

    def line(self) -> str:
        """One line of JSON, for `parse_line` and `beside_of`."""
        beside_bytes = self._beside.stat().st_size if self._beside is not None else 0
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as db:
            now = self._contents = read_contents(db)
            known = self._meet(db, now)
        return json.dumps(
            {
                "records": [[*name, check] for name, check in now.records.items()],
                "drafts": now.drafts,
                "presses": [[*name, seq] for name, seq in now.presses.items()],
                "received": now.received,
                "counters": [[one, last] for one, last in now.counters.items()],
                "boots": now.boots,
                "spool": now.spool,
                "facts": now.facts,
                "beside_bytes": beside_bytes,
                "known": known,
            }
        )

    def _meet(self, db: sqlite3.Connection, now: Contents) -> list[tuple[int, Known]]:
        found = []
        for (record_class, seq), check in sorted(now.records.items()):
            if check not in self._met:
                sql = f"SELECT raw FROM {TABLES[record_class]} WHERE seq = ?"  # noqa: S608
                record = parse_record(db.execute(sql, [seq]).fetchone()[0])
                assert isinstance(record, Record)
                found.append((check, known_of(record.header, record.body, self._gives_up(record, now.spool))))
        for (raw,) in db.execute("SELECT raw FROM draft"):
            if zlib.crc32(raw) not in self._met:
                draft = parse_draft(raw)
                found.append((zlib.crc32(raw), known_of(draft.header, draft.body)))
        self._met |= {check for check, _ in found}
        return found

    def _gives_up(self, record: Record, spool: str) -> tuple[int, int, int] | None:
        """Open an event: if it is a tombstone, what it stands for."""
        if record.header.kind is not Kind.EVENT:
            return None
        if record.header.key_id == CLEAR:
            key = parse_event(record.body)
            assert isinstance(key, KeyMade)
            number = SpoolId(int(json.loads(spool), 16))
            self._openers[key.key_id] = unwrap_key(
                HUB, key.wrapped_key, station=STATION, spool=number, key_id=KeyId(key.key_id)
            )
            return None
        opener = self._openers.get(record.header.key_id)
        if opener is None:  # of a life before, whose key has gone: that life has told it
            return None
        told = parse_event(opener.open(record))
        return (told.record_class, told.first_seq, told.last_seq) if isinstance(told, Tombstone) else None


def parse_line(line: str) -> tuple[Contents, dict[int, Known]]:
    """Return what a line of `Teller` says."""
    told = json.loads(line)
    contents = Contents(
        records={(one, seq): check for one, seq, check in told["records"]},
        drafts=tuple(told["drafts"]),
        presses={(d, b, c): seq for d, b, c, seq in told["presses"]},
        received=tuple((one, low, high) for one, low, high in told["received"]),
        counters=dict(told["counters"]),
        boots=told["boots"],
        spool=told["spool"],
        facts=told["facts"],
    )
    known = {check: Known._make((*rest, up and tuple(up))) for check, (*rest, up) in told["known"]}
    return contents, known


def beside_of(line: str) -> int:
    """Return how long the file beside was when the promise was made."""
    return int(json.loads(line)["beside_bytes"])
