"""Whether a voice that was heard is the one that was said: by how its loudness moves in each band (numpy).

A proxy for "understood" that needs no ear: what codec, concealment and echo canceller do to a voice that can
be followed leaves these movements, what makes it unintelligible does not.
"""

from itertools import pairwise
from typing import Any, Final

import numpy as np

Samples = np.ndarray[Any, np.dtype[np.float64]]

PART_S: Final = 2.0
FRAME_S: Final = 0.02
FLOOR: Final = 10**-3.5  # 35 dB below the loudest: what is softer is a rest, and all rests are alike
EDGES_HZ: Final = (150, 300, 450, 600, 800, 1_000, 1_300, 1_700, 2_200, 2_800, 3_500)  # the bands of speech


def likeness(heard: Samples, said: Samples, *, rate_hz: int) -> float:
    """Return how much `heard` is like a part of `said`, over and over: 1 the same, 0.4 another voice.

    Both have `rate_hz`, and at least PART_S. Each part of `heard` is found by itself, for jitter buffers
    stretch time; the median of the parts is returned.
    """
    theirs, size = _movements(np.concatenate([said, said]), rate_hz), round(PART_S * rate_hz)
    parts = [heard[at : at + size] for at in range(0, len(heard) - size + 1, size)]
    return float(np.median([_best(_movements(part, rate_hz), theirs) for part in parts]))


def _best(ours: Samples, theirs: Samples) -> float:
    most = 0.0
    for lag in range(len(theirs) - len(ours) + 1):
        part = theirs[lag : lag + len(ours)]
        part = part - part.mean(axis=0)
        norm = np.sqrt((part**2).sum() * (ours**2).sum())
        most = max(most, float((part * ours).sum() / norm) if norm > 0 else 0.0)
    return most


def _frames(samples: int, rate_hz: int) -> int:
    return samples // round(FRAME_S * rate_hz)


def _movements(sound: Samples, rate_hz: int) -> Samples:
    """Loudness in dB a frame and band, less each band's mean."""
    width = round(FRAME_S * rate_hz)
    frames = sound[: _frames(len(sound), rate_hz) * width].reshape(-1, width) * np.hanning(width)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    hz = np.fft.rfftfreq(width, 1 / rate_hz)
    bands = np.stack(
        [power[:, (hz >= low) & (hz < high)].sum(axis=1) for low, high in pairwise(EDGES_HZ)],
        axis=1,
    )
    loud = 10 * np.log10(np.maximum(bands, bands.max() * FLOOR + 1e-12))
    moved: Samples = loud - loud.mean(axis=0)
    return moved
