"""Whether somebody else fills the queue, and what we then hold (core).

An upload of TCP fills whatever queue there is. Who gives way to it, by delay, is left with nothing: a queue
that neither empties nor shrinks while our own rate falls is not ours. Then a share of what the link carried
before is held.
"""

from typing import Final

SHOWS_S: Final = 1.0  # and the queue itself: so long a fall takes to show
FALLEN: Final = 0.75  # of the rate at which the queue was last empty
SHARE: Final = 0.3  # of the most that the link carried
LEAST_BPS: Final = 80_000  # but not more than half of it
FORGETS_S: Final = 60.0  # the most that was carried
SHRUNK: Final = 0.4  # of the longest since it was empty: a queue of our own, or the other has left
LOST: Final = 0.25  # so much is lost only where the link itself carries less than what is held
GIVES_UP: Final = 0.7  # of what arrives


class Competition:
    """Times are monotonic."""

    def __init__(self, *, now_s: float) -> None:
        self.is_on = False
        self._most_bps = 0.0
        self._floor_bps = 0.0
        self._seen_s = now_s
        self._fallen_s: float | None = None  # since when the rate is well below that of the empty queue
        self._rate_then_bps = 0.0
        self._longest_s = 0.0

    @property
    def floor_bps(self) -> float:
        """What is held; 0 without competition."""
        return self._floor_bps if self.is_on else 0.0

    def has_fallen_for(self, seconds: float, *, now_s: float) -> bool:
        """Whether the rate has been well below that of the empty queue for so long."""
        return self._fallen_s is not None and now_s - self._fallen_s >= seconds

    def on_queue(
        self,
        queue_s: float,
        *,
        is_empty: bool,
        rate_bps: float,
        landed_bps: float,
        lost_share: float,
        now_s: float,
    ) -> None:
        """A feedback told of the queue."""
        passed_s, self._seen_s = now_s - self._seen_s, now_s
        if is_empty or (self.is_on and queue_s < SHRUNK * self._longest_s):
            self.is_on, self._rate_then_bps, self._longest_s = False, rate_bps, 0.0
        self._longest_s = max(self._longest_s, queue_s)
        if not self.is_on:
            self._most_bps = max(
                min(rate_bps, landed_bps), self._most_bps * max(0.0, 1 - passed_s / FORGETS_S)
            )
            if rate_bps >= FALLEN * self._rate_then_bps:
                self._fallen_s = None
            elif self._fallen_s is None:
                self._fallen_s = now_s
            elif now_s - self._fallen_s > SHOWS_S + self._longest_s:
                self.is_on = queue_s > SHRUNK * self._longest_s
            self._floor_bps = max(SHARE * self._most_bps, min(LEAST_BPS, self._most_bps / 2))
        elif lost_share > LOST:
            self._floor_bps = min(self._floor_bps, GIVES_UP * landed_bps)

    def begin_anew(self, *, now_s: float) -> None:
        """The path may be another one."""
        self.is_on, self._fallen_s, self._seen_s = False, None, now_s
        self._most_bps = self._rate_then_bps = self._longest_s = 0.0
