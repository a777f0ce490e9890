"""Boxes and the codes that let one in: tables in the accounts' file.

A box is known by its key. A claim code makes whoever shows it first the box of a station, and the box that
was it before becomes a former one; kept is only its hash (scrypt), so that whoever reads the file cannot use
it. Nothing is ever taken from the book of boxes: what was revoked stays revoked.
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any, Final

from sqlite_utils import Database

from contract.claims import RANDOM_BYTES, make_code, parse_code
from contract.ids import BY_NAME, BoxName, BoxNo, StationId

CLAIM_LIFE_S: Final = 14 * 86_400  # a box travels to an island
CLAIMS_MAX: Final = 5  # that wait, of one station
BOXES_MAX: Final = 999_999
_SALT: Final = (
    b"haidang claim 1"  # one for all: the code itself is 55 random bits, and is looked up by its hash
)
TABLES_OF_BOXES: Final = """
CREATE TABLE claim (
    hash BLOB PRIMARY KEY, station TEXT NOT NULL, by TEXT NOT NULL, made_utc_s INTEGER NOT NULL,
    ends_utc_s INTEGER NOT NULL, used_utc_s INTEGER, box INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX claim_station ON claim (station);
CREATE TABLE box (
    station TEXT NOT NULL, no INTEGER NOT NULL, key BLOB NOT NULL, serial TEXT NOT NULL, by TEXT NOT NULL,
    enrolled_utc_s INTEGER NOT NULL, renewed_utc_s INTEGER NOT NULL, ends_utc_s INTEGER NOT NULL,
    revoked_utc_s INTEGER, revoked_by TEXT, PRIMARY KEY (station, no)
) STRICT, WITHOUT ROWID;
CREATE TABLE box_certificate (
    serial_number TEXT PRIMARY KEY, station TEXT NOT NULL, no INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""


class ClaimRefusal(StrEnum):
    """Why a code lets no box in."""

    UNKNOWN = "nobody made it, or long ago"
    USED = "another box has used it"
    OVER = "its days are over"
    TOO_MANY = "this station has five codes that wait already"
    REVOKED = "the box that used it is revoked"


class ClaimRefusedError(Exception):
    """The code lets nobody in, or cannot be made."""

    def __init__(self, why: ClaimRefusal) -> None:
        super().__init__(why.value)
        self.why = why


class Standing(Enum):
    """What a box may do."""

    CURRENT = "it is the station"
    FORMER = "another is: it may send what it still has, and nothing else"
    REVOKED = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box of the book. `key` is its public key, DER; b"": it was made by the hub. `serial`: of the
    machine, as it calls itself. `ends_utc_s`: when its newest certificate does. `by`: who let it in.
    """

    name: BoxName
    key: bytes
    serial: str
    by: str
    enrolled_utc_s: int
    renewed_utc_s: int
    ends_utc_s: int
    revoked_utc_s: int | None
    revoked_by: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A code that nobody has used."""

    station: StationId
    by: str
    made_utc_s: int
    ends_utc_s: int


class Standings:
    """How all boxes stand, at one moment (no database behind it)."""

    def __init__(self, boxes: Mapping[BoxName, bool] = MappingProxyType({})) -> None:
        """`boxes`: whether each box of the book is revoked."""
        self._boxes = boxes
        self._revoked = frozenset(name for name, is_revoked in boxes.items() if is_revoked)
        self._newest: dict[StationId, BoxNo] = {}
        for station, box in sorted(boxes.keys() - self._revoked):
            self._newest[station] = box

    @property
    def revoked(self) -> frozenset[BoxName]:
        """Who may do nothing."""
        return self._revoked

    def current(self, station: StationId) -> BoxName:
        """Return which box is a station: the newest that is not revoked. One that no book knows is its
        own.
        """
        return BoxName(station, self._newest.get(station, BY_NAME))

    def is_later(self, box: BoxName) -> bool:
        """Whether a box that no book knows came in after all that are known: the hub was restored since."""
        return box not in self._boxes and box.box > self.current(box.station).box

    def with_later(self, box: BoxName) -> "Standings":
        """Return the same with a box that was let in since."""
        return Standings({**self._boxes, box: False})

    def others_than(self, before: "Standings") -> list[StationId]:
        """Return the stations that have another box than they had."""
        stations = self._newest.keys() | before._newest.keys()
        return sorted(one for one in stations if self.current(one) != before.current(one))

    def of(self, box: BoxName) -> Standing:
        """Return what a box may do. What the broker let in is ours, written down here or not."""
        if box in self._revoked:
            return Standing.REVOKED
        return Standing.CURRENT if box == self.current(box.station) else Standing.FORMER


class Boxes:
    """The tables. Belongs to the thread of its `Accounts`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Codes

    def make_claim(self, station: StationId, *, by: str, now_utc_s: float) -> tuple[str, Waiting]:
        """Return a new code, which is kept nowhere, and what is. Raises ClaimRefusedError: too many wait."""
        now = int(now_utc_s)
        if len(self.waiting(station, now_utc_s=now)) >= CLAIMS_MAX:
            raise ClaimRefusedError(ClaimRefusal.TOO_MANY)
        code = make_code(secrets.token_bytes(RANDOM_BYTES))
        with self._db.conn:
            self._db.execute(
                "INSERT INTO claim (hash, station, by, made_utc_s, ends_utc_s) VALUES (?, ?, ?, ?, ?)",
                [hash_claim(code), station, by, now, now + CLAIM_LIFE_S],
            )
        return code, Waiting(station, by, now, now + CLAIM_LIFE_S)

    def waiting(self, station: StationId, *, now_utc_s: float) -> list[Waiting]:
        """Return the codes of a station that a box may still show, oldest first."""
        rows = self._db.query(
            "SELECT station, by, made_utc_s, ends_utc_s FROM claim"
            " WHERE station = ? AND used_utc_s IS NULL AND ends_utc_s > ? ORDER BY made_utc_s",
            [station, int(now_utc_s)],
        )
        return [Waiting(**row) for row in rows]

    def withdraw_claims(self, station: StationId, *, now_utc_s: float) -> int:
        """Let no code of a station be good any more; return how many were."""
        now = int(now_utc_s)
        with self._db.conn:
            return self._db.execute(
                "UPDATE claim SET ends_utc_s = ? WHERE station = ? AND used_utc_s IS NULL AND ends_utc_s > ?",
                [now, station, now],
            ).rowcount

    def use_claim(self, hashed: bytes, *, key: bytes, serial: str, now_utc_s: float) -> tuple[Box, bool]:
        """Return the box that a code makes of whoever has `key`, and whether it is new: a box that did not
        hear the answer asks again and is the same. `hashed`: `hash_claim` of the code. Raises
        ClaimRefusedError.
        """
        row = self._row("SELECT * FROM claim WHERE hash = ?", hashed)
        if not row:
            raise ClaimRefusedError(ClaimRefusal.UNKNOWN)
        station = StationId(row["station"])
        if row["used_utc_s"] is not None:
            box = self.box(BoxName(station, BoxNo(row["box"])))
            if box is None or box.key != key:
                raise ClaimRefusedError(ClaimRefusal.USED)
            if box.revoked_utc_s is not None:
                raise ClaimRefusedError(ClaimRefusal.REVOKED)
            return box, False
        if now_utc_s >= row["ends_utc_s"]:
            raise ClaimRefusedError(ClaimRefusal.OVER)
        with self._db.conn:
            box = self._add(station, key=key, serial=serial, by=row["by"], now=int(now_utc_s))
            self._db.execute(
                "UPDATE claim SET used_utc_s = ?, box = ? WHERE hash = ? AND used_utc_s IS NULL",
                [int(now_utc_s), box.name.box, hashed],
            )
        return box, True

    # Boxes

    def let_in(self, station: StationId, *, key: bytes, serial: str, by: str, now_utc_s: float) -> Box:
        """Return the box that somebody makes of whoever has `key`, without a code."""
        with self._db.conn:
            return self._add(station, key=key, serial=serial, by=by, now=int(now_utc_s))

    def note_by_hand(self, station: StationId, *, by: str, ends_utc_s: int, now_utc_s: float) -> None:
        """Write down a box that was given its files by hand, under the station's own name."""
        with self._db.conn:
            self._insert(BoxName(station), b"", "", by, int(now_utc_s), ends_utc_s)

    def note_later(self, name: BoxName, *, now_utc_s: float) -> None:
        """Write down a box that the broker let in and no book knows, so that its number is given to no
        other.
        """
        with self._db.conn:
            self._insert(name, b"", "", "", int(now_utc_s), int(now_utc_s))

    def note_certificate(
        self, name: BoxName, serial_number: int, *, ends_utc_s: int, now_utc_s: float
    ) -> None:
        """Write down a certificate that was made for a box; it is to be found again when the box is
        revoked.
        """
        with self._db.conn:
            self._db.execute(
                "INSERT OR IGNORE INTO box_certificate VALUES (?, ?, ?)",
                [f"{serial_number:x}", name.station, name.box],
            )
            self._db.execute(
                "UPDATE box SET renewed_utc_s = ?, ends_utc_s = ? WHERE station = ? AND no = ?",
                [int(now_utc_s), ends_utc_s, name.station, name.box],
            )

    def box(self, name: BoxName) -> Box | None:
        """Return a box of the book."""
        row = self._row("SELECT * FROM box WHERE station = ? AND no = ?", name.station, name.box)
        return _box(row) if row else None

    def boxes(self, station: StationId | None = None) -> list[Box]:
        """Return the boxes of a station, or all; newest first at each station."""
        rows = self._db.query(
            "SELECT * FROM box WHERE :station IS NULL OR station = :station ORDER BY station, no DESC",
            {"station": station},
        )
        return [_box(row) for row in rows]

    def revoke(self, wanted: BoxName | StationId, *, by: str, now_utc_s: float) -> list[BoxName]:
        """Revoke a box, or (a station) all that it has and the codes that wait; return which were not yet.

        The box that the hub made for a station by hand may stand in no book: it is written down to be
        refused.
        """
        now, names = int(now_utc_s), list[BoxName]()
        if isinstance(wanted, BoxName):
            names = [wanted]
        else:
            self.withdraw_claims(wanted, now_utc_s=now)
            names = [BoxName(wanted), *(box.name for box in self.boxes(wanted) if box.name.box)]
        revoked = []
        with self._db.conn:
            for name in names:
                if name.box == BY_NAME:
                    self._insert(name, b"", "", by, now, now)
                changed = self._db.execute(
                    "UPDATE box SET revoked_utc_s = ?, revoked_by = ?"
                    " WHERE station = ? AND no = ? AND revoked_utc_s IS NULL",
                    [now, by, name.station, name.box],
                )
                if changed.rowcount:
                    revoked.append(name)
        return revoked

    def revoked_serial_numbers(self) -> list[int]:
        """Return the numbers of all certificates of revoked boxes, sorted."""
        rows = self._db.query(
            "SELECT serial_number FROM box_certificate NATURAL JOIN box WHERE revoked_utc_s IS NOT NULL"
        )
        return sorted(int(row["serial_number"], 16) for row in rows)

    def standings(self) -> Standings:
        """Return how all boxes stand now."""
        rows = self._db.query("SELECT station, no, revoked_utc_s IS NOT NULL AS is_revoked FROM box")
        return Standings(
            {BoxName(StationId(row["station"]), BoxNo(row["no"])): bool(row["is_revoked"]) for row in rows}
        )

    def mark(self) -> tuple[int, int]:
        """Return how many boxes there are and how many of them are revoked: neither ever becomes less."""
        row = self._row("SELECT count(*) AS boxes, count(revoked_utc_s) AS revoked FROM box")
        return row["boxes"], row["revoked"]

    def _add(self, station: StationId, *, key: bytes, serial: str, by: str, now: int) -> Box:
        newest = self._row("SELECT coalesce(max(no), 0) AS no FROM box WHERE station = ?", station)["no"]
        name = BoxName(station, BoxNo(newest + 1))
        self._insert(name, key, serial, by, now, now)
        box = self.box(name)
        assert box is not None  # noqa: S101 - told to mypy: it was written above
        return box

    def _insert(self, name: BoxName, key: bytes, serial: str, by: str, now: int, ends: int) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO box"
            " (station, no, key, serial, by, enrolled_utc_s, renewed_utc_s, ends_utc_s)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [name.station, name.box, key, serial, by, now, now, ends],
        )

    def _row(self, sql: str, *values: object) -> dict[str, Any]:
        return next(iter(self._db.query(sql, list(values))), {})


def hash_claim(code: str) -> bytes:
    """Return what is kept of a code, in some 50 ms; raises RefusedError when it is mistyped."""
    return hashlib.scrypt(parse_code(code).encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=32)


def _box(row: dict[str, Any]) -> Box:
    name = BoxName(StationId(row.pop("station")), BoxNo(row.pop("no")))
    return Box(name=name, **row)
