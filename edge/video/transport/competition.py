"""Whether somebody else fills the queue, and what we then hold (core).

An upload of TCP fills whatever queue there is. Who gives way to it, by delay, is left with nothing: a queue
that neither empties nor shrinks while our own rate falls is not ours. Then a share of what the link carried
before is held, if a train into that queue gets half of it: on a link that fades it is as slow as the link.
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
NARROW: Final = 0.5  # of what would be held; beside a TCP trains got more, but for its first ones
ASKS_AFTER_S: Final = 0.6  # a queue of ours has mostly gone then
ASKS_EVERY_S: Final = 2.0


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
        self._queue_s = 0.0
        self._asked_s = now_s - ASKS_EVERY_S
        self._found_bps: list[float] = []  # by the last two trains

    @property
    def floor_bps(self) -> float:
        """What is held; 0 without competition."""
        if not self.is_on or not self._found_bps:
            return 0.0
        found_bps = self._found_bps[-1]
        return found_bps if self._is_narrow(found_bps) else self._floor_bps

    def ask(self, rate_bps: float, *, now_s: float) -> float | None:
        """Return what a train into the queue should try to get now, bit/s; None: nothing is to be asked."""
        if self._fallen_s is None or now_s < max(self._fallen_s + ASKS_AFTER_S, self._asked_s + ASKS_EVERY_S):
            return None
        if self._queue_s < SHRUNK * self._longest_s or rate_bps > self._floor_bps:
            return None
        self._asked_s = now_s
        return self._floor_bps

    def on_train(self, found_bps: float) -> None:
        """A train has shown what it got. Two that got little: until it has been empty, the queue is ours."""
        if self._fallen_s is None:
            return
        self._found_bps = [*self._found_bps[-1:], found_bps]
        if len(self._found_bps) > 1 and all(map(self._is_narrow, self._found_bps)):
            self.is_on, self._fallen_s, self._rate_then_bps, self._most_bps = False, None, 0.0, found_bps

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
        passed_s, self._seen_s, self._queue_s = now_s - self._seen_s, now_s, queue_s
        if is_empty or (self.is_on and queue_s < SHRUNK * self._longest_s):
            self.is_on, self._rate_then_bps, self._longest_s = False, rate_bps, 0.0
        self._longest_s = max(self._longest_s, queue_s)
        if not self.is_on:
            self._most_bps = max(
                min(rate_bps, landed_bps), self._most_bps * max(0.0, 1 - passed_s / FORGETS_S)
            )
            if rate_bps >= FALLEN * self._rate_then_bps:
                self._fallen_s = None
                self._found_bps.clear()
            elif self._fallen_s is None:
                self._fallen_s = now_s
            elif now_s - self._fallen_s > SHOWS_S + self._longest_s:
                self.is_on = queue_s > SHRUNK * self._longest_s
            self._floor_bps = max(SHARE * self._most_bps, min(LEAST_BPS, self._most_bps / 2))
        elif lost_share > LOST:
            self._floor_bps = min(self._floor_bps, GIVES_UP * landed_bps)

    def _is_narrow(self, found_bps: float) -> bool:
        return found_bps < NARROW * self._floor_bps

    def begin_anew(self, *, now_s: float) -> None:
        """The path may be another one."""
        self.is_on, self._fallen_s, self._seen_s = False, None, now_s
        self._most_bps = self._rate_then_bps = self._longest_s = 0.0
        self._found_bps.clear()
