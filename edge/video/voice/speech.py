"""Sound that behaves like speech where there is no microphone: syllables of a made-up voice (core).

Pulses of a throat through the resonances of a mouth, hisses between them, breath pauses: enough for an echo
canceller, a voice codec and an ear to take it for a voice. The same seed says the same.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.video.media import VOICE_HZ

LEVEL_DBFS: Final = -23.0  # of the spoken parts, RMS: what a microphone with gain control gives
ENVELOPE_HZ: Final = 50
_VOWELS: Final = (  # resonances in Hz, adult voice (Peterson and Barney 1952, rounded)
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (490, 1350, 1690),
)
_WIDTHS_HZ: Final = (60, 90, 150)


def speech(seconds: float, *, seed: int = 1, pitch_hz: float = 120.0) -> NDArray[np.int16]:
    """Return `seconds` of it at VOICE_HZ, beginning and ending in silence, so that it can be repeated."""
    rng = np.random.default_rng(seed)
    count = int(seconds * VOICE_HZ)
    sound = np.zeros(count + VOICE_HZ)
    at_s, spoken = 0.1, np.zeros(count + VOICE_HZ, np.bool_)
    while at_s < seconds - 1.0:
        syllables = int(rng.integers(3, 9))
        for index in range(syllables):
            length_s = float(rng.uniform(0.13, 0.27))
            if at_s + length_s > seconds - 0.4:
                break
            accent = 1.25 - 0.4 * index / syllables + float(rng.uniform(-0.1, 0.1))
            part = _syllable(rng, length_s, pitch_hz * accent)
            start = int(at_s * VOICE_HZ)
            sound[start : start + len(part)] += part
            spoken[start : start + int(length_s * VOICE_HZ)] = True
            at_s += length_s + float(rng.uniform(0.0, 0.03))
        at_s += float(rng.uniform(0.25, 0.6))
    sound, spoken = sound[:count], spoken[:count]
    rms = float(np.sqrt(np.mean(sound[spoken] ** 2))) if spoken.any() else 1.0
    scaled = sound * (32768 * 10 ** (LEVEL_DBFS / 20) / rms)
    return np.clip(scaled, -32768, 32767).astype(np.int16)


def loudness(sound: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return how loud it is, 0 … 1, ENVELOPE_HZ times a second: how far a mouth opens."""
    step = VOICE_HZ // ENVELOPE_HZ
    pieces = sound[: len(sound) // step * step].reshape(-1, step).astype(np.float64)
    rms = np.sqrt(np.mean(pieces**2, axis=1))
    most = float(rms.max(initial=1.0))
    return np.asarray(rms / most, np.float64)


def _syllable(rng: np.random.Generator, length_s: float, pitch_hz: float) -> NDArray[np.float64]:
    count = int(length_s * VOICE_HZ)
    hiss_count = int(rng.uniform(0.03, 0.07) * VOICE_HZ)
    times = np.arange(count) / VOICE_HZ
    phase = np.cumsum(np.full(count, pitch_hz) * (1 - 0.15 * times / length_s)) / VOICE_HZ
    pulses = np.diff(np.floor(phase), prepend=0.0) + 0.02 * rng.standard_normal(count)
    envelope = np.sin(np.pi * np.clip(times / length_s, 0, 1)) ** 0.7
    voiced = _through_mouth(pulses * envelope, _VOWELS[int(rng.integers(len(_VOWELS)))])
    voiced /= max(float(np.abs(voiced).max()), 1e-9)
    hiss = np.diff(rng.standard_normal(hiss_count + 1)) * np.hanning(hiss_count) * float(rng.uniform(0, 0.08))
    voiced[:hiss_count] += hiss
    return voiced


def _through_mouth(pulses: NDArray[np.float64], vowel: tuple[int, ...]) -> NDArray[np.float64]:
    """Filter by the resonances, in the domain of frequencies; 50 ms more come out than went in."""
    count = len(pulses) + VOICE_HZ // 20
    size = 1 << (count - 1).bit_length()
    step = np.exp(-2j * np.pi * np.fft.rfftfreq(size))
    response = 1 / (1 - 0.95 * step)  # the throat's pulse is rounder than a spike: less of the high
    for resonance_hz, width_hz in zip(vowel, _WIDTHS_HZ, strict=True):
        radius = np.exp(-np.pi * width_hz / VOICE_HZ)
        angle = 2 * np.pi * resonance_hz / VOICE_HZ
        response /= 1 - 2 * radius * np.cos(angle) * step + radius**2 * step**2
    return np.asarray(np.fft.irfft(np.fft.rfft(pulses, size) * response, size)[:count], np.float64)
