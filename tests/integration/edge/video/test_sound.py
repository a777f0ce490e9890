import errno
import time
import wave
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.errors import DeviceError
from edge.video.media import VOICE_HZ
from edge.video.voice.alsa import fault
from edge.video.voice.sound import FRAME_SAMPLES, open_loudspeaker, open_microphone
from edge.video.voice.speech import speech
from tests.simulators.room_acoustics import level_db
from tests.simulators.sound_card import SoundCard, face_to_face

TONE = (8000 * np.sin(2 * np.pi * 1000 * np.arange(FRAME_SAMPLES) / VOICE_HZ)).astype(np.int16)


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoundCard]:
    with SoundCard(tmp_path, acoustics=face_to_face) as card:
        monkeypatch.setenv("ALSA_CONFIG_PATH", str(card.configuration))
        yield card


def test_what_the_loudspeaker_plays_is_heard_by_the_microphone(card: SoundCard) -> None:
    microphone, loudspeaker = open_microphone("alsa:card"), open_loudspeaker("alsa:card")
    loudest_db = -100.0
    for _ in range(60):
        loudspeaker.write(TONE)
        loudest_db = max(loudest_db, level_db(microphone.read()))
    microphone.close()
    loudspeaker.close()
    assert loudest_db == pytest.approx(level_db(TONE) - 6.0, abs=1.0)


def test_the_loudspeaker_takes_sound_at_the_pace_of_the_card(card: SoundCard) -> None:
    loudspeaker = open_loudspeaker("alsa:card")
    begun_s = time.monotonic()
    for _ in range(60):
        loudspeaker.write(TONE)
    loudspeaker.close()
    assert time.monotonic() - begun_s > 0.5  # of 0.6 s, less what its buffer takes at once


def test_closed_devices_hold_nothing_open(card: SoundCard) -> None:
    microphone, loudspeaker = open_microphone("alsa:card"), open_loudspeaker("alsa:card")
    assert card.is_open_by_anybody
    microphone.close()
    loudspeaker.close()
    assert not card.is_open_by_anybody


def test_a_card_that_is_not_there_is_missing(card: SoundCard) -> None:
    with pytest.raises(DeviceError, match=r"loudspeaker alsa:elsewhere.*`aplay -l`") as no_loudspeaker:
        open_loudspeaker("alsa:elsewhere")
    with pytest.raises(DeviceError, match=r"microphone alsa:hw:7.*`arecord -l`") as no_microphone:
        open_microphone("alsa:hw:7")
    assert (no_loudspeaker.value.state, no_microphone.value.state) == ("missing", "missing")


def test_a_microphone_unplugged_while_it_is_read_is_lost_then_missing_then_there_again(
    card: SoundCard,
) -> None:
    microphone = open_microphone("alsa:card")
    microphone.read()
    card.unplug()
    with pytest.raises(DeviceError, match="plug it in again") as lost:
        for _ in range(100):
            microphone.read()
    assert lost.value.state == "lost"
    microphone.close()
    with pytest.raises(DeviceError) as missing:
        open_microphone("alsa:card")
    assert missing.value.state == "missing"
    card.plug_in()
    again = open_microphone("alsa:card")
    assert len(again.read()) == FRAME_SAMPLES
    again.close()


def test_a_loudspeaker_unplugged_while_it_plays_is_lost(card: SoundCard) -> None:
    loudspeaker = open_loudspeaker("alsa:card")
    loudspeaker.write(TONE)
    card.unplug()
    with pytest.raises(DeviceError) as lost:
        for _ in range(100):
            loudspeaker.write(TONE)
    assert lost.value.state == "lost"
    loudspeaker.close()


@pytest.mark.parametrize(
    ("number", "state", "words"),
    [
        (errno.EBUSY, "busy", "end that program"),
        (errno.ENODEV, "missing", "plug one in"),
        (errno.EACCES, "missing", "group audio"),
        (errno.ENOMEM, "missing", "cannot be opened"),
    ],
)
def test_each_refusal_of_a_card_says_what_to_do(number: int, state: str, words: str) -> None:
    refusal = fault("default", "capture", number, "as ALSA says")
    assert refusal.state == state
    assert words in str(refusal)


def test_a_card_that_gives_sound_faster_than_time_is_held_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configuration = tmp_path / "alsa.conf"
    configuration.write_text("pcm.nowhere { type null }\n", encoding="utf-8")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(configuration))
    microphone = open_microphone("alsa:nowhere")
    begun_s = time.monotonic()
    for _ in range(60):
        microphone.read()
    microphone.close()
    assert time.monotonic() - begun_s > 0.25  # 0.6 s less 0.3


def test_a_sound_file_is_the_microphone_over_and_over(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "word.wav"), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(np.repeat(speech(2.0)[::3], 2).astype(np.int16).tobytes()[: 16_000 * 4 // 5])
    microphone = open_microphone(f"file:{tmp_path}/word.wav")
    begun_s = time.monotonic()
    heard = np.concatenate([microphone.read() for _ in range(50)])  # 0.5 s of a file of 0.2 s
    microphone.close()
    assert time.monotonic() - begun_s > 0.45
    period = VOICE_HZ // 5
    assert level_db(heard) > -40
    assert np.corrcoef(heard[:period], heard[period : 2 * period])[0, 1] > 0.9


def test_the_file_loudspeaker_writes_a_wav_at_real_pace(tmp_path: Path) -> None:
    loudspeaker = open_loudspeaker(f"file:{tmp_path}/said.wav")
    begun_s = time.monotonic()
    for _ in range(20):
        loudspeaker.write(TONE)
    assert time.monotonic() - begun_s > 0.18
    loudspeaker.close()
    with wave.open(str(tmp_path / "said.wav")) as file:
        assert (file.getframerate(), file.getnchannels(), file.getnframes()) == (
            VOICE_HZ,
            1,
            20 * FRAME_SAMPLES,
        )


@pytest.mark.parametrize(
    ("opener", "setting", "words"),
    [
        (open_microphone, "file:/nowhere/word.wav", "cannot be read"),
        (open_microphone, f"file:{__file__}", "name another file"),
        (open_microphone, "none", "set [video] microphone"),
        (open_loudspeaker, "file:/nowhere/said.wav", "cannot be written"),
        (open_loudspeaker, "none", "set [video] loudspeaker"),
    ],
)
def test_what_cannot_be_opened_is_missing_and_says_so(opener: object, setting: str, words: str) -> None:
    assert callable(opener)
    with pytest.raises(DeviceError) as refusal:
        opener(setting)
    assert refusal.value.state == "missing"
    assert words in str(refusal.value)


def test_the_made_up_voice_speaks_and_pauses() -> None:
    microphone = open_microphone("generated")
    levels = [level_db(microphone.read()) for _ in range(100)]
    microphone.close()
    assert max(levels) > -30
    assert min(levels) < -60
