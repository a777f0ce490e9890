"""Tokens by which programs use the API: a table in the accounts' file.

A token is 256 random bits behind a number; only their hash is kept, so that whoever reads the file cannot use
it. What it may do are its scopes; it ends on a day, or when somebody ends it, and stays in the book for ever.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlite_utils import Database

TOKEN_BYTES: Final = 32
DAYS_MAX: Final = 400
NAME_PATTERN: Final = re.compile(r"[\w](?:[\w .-]{0,38}[\w])?")
USED_EVERY_S: Final = 60  # how often the last use is written down
_FORM: Final = re.compile(r"hd([0-9]{1,9})_([A-Za-z0-9_-]{43})")
TABLE_OF_TOKENS: Final = """
CREATE TABLE token (
    no INTEGER PRIMARY KEY AUTOINCREMENT, hash BLOB NOT NULL, name TEXT NOT NULL, scopes TEXT NOT NULL,
    by TEXT NOT NULL, made_utc_s INTEGER NOT NULL, ends_utc_s INTEGER NOT NULL, ended_by TEXT,
    used_utc_s INTEGER
) STRICT;
"""


class Scope(StrEnum):
    """What a token may do."""

    FLEET_READ = "fleet:read"  # stations, units, links, spools, technical events
    VITALS_READ = "vitals:read"  # the numbers of who is being seen, without a name
    CALLS_READ = "calls:read"  # calls, their journals, statistics
    HUB_READ = "hub:read"  # broker, ingest, metrics
    ORGANISATION_WRITE = "organisation:write"  # station cards


class TokenError(Exception):
    """The token cannot be made or ended; the text says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A token, without what opens the door. `used_utc_s` None: never; `ended_by`: who ended it early."""

    no: int
    name: str
    scopes: frozenset[Scope]
    by: str
    made_utc_s: int
    ends_utc_s: int
    ended_by: str | None
    used_utc_s: int | None

    def is_good(self, *, now_utc_s: float) -> bool:
        """Whether it opens anything now."""
        return self.ended_by is None and now_utc_s < self.ends_utc_s


class Tokens:
    """The table. Belongs to the thread of its `Accounts`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def make(
        self, name: str, scopes: Collection[Scope], *, days: int, by: str, now_utc_s: float
    ) -> tuple[Token, str]:
        """Return a new token and its text, which is kept nowhere. Raises TokenError."""
        name = " ".join(name.split())
        if not NAME_PATTERN.fullmatch(name):
            raise TokenError(
                f"token name {name[:60]!r}: use 1 to 40 letters, digits, spaces, dots or hyphens"
            )
        if not scopes:
            raise TokenError(f"token {name} has no scope: there are {', '.join(Scope)}")
        if not 1 <= days <= DAYS_MAX:
            raise TokenError(f"token {name} would last {days} days: use 1 to {DAYS_MAX}")
        secret = secrets.token_urlsafe(TOKEN_BYTES)
        made_s = int(now_utc_s)
        with self._db.conn:
            cursor = self._db.execute(
                "INSERT INTO token (hash, name, scopes, by, made_utc_s, ends_utc_s)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                [_hash(secret), name, " ".join(sorted(scopes)), by, made_s, made_s + days * 86_400],
            )
        token = self._token(int(cursor.lastrowid or 0))
        assert token is not None  # noqa: S101 - told to mypy: it was written above
        return token, f"hd{token.no}_{secret}"

    def all(self) -> list[Token]:
        """Return all tokens that there ever were, newest first."""
        return [_of(row) for row in self._db.query("SELECT * FROM token ORDER BY no DESC")]

    def end(self, no: int, *, by: str) -> Token:
        """End a token now; one that has ended stays as it is. Raises TokenError: there is none."""
        with self._db.conn:
            self._db.execute("UPDATE token SET ended_by = ? WHERE no = ? AND ended_by IS NULL", [by, no])
        token = self._token(no)
        if token is None:
            raise TokenError(f"there is no token {no}: hub token list shows those there are")
        return token

    def has(self, no: int) -> bool:
        """Whether there is a token of that number, good or not."""
        return self._token(no) is not None

    def open(self, text: str, *, now_utc_s: float) -> Token | None:
        """Return the token of which this is the text; None: nobody made it, or it has ended."""
        form = _FORM.fullmatch(text)
        if form is None:
            return None
        row = next(iter(self._db.query("SELECT * FROM token WHERE no = ?", [int(form[1])])), None)
        if row is None or not hmac.compare_digest(row["hash"], _hash(form[2])):
            return None
        token = _of(row)
        if not token.is_good(now_utc_s=now_utc_s):
            return None
        if token.used_utc_s is None or now_utc_s - token.used_utc_s > USED_EVERY_S:
            with self._db.conn:
                self._db.execute("UPDATE token SET used_utc_s = ? WHERE no = ?", [int(now_utc_s), token.no])
        return token

    def _token(self, no: int) -> Token | None:
        row = next(iter(self._db.query("SELECT * FROM token WHERE no = ?", [no])), None)
        return None if row is None else _of(row)


def number_of(text: str) -> int | None:
    """Return the number of the token that a text names; None: it is no text of a token."""
    form = _FORM.fullmatch(text)
    return None if form is None else int(form[1])


def _of(row: dict[str, Any]) -> Token:
    known = {scope.value: scope for scope in Scope}  # a scope that is no more opens nothing
    scopes = frozenset(known[word] for word in row["scopes"].split() if word in known)
    return Token(
        no=row["no"], name=row["name"], scopes=scopes, by=row["by"], made_utc_s=row["made_utc_s"],
        ends_utc_s=row["ends_utc_s"], ended_by=row["ended_by"], used_utc_s=row["used_utc_s"],
    )  # fmt: skip


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
