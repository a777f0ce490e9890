"""A camera of V4L2, through av (shell: owns av and the ioctls for it)."""

import contextlib
import errno
import fcntl
import logging
import os
import select
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from edge.errors import DeviceError
from edge.video.picture.still import jpeg
from edge.video.picture.v4l2 import LIVE_BOX, Mode, is_capture, live_mode, modes, still_mode

WAIT_MAX_S: Final = 1.0  # a camera that gives nothing for so long is lost
WAITING_MAX: Final = 32  # pictures in the kernel's queue
UNREADABLE_MAX: Final = 20  # in a row: a second of broken JPEGs is a broken cable
STILL_SETTLES_AFTER: Final = 6  # frames until exposure and white balance are right after opening
_NO_PROBING: Final = {
    "fflags": "nobuffer",
    "probesize": "32",
    "analyzeduration": "0",
}  # the driver has told all

log = logging.getLogger(__name__)


class V4l2Camera:
    """`path` is its node; one thread opens, reads and closes it. Raises DeviceError."""

    def __init__(self, path: Path) -> None:
        self._path, self._what = path, f"camera {path}"
        try:
            offered = modes(_Asked(path)) if is_capture(_Asked(path)) else []
        except OSError as error:
            raise fault(path, error.errno, str(error.strerror)) from error
        live, still = live_mode(offered), still_mode(offered)
        if live is None or still is None:
            raise DeviceError("missing", f"camera {path}: offers no format that we know; name another camera")
        self._offered, self._live, self._still = offered, live, still
        self._box = LIVE_BOX  # that `_live` is for
        self._opened: InputContainer | None = None
        self._packets: Iterator[Packet[VideoStream]] = iter(())
        self._fd = -1
        self._open(live)

    @property
    def size(self) -> tuple[int, int]:
        return self._live.width, self._live.height

    def fit(self, box: tuple[int, int]) -> None:
        """Open it anew where it offers a mode that fits better; one that fails is not tried again."""
        if box == self._box:
            return
        self._box = box
        live = live_mode(self._offered, box)
        if live is None or live == self._live:
            return
        self.close()
        try:
            self._open(live)
            self._live = live
        except DeviceError as error:  # its USB may carry no more; the next frame opens it as it was
            log.warning("%s; it goes on at %d × %d", error, *self.size)
            self._offered = [mode for mode in self._offered if mode != live]

    def frame(self) -> av.VideoFrame:
        if self._opened is None:
            self._open(self._live)
        try:
            for _ in range(UNREADABLE_MAX):
                pictures = self._newest_packet().decode()
                if pictures and isinstance(pictures[-1], av.VideoFrame):
                    return pictures[-1]
        except (OSError, av.FFmpegError, StopIteration) as error:
            raise DeviceError("lost", f"{self._what}: unplugged or broken; plug it in again") from error
        raise DeviceError("lost", f"{self._what}: its pictures cannot be read; plug it in again")

    def still(self) -> bytes:
        """Open it once more at its largest, and back; where that fails, the picture of the call must do."""
        if (self._still.width, self._still.height) == self.size:
            return jpeg(self.frame())
        self.close()
        try:
            self._open(self._still)
            for _ in range(STILL_SETTLES_AFTER):
                picture = self.frame()
            return jpeg(picture)
        except DeviceError:
            self.close()
            return jpeg(self.frame())
        finally:
            self.close()  # the next frame opens it as it was

    def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _newest_packet(self) -> "Packet[VideoStream]":
        """Wait for a picture; of several that wait, the kernel keeps up to 32, the others are old."""
        if not self._is_ready(WAIT_MAX_S):
            raise DeviceError("lost", f"{self._what}: gives no picture; plug it in again")
        packet = next(self._packets)
        for _ in range(WAITING_MAX):
            if not self._is_ready(0.0):
                break
            packet = next(self._packets)
        return packet

    def _is_ready(self, wait_s: float) -> bool:
        return bool(select.select([self._fd], [], [], wait_s)[0])

    def _open(self, mode: Mode) -> None:
        options = dict(_NO_PROBING) | {
            "input_format": mode.format_name,
            "video_size": f"{mode.width}x{mode.height}",
        }
        if mode.fps is not None:
            options["framerate"] = f"{mode.fps:.3f}"
        before = _descriptors(self._path)
        try:
            self._opened = av.open(str(self._path), format="v4l2", options=options)
        except OSError as error:
            raise fault(self._path, error.errno, str(error)) from error
        self._fd = min(_descriptors(self._path) - before)
        self._packets = self._opened.demux(video=0)


def first_that_captures(devices: Path) -> Path:
    """Return the first camera among the video nodes of `devices`. Raises DeviceError."""
    busy = None
    for path in sorted(devices.glob("video*"), key=lambda path: (len(path.name), path.name)):
        try:
            if is_capture(_Asked(path)):
                return path
        except OSError as error:
            busy = path if error.errno == errno.EBUSY else busy
    if busy is not None:
        raise fault(busy, errno.EBUSY, "")
    raise DeviceError("missing", "no camera: V4L2 offers none; plug one in")


def fault(path: Path, number: int | None, words: str) -> DeviceError:
    """Return what it means that a V4L2 camera fails, and what to do. `number` is an errno."""
    what = f"camera {path}"
    match number:
        case errno.EBUSY:
            return DeviceError("busy", f"{what}: another program uses it; end that program")
        case errno.EACCES | errno.EPERM:
            return DeviceError("missing", f"{what}: not allowed; add this user to the group video")
        case errno.ENOENT | errno.ENODEV | errno.ENXIO:
            return DeviceError(
                "missing", f"{what}: there is none; plug one in, or name another in [video] camera"
            )
        case errno.ENOTTY | errno.EINVAL:
            return DeviceError("missing", f"{what}: is no camera; name another in [video] camera")
    return DeviceError("missing", f"{what}: cannot be opened ({words}); plug it in again")


class _Asked:
    """A device node that answers ioctls, opened for each question: nothing stays open."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, request: int, question: bytes) -> bytes:
        fd = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return fcntl.ioctl(fd, request, question)
        finally:
            os.close(fd)


def _descriptors(path: Path) -> set[int]:
    """Return this process's descriptors of a device: av tells none, and only select can wait with a limit."""
    found = set()
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            if link.readlink() == path.resolve():
                found.add(int(link.name))
    return found
