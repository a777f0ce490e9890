"""A rate that changes in steps, and what it carries: exact, by adding up the steps (core)."""

from bisect import bisect_right
from math import inf


class Rate:
    """(from this second on, bit/s) in order of time; before the first step its rate holds.

    With `repeat_s` the steps begin anew so often. Times count from the profile's beginning.
    """

    def __init__(self, steps: tuple[tuple[float, float], ...], repeat_s: float | None = None) -> None:
        self._from_s = [from_s for from_s, _ in steps]
        self._bps = [bps for _, bps in steps]
        self._repeat_s = repeat_s if any(self._bps) else None  # a repeated nothing is a nothing

    def at(self, t_s: float) -> float:
        """The rate at this second, bit/s."""
        return self._bps[self._step(self._within(t_s))]

    def last_above_zero(self, t_s: float) -> float:
        """The rate now or, while it is 0, the last one that was not; the largest one before any."""
        step = self._step(self._within(t_s))
        for bps in reversed(self._bps[: step + 1]):
            if bps > 0:
                return bps
        return max(self._bps)

    def bits(self, from_s: float, to_s: float) -> float:
        """How many bits pass between two seconds."""
        total = 0.0
        while from_s < to_s:
            until_s = min(to_s, self._next_change_s(from_s))
            total += self.at(from_s) * (until_s - from_s)
            from_s = until_s
        return total

    def when(self, bits: float, from_s: float) -> float:
        """The second at which so many bits have passed, from `from_s` on; infinite if never."""
        while True:
            until_s, bps = self._next_change_s(from_s), self.at(from_s)
            if bps > 0 and (until_s == inf or bits <= bps * (until_s - from_s)):
                return from_s + bits / bps
            if until_s == inf:
                return inf
            bits -= bps * (until_s - from_s)
            from_s = until_s

    def _within(self, t_s: float) -> float:
        return t_s if self._repeat_s is None else t_s % self._repeat_s

    def _step(self, within_s: float) -> int:
        return max(0, bisect_right(self._from_s, within_s) - 1)

    def _next_change_s(self, t_s: float) -> float:
        """The first moment after `t_s` at which a step begins. Later than `t_s` whatever the rounding."""
        within_s = self._within(t_s)
        later = bisect_right(self._from_s, within_s)
        if later < len(self._from_s) and (self._repeat_s is None or self._from_s[later] < self._repeat_s):
            return t_s + max(self._from_s[later] - within_s, 1e-9)
        return inf if self._repeat_s is None else t_s + max(self._repeat_s - within_s, 1e-9)
