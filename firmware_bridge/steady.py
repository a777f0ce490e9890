"""When the samples of a stream were taken that carries neither index nor clock (core).

All that is known is how many samples have come by when. What makes an arrival late (adapters that deliver in
clumps, a loop that was busy) only ever makes it later, so the true line lies below all arrivals: it is the
edge of their lower convex hull under the middle of the last minute. Its slope is the instrument's own rate.

A pause that is not made up for is a gap. Whether it is made up for shows within HOLD_S: until then what came
after the pause is held back. Samples that a decoder takes for lost, but that would have to come before they
were taken, are not: it counted damage twice, or learned late of what was estimated here.

Source: Zhang, Liu, Xia, "Clock synchronization algorithms for network measurements", INFOCOM 2002 (the hull).
"""

from collections import deque
from typing import Final, NamedTuple

WINDOW_S: Final = 0.5  # of each the least late arrival is kept …
WINDOWS_MAX: Final = 120  # … for a minute: a quartz drifts less meanwhile than an arrival errs
MEASURED_AFTER_S: Final = 2.0  # before, the nominal rate counts: the ends of a shorter line err too much
SLOPE_LEAST: Final = -0.5  # twice the nominal rate …
SLOPE_MOST: Final = 1.0  # … and half of it: what is further off is no stream but a burst
SLEW: Final = 0.01  # times follow a line that was corrected by so much a second at most, …
STEP_S: Final = 0.1  # … and at once when it was this wrong
DOUBT_S: Final = 0.06  # a pause that leaves samples later than that may have lost some
DOUBT_DAMAGED_S: Final = 0.025  # beside damaged frames, whose number is only a guess
DOUBT_FRAMES: Final = 2.5  # or so many frames, whichever is longer: other frames may come between them
HOLD_S: Final = 0.3  # what was only late has been made up for by then
HOLD_FRAMES: Final = 4


class Placed(NamedTuple):
    """Where a `take` belongs. `first_index` of its first sample, the `lost` ones included that it is right to
    count; `estimated_lost` more are missing before it, by the time that passed; `box_s` when its first sample
    was taken, `period_s` from one to the next."""

    first_index: int
    lost: int
    estimated_lost: int
    box_s: float
    period_s: float


class _Taken(NamedTuple):
    samples: int
    lost: int
    arrival_s: float

    @property
    def span(self) -> int:
        return self.samples + self.lost


