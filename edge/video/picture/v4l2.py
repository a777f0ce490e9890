"""What a V4L2 device offers, asked through its ioctls, and which of it to take (core).

`av` opens a camera but does not list its sizes. Source: the kernel's include/uapi/linux/videodev2.h.
"""

import errno
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

Ask = Callable[
    [int, bytes], bytes
]  # request, its struct -> the struct as the kernel filled it; raises OSError

QUERYCAP: Final = 0x80685600
ENUM_FMT: Final = 0xC0405602
ENUM_FRAMESIZES: Final = 0xC02C564A
ENUM_FRAMEINTERVALS: Final = 0xC034564B
_CAPTURE, _STREAMING, _DEVICE_CAPS = 0x1, 0x04000000, 0x80000000
_DISCRETE: Final = 1
_ENTRIES_MAX: Final = 200  # of one list: what offers more does not stop
_FORMATS: Final = {  # four letters of the kernel -> FFmpeg's name for the same; cheapest to use first
    b"YUYV": "yuyv422",
    b"UYVY": "uyvy422",
    b"NV12": "nv12",
    b"YU12": "yuv420p",
    b"MJPG": "mjpeg",
    b"JPEG": "mjpeg",
}
_USUAL_SIZES: Final = (
    (640, 360),
    (640, 480),
    (1280, 720),
    (1920, 1080),
)  # tried where any size is offered
LIVE_BOX: Final = (640, 360)  # what is sent on most links: a smaller one would have to be blown up
LIVE_PIXELS_MAX: Final = 1280 * 720  # of a smaller box: more is only decoded and thrown away
LIVE_FPS_MIN: Final = 15.0
LIVE_FPS: Final = 25.0


@dataclass(frozen=True, slots=True)
class Mode:
    """One way to run a camera. `format_name` is FFmpeg's; `fps` None: it does not say."""

    format_name: str
    width: int
    height: int
    fps: float | None


def is_capture(ask: Ask) -> bool:
    """Whether this node gives pictures: a camera has others too, for its metadata."""
    capabilities, device = struct.unpack("84xII12x", ask(QUERYCAP, bytes(104)))
    told = device if capabilities & _DEVICE_CAPS else capabilities
    return bool(told & _CAPTURE and told & _STREAMING)


def modes(ask: Ask) -> list[Mode]:
    """Return what the camera offers in formats that we can use. Raises OSError when it is no camera."""
    found = []
    for entry in _entries(ask, ENUM_FMT, lambda index: struct.pack("II56x", index, _CAPTURE)):
        (fourcc,) = struct.unpack("44x4s16x", entry)
        if fourcc in _FORMATS:
            for width, height in _sizes(ask, fourcc):
                rates: list[float | None] = [*_rates(ask, fourcc, width, height)] or [None]
                found += [Mode(_FORMATS[fourcc], width, height, fps) for fps in rates]
    return found


def live_mode(offered: list[Mode], box: tuple[int, int] = LIVE_BOX) -> Mode | None:
    """Return the one for a call: fluent, then as large as `box` (width, height) and no larger, then cheap."""

    def cost(mode: Mode) -> tuple[bool, bool, int, float, int]:
        fps = mode.fps or LIVE_FPS
        pixels = mode.width * mode.height
        is_small = mode.width < box[0] or mode.height < box[1]
        return (
            fps < LIVE_FPS_MIN or pixels > max(LIVE_PIXELS_MAX, 2 * box[0] * box[1]),
            is_small,
            -pixels if is_small else pixels,
            abs(fps - LIVE_FPS),
            [*_FORMATS.values()].index(mode.format_name),
        )

    return min(offered, key=cost, default=None)


def still_mode(offered: list[Mode]) -> Mode | None:
    """Return the one for a photograph: the largest."""
    return max(offered, key=lambda mode: (mode.width * mode.height, mode.fps or 0.0), default=None)


def _entries(ask: Ask, request: int, question: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the entries of a list of the kernel: it ends with EINVAL; a driver without it says ENOTTY."""
    for index in range(_ENTRIES_MAX):
        try:
            yield ask(request, question(index))
        except OSError as error:
            if error.errno in (errno.EINVAL, errno.ENOTTY):
                return
            raise


def _sizes(ask: Ask, fourcc: bytes) -> Iterator[tuple[int, int]]:
    for raw in _entries(ask, ENUM_FRAMESIZES, lambda index: struct.pack("I4s36x", index, fourcc)):
        kind, *numbers = struct.unpack("8xI6I8x", raw)
        if kind == _DISCRETE:
            yield numbers[0], numbers[1]
            continue
        least_width, most_width, step_x, least_height, most_height, step_y = numbers
        yield most_width, most_height
        for width, height in _USUAL_SIZES:
            fits = least_width <= width <= most_width and least_height <= height <= most_height
            if (
                fits
                and not (width - least_width) % max(step_x, 1)
                and not (height - least_height) % max(step_y, 1)
            ):
                yield width, height
        return


def _rates(ask: Ask, fourcc: bytes, width: int, height: int) -> Iterator[float]:
    question = struct.pack("4sII36x", fourcc, width, height)
    for raw in _entries(ask, ENUM_FRAMEINTERVALS, lambda index: struct.pack("I", index) + question):
        kind, *numbers = struct.unpack("16xI6I8x", raw)
        if kind == _DISCRETE:
            if numbers[0]:
                yield numbers[1] / numbers[0]
            continue
        fastest = (
            numbers[1] / numbers[0] if numbers[0] else LIVE_FPS
        )  # of a range: its least interval comes first
        slowest = numbers[3] / numbers[2] if numbers[2] else fastest
        yield min(max(LIVE_FPS, slowest), fastest)
        return
