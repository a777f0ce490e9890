"""Virtual time: what is to happen, in its order (core)."""

import heapq
from collections.abc import Callable
from itertools import count
from math import inf


class Timeline:
    """Seconds from 0. What is planned for the same moment happens in the order in which it was planned."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._plans: list[tuple[float, int, Callable[[], None]]] = []
        self._count = count()

    def at(self, at_s: float, do: Callable[[], None]) -> None:
        """Plan something; what should have happened already happens next."""
        heapq.heappush(self._plans, (max(at_s, self.now_s), next(self._count), do))

    def run(self, until_s: float) -> None:
        """Let time pass."""
        while self._plans and self._plans[0][0] < until_s:
            self.now_s, _, do = heapq.heappop(self._plans)
            do()
        self.now_s = until_s


class Alarm:
    """Wakes somebody once, at the earliest of the times that were asked for since it last did."""

    def __init__(self, timeline: Timeline, do: Callable[[], None]) -> None:
        self._timeline, self._do = timeline, do
        self._set_s = inf

    def set(self, at_s: float) -> None:
        """Ring then, or earlier if that was asked for before."""
        if at_s >= self._set_s:
            return
        self._set_s = at_s
        self._timeline.at(at_s, lambda: self._ring(at_s))

    def _ring(self, at_s: float) -> None:
        if at_s == self._set_s:  # else an earlier ring has taken its place
            self._set_s = inf
            self._do()
