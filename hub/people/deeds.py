"""The book of what people and programs did: a table in the accounts' file. Nothing is ever taken from it."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

DEED_MAX_CHARS: Final = 500
DEEDS_BY_NAME: Final = """
CREATE INDEX deed_name ON deed (name, no);
"""


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that somebody did. `subject` is a call's or a station's id, or what else it was done to."""

    utc_us: int
    name: str
    deed: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class NumberedDeed:
    """A deed and its number, which counts over all of them."""

    no: int
    deed: Deed


@dataclass(frozen=True, slots=True, kw_only=True)
class DeedSearch:
    """Which deeds are looked for; "" is any. A station's id as `subject` finds its calls too. `before`: only
    those of a smaller number."""

    name: str = ""
    subject: str = ""
    deed: str = ""
    from_utc_us: int = 0
    until_utc_us: int = 2**62
    before: int | None = None


class Deeds:
    """The table. Belongs to the thread of its `Accounts`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def note(self, deed: Deed) -> None:
        """Write down what somebody did; durable on return."""
        with self._db.conn:
            self._db.execute(
                "INSERT INTO deed (utc_us, name, deed, subject, text) VALUES (?, ?, ?, ?, ?)",
                [deed.utc_us, deed.name, deed.deed, deed.subject, deed.text[:DEED_MAX_CHARS]],
            )

    def about(self, subject: str, *, newest: int = 50) -> list[Deed]:
        """Return what was done about a subject, newest first."""
        rows = self._db.query(
            "SELECT utc_us, name, deed, subject, text FROM deed WHERE subject = ? ORDER BY no DESC LIMIT ?",
            [subject, newest],
        )
        return [Deed(**row) for row in rows]

    def search(self, wanted: DeedSearch, *, newest: int) -> list[NumberedDeed]:
        """Return the deeds that are so, newest first."""
        rows = self._db.query(
            "SELECT no, utc_us, name, deed, subject, text FROM deed"
            " WHERE (:before IS NULL OR no < :before) AND (:name = '' OR name = :name COLLATE NOCASE)"
            " AND (:subject = '' OR subject = :subject"
            " OR substr(subject, 1, length(:subject) + 1) = :subject || '.')"
            " AND (:deed = '' OR deed = :deed) AND utc_us >= :from_us AND utc_us < :until_us"
            " ORDER BY no DESC LIMIT :newest",
            {
                "before": wanted.before,
                "name": wanted.name,
                "subject": wanted.subject,
                "deed": wanted.deed,
                "from_us": wanted.from_utc_us,
                "until_us": wanted.until_utc_us,
                "newest": newest,
            },
        )
        return [NumberedDeed(row.pop("no"), Deed(**row)) for row in rows]

    def kinds(self) -> list[str]:
        """Return the words of all deeds that were ever done."""
        return [row["deed"] for row in self._db.query("SELECT DISTINCT deed FROM deed ORDER BY deed")]
