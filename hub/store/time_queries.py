"""What is read back of anchors, fits of boots and sample lines."""

from typing import Final

from sqlite_utils import Database

from contract.ids import BootId, SpoolId, StationId, StreamSetNo, spool_text
from contract.times import Anchor
from contract.varints import VARINT_MAX
from hub.times.fit import DRIFT_SPAN_US, BootFit, Knot
from hub.times.rates import SampleLine

_KNOTS: Final = "SELECT t_us, low_us, high_us FROM knot WHERE spool_no = :spool_no AND boot = :boot"
_LINES: Final = (
    "SELECT from_index, t_us, period_us FROM sample_line"
    " WHERE spool_no = ? AND set_no = ? AND boot = ? AND stream = ? AND until_version IS NULL"
)
_NOW: Final = "until_version IS NULL"
_THEN: Final = "since_version <= :version AND (until_version IS NULL OR until_version > :version)"


class TimeQueries:
    """The part of the store that knows of times. `_db` belongs to one thread."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def anchors(self, station: StationId, spool: SpoolId, *, newest: int) -> list[Anchor]:
        """Return the last `newest` ties of this spool's boots to UTC, in order."""
        rows = self._db.execute(
            "SELECT boot, t_us, utc_us, err_us, source FROM anchor WHERE spool_no = ?"
            " ORDER BY boot DESC, t_us DESC, utc_us DESC LIMIT ?",
            (self._spool_no(station, spool), newest),
        ).fetchall()
        return [Anchor(BootId(boot), *rest) for boot, *rest in reversed(rows)]

    def time_fit(
        self, station: StationId, spool: SpoolId, boot: BootId, *, t_us: int, version: int | None = None
    ) -> BootFit:
        """Return of the boot's fit what a moment about `t_us` needs; by default the newest version."""
        spool_no = self._spool_no(station, spool)
        values = {"spool_no": spool_no, "boot": boot, "version": version}
        which = _NOW if version is None else _THEN

        def nearest(where: str, order: str, at_us: int) -> list[Knot]:
            sql = f"{_KNOTS} AND {which} AND t_us {where} :t_us ORDER BY t_us {order} LIMIT 1"
            row = self._db.execute(sql, {**values, "t_us": at_us}).fetchone()
            return [] if row is None else [Knot(*row)]

        before, after = nearest("<=", "DESC", t_us), nearest(">", "ASC", t_us)
        if before and not after:  # beyond the last: it goes on as it did on the day before it
            after, before = before, nearest(">=", "ASC", before[0].t_us - DRIFT_SPAN_US)
        elif after and not before:
            before, after = after, nearest("<=", "DESC", after[0].t_us + DRIFT_SPAN_US)
        if version is None:
            (version,) = self._db.execute(
                "SELECT max(version) FROM anchor WHERE spool_no = ? AND boot = ?", (spool_no, boot)
            ).fetchone()
        knots = before if before == after else [*before, *after]
        return BootFit(boot, version or 0, tuple(knots))

    def anchored_boots(
        self, station: StationId, spool: SpoolId, boot: BootId
    ) -> tuple[BootId | None, BootId | None]:
        """Return the last boot before and the first after `boot` that have anchors."""
        row = self._db.execute(
            "SELECT (SELECT max(boot) FROM anchor WHERE spool_no = :spool_no AND boot < :boot),"
            " (SELECT min(boot) FROM anchor WHERE spool_no = :spool_no AND boot > :boot)",
            {"spool_no": self._spool_no(station, spool), "boot": boot},
        ).fetchone()
        return row[0], row[1]

    def last_moment_us(self, station: StationId, spool: SpoolId, boot: BootId) -> int:
        """Return the latest time of the boot that anything is known of, 0 for nothing."""
        (last_us,) = self._db.execute(
            "SELECT max(t_us) FROM ("
            " SELECT max(t_us) AS t_us FROM event WHERE spool_no = :spool_no AND boot = :boot UNION ALL"
            " SELECT max(t_us) FROM record"
            "  WHERE spool_no = :spool_no AND class = 1 AND boot = :boot AND kind = 1 UNION ALL"
            " SELECT max(t_us) FROM record"
            "  WHERE spool_no = :spool_no AND class = 2 AND boot = :boot AND kind = 1)",
            {"spool_no": self._spool_no(station, spool), "boot": boot},
        ).fetchone()
        return int(last_us or 0)

    def sample_line(
        self,
        station: StationId,
        spool: SpoolId,
        set_no: StreamSetNo,
        boot: BootId,
        *,
        stream: int,
        index: int | None = None,
    ) -> SampleLine | None:
        """Return the line that places a sample: the last that begins before it, or else the first; the last
        of all for None.
        """
        key = (self._spool_no(station, spool), set_no, boot, stream)
        row = self._db.execute(
            f"{_LINES} AND from_index <= ? ORDER BY from_index DESC LIMIT 1",
            (*key, VARINT_MAX if index is None else index),
        ).fetchone()
        if row is None:
            row = self._db.execute(f"{_LINES} ORDER BY from_index LIMIT 1", key).fetchone()
        return None if row is None else SampleLine(*row)

    def _spool_no(self, station: StationId, spool: SpoolId) -> int | None:
        row = self._db.execute(
            "SELECT no FROM spool WHERE station = ? AND spool = ?", (station, spool_text(spool))
        ).fetchone()
        return None if row is None else int(row[0])
