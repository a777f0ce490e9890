"""A former spool (shell over sqlite-utils): a file of records whose identity is no longer the box's own.

Its records came from a file that was damaged, or that a restored card had brought back; they keep their
numbers, their seal and their spool's name, so the hub takes them as what they are. The file is an ordinary
spool file, in which every seq whose record is not here counts as given up.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from contract.errors import Refusal
from contract.events import Tombstone
from contract.header import Record, encode_record
from contract.ids import RecordClass, SpoolId, StationId, parse_spool, spool_text
from contract.ranges import SeqRanges
from contract.sealing import HubKey
from edge.spool.batch import Batch, OwedRecord, event_entry
from edge.spool.drafts import put_drafts
from edge.spool.ledger import Ledger, Page
from edge.spool.room import drop_received, write_ranges
from edge.spool.schema import record_table
from edge.spool.spool import Spool

STRIDE: Final = 2**32  # at two records a second 68 years: so far apart no two ways of counting meet
STRIDES: Final = 2**16  # one of so many is taken: a number given after this one's loss is not given twice
UNBOUNDED_BYTES: Final = 2**50  # who fills the file asks for room first
_STEM: Final = "former-"
_TOMBSTONES_AT_ONCE: Final = 200

Lost = tuple[RecordClass, int, int]  # class, first and last seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """With what and when something new is said in the name of a former spool."""

    hub_key: HubKey
    station: StationId
    boot_name: str
    t_us: int
    software: str


def former_path(folder: Path, spool: SpoolId) -> Path:
    """Return where the former spool of that name lies."""
    return folder / f"{_STEM}{spool_text(spool)}.db"


def formers(folder: Path) -> list[tuple[Path, SpoolId]]:
    """Return the former spools in `folder`, by name."""
    found = sorted(folder.glob(f"{_STEM}*.db"))
    return [(path, parse_spool(path.stem.removeprefix(_STEM))) for path in found]


class FormerSpool(Spool):
    """One former spool, made when there is none. Raises SpoolBusyError, SpoolError."""

    def __init__(self, path: Path, spool: SpoolId) -> None:
        super().__init__(path, quota_bytes=UNBOUNDED_BYTES, spool_id=spool)

    def _make_room(self, *, is_call: bool) -> bool:  # noqa: ARG002 - the own spool's press waits for nobody here
        """Only what the hub has is given up: what is owed here was hard to come by."""
        return bool(drop_received(self._db, self.ledgers()))

    # Filling it

    def inherit(self, ledgers: Mapping[RecordClass, Ledger], boots: Mapping[str, int]) -> None:
        """Take over what the file before knew of receipts, and how it counted boots."""

        def write() -> None:
            for record_class, ledger in ledgers.items():
                mine = self.ledger(record_class).received
                for low, high in ledger.received:
                    mine.add(low, high)
                write_ranges(self._db, "received", record_class, mine)
                for low, high in ledger.refused:
                    sql = "INSERT OR IGNORE INTO refused VALUES (?, ?, ?)"
                    why = int(Refusal.MALFORMED)  # the reason was told when it was refused
                    rows = [(int(record_class), seq, why) for seq in range(low, high + 1)]
                    self._db.conn.executemany(sql, rows)
            for name, number in boots.items():
                self._db.execute("INSERT OR IGNORE INTO boot (boot, name) VALUES (?, ?)", [number, name])
            self._count_on("boot")

        if self.fact("inherited") is None:
            self._in_transaction(write, is_call=True, what="what was received")
            self.commit(Batch(facts={"inherited": True}))

    def take(self, records: Iterable[Record]) -> list[OwedRecord]:
        """Store records under the numbers that they bear; return those that were not here yet. Durable."""

        def store() -> list[OwedRecord]:
            taken = []
            here = {c: ledger for c, ledger in self.ledgers().items()}
            recovered = {c: _here(ledger) for c, ledger in here.items()}
            for record in records:
                header, raw = record.header, encode_record(record)
                if header.seq in recovered[header.record_class]:
                    continue
                sql = f"INSERT OR REPLACE INTO {record_table(header.record_class)} VALUES (?, ?, ?, ?)"
                self._db.execute(sql, [header.seq, header.boot, header.t_us, raw])
                recovered[header.record_class].add(header.seq, header.seq)
                taken.append(OwedRecord(header.record_class, header.seq, header.boot, header.t_us, len(raw)))
            for record_class in {one.record_class for one in taken}:
                given = self._last_seq(record_class)
                missing = SeqRanges(recovered[record_class].holes(1, given))
                write_ranges(self._db, "given_up", record_class, missing)
            return taken

        return self._in_transaction(store, is_call=True, what="recovered records")

    # Concluding it

    def go_on(
        self,
        drafts: Sequence[Record],
        lost: Sequence[Lost],
        *,
        known: Mapping[RecordClass, int],
        last_key: int,
    ) -> None:
        """All that can be recovered is here. Let the numbers go on where none can have been given, `known`
        being the highest seqs and `last_key` the highest key that anything told of; `drafts` get such numbers
        and `lost` is told when this file is sealed next.
        """

        def write() -> None:
            here = {c: _here(ledger) for c, ledger in self.ledgers().items()}
            recovered = sum(ranges.count_to(STRIDE * STRIDES) for ranges in here.values())
            for record_class, ranges in here.items():
                self._count_on(record_table(record_class), after=known.get(record_class, 0))
                missing = SeqRanges(ranges.holes(1, self._last_seq(record_class)))
                write_ranges(self._db, "given_up", record_class, missing)
            put_drafts(self._db, [encode_record(draft) for draft in drafts], first_slot=1)
            facts = {
                "last key": never_given(last_key),
                "lost": [[int(c), low, high] for c, low, high in lost],
                "drafts": len(drafts),
                "recovered": recovered + len(drafts),
            }
            self._write_facts(facts)

        if self.fact("lost") is None:
            self._in_transaction(write, is_call=True, what="the last drafts")

    def bury(self, seal: Seal, *, why: str) -> list[OwedRecord]:
        """Make records of the drafts, and tell the hub which records are lost: once, however often it is
        begun. Return what is owed for it.
        """
        if self.fact("is told") is not None:
            return []
        boot, t_us = self.begin_boot(seal.boot_name), seal.t_us
        lost, told = self.fact("lost"), int(self.fact("tombstones told") or 0)
        before = self.ledgers()
        self.begin_sealing(seal.hub_key, station=seal.station, boot=boot, t_us=t_us, software=seal.software)
        for start in range(told, len(lost), _TOMBSTONES_AT_ONCE):
            some = lost[start : start + _TOMBSTONES_AT_ONCE]
            tombstones = [
                Tombstone(record_class=c, first_seq=low, last_seq=high, why=why) for c, low, high in some
            ]
            entries = [event_entry(one, RecordClass.NUMERIC, boot=boot, t_us=t_us) for one in tombstones]
            self.commit(Batch(entries=entries, facts={"tombstones told": start + len(some)}))
        self.commit(Batch(facts={"is told": True}))
        return [
            record
            for c, ledger in self.ledgers().items()
            if ledger.given > before[c].given
            for record in self.look_up(Page(c, ((before[c].given + 1, ledger.given),)))
        ]

    def _count_on(self, table: str, *, after: int = 0) -> None:
        """Let the next number of a table be one that was never given."""
        rows = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", [table]).fetchall()
        base = never_given(max(after, *(int(row[0]) for row in rows), 0))
        self._db.execute("DELETE FROM sqlite_sequence WHERE name = ?", [table])
        self._db.execute("INSERT INTO sqlite_sequence VALUES (?, ?)", [table, base])


def _here(ledger: Ledger) -> SeqRanges:
    """The seqs whose records are in the file."""
    return SeqRanges(ledger.given_up.holes(1, ledger.given))


def never_given(highest: int) -> int:
    """Return a number after which none was given, `highest` being the highest that is known of."""
    return (highest // STRIDE + 1 + secrets.randbelow(STRIDES)) * STRIDE
