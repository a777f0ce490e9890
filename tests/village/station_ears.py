"""What the loudspeaker of a station says, and when: its WAV file, read while `edge video` writes it."""

import struct
import threading
import time
from pathlib import Path
from typing import Final, Self

import numpy as np

LOOK_EVERY_S: Final = 0.002
HEAD_BYTES: Final = 4_096  # the chunks before the samples are shorter
LOUD: Final = 0.01  # of full scale, root of the mean square: a voice, not a decoder's rest


class StationEars:
    """Hear the file `path`. Use as a context before the call; the file comes later, anew for each call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._sizes: list[tuple[float, int]] = []  # monotonic s, bytes of the file
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="station's ears")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        before = 0
        while not self._over.wait(LOOK_EVERY_S):
            try:
                size = self._path.stat().st_size
            except FileNotFoundError:
                continue
            if size < before:
                self._sizes.clear()  # another call's file
            if size != before:
                self._sizes.append((time.monotonic(), size))
                before = size

    def first_loud_s(self, *, since_s: float) -> float | None:
        """Return when (monotonic) it first was above silence, of what came after `since_s`; None: not yet."""
        parts = self._read()  # once: an `edge video` that is started anew begins the file anew
        if parts is None:
            return None
        rate_hz, channels, offset, data = parts
        whole = len(data) // (2 * channels) * channels
        sound = np.frombuffer(data, dtype="<i2", count=whole).reshape(-1, channels).mean(axis=1) / 32_768
        block = rate_hz // 100
        blocks = sound[: len(sound) // block * block].reshape(-1, block)
        for number in np.flatnonzero(np.sqrt((blocks**2).mean(axis=1)) > LOUD):
            end = offset + (int(number) + 1) * block * 2 * channels
            came_s = next((at_s for at_s, size in list(self._sizes) if size >= end), None)
            if came_s is not None and came_s >= since_s:
                return came_s
        return None

    def _read(self) -> tuple[int, int, int, bytes] | None:
        """Rate, channels, where the samples begin, and their bytes; None while there is no header."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None
        at, rate_hz, channels = 12, 0, 0
        while at + 8 <= min(len(raw), HEAD_BYTES):
            name, size = raw[at : at + 4], struct.unpack_from("<I", raw, at + 4)[0]
            if name == b"fmt ":
                _, channels, rate_hz = struct.unpack_from("<HHI", raw, at + 8)
            if name == b"data":
                return rate_hz, channels, at + 8, raw[at + 8 :]
            at += 8 + size + size % 2
        return None
