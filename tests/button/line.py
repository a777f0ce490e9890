"""The cable: loses frames, damages frames, takes its time, and can be pulled out. Pure.

Frames of one way keep their order, as bytes do on a cable. A pulled cable takes with it what was under way.
"""

import random
from collections import deque
from typing import Final

DAMAGED_SHARE: Final = 0.1  # of the frames that do not arrive whole
DELAY_S: Final = (0.0, 0.03)


class Way:
    """One direction."""

    def __init__(self, rng: random.Random, *, loss_ratio: float) -> None:
        self.loss_ratio = loss_ratio
        self.frames = self.lost = self.damaged = 0
        self._rng = rng
        self._flying: deque[tuple[float, bytes]] = deque()

    def send(self, data: bytes, *, now_s: float) -> None:
        """Take whole frames, each `00 | … | 00`."""
        for stuffed in filter(None, data.split(b"\0")):
            self.frames += 1
            frame = b"\0" + stuffed + b"\0"
            if self._rng.random() < self.loss_ratio:
                if self._rng.random() >= DAMAGED_SHARE:
                    self.lost += 1
                    continue
                self.damaged += 1
                frame = self._damage(frame)
            earliest_s = self._flying[-1][0] if self._flying else 0.0
            self._flying.append((max(earliest_s, now_s + self._rng.uniform(*DELAY_S)), frame))

    def arrived(self, *, now_s: float) -> bytes:
        """Return what has come by now, once."""
        data = bytearray()
        while self._flying and self._flying[0][0] <= now_s:
            data += self._flying.popleft()[1]
        return bytes(data)

    def cut(self) -> None:
        """What is under way never arrives."""
        self._flying.clear()

    def _damage(self, frame: bytes) -> bytes:
        """Flip one bit to eight, anywhere, or lose the rest of the frame."""
        damaged = bytearray(frame)
        if self._rng.random() < 0.2:
            return bytes(damaged[: self._rng.randrange(1, len(damaged))])
        for _ in range(self._rng.randint(1, 8)):
            damaged[self._rng.randrange(len(damaged))] ^= 1 << self._rng.randrange(8)
        return bytes(damaged)


class Cable:
    """Both ways, in or out."""

    def __init__(self, rng: random.Random, *, loss_ratio: float) -> None:
        self.to_box, self.to_board = Way(rng, loss_ratio=loss_ratio), Way(rng, loss_ratio=loss_ratio)
        self.is_in = True

    def pull(self) -> None:
        """Out."""
        self.is_in = False
        self.to_box.cut()
        self.to_board.cut()

    def plug(self) -> None:
        """In."""
        self.is_in = True

    @property
    def lost_frames(self) -> int:
        """How many frames did not arrive whole, both ways."""
        return sum(way.lost + way.damaged for way in (self.to_box, self.to_board))

    @property
    def frames(self) -> int:
        """How many were sent, both ways."""
        return self.to_box.frames + self.to_board.frames

    def heal(self) -> None:
        """From now on nothing is lost."""
        self.to_box.loss_ratio = self.to_board.loss_ratio = 0.0
