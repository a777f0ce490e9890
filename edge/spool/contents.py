"""What stands in the spool, read and never changed (shell over sqlite-utils)."""

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

from sqlite_utils import Database

from contract.errors import RefusedError
from contract.header import Record, parse_record
from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import OwedRecord
from edge.spool.schema import record_table
from edge.spool.spool_file import PAGE_BYTES

log = logging.getLogger(__name__)


class Contents:
    """Reads a spool's tables. For one thread, like the connection."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def fact(self, name: str) -> Any:
        """Return the stored JSON of that name; None when there is none."""
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", [name]).fetchone()
        return json.loads(row[0]) if row else None

    def received(self) -> dict[RecordClass, SeqRanges]:
        """Return what the hub is known to have."""
        ranges = {record_class: SeqRanges() for record_class in RecordClass}
        sql = "SELECT class, low, high FROM received ORDER BY class, low"
        for record_class, low, high in self._db.execute(sql):
            ranges[RecordClass(record_class)].add(low, high)
        return ranges

    def refused(self) -> set[tuple[RecordClass, int]]:
        """Return the records that the hub will not take."""
        return {(RecordClass(c), int(seq)) for c, seq in self._db.execute("SELECT class, seq FROM refused")}

    def owed(self) -> list[OwedRecord]:
        """Return every record that the hub is not known to have, by class and seq."""
        received, refused = self.received(), self.refused()
        return [
            OwedRecord(record_class, seq, BootId(boot), t_us, size)
            for record_class in RecordClass
            for low, high in _holes(received[record_class])
            for seq, boot, t_us, size in self._db.execute(
                f"SELECT seq, boot, t_us, length(raw) FROM {record_table(record_class)} "
                "WHERE seq BETWEEN ? AND ?",
                [low, high],
            )
            if (record_class, seq) not in refused
        ]

    def read(self, record_class: RecordClass, seqs: Iterable[int]) -> dict[int, bytes]:
        """Return the records of these seqs; one that was given up is missing, and one that the card damaged:
        the hub could not even name it, and it would be sent for ever.
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
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) != sqlite3.SQLITE_CORRUPT:
                raise
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

    def last_presses(self) -> dict[bytes, tuple[int, int]]:
        """Return, for each board, the boot and count of the press stored last."""
        rows = self._db.execute("SELECT device, device_boot, press_count FROM press ORDER BY seq").fetchall()
        return {bytes.fromhex(device): (device_boot, count) for device, device_boot, count in rows}

    def used_bytes(self) -> int:
        """Return the bytes of pages that hold something."""
        pages = self._db.execute("PRAGMA page_count").fetchone()[0]
        free_pages = self._db.execute("PRAGMA freelist_count").fetchone()[0]
        return int(pages - free_pages) * PAGE_BYTES


def _holes(ranges: SeqRanges) -> Iterator[tuple[int, int]]:
    start = 1
    for low, high in ranges:
        if start < low:
            yield start, low - 1
        start = high + 1
    yield start, 2**63 - 1
