import numpy as np
import pytest

from tests.links_bench.alignment import aligned
from tests.links_bench.estoi import RATE_HZ, Sound, TooShortError, estoi, to_rate


def voice(seconds: float = 4.0) -> Sound:
    """A buzz and a hiss in turn, in syllables."""
    rng = np.random.default_rng(5)
    count = int(seconds * RATE_HZ)
    t = np.arange(count) / RATE_HZ
    buzz = sum(np.sin(2 * np.pi * 120 * k * t + 0.1 * k) / k for k in range(1, 38))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * t) + 0.4 * np.sin(2 * np.pi * 1.3 * t), 0, None)
    return np.asarray(syllables * np.where(np.sin(2 * np.pi * 1.7 * t) > 0.3, rng.normal(0, 1, count), buzz))


def test_a_voice_is_understood_as_it_is_louder_softer_or_turned_over() -> None:
    said = voice()
    for factor in (1.0, 0.05, -3.0):
        assert estoi(factor * said, said) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(  # what pystoi 0.4.1 says of the same signals, extended=True
    ("snr_db", "known"),
    [(20, 0.9887), (10, 0.9033), (5, 0.7608), (0, 0.5436), (-5, 0.3268), (-10, 0.1688)],
)
def test_noise_costs_what_another_implementation_says(snr_db: float, known: float) -> None:
    said = voice()
    each = [estoi(in_noise_of(said, seed, snr_db), said) for seed in range(3)]
    assert float(np.mean(each)) == pytest.approx(known, abs=0.001)


def in_noise_of(said: Sound, seed: int, snr_db: float) -> Sound:
    noise = np.random.default_rng(seed).normal(0, 1, len(said))
    return np.asarray(said + noise * np.std(said) / np.std(noise) * 10 ** (-snr_db / 20))


def test_silence_and_another_sound_say_nothing() -> None:
    said = voice()
    assert abs(estoi(np.random.default_rng(3).normal(0, 1, len(said)), said)) < 0.1
    assert estoi(np.zeros(len(said)), said) == pytest.approx(0.0, abs=0.01)


def test_half_of_it_lost_is_half_understood() -> None:
    said = voice(8.0)
    heard = said.copy()
    heard[len(said) // 2 :] = 0.0
    assert estoi(heard, said) == pytest.approx(0.5, abs=0.05)


def test_rests_of_the_speaker_do_not_count() -> None:
    said = np.concatenate([voice(), np.zeros(2 * RATE_HZ)])
    heard = said.copy()
    heard[-2 * RATE_HZ :] = np.random.default_rng(1).normal(0, 1, 2 * RATE_HZ)
    assert estoi(heard, said) > 0.97


def test_too_little_and_unequal_sounds_are_refused() -> None:
    with pytest.raises(TooShortError):
        estoi(voice(0.2), voice(0.2))
    with pytest.raises(ValueError, match="align"):
        estoi(voice(2.0), voice(2.1))


def test_a_sound_of_another_rate_keeps_its_tones() -> None:
    at_48k = np.sin(2 * np.pi * 1_000 * np.arange(48_000) / 48_000)
    at_10k = np.sin(2 * np.pi * 1_000 * np.arange(10_000) / 10_000)
    assert float(np.abs(to_rate(at_48k, 48_000) - at_10k).max()) < 1e-6


def test_a_voice_that_is_heard_late_stretched_and_with_a_hole_is_aligned_again() -> None:
    said = voice(7.0)
    over = np.concatenate([said] * 4)
    late = over[23_456:]
    # 40 ms are cut out, then two seconds are silent, and it goes on without what was said meanwhile
    heard = np.concatenate([late[:60_000], late[60_400:90_000], np.zeros(20_000), late[163_000:220_000]])
    found = aligned(heard, said)
    heard = heard[: len(found)]
    whole = estoi(heard, found)
    silent_share = 20_000 / len(heard)
    assert whole == pytest.approx(1 - silent_share, abs=0.06)


def test_another_voice_is_not_understood_however_it_is_aligned() -> None:
    heard = np.random.default_rng(8).normal(0, 1, 60_000)
    found = aligned(heard, voice(7.0))
    assert estoi(heard[: len(found)], found) < 0.2
