"""A voice is known again through noise and holes, and another voice is not taken for it."""

from typing import Any

import numpy as np

from tests.simulators.likeness import likeness

Samples = np.ndarray[Any, np.dtype[np.float64]]
RATE_HZ = 16_000


def babble(seed: int, seconds: int = 8) -> Samples:
    """Tones that come and go like syllables."""
    random, t_s = np.random.default_rng(seed), np.arange(seconds * RATE_HZ) / RATE_HZ
    sound = np.zeros(len(t_s))
    for hz in (200, 350, 520, 700, 900, 1_150, 1_500, 1_900, 2_500, 3_100):
        loudness = np.repeat(random.uniform(0, 1, seconds * 5) ** 2, RATE_HZ // 5)
        sound += loudness * np.sin(2 * np.pi * hz * t_s)
    return sound / 10


def test_the_same_voice_is_known_wherever_it_begins() -> None:
    said = babble(1)
    heard = np.roll(said, -3 * RATE_HZ - 77)[: 5 * RATE_HZ]
    assert likeness(heard, said, rate_hz=RATE_HZ) > 0.9


def test_noise_and_some_holes_leave_it_known_many_holes_do_not() -> None:
    said, random = babble(1), np.random.default_rng(5)
    heard = said[: 5 * RATE_HZ] + random.normal(0, 0.01, 5 * RATE_HZ)
    few, many = heard.copy(), heard.copy()
    for at in range(0, len(heard), RATE_HZ // 16):
        is_lost = random.random()
        few[at : at + RATE_HZ // 16] *= is_lost > 0.1
        many[at : at + RATE_HZ // 16] *= is_lost > 0.7
    assert likeness(few, said, rate_hz=RATE_HZ) > 0.7
    assert likeness(many, said, rate_hz=RATE_HZ) < 0.5


def test_another_voice_and_silence_are_not_it() -> None:
    assert likeness(babble(2)[: 5 * RATE_HZ], babble(1), rate_hz=RATE_HZ) < 0.5
    assert likeness(np.zeros(5 * RATE_HZ), babble(1), rate_hz=RATE_HZ) < 0.1
