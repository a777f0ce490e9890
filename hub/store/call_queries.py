"""What is read back of calls and their journals, one by one and over all stations."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from sqlite_utils import Database

from contract.ids import BootId, CallId, StationId, VisitNo, parse_spool, spool_text
from hub.store.interface import CallRow, ClosedCall, JournalLine

# What is rare among all calls, and looked for among all of them.
LISTS: Final = """
CREATE INDEX journal_handed_over ON call_journal (utc_us) WHERE input = 'HANDED_OVER';
CREATE INDEX call_practised ON call (received_utc_us) WHERE json_extract(kept, '$.practice') IS NOT NULL;
"""

_COLUMNS: Final = """
SELECT s.station, s.spool, c.seq, c.state, c.revision, c.boot, c.t_us, c.sent_boot, c.sent_t_us, c.visit,
       c.received_utc_us, c.changed_utc_us, c.owner, c.nudges, c.kept"""
_CALLS: Final = f"{_COLUMNS} FROM call c JOIN spool s ON s.no = c.spool_no"
_WIDTH: Final = 15  # of the columns
_SPOOL_NO: Final = "(SELECT no FROM spool WHERE station = ? AND spool = ?)"


class CallQueries:
    """The part of the store that knows of calls. `_db` belongs to one thread."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def open_calls(self) -> list[CallRow]:
        """Return the calls that are not closed, the one received first first."""
        rows = self._db.execute(f"{_CALLS} WHERE NOT c.is_closed ORDER BY c.received_utc_us, c.seq")
        return [_call_row(row) for row in rows]

    def call(self, call_id: CallId) -> CallRow | None:
        """Return one call."""
        row = self._db.execute(
            f"{_CALLS} WHERE s.station = ? AND s.spool = ? AND c.seq = ?",
            (call_id.station, spool_text(call_id.spool), call_id.seq),
        ).fetchone()
        return None if row is None else _call_row(row)

    def journal(self, call_id: CallId) -> list[JournalLine]:
        """Return what was done to a call, in order."""
        rows = self._db.execute(
            "SELECT utc_us, by, input, from_state, to_state, detail FROM call_journal"
            f" WHERE spool_no = {_SPOOL_NO} AND seq = ? ORDER BY no",
            (call_id.station, spool_text(call_id.spool), call_id.seq),
        )
        return [_line(row) for row in rows]

    def calls_between(
        self, from_utc_us: int, until_utc_us: int, *, station: StationId | None = None
    ) -> list[CallRow]:
        """Return the calls that were received from then on and before, oldest first."""
        rows = self._db.execute(
            f"{_CALLS} WHERE c.received_utc_us >= ? AND c.received_utc_us < ?"
            " AND (? IS NULL OR s.station = ?) ORDER BY c.received_utc_us, c.seq",
            (from_utc_us, until_utc_us, station, station),
        )
        return [_call_row(row) for row in rows]

    def journals_between(
        self, from_utc_us: int, until_utc_us: int
    ) -> Iterator[tuple[CallRow, list[JournalLine]]]:
        """Return the calls received from then on and before, oldest first, each with its journal."""
        rows = self._db.execute(
            f"{_COLUMNS}, j.utc_us, j.by, j.input, j.from_state, j.to_state, j.detail"
            " FROM call c JOIN spool s ON s.no = c.spool_no"
            " LEFT JOIN call_journal j ON j.spool_no = c.spool_no AND j.seq = c.seq"
            " WHERE c.received_utc_us >= ? AND c.received_utc_us < ?"
            " ORDER BY c.received_utc_us, c.spool_no, c.seq, j.no",
            (from_utc_us, until_utc_us),
        )
        for call, lines in groupby(rows, key=lambda row: tuple(row[:_WIDTH])):
            yield _call_row(call), [_line(row[_WIDTH:]) for row in lines if row[_WIDTH] is not None]

    def newest_calls(self) -> list[CallRow]:
        """Return the call of each station that was received last."""
        rows = self._db.execute(
            f"{_COLUMNS} FROM spool s JOIN call c ON c.spool_no = s.no"
            " WHERE c.seq = (SELECT max(seq) FROM call WHERE spool_no = s.no) ORDER BY c.received_utc_us"
        )
        newest = {row[0]: row for row in rows}  # of a station's spools, the last in order
        return [_call_row(row) for row in newest.values()]

    def newest_practices(self, *, since_utc_us: int, newest: int) -> list[CallRow]:
        """Return the drills and tests that were received since then, newest first."""
        rows = self._db.execute(
            f"{_CALLS} WHERE json_extract(c.kept, '$.practice') IS NOT NULL AND c.received_utc_us >= ?"
            " ORDER BY c.received_utc_us DESC LIMIT ?",
            (since_utc_us, newest),
        )
        return [_call_row(row) for row in rows]

    def closed_calls(
        self, *, since_utc_us: int, newest: int, station: StationId | None = None
    ) -> list[ClosedCall]:
        """Return the closed calls, of all or of one station, that were received since then, newest first; no
        tests of the button."""
        # of all: by time, from the newest back until there are enough; of a station: all its own, with which
        # the sign before the time makes SQLite begin
        time, of_whom = ("c", "") if station is None else ("+c", " AND s.station = ?")
        rows = self._db.execute(
            f"{_COLUMNS}, j.utc_us, j.by, j.input, j.from_state, j.to_state, j.detail,"
            " EXISTS (SELECT 1 FROM paper p WHERE p.call_spool_no = c.spool_no AND p.call_seq = c.seq"
            " AND p.kind = 'minutes')"
            " FROM call c JOIN spool s ON s.no = c.spool_no"
            " LEFT JOIN call_journal j ON j.spool_no = c.spool_no AND j.seq = c.seq AND j.no = ("
            "SELECT max(no) FROM call_journal WHERE spool_no = c.spool_no AND seq = c.seq)"
            f" WHERE {time}.received_utc_us >= ?{of_whom} AND c.is_closed"
            " AND coalesce(json_extract(c.kept, '$.practice'), '') <> 'test'"
            f" ORDER BY {time}.received_utc_us DESC, c.seq DESC LIMIT ?",
            (since_utc_us, newest) if station is None else (since_utc_us, station, newest),
        )
        return [
            ClosedCall(
                _call_row(row[:_WIDTH]), None if row[_WIDTH] is None else _line(row[_WIDTH:-1]), bool(row[-1])
            )
            for row in rows
        ]

    def handed_over(self, *, since_utc_us: int, newest: int) -> list[CallId]:
        """Return the calls that changed hands with a shift since then, each once, the newest first."""
        rows = self._db.execute(
            "SELECT s.station, s.spool, j.seq FROM call_journal j JOIN spool s ON s.no = j.spool_no"
            " WHERE j.input = 'HANDED_OVER' AND j.utc_us >= ? ORDER BY j.utc_us DESC LIMIT ?",
            (since_utc_us, newest),
        )
        found = [CallId(StationId(station), parse_spool(spool), seq) for station, spool, seq in rows]
        return list(dict.fromkeys(found))


def _call_row(row: Sequence[Any]) -> CallRow:
    station, spool, seq, state, revision, boot, t_us, sent_boot, sent_t_us, visit, *rest = row
    received_us, changed_us, owner, nudges, kept = rest
    return CallRow(
        call_id=CallId(StationId(station), parse_spool(spool), seq),
        state=state,
        revision=revision,
        boot=BootId(boot),
        t_us=t_us,
        sent_boot=BootId(sent_boot),
        sent_t_us=sent_t_us,
        visit=VisitNo(visit),
        received_utc_us=received_us,
        changed_utc_us=changed_us,
        owner=owner,
        nudges=nudges,
        kept=kept,
    )


def _line(row: Sequence[Any]) -> JournalLine:
    utc_us, by, input_, before, after, detail = row
    return JournalLine(utc_us=utc_us, by=by, input=input_, from_state=before, to_state=after, detail=detail)
