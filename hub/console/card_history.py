"""The versions of a card as a page shows them: who changed what, when."""

from dataclasses import dataclass

from hub.cases.note_words import utc_text
from hub.console.rooms import Rooms
from hub.fleet.card_json import card_of
from hub.fleet.columns import Cells, Difference, cells_of, differences
from hub.store.fleet_book import CardKind, CardRow


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version. `when`: in Vietnam. `changed`: against the version before it."""

    revision: int
    when: str
    by: str
    why: str
    changed: list[Difference]


async def read_history(rooms: Rooms, kind: CardKind, id: str) -> list[VersionLine]:
    """Return the versions of a card, the newest first; units are called as they are called now."""
    rows = await rooms.hub.run_read(lambda store: store.fleet.card_versions(kind, id))
    return history_lines(rooms, rows)


def history_lines(rooms: Rooms, rows: list[CardRow]) -> list[VersionLine]:
    """Return the versions of one card, given oldest first, the newest first."""
    units, before = rooms.organisation.unit_names(), Cells()
    lines = []
    for row in rows:
        cells = cells_of(card_of(row), units)
        lines.append(
            VersionLine(row.revision, utc_text(row.utc_us), row.by, row.why, differences(before, cells))
        )
        before = cells
    return lines[::-1]
