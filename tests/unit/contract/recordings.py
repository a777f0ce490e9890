"""Recorded signals to code, from tests/fixtures/recordings (see its README)."""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

FOLDER: Final = Path(__file__).parents[2] / "fixtures/recordings"


def recorded(name: str, *, shape: str = "ecg") -> NDArray[np.int32]:
    """Return the ECG (250 Hz, 5 µV a step) or the pleth (100 Hz) of a recording, in whole steps."""
    with np.load(FOLDER / f"{name}.npz") as arrays:
        return np.asarray(np.cumsum(arrays[f"{shape}_deltas"]), np.int32)


def pulse_wave(name: str) -> NDArray[np.int32]:
    """Return the pleth of a recording as an oximeter sends it: 75 Hz, 0 … 255."""
    wave = recorded(name, shape="pleth")
    at = np.arange(0, len(wave) - 1, 100 / 75)
    resampled = np.interp(at, np.arange(len(wave)), wave)
    return np.asarray(np.round((resampled - wave.min()) / np.ptp(wave) * 255), np.int32)


def bits_a_sample(chunks: list[bytes], samples: int) -> float:
    return sum(map(len, chunks)) * 8 / samples
