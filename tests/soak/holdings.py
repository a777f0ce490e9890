"""What the hub holds of a station, taken apart (core)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.ids import BootId, RecordClass, SpoolId
from firmware_bridge.events import PressIdentity
from tests.soak.ledger import RecordKey

NO_STREAM: Final = 0  # boards count theirs from 1


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """One column of a chunk: samples of one stream, named as the board names it, or NO_STREAM."""

    key: RecordKey
    boot: BootId
    stream: int
    first_index: int
    t_us: int
    device_t_us: int
    samples: NDArray[np.int32]

    @property
    def end_index(self) -> int:
        """The index after its last sample."""
        return self.first_index + len(self.samples)


@dataclass(frozen=True, slots=True)
class Grave:
    """A tombstone: these records were given up."""

    spool: SpoolId
    record_class: int
    low: int
    high: int

    def __iter__(self) -> Iterator[RecordKey]:
        """What it names."""
        for seq in range(self.low, self.high + 1):
            yield RecordKey(self.spool, RecordClass(self.record_class), seq)

    def __contains__(self, key: RecordKey) -> bool:
        return (key.spool, key.record_class) == (self.spool, self.record_class) and (
            self.low <= key.seq <= self.high
        )


@dataclass(slots=True)
class Holdings:
    """One station's. `sacrificed` are columns of records that the ledger saw and the box gave up; `unseen`
    are records of waveforms that it gave up before anybody saw them.
    """

    records: dict[RecordKey, bytes] = field(default_factory=dict)
    pieces: list[Piece] = field(default_factory=list)
    sacrificed: list[Piece] = field(default_factory=list)
    unseen: list[RecordKey] = field(default_factory=list)
    presses: list[tuple[RecordKey, PressIdentity]] = field(default_factory=list)
    graves: list[Grave] = field(default_factory=list)
    calls: list[RecordKey] = field(default_factory=list)
    contents: Counter[bytes] = field(default_factory=Counter)  # what an event says, with its time
    sealed: list[RecordKey] = field(default_factory=list)  # nobody can open them

    def is_buried(self, key: RecordKey) -> bool:
        """Whether a tombstone names the record."""
        return any(key in grave for grave in self.graves)

    def holes(self) -> Iterable[RecordKey]:
        """Every seq that is neither there nor buried, though a higher one of its class is there."""
        highest: dict[tuple[SpoolId, int], RecordKey] = {}
        for key in self.records:
            of_class = key[:2]
            if of_class not in highest or highest[of_class].seq < key.seq:
                highest[of_class] = key
        for top in highest.values():
            for seq in range(1, top.seq):
                key = top._replace(seq=seq)
                if key not in self.records and not self.is_buried(key):
                    yield key
