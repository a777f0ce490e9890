"""The book of the organisation: every version of every unit, station card and box, who wrote it and when.

No version is ever changed or taken away; the newest of each is how things are.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Final, Literal, Protocol

from sqlite_utils import Database

CardKind = Literal["unit", "station", "box"]

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

    def keep_cards(self, drafts: Sequence[CardDraft], *, by: str, why: str, utc_us: int) -> list[CardRow]:
        """Compare and set, all or none. Raises StoreFailedError."""
        with self._transaction():
            if any(self._revision(one) != one.after for one in drafts):
                return []
            return [self._keep(one, by=by, why=why, utc_us=utc_us) for one in drafts]

    def _revision(self, draft: CardDraft) -> int:
        row = self._db.execute(
            "SELECT c.revision FROM card_now w JOIN card c ON c.no = w.no WHERE w.kind = ? AND w.id = ?",
            (draft.kind, draft.id),
        ).fetchone()
        return 0 if row is None else int(row[0])

    def _keep(self, draft: CardDraft, *, by: str, why: str, utc_us: int) -> CardRow:
        cursor = self._db.execute(
            "INSERT INTO card (kind, id, revision, utc_us, by_name, why, json) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (draft.kind, draft.id, draft.after + 1, utc_us, by, why, draft.json),
        )
        no = int(cursor.lastrowid or 0)
        self._db.execute(
            "INSERT INTO card_now (kind, id, no) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, id) DO UPDATE SET no = excluded.no",
            (draft.kind, draft.id, no),
        )
        return CardRow(
            no=no, kind=draft.kind, id=draft.id, revision=draft.after + 1, utc_us=utc_us, by=by, why=why,
            json=draft.json,
        )  # fmt: skip

    def _rows(self, sql: str, *values: object) -> list[CardRow]:
        return [_row(row) for row in self._db.execute(sql, values)]


_COLUMNS: Final = "c.no, c.kind, c.id, c.revision, c.utc_us, c.by_name, c.why, c.json"


def _row(row: Sequence[Any]) -> CardRow:
    no, kind, id, revision, utc_us, by, why, json = row
    return CardRow(no=no, kind=kind, id=id, revision=revision, utc_us=utc_us, by=by, why=why, json=json)
