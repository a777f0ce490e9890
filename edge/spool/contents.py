"""What stands in the spool, read and never changed (shell over sqlite-utils)."""

import json
import logging
from collections.abc import Iterable
from typing import Any

from sqlite_utils import Database

from contract.errors import RefusedError
from contract.header import Record, parse_record
from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from edge.errors import SpoolDamagedError
from edge.spool.batch import OwedRecord
from edge.spool.ledger import Ledger, Page
from edge.spool.schema import record_table

log = logging.getLogger(__name__)


class Contents:
    """Reads a spool's tables. For one thread, like the connection."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def fact(self, name: str) -> Any:
        """Return the stored JSON of that name; None when there is none. Raises SpoolDamagedError."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", [name]).fetchone()
        try:
            return json.loads(row[0]) if row else None
        except (ValueError, TypeError) as error:
            raise SpoolDamagedError(f"what the spool knows of {name!r} is damaged: {error}") from error

    def ledgers(self) -> dict[RecordClass, Ledger]:
        """Return what became of the seqs of each class. No record is read."""
        return {c: self.ledger(c) for c in RecordClass}

    def unsent_count(self) -> int:
        """Return how many records the hub does not have; a draft will be one."""
        drafts = self._db.execute("SELECT count(*) FROM draft").fetchone()[0]
        return int(drafts) + sum(ledger.owed for ledger in self.ledgers().values())

    def ledger(self, record_class: RecordClass) -> Ledger:
        """Return what became of the seqs of one class."""
        refused = self._db.execute("SELECT seq, seq FROM refused WHERE class = ?", [int(record_class)])
        kept = self._db.execute("SELECT seq, seq FROM kept WHERE class = ?", [int(record_class)])
        return Ledger(
            given=self._last_seq(record_class),
            received=SeqRanges(self._ranges("received", record_class)),
            refused=SeqRanges(refused.fetchall()),
            given_up=SeqRanges(self._ranges("given_up", record_class)),
            kept=SeqRanges(kept.fetchall()),
        )

    def _ranges(self, table: str, record_class: RecordClass) -> list[tuple[int, int]]:
        sql = f"SELECT low, high FROM {table} WHERE class = ? ORDER BY low"
        return self._db.execute(sql, [int(record_class)]).fetchall()

    def _last_seq(self, record_class: RecordClass) -> int:
        sql = "SELECT seq FROM sqlite_sequence WHERE name = ?"
        row = self._db.execute(sql, [record_table(record_class)]).fetchone()
        return int(row[0]) if row else 0

    def given_up(self) -> dict[RecordClass, SeqRanges]:
        """Return the seqs of each class whose rows are gone."""
        return {c: SeqRanges(self._ranges("given_up", c)) for c in RecordClass}

    def refused_count(self) -> int:
        """Return how many records the hub will not take."""
        return int(self._db.execute("SELECT count(*) FROM refused").fetchone()[0])

    def owed(self) -> list[OwedRecord]:
        """Return every record that the hub is not known to have, by class and seq. Reads them all."""
        return [
            record
            for record_class, ledger in self.ledgers().items()
            for hole in ledger.settled().holes(1, ledger.given)
            for record in self.look_up(Page(record_class, (hole,)))
        ]

    def look_up(self, page: Page) -> list[OwedRecord]:
        """Return the records of a page that are there, by seq."""
        sql = (
            f"SELECT seq, boot, t_us, length(raw) FROM {record_table(page.record_class)} "
            "WHERE seq BETWEEN ? AND ? ORDER BY seq"
        )
        return [
            OwedRecord(page.record_class, seq, BootId(boot), t_us, size)
            for low, high in page.ranges
            for seq, boot, t_us, size in self._db.execute(sql, [low, high]).fetchall()
        ]

    def read(self, record_class: RecordClass, seqs: Iterable[int]) -> dict[int, bytes]:
        """Return the records of these seqs; one that was given up is missing, and one that the card damaged:
        the hub could not even name it, and it would be sent for ever. Raises sqlite3.Error for a page.
        """
        rows = ((seq, self._sound(record_class, seq)) for seq in seqs)
        return {seq: raw for seq, raw in rows if raw is not None}

    def _sound(self, record_class: RecordClass, seq: int) -> bytes | None:
        sql = f"SELECT raw FROM {record_table(record_class)} WHERE seq = ?"
        try:
            row = self._db.execute(sql, [seq]).fetchone()
            if row is None:
                return None
            record = parse_record(bytes(row[0]))
            if isinstance(record, Record) and (record.header.record_class, record.header.seq) == (
                record_class,
                seq,
            ):
                return bytes(row[0])
            why = "it bears another name"
        except (RefusedError, TypeError) as error:
            why = str(error)
        log.error(
            "record %d of class %d is damaged and will not be sent (%s); check the card",
            seq,
            record_class,
            why,
        )
        return None

    def press_seq(self, device: str, device_boot: int, press_count: int) -> int | None:
        """Return the record of a press that is stored already."""
        row = self._db.execute(
            "SELECT seq FROM press WHERE device = ? AND device_boot = ? AND press_count = ?",
            [device, device_boot, press_count],
        ).fetchone()
        return int(row[0]) if row else None

    def presses(self) -> list[tuple[str, int, int]]:
        """Return device, its boot and its count of the presses that are known again, in order."""
        sql = "SELECT device, device_boot, press_count FROM press ORDER BY seq"
        return self._db.execute(sql).fetchall()

    def last_presses(self) -> dict[bytes, tuple[int, int]]:
        """Return, for each board, the boot and count of the press stored last."""
        return {bytes.fromhex(device): (device_boot, count) for device, device_boot, count in self.presses()}

    def used_bytes(self) -> int:
        """Return the bytes of pages that hold something."""
        return self._pragma("page_count") * self._pragma("page_size") - self.free_bytes()

    def free_bytes(self) -> int:
        """Return the bytes of pages that hold nothing any more."""
        return self._pragma("freelist_count") * self._pragma("page_size")

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])
