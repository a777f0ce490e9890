"""A former spool (shell over sqlite-utils): a file of records whose identity is no longer the box's own.

Its records came from a file that was damaged, or that a restored card had brought back; they keep their
numbers, their seal and their spool's name, so the hub takes them as what they are. The file is an ordinary
spool file in which nothing new is sealed, and every seq whose record is not here counts as given up.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from contract.errors import Refusal
from contract.header import Record, encode_record
from contract.ids import RecordClass, SpoolId, parse_spool, spool_text
from contract.ranges import SeqRanges
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger
from edge.spool.room import drop_received, write_ranges
from edge.spool.schema import record_table
from edge.spool.spool import Spool

STRIDE: Final = 2**20  # seqs: at two a second, as in live mode, six days of which nothing is left
UNBOUNDED_BYTES: Final = 2**50  # who fills the file asks for room first
UNTOLD: Final = "gone and not told yet"  # a fact: class, first and last seq, why
_STEM: Final = "former-"

Lost = tuple[RecordClass, int, int]  # class, first and last seq


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

    def take_over(
        self, ledgers: Mapping[RecordClass, Ledger], boots: Mapping[str, int], *, are_boots_sure: bool
    ) -> None:
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
            if not are_boots_sure:
                last = max(boots.values(), default=0)
                self._db.execute("DELETE FROM sqlite_sequence WHERE name = 'boot'")
                self._db.execute("INSERT INTO sqlite_sequence VALUES ('boot', ?)", [last + STRIDE])
            self._write_facts({"inherited": True})

        if self.fact("inherited") is None:
            self._in_transaction(write, is_call=True, what="what was received")

    def take(self, records: Iterable[Record]) -> list[OwedRecord]:
        """Store records under the numbers that they bear; return those that were not here yet. Durable."""

        def store() -> list[OwedRecord]:
            taken = []
            here = {c: _here(ledger) for c, ledger in self.ledgers().items()}
            for record in records:
                header, raw = record.header, encode_record(record)
                if header.seq in here[header.record_class]:
                    continue
                sql = f"INSERT OR REPLACE INTO {record_table(header.record_class)} VALUES (?, ?, ?, ?)"
                self._db.execute(sql, [header.seq, header.boot, header.t_us, raw])
                here[header.record_class].add(header.seq, header.seq)
                taken.append(OwedRecord(header.record_class, header.seq, header.boot, header.t_us, len(raw)))
            self._write_here({one.record_class: here[one.record_class] for one in taken})
            return taken

        return self._in_transaction(store, is_call=True, what="recovered records")

    def give_up(self, record_class: RecordClass, seqs: SeqRanges, *, why: str) -> list[OwedRecord]:
        """Write down that these records are gone; the box's own spool tells the hub (`untold`)."""
        gone = list(self.ledger(record_class).on_card(seqs))

        def write() -> None:
            ledger = self.ledger(record_class)
            for low, high in gone:
                ledger.given_up.add(low, high)
            write_ranges(self._db, "given_up", record_class, ledger.given_up)
            told = [[int(record_class), low, high, why] for low, high in gone]
            self._write_facts({UNTOLD: [*(self.fact(UNTOLD) or ()), *told]})

        if gone:
            self._in_transaction(write, is_call=True, what="what is gone")
        return []

    def go_on(
        self,
        drafts: Sequence[Record],
        lost: Sequence[Lost],
        *,
        known: Mapping[RecordClass, int],
        is_sure: bool,
    ) -> None:
        """All that can be recovered is here. Make records of the drafts, and remember what is lost; once.

        `known` are the highest seqs that anything told of. `is_sure`: they are the last that were given, so
        the numbers go on behind them; else behind as many as may have been given, and are lost.
        """
        last, missing = dict(known), list(lost)

        def write() -> None:
            here = {c: _here(ledger) for c, ledger in self.ledgers().items()}
            for record_class in sorted({draft.header.record_class for draft in drafts}):
                if not is_sure:
                    missing.append((record_class, last[record_class] + 1, last[record_class] + STRIDE))
                    last[record_class] += STRIDE
            for draft in drafts:
                record_class = draft.header.record_class
                last[record_class] = seq = last[record_class] + 1
                self._insert_raw(Record(draft.header.numbered(seq), draft.body))
                here[record_class].add(seq, seq)
            self._write_here(here)
            count = sum(high - low + 1 for ranges in here.values() for low, high in ranges)
            lists = [[int(c), low, high] for c, low, high in missing]
            self._write_facts({"lost": lists, "drafts": len(drafts), "recovered": count})

        if self.fact("lost") is None:
            self._in_transaction(write, is_call=True, what="the last drafts")

    def _write_here(self, here: Mapping[RecordClass, SeqRanges]) -> None:
        """Let all count as given up but what is here."""
        for record_class, ranges in here.items():
            missing = SeqRanges(ranges.holes(1, self._last_seq(record_class)))
            write_ranges(self._db, "given_up", record_class, missing)


def _here(ledger: Ledger) -> SeqRanges:
    """The seqs whose records are in the file."""
    return SeqRanges(ledger.given_up.holes(1, ledger.given))
