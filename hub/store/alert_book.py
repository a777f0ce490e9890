"""The book of alerts: each alert, the stations that are part of it, its journal; and maintenance windows.

An alert that is over stays. Its row says how it is, its journal how it came to be so.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlite_utils import Database

ALERTS: Final = """
CREATE TABLE alert (                                  -- hub.alerts.alert
    no INTEGER PRIMARY KEY,
    rule TEXT NOT NULL,
    place TEXT NOT NULL,                              -- "hub", "unit:12", "station:co-to"
    severity INTEGER NOT NULL,
    state TEXT NOT NULL,
    is_closed INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    owner TEXT,
    raised_utc_us INTEGER NOT NULL,
    changed_utc_us INTEGER NOT NULL,
    kept TEXT NOT NULL                                -- JSON of the rest of it: hub.alerts.kept
);
CREATE INDEX alert_open ON alert (no) WHERE NOT is_closed;
CREATE INDEX alert_closed ON alert (changed_utc_us) WHERE is_closed;
CREATE INDEX alert_of_place ON alert (place, no);

CREATE TABLE alert_member (                           -- stations of a unit's alert
    alert INTEGER NOT NULL REFERENCES alert (no),
    station TEXT NOT NULL,
    PRIMARY KEY (alert, station)
) WITHOUT ROWID;

CREATE TABLE alert_journal (                          -- what was done to an alert: hub.alerts.table
    alert INTEGER NOT NULL REFERENCES alert (no),
    no INTEGER NOT NULL,                              -- the alert's revision that it made
    utc_us INTEGER NOT NULL,
    by TEXT,                                          -- the account; NULL: a rule, a clock
    input TEXT NOT NULL,
    from_state TEXT,                                  -- NULL: it was raised
    to_state TEXT NOT NULL,
    detail TEXT NOT NULL,                             -- JSON
    PRIMARY KEY (alert, no)
) WITHOUT ROWID;

CREATE TABLE maintenance (                            -- hub.alerts.maintenance
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,
    from_utc_us INTEGER NOT NULL,
    until_utc_us INTEGER NOT NULL,
    why TEXT NOT NULL,
    by_name TEXT NOT NULL,
    made_utc_us INTEGER NOT NULL,
    ended_utc_us INTEGER,                             -- NULL: nobody has ended it before its time
    ended_by TEXT
);
CREATE INDEX maintenance_until ON maintenance (until_utc_us);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """An alert as it is kept. `members`: the stations of a unit's alert."""

    no: int
    rule: str
    place: str
    severity: int
    state: str
    is_closed: bool
    revision: int
    owner: str | None
    raised_utc_us: int
    changed_utc_us: int
    kept: str
    members: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLine:
    """A line of an alert's journal. `from_state` None: it was raised; `detail` is JSON."""

    no: int
    utc_us: int
    by: str | None
    input: str
    from_state: str | None
    to_state: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDraft:
    """An alert as it is after one input, and the line of it. `row.members` is not looked at: what has changed
    of them stands in `joined` and `left`.
    """

    row: AlertRow
    line: AlertLine
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceRow:
    """A maintenance window. `no` 0: it is not kept yet."""

    no: int
    place: str
    from_utc_us: int
    until_utc_us: int
    why: str
    by: str
    made_utc_us: int
    ended_utc_us: int | None = None
    ended_by: str | None = None


class AlertBook(Protocol):
    """What the hub asks of the book."""

    def next_alert(self) -> int:
        """Return the number after the last that was given."""

    def open_alerts(self) -> list[AlertRow]:
        """Return the alerts that are not closed, oldest first, with their members."""

    def alert(self, no: int) -> AlertRow | None:
        """Return one alert with its members; None: there is none."""

    def closed_alerts(self, *, newest: int, place: str | None = None) -> list[AlertRow]:
        """Return the closed alerts, of all places or of one, closed last first; without members."""

    def alert_journal(self, no: int) -> list[AlertLine]:
        """Return what was done to an alert, in order."""

    def keep_alerts(self, drafts: Sequence[AlertDraft]) -> None:
        """Keep what became of alerts, all or nothing. A line that is there already is not written again.
        Raises StoreFailedError.
        """

    def maintenance(self, *, since_utc_us: int) -> list[MaintenanceRow]:
        """Return the windows that were not over by then, first to begin first."""

    def add_maintenance(self, window: MaintenanceRow) -> int:
        """Keep a window; return its number. Raises StoreFailedError."""

    def end_maintenance(self, no: int, *, by: str, utc_us: int) -> bool:
        """A window is over now; False: it was before. Raises StoreFailedError."""


