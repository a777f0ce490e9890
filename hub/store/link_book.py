"""The book of links: what the statuses of the last 90 days told, an hour at a time; when nothing was heard.

Written within the commit of the records themselves (hub/store/link_filing.py): it is never behind them.
"""

from dataclasses import dataclass
from typing import Final, Protocol

from sqlite_utils import Database

from contract.ids import StationId
from hub.fleet.link_history import DAY_US, HOUR_US, HOURS, LinkHour, Outage, unpack_hour

THE_HUB: Final = ""  # in place of a station: the hub itself heard nobody

LINKS: Final = """
CREATE TABLE link_day (                               -- hub.fleet.link_history: 24 hours of 14 bytes
    day INTEGER NOT NULL,                             -- since 1970, UTC
    station TEXT NOT NULL,
    hours BLOB NOT NULL,
    PRIMARY KEY (day, station)
) WITHOUT ROWID;
CREATE TABLE link_outage (                            -- gaps in what was heard that are over
    station TEXT NOT NULL,                            -- empty: the hub heard nobody
    from_utc_us INTEGER NOT NULL,
    until_utc_us INTEGER NOT NULL,
    PRIMARY KEY (station, from_utc_us)
) WITHOUT ROWID;
CREATE TABLE link_heard (                             -- when each was last heard, and (empty) anybody was
    station TEXT PRIMARY KEY,
    utc_us INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO link_heard (station, utc_us)
    SELECT station, max(heard_utc_us) FROM spool WHERE heard_utc_us > 0 GROUP BY station;
"""


@dataclass(frozen=True, slots=True)
class HourRow:
    """An hour of which something is known; it begins at `utc_us`."""

    utc_us: int
    hour: LinkHour


class LinkBook(Protocol):
    """What the hub asks of the book."""

    def hours(self, station: StationId, *, from_utc_us: int, until_utc_us: int) -> list[HourRow]:
        """Return the hours of a period of which anything is known, oldest first."""

    def outages(self, station: StationId, *, since_utc_us: int) -> list[Outage]:
        """Return the outages that ended since then, oldest first: when the station was not heard."""

    def hub_outages(self, *, since_utc_us: int) -> list[Outage]:
        """Return when the hub heard nobody at all: it was off, or cut off."""

    def heard_utc_us(self, station: StationId) -> int | None:
        """Return when something of a station last came and was stored, None for never."""


class SqliteLinkBook:
    """The same in the SQLite store, for reading."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def hours(self, station: StationId, *, from_utc_us: int, until_utc_us: int) -> list[HourRow]:
        """Return the hours of a period of which anything is known, oldest first."""
        sql = (
            "WITH RECURSIVE wanted (day) AS (SELECT ? UNION ALL SELECT day + 1 FROM wanted WHERE day < ?)"
            " SELECT w.day, l.hours FROM wanted w CROSS JOIN link_day l ON l.day = w.day AND l.station = ?"
            " ORDER BY w.day"
        )
        rows = self._db.execute(sql, (from_utc_us // DAY_US, until_utc_us // DAY_US, station)).fetchall()
        found = [
            HourRow(day * DAY_US + hour * HOUR_US, unpack_hour(data, hour))
            for day, data in rows
            for hour in range(HOURS)
        ]
        return [
            row
            for row in found
            if not row.hour.is_empty and from_utc_us < row.utc_us + HOUR_US and row.utc_us < until_utc_us
        ]

    def outages(self, station: StationId, *, since_utc_us: int) -> list[Outage]:
        """Return the outages that ended since then, oldest first."""
        rows = self._db.execute(
            "SELECT from_utc_us, until_utc_us FROM link_outage WHERE station = ? AND until_utc_us >= ?"
            " ORDER BY from_utc_us",
            (station, since_utc_us),
        )
        return [Outage(from_us, until_us) for from_us, until_us in rows]

    def hub_outages(self, *, since_utc_us: int) -> list[Outage]:
        """Return when the hub heard nobody at all."""
        return self.outages(StationId(THE_HUB), since_utc_us=since_utc_us)

    def heard_utc_us(self, station: StationId) -> int | None:
        """Return when something of a station last came and was stored, None for never."""
        row = self._db.execute("SELECT utc_us FROM link_heard WHERE station = ?", (station,)).fetchone()
        return None if row is None else int(row[0])
