"""Whether somebody else fills the queue, and what we then hold (core).

A download of TCP fills whatever queue there is. Who gives way to it, by delay, gives way to nothing: a queue
that never empties while our own rate falls is not ours. Then a share of what the link carried before is held.
"""

from typing import Final

NEVER_EMPTY_S: Final = 2.0
FALLEN: Final = 0.75  # of the rate at which the queue was last empty
SHARE: Final = 0.25  # of the most that the link carried
LEAST_BPS: Final = 80_000  # but not more than half of it
FORGETS_S: Final = 60.0  # the most that was carried
LOST: Final = 0.15  # so much is lost only where the link itself carries less than what is held
GIVES_UP: Final = 0.7  # of what arrives


class Competition:
    """Times are monotonic."""

    def __init__(self, *, now_s: float) -> None:
        self.is_on = False
        self._most_bps = 0.0
        self._floor_bps = 0.0
        self._empty_s = self._seen_s = now_s
        self._rate_then_bps = 0.0

    @property
    def floor_bps(self) -> float:
        """What is held; 0 without competition."""
        return self._floor_bps if self.is_on else 0.0

    def on_queue(
        self, *, is_empty: bool, rate_bps: float, landed_bps: float, lost_share: float, now_s: float
    ) -> None:
        """A feedback told of the queue."""
        passed_s, self._seen_s = now_s - self._seen_s, now_s
        if is_empty:
            self.is_on, self._empty_s, self._rate_then_bps = False, now_s, rate_bps
        if not self.is_on:
            self._most_bps = max(
                min(rate_bps, landed_bps), self._most_bps * max(0.0, 1 - passed_s / FORGETS_S)
            )
            is_pressed = rate_bps < FALLEN * self._rate_then_bps
            self.is_on = is_pressed and now_s - self._empty_s > NEVER_EMPTY_S
            self._floor_bps = max(SHARE * self._most_bps, min(LEAST_BPS, self._most_bps / 2))
        elif lost_share > LOST:
            self._floor_bps = min(self._floor_bps, GIVES_UP * landed_bps)

    def begin_anew(self, *, now_s: float) -> None:
        """The path may be another one."""
        self.is_on, self._most_bps, self._empty_s, self._rate_then_bps = False, 0.0, now_s, 0.0
