"""How large a picture this machine codes in time (core).

A box that needs longer for a picture than there is until the next one sends late pictures and starves the
rest of itself. What is measured decides, not what kind of box it is: it may be hot, or have other work.
"""

from typing import Final

BUSY_SHARE: Final = 0.6  # of the time between two pictures; the camera and the transport need the rest
FRAMES_MIN: Final = 10  # of one rung before it is judged: one slow picture says nothing
AGAIN_AFTER_S: Final = 30.0  # one rung more is tried then; twice as long after each time that it was too much
AGAIN_MAX_S: Final = 600.0
_WEIGHT: Final = 0.15  # of a new picture in the mean


class Effort:
    """Which rung is the highest. Times are monotonic seconds."""

    def __init__(self, top: int) -> None:
        self.most = top
        self.share = 0.0  # of the time that coding takes, in the mean
        self._top, self._at, self._count = top, 0, -1
        self._pause_s, self._raise_s = AGAIN_AFTER_S, 0.0

    def took(self, coding_s: float, *, at: int, fps: int, now_s: float) -> None:
        """A picture of rung `at` took so long to scale and code, where `fps` a second are due."""
        if at != self._at:  # the first picture of an encoder is a keyframe, and opens it
            self._at, self._count, self.share = at, -1, 0.0
        self._count += 1
        if self._count == 0:
            return
        weight = max(_WEIGHT, 1 / self._count)
        self.share += weight * (coding_s * fps - self.share)
        if self._count >= FRAMES_MIN and self.share > BUSY_SHARE and 1 < at <= self.most:
            self.most, self._raise_s = at - 1, now_s + self._pause_s
            self._pause_s = min(AGAIN_MAX_S, 2 * self._pause_s)

    def look(self, *, now_s: float) -> int:
        """Return the highest rung of now."""
        if self.most < self._top and now_s >= self._raise_s:
            self.most, self._raise_s = self.most + 1, now_s + AGAIN_AFTER_S
        return self.most
