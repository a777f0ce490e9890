"""The line below all arrivals (core): when samples were taken, by when they came.

What makes an arrival late (adapters that deliver in clumps, a loop that was busy) only ever makes it later,
so the true line lies below all arrivals: it is the edge of their lower convex hull under the middle of the
last minute, and its slope is the instrument's own rate. Source: Zhang, Liu, Xia, "Clock synchronization
algorithms for network measurements", INFOCOM 2002.
"""

from collections import deque
from typing import Final

WINDOW_S: Final = 0.5  # of each the least late arrival is kept …
WINDOWS_MAX: Final = 120  # … for a minute: a quartz drifts less meanwhile than an arrival errs
MEASURED_AFTER_S: Final = 2.0  # before, the nominal rate counts: the ends of a shorter line err too much
SLOPE_LEAST: Final = -0.5  # twice the nominal rate …
SLOPE_MOST: Final = 1.0  # … and half of it: what is further off is no stream but a burst


class ArrivalLine:
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
        else:
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
