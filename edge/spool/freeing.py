"""Freeing in bulk what the hub has had for a week (shell over sqlite-utils).

No clock of the box is trusted here: receipts bring the hub's. Every quarter of a day of it, a mark says up to
which seq nothing was owed; what lies below the mark of 28 marks ago has been at the hub for a week at least,
and goes, a piece at a time. A hub's clock that jumps, however often, makes no mark: the quarter begins anew.
A box that seldom hears a receipt keeps its records for longer, until the quota frees them.
"""

from collections.abc import Callable, Mapping
from typing import Final

from sqlite_utils import Database

from contract.ids import RecordClass
from edge.spool.ledger import Ledger
from edge.spool.room import FREED_CLASSES, delete_received

MARK_EVERY_US: Final = 6 * 3600 * 1_000_000
MARKS_KEPT: Final = 28  # a week


def set_mark(db: Database, hub_utc_us: int, ledgers: Callable[[], Mapping[RecordClass, Ledger]]) -> None:
    """Set a mark where the last one is a quarter of a day before `hub_utc_us`, and not two: that is a jump,
    or the box was away. Runs inside the caller's transaction.
    """
    last = db.execute("SELECT mark, hub_utc_us FROM mark ORDER BY mark DESC LIMIT 1").fetchone()
    since_us = MARK_EVERY_US if last is None else hub_utc_us - last[1]
    if not 0 <= since_us < 2 * MARK_EVERY_US:
        db.execute("UPDATE mark SET hub_utc_us = ? WHERE mark = ?", [hub_utc_us, last[0]])
    if not MARK_EVERY_US <= since_us < 2 * MARK_EVERY_US:
        return
    mark = 1 if last is None else last[0] + 1
    for record_class, ledger in ledgers().items():
        first_owed, _ = next(ledger.settled().holes(1, ledger.given), (ledger.given + 1, 0))
        row = [mark, int(record_class), hub_utc_us, first_owed - 1]
        db.execute("INSERT INTO mark VALUES (?, ?, ?, ?)", row)
    db.execute("DELETE FROM mark WHERE mark < ?", [mark - MARKS_KEPT])


def free_old(db: Database, ledgers: Callable[[], Mapping[RecordClass, Ledger]]) -> int:
    """Delete a piece of what the hub has had for a week; return how many records went. Runs inside the
    caller's transaction.
    """
    newest = db.execute("SELECT max(mark) FROM mark").fetchone()[0] or 0
    sql = "SELECT class, settled FROM mark WHERE mark = ?"
    settled = dict(db.execute(sql, [newest - MARKS_KEPT]).fetchall())
    if not settled:
        return 0
    found = ledgers()
    return sum(delete_received(db, c, found[c], up_to=settled[int(c)]) for c in FREED_CLASSES)
