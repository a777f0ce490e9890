"""The kernel's side of V4L2's questions: answers ioctls as a driver would, from a list of what it offers."""

import errno
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

QUERYCAP, ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0x80685600, 0xC0405602, 0xC02C564A, 0xC034564B
CAPTURE, METADATA, STREAMING, DEVICE_CAPS = 0x1, 0x00800000, 0x04000000, 0x80000000
DISCRETE, STEPWISE = 1, 3

Size = tuple[int, int]
T = TypeVar("T")


@dataclass
class V4l2Device:
    """`sizes`: per format (four letters) what sizes with what rates; `any_size` offers a range instead."""

    sizes: dict[bytes, dict[Size, list[int]]] = field(default_factory=dict)
    any_size: tuple[Size, Size] | None = None
    is_metadata: bool = False

    def __call__(self, request: int, question: bytes) -> bytes:
        match request:
            case 0x80685600:
                does = (METADATA if self.is_metadata else CAPTURE) | STREAMING
                return struct.pack(
                    "16s32s32sIII12x", b"uvc", b"Camera", b"usb", 6, does | CAPTURE | DEVICE_CAPS, does
                )
            case 0xC0405602:
                index, kind = struct.unpack_from("II", question)
                assert kind == CAPTURE
                formats = list(self.sizes)
                return _entry("III32s4s16x", formats, index, lambda name: (index, kind, 0, b"", name))
            case 0xC02C564A:
                index, name = struct.unpack_from("I4s", question)
                if self.any_size is not None:
                    (low_x, low_y), (high_x, high_y) = self.any_size
                    ranges = [(low_x, high_x, 2, low_y, high_y, 2)]
                    return _entry("I4sI6I8x", ranges, index, lambda size: (index, name, STEPWISE, *size))
                sizes = list(self.sizes[name])
                return _entry("I4sIII24x", sizes, index, lambda size: (index, name, DISCRETE, *size))
            case 0xC034564B:
                index, name, width, height = struct.unpack_from("I4sII", question)
                rates = self.sizes[name].get((width, height), [30])
                return _entry(
                    "I4sIIIII24x", rates, index, lambda fps: (index, name, width, height, DISCRETE, 1, fps)
                )
        raise OSError(errno.ENOTTY, "Inappropriate ioctl for device")


def _entry(layout: str, entries: Sequence[T], index: int, fields: Callable[[T], tuple[object, ...]]) -> bytes:
    if index >= len(entries):
        raise OSError(errno.EINVAL, "Invalid argument")
    return struct.pack(layout, *fields(entries[index]))
