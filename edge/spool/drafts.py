"""The drafts on the card (shell over sqlite-utils): each in a slot that is written again and again.

A draft lives for 30 s. Inserting and deleting rows would change four pages a second; a slot that is
overwritten is one. What takes the place of all drafts raises their generation, in the same transaction: older
ones are dead where they lie, until their slots are taken. Runs inside the caller's transactions.
"""

from collections.abc import Sequence
from typing import Final

from sqlite_utils import Database

GENERATION: Final = "(SELECT CAST(value AS INTEGER) FROM fact WHERE name = 'draft generation')"


def living_drafts(db: Database) -> list[tuple[int, bytes]]:
    """Return the slots and bytes of the drafts that no record has replaced, oldest first."""
    return db.execute("SELECT draft, raw FROM draft ORDER BY draft").fetchall()


def put_drafts(db: Database, drafts: Sequence[bytes], *, first_slot: int) -> None:
    """Write drafts into the slots from `first_slot` on."""
    for slot, raw in enumerate(drafts, start=first_slot):
        db.execute(f"INSERT OR REPLACE INTO draft_slot VALUES (?, {GENERATION}, ?)", [slot, raw])


def drop_drafts(db: Database) -> None:
    """All drafts are replaced by records: what comes now is of the next generation."""
    db.execute(f"UPDATE fact SET value = {GENERATION} + 1 WHERE name = 'draft generation'")
