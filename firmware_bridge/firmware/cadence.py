"""When samples of a steady front end were, and how many did not come: the index follows the time.

A reading that is served late is no missing one; a reading that was overwritten is. The time tells which it
was: up to nine tenths of a period it was late. Nothing is served early: an early one puts the clock right
at once, a late one moves it by a little.
"""

FOLLOW = 4  # a quarter of a delay may be the clock: with one that is 2 % slow, 250 Hz is told 0.3 ms early


class Cadence:
    """One front end. `at_us`: when the sample was that `arrive` was told of last, delays smoothed away; -1:
    none.
    """

    def __init__(self, period_us: int) -> None:
        self.at_us = -1
        self._period_us = period_us
        self._late_us = period_us * 9 // 10
        self._drift_us = period_us // 8  # a longer delay says nothing of the clock

    def arrive(self, t_us: int, count: int = 1) -> int:
        """`count` samples came, the last of them at `t_us`; return how many are missing before them."""
        if self.at_us < 0:
            self.at_us = t_us
            return 0
        period_us = self._period_us
        expected_us = self.at_us + count * period_us
        late_us = t_us - expected_us
        missing = 0
        if late_us > self._late_us:
            missing = (late_us + period_us - self._late_us) // period_us
            expected_us += missing * period_us
            late_us -= missing * period_us
        self.at_us = expected_us + (late_us if late_us < 0 else min(late_us, self._drift_us) // FOLLOW)
        return missing
