"""The film and the speech that every sender sends (shell: it writes files)."""

import wave
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.links_bench.barcode import draw_number
from tests.links_bench.estoi import RATE_HZ, Sound, to_rate
from tests.simulators.moving_picture import moving_pictures
from tests.simulators.voices import VOICES, speak

WIDTH, HEIGHT, FPS = 640, 360, 25
FRAMES: Final = 250  # ten seconds, over and over
VOICE_HZ: Final = 48_000
REST_S: Final = 0.5  # between the end of the speech and its next beginning
LEVEL: Final = 0.7  # of full scale, at the loudest
SPEAKER: Final = "con-dao-01"

Film = list[NDArray[np.uint8]]


class Clip:
    """Made in `folder` once: `film` for cameras (Y4M), `speech` for microphones (WAV, 48 kHz mono)."""

    def __init__(self, folder: Path) -> None:
        self.film, self.speech = folder / "film.y4m", folder / "speech.wav"
        pictures = [
            np.asarray(one.to_ndarray(), np.uint8) for one in moving_pictures(WIDTH, HEIGHT, count=FRAMES)
        ]
        for number, picture in enumerate(pictures):
            draw_number(picture[:HEIGHT], number)
            picture[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)[:, :8] = 128  # the barcode has no colour
        self.lumas: Film = [picture[:HEIGHT] for picture in pictures]  # by frame number
        self._write_film(pictures)
        self.said = self._write_speech(folder / "spoken.wav")  # at the rate of `estoi.py`

    def _write_film(self, pictures: Film) -> None:
        with self.film.open("wb") as film:
            film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420mpeg2\n".encode())
            for picture in pictures:
                film.write(b"FRAME\n" + picture.tobytes())

    def _write_speech(self, spoken: Path) -> Sound:
        speak(VOICES[SPEAKER], spoken)
        with wave.open(str(spoken)) as file:
            rate_hz = file.getframerate()
            sound = np.frombuffer(file.readframes(file.getnframes()), "<i2") / 32_768
        sound = np.concatenate([sound, np.zeros(round(REST_S * rate_hz))])
        sound = np.concatenate([sound, np.zeros(-len(sound) % rate_hz)])  # whole seconds at any rate
        count = len(sound) * VOICE_HZ // rate_hz
        fine = np.fft.irfft(np.fft.rfft(sound), count) * (count / len(sound))
        fine *= LEVEL / float(np.abs(fine).max())
        with wave.open(str(self.speech), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(VOICE_HZ)
            file.writeframes(np.round(fine * 32_767).astype("<i2").tobytes())
        said = to_rate(fine, VOICE_HZ)
        assert len(said) == len(fine) * RATE_HZ // VOICE_HZ, "whole seconds"
        return said
