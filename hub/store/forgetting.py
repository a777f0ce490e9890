"""What the store does not keep for ever: closed alerts, and old versions of documents that others followed.

Nothing that was heard of a station is here, no call, and no change of a layer: those stay.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from sqlite_utils import Database

from contract.ids import StationId

FORGETTING: Final = """
CREATE INDEX desired_by_time ON desired_version (utc_us);
CREATE INDEX desired_by_hash ON desired_version (hash);
DELETE FROM fleet_view WHERE gone_utc_us IS NOT NULL;  -- hubs of before kept those that were taken away
ALTER TABLE fleet_view DROP COLUMN gone_utc_us;
CREATE INDEX view_of_account ON fleet_view (by_name, name);
"""


class Forgetting(Protocol):
    """What the hub asks of it."""

    def alerts(self, *, before_utc_us: int, most: int) -> int:
        """Forget alerts that were closed before then, with their journals, the oldest first; return how
        many. The last number that was given stays, so that none is given twice. Raises StoreFailedError.
        """

    def old_versions(
        self, *, before_utc_us: int, newest: int, most: int
    ) -> Sequence[tuple[StationId, int, str]]:
        """Return (station, version, hash) of versions made before then, but for the `newest` of each
        station.
        """

    def versions(self, old: Sequence[tuple[StationId, int, str]]) -> None:
        """Forget these, and the contents that no version has any more. Raises StoreFailedError."""


class SqliteForgetting:
    """The same in the SQLite store. `transaction` is the store's: one writes in no other."""

    def __init__(self, db: Database, transaction: Callable[[], AbstractContextManager[object]]) -> None:
        self._db, self._transaction = db, transaction

    def alerts(self, *, before_utc_us: int, most: int) -> int:
        """Forget alerts that were closed before then. Raises StoreFailedError."""
        with self._transaction():
            rows = self._db.execute(
                "SELECT no FROM alert WHERE is_closed AND changed_utc_us < ?"
                " AND no < (SELECT max(no) FROM alert) ORDER BY changed_utc_us LIMIT ?",
                (before_utc_us, most),
            ).fetchall()
            for sql in (
                "DELETE FROM alert_member WHERE alert = ?",
                "DELETE FROM alert_journal WHERE alert = ?",
                "DELETE FROM alert WHERE no = ?",
            ):
                self._db.conn.executemany(sql, rows)
            return len(rows)

    def old_versions(
        self, *, before_utc_us: int, newest: int, most: int
    ) -> Sequence[tuple[StationId, int, str]]:
        """Return versions made before then, but for the `newest` of each station."""
        rows = self._db.execute(
            "SELECT station, version, hash FROM desired_version v WHERE utc_us < ? AND version <="
            " (SELECT max(version) FROM desired_version w WHERE w.station = v.station) - ? LIMIT ?",
            (before_utc_us, newest, most),
        )
        return [(StationId(station), version, hash_) for station, version, hash_ in rows]

    def versions(self, old: Sequence[tuple[StationId, int, str]]) -> None:
        """Forget these, and contents that no version has any more. Raises StoreFailedError."""
        with self._transaction():
            self._db.conn.executemany(
                "DELETE FROM desired_version WHERE station = ? AND version = ?",
                [(station, version) for station, version, _ in old],
            )
            self._db.conn.executemany(
                "DELETE FROM desired_content WHERE hash = ?"
                " AND NOT EXISTS (SELECT 1 FROM desired_version v WHERE v.hash = desired_content.hash)",
                [(hash_,) for hash_ in {hash_ for _, _, hash_ in old}],
            )
