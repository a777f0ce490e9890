"""What the writer knows of spools without asking the database: as the last commit left them.

Asking costs a statement for each record and three for each parcel. There is one writer, and everything that
is stored is named by the ranges of its spool.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlite_utils import Database

from contract.ids import RecordClass, SpoolId, StationId
from contract.ranges import SeqRanges

SPOOLS_MAX: Final = 50_000  # 14,000 stations, some with more than one; a kilobyte each
Ranges = Mapping[RecordClass, SeqRanges]  # never changed: others take their place


@dataclass(slots=True)
class KnownSpools:
    """Rows by name, ranges by row."""

    nos: dict[tuple[StationId, SpoolId], int] = field(default_factory=dict)
    ranges: dict[int, Ranges] = field(default_factory=dict)

    def ranges_of(self, station: StationId, spool: SpoolId) -> Ranges | None:
        """Return what is stored of a spool; None: the database knows."""
        no = self.nos.get((station, spool))
        return None if no is None else self.ranges.get(no)

    def keep(self, nos: Mapping[tuple[StationId, SpoolId], int], ranges: Mapping[int, Ranges]) -> None:
        """These were committed."""
        if len(self.nos) + len(nos) > SPOOLS_MAX:
            self.forget()
        self.nos.update(nos)
        self.ranges.update(ranges)

    def forget(self) -> None:
        """A commit failed: what the file holds is for the database to say."""
        self.nos.clear()
        self.ranges.clear()


def read_ranges(db: Database, spool_no: int | None) -> Ranges:
    """Return what is stored of a spool: records, and what tombstones say."""
    found: dict[RecordClass, list[tuple[int, int]]] = {}
    rows = db.execute(
        "SELECT class, low, high FROM stored_range WHERE spool_no = ? ORDER BY class, low", (spool_no,)
    )
    for record_class, low, high in rows:
        found.setdefault(RecordClass(record_class), []).append((low, high))
    return {name: SeqRanges.from_sorted(ranges) for name, ranges in found.items()}
