"""The proof that a card went back in time (core): the hub has records that this spool has never sent.

A card that is put back as an image of before, or a clone of it, gives numbers again that were given before: a
receipt would then strike off a new press, because the hub has an old record of that number. So what may have
been sent is remembered by class, also over restarts: `kept` says so before a connection is made, and is
forgotten before anything is sent on it; where it is missing after a crash, all of before may have been sent.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from contract.ids import RecordClass
from contract.ranges import SeqRanges
from edge.uplink.owed import Owed


class Doubt(NamedTuple):
    """The hub has these, and they were never sent. One that was given up it may have by its tombstone."""

    record_class: RecordClass
    first_seq: int
    last_seq: int


class Timeline:
    """What of one spool may have been sent. `is_kept`: the card knows it."""

    def __init__(self, given: Mapping[RecordClass, int], kept: Any) -> None:
        """`given` are the last seqs given, `kept` is what a process before kept, None for nothing."""
        self.is_kept = isinstance(kept, dict)
        known: dict[str, int] = kept if isinstance(kept, dict) else {}
        self._unsent_from = {c: int(known.get(str(int(c)), given[c] + 1)) for c in RecordClass}

    def on_sent(self, record_class: RecordClass, seqs: Iterable[int]) -> None:
        """These are on the way."""
        self._unsent_from[record_class] = max(self._unsent_from[record_class], max(seqs, default=0) + 1)

    def kept(self) -> dict[str, int]:
        """Return what must be on the card before the next connection is made, as JSON."""
        return {str(int(c)): seq for c, seq in self._unsent_from.items()}

    def doubt(self, committed: Mapping[RecordClass, SeqRanges], owed: Owed) -> Doubt | None:
        """Return what cannot be in `committed`, of all that a receipt says."""
        for record_class, ranges in committed.items():
            for low, high in ranges:
                start = max(low, self._unsent_from[record_class])
                hole = owed.owes_within(record_class, start, high) if start <= high else None
                if hole is not None:
                    return Doubt(record_class, *hole)
        return None
