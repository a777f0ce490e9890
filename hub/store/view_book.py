"""The book of saved views: a name for a list's address, one's own or everybody's."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Final, Protocol

from sqlite_utils import Database

VIEWS: Final = """
CREATE TABLE fleet_view (                             -- saved views of the list of stations
    no INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    query TEXT NOT NULL,                              -- hub.fleet.listing: of the list's address
    by_name TEXT NOT NULL,                            -- the account
    is_shared INTEGER NOT NULL,
    utc_us INTEGER NOT NULL,
    gone_utc_us INTEGER                               -- NULL: it is there
);
"""
VIEWS_MAX: Final = 50  # of an account, its own and shared; nobody finds one among more


class TooManyViewsError(Exception):
    """The account has VIEWS_MAX views already; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A view by name. `is_shared`: everybody sees it; only who made it takes it away."""

    no: int
    name: str
    query: str
    by: str
    is_shared: bool


class ViewBook(Protocol):
    """What the hub asks of the book."""

    def views(self, account: str) -> list[SavedView]:
        """Return the views that an account sees, by name: its own and everybody's."""

    def keep_view(self, name: str, query: str, *, by: str, is_shared: bool, utc_us: int) -> SavedView:
        """Save a view; one of the same name and account is replaced. Raises TooManyViewsError,
        StoreFailedError.
        """

    def drop_view(self, no: int, *, by: str) -> bool:
        """Take a view away. False: there is none of that account. Raises StoreFailedError."""


class SqliteViewBook:
    """The same in the SQLite store. `transaction` is the store's: one writes in no other."""

    def __init__(self, db: Database, transaction: Callable[[], AbstractContextManager[object]]) -> None:
        self._db, self._transaction = db, transaction

    def views(self, account: str) -> list[SavedView]:
        """Return the views that an account sees, by name."""
        rows = self._db.execute(
            "SELECT no, name, query, by_name, is_shared FROM fleet_view"
            " WHERE is_shared OR by_name = ? ORDER BY name, no",
            (account,),
        )
        return [
            SavedView(no=no, name=name, query=query, by=by, is_shared=bool(is_shared))
            for no, name, query, by, is_shared in rows
        ]

    def keep_view(self, name: str, query: str, *, by: str, is_shared: bool, utc_us: int) -> SavedView:
        """Save a view; one of the same name and account is replaced. Raises TooManyViewsError,
        StoreFailedError.
        """
        with self._transaction():
            self._db.execute("DELETE FROM fleet_view WHERE by_name = ? AND name = ?", (by, name))
            (count,) = self._db.execute("SELECT count(*) FROM fleet_view WHERE by_name = ?", (by,)).fetchone()
            if count >= VIEWS_MAX:
                raise TooManyViewsError
            cursor = self._db.execute(
                "INSERT INTO fleet_view (name, query, by_name, is_shared, utc_us) VALUES (?, ?, ?, ?, ?)",
                (name, query, by, is_shared, utc_us),
            )
            no = int(cursor.lastrowid or 0)
        return SavedView(no=no, name=name, query=query, by=by, is_shared=is_shared)

    def drop_view(self, no: int, *, by: str) -> bool:
        """Take a view away. False: there is none of that account. Raises StoreFailedError."""
        with self._transaction():
            cursor = self._db.execute("DELETE FROM fleet_view WHERE no = ? AND by_name = ?", (no, by))
            return cursor.rowcount == 1
