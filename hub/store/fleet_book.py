"""The book of the organisation: every version of every unit, station card and box, who wrote it and when.

No version is ever changed or taken away; the newest of each is how things are.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from sqlite_utils import Database

CardKind = Literal["unit", "station", "box"]
MANY: Final = 200  # above it, one look at all cards is quicker than one at each

FLEET: Final = """
CREATE TABLE card (                                   -- units, stations, boxes: hub.fleet.card_json
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,                               -- unit, station, box
    id TEXT NOT NULL,                                 -- the unit's number, the station's id, the box's serial
    revision INTEGER NOT NULL,                        -- counts from 1 for each
    utc_us INTEGER NOT NULL,
    by_name TEXT NOT NULL,                            -- the account
    why TEXT NOT NULL,                                -- such as the file that was imported
    json TEXT NOT NULL,
    UNIQUE (kind, id, revision)
);
CREATE TABLE card_now (                               -- the newest of each
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    no INTEGER NOT NULL REFERENCES card (no),
    PRIMARY KEY (kind, id)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardDraft:
    """A version to be kept. `after`: the revision that its writer saw, 0 for a new one."""

    kind: CardKind
    id: str
    after: int
    json: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """A version that is kept; `no` counts over all of them."""

    no: int
    kind: CardKind
    id: str
    revision: int
    utc_us: int
    by: str
    why: str
    json: str


class FleetBook(Protocol):
    """What the hub asks of the book."""

    def cards(self) -> list[CardRow]:
        """Return the newest version of every card."""

    def card_versions(self, kind: CardKind, id: str) -> list[CardRow]:
        """Return all versions of a card, oldest first."""

    def card_changes(self, *, newest: int, before_no: int | None = None) -> list[CardRow]:
        """Return the last versions of all, newest first; `before_no`: those older than that one."""

    def boxes_ever_at(self, station: str) -> list[CardRow]:
        """Return all versions of the cards of those boxes that stand at a station or ever did, in order."""

    def keep_cards(self, drafts: Sequence[CardDraft], *, by: str, why: str, utc_us: int) -> list[CardRow]:
        """Compare and set, all or none: empty when somebody wrote a version of one of them meanwhile. Raises
        StoreFailedError.
        """


class SqliteFleetBook:
    """The same in the SQLite store. `transaction` is the store's: one writes in no other."""

    def __init__(self, db: Database, transaction: Callable[[], AbstractContextManager[object]]) -> None:
        self._db, self._transaction = db, transaction

    def cards(self) -> list[CardRow]:
        """Return the newest version of every card."""
        return self._rows(f"SELECT {_COLUMNS} FROM card_now w JOIN card c ON c.no = w.no ORDER BY c.no")

    def card_versions(self, kind: CardKind, id: str) -> list[CardRow]:
        """Return all versions of a card, oldest first."""
        return self._rows(
            f"SELECT {_COLUMNS} FROM card c WHERE c.kind = ? AND c.id = ? ORDER BY c.revision", kind, id
        )

    def card_changes(self, *, newest: int, before_no: int | None = None) -> list[CardRow]:
        """Return the last versions of all, newest first."""
        return self._rows(
            f"SELECT {_COLUMNS} FROM card c WHERE ? IS NULL OR c.no < ? ORDER BY c.no DESC LIMIT ?",
            before_no, before_no, newest,
        )  # fmt: skip

    def boxes_ever_at(self, station: str) -> list[CardRow]:
        """Return all versions of the cards of those boxes that stand at a station or ever did, in order."""
        return self._rows(
            f"SELECT {_COLUMNS} FROM card c WHERE c.kind = 'box' AND c.id IN (SELECT id FROM card"
            " WHERE kind = 'box' AND json_extract(json, '$.station') = ?) ORDER BY c.id, c.revision",
            station,
        )

    def keep_cards(self, drafts: Sequence[CardDraft], *, by: str, why: str, utc_us: int) -> list[CardRow]:
        """Compare and set, all or none. Raises StoreFailedError."""
        with self._transaction():
            revisions = self._revisions(drafts)
            if any(revisions.get((one.kind, one.id), 0) != one.after for one in drafts):
                return []
            (last,) = self._db.execute("SELECT coalesce(max(no), 0) FROM card").fetchone()
            rows = [
                CardRow(
                    no=no, kind=one.kind, id=one.id, revision=one.after + 1, utc_us=utc_us, by=by, why=why,
                    json=one.json,
                )
                for no, one in enumerate(drafts, start=last + 1)
            ]  # fmt: skip
            self._insert(rows)
            return rows

    def _revisions(self, drafts: Sequence[CardDraft]) -> dict[tuple[str, str], int]:
        """Return the newest revisions: of these cards when they are few, of all when they are many."""
        newest = "SELECT w.kind, w.id, c.revision FROM card_now w JOIN card c ON c.no = w.no"
        if len(drafts) > MANY:
            found = list(self._db.execute(newest))
        else:
            one_of = f"{newest} WHERE w.kind = ? AND w.id = ?"
            found = [row for one in drafts for row in self._db.execute(one_of, (one.kind, one.id))]
        return {(kind, id): revision for kind, id, revision in found}

    def _insert(self, rows: Sequence[CardRow]) -> None:
        """Many at once: the writer is ingest's too, which waits meanwhile."""
        self._db.conn.executemany(
            "INSERT INTO card (no, kind, id, revision, utc_us, by_name, why, json)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [(one.no, one.kind, one.id, one.revision, one.utc_us, one.by, one.why, one.json) for one in rows],
        )
        self._db.conn.executemany(
            "INSERT INTO card_now (kind, id, no) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET no = excluded.no",
            [(one.kind, one.id, one.no) for one in rows],
        )

    def _rows(self, sql: str, *values: object) -> list[CardRow]:
        return [_row(row) for row in self._db.execute(sql, values)]


_COLUMNS: Final = "c.no, c.kind, c.id, c.revision, c.utc_us, c.by_name, c.why, c.json"


def _row(row: Sequence[Any]) -> CardRow:
    no, kind, id, revision, utc_us, by, why, json = row
    return CardRow(no=no, kind=kind, id=id, revision=revision, utc_us=utc_us, by=by, why=why, json=json)
