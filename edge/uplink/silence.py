"""Whether the hub listens at all (core): a broker takes parcels whether or not a hub stands behind it.

While no word comes back, one parcel at a time goes, ever more seldom, instead of a whole backlog again and
again for nothing. Calls do not ask here.
"""

from typing import Final

SILENT_AFTER_S: Final = 20.0  # twice the time after which what has no receipt is sent again
PROBE_FIRST_S: Final = 5.0
PROBE_MAX_S: Final = 30.0  # 4 kB each: 12 MB a day


class Silence:
    """Since when the hub has not answered. Times are seconds of CLOCK_BOOTTIME."""

    def __init__(self) -> None:
        self._since_s: float | None = None  # the first parcel since the hub was last heard
        self._probe_at_s, self._probe_wait_s = 0.0, PROBE_FIRST_S

    def on_sent(self, *, now_s: float) -> None:
        """A parcel went."""
        if self._since_s is None:
            self._since_s = now_s

    def on_heard(self) -> None:
        """The hub itself said something, not its broker."""
        self._since_s, self._probe_at_s, self._probe_wait_s = None, 0.0, PROBE_FIRST_S

    def on_connected(self) -> None:
        """A new connection: a probe may go at once."""
        self._probe_at_s = 0.0

    def may_send(self, *, is_on_the_way: bool, now_s: float) -> bool:
        """Whether a parcel may go now; in silence only when nothing is on the way, and then it is a probe."""
        if self._since_s is None or now_s - self._since_s < SILENT_AFTER_S:
            return True
        if is_on_the_way or now_s < self._probe_at_s:
            return False
        self._probe_at_s = now_s + self._probe_wait_s
        self._probe_wait_s = min(PROBE_MAX_S, 2 * self._probe_wait_s)
        return True

    def next_s(self, *, now_s: float) -> float | None:
        """When to ask again; None: nothing will change by waiting."""
        return self._probe_at_s if self._probe_at_s > now_s else None