class SqliteAlertBook:
    """The same in the SQLite store. `transaction` is the store's: one writes in no other."""

    def __init__(self, db: Database, transaction: Callable[[], AbstractContextManager[object]]) -> None:
        self._db, self._transaction = db, transaction

    def next_alert(self) -> int:
        """Return the number after the last that was given."""
        return int(self._db.execute("SELECT coalesce(max(no), 0) + 1 FROM alert").fetchone()[0])

    def open_alerts(self) -> list[AlertRow]:
        """Return the alerts that are not closed, with their members."""
        rows = self._db.execute(f"SELECT {_COLUMNS} FROM alert WHERE NOT is_closed ORDER BY no").fetchall()
        return [_row(row, self._members(row[0])) for row in rows]

    def alert(self, no: int) -> AlertRow | None:
        """Return one alert with its members; None: there is none."""
        row = self._db.execute(f"SELECT {_COLUMNS} FROM alert WHERE no = ?", (no,)).fetchone()
        return None if row is None else _row(row, self._members(no))

    def closed_alerts(self, *, newest: int, place: str | None = None) -> list[AlertRow]:
        """Return the closed alerts, closed last first."""
        if place is None:
            sql = (
                f"SELECT {_COLUMNS} FROM alert WHERE is_closed ORDER BY changed_utc_us DESC, no DESC LIMIT ?"
            )
            return [_row(row, ()) for row in self._db.execute(sql, (newest,))]
        sql = f"SELECT {_COLUMNS} FROM alert WHERE place = ? AND is_closed ORDER BY no DESC LIMIT ?"
        return [_row(row, ()) for row in self._db.execute(sql, (place, newest))]

    def alert_journal(self, no: int) -> list[AlertLine]:
        """Return what was done to an alert, in order."""
        sql = (
            "SELECT no, utc_us, by, input, from_state, to_state, detail FROM alert_journal"
            " WHERE alert = ? ORDER BY no"
        )
        return [_line(row) for row in self._db.execute(sql, (no,))]

    def keep_alerts(self, drafts: Sequence[AlertDraft]) -> None:
        """Keep what became of alerts, all or nothing. Raises StoreFailedError."""
        with self._transaction():
            for draft in drafts:
                self._keep(draft)

    def maintenance(self, *, since_utc_us: int) -> list[MaintenanceRow]:
        """Return the windows that were not over by then."""
        sql = (
            "SELECT no, place, from_utc_us, until_utc_us, why, by_name, made_utc_us, ended_utc_us, ended_by"
            " FROM maintenance WHERE until_utc_us > ? ORDER BY from_utc_us, no"
        )
        return [_window(row) for row in self._db.execute(sql, (since_utc_us,))]

    def add_maintenance(self, window: MaintenanceRow) -> int:
        """Keep a window; return its number. Raises StoreFailedError."""
        with self._transaction():
            cursor = self._db.execute(
                "INSERT INTO maintenance (place, from_utc_us, until_utc_us, why, by_name, made_utc_us)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (window.place, window.from_utc_us, window.until_utc_us, window.why, window.by,
                 window.made_utc_us),
            )  # fmt: skip
            return int(cursor.lastrowid or 0)

    def end_maintenance(self, no: int, *, by: str, utc_us: int) -> bool:
        """A window is over now. Raises StoreFailedError."""
        with self._transaction():
            cursor = self._db.execute(
                "UPDATE maintenance SET ended_utc_us = ?, ended_by = ?"
                " WHERE no = ? AND ended_utc_us IS NULL AND until_utc_us > ?",
                (utc_us, by, no, utc_us),
            )
            return bool(cursor.rowcount)

    def _keep(self, draft: AlertDraft) -> None:
        row, line = draft.row, draft.line
        self._db.execute(
            "INSERT INTO alert (no, rule, place, severity, state, is_closed, revision, owner, raised_utc_us,"
            " changed_utc_us, kept) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (no) DO UPDATE SET severity = excluded.severity, state = excluded.state,"
            " is_closed = excluded.is_closed, revision = excluded.revision, owner = excluded.owner,"
            " changed_utc_us = excluded.changed_utc_us, kept = excluded.kept"
            " WHERE excluded.revision > alert.revision",
            (row.no, row.rule, row.place, row.severity, row.state, row.is_closed, row.revision, row.owner,
             row.raised_utc_us, row.changed_utc_us, row.kept),
        )  # fmt: skip
        self._db.execute(
            "INSERT OR IGNORE INTO alert_journal (alert, no, utc_us, by, input, from_state, to_state, detail)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (row.no, line.no, line.utc_us, line.by, line.input, line.from_state, line.to_state, line.detail),
        )
        joined, left = ([(row.no, station) for station in some] for some in (draft.joined, draft.left))
        self._db.conn.executemany("INSERT OR IGNORE INTO alert_member VALUES (?, ?)", joined)
        self._db.conn.executemany("DELETE FROM alert_member WHERE alert = ? AND station = ?", left)

    def _members(self, no: int) -> tuple[str, ...]:
        sql = "SELECT station FROM alert_member WHERE alert = ? ORDER BY station"
        return tuple(str(row[0]) for row in self._db.execute(sql, (no,)))


_COLUMNS: Final = (
    "no, rule, place, severity, state, is_closed, revision, owner, raised_utc_us, changed_utc_us, kept"
)


def _row(row: Sequence[Any], members: tuple[str, ...]) -> AlertRow:
    no, rule, place, severity, state, is_closed, revision, owner, raised_us, changed_us, kept = row
    return AlertRow(
        no=no, rule=rule, place=place, severity=severity, state=state, is_closed=bool(is_closed),
        revision=revision, owner=owner, raised_utc_us=raised_us, changed_utc_us=changed_us, kept=kept,
        members=members,
    )  # fmt: skip


def _line(row: Sequence[Any]) -> AlertLine:
    no, utc_us, by, input_, from_state, to_state, detail = row
    return AlertLine(
        no=no, utc_us=utc_us, by=by, input=input_, from_state=from_state, to_state=to_state, detail=detail
    )


def _window(row: Sequence[Any]) -> MaintenanceRow:
    no, place, from_us, until_us, why, by, made_us, ended_us, ended_by = row
    return MaintenanceRow(
        no=no, place=place, from_utc_us=from_us, until_utc_us=until_us, why=why, by=by, made_utc_us=made_us,
        ended_utc_us=ended_us, ended_by=ended_by,
    )  # fmt: skip
