"""An instrument, simulated: which bytes it sends at what time. Pure: no clock, no terminal."""

import math
import random
from abc import ABC, abstractmethod
from typing import ClassVar, Final

RISE: Final = 0.2  # of a beat


class SimulatedDevice(ABC):
    """One instrument that is switched on at `now_s`. Call `advance` often; frames come out whole.

    `has_contact`: whether a finger is in the probe, or electrodes are on. `sent`: of each stream, the raw
    samples in the order in which they went out, and raw values each time they were told (None: told that
    there is none): what a receiver must know. `heard`: what the host wrote.
    """

    FRAMES_A_SECOND: ClassVar[float]

    def __init__(self, rng: random.Random, *, now_s: float) -> None:
        self.rng = rng
        self.has_contact = True
        self.sent: dict[str, list[int | None]] = {}
        self.heard = b""
        self._began_s = now_s
        self._frames = 0

    def advance(self, *, now_s: float) -> list[bytes]:
        """Return the frames that were due since the last call, in order."""
        due = int((now_s - self._began_s) * self.FRAMES_A_SECOND)
        frames = [frame for _ in range(due - self._frames) if (frame := self.next_frame())]
        self._frames = max(self._frames, due)
        return frames

    @abstractmethod
    def next_frame(self) -> bytes:
        """Return the next frame of the stream; empty for one that is not due (nothing was asked for)."""

    def hear(self, data: bytes) -> list[bytes]:
        """Take what the host wrote; return answers that go out at once."""
        self.heard += data
        return []

    def tell(self, name: str, *samples: int | None) -> None:
        """Note what was sent of a stream."""
        self.sent.setdefault(name, []).extend(samples)


def pleth_at(frame: int, *, frames_a_beat: int, low: int, high: int) -> int:
    """Return a pulse wave: a quick rise, a slow fall with a small second wave, between `low` and `high`."""
    phase = (frame % frames_a_beat) / frames_a_beat
    if phase < RISE:
        level = 0.5 - 0.5 * math.cos(math.pi * phase / RISE)
    else:
        fallen = (phase - RISE) / (1.0 - RISE)
        level = (1.0 - fallen) ** 2 + 0.2 * math.exp(-(((fallen - 0.4) / 0.12) ** 2))
    return low + round((high - low) * level)
