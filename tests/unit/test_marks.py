"""Marks are found where they were put, in noise and through a bad line, and nowhere else."""

import numpy as np
import pytest

from tests.simulators.marks import find_marks, marked

RATE_HZ = 16_000
NOISE = np.random.default_rng(1)


def test_each_mark_is_found_where_it_was_put() -> None:
    sound = marked(every_s=0.7, seconds=3.0, rate_hz=RATE_HZ)
    assert find_marks(sound, rate_hz=RATE_HZ, apart_s=0.3) == pytest.approx([0.0, 0.7, 1.4, 2.1], abs=1e-3)


def test_a_quiet_muffled_and_noisy_mark_is_found_within_milliseconds() -> None:
    sound = marked(every_s=1.0, seconds=3.0, rate_hz=RATE_HZ)
    muffled = np.convolve(0.2 * sound, np.ones(8) / 8, mode="same")
    heard = muffled + NOISE.normal(0.0, 0.01, len(sound))
    assert find_marks(heard, rate_hz=RATE_HZ, apart_s=0.5) == pytest.approx([0.0, 1.0, 2.0], abs=3e-3)


def test_noise_silence_and_nothing_have_no_mark() -> None:
    assert find_marks(NOISE.normal(0.0, 0.3, RATE_HZ * 3), rate_hz=RATE_HZ, apart_s=0.5) == []
    assert find_marks(np.zeros(RATE_HZ), rate_hz=RATE_HZ, apart_s=0.5) == []
    assert find_marks(np.zeros(0), rate_hz=RATE_HZ, apart_s=0.5) == []
