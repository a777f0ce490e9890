import errno
import fcntl
import io
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from edge.errors import DeviceError
from edge.video.picture.camera import Camera, open_camera
from edge.video.picture.v4l2_camera import V4l2Camera, fault
from tests.simulators.v4l2_device import V4l2Device

SIZE = (160, 120)


def film(path: Path, *, frames: int, fps: int = 20) -> Path:
    """A film whose pictures grow brighter."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=fps)
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuvj420p"
        stream.time_base = Fraction(1, fps)
        for index in range(frames):
            picture = np.full((SIZE[1], SIZE[0], 3), 40 + index * 20, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def brightness(camera: Camera) -> int:
    return round(float(camera.frame().to_ndarray(format="gray").mean()) / 20)


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_a_film_is_shown_over_and_over_at_its_own_pace(tmp_path: Path) -> None:
    camera = open_camera(f"file:{film(tmp_path / 'five.avi', frames=5)}")
    begun_s = time.monotonic()
    seen = [brightness(camera) for _ in range(12)]
    took_s = time.monotonic() - begun_s
    camera.close()
    assert camera.size == SIZE
    assert seen[:5] == sorted(set(seen[:5]))
    assert seen[5:10] == seen[:5]
    assert took_s > 0.45  # eleven steps of 50 ms, the first picture at once


def test_a_single_picture_is_a_camera_too(tmp_path: Path) -> None:
    Image.new("RGB", SIZE, (200, 10, 10)).save(tmp_path / "one.jpg")
    camera = open_camera(f"file:{tmp_path}/one.jpg")
    begun_s = time.monotonic()
    frames = [camera.frame() for _ in range(4)]
    assert time.monotonic() - begun_s > 0.25
    assert {(frame.width, frame.height) for frame in frames} == {SIZE}
    camera.close()


def test_a_still_is_a_progressive_jpeg_of_the_full_size(tmp_path: Path) -> None:
    camera = open_camera(f"file:{film(tmp_path / 'two.avi', frames=2)}")
    image = opened(camera.still())
    camera.close()
    assert (image.format, image.size, image.info.get("progressive")) == ("JPEG", SIZE, 1)


def test_the_drawn_face_moves_and_its_still_is_larger() -> None:
    camera = open_camera("generated", loudness=lambda: 0.5)
    begun_s = time.monotonic()
    frames = [camera.frame().to_ndarray() for _ in range(12)]
    assert time.monotonic() - begun_s > 0.4  # 25 a second
    assert any(not np.array_equal(frames[0], frame) for frame in frames[1:])
    assert opened(camera.still()).size == (1280, 720)
    camera.close()


def test_a_closed_film_holds_no_file_open(tmp_path: Path) -> None:
    path = film(tmp_path / "two.avi", frames=2)
    camera = open_camera(f"file:{path}")
    camera.frame()
    camera.close()
    assert path not in {link.resolve() for link in Path("/proc/self/fd").iterdir() if link.exists()}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("none", "set [video] camera"),
        ("v4l2:/dev/video99", "there is none"),
        (f"v4l2:{__file__}", "is no camera"),
        ("v4l2:/dev/null", "is no camera"),
        ("file:/nowhere/film.avi", "cannot be read"),
        (f"file:{__file__}", "name another file"),
    ],
)
def test_what_cannot_be_opened_is_missing_and_says_what_to_do(setting: str, words: str) -> None:
    with pytest.raises(DeviceError) as refusal:
        open_camera(setting)
    assert refusal.value.state == "missing"
    assert words in str(refusal.value)


class Stream:
    """What `av` opens: holds the node open, gives nothing."""

    def __init__(self, path: str) -> None:
        self._file = Path(path).open("rb")  # noqa: SIM115 - as long as the camera is

    def demux(self, *, video: int) -> list[object]:
        assert video == 0
        return []

    def close(self) -> None:
        self._file.close()


def test_a_camera_is_opened_anew_at_what_is_sent_and_stays_as_it_was_where_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered = V4l2Device({b"MJPG": {(640, 360): [30], (1280, 720): [30], (1920, 1080): [30]}})
    opened_sizes: list[str] = []

    def open_stream(path: str, *, format: str, options: dict[str, str]) -> Stream:
        assert format == "v4l2"
        opened_sizes.append(options["video_size"])
        if options["video_size"] == "1920x1080":
            raise OSError(errno.ENOSPC, "No space left on device")  # its USB carries no more
        return Stream(path)

    monkeypatch.setattr(fcntl, "ioctl", lambda _fd, request, question: offered(request, question))
    monkeypatch.setattr(av, "open", open_stream)
    (tmp_path / "video0").touch()
    camera = V4l2Camera(tmp_path / "video0")
    for box in ((640, 360), (960, 540), (1280, 720)):
        camera.fit(box)
    assert camera.size == (1280, 720)
    for _ in range(3):
        camera.fit((1920, 1080))
    assert camera.size == (1280, 720)
    camera.fit((640, 360))
    assert camera.size == (640, 360)
    assert opened_sizes == ["640x360", "1280x720", "1920x1080", "640x360"]
    camera.close()


def test_auto_passes_over_what_is_no_camera(tmp_path: Path) -> None:
    (tmp_path / "video0").write_bytes(b"")
    (tmp_path / "video1").symlink_to("/dev/null")
    with pytest.raises(DeviceError, match="V4L2 offers none; plug one in") as refusal:
        open_camera("auto", devices=tmp_path)
    assert refusal.value.state == "missing"


@pytest.mark.parametrize(
    ("number", "state", "words"),
    [
        (errno.EBUSY, "busy", "end that program"),
        (errno.ENODEV, "missing", "plug one in"),
        (errno.EACCES, "missing", "group video"),
        (errno.EIO, "missing", "plug it in again"),
    ],
)
def test_each_refusal_of_a_camera_says_what_to_do(number: int, state: str, words: str) -> None:
    refusal = fault(Path("/dev/video0"), number, "as the kernel says")
    assert refusal.state == state
    assert words in str(refusal)
