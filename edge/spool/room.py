"""Making room in a spool that is full: what is given up, in which order, and how it is told (shell over
sqlite-utils).

Order of sacrifice: what the hub has received, then waveforms from the oldest on, then parts; never class 0,
never numerics or events. Each sacrifice of something the hub does not have is a tombstone event.
"""

import shutil
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from contract.events import Tombstone
from contract.ids import BootId, RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import Entry, event_entry
from edge.spool.ledger import Ledger, first_of
from edge.spool.schema import record_table

BALLAST_BYTES: Final = 8_000_000  # given back when the partition is full, so that a press still fits
SACRIFICE_SHARE: Final = 20  # one record in so many goes at a time: 5 % of a backlog
SACRIFICE_MAX: Final = 500  # records: but no more than that, because their pages must be read to be freed
RECEIVED_AT_ONCE: Final = 2_000  # records, or twice that: no transaction may hold up a press for seconds
FREED_CLASSES: Final = (RecordClass.WAVEFORM, RecordClass.PART, RecordClass.NUMERIC)
# Of what the hub has, calls stay: they are few and small, and a hub restored from a backup would have neither
# the press nor the key without which nothing sealed under it can be opened. So do the rows that are `kept`,
# without which it could not tell what the streams of a chunk are.


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


def drop_received(db: Database, ledgers: Mapping[RecordClass, Ledger]) -> int:
    """Delete records that the hub has, of the first class that has any; return how many went."""
    with db.atomic():
        for record_class in FREED_CLASSES:
            ledger = ledgers[record_class]
            if gone := delete_received(db, record_class, ledger, up_to=ledger.given):
                return gone
    return 0


def delete_received(db: Database, record_class: RecordClass, ledger: Ledger, *, up_to: int) -> int:
    """Delete the oldest records up to a seq that the hub has, a bounded piece of them; return how many went.
    Runs inside the caller's transaction.
    """
    gone = 0
    for low, high in list(ledger.spare()):
        for start in range(low, min(high, up_to) + 1, RECEIVED_AT_ONCE):
            if gone >= RECEIVED_AT_ONCE:
                break
            end = min(high, up_to, start + RECEIVED_AT_ONCE - 1)
            gone += _delete(db, record_class, start, end)
            ledger.given_up.add(start, end)
    write_ranges(db, "given_up", record_class, ledger.given_up)
    return gone


def drop_oldest(db: Database, ledgers: Mapping[RecordClass, Ledger]) -> Entry | None:
    """Delete the oldest waveforms, or parts where there are none, and return the tombstone; None: nothing to
    give.

    The tombstone bears the time of the last record that went. Runs inside the caller's transaction, so that
    the deletion, its tombstone and the word that the seqs are given up are one.
    """
    for record_class in (RecordClass.WAVEFORM, RecordClass.PART):
        ledger = ledgers[record_class]
        count = ledger.given - ledger.given_up.count_to(ledger.given)
        wanted = min(-(-count // SACRIFICE_SHARE), SACRIFICE_MAX)
        doomed = list(first_of(ledger.given_up.holes(1, ledger.given), wanted))
        if not doomed:
            continue
        first, last = doomed[0][0], doomed[-1][1]
        sql = f"SELECT boot, t_us FROM {record_table(record_class)} WHERE seq <= ? ORDER BY seq DESC LIMIT 1"
        boot, t_us = db.execute(sql, [last]).fetchone() or (0, 0)
        for low, high in doomed:
            _delete(db, record_class, low, high)
            ledger.given_up.add(low, high)
        write_ranges(db, "given_up", record_class, ledger.given_up)
        why = "the spool is full"
        tombstone = Tombstone(record_class=int(record_class), first_seq=first, last_seq=last, why=why)
        return event_entry(tombstone, RecordClass.NUMERIC, boot=BootId(boot), t_us=t_us)
    return None


def _delete(db: Database, record_class: RecordClass, low: int, high: int) -> int:
    sql = f"DELETE FROM {record_table(record_class)} WHERE seq BETWEEN ? AND ?"
    return int(db.execute(sql, [low, high]).rowcount)


def write_ranges(db: Database, table: str, record_class: RecordClass, ranges: SeqRanges) -> None:
    """Make `received` or `given_up` say `ranges` of a class: only what changed is written."""
    sql = f"SELECT low, high FROM {table} WHERE class = ?"
    stands = dict(db.execute(sql, [int(record_class)]).fetchall())
    wanted = dict(ranges)
    for low in stands.keys() - wanted.keys():
        db.execute(f"DELETE FROM {table} WHERE class = ? AND low = ?", [int(record_class), low])
    for low, high in wanted.items() - stands.items():
        db.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?, ?)", [int(record_class), low, high])


def says_full(error: sqlite3.Error) -> bool:
    """Whether SQLite had no room: its own quota, a full partition, or a file that may not grow."""
    code = getattr(error, "sqlite_errorcode", None)  # Python's own complaints have none
    return code in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
