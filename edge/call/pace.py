"""How often something may happen (core): so many at once, then so many a second."""


class Pace:
    """`burst` at once after a rest, `per_s` a second for ever."""

    def __init__(self, *, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._left = float(burst)
        self._at_s: float | None = None

    def wait_s(self, *, now_s: float) -> float:
        """Return how long until the next one may happen; 0.0: now."""
        if self._at_s is not None:
            self._left = min(self._burst, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        return max(0.0, (1.0 - self._left) / self._per_s)

    def may(self, *, now_s: float) -> bool:
        """Take one, if it may happen now."""
        if self.wait_s(now_s=now_s) > 1e-9:  # what rounding leaves of a wait that was waited
            return False
        self._left -= 1.0
        return True
