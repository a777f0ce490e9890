"""What a station has to send: a picture that is coded, and a voice (core). Both are made of zeros.

The sizes of frames scatter as libvpx's do at a constant rate: what one frame took too much the next ones have
less, and when a buffer of half a second has run low a frame is left out. A new size begins with a keyframe.
"""

import math
import random
from typing import Final

from edge.video.media import VOICE_HZ, EncodedVoice, VoiceMode
from edge.video.picture.plan import Shot

SCATTER: Final = 0.3  # of the logarithm of a frame's size
KEY_TIMES: Final = (2.0, 4.0)  # a keyframe beside another frame
KEY_MAX_S: Final = 0.4  # of the rate
BUFFER_S: Final = 0.35  # of the rate, that may be overdrawn before a frame is left out
BITS_MIN: Final = 0.02  # a pixel, whatever the rate
KEY, NOT_KEY = 0, 1  # the lowest bit of VP8's first byte (RFC 6386)


class SyntheticEncoder:
    """Frames of the sizes that a real one would make. `most_bps`: the content asks for no more."""

    def __init__(self, rng: random.Random, *, most_bps: float = math.inf) -> None:
        self.most_bps = most_bps
        self._rng = rng
        self._size: tuple[int, int] | None = None
        self._rate_bps = 0.0  # follows within two frames
        self._over_bits = 0.0
        self._owes_key = True

    def encode(self, shot: Shot, *, since_s: float) -> bytes | None:
        """Return a frame, or None where the rate has no room; `since_s` after the last that was asked for."""
        if self._size != (shot.width, shot.height):
            self._size, self._owes_key, self._over_bits = (shot.width, shot.height), True, 0.0
            self._rate_bps = float(shot.bitrate_bps)
        self._rate_bps += 0.7 * (min(shot.bitrate_bps, self.most_bps) - self._rate_bps)
        self._over_bits = max(-0.2 * self._rate_bps, self._over_bits - self._rate_bps * min(since_s, 1.0))
        self._owes_key = self._owes_key or shot.is_key
        if self._over_bits > BUFFER_S * self._rate_bps:
            return None
        mean_bits = self._rate_bps / shot.fps
        bits = max(0.3 * mean_bits, mean_bits - 0.3 * self._over_bits)
        bits *= math.exp(self._rng.gauss(-(SCATTER**2) / 2, SCATTER))
        if self._owes_key:
            bits = min(mean_bits * self._rng.uniform(*KEY_TIMES), KEY_MAX_S * self._rate_bps)
        bits = max(bits, BITS_MIN * shot.width * shot.height, 400.0)
        self._over_bits += bits
        first = KEY if self._owes_key else NOT_KEY
        self._owes_key = False
        return bytes([first]) + bytes(max(1, round(bits / 8)) - 1)


class SyntheticVoice:
    """Somebody who speaks three seconds and listens for one; silence is a packet each 0.4 s with DTX.

    The first two bytes of a packet say how long it sounds (ms) and whether it has the one before in itself.
    """

    SPEAKS_S: Final = 3.0
    LISTENS_S: Final = 1.0
    SILENT_EVERY_S: Final = 0.4

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._changes_s, self._speaks = 0.0, False
        self._packet_s = -1.0

    def packet(self, mode: VoiceMode, *, at_s: float) -> EncodedVoice | None:
        """Return the packet of the frame that ends now; None: DTX left it out."""
        if at_s >= self._changes_s:
            self._speaks = not self._speaks
            mean_s = self.SPEAKS_S if self._speaks else self.LISTENS_S
            self._changes_s = at_s + self._rng.expovariate(1 / mean_s)
        pts = round(at_s * VOICE_HZ)
        if not self._speaks and mode.has_dtx:
            if at_s - self._packet_s < self.SILENT_EVERY_S - 1e-6:
                return None
            self._packet_s = at_s
            return EncodedVoice(bytes([mode.frame_ms, mode.has_fec]), pts)
        self._packet_s = at_s
        size = mode.bitrate_bps * mode.frame_ms / 8_000 * self._rng.uniform(0.75, 1.25)
        return EncodedVoice(bytes([mode.frame_ms, mode.has_fec]) + bytes(max(2, round(size) - 2)), pts)
