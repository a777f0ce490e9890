"""Papers, advice and visits of calls in the SQLite store: what is written and what is read back.

Numbers of advice count up, and are never below the seconds of the hub's UTC: a hub restored from a backup has
forgotten which it gave, and must not give one again that a station knows. What became of advice is believed
only of the station that was meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlite_utils import Database

from contract.events import AdviceKept
from contract.ids import CallId, SpoolId, StationId, VisitNo, parse_spool, spool_text

OF_VISIT: Final = ("identity", "consent", "strip")  # true of a person, whichever call they were written in
UNDELIVERED: Final = "undelivered"

_PAPERS: Final = """
SELECT p.no, c.station, c.spool, p.call_seq, v.spool, p.visit, p.kind, p.revision, p.by_name, p.utc_us, p.json
FROM paper p JOIN spool c ON c.no = p.call_spool_no JOIN spool v ON v.no = p.spool_no"""
_ADVICE: Final = """
SELECT a.no, c.station, c.spool, a.call_seq, v.spool, a.visit, a.urgency, a.text, a.by_name, a.made_utc_us,
       json_extract(k.kept, '$.practice')
FROM advice a JOIN spool c ON c.no = a.call_spool_no JOIN spool v ON v.no = a.spool_no
LEFT JOIN call k ON k.spool_no = a.call_spool_no AND k.seq = a.call_seq"""


@dataclass(frozen=True, slots=True)
class VisitId:
    """Somebody who was seen at the station of a call. `visit` 0: nobody, or nobody knows."""

    spool: SpoolId
    visit: VisitNo


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """Something to be kept. `of`: of whom; `json`: its text, as hub.cases.notes wrote it."""

    call_id: CallId
    of: VisitId
    kind: str
    by: str
    utc_us: int
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow(Paper):
    """A version that is kept. `revision` counts from 1 within its kind; None: it was laid aside."""

    no: int
    revision: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceDraft:
    """Advice that nobody has numbered yet."""

    call_id: CallId
    of: VisitId
    urgency: str
    text: str
    by: str
    made_utc_us: int


@dataclass(frozen=True, slots=True)
class AdviceStep:
    """What became of it. `utc_us`: when the hub heard it."""

    state: str
    text: str
    utc_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AdviceRow(AdviceDraft):
    """A piece of advice, and all that has become of it, in order. `practice`: of its call, as it is now."""

    no: int
    practice: str | None = None
    steps: tuple[AdviceStep, ...]


class PaperQueries:
    """The reading half."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def call_visits(self, call_id: CallId) -> list[VisitId]:
        """Return who was being seen in a call, in that order."""
        rows = self._db.execute(
            "SELECT v.spool, x.visit FROM call_visit x JOIN spool v ON v.no = x.spool_no"
            f" WHERE x.call_spool_no = {_SPOOL_NO} AND x.call_seq = ? ORDER BY x.since_utc_us, x.visit",
            _call(call_id),
        )
        return [VisitId(parse_spool(spool), VisitNo(visit)) for spool, visit in rows]

    def papers_of_call(self, call_id: CallId, *, kind: str | None = None) -> list[PaperRow]:
        """Return what was written in a call, oldest first, also what was laid aside."""
        rows = self._db.execute(
            f"{_PAPERS} WHERE p.call_spool_no = {_SPOOL_NO} AND p.call_seq = ?"
            " AND (? IS NULL OR p.kind = ?) ORDER BY p.no",
            (*_call(call_id), kind, kind),
        )
        return [_paper(row) for row in rows]

    def papers_of_visit(self, station: StationId, of: VisitId, kind: str) -> list[PaperRow]:
        """Return all versions of what was written of a person, in whichever call, oldest first."""
        rows = self._db.execute(
            f"{_PAPERS} WHERE p.spool_no = {_SPOOL_NO} AND p.visit = ? AND p.kind = ? ORDER BY p.no",
            (station, spool_text(of.spool), of.visit, kind),
        )
        return [_paper(row) for row in rows]

    def advice_of_call(self, call_id: CallId) -> list[AdviceRow]:
        """Return the advice that was sent in a call, oldest first."""
        rows = self._db.execute(
            f"{_ADVICE} WHERE a.call_spool_no = {_SPOOL_NO} AND a.call_seq = ? ORDER BY a.no", _call(call_id)
        ).fetchall()
        return [self._advice(row) for row in rows]

    def open_advice(self) -> list[AdviceRow]:
        """Return the advice that its station has not confirmed and that is still being said, oldest first."""
        rows = self._db.execute(f"{_ADVICE} WHERE NOT a.is_settled ORDER BY a.no").fetchall()
        return [self._advice(row) for row in rows]

    def calls_unsigned(self, from_utc_us: int) -> list[CallId]:
        """Return the calls received from then on that are closed and have no minutes of their end."""
        rows = self._db.execute(
            "SELECT s.station, s.spool, c.seq FROM call c JOIN spool s ON s.no = c.spool_no"
            " WHERE c.received_utc_us >= ? AND c.is_closed"
            " AND coalesce(json_extract(c.kept, '$.practice'), '') <> 'test'"
            " AND EXISTS (SELECT 1 FROM call_journal j WHERE j.spool_no = c.spool_no AND j.seq = c.seq)"
            " AND NOT EXISTS (SELECT 1 FROM paper p WHERE p.call_spool_no = c.spool_no AND p.call_seq = c.seq"
            " AND p.kind = 'minutes' AND p.utc_us >= c.changed_utc_us)",
            (from_utc_us,),
        )
        return [CallId(StationId(station), parse_spool(spool), seq) for station, spool, seq in rows]

    def _advice(self, row: Sequence[Any]) -> AdviceRow:
        no, station, spool, seq, of_spool, visit, urgency, text, by, made_utc_us, practice = row
        steps = self._db.execute(
            "SELECT state, text, utc_us FROM advice_step WHERE advice = ? ORDER BY no", (no,)
        )
        return AdviceRow(
            no=no,
            call_id=CallId(StationId(station), parse_spool(spool), seq),
            of=VisitId(parse_spool(of_spool), VisitNo(visit)),
            urgency=urgency,
            text=text,
            by=by,
            made_utc_us=made_utc_us,
            practice=practice,
            steps=tuple(AdviceStep(*step) for step in steps),
        )


