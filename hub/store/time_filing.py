"""Anchors and sample lines are written, and with an anchor the fit that it makes.

Nothing is overwritten: what a new version replaces keeps its row, with the version that replaced it. So what
was true under any version can be told.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlite_utils import Database

from contract.ids import BootId, StreamSetNo
from contract.times import Anchor
from hub.times.fit import REACH, Knot, fit_boot, knots_near
from hub.times.rates import SampleLine

HIGHEST_US: Final = 2**60  # 36,000 years; what follows from them still fits SQLite's integers

_NEAR: Final = (
    "SELECT t_us, utc_us, err_us, source FROM anchor WHERE spool_no = ? AND boot = ?"
    f" AND max(t_us, utc_us, err_us) <= {HIGHEST_US}"  # hubs of before kept others too
)
_BEFORE: Final = f"{_NEAR} AND (t_us, utc_us) < (?, ?) ORDER BY t_us DESC, utc_us DESC LIMIT {2 * REACH}"
_AFTER: Final = f"{_NEAR} AND (t_us, utc_us) > (?, ?) ORDER BY t_us, utc_us LIMIT {2 * REACH}"
_OLD_BOOTS: Final = "SELECT DISTINCT spool_no, boot FROM anchor"


def file_anchor(db: Database, spool_no: int, anchor: Anchor, *, made_utc_us: int) -> None:
    """Write an anchor, unless it is there, and the next version of its boot's fit. A few dozen rows are read,
    however long the boot is. One of no time that a clock can show ties nothing.
    """
    if max(anchor.t_us, anchor.utc_us, anchor.err_us) > HIGHEST_US:
        return
    boot = (spool_no, anchor.boot)
    (last,) = db.execute("SELECT max(version) FROM anchor WHERE spool_no = ? AND boot = ?", boot).fetchone()
    version = (last or 0) + 1
    cursor = db.execute(
        "INSERT OR IGNORE INTO anchor (spool_no, boot, t_us, utc_us, err_us, source, version, made_utc_us)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (*boot, anchor.t_us, anchor.utc_us, anchor.err_us, anchor.source, version, made_utc_us),
    )
    if cursor.rowcount != 1:
        return
    place = (*boot, anchor.t_us, anchor.utc_us)
    before = db.execute(_BEFORE, place).fetchall()[::-1]
    after = db.execute(_AFTER, place).fetchall()
    near = [*_anchors(anchor.boot, before), anchor, *_anchors(anchor.boot, after)]
    _replace_knots(db, boot, knots_near(near, len(before)), version=version)


def fit_old_boots(db: Database, *, made_utc_us: int) -> None:
    """Make version 1 of the fit of every boot that has anchors: once, of a store that had no fits."""
    db.execute("UPDATE anchor SET made_utc_us = ?", (made_utc_us,))
    for spool_no, boot in db.execute(_OLD_BOOTS).fetchall():
        rows = db.execute(f"{_NEAR} ORDER BY t_us, utc_us", (spool_no, boot)).fetchall()
        fit = fit_boot(BootId(boot), list(_anchors(boot, rows)), version=1)
        _replace_knots(db, (spool_no, boot), fit.knots, version=1)


def file_lines(
    db: Database,
    spool_no: int,
    set_no: StreamSetNo,
    boot: BootId,
    lines: Mapping[int, SampleLine],
    *,
    made_utc_us: int,
) -> None:
    """Write a line of each stream: a new one, or the one that moved."""
    for stream, line in lines.items():
        key = (spool_no, set_no, boot, stream)
        (last,) = db.execute(
            "SELECT max(since_version) FROM sample_line"
            " WHERE spool_no = ? AND set_no = ? AND boot = ? AND stream = ?",
            key,
        ).fetchone()
        version = (last or 0) + 1
        db.execute(
            "UPDATE sample_line SET until_version = ? WHERE spool_no = ? AND set_no = ? AND boot = ?"
            " AND stream = ? AND from_index = ? AND until_version IS NULL",
            (version, *key, line.from_index),
        )
        db.execute(
            "INSERT INTO sample_line (spool_no, set_no, boot, stream, from_index, since_version, made_utc_us,"
            " t_us, period_us) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, line.from_index, version, made_utc_us, line.t_us, line.period_us),
        )


def _anchors(boot: BootId, rows: Iterable[tuple[Any, ...]]) -> Iterable[Anchor]:
    return (Anchor(boot, t_us, utc_us, err_us, source) for t_us, utc_us, err_us, source in rows)


def _replace_knots(db: Database, boot: tuple[int, int], knots: Iterable[Knot], *, version: int) -> None:
    """Write those of `knots` that are new or not as they were."""
    for knot in knots:
        row = db.execute(
            "SELECT low_us, high_us FROM knot"
            " WHERE spool_no = ? AND boot = ? AND t_us = ? AND until_version IS NULL",
            (*boot, knot.t_us),
        ).fetchone()
        if row == (knot.low_us, knot.high_us):
            continue
        db.execute(
            "UPDATE knot SET until_version = ?"
            " WHERE spool_no = ? AND boot = ? AND t_us = ? AND until_version IS NULL",
            (version, *boot, knot.t_us),
        )
        db.execute(
            "INSERT INTO knot (spool_no, boot, t_us, since_version, low_us, high_us)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*boot, knot.t_us, version, knot.low_us, knot.high_us),
        )
