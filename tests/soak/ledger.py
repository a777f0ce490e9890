"""What was seen of a station from outside of the product (core): the truth that the hub is held against."""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from contract.ids import BootId, RecordClass, SpoolId
from firmware_bridge.events import PressIdentity

AT_RISK_S: Final = 1.0  # what a kill may cost: a second of samples
BOARD_MATCH_S: Final = (
    20.0  # how far a box's time of a sample may be from the board's: a box just started guesses
)


class RecordKey(NamedTuple):
    """A record of one station."""

    spool: SpoolId
    record_class: RecordClass
    seq: int


@dataclass(frozen=True, slots=True)
class Window:
    """From `start_s` to `end_s` (monotonic) samples may be lost; `why` says to whom."""

    start_s: float
    end_s: float
    why: str
    killed_s: float | None = None  # when the box died, where it did


@dataclass(frozen=True, slots=True)
class BoardBoot:
    """One boot of the board: its name, and when it began (monotonic)."""

    boot: int
    began_s: float


@dataclass(frozen=True, slots=True)
class ClockZero:
    """A clock of the box: in boot `name` its time was 0 at `zero_s` (monotonic of this machine)."""

    name: str
    zero_s: float


@dataclass(slots=True)
class SentStream:
    """Every sample that a board gave to the wire in one boot, by index; `sent_s` is NaN where none was."""

    values: NDArray[np.int64]
    sent_s: NDArray[np.float64]

    @classmethod
    def of_blocks(cls, blocks: list[tuple[int, NDArray[np.int32]]], blocks_s: list[float]) -> "SentStream":
        """Return the stream that these blocks make."""
        length = max((first + len(block) for first, block in blocks), default=0)
        stream = cls(np.zeros(length, np.int64), np.full(length, np.nan))
        for (first, block), at_s in zip(blocks, blocks_s, strict=False):  # the board may be adding one
            stream.values[first : first + len(block)] = block[:, 0]
            stream.sent_s[first : first + len(block)] = at_s
        return stream


@dataclass(slots=True)
class Ledger:
    """One station's. `committed` holds every record that its spool was ever seen to hold, as bytes."""

    speed: float = 1.0
    committed: dict[RecordKey, bytes] = field(default_factory=dict)
    changed: list[RecordKey] = field(default_factory=list)  # seen with two contents
    drafts: set[bytes] = field(default_factory=set)  # sealed bodies that a dead process left
    spool_boots: dict[tuple[SpoolId, BootId], str] = field(default_factory=dict)  # -> name of the boot
    zeros: list[ClockZero] = field(default_factory=list)
    board_boots: list[BoardBoot] = field(default_factory=list)
    sent: dict[tuple[int, int], SentStream] = field(default_factory=dict)  # (board boot, stream)
    presses: set[PressIdentity] = field(default_factory=set)
    registered: set[PressIdentity] = field(default_factory=set)  # the board's lamp said so
    windows: list[Window] = field(default_factory=list)
    calls: set[RecordKey] = field(default_factory=set)  # every call that the hub was ever seen to have
    freed: set[RecordKey] = field(default_factory=set)  # a hub had them, the full box let them go

    def add_record(self, key: RecordKey, raw: bytes) -> None:
        """The spool holds this record."""
        if self.committed.setdefault(key, raw) != raw:
            self.changed.append(key)

    def board_boot_at(self, spool: SpoolId, boot: BootId, *, t_us: int, device_t_us: int) -> BoardBoot | None:
        """Return the boot of the board whose clock said `device_t_us` when the box's said `t_us`; None where
        there was none.
        """
        name = self.spool_boots.get((spool, boot))
        errors = [
            (abs(zero.zero_s + t_us / 1e6 - device_t_us / 1e6 / self.speed - board.began_s), board)
            for zero in self.zeros
            if zero.name == name
            for board in self.board_boots
        ]
        error_s, board = min(errors, key=lambda one: one[0], default=(float("inf"), None))
        return board if error_s <= BOARD_MATCH_S else None