def file_visit(db: Database, call_id: CallId, of: VisitId, *, utc_us: int) -> None:
    """Somebody is being seen in a call."""
    db.execute(
        "INSERT OR IGNORE INTO call_visit (call_spool_no, call_seq, spool_no, visit, since_utc_us)"
        " SELECT c.no, ?, v.no, ?, ? FROM spool c, spool v"
        " WHERE c.station = ? AND c.spool = ? AND v.station = ? AND v.spool = ?",
        (call_id.seq, of.visit, utc_us, *_places(call_id, of)),
    )


def file_paper(db: Database, paper: Paper, *, after: int | None) -> bool:
    """Keep a version. `after`: the revision that it follows, 0 for none; False: another one stands by now.
    None: it is kept aside, and has no revision.
    """
    if after is not None:
        newest = _newest_revision(db, paper)
        if newest != after:
            return False
    db.execute(
        "INSERT INTO paper (call_spool_no, call_seq, spool_no, visit, kind, revision, by_name, utc_us, json)"
        " SELECT c.no, ?, v.no, ?, ?, ?, ?, ?, ? FROM spool c, spool v"
        " WHERE c.station = ? AND c.spool = ? AND v.station = ? AND v.spool = ?",
        (
            paper.call_id.seq,
            paper.of.visit,
            paper.kind,
            None if after is None else after + 1,
            paper.by,
            paper.utc_us,
            paper.json,
            *_places(paper.call_id, paper.of),
        ),
    )
    return True


def file_advice(db: Database, draft: AdviceDraft) -> int:
    """Number a piece of advice and keep it; return its number."""
    (last,) = db.execute("SELECT coalesce(max(no), 0) FROM advice").fetchone()
    no = max(int(last) + 1, draft.made_utc_us // 1_000_000)
    db.execute(
        "INSERT INTO advice (no, call_spool_no, call_seq, spool_no, visit,"
        " urgency, text, by_name, made_utc_us)"
        " SELECT ?, c.no, ?, v.no, ?, ?, ?, ?, ? FROM spool c, spool v"
        " WHERE c.station = ? AND c.spool = ? AND v.station = ? AND v.spool = ?",
        (
            no,
            draft.call_id.seq,
            draft.of.visit,
            draft.urgency,
            draft.text,
            draft.by,
            draft.made_utc_us,
            *_places(draft.call_id, draft.of),
        ),
    )
    return no


def file_advice_kept(db: Database, spool_no: int, event: AdviceKept, *, utc_us: int) -> None:
    """A station said what became of advice; one that was not meant is not believed."""
    (is_its_own,) = db.execute(
        "SELECT count(*) FROM advice a JOIN spool v ON v.no = a.spool_no"
        " WHERE a.no = ? AND v.station = (SELECT station FROM spool WHERE no = ?)",
        (event.advice, spool_no),
    ).fetchone()
    if is_its_own:
        _add_step(db, event.advice, event.state, event.text, utc_us=utc_us)


def give_up_advice(db: Database, no: int, *, utc_us: int) -> None:
    """It is not said any more, and nobody knows whether the station has it."""
    _add_step(db, no, UNDELIVERED, "", utc_us=utc_us)


def _add_step(db: Database, no: int, state: str, text: str, *, utc_us: int) -> None:
    db.execute(
        "INSERT INTO advice_step (advice, state, text, utc_us) VALUES (?, ?, ?, ?)", (no, state, text, utc_us)
    )
    db.execute("UPDATE advice SET is_settled = 1 WHERE no = ?", (no,))


_SPOOL_NO: Final = "(SELECT no FROM spool WHERE station = ? AND spool = ?)"


def _newest_revision(db: Database, paper: Paper) -> int:
    sql = (
        "SELECT coalesce(max(revision), 0) FROM paper"
        f" WHERE spool_no = {_SPOOL_NO} AND visit = ? AND kind = ?"
    )
    values: list[object] = [paper.call_id.station, spool_text(paper.of.spool), paper.of.visit, paper.kind]
    if paper.kind not in OF_VISIT:
        sql += f" AND call_spool_no = {_SPOOL_NO} AND call_seq = ?"
        values += _call(paper.call_id)
    (newest,) = db.execute(sql, values).fetchone()
    return int(newest)


def _call(call_id: CallId) -> tuple[str, str, int]:
    return call_id.station, spool_text(call_id.spool), call_id.seq


def _places(call_id: CallId, of: VisitId) -> tuple[str, str, str, str]:
    """A visit is at the station of its call."""
    return call_id.station, spool_text(call_id.spool), call_id.station, spool_text(of.spool)


def _paper(row: Sequence[Any]) -> PaperRow:
    no, station, spool, seq, of_spool, visit, kind, revision, by, utc_us, json = row
    return PaperRow(
        no=no,
        call_id=CallId(StationId(station), parse_spool(spool), seq),
        of=VisitId(parse_spool(of_spool), VisitNo(visit)),
        kind=kind,
        revision=revision,
        by=by,
        utc_us=utc_us,
        json=json,
    )
