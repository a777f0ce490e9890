import numpy as np
import pytest

from edge.video.media import VOICE_HZ
from edge.video.voice.sound_check import TONE_DBFS, Verdict, judge, tone
from edge.video.voice.speech import speech
from tests.simulators.room_acoustics import Room, Sound, level_db

SECOND = VOICE_HZ


def noise(level_dbfs: float, *, seed: int = 1, seconds: float = 1.0) -> Sound:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(int(seconds * SECOND)) * 32768 * 10 ** (level_dbfs / 20)).astype(np.int16)


def mixed(*sounds: Sound) -> Sound:
    return np.clip(sum(sound.astype(np.int32) for sound in sounds), -32768, 32767).astype(np.int16)


def test_the_tone_goes_on_without_a_click_and_is_as_loud_as_it_says() -> None:
    whole = tone(SECOND)
    assert np.array_equal(np.concatenate([tone(480), tone(SECOND - 480, start=480)]), whole)
    assert level_db(whole) == pytest.approx(TONE_DBFS, abs=0.1)


@pytest.mark.parametrize("loss_db", [0, 20, 40])
def test_a_tone_in_a_noisy_room_is_heard(loss_db: int) -> None:
    room = Room(reverb_ms=150, delay_ms=80, loss_db=loss_db, noise_dbfs=-60.0)
    found = judge(noise(-60.0), room.heard(tone(SECOND), np.zeros(SECOND, np.int16)))
    assert found.verdict is Verdict.HEARD
    assert found.remedy == ""


def test_a_tone_that_comes_late_and_ends_early_is_heard() -> None:
    late = np.concatenate([noise(-60.0, seconds=0.4), tone(SECOND // 2), noise(-60.0, seconds=0.1)])
    assert judge(noise(-60.0), late).verdict is Verdict.HEARD


def test_noise_alone_is_not_the_tone() -> None:
    found = judge(noise(-40.0), noise(-40.0, seed=2))
    assert found.verdict is Verdict.NOT_HEARD
    assert "turned up" in found.remedy


def test_somebody_who_talks_is_not_the_tone() -> None:
    voice = speech(4.0)
    assert judge(voice[:SECOND], voice[SECOND : 3 * SECOND]).verdict is Verdict.NOT_HEARD


def test_a_fan_that_hums_at_the_same_pitch_is_not_the_tone() -> None:
    hum = mixed(tone(SECOND) // 8, noise(-60.0))
    assert judge(hum, hum).verdict is Verdict.NOT_HEARD


def test_a_microphone_that_gives_zeros_is_deaf() -> None:
    found = judge(np.zeros(SECOND, np.int16), np.zeros(SECOND, np.int16))
    assert found.verdict is Verdict.DEAF
    assert "muted" in found.remedy


def test_a_tone_beyond_full_scale_is_heard_but_clipped() -> None:
    loud = np.clip(tone(SECOND).astype(np.int32) * 8, -32768, 32767).astype(np.int16)
    found = judge(noise(-60.0), loud)
    assert found.verdict is Verdict.CLIPPED
    assert "turn the loudspeaker down" in found.remedy


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_the_hum_of_the_mains_is_not_the_tone(mains_hz: int) -> None:
    times = np.arange(SECOND) / VOICE_HZ
    buzz = (3000 * np.sign(np.sin(2 * np.pi * mains_hz * times))).astype(np.int16)
    assert judge(noise(-60.0), mixed(buzz, noise(-60.0))).verdict is Verdict.NOT_HEARD
