"""The book of what people and programs did: a table in the accounts' file. Nothing is ever taken from it."""

from dataclasses import dataclass
from typing import Final

from sqlite_utils import Database

DEED_MAX_CHARS: Final = 500
DEEDS_BY_NAME: Final = """
CREATE INDEX deed_name ON deed (name, no);
"""
# Names are searched whatever their case, which the index before did not know; and deeds by their kind.
DEEDS_BY_KIND: Final = """
DROP INDEX deed_name;
CREATE INDEX deed_name ON deed (name COLLATE NOCASE, no);
CREATE INDEX deed_kind ON deed (deed, no);
"""
KINDS: Final = """
WITH RECURSIVE kind (deed) AS (                       -- one look at the index for each kind
    SELECT min(deed) FROM deed
    UNION ALL SELECT (SELECT min(deed) FROM deed WHERE deed > kind.deed) FROM kind WHERE deed IS NOT NULL
)
SELECT deed FROM kind WHERE deed IS NOT NULL
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
        sql, values = search_sql(wanted, newest=newest)
        return [NumberedDeed(row.pop("no"), Deed(**row)) for row in self._db.query(sql, values)]

    def kinds(self) -> list[str]:
        """Return the words of all deeds that were ever done."""
        return [row["deed"] for row in self._db.query(KINDS)]


def search_sql(wanted: DeedSearch, *, newest: int) -> tuple[str, dict[str, str | int]]:
    """Return a search and its values. It reads what its indexes find and nothing else, but for one by times
    alone, which reads back from the newest deed.
    """
    terms, values = ["utc_us >= :from_us", "utc_us < :until_us"], dict[str, str | int]()
    if wanted.subject:  # a station's calls begin with its id and a dot; the sign after the dot is the slash
        terms.append(
            "no IN (SELECT no FROM deed WHERE subject = :subject UNION ALL"
            " SELECT no FROM deed WHERE subject >= :subject || '.' AND subject < :subject || '/')"
        )
    if wanted.name:
        terms.append("name = :name COLLATE NOCASE")
    if wanted.deed:
        terms.append("deed = :deed")
    if wanted.before is not None:
        terms.append("no < :before")
        values["before"] = wanted.before
    values |= {"name": wanted.name, "subject": wanted.subject, "deed": wanted.deed, "newest": newest}
    values |= {"from_us": wanted.from_utc_us, "until_us": wanted.until_utc_us}
    where = " AND ".join(terms)  # our own words; what is looked for stands in the values
    sql = f"SELECT no, utc_us, name, deed, subject, text FROM deed WHERE {where}"  # noqa: S608
    return f"{sql} ORDER BY no DESC LIMIT :newest", values
