"""Links that let a guest into one call, once: a table in the accounts' file.

A link is 256 random bits, and so is the session that it is changed for; only their hashes are kept, so that
whoever reads the file cannot use them. Whether the call still waits for that guest is not known here: the
desk knows it, by its own time line, and is asked beside this each time.
"""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

from contract.ids import CallId

GUEST_PREFIX: Final = "BS khách: "  # an account's name has no colon: no guest is taken for one
LINK_BYTES: Final = 32
LINK_LIFE_S: Final = 15 * 60
SESSION_MAX_S: Final = 12 * 3600  # of a guest whose call lasts so long
KEPT_S: Final = 86_400  # afterwards a link is forgotten, and told to be none
MADE_MAX: Final = 20  # by one operator, within LINK_LIFE_S
GUEST_LINK_SCHEMA: Final = """
CREATE TABLE guest_link (
    token_hash BLOB PRIMARY KEY, call TEXT NOT NULL, name TEXT NOT NULL, by TEXT NOT NULL,
    made_utc_s INTEGER NOT NULL, used_utc_s INTEGER, session_hash BLOB UNIQUE
) STRICT, WITHOUT ROWID;
"""


class LinkRefusal(StrEnum):
    """Why a link lets nobody in."""

    UNKNOWN = "nobody made it, or long ago"
    USED = "it has let somebody in already"
    OVER = "its time is over, or the call no longer waits for the guest"
    TOO_MANY = "this operator has made too many"


class LinkRefusedError(Exception):
    """The link lets nobody in."""

    def __init__(self, why: LinkRefusal) -> None:
        super().__init__(why.value)
        self.why = why


@dataclass(frozen=True, slots=True)
class Visitor:
    """A guest of one call and of nothing else. `by`: who made the link."""

    name: str
    call_id: CallId
    by: str


class GuestLinks:
    """The table. Belongs to the thread of its `Accounts`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def make(self, visitor: Visitor, *, now_utc_s: float) -> str:
        """Return the token of a new link. Raises LinkRefusedError: too many."""
        now = int(now_utc_s)
        with self._db.conn:
            self._db.execute("DELETE FROM guest_link WHERE made_utc_s < ?", [now - KEPT_S])
            made = self._row(
                "SELECT count(*) AS n FROM guest_link WHERE by = ? AND made_utc_s > ?",
                visitor.by,
                now - LINK_LIFE_S,
            )
            if made["n"] >= MADE_MAX:
                raise LinkRefusedError(LinkRefusal.TOO_MANY)
            self._replace(visitor, now)
            token = secrets.token_urlsafe(LINK_BYTES)
            self._db.execute(
                "INSERT INTO guest_link (token_hash, call, name, by, made_utc_s) VALUES (?, ?, ?, ?, ?)",
                [_hash(token), str(visitor.call_id), visitor.name, visitor.by, now],
            )
        return token

    def look(self, token: str, *, now_utc_s: float) -> Visitor:
        """Return whom a link would let in; it stays good. Raises LinkRefusedError."""
        row = self._row("SELECT * FROM guest_link WHERE token_hash = ?", _hash(token))
        if not row:
            raise LinkRefusedError(LinkRefusal.UNKNOWN)
        if row["used_utc_s"] is not None:
            raise LinkRefusedError(LinkRefusal.USED)
        if not 0 <= now_utc_s - row["made_utc_s"] <= LINK_LIFE_S:
            raise LinkRefusedError(LinkRefusal.OVER)
        return _visitor(row)

    def use(self, token: str, *, now_utc_s: float) -> tuple[Visitor, str]:
        """Change a link for a session: whom it let in, and the session's token. Raises LinkRefusedError."""
        visitor, session = self.look(token, now_utc_s=now_utc_s), secrets.token_urlsafe(LINK_BYTES)
        with self._db.conn:
            cursor = self._db.execute(
                "UPDATE guest_link SET used_utc_s = ?, session_hash = ?"
                " WHERE token_hash = ? AND used_utc_s IS NULL",
                [int(now_utc_s), _hash(session), _hash(token)],
            )
        if cursor.rowcount != 1:
            raise LinkRefusedError(LinkRefusal.USED)
        return visitor, session

    def give_back(self, session: str) -> None:
        """The guest could not be let in after all: the link is as good as before."""
        with self._db.conn:
            self._db.execute(
                "UPDATE guest_link SET used_utc_s = NULL, session_hash = NULL WHERE session_hash = ?",
                [_hash(session)],
            )

    def visitor(self, session: str, *, now_utc_s: float) -> Visitor | None:
        """Return whose session this is."""
        row = self._row(
            "SELECT * FROM guest_link WHERE session_hash = ? AND used_utc_s >= ?",
            _hash(session),
            int(now_utc_s) - SESSION_MAX_S,
        )
        return _visitor(row) if row else None

    def end_session(self, session: str) -> None:
        """End a session; there need not be one. Its link stays used."""
        with self._db.conn:
            self._db.execute(
                "UPDATE guest_link SET session_hash = NULL WHERE session_hash = ?", [_hash(session)]
            )

    def _replace(self, visitor: Visitor, now: int) -> None:
        """What let in, or would have, a guest of that name before: a call knows its guests by their names."""
        self._db.execute(
            "UPDATE guest_link SET used_utc_s = coalesce(used_utc_s, ?), session_hash = NULL"
            " WHERE call = ? AND name = ?",
            [now, str(visitor.call_id), visitor.name],
        )

    def _row(self, sql: str, *values: object) -> dict[str, Any]:
        return next(iter(self._db.query(sql, list(values))), {})


def _visitor(row: dict[str, Any]) -> Visitor:
    return Visitor(row["name"], CallId.parse(row["call"]), row["by"])


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
