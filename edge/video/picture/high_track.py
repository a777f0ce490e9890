"""The second, larger picture beside the low one, where the link has room for both (core).

The low track goes on whatever happens to the high one, so that a viewer is never without a picture while the
high one is repaired or ends, and who has a narrower way of his own is given the low one. Source:
docs/adr/0039-two-tracks.md.
"""

from typing import Final

from edge.video.picture.keys import Beat, Keys
from edge.video.picture.ladder import RUNGS, PictureLadder

LOW_BPS: Final = 100_000  # of the low track beside a high one, coded
LOW_WIRE_BPS: Final = 115_000  # the same with its headers
HIGH_FROM: Final = next(
    at for at, (_, rung) in enumerate(RUNGS, 1) if rung.width > 640
)  # a smaller one is no gain


class HighTrack:
    """Whether there is one, and on which rung."""

    def __init__(self) -> None:
        self.keys, self.beat = Keys(), Beat()
        self._ladder = PictureLadder()

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
        self._ladder.step(high_bps, now_s=now_s, most=most)
        return self.at
