"""Accounts and sessions in a file of their own: the only place of `hub/people` that opens SQLite.

One object belongs to one thread. A session is 256 random bits; only their hash is kept, so that whoever
reads the file cannot use it.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, Final

import sqlite_utils

from hub.people.boxes import TABLES_OF_BOXES, Boxes
from hub.people.deeds import DEEDS_BY_KIND, DEEDS_BY_NAME, Deeds
from hub.people.guest_links import GUEST_LINK_SCHEMA, GuestLinks
from hub.people.passwords import (
    HASH_BYTES,
    PASSWORD_MAX_CHARS,
    PASSWORD_MIN_CHARS,
    SALT_BYTES,
    hash_password,
    is_password,
)
from hub.people.tokens import TABLE_OF_TOKENS, Tokens

NAME_PATTERN: Final = re.compile(r"[\w](?:[\w .-]{0,38}[\w])?")  # as the station's nurse may hear it
SESSION_BYTES: Final = 32
SESSION_IDLE_S: Final = 12 * 3600  # a long shift
SESSION_MAX_S: Final = 24 * 3600
SEEN_EVERY_S: Final = 60  # how often the last use is written down

SCHEMA: Final = """
CREATE TABLE account (
    name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, salt BLOB NOT NULL, hash BLOB NOT NULL,
    created_utc_s INTEGER NOT NULL
) STRICT;
CREATE TABLE session (
    token_hash BLOB PRIMARY KEY, name TEXT NOT NULL REFERENCES account (name) ON DELETE CASCADE,
    created_utc_s INTEGER NOT NULL, seen_utc_s INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE deed (
    no INTEGER PRIMARY KEY AUTOINCREMENT, utc_us INTEGER NOT NULL, name TEXT NOT NULL, deed TEXT NOT NULL,
    subject TEXT NOT NULL, text TEXT NOT NULL
) STRICT;
CREATE INDEX deed_subject ON deed (subject, no);
"""
# Entry n makes version n + 1 out of version n; never change one that was released.
MIGRATIONS: Final = (
    SCHEMA,
    GUEST_LINK_SCHEMA,
    TABLE_OF_TOKENS + DEEDS_BY_NAME,
    DEEDS_BY_KIND,
    TABLES_OF_BOXES,
)


class Role(StrEnum):
    """What somebody is; only operators and admins answer calls."""

    OPERATOR = "operator"
    DOCTOR = "doctor"
    ADMIN = "admin"


class AccountFault(Enum):
    """Why an account cannot be made or changed."""

    NAME = "no name that can be used"
    TAKEN = "the name is taken"
    WEAK = "too short or too long to be guarded by"
    UNKNOWN = "there is none"
    LAST_ADMIN = "nobody could change accounts any more"
    NEWER_FILE = "a newer program made the file"


class AccountError(Exception):
    """The account cannot be made or changed; the text says why and what to do."""

    def __init__(self, why: AccountFault, text: str) -> None:
        super().__init__(text)
        self.why = why


@dataclass(frozen=True, slots=True)
class Account:
    """Who somebody is. `name` is what they log in with and what the stations are told."""

    name: str
    role: Role

    @property
    def may_answer(self) -> bool:
        """Whether they may claim, end and close calls."""
        return self.role in (Role.OPERATOR, Role.ADMIN)

    @property
    def may_edit_stations(self) -> bool:
        """Whether they may write down whose a station is, where it stands, which boxes are there."""
        return self.role in (Role.OPERATOR, Role.ADMIN)

    @property
    def may_edit_units(self) -> bool:
        """Whether they may change the tree of units, and take files of units and stations."""
        return self.role is Role.ADMIN


class Accounts:
    """The file of accounts. Raises AccountError when it is of a newer version than this program."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=0o600)
        self._db = sqlite_utils.Database(path)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("PRAGMA foreign_keys = ON")
        self._db.execute("PRAGMA busy_timeout = 5000")  # `hub account` may write while the hub runs
        version, known = self._row("PRAGMA user_version")["user_version"], len(MIGRATIONS)
        if version > known:
            self._db.close()
            raise AccountError(
                AccountFault.NEWER_FILE,
                f"{path} is of version {version}, this program knows {known}: update the program",
            )
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._db.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")
        self.links = GuestLinks(self._db)
        self.tokens = Tokens(self._db)
        self.deeds = Deeds(self._db)
        self.boxes = Boxes(self._db)
        # somebody who does not exist takes as long to refuse as somebody who does
        self._nobody = secrets.token_bytes(SALT_BYTES), secrets.token_bytes(HASH_BYTES)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def add(self, name: str, password: str, *, role: Role = Role.OPERATOR, now_utc_s: float) -> Account:
        """Make an account. Raises AccountError: name taken or not usable, password too short."""
        name = " ".join(name.split())
        if not NAME_PATTERN.fullmatch(name):
            raise AccountError(
                AccountFault.NAME,
                f"account name {name[:60]!r}: use 1 to 40 letters, digits, spaces, dots or hyphens",
            )
        _check_password(name, password)
        if self._find(name) is not None:
            raise AccountError(
                AccountFault.TAKEN,
                f"there is an account {name} already: choose another name, or remove it first",
            )
        salt, hashed = hash_password(password)
        with self._db.conn:
            self._db.execute(
                "INSERT INTO account VALUES (?, ?, ?, ?, ?)", [name, role.value, salt, hashed, int(now_utc_s)]
            )
        return Account(name, role)

    def remove(self, name: str) -> None:
        """Remove an account; its sessions end. Raises AccountError: there is none."""
        row = self._existing(name)
        with self._db.conn:
            self._db.execute("DELETE FROM account WHERE name = ?", [row["name"]])

    def remove_but_the_last_admin(self, name: str) -> None:
        """Remove an account by another one's hand. Raises AccountError: nobody could do this again."""
        self._keep_an_admin(self._existing(name), None)
        self.remove(name)

    def all(self) -> list[Account]:
        """Return all accounts by name."""
        return [
            Account(row["name"], Role(row["role"]))
            for row in self._db.query("SELECT name, role FROM account ORDER BY name")
        ]

    def check(self, name: str, password: str) -> Account | None:
        """Return whose password this is; None says neither that the name nor that the password is wrong."""
        row = self._find(" ".join(name.split()))
        salt, hashed = self._nobody if row is None else (row["salt"], row["hash"])
        is_right = is_password(password, salt=salt, hashed=hashed)
        return Account(row["name"], Role(row["role"])) if row is not None and is_right else None

    def open_session(self, account: Account, *, now_utc_s: float) -> str:
        """Return the token of a new session."""
        token = secrets.token_urlsafe(SESSION_BYTES)
        with self._db.conn:
            self._db.execute("DELETE FROM session WHERE created_utc_s < ?", [int(now_utc_s) - SESSION_MAX_S])
            self._db.execute(
                "INSERT INTO session VALUES (?, ?, ?, ?)",
                [_hash(token), account.name, int(now_utc_s), int(now_utc_s)],
            )
        return token

    def session(self, token: str, *, now_utc_s: float) -> Account | None:
        """Return whose session this is; None when it never was, has ended or grew too old."""
        row = self._row(
            "SELECT name, role, session.created_utc_s AS created_utc_s, seen_utc_s FROM session"
            " JOIN account USING (name) WHERE token_hash = ?",
            _hash(token),
        )
        if not row:
            return None
        if now_utc_s - row["created_utc_s"] > SESSION_MAX_S or now_utc_s - row["seen_utc_s"] > SESSION_IDLE_S:
            self.end_session(token)
            return None
        if now_utc_s - row["seen_utc_s"] > SEEN_EVERY_S:
            with self._db.conn:
                self._db.execute(
                    "UPDATE session SET seen_utc_s = ? WHERE token_hash = ?", [int(now_utc_s), _hash(token)]
                )
        return Account(row["name"], Role(row["role"]))

    def end_session(self, token: str) -> None:
        """End a session; there need not be one."""
        with self._db.conn:
            self._db.execute("DELETE FROM session WHERE token_hash = ?", [_hash(token)])

    def set_password(self, name: str, password: str) -> Account:
        """Give an account another password; its sessions end. Raises AccountError."""
        row = self._existing(name)
        _check_password(row["name"], password)
        salt, hashed = hash_password(password)
        with self._db.conn:
            self._db.execute(
                "UPDATE account SET salt = ?, hash = ? WHERE name = ?", [salt, hashed, row["name"]]
            )
            self._db.execute("DELETE FROM session WHERE name = ?", [row["name"]])
        return Account(row["name"], Role(row["role"]))

    def set_role(self, name: str, role: Role) -> Account:
        """Make somebody something else from now on. Raises AccountError: nobody could do this again."""
        row = self._existing(name)
        self._keep_an_admin(row, role)
        with self._db.conn:
            self._db.execute("UPDATE account SET role = ? WHERE name = ?", [role.value, row["name"]])
        return Account(row["name"], role)

    def _existing(self, name: str) -> dict[str, Any]:
        row = self._find(name)
        if row is None:
            raise AccountError(
                AccountFault.UNKNOWN,
                f"there is no account {name[:60]}: hub account list shows those there are",
            )
        return row

    def _keep_an_admin(self, row: dict[str, Any], role: Role | None) -> None:
        admins = [account.name for account in self.all() if account.role is Role.ADMIN]
        if role is not Role.ADMIN and admins == [row["name"]]:
            raise AccountError(
                AccountFault.LAST_ADMIN, f"{row['name']} is the only admin: make another one first"
            )

    def _find(self, name: str) -> dict[str, Any] | None:
        return self._row("SELECT name, role, salt, hash FROM account WHERE name = ?", name) or None

    def _row(self, sql: str, *values: object) -> dict[str, Any]:
        return next(iter(self._db.query(sql, list(values))), {})


def _check_password(name: str, password: str) -> None:
    if not PASSWORD_MIN_CHARS <= len(password) <= PASSWORD_MAX_CHARS:
        raise AccountError(
            AccountFault.WEAK,
            f"the password of {name} has {len(password)} characters:"
            f" use {PASSWORD_MIN_CHARS} to {PASSWORD_MAX_CHARS}",
        )


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
