"""Whether what was asked of the other end is answered (core): a link that died without a word looks well
until something is asked, and for long after it.

An answer is anything that shows the other end alive: its data, or its acknowledgement of ours.
"""

from typing import Final

# So long is nothing asked at most. Three pings between two statuses: 204 bytes each, a third of an idle day.
KEEP_ALIVE_S: Final = 80


class Answers:
    """`look` about once a second. Times are seconds of CLOCK_BOOTTIME."""

    def __init__(self) -> None:
        self._heard_s: float | None = None
        self._asked_s: float | None = None  # since then something waits for an answer

    def look(self, *, heard_ago_s: float | None, is_asked: bool, now_s: float) -> None:
        """See how it is. `heard_ago_s` None: there is no connection; `is_asked`: something of ours is on the
        way and not acknowledged."""
        if heard_ago_s is None:
            self._heard_s = self._asked_s = None
            return
        self._heard_s = now_s - heard_ago_s
        if not is_asked:
            self._asked_s = None
        elif self._asked_s is None:
            self._asked_s = now_s

    def heard_ago_s(self, *, now_s: float) -> float | None:
        """Return how long ago the other end was last heard; None: there is no connection."""
        return None if self._heard_s is None else max(0.0, now_s - self._heard_s)

    def unanswered_s(self, *, now_s: float) -> float | None:
        """Return for how long the other end owes us an answer and says nothing; None: it owes none."""
        if self._heard_s is None or self._asked_s is None:
            return None
        return max(0.0, now_s - max(self._heard_s, self._asked_s))
