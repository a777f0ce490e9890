"""A film that is coded by the real encoder (shell: libvpx), for what made-up sizes of frames do not show.

What a pause or a keyframe costs depends on the film; libvpx answers the same way each time, so runs repeat.
"""

import random
from functools import cache, lru_cache
from typing import Final

import av

from edge.video.codecs.encoder import PictureEncoder, open_encoder
from edge.video.media import VIDEO_HZ
from edge.video.picture.plan import Shot
from tests.simulators.moving_picture import moving_pictures
from tests.simulators.sending.media import KEY, NOT_KEY

SIZE: Final = (640, 360)
FPS: Final = 25
FRAMES: Final = 250  # ten seconds, over and over


class FilmEncoder:
    """In place of `SyntheticEncoder`: frames as libvpx makes them, their first byte says keyframe or not."""

    def __init__(self, _rng: random.Random) -> None:
        self._encoder: PictureEncoder | None = None
        self._at_s = 0.0

    def encode(self, shot: Shot, *, since_s: float) -> bytes | None:
        """Return a frame, or None where the rate has no room; `since_s` after the last that was asked for."""
        self._at_s += max(since_s, 1e-3)
        size = (shot.width, shot.height)
        if self._encoder is None or (self._encoder.width, self._encoder.height) != size:
            if self._encoder is not None:
                self._encoder.close()
            self._encoder = open_encoder(*size, fps=shot.fps, bitrate_bps=shot.bitrate_bps)
        self._encoder.set_rate(shot.bitrate_bps, fps=shot.fps)
        picture = _scaled(int(self._at_s * FPS) % FRAMES, size)
        coded = self._encoder.encode(picture, pts=round(self._at_s * VIDEO_HZ), force_key=shot.is_key)
        return None if coded is None else bytes([KEY if coded.is_key else NOT_KEY]) + coded.data[1:]


@cache
def _film() -> list[av.VideoFrame]:
    return moving_pictures(*SIZE, count=FRAMES)


@lru_cache(maxsize=4 * FRAMES)
def _scaled(number: int, size: tuple[int, int]) -> av.VideoFrame:
    return _film()[number].reformat(*size, "yuv420p", interpolation="AREA")
