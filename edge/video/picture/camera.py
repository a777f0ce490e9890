"""Cameras: V4L2's, a film, a drawn face (shell: owns av for films, and their pace).

A camera belongs to one thread. Frames come in whatever form the camera has; who encodes scales them.
"""

import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final, Protocol

import av

from edge.errors import DeviceError
from edge.video.picture.still import jpeg
from edge.video.picture.talking_head import HEIGHT_MAX, WIDTH_MAX, TalkingHead
from edge.video.picture.v4l2_camera import V4l2Camera, first_that_captures

DEVICES: Final = Path("/dev")
DRAWN_SIZE: Final = (640, 360)
DRAWN_FPS: Final = 25
ONE_PICTURE_FPS: Final = 10  # of a file that is a single picture
LATE_MAX_S: Final = 0.2  # a film that is later than this goes on from where it is

Loudness = Callable[[], float | None]  # 0 … 1: how far a drawn mouth is open


class Camera(Protocol):
    """`size`: width and height of its frames. All raise DeviceError."""

    @property
    def size(self) -> tuple[int, int]: ...

    def fit(self, box: tuple[int, int]) -> None:
        """Give frames that fill `box` (width, height) where the camera can; a change costs a second."""

    def frame(self) -> av.VideoFrame:
        """Return the next picture, at the camera's pace."""

    def still(self) -> bytes:
        """Return a progressive JPEG at the camera's full size. A V4L2 camera gives no frames meanwhile."""

    def close(self) -> None: ...


def open_camera(setting: str, *, loudness: Loudness = lambda: None, devices: Path = DEVICES) -> Camera:
    """Open "auto", "v4l2:/dev/video0", "file:PATH", "generated" or "none".

    `loudness` moves the mouth of the drawn face. Raises DeviceError.
    """
    kind, _, name = setting.partition(":")
    match kind:
        case "auto":
            return V4l2Camera(first_that_captures(devices))
        case "v4l2":
            return V4l2Camera(Path(name))
        case "file":
            return _FilmCamera(Path(name))
        case "generated":
            return _DrawnCamera(loudness)
    raise DeviceError("missing", "no camera is configured; set [video] camera")


class _FilmCamera:
    def __init__(self, path: Path) -> None:
        self._frames = _over_and_over(path)
        self._waiting: av.VideoFrame | None = next(self._frames)
        self.size = (self._waiting.width, self._waiting.height)

    def fit(self, box: tuple[int, int]) -> None:
        """A film has the size that it has."""

    def frame(self) -> av.VideoFrame:
        waiting, self._waiting = self._waiting, None
        return waiting or next(self._frames)

    def still(self) -> bytes:
        return jpeg(self.frame())

    def close(self) -> None:
        self._frames.close()


def _over_and_over(path: Path) -> Generator[av.VideoFrame]:
    """Yield a film's frames at its own pace; a late one begins a new pace."""
    what = f"camera file:{path}"
    begun_s = time.monotonic()
    while True:
        count, at_s, last = 0, 0.0, None
        try:
            with av.open(str(path)) as film:
                if not film.streams.video:
                    raise DeviceError("missing", f"{what}: there is no picture in it; name another file")
                step_s = 1 / float(film.streams.video[0].average_rate or DRAWN_FPS)
                first_s = None
                for frame in film.decode(video=0):
                    shown_s = count * step_s if frame.pts is None else frame.time
                    first_s = shown_s if first_s is None else first_s
                    at_s = shown_s - first_s
                    begun_s = _wait_until(begun_s, at_s)
                    count, last = count + 1, frame
                    yield frame
        except (OSError, av.FFmpegError) as error:
            raise DeviceError("missing", f"{what}: cannot be read ({error}); name another file") from error
        if last is None:
            raise DeviceError("missing", f"{what}: there is no picture in it; name another file")
        while count == 1:
            at_s += 1 / ONE_PICTURE_FPS
            begun_s = _wait_until(begun_s, at_s)
            yield last
        begun_s += at_s + step_s


def _wait_until(begun_s: float, at_s: float) -> float:
    """Return when `at_s` after `begun_s` has come; the beginning, later where the caller was late."""
    now_s = time.monotonic()
    begun_s = max(begun_s, now_s - LATE_MAX_S - at_s)
    time.sleep(max(begun_s + at_s - now_s, 0.0))
    return begun_s


class _DrawnCamera:
    size = DRAWN_SIZE

    def __init__(self, loudness: Loudness) -> None:
        self._head, self._loudness = TalkingHead(*DRAWN_SIZE), loudness
        self._begun_s = self._opened_s = time.monotonic()
        self._count = 0

    def fit(self, box: tuple[int, int]) -> None:
        """It is drawn in one size: a larger one would cost more than to code it."""

    def frame(self) -> av.VideoFrame:
        self._begun_s = _wait_until(self._begun_s, self._count / DRAWN_FPS)
        self._count += 1
        return self._draw(self._head)

    def still(self) -> bytes:
        return jpeg(self._draw(TalkingHead(WIDTH_MAX, HEIGHT_MAX)))

    def close(self) -> None:
        """Nothing is open."""

    def _draw(self, head: TalkingHead) -> av.VideoFrame:
        picture = head.draw(time.monotonic() - self._opened_s, loudness=self._loudness())
        return av.VideoFrame.from_ndarray(picture, format="yuv420p")
