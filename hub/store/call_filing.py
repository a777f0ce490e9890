"""What a transaction writes of calls: made by presses, nudged, moved, each with its line of the journal."""

import json
from typing import Final

from sqlite_utils import Database

from contract.events import AnyEvent, Press
from contract.header import Header, UnreadableRecord
from contract.ids import spool_text
from hub.store.interface import Arrival, CallMove

RECEIVED: Final = "RECEIVED"  # the first state of hub.calls.table.State
NUDGED: Final = (
    "PRESSED_AGAIN"  # the input of hub.calls.table by which a press that is counted is written down
)
OVER_AT_STATION: Final = ("WRAP_UP", "CANCELLED")  # open here: the station is told "ended" or "cancelled"

_INSERT_CALL: Final = """
INSERT OR IGNORE INTO call (spool_no, seq, state, is_closed, revision, boot, t_us, sent_boot, sent_t_us,
                            visit, received_utc_us, changed_utc_us, owner, nudges, kept)
VALUES (?, ?, ?, 0, 1, ?, ?, ?, ?, ?, ?, ?, NULL, 0, ?)"""
_INSERT_NUDGE: Final = """
INSERT INTO call_journal (spool_no, seq, no, utc_us, by, input, from_state, to_state, detail)
SELECT spool_no, seq, revision, ?, NULL, ?, state, state, ? FROM call WHERE spool_no = ? AND seq = ?"""


def file_call_event(
    db: Database, spool_no: int, seq: int, event: AnyEvent, *, arrival: Arrival | None
) -> None:
    """File what an opened event of class 0 means for calls; without `arrival` it was opened late, and what it
    was taken for is there."""
    is_press = isinstance(event, Press)
    if arrival is None and not is_press:  # what came before its key was taken for a press, and must not ring
        for table in ("call", "call_journal"):
            db.execute(f"DELETE FROM {table} WHERE spool_no = ? AND seq = ?", (spool_no, seq))
    elif arrival is None and isinstance(event, Press) and (kept := _kept_of(event)) is not None:
        db.execute(
            "UPDATE call SET kept = ?, revision = revision + 1"
            " WHERE spool_no = ? AND seq = ? AND kept IS NULL",
            (kept, spool_no, seq),
        )
    elif (
        arrival is not None
        and isinstance(event, Press)
        and (event.nudges is None or not _nudge(db, spool_no, seq, event, arrival.received_utc_us))
    ):
        make_call(db, spool_no, seq, arrival, kept=_kept_of(event))


def make_call(db: Database, spool_no: int, seq: int, arrival: Arrival, *, kept: str | None = None) -> None:
    """Make the call of a press, or of what may be one."""
    record = arrival.record
    header: Header | None = None if isinstance(record, UnreadableRecord) else record.header
    boot, t_us, visit = (0, 0, 0) if header is None else (header.boot, header.t_us, header.visit)
    received = arrival.received_utc_us
    sent = (arrival.boot, arrival.sent_t_us)
    db.execute(_INSERT_CALL, (spool_no, seq, RECEIVED, boot, t_us, *sent, visit, received, received, kept))


def move_call(db: Database, move: CallMove) -> bool:
    """Move a call on; False: it has another revision by now."""
    call_id, line = move.call_id, move.line
    (spool_no,) = db.execute(
        "SELECT max(no) FROM spool WHERE station = ? AND spool = ?",
        (call_id.station, spool_text(call_id.spool)),
    ).fetchone()
    cursor = db.execute(
        "UPDATE call SET state = ?, owner = ?, is_closed = ?, kept = ?, changed_utc_us = ?,"
        " revision = revision + 1 WHERE spool_no = ? AND seq = ? AND revision = ?",
        (
            line.to_state,
            move.owner,
            move.is_closed,
            move.kept,
            line.utc_us,
            spool_no,
            call_id.seq,
            move.revision,
        ),
    )
    if cursor.rowcount != 1:
        return False
    db.execute(
        "INSERT INTO call_journal (spool_no, seq, no, utc_us, by, input, from_state, to_state, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            spool_no,
            call_id.seq,
            move.revision + 1,
            line.utc_us,
            line.by,
            line.input,
            line.from_state,
            line.to_state,
            line.detail,
        ),
    )
    return True


def _nudge(db: Database, spool_no: int, seq: int, press: Press, now_utc_us: int) -> bool:
    """Count a press at the open call that it nudges; a real one is no nudge of a practice.

    Of a call that is over for the station it is none either: the box takes its press for the next call.
    """
    call = (spool_no, press.nudges)
    cursor = db.execute(
        "UPDATE call SET nudges = nudges + 1, revision = revision + 1"
        " WHERE spool_no = ? AND seq = ? AND NOT is_closed AND state NOT IN (?, ?)"
        " AND (? OR json_extract(kept, '$.practice') IS NULL)",
        (*call, *OVER_AT_STATION, press.practice is not None),
    )
    if cursor.rowcount != 1:
        return False
    (spool,) = db.execute("SELECT spool FROM spool WHERE no = ?", (spool_no,)).fetchone()
    detail = json.dumps({"record": f"{spool}.{seq}", **({"answers": press.answers} if press.answers else {})})
    db.execute(_INSERT_NUDGE, (now_utc_us, NUDGED, detail, *call))
    return True


def _kept_of(press: Press) -> str | None:
    said = {"practice": press.practice, "answers": press.answers}
    kept = {key: value for key, value in said.items() if value is not None}
    return json.dumps(kept) if kept else None
