"""The hub's own time line, and where UTC lies beside it (core).

The line is CLOCK_BOOTTIME in microseconds: nobody sets it, and it goes on while the machine sleeps. It means
nothing in another boot of the machine, which is why `boot` goes with whatever is kept.
"""

from collections.abc import Callable
from typing import Final

STEP_US: Final = 50_000  # UTC that is off by less is left alone: what is shown is not to tremble


class TimeLine:
    """One for a desk. `boot` names the boot of this machine."""

    def __init__(self, *, boot: str, now_s: Callable[[], float], utc_now_us: Callable[[], int]) -> None:
        self.boot = boot
        self._now_s, self._utc_now_us = now_s, utc_now_us
        self._offset_us = utc_now_us() - self.now_us()

    def now_us(self) -> int:
        """The present moment."""
        return round(self._now_s() * 1e6)

    def offset_us(self) -> int:
        """UTC less the line, as the wall clock has it now."""
        offset_us = self._utc_now_us() - self.now_us()
        if abs(offset_us - self._offset_us) > STEP_US:
            self._offset_us = offset_us
        return self._offset_us

    def utc_us(self, at_us: int) -> int:
        """Return a moment in UTC, by the wall clock of now."""
        return at_us + self.offset_us()

    def of_utc(self, utc_us: int) -> int:
        """Return where a moment of UTC lies on the line, by the wall clock of now."""
        return utc_us - self.offset_us()
