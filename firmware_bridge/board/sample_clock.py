"""How fast a stream is truly sampled, by the board's clock. Source: docs/board-link.md, "Time".

A front end samples by an oscillator of its own, which may be off by percents and still be sound. So this is
reported and no alarm; the box's time of a sample does not depend on it, for each block says when it began.
"""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

EVERY_US: Final = 1_000_000  # a point a second is enough
MAX_POINTS: Final = 600  # ten minutes
KNOWN_US: Final = 60_000_000
STOOD_STILL_US: Final = 50_000  # a block so far from where it should be: the front end paused …
STOOD_STILL_SHARE: Final = 0.05  # … or more than this of the time since the last point
REJECT_US: Final = 500.0
REJECT_SIGMAS: Final = 5.0


class SampleClock:
    """One stream in one boot of the board. `rate_mhz`: as announced, in thousandths of a hertz, above 0."""

    def __init__(self, rate_mhz: int) -> None:
        self._period_us = 1e9 / rate_mhz
        self._points: deque[tuple[int, int]] = deque(maxlen=MAX_POINTS)  # index, board µs

    def on_block(self, first_index: int, t_first_us: int) -> None:
        """Take the index and the board's time of a block's first sample; blocks come in order."""
        if self._points:
            index, t_us = self._points[-1]
            passed_us = t_first_us - t_us
            if 0 <= passed_us < EVERY_US:
                return
            astray_us = abs(passed_us - (first_index - index) * self._period_us)
            if passed_us < 0 or astray_us > STOOD_STILL_US + STOOD_STILL_SHARE * passed_us:
                self._points.clear()
        self._points.append((first_index, t_first_us))

    @property
    def drift_ppm(self) -> float | None:
        """How much faster than announced the stream is sampled; None in the first minute."""
        if not self._points or self._points[-1][1] - self._points[0][1] < KNOWN_US:
            return None
        index, t_us = (np.array(column, float) for column in zip(*self._points, strict=True))
        index, t_us = index - index[0], t_us - t_us[0]
        off_us = _residuals_us(index, t_us)
        is_good = np.abs(off_us) <= max(REJECT_US, REJECT_SIGMAS * float(np.std(off_us)))
        slope_us = float(np.polyfit(index[is_good], t_us[is_good], 1)[0])
        return (self._period_us / slope_us - 1) * 1e6


def _residuals_us(index: NDArray[np.float64], t_us: NDArray[np.float64]) -> NDArray[np.float64]:
    off_us: NDArray[np.float64] = t_us - np.polyval(np.polyfit(index, t_us, 1), index)
    return off_us
