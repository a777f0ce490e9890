"""What time it is at the station, for people who look at its screen (core). No record goes by it.

Of all that said so in this boot the best counts: its own uncertainty, and what a crystal drifts since.
"""

from typing import Final, NamedTuple

from contract.times import DRIFT_PPM, Anchor

SURE_US: Final = 30_000_000  # a clock of hours and minutes is right
STEP_US: Final = 500_000  # a smaller correction is not worth a page that begins anew


class TimeNow(NamedTuple):
    """`utc_us` None: nobody knows; `err_us`: by how much it may be wrong."""

    utc_us: int | None
    err_us: int | None

    @property
    def is_sure(self) -> bool:
        """Whether hours and minutes are right."""
        return self.err_us is not None and self.err_us <= SURE_US


class StationTime:
    """`learn` whatever ties this boot to UTC. `zero_us`: UTC at CLOCK_BOOTTIME 0 as it is told, which changes
    (and `step_no` with it) only by more than STEP_US; 0 while nobody knows.
    """

    def __init__(self) -> None:
        self._best: Anchor | None = None
        self.zero_us = 0
        self.step_no = 0

    def learn(self, anchor: Anchor) -> None:
        """A tie of this boot to UTC came. One no worse takes the place of the one before."""
        best = self._best
        if best is None or _err_us(anchor, anchor.t_us) <= _err_us(best, anchor.t_us):
            self._best = anchor
            zero_us = anchor.utc_us - anchor.t_us
            if abs(zero_us - self.zero_us) > STEP_US:
                self.zero_us = zero_us
                self.step_no += 1

    def now(self, *, now_us: int) -> TimeNow:
        """Return the time."""
        best = self._best
        if best is None:
            return TimeNow(None, None)
        return TimeNow(self.zero_us + now_us, _err_us(best, now_us) + STEP_US)


def _err_us(anchor: Anchor, at_us: int) -> int:
    return anchor.err_us + abs(at_us - anchor.t_us) * DRIFT_PPM // 1_000_000
