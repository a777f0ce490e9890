"""Finding frames in a stream of bytes, the same for all instruments (core).

A frame that fails a check costs its first byte and no more: the search goes on behind it, so that a sound
frame that follows, or that the damage swallowed, is found. Bytes between two sound frames are one damage.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Final

from firmware_bridge.drivers.driver import Decoder, Reading

NO_FRAME: Final = -1
NEEDS_MORE: Final = 0


class FrameScan(Decoder):
    """A decoder that looks at one place after the other. `FRAME_MAX_BYTES`: so much is enough to tell whether
    a frame begins at a place; `SAMPLES_A_FRAME`: what a lost frame loses.
    """

    FRAME_MAX_BYTES: ClassVar[int]
    FRAME_TYPICAL_BYTES: ClassVar[int]  # of the frames that carry samples
    SAMPLES_A_FRAME: ClassVar[Mapping[str, int]]

    def __init__(self) -> None:
        super().__init__()
        self._pending = b""
        self._offset = 0  # of the first pending byte
        self._discarding = 0  # bytes since the last sound frame
        self._is_in_step = False  # a sound frame has been seen since the stream began

    @abstractmethod
    def _frame_bytes(self, data: bytes, at: int, *, is_end: bool) -> int:
        """Return how long the sound frame at `at` is; NEEDS_MORE when `data` is too short to tell (never when
        `is_end`), NO_FRAME when none begins there."""

    @abstractmethod
    def _read(self, frame: bytes, offset: int, lost: int) -> Reading | None:
        """Return what a sound frame says; `lost`: frames before it that were damaged. None: it is no frame
        after all (a field that cannot be), and counts as damage. The search goes on behind the size of
        the reading, one less than the frame's when its last byte is found to begin the next one too."""

    @property
    def pending_bytes(self) -> int:
        """How much is held; at most FRAME_MAX_BYTES."""
        return len(self._pending)

    def feed(self, data: bytes) -> list[Reading]:
        """Return the readings of the frames that `data` completes, in order."""
        return self._scan(self._pending + data, is_end=False)

    def finish(self) -> list[Reading]:
        """The stream ends here: return what was held back because more might have followed."""
        readings = self._scan(self._pending, is_end=True)
        self._is_in_step = False
        self.counts.discarded_bytes += self._discarding
        self._discarding = 0
        return readings

    def _scan(self, data: bytes, *, is_end: bool) -> list[Reading]:
        readings: list[Reading] = []
        at, end = 0, len(data)
        measure, read, base = self._frame_bytes, self._read, self._offset
        while at < end:
            size = measure(data, at, is_end=is_end)
            if size == NEEDS_MORE and end - at <= self.FRAME_MAX_BYTES and not is_end:
                break
            if size > 0:
                lost = self._lost_frames() if self._discarding else 0
                reading = read(data[at : at + size], base + at, lost)
                if reading is not None:
                    self._take(reading)
                    readings.append(reading)
                    at += reading.size
                    continue
            self._discarding += 1
            at += 1
        self._pending = data[at:]
        self._offset = base + at
        return readings

    def _take(self, reading: Reading) -> None:
        counts = self.counts
        counts.frames += 1
        if self._discarding:
            counts.discarded_bytes += self._discarding
            counts.damaged += self._is_in_step
            self._discarding = 0
        if reading.lost:
            self._lose(reading.lost)
        self._is_in_step = True

    def _lost_frames(self) -> int:
        """How many frames the discarded bytes were; none where the stream was joined in mid-frame."""
        if not self._is_in_step:
            return 0
        return max(1, round(self._discarding / self.FRAME_TYPICAL_BYTES))

    def _lose(self, frames: int) -> None:
        self.counts.lost_frames += frames
        lost = self.counts.lost_samples
        for name, samples in self.SAMPLES_A_FRAME.items():
            lost[name] = lost.get(name, 0) + frames * samples
