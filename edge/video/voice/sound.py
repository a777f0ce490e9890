"""Microphones and loudspeakers: ALSA's, files, a made-up voice (shell: owns av for sound, and its pace).

All give or take 10 ms of 48 kHz mono at a time, at the pace of the device; blocking, so each on a thread of
its own, which also closes it.
"""

import contextlib
import time
import wave
from collections.abc import Generator
from itertools import chain
from pathlib import Path
from typing import Final, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from edge.errors import DeviceError
from edge.video.media import VOICE_HZ
from edge.video.voice.alsa import AlsaStream
from edge.video.voice.speech import speech

Sound = NDArray[np.int16]

FRAME_SAMPLES: Final = VOICE_HZ // 100
MICROPHONE_BUFFER_MS: Final = 200  # a late reader loses nothing; one in time finds 10 ms in it
LOUDSPEAKER_BUFFER_MS: Final = 60  # all of it is delay, and all of it is patience with a loaded machine
GENERATED_S: Final = 8.0
WAV_MAX_S: Final = 3600.0  # 350 MB; what is said after an hour is not written
LATE_MAX_S: Final = 0.2  # who is later than this begins a new pace
HASTE_MAX_S: Final = 0.3  # a card that is this far ahead of time is none, and would eat the processor


class Microphone(Protocol):
    """Gives FRAME_SAMPLES at a time. `latency_s`: how long they have waited when they come."""

    @property
    def latency_s(self) -> float: ...
    def read(self) -> Sound: ...
    def close(self) -> None: ...


class Loudspeaker(Protocol):
    """Takes FRAME_SAMPLES at a time. `latency_s`: how long the next ones will take to sound."""

    @property
    def latency_s(self) -> float: ...
    def write(self, samples: Sound) -> None: ...
    def close(self) -> None: ...


def open_microphone(setting: str) -> Microphone:
    """Open "alsa:NAME", "file:PATH" (over and over), "generated" or "none". Raises DeviceError."""
    kind, _, name = setting.partition(":")
    match kind:
        case "alsa":
            return _AlsaMicrophone(name)
        case "file":
            return _FileMicrophone(Path(name))
        case "generated":
            return _GeneratedMicrophone()
    raise DeviceError("missing", "no microphone is configured; set [video] microphone")


def open_loudspeaker(setting: str) -> Loudspeaker:
    """Open "alsa:NAME", "file:PATH" (a WAV, begun anew) or "none". Raises DeviceError."""
    kind, _, name = setting.partition(":")
    match kind:
        case "alsa":
            return _AlsaLoudspeaker(name)
        case "file":
            return _FileLoudspeaker(Path(name))
    raise DeviceError("missing", "no loudspeaker is configured; set [video] loudspeaker")


class Pace:
    """Holds whoever calls it to real time, `ahead_s` ahead of it at most."""

    def __init__(self, *, ahead_s: float = 0.0) -> None:
        self._ahead_s = ahead_s
        self._due_s = time.monotonic()

    def wait(self, samples: int) -> None:
        """Return when this many more samples have sounded."""
        now_s = time.monotonic()
        self._due_s = max(self._due_s, now_s - LATE_MAX_S) + samples / VOICE_HZ
        time.sleep(max(self._due_s - self._ahead_s - now_s, 0.0))


class _AlsaMicrophone:
    def __init__(self, name: str) -> None:
        self._stream = AlsaStream(name, direction="capture", buffer_ms=MICROPHONE_BUFFER_MS)
        self._pace = Pace(ahead_s=HASTE_MAX_S)

    @property
    def latency_s(self) -> float:
        return self._stream.delay_s() + FRAME_SAMPLES / VOICE_HZ

    def read(self) -> Sound:
        self._pace.wait(FRAME_SAMPLES)
        return self._stream.read(FRAME_SAMPLES)

    def close(self) -> None:
        self._stream.close()


class _AlsaLoudspeaker:
    def __init__(self, name: str) -> None:
        self._stream = AlsaStream(name, direction="playback", buffer_ms=LOUDSPEAKER_BUFFER_MS)
        self._pace = Pace(ahead_s=HASTE_MAX_S)

    @property
    def latency_s(self) -> float:
        return self._stream.delay_s()

    def write(self, samples: Sound) -> None:
        self._pace.wait(len(samples))
        self._stream.write(samples)

    def close(self) -> None:
        self._stream.close()


class _GeneratedMicrophone:
    latency_s = FRAME_SAMPLES / VOICE_HZ

    def __init__(self) -> None:
        self._sound, self._at = speech(GENERATED_S), 0
        self._pace = Pace()

    def read(self) -> Sound:
        self._pace.wait(FRAME_SAMPLES)
        piece = self._sound[self._at : self._at + FRAME_SAMPLES]
        self._at = (self._at + FRAME_SAMPLES) % len(self._sound)
        return piece

    def close(self) -> None:
        """Nothing is open."""


class _FileMicrophone:
    latency_s = FRAME_SAMPLES / VOICE_HZ

    def __init__(self, path: Path) -> None:
        self._what = f"microphone file:{path}"
        self._sound = _over_and_over(path, self._what)
        self._waiting = next(self._sound)  # so that a file without sound is known at once
        self._pace = Pace()

    def read(self) -> Sound:
        self._pace.wait(FRAME_SAMPLES)
        while len(self._waiting) < FRAME_SAMPLES:
            self._waiting = np.concatenate([self._waiting, next(self._sound)])
        piece, self._waiting = self._waiting[:FRAME_SAMPLES], self._waiting[FRAME_SAMPLES:]
        return piece

    def close(self) -> None:
        self._sound.close()


def _over_and_over(path: Path, what: str) -> Generator[Sound]:
    while True:
        sounded = False
        try:
            with av.open(str(path)) as film:
                if not film.streams.audio:
                    raise DeviceError("missing", f"{what}: there is no sound in it; name another file")
                resampler = av.AudioResampler(format="s16", layout="mono", rate=VOICE_HZ)
                for decoded in chain(film.decode(audio=0), (None,)):  # None: what the resampler still holds
                    for piece in resampler.resample(decoded):
                        sounded = True
                        yield piece.to_ndarray()[0]
        except (OSError, av.FFmpegError) as error:
            raise DeviceError("missing", f"{what}: cannot be read ({error}); name another file") from error
        if not sounded:
            raise DeviceError("missing", f"{what}: there is no sound in it; name another file")


class _FileLoudspeaker:
    latency_s = 0.0

    def __init__(self, path: Path) -> None:
        self._what, self._written = f"loudspeaker file:{path}", 0
        try:
            self._file = path.open("wb")
        except OSError as error:
            raise DeviceError("missing", f"{self._what}: cannot be written ({error.strerror})") from error
        self._wav = wave.Wave_write(self._file)
        self._wav.setparams((1, 2, VOICE_HZ, 0, "NONE", "not compressed"))
        self._pace = Pace()

    def write(self, samples: Sound) -> None:
        self._pace.wait(len(samples))
        if self._written < WAV_MAX_S * VOICE_HZ:
            self._written += len(samples)
            try:
                self._wav.writeframes(samples.tobytes())
            except OSError as error:
                raise DeviceError("lost", f"{self._what}: cannot be written ({error.strerror})") from error

    def close(self) -> None:
        with contextlib.suppress(OSError):  # a full disk has been told already
            self._wav.close()
            self._file.close()
