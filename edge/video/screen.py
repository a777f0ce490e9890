"""The operator's picture on the box's own screen (shell): Linux's framebuffer, where there is one.

A station without a screen says so, and the operator's browser then sends no picture: on a poor link it would
cost the voice. Source: linux/fb.h (FBIOGET_VSCREENINFO, FBIOGET_FSCREENINFO); layouts of 32 bits (BGRX) and
of 16 (RGB565), which are what Raspberry Pi OS and Debian's kernels offer.
"""

import fcntl
import logging
import mmap
import os
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge.errors import DeviceError

log = logging.getLogger(__name__)

FIRST_FRAMEBUFFER: Final = Path("/dev/fb0")
_VARIABLE_INFO, _FIXED_INFO = 0x4600, 0x4602
_VARIABLE_BYTES, _FIXED_BYTES = 160, 80
_LINE_LENGTH_AT: Final = 48  # of struct fb_fix_screeninfo on a 64-bit machine
_FORMATS: Final = {32: "bgra", 16: "rgb565le"}  # FFmpeg's names


@dataclass(frozen=True, slots=True)
class Layout:
    """What the framebuffer holds: `height` lines of `line_bytes`, each `width` pixels of `bits`."""

    width: int
    height: int
    bits: int
    line_bytes: int


class Screen:
    """Shows frames, each as large as fits, in the middle, black around."""

    def __init__(self, memory: mmap.mmap | bytearray, layout: Layout) -> None:
        """Raises DeviceError: pixels of a kind that we cannot write."""
        if layout.bits not in _FORMATS:
            raise DeviceError(
                "missing",
                f"the screen has {layout.bits} bits a pixel; set 32 or 16 in the boot configuration",
            )
        self._layout = layout
        rows = np.frombuffer(memory, np.uint8, layout.height * layout.line_bytes)
        self._rows = rows.reshape(layout.height, layout.line_bytes)
        self._size = (0, 0)
        self.frames = 0

    def show(self, frame: Any) -> None:
        """Show an `av.VideoFrame`."""
        size = fit((frame.width, frame.height), (self._layout.width, self._layout.height))
        if size != self._size:
            self._size = size
            self.clear()
        shown = frame.reformat(width=size[0], height=size[1], format=_FORMATS[self._layout.bits])
        plane, pixel_bytes = shown.planes[0], self._layout.bits // 8
        pixels = np.frombuffer(plane, np.uint8).reshape(size[1], plane.line_size)[:, : size[0] * pixel_bytes]
        top = (self._layout.height - size[1]) // 2
        left = (self._layout.width - size[0]) // 2 * pixel_bytes
        self._rows[top : top + size[1], left : left + size[0] * pixel_bytes] = pixels
        self.frames += 1

    def clear(self) -> None:
        """Make it black: nobody is there."""
        self._rows[:] = 0


class ScreenThread:
    """Shows the newest frame on a thread of its own: scaling one is longer than voice may wait."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._changed = threading.Condition()
        self._newest: Any = None  # an `av.VideoFrame`; None: black
        self._is_new = False
        threading.Thread(target=self._run, name="screen", daemon=True).start()

    is_watched: Final = True  # who stands at the station sees it

    def show(self, frame: Any) -> None:
        """Show this frame as soon as may be; one that another overtakes is never shown."""
        with self._changed:
            self._newest, self._is_new = frame, True
            self._changed.notify()

    def clear(self) -> None:
        """Make it black."""
        self.show(None)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_new)
                frame, self._newest, self._is_new = self._newest, None, False
            try:
                if frame is None:
                    self._screen.clear()
                else:
                    self._screen.show(frame)
            except Exception:  # a frame that cannot be shown costs neither the next one nor the call
                log.exception("the operator's picture was not shown")


def fit(picture: tuple[int, int], screen: tuple[int, int]) -> tuple[int, int]:
    """Return the largest even size of the picture's shape that the screen holds."""
    share = min(screen[0] / picture[0], screen[1] / picture[1])
    width, height = (max(2, int(side * share) // 2 * 2) for side in picture)
    return min(width, screen[0]), min(height, screen[1])


def open_screen(setting: str) -> Screen | None:
    """Return the screen of `[video] screen`: "auto" (None when the box has none), "fb:PATH", None for "none".

    Raises DeviceError: the one that is named cannot be used.
    """
    if setting == "none" or (setting == "auto" and not FIRST_FRAMEBUFFER.exists()):
        return None
    path = FIRST_FRAMEBUFFER if setting == "auto" else Path(setting.removeprefix("fb:"))
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            layout = _layout_of(file)
            memory = mmap.mmap(file, layout.height * layout.line_bytes)
        finally:
            os.close(file)
    except OSError as error:
        why = (
            f"{path}: cannot be used as a screen ({error.strerror}); check [video] screen, or set it to none"
        )
        raise DeviceError("missing", why) from error
    return Screen(memory, layout)


def _layout_of(file: int) -> Layout:
    variable, fixed = bytearray(_VARIABLE_BYTES), bytearray(_FIXED_BYTES)
    fcntl.ioctl(file, _VARIABLE_INFO, variable)
    fcntl.ioctl(file, _FIXED_INFO, fixed)
    width, height = struct.unpack_from("=II", variable)
    (bits,) = struct.unpack_from("=I", variable, 24)
    (line_bytes,) = struct.unpack_from("=I", fixed, _LINE_LENGTH_AT)
    return Layout(width, height, bits, line_bytes)
