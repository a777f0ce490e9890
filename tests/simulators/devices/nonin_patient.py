"""Who wears a simulated Nonin: numbers that wander a little, one after the other. Pure."""

import random


class Patient:
    """`spo2` in percent, `rate` a minute; `wander` moves them by one at most."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.spo2, self.rate = 97, 74

    def wander(self) -> None:
        """Let a while pass."""
        self.spo2 = min(100, max(93, self.spo2 + self._rng.choice((-1, 0, 0, 0, 1))))
        self.rate = min(140, max(55, self.rate + self._rng.choice((-1, 0, 0, 1))))
