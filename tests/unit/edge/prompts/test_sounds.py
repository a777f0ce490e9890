import io
import struct
import wave
from pathlib import Path

import numpy as np
import pytest

from edge.errors import PromptError
from edge.prompts.sounds import (
    PAUSE_S,
    PEAK,
    RECORDING_MAX_BYTES,
    Sound,
    at_voice_rate,
    joined,
    levelled,
    read_made,
    read_recording,
    speech_of,
    wav_of,
)
from edge.video.media import VOICE_HZ


def tone(hz: int, seconds: float, *, pitch_hz: float = 440.0, peak: float = 0.3) -> Sound:
    times = np.arange(round(hz * seconds)) / hz
    return np.asarray(peak * 32767 * np.sin(2 * np.pi * pitch_hz * times), np.int16)


def wav(sound: Sound, hz: int, *, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(hz)
        writer.writeframes(sound.tobytes())
    return file.getvalue()


def put(folder: Path, data: bytes) -> Path:
    path = folder / "ringing.wav"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("hz", [16_000, 48_000])
def test_a_recording_becomes_48_khz_of_the_same_length_and_pitch(tmp_path: Path, hz: int) -> None:
    sound = read_recording(put(tmp_path, wav(tone(hz, 0.5), hz)))
    assert len(sound) == VOICE_HZ // 2
    spectrum = np.abs(np.fft.rfft(sound))
    assert np.argmax(spectrum) * 2 == pytest.approx(440, abs=2)


def test_the_speech_of_a_pipe_is_as_long_as_what_came(tmp_path: Path) -> None:
    data = bytearray(wav(tone(22_050, 1.0), 22_050))
    struct.pack_into("<I", data, 40, 0x7FFFF000)  # espeak-ng does not know how long it will be
    struct.pack_into("<I", data, 4, 0x7FFFF024)
    assert len(speech_of(bytes(data))) == VOICE_HZ


def test_nothing_above_what_was_there_is_made_up() -> None:
    made = at_voice_rate(tone(16_000, 1.0, pitch_hz=3_000), 16_000)
    spectrum = np.abs(np.fft.rfft(made))
    assert np.argmax(spectrum) == pytest.approx(3_000, abs=2)
    assert spectrum[9_000:].max() < spectrum.max() / 1_000


def test_a_soft_recording_is_as_loud_as_a_loud_one() -> None:
    soft, loud = levelled(tone(VOICE_HZ, 0.1, peak=0.05)), levelled(tone(VOICE_HZ, 0.1, peak=1.0))
    assert np.abs(soft).max() == pytest.approx(PEAK * 32768, abs=400)
    assert np.abs(loud).max() == pytest.approx(PEAK * 32768, abs=400)


def test_languages_follow_one_another_after_a_pause() -> None:
    one, other = np.full(100, 5, np.int16), np.full(50, 7, np.int16)
    both = joined([one, other])
    assert len(both) == 150 + int(PAUSE_S * VOICE_HZ)
    assert both[:100].tolist() == [5] * 100
    assert both[-50:].tolist() == [7] * 50
    assert not both[100:-50].any()
    assert joined([]).tolist() == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is no WAV file that can be played"),
        (b"ID3 an mp3 that was renamed", "is no WAV file that can be played"),
        (wav(np.repeat(tone(16_000, 0.5), 2), 16_000, channels=2), "2 channels of 16 bits"),
        (wav(tone(44_100, 0.5), 44_100), "44100 samples a second; record it with 16 or 48 kHz"),
        (wav(tone(16_000, 0.5), 16_000)[:-8_000], "is cut off after 0.2 s; copy it again"),
        (wav(np.zeros(16_000, np.int16), 16_000), "there is nothing to hear in it"),
        (wav(np.zeros(0, np.int16), 16_000), "there is nothing to hear in it"),
        (wav(tone(16_000, 31.0), 16_000), "longer than 30 s"),
        (bytes(RECORDING_MAX_BYTES + 1), "longer than 30 s"),
    ],
)
def test_a_recording_that_cannot_be_used_says_what_is_wrong_and_what_to_do(
    tmp_path: Path, data: bytes, words: str
) -> None:
    path = put(tmp_path, data)
    with pytest.raises(PromptError) as refusal:
        read_recording(path)
    assert str(refusal.value).startswith(f"{path}: ")
    assert words in str(refusal.value)
    assert ";" in str(refusal.value)


def test_a_recording_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(PromptError, match="cannot be read"):
        read_recording(tmp_path / "none.wav")


def test_what_was_made_is_read_back_and_half_of_it_is_not_taken(tmp_path: Path) -> None:
    sound = tone(VOICE_HZ, 0.2)
    path = put(tmp_path, wav_of(sound))
    assert read_made(path).tolist() == sound.tolist()
    put(tmp_path, wav_of(sound)[:5_000])
    with pytest.raises(PromptError, match="is not whole"):
        read_made(path)
    put(tmp_path, b"")
    with pytest.raises(PromptError):
        read_made(path)
