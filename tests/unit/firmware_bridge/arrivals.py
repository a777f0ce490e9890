"""Samples of an instrument as they arrive: its quartz is off, its adapter clumps them, the loop stalls."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

BEGAN_S = 5_000.0  # of the box's clock
LEAST_DELAY_S = 0.001  # nobody can know of it: it is part of every time


class Arrival(NamedTuple):
    """`samples` that arrive together. `first`: which one the first is, in truth."""

    first: int
    samples: int
    arrival_s: float


@dataclass(frozen=True)
class Instrument:
    """`off`: by how much its rate is not the nominal one. `frame`: samples that are sent together."""

    rate_hz: float = 100.0
    off: float = 0.0
    frame: int = 1
    clump_s: float = 0.016
    jitter_s: float = 0.002
    stalls_s: float = 0.0  # now and then the loop is so late
    gaps_s: Sequence[tuple[float, float]] = ()  # nothing of these times arrives

    @property
    def period_s(self) -> float:
        """From one sample to the next, in truth."""
        return 1.0 / (self.rate_hz * (1.0 + self.off))

    def taken_s(self, index: int) -> float:
        """When a sample was taken, as exactly as can be known from outside."""
        return BEGAN_S + index * self.period_s + LEAST_DELAY_S

    def arrivals(self, rng: random.Random, *, lasts_s: float) -> Iterator[Arrival]:
        """Yield what arrives, in order."""
        sent, now_s = 0, BEGAN_S
        while now_s < BEGAN_S + lasts_s:
            now_s += self.clump_s * rng.uniform(1.0, 1.02)
            if self.stalls_s and rng.random() < 0.004:
                now_s += self.stalls_s * rng.random()
            first = count = 0
            while self.taken_s(sent + self.frame - 1) < now_s:
                if not self._is_in_gap(sent):
                    first, count = (first, count) if count else (sent, 0)
                    count += self.frame
                sent += self.frame
            if count:
                yield Arrival(first, count, now_s + rng.expovariate(1.0 / self.jitter_s))

    def _is_in_gap(self, index: int) -> bool:
        return any(start_s <= index * self.period_s < end_s for start_s, end_s in self.gaps_s)
