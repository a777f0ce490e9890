"""Making room in a spool that is full: what is given up, in which order, and how it is told (shell over
sqlite-utils).

Order of sacrifice: what the hub has received, then waveforms from the oldest on, then parts; never class 0,
never numerics or events. Each sacrifice of something the hub does not have is a tombstone event.
"""

import shutil
import sqlite3
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from contract.events import Tombstone
from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import Entry, event_entry
from edge.spool.schema import record_table

BALLAST_BYTES: Final = 8_000_000  # given back when the partition is full, so that a press still fits
SACRIFICE_SHARE: Final = 20  # one record in so many goes at a time: 5 % of a backlog
RECEIVED_AT_ONCE: Final = 2_000  # records: one transaction must not hold up a press for seconds


class Ballast:
    """A file of no use but its size."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def keep(self) -> None:
        """Make the file where the partition has ample room for it."""
        try:
            if self._path.exists() or shutil.disk_usage(self._path.parent).free < 3 * BALLAST_BYTES:
                return
            with self._path.open("wb") as file:
                file.write(bytes(BALLAST_BYTES))
        except OSError:  # the partition is full already: nothing is better than a torso
            self._path.unlink(missing_ok=True)

    def give_back(self) -> bool:
        """Free the room; return whether there was any."""
        try:
            self._path.unlink()
        except OSError:  # it is gone, or the card can only be read
            return False
        return True


def drop_received(db: Database, received: dict[RecordClass, SeqRanges]) -> int:
    """Delete records that the hub has, waveforms first, oldest first; return how many went."""
    gone = 0
    with db.atomic():
        for record_class in (RecordClass.WAVEFORM, RecordClass.PART, RecordClass.NUMERIC, RecordClass.CALL):
            table = record_table(record_class)
            for low, high in received.get(record_class, ()):
                sql = (
                    f"DELETE FROM {table} WHERE seq IN "
                    f"(SELECT seq FROM {table} WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?)"
                )
                gone += db.execute(sql, [low, high, RECEIVED_AT_ONCE - gone]).rowcount
                if gone >= RECEIVED_AT_ONCE:
                    return gone
    return gone


def drop_oldest(db: Database) -> Entry | None:
    """Delete the oldest waveforms, or parts where there are none, and return the tombstone; None: nothing to
    give.

    The tombstone bears the time of the last record that went. Runs inside the caller's transaction, so that
    the deletion and its tombstone are one.
    """
    for record_class in (RecordClass.WAVEFORM, RecordClass.PART):
        table = record_table(record_class)
        first, count = db.execute(f"SELECT min(seq), count(*) FROM {table}").fetchone()
        if not count:
            continue
        wanted = -(-count // SACRIFICE_SHARE)
        sql = f"SELECT seq, boot, t_us FROM {table} ORDER BY seq LIMIT 1 OFFSET ?"
        last, boot, t_us = db.execute(sql, [wanted - 1]).fetchone()
        db.execute(f"DELETE FROM {table} WHERE seq <= ?", [last])
        why = "the spool is full"
        tombstone = Tombstone(record_class=int(record_class), first_seq=first, last_seq=last, why=why)
        return event_entry(tombstone, RecordClass.NUMERIC, boot=BootId(boot), t_us=t_us)
    return None


def says_full(error: sqlite3.Error) -> bool:
    """Whether SQLite had no room: its own quota, a full partition, or a file that may not grow."""
    code = getattr(error, "sqlite_errorcode", None)  # Python's own complaints have none
    return code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
