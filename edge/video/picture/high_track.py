"""The second, larger picture beside the low one, where the link has room for both (core).

The low track goes on whatever happens to the high one, so that a viewer is never without a picture while the
high one is repaired or ends, and who has a narrower way of his own is given the low one. Source:
docs/adr/0039-two-tracks.md.
"""

from math import inf
from typing import Final

from edge.video.picture.keys import Beat, Keys
from edge.video.picture.ladder import RUNGS, PictureLadder
from edge.video.picture.tally import Tally

LOW_BPS: Final = 100_000  # of the low track beside a high one, coded
LOW_WIRE_BPS: Final = 117_000  # the same with its headers
LOW_AT: Final = sum(from_bps <= LOW_BPS for from_bps, _ in RUNGS)
HIGH_FROM: Final = next(at for at, (_, rung) in enumerate(RUNGS, 1) if rung.width > 640)
GAIN: Final = 1.4  # times as wide as the low one; less is no gain
HELD_S: Final = 1.5  # so long the low track goes on as it was: the other side sees the high one only later
HELD_SHARE: Final = 0.4  # of the room for both, meanwhile
BACK_S: Final = 10.0  # after a dip the high one may soon be back: so long the low one does not grow


class HighTrack:
    """Whether there is one, and on which rung. Times are monotonic seconds."""

    def __init__(self) -> None:
        self.keys, self.beat, self.tally = Keys(), Beat(), Tally()
        self._ladder = PictureLadder(has_stills=False)
        self._began_s: float | None = None
        self._ended_s = -inf

    @property
    def at(self) -> int:
        """Its rung; 0: there is none."""
        return self._ladder.at if self._ladder.at >= HIGH_FROM else 0

    @property
    def wanted(self) -> int:
        """The rung that the link alone would give it; 0: none."""
        return self._ladder.wanted if self._ladder.wanted >= HIGH_FROM else 0

    def step(self, high_bps: int, *, most: int, now_s: float) -> int:
        """Return `at` for so much of coded picture beside the low track, never above `most`."""
        had_one = self.at > 0
        self._ladder.step(high_bps, now_s=now_s, most=most)
        if self.at and not had_one:
            self._began_s, self.tally = now_s, Tally()
        elif had_one and not self.at:
            self._began_s, self._ended_s = None, now_s
        return self.at

    def split(self, both_bps: int, high_bps: int, *, now_s: float) -> tuple[int, int]:
        """Return what low and high have of what one picture would have alone, and of what is left beside
        LOW_BPS.
        """
        if not self.at:
            return both_bps, 0
        low_bps = round(HELD_SHARE * high_bps) if self._is_held(now_s) else 0
        return max(LOW_BPS, low_bps), min(high_bps, high_bps + LOW_BPS - low_bps)

    def low_most(self, low_at: int, *, now_s: float) -> int | None:
        """Return the highest rung that the low track, which is on `low_at`, may have; None: any.

        It keeps its size while the high one begins, does not grow when that may soon be back, and is small
        beside it otherwise.
        """
        if self.at:
            return max(low_at, LOW_AT) if self._is_held(now_s) else LOW_AT
        return max(low_at, LOW_AT) if now_s - self._ended_s < BACK_S and self.wanted else None

    def _is_held(self, now_s: float) -> bool:
        return self._began_s is not None and now_s - self._began_s < HELD_S