class SteadyClock:
    """Indexes and times of one stream in one life of the instrument. Never steps back, is never ahead of an
    arrival. Every `take` is answered by one Placed, in order, at once or (after a pause) within HOLD_S.
    """

    def __init__(self, *, rate_hz: float, frame_samples: int = 1) -> None:
        self._period_s = 1.0 / rate_hz
        self._frame_samples = frame_samples
        self._frame_s = frame_samples * self._period_s
        self._next_index = 0
        self._held: list[_Taken] = []
        self._held_until_s: float | None = None
        self._held_doubt_s = 0.0  # more late than this began it, …
        self._held_late_s = 0.0  # … and the least that any arrival since then was late
        self._arrived_s: float | None = None
        self._line = _Line()
        self._offset_s = 0.0  # what was told last: time of a sample beyond index x nominal period …
        self._told_s: float | None = None  # … and that time

    @property
    def period_s(self) -> float:
        """From one sample to the next, as far as it has been measured."""
        return self._period_s * (1.0 + self._line.slope)

    @property
    def next_wake_s(self) -> float | None:
        """When to call `tick`; None: nothing is held back."""
        return self._held_until_s

    def take(self, samples: int, *, lost: int = 0, arrival_s: float) -> list[Placed]:
        """Take what has come by `arrival_s`, with those that the decoder takes for lost among them (at least
        one of both). Return what is settled by now."""
        paused_s = 0.0 if self._arrived_s is None else arrival_s - self._arrived_s
        is_first, self._arrived_s = self._arrived_s is None, arrival_s
        if is_first:
            self._held.append(_Taken(samples, lost, arrival_s))
            return self._settle(0)
        held = sum(taken.span for taken in self._held)
        late_s = self._late_s(self._next_index + held + samples + lost, arrival_s)
        if lost and late_s < 0 and self._line.is_measured:
            early = round(-late_s / self._frame_s) * self._frame_samples
            late_s += min(early, lost) * self._period_s
            lost -= min(early, lost)
        self._held.append(_Taken(samples, lost, arrival_s))
        if self._held_until_s is not None:
            self._held_late_s = min(self._held_late_s, late_s)
            return self._settle(0) if late_s <= self._held_doubt_s / 2 else self.tick(now_s=arrival_s)
        self._held_doubt_s = self._doubt_s(is_damaged=lost > 0)
        if late_s > self._held_doubt_s and (lost or paused_s > DOUBT_S):
            self._held_late_s = late_s
            self._held_until_s = arrival_s + max(HOLD_S, HOLD_FRAMES * self._frame_s)
            return []
        return self._settle(0)

    def tick(self, *, now_s: float) -> list[Placed]:
        """Time has passed: what is still late now has lost samples."""
        if self._held_until_s is None or now_s < self._held_until_s:
            return []
        return self.flush()

    def flush(self) -> list[Placed]:
        """The stream ends here: settle what is held back."""
        lost_frames = round(self._held_late_s / (self.period_s * self._frame_samples))
        return self._settle(max(0, lost_frames) * self._frame_samples if self._held else 0)

    def _late_s(self, end_index: int, arrival_s: float) -> float:
        """Return how long after it was taken the sample before `end_index` came."""
        return arrival_s - self._line.at((end_index - 1) * self._period_s)

    def _doubt_s(self, *, is_damaged: bool) -> float:
        return max(DOUBT_DAMAGED_S if is_damaged else DOUBT_S, DOUBT_FRAMES * self._frame_s)

    def _settle(self, lost: int) -> list[Placed]:
        held, self._held = self._held, []
        self._held_until_s, self._held_late_s = None, 0.0
        placed = []
        for taken in held:
            placed.append(self._place(taken, lost))
            lost = 0
        return placed

    def _place(self, taken: _Taken, lost: int) -> Placed:
        first = self._next_index + lost
        self._next_index = first + taken.span
        nominal_s = (self._next_index - 1) * self._period_s
        self._line.add(nominal_s, taken.arrival_s - nominal_s)
        wanted_s = self._line.at(nominal_s) - nominal_s
        if self._told_s is None:
            self._offset_s = wanted_s
        else:
            passed_s = (lost + taken.span) * self._period_s
            followed_s = self._offset_s + self._line.slope * passed_s
            limit_s = SLEW * passed_s
            error_s = wanted_s - followed_s
            slewed_s = error_s if abs(error_s) > STEP_S else min(max(error_s, -limit_s), limit_s)
            self._offset_s = followed_s + slewed_s
        self._offset_s = min(self._offset_s, taken.arrival_s - nominal_s)
        last_s = nominal_s + self._offset_s
        first_s = last_s - (taken.span - 1) * self.period_s
        if self._told_s is not None:
            first_s = max(first_s, self._told_s)
        self._told_s = max(first_s, last_s)
        return Placed(first, taken.lost, lost, first_s, self.period_s)


class _Line:
    """The line below all arrivals of the last minute, as (nominal time, arrival beyond it), in seconds."""

    def __init__(self) -> None:
        self.slope = 0.0
        self._origin_s = 0.0  # the line's offset at nominal time 0
        self._least: deque[tuple[float, float]] = deque(maxlen=WINDOWS_MAX)
        self._window_end_s = float("-inf")

    @property
    def is_measured(self) -> bool:
        """Whether the instrument's own rate is known."""
        return self._least[-1][0] - self._least[0][0] >= MEASURED_AFTER_S if self._least else False

    def at(self, nominal_s: float) -> float:
        """Return when a sample of this nominal time was taken."""
        return nominal_s + self._origin_s + self.slope * nominal_s

    def add(self, nominal_s: float, beyond_s: float) -> None:
        """Take an arrival."""
        if nominal_s >= self._window_end_s:
            self._window_end_s = nominal_s + WINDOW_S
            self._least.append((nominal_s, beyond_s))
        elif beyond_s < self._least[-1][1]:
            self._least[-1] = (nominal_s, beyond_s)
        elif beyond_s >= self._origin_s + self.slope * nominal_s:
            return
        self._fit()

    def _fit(self) -> None:
        points = list(self._least)
        if not self.is_measured:
            self.slope = 0.0
            self._origin_s = min(beyond_s for _, beyond_s in points)
            return
        middle_s = (points[0][0] + points[-1][0]) / 2
        hull = _lower_hull(points)
        at = next(k for k in range(1, len(hull)) if hull[k][0] >= middle_s)
        (x0, y0), (x1, y1) = hull[at - 1], hull[at]
        self.slope = min(max((y1 - y0) / (x1 - x0), SLOPE_LEAST), SLOPE_MOST)
        self._origin_s = min(y - self.slope * x for x, y in hull)


def _lower_hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the lower convex hull of points in ascending order."""
    hull: list[tuple[float, float]] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (y1 - y0) * (x - x0) < (y - y0) * (x1 - x0):
                break
            hull.pop()
        hull.append((x, y))
    return hull
