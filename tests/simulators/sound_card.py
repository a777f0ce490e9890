"""A sound card for ALSA itself: its own `file` plugin over FIFOs, and a thread that is the hardware.

libasound runs as on a station; only below it there is no driver. What is played flows into one FIFO at real
pace; what the microphone hears flows out of another one.
"""

import contextlib
import fcntl
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from edge.video.media import VOICE_HZ
from tests.simulators.room_acoustics import Sound

FRAME_SAMPLES = VOICE_HZ // 100
BUFFER_BYTES = 4096  # 43 ms, the least that the kernel gives a FIFO
F_SETPIPE_SZ = 1031

Acoustics = Callable[
    [Sound], Sound
]  # 10 ms that the loudspeaker plays -> what the microphone hears meanwhile


def nothing_between(played: Sound) -> Sound:
    """A loudspeaker that is switched off, or a microphone that is muted."""
    return np.zeros_like(played)


def face_to_face(played: Sound) -> Sound:
    """A loudspeaker that stands before the microphone."""
    return played // 2


class SoundCard:
    """The PCM "card". Set `ALSA_CONFIG_PATH` to `configuration`; use it as a context."""

    def __init__(self, folder: Path, *, acoustics: Acoustics = nothing_between) -> None:
        self.configuration = folder / "alsa.conf"
        self.acoustics = acoustics
        self.played_samples = 0
        self.heard: list[Sound] = []  # what was played, in pieces
        self._folder = folder
        self._stop = threading.Event()
        self._fds: dict[str, int] = {}
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self.plug_in()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    @property
    def is_open_by_anybody(self) -> bool:
        """Whether this process has the card's playback or capture open."""
        ours = {os.fstat(fd).st_ino for fd in self._fds.values()}
        held = []
        for link in Path("/proc/self/fd").iterdir():
            with contextlib.suppress(OSError):
                held.append(link.stat().st_ino)
        return any(held.count(inode) > 1 for inode in ours)

    def plug_in(self) -> None:
        """Be there. A PCM that captures copies what it reads to `copy`, and fails when that breaks."""
        for name in ("played", "heard", "copy"):
            path = self._folder / f"{name}.fifo"
            os.mkfifo(path)
            self._fds[name] = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            fcntl.fcntl(self._fds[name], F_SETPIPE_SZ, BUFFER_BYTES)
        card = "pcm.card { type asym"
        for way, file, infile in (("playback", "played", ""), ("capture", "copy", "heard")):
            source = f'infile "{self._folder}/{infile}.fifo"' if infile else ""
            card += f"""
              {way}.pcm {{ type file slave.pcm {{ type null }} format raw
                file "{self._folder}/{file}.fifo" {source} }}"""
        self._write(card + "}\n")
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="sound card", daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Be gone, in the midst of what is played and read."""
        if self._thread is None:
            return
        self._write("")
        self._stop.set()
        self._thread.join()
        self._thread = None
        for name, fd in self._fds.items():
            (self._folder / f"{name}.fifo").unlink()
            os.close(fd)
        self._fds.clear()

    def _write(self, configuration: str) -> None:
        """Put the file in place at once: ALSA reads it again when it is another one."""
        fresh = self._folder / "alsa.fresh"
        fresh.write_text(configuration, encoding="utf-8")
        fresh.rename(self.configuration)

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stop.is_set():
            due_s = max(due_s + FRAME_SAMPLES / VOICE_HZ, time.monotonic() - 0.2)
            time.sleep(max(due_s - time.monotonic(), 0.0))
            played = self._take_played()
            heard = self.acoustics(played)
            with contextlib.suppress(BlockingIOError):  # nobody reads: the card's buffer runs over
                os.write(self._fds["heard"], heard.tobytes())
            with contextlib.suppress(BlockingIOError):
                os.read(self._fds["copy"], BUFFER_BYTES)

    def _take_played(self) -> Sound:
        data = b""
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._fds["played"], FRAME_SAMPLES * 2)
        self.played_samples += len(data) // 2
        played = np.zeros(FRAME_SAMPLES, np.int16)
        played[: len(data) // 2] = np.frombuffer(data[: len(data) // 2 * 2], np.int16)
        self.heard.append(played)
        return played
