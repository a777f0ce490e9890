"""What a commit writes into the book of links. Nothing is scanned for it, whatever has been kept.

What is older than 90 days goes as new days come.
"""

import json
from collections.abc import Mapping
from typing import Final

from sqlite_utils import Database

from contract.events import Status
from contract.header import Record
from contract.ids import BY_HAND, BootId, StationId
from hub.fleet.link_history import (
    DAY_US,
    HOUR_US,
    KEPT_DAYS,
    LATE_US,
    empty_day,
    outage_between,
    unpack_hour,
    with_hour,
)
from hub.store.interface import Arrival
from hub.store.link_book import THE_HUB

AHEAD_MAX_US: Final = HOUR_US  # a moment so far after its arrival is no moment
FORGET_AT_ONCE: Final = 4  # rows too old, taken away for each new one: an old hub catches up in days


def file_heard(db: Database, heard: Mapping[StationId, int]) -> None:
    """Write when stations were heard, hub UTC, and the outages that this ended."""
    if not heard:
        return
    heard = {**heard, StationId(THE_HUB): max(heard.values())}
    known = db.conn.execute(
        "SELECT station, utc_us FROM link_heard WHERE station IN (SELECT value FROM json_each(?))",
        (json.dumps([*heard]),),
    )
    before = dict[StationId, int](known.fetchall())
    for station, utc_us in heard.items():
        outage = outage_between(before.get(station), utc_us)
        if outage is not None:
            db.execute(
                "INSERT OR IGNORE INTO link_outage (station, from_utc_us, until_utc_us) VALUES (?, ?, ?)",
                (station, outage.from_us, outage.until_us),
            )
            db.execute(
                "DELETE FROM link_outage WHERE station = ? AND until_utc_us < ?",
                (station, utc_us - KEPT_DAYS * DAY_US),
            )
    db.conn.executemany(
        "INSERT INTO link_heard (station, utc_us) VALUES (?, ?)"
        " ON CONFLICT (station) DO UPDATE SET utc_us = max(utc_us, excluded.utc_us)",
        heard.items(),
    )


def file_status(
    db: Database, station: StationId, status: Status, *, told_us: int | None, received_us: int
) -> None:
    """Write what a status told into the hour of which it tells. Of one whose moment nobody knows, nothing."""
    if told_us is None or not received_us - KEPT_DAYS * DAY_US <= told_us <= received_us + AHEAD_MAX_US:
        return
    day, hour = told_us // DAY_US, told_us % DAY_US // HOUR_US
    key = (day, station)
    row = db.execute("SELECT hours FROM link_day WHERE day = ? AND station = ?", key).fetchone()
    data = empty_day() if row is None else bytes(row[0])
    is_late = received_us - told_us > LATE_US
    data = with_hour(data, hour, unpack_hour(data, hour).with_status(status, is_late=is_late))
    if row is not None:
        db.execute("UPDATE link_day SET hours = ? WHERE day = ? AND station = ?", (data, *key))
        return
    db.execute("INSERT INTO link_day (day, station, hours) VALUES (?, ?, ?)", (*key, data))
    db.execute(
        "DELETE FROM link_day WHERE (day, station) IN"
        " (SELECT day, station FROM link_day WHERE day < ? ORDER BY day LIMIT ?)",
        (received_us // DAY_US - KEPT_DAYS, FORGET_AT_ONCE),
    )


def moment_us(db: Database, spool_no: int, arrival: Arrival) -> int | None:
    """Return when a record was made, hub UTC: by its age when it was sent, or by its boot's ties to UTC.

    None: it is of another boot than the parcel, and nothing ties that one.
    """
    if not isinstance(arrival.record, Record):
        return None
    header = arrival.record.header
    if arrival.boot == header.boot and arrival.boot != BY_HAND:
        return arrival.received_utc_us - max(0, arrival.sent_t_us - header.t_us)
    return tied_us(db, spool_no, header.boot, header.t_us)


def tied_us(db: Database, spool_no: int, boot: BootId, t_us: int) -> int | None:
    """Return when a moment of a boot was, by the tie next to it; None: there is none."""
    row = db.execute(
        "SELECT low_us, high_us FROM knot WHERE spool_no = ? AND boot = ? AND until_version IS NULL"
        " ORDER BY abs(t_us - ?) LIMIT 1",
        (spool_no, boot, t_us),
    ).fetchone()
    return None if row is None else t_us + (int(row[0]) + int(row[1])) // 2
