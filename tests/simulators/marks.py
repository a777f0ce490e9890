"""Sound with marks: short sweeps that survive a voice codec, and where they are in what came out (numpy)."""

import wave
from pathlib import Path
from typing import Any, Final

import numpy as np

Samples = np.ndarray[Any, np.dtype[np.float64]]

SWEEP_S: Final = 0.12
FROM_HZ: Final = 500.0  # within what a voice codec keeps at its lowest
TO_HZ: Final = 2_500.0
LOUDNESS: Final = 0.5
ALIKE: Final = 0.45  # of 1: how much like the sweep a place must be; codecs bend it, noise gives 0.1


def sweep(rate_hz: int) -> Samples:
    """Return one mark, -1 … 1: a sine that rises from FROM_HZ to TO_HZ under a smooth envelope."""
    t_s = np.arange(round(SWEEP_S * rate_hz)) / rate_hz
    turns = FROM_HZ * t_s + (TO_HZ - FROM_HZ) / (2 * SWEEP_S) * t_s**2
    mark: Samples = LOUDNESS * np.sin(2 * np.pi * turns) * np.sin(np.pi * t_s / SWEEP_S) ** 2
    return mark


def marked(*, every_s: float, seconds: float, rate_hz: int) -> Samples:
    """Return silence with a mark at 0, `every_s`, …; marks that overlap the end are left out."""
    sound = np.zeros(round(seconds * rate_hz))
    mark = sweep(rate_hz)
    for number in range(round(seconds / every_s)):
        at = round(number * every_s * rate_hz)
        if at + len(mark) <= len(sound):
            sound[at : at + len(mark)] = mark
    return sound


def write_wav(path: Path, sound: Samples, *, rate_hz: int) -> None:
    """Write mono, 16 bit."""
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(pcm(sound))


def pcm(sound: Samples) -> bytes:
    """Return -1 … 1 as 16 bit, little-endian."""
    return (np.clip(sound, -1.0, 1.0) * 32_767).astype("<i2").tobytes()


def find_marks(sound: Samples, *, rate_hz: int, apart_s: float) -> list[float]:
    """Return where marks begin, in seconds of `sound`, at least `apart_s` from one another."""
    mark = sweep(rate_hz)
    if len(sound) < len(mark):
        return []
    size = 1 << (len(sound) + len(mark) - 1).bit_length()
    product = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(mark, size))
    alike = np.fft.irfft(product, size)[: len(sound) - len(mark) + 1]
    energy = np.concatenate([[0.0], np.cumsum(sound**2)])
    local = np.sqrt(np.maximum(energy[len(mark) :] - energy[: -len(mark)], 1e-6) * np.sum(mark**2))
    likeness = np.abs(alike) / local
    found: list[float] = []
    while likeness.size and likeness.max() >= ALIKE:
        at = int(likeness.argmax())
        found.append(at / rate_hz)
        reach = round(apart_s * rate_hz)
        likeness[max(0, at - reach) : at + reach] = 0.0
    return sorted(found)
