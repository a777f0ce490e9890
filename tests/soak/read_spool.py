"""Reads a station's spool beside its process, or after that died; changes nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

from contract.header import parse_draft
from contract.ids import BootId, RecordClass, SpoolId
from edge.spool.schema import record_table
from tests.soak.ledger import Ledger, RecordKey

BUSY_S: Final = 10.0
_GENERATION: Final = "SELECT value FROM fact WHERE name = 'draft generation'"


class Progress(NamedTuple):
    """How far a spool has come: the generation of its drafts, their number, the last seq of each class."""

    generation: int
    drafts: int
    seqs: dict[RecordClass, int]

    def has_samples_since(self, before: "Progress") -> bool:
        """Whether a second of samples was committed after `before`."""
        has_drafts = self.drafts > 0 and self[:2] != before[:2]
        return has_drafts or self.seqs[RecordClass.WAVEFORM] > before.seqs[RecordClass.WAVEFORM]


class SpoolReader:
    """One station's spool file; what it holds goes into `ledger`, each record once."""

    def __init__(self, path: Path, ledger: Ledger) -> None:
        self._path, self._ledger = path, ledger
        self._seen: dict[tuple[SpoolId, RecordClass], int] = {}

    def look(self, *, is_dead: bool = False) -> set[RecordKey]:
        """Take what has come since the last look; return every record that the spool holds now. `is_dead`:
        its process has ended, so its drafts are all that is left of the last second.
        """
        with closing(self._connect()) as db, db:
            db.execute("BEGIN")  # one state of it
            spool = self._spool(db)
            rows = db.execute("SELECT boot, name FROM boot").fetchall()
            self._ledger.spool_boots |= {(spool, BootId(boot)): name for boot, name in rows}
            held = set[RecordKey]()
            for record_class in RecordClass:
                table, seen = record_table(record_class), self._seen.get((spool, record_class), 0)
                seqs = [seq for (seq,) in db.execute(f"SELECT seq FROM {table}")]  # noqa: S608 - our own name
                held |= {RecordKey(spool, record_class, seq) for seq in seqs}
                news = db.execute(f"SELECT seq, raw FROM {table} WHERE seq > ?", [seen])  # noqa: S608
                for seq, raw in news:
                    self._ledger.add_record(RecordKey(spool, record_class, seq), bytes(raw))
                self._seen[spool, record_class] = max(seqs, default=seen)
            if is_dead:
                drafts = db.execute("SELECT raw FROM draft").fetchall()
                self._ledger.drafts |= {parse_draft(bytes(raw)).body for (raw,) in drafts}
        return held

    def progress(self) -> Progress:
        """Return how far it has come."""
        with closing(self._connect()) as db, db:
            db.execute("BEGIN")  # one state of it
            found = dict(db.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
            (generation,) = db.execute(_GENERATION).fetchone()
            (drafts,) = db.execute("SELECT count(*) FROM draft").fetchone()
        return Progress(int(generation), drafts, {c: found.get(record_table(c), 0) for c in RecordClass})

    def spool(self) -> SpoolId:
        """Return whose file it is."""
        with closing(self._connect()) as db:
            return self._spool(db)

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=BUSY_S, isolation_level=None)

    @staticmethod
    def _spool(db: sqlite3.Connection) -> SpoolId:
        (value,) = db.execute("SELECT value FROM fact WHERE name = 'spool'").fetchone()
        return SpoolId(int(value.strip('"'), 16))
