"""Whether the microphone hears the loudspeaker: a tone in noise, found by Goertzel's filter (core).

It must be stronger than its neighbours in the spectrum, and stronger than before it was played: a fan that
hums at the same pitch proves nothing.
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.video.media import VOICE_HZ

TONE_HZ: Final = 1_030  # no multiple of the mains, 50 or 60 Hz
TONE_DBFS: Final = -12.0
QUIET_S: Final = 0.6  # listened to before
TONE_S: Final = 1.2
WINDOW_SAMPLES: Final = VOICE_HZ // 10
NEIGHBOURS_HZ: Final = (-160, -110, 110, 160)
HEARD_DB: Final = 12.0  # above neighbours and above before
DEAF_DBFS: Final = -85.0  # a real microphone's own noise is louder: this one is muted or gives zeros
CLIPPED_SHARE: Final = 0.01

Sound = NDArray[np.int16]


class Verdict(Enum):
    """What was found."""

    HEARD = "heard"
    CLIPPED = "clipped"
    NOT_HEARD = "not heard"
    DEAF = "deaf"


@dataclass(frozen=True, slots=True)
class Finding:
    """`tone_db`: by how much the tone stands out; `level_dbfs`: of the microphone while it was played."""

    verdict: Verdict
    tone_db: float
    level_dbfs: float

    @property
    def text(self) -> str:
        """What was found, in a sentence."""
        heard = f"the tone stands out by {self.tone_db:.0f} dB"
        match self.verdict:
            case Verdict.HEARD:
                return f"the microphone hears the loudspeaker: {heard}"
            case Verdict.CLIPPED:
                return f"the microphone hears the loudspeaker, but too loud to be clean: {heard}"
            case Verdict.DEAF:
                return f"the microphone gives silence ({self.level_dbfs:.0f} dBFS)"
            case Verdict.NOT_HEARD:
                return (
                    f"the microphone works ({self.level_dbfs:.0f} dBFS) but does not hear the tone: {heard}"
                )

    @property
    def remedy(self) -> str:
        """What to do; empty when all is well."""
        match self.verdict:
            case Verdict.HEARD:
                return ""
            case Verdict.CLIPPED:
                return "turn the loudspeaker down, or the microphone (alsamixer, F4)"
            case Verdict.DEAF:
                return (
                    "is the microphone muted (alsamixer, F4), or is another one meant ([video] microphone)?"
                )
            case Verdict.NOT_HEARD:
                return (
                    "is the loudspeaker on and turned up (alsamixer), is it near the microphone, "
                    "or is another one meant ([video] loudspeaker)?"
                )


def tone(samples: int, *, start: int = 0) -> Sound:
    """Return `samples` of the tone, going on from sample `start`."""
    times = (start + np.arange(samples)) / VOICE_HZ
    amplitude = 32768 * 10 ** (TONE_DBFS / 20) * math.sqrt(2)
    return np.asarray(np.rint(amplitude * np.sin(2 * np.pi * TONE_HZ * times)), np.int16)


def judge(before: Sound, during: Sound) -> Finding:
    """Return what the microphone heard `before` the tone and `during` it, each at least WINDOW_SAMPLES long.

    Of the tone's time the best half counts: it comes late through the buffers, and may end early.
    """
    quiet = _windows(before)
    played = sorted((_power(window, TONE_HZ) for window in _windows(during)), reverse=True)
    best = float(np.mean(played[: max(len(played) // 2, 1)]))
    beside = float(
        np.mean([_power(window, TONE_HZ + away) for window in _windows(during) for away in NEIGHBOURS_HZ])
    )
    earlier = float(np.mean([_power(window, TONE_HZ) for window in quiet]))
    tone_db = 10 * math.log10((best + 1e-3) / (max(beside, earlier) + 1e-3))
    level_dbfs = 10 * math.log10(float(np.mean((during / 32768.0) ** 2)) + 1e-12)
    is_clipped = float(np.mean(np.abs(during.astype(np.int32)) >= 32767)) > CLIPPED_SHARE
    if tone_db >= HEARD_DB:
        verdict = Verdict.CLIPPED if is_clipped else Verdict.HEARD
    else:
        verdict = Verdict.DEAF if level_dbfs < DEAF_DBFS else Verdict.NOT_HEARD
    return Finding(verdict, tone_db, level_dbfs)


def _windows(sound: Sound) -> list[NDArray[np.float64]]:
    pieces = sound[: len(sound) // WINDOW_SAMPLES * WINDOW_SAMPLES].reshape(-1, WINDOW_SAMPLES)
    return [piece.astype(np.float64) * _HANN for piece in pieces]


def _power(window: NDArray[np.float64], hz: float) -> float:
    """Return the power at `hz`, by Goertzel's sum: one bin of a Fourier transform at any frequency."""
    turn = np.exp(-2j * np.pi * hz / VOICE_HZ * np.arange(len(window)))
    return float(abs(window @ turn / len(window)) ** 2)


_HANN: Final = np.hanning(WINDOW_SAMPLES)
