"""How many samples a second a stream truly has (core): lines through index and box time, never the nominal
rate.

A quartz is 20 … 200 ppm off, the oscillator of a front end up to 2 %; the box's time of a block is true to a
millisecond or two and sometimes late by much. So a line is the median of all slopes between the points of the
last hour (Theil and Sen): nearly a third of them may be wrong. Points are taken ever further apart as the
line grows, each half hour begins a new line, and so does a device that jumped. Source:
docs/adr/0021-time-at-the-hub.md.
"""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

import numpy as np

SPACING_MIN_US: Final = 10_000_000
SPACING_SHARE: Final = 32  # points are a 32nd of the line apart: at most some hundred to a line
LINE_MIN_US: Final = 50_000_000  # a line through less says nothing: 1 ms over 10 s are 100 ppm
LINE_MIN_POINTS: Final = 6
LINE_MAX_US: Final = 1_800_000_000  # then the next line begins, fitted from as much of the one before
JUMP_US: Final = 20_000  # a point further off …
JUMP_PPM: Final = 50.0  # … and more the longer nothing came …
JUMP_DEVIATIONS: Final = 6.0  # … and than six times what points usually are …
JUMP_POINTS: Final = 3  # … that often in a row: the device jumped, not the point
TELL_US: Final = 1_000.0  # a line is told anew when it moved by more: a quarter of a sample at 250 Hz
HIGHEST: Final = 2**60  # no box runs for so long, no device has so many samples
SEEDS: Final = (
    16  # points that a new line begins with, however old; or that stand for one of before a restart
)


@dataclass(frozen=True, slots=True)
class SampleLine:
    """From `from_index` on, sample i was taken at `t_us` + (i - `from_index`) × `period_us` of the box."""

    from_index: int
    t_us: float
    period_us: float

    @property
    def samples_per_s(self) -> float:
        """The true rate."""
        return 1e6 / self.period_us

    def at(self, index: int) -> float:
        """Return the box time of a sample, µs."""
        return self.t_us + (index - self.from_index) * self.period_us


class SampleClock:
    """The newest line of one stream of one stream set in one boot. `told`: the one told before a restart."""

    def __init__(self, told: SampleLine | None = None) -> None:
        self.told = self._line = told
        self._needs_seeds = told is not None
        self._indexes, self._t_us = array("q"), array("q")  # by index; a hub has tens of thousands of these
        self._misses: list[tuple[int, int]] = []
        self._usual_us = 0.0  # how far points usually are from the line

    @property
    def spacing_us(self) -> int:
        """How far apart points are wanted; nearer ones are not used."""
        span_us = self._t_us[-1] - self._t_us[0] if self._t_us else 0
        return max(SPACING_MIN_US, span_us // SPACING_SHARE)

    def learn(self, index: int, t_us: int) -> SampleLine | None:
        """Take in that sample `index` was taken at `t_us`; return a line that is to be told: a new one, or
        the newest, moved.
        """
        if max(index, t_us) > HIGHEST:
            return None
        if self._needs_seeds and self._line is not None and abs(self._line.at(index) - t_us) < SPACING_MIN_US:
            self._seed(self._line, index)
        self._needs_seeds = False
        if not self._is_wanted(index, t_us) or self._is_off(index, t_us) or not self._is_wanted(index, t_us):
            return None
        at = bisect_left(self._indexes, index)
        self._indexes.insert(at, index)
        self._t_us.insert(at, t_us)
        if len(self._indexes) < LINE_MIN_POINTS or self._t_us[-1] - self._t_us[0] < LINE_MIN_US:
            return None
        start = self._indexes[0] if self._line is None else self._line.from_index
        if self._line is not None and self._t_us[-1] - self._line.t_us > LINE_MAX_US:
            start = self._begin_line()
        self._line = self._fit(start)
        return self._tell(self._line)

    def _is_wanted(self, index: int, t_us: int) -> bool:
        """Whether a point lies apart from others, after the first, and time goes the way of the indexes."""
        at = bisect_left(self._indexes, index)
        if at == 0:
            return not self._indexes
        if t_us < self._t_us[at - 1] + self.spacing_us:
            return False
        if at == len(self._indexes):
            return True
        return index != self._indexes[at] and t_us <= self._t_us[at] - self.spacing_us

    def _is_off(self, index: int, t_us: int) -> bool:
        """Whether a point does not belong to the line; enough of them in a row begin another one."""
        if self._line is None:
            return False
        far_us = max(0.0, t_us - (self._t_us[-1] if self._t_us else self._line.t_us))
        limit_us = max(JUMP_US, JUMP_DEVIATIONS * self._usual_us) + far_us * JUMP_PPM / 1e6
        if abs(t_us - self._line.at(index)) <= limit_us:
            self._misses.clear()
            return False
        if len(self._misses) < JUMP_POINTS - 1:
            self._misses.append((index, t_us))
            return True
        self._indexes, self._t_us, self._line = array("q"), array("q"), None
        for missed, missed_us in sorted(self._misses):
            if self._is_wanted(missed, missed_us):
                self._indexes.append(missed)
                self._t_us.append(missed_us)
        self._misses.clear()
        return False

    def _begin_line(self) -> int:
        """Forget what the next line is not to be fitted from; return where it begins."""
        old = bisect_left(self._t_us, self._t_us[-1] - LINE_MAX_US)
        old = max(0, min(old, len(self._t_us) - SEEDS))
        del self._indexes[:old], self._t_us[:old]
        return self._indexes[-1]

    def _seed(self, line: SampleLine, index: int) -> None:
        reach = min(index - line.from_index, int(LINE_MAX_US / line.period_us))
        if reach > SEEDS:
            self._indexes.extend(index - reach + reach * n // (SEEDS + 1) for n in range(SEEDS))
            self._t_us.extend(round(line.at(one)) for one in self._indexes)

    def _fit(self, from_index: int) -> SampleLine:
        x = np.array(self._indexes, np.float64) - self._indexes[0]
        y = np.array(self._t_us, np.float64) - self._t_us[0]
        one, other = np.triu_indices(len(x), 1)
        period_us = float(np.median((y[other] - y[one]) / (x[other] - x[one])))
        rest_us = y - x * period_us
        middle_us = float(np.median(rest_us))
        self._usual_us = float(np.median(np.abs(rest_us - middle_us)))
        t_us = self._t_us[0] + middle_us + (from_index - self._indexes[0]) * period_us
        return SampleLine(from_index, t_us, period_us)

    def _tell(self, line: SampleLine) -> SampleLine | None:
        if self.told is not None and self.told.from_index == line.from_index:
            ends = (line.from_index, self._indexes[-1])
            if all(abs(self.told.at(index) - line.at(index)) <= TELL_US for index in ends):
                return None
        self.told = line
        return line
