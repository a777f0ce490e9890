"""How long commits take (core): counts in steps, for whoever watches the hub."""

from bisect import bisect_left
from typing import Final

BOUNDS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Latency:
    """From a parcel's coming to the commit of it, in seconds. `counts` has one more than BOUNDS_S: above."""

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS_S) + 1)
        self.total_s = 0.0

    def note(self, took_s: float) -> None:
        """A commit took so long, for what had waited longest in it."""
        self.counts[bisect_left(BOUNDS_S, took_s)] += 1
        self.total_s += took_s
