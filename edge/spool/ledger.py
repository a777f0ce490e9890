"""What became of the seqs of a class (core): ranges, so that what is owed is arithmetic and never a count of
rows.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from contract.ids import RecordClass
from contract.ranges import SeqRanges
from edge.spool.batch import OwedRecord


@dataclass(slots=True)
class Ledger:
    """The seqs 1 … `given` have been given. The sets may overlap: a record that was given up for want of room
    may have been received.
    """

    given: int = 0
    received: SeqRanges = field(default_factory=SeqRanges)  # the hub has it
    refused: SeqRanges = field(default_factory=SeqRanges)  # the hub will not take it
    given_up: SeqRanges = field(default_factory=SeqRanges)  # its row is gone
    kept: SeqRanges = field(default_factory=SeqRanges)  # others mean nothing without it

    def settled(self) -> SeqRanges:
        """Return all that is no longer owed."""
        union = SeqRanges()
        for ranges in (self.received, self.refused, self.given_up):
            for low, high in ranges:
                union.add(low, high)
        return union

    @property
    def owed(self) -> int:
        """Return how many the hub does not have."""
        return sum(high - low + 1 for low, high in self.settled().holes(1, self.given))

    def spare(self) -> Iterator[tuple[int, int]]:
        """Yield what the hub has and may be deleted here, oldest first."""
        for low, high in self.on_card(self.received):
            yield from self.kept.holes(low, high)

    def on_card(self, ranges: SeqRanges) -> Iterator[tuple[int, int]]:
        """Yield what of `ranges` still has rows, oldest first."""
        for low, high in ranges:
            yield from self.given_up.holes(low, min(high, self.given))


@dataclass(frozen=True, slots=True)
class Page:
    """Seqs of a class that are to be looked up, ascending: as many as one look at the card may take."""

    record_class: RecordClass
    ranges: tuple[tuple[int, int], ...]

    def __contains__(self, record: OwedRecord) -> bool:
        is_in = (low <= record.seq <= high for low, high in self.ranges)
        return record.record_class is self.record_class and any(is_in)

    @property
    def seqs(self) -> Iterator[int]:
        """Every seq, ascending."""
        return (seq for low, high in self.ranges for seq in range(low, high + 1))


def first_of(ranges: Iterable[tuple[int, int]], count: int) -> Iterator[tuple[int, int]]:
    """Yield the first `count` seqs of ascending ranges."""
    for low, high in ranges:
        if count <= 0:
            return
        end = min(high, low + count - 1)
        count -= end - low + 1
        yield low, end


def last_of(ranges: Iterable[tuple[int, int]], count: int) -> Iterator[tuple[int, int]]:
    """Yield the last `count` seqs of ascending ranges, ascending."""
    mirrored = ((-high, -low) for low, high in reversed(list(ranges)))
    return ((-high, -low) for low, high in reversed(list(first_of(mirrored, count))))
