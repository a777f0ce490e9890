import queue
import threading
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import av
import pytest

from contract.media import CameraState
from edge.errors import DeviceError
from edge.video.media import VIDEO_HZ, EncodedFrame, LinkNow
from edge.video.picture.pipeline import PicturePipeline
from tests.simulators.moving_picture import moving_pictures

WAIT_S: Final = 30.0  # of a loaded machine
PICTURES: Final = moving_pictures(640, 480, count=8)
JPEG: Final = b"\xff\xd8 full size"


class ClosedError(Exception):
    """The camera was used after it was closed."""


class Device:
    """A camera's socket: what is plugged in, and what the one that is open says."""

    def __init__(self) -> None:
        self.fault: DeviceError | None = None  # of opening
        self.breaks: Exception | None = None  # of the next frame
        self.still_fault: Exception | None = None
        self.goes_on = threading.Event()  # clear: it hangs
        self.goes_on.set()
        self.open_count = 0
        self.is_open = False

    def open(self) -> "OpenCamera":
        if self.fault is not None:
            raise self.fault
        assert not self.is_open, "opened twice"
        self.is_open = True
        self.open_count += 1
        return OpenCamera(self)


class OpenCamera:
    """Gives a frame every 20 ms, as long as it is plugged in."""

    def __init__(self, device: Device) -> None:
        self._device, self._number = device, 0
        self._pause = threading.Event()

    def fit(self, box: tuple[int, int]) -> None:
        """It has one size."""

    def frame(self) -> av.VideoFrame:
        self._check()
        self._pause.wait(0.02)
        assert self._device.goes_on.wait(WAIT_S)
        breaks, self._device.breaks = self._device.breaks, None
        if breaks is not None:
            raise breaks
        self._number += 1
        return PICTURES[self._number % len(PICTURES)]

    def still(self) -> bytes:
        self._check()
        if self._device.still_fault is not None:
            raise self._device.still_fault
        return JPEG

    def close(self) -> None:
        self._device.is_open = False

    def _check(self) -> None:
        if not self._device.is_open:
            raise ClosedError


class Line:
    """A pipeline, its device, and what it says."""

    def __init__(self) -> None:
        self.device = Device()
        self.frames: queue.Queue[EncodedFrame] = queue.Queue()
        self.states: queue.Queue[tuple[CameraState, str]] = queue.Queue()
        self.picture = PicturePipeline(
            self.device.open,
            on_frame=self.frames.put,
            on_state=lambda state, text: self.states.put((state, text)),
        )

    def link(self, target_bps: int, *, queued_s: float = 0.0) -> None:
        self.picture.link(
            LinkNow(target_bps=target_bps, round_trip_s=0.05, lost_share=0.0, queued_s=queued_s)
        )

    def next_frame(self) -> EncodedFrame:
        return self.frames.get(timeout=WAIT_S)

    def next_state(self) -> CameraState:
        return self.states.get(timeout=WAIT_S)[0]

    def forget_frames(self) -> None:
        while not self.frames.empty():
            self.frames.get_nowait()


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.picture.stop()
    assert not made.device.is_open


def size(frame: EncodedFrame) -> tuple[int, int]:
    (shown,) = av.CodecContext.create("vp8", "r").decode(av.Packet(frame.data))
    assert isinstance(shown, av.VideoFrame)
    return shown.width, shown.height


def test_a_picture_of_the_links_size_and_the_cameras_shape_comes_out(line: Line) -> None:
    line.link(600_000)
    line.picture.start()
    frames = [line.next_frame() for _ in range(12)]
    assert line.next_state() == "open"
    assert line.picture.is_sending
    assert frames[0].is_key and not any(frame.is_key for frame in frames[1:])
    assert size(frames[0]) == (480, 360)
    assert frames[0].packet_bytes == 1_150
    steps = [(after.pts - before.pts) / VIDEO_HZ for before, after in pairwise(frames)]
    assert min(steps) > 0
    assert sum(steps) / len(steps) > 0.03  # 25 a second at most, though the camera gives 50


def test_a_poorer_link_makes_the_picture_smaller_at_once(line: Line) -> None:
    line.link(600_000)
    line.picture.start()
    line.next_frame()
    line.link(64_000)
    smaller = line.next_frame()
    while not smaller.is_key:
        smaller = line.next_frame()
    assert size(smaller) == (240, 180)
    assert smaller.packet_bytes == 500


def test_no_picture_moves_before_the_link_is_known_nor_where_it_has_no_room(line: Line) -> None:
    line.picture.start()
    assert line.next_state() == "open"
    assert line.picture.still() == JPEG  # frames are taken
    line.link(17_000)
    assert line.picture.still() == JPEG
    assert line.frames.empty()
    assert not line.picture.is_sending


def test_below_the_poorest_moving_picture_there_are_stills_each_of_which_stands_alone(line: Line) -> None:
    line.link(22_000)
    line.picture.start()
    still = line.next_frame()
    assert size(still) == (240, 180)
    assert still.is_key
    assert len(still.data) < 6_000
    assert still.packet_bytes == 250
    assert line.picture.is_sending
    assert line.picture.now().at == 0


def test_the_cameras_frames_are_dropped_while_the_queue_is_long(line: Line) -> None:
    line.link(600_000, queued_s=3_600.0)
    line.picture.start()
    for _ in range(5):
        assert line.picture.still() == JPEG
    assert line.frames.empty()
    line.link(600_000)
    assert line.next_frame().is_key


def test_the_voices_share_is_returned() -> None:
    assert Line().picture.link(LinkNow(64_000, None, 0.0, 0.0)).frame_ms == 60


def test_a_keyframe_comes_when_it_is_wanted(line: Line) -> None:
    line.link(600_000)
    line.picture.start()
    first = line.next_frame()
    seen = line.next_frame()
    while seen.pts - first.pts < 0.2 * VIDEO_HZ:
        seen = line.next_frame()
    line.picture.want_key("low")
    frame = line.next_frame()
    while not frame.is_key:
        frame = line.next_frame()
    assert frame.pts - first.pts >= 0.95 * VIDEO_HZ  # a second apart


def test_a_missing_camera_is_named_and_tried_again(line: Line) -> None:
    line.link(600_000)
    line.device.fault = DeviceError("missing", "no camera at /dev/video0: plug it in")
    line.picture.start()
    assert line.states.get(timeout=WAIT_S) == ("missing", "no camera at /dev/video0: plug it in")
    assert not line.picture.is_sending
    line.device.fault = DeviceError("busy", "another program has it")
    assert line.next_state() == "busy"
    line.device.fault = None
    assert line.next_state() == "open"
    assert line.next_frame().is_key


@pytest.mark.parametrize("breaks", [DeviceError("lost", "unplugged"), ValueError("a bug of a driver")])
def test_a_camera_that_breaks_off_is_closed_named_and_opened_again(line: Line, breaks: Exception) -> None:
    line.link(600_000)
    line.picture.start()
    assert line.next_state() == "open"
    line.next_frame()
    line.device.breaks = breaks
    assert line.next_state() == "lost"
    assert not line.device.is_open
    line.forget_frames()
    assert line.next_state() == "open"
    assert line.next_frame().is_key
    assert line.device.open_count == 2


def test_the_nurse_closes_the_camera_and_opens_it(line: Line) -> None:
    line.link(600_000)
    line.picture.start()
    assert line.next_state() == "open"
    line.picture.set_allowed(False)
    assert line.next_state() == "off"
    assert not line.device.is_open
    with pytest.raises(DeviceError, match="switched off"):
        line.picture.still()
    assert not line.device.is_open
    line.picture.set_allowed(True)
    assert line.next_state() == "open"


def test_a_camera_that_is_not_allowed_is_never_opened(line: Line) -> None:
    line.picture.set_allowed(False)
    line.picture.start()
    assert line.next_state() == "off"
    assert line.device.open_count == 0


def test_a_missing_camera_can_be_forbidden(line: Line) -> None:
    line.device.fault = DeviceError("missing", "no camera")
    line.picture.start()
    assert line.next_state() == "missing"
    line.picture.set_allowed(False)
    assert line.next_state() == "off"


def test_a_still_is_refused_with_the_reason(line: Line) -> None:
    with pytest.raises(DeviceError, match="closed"):
        line.picture.still()
    line.device.fault = DeviceError("missing", "no camera")
    line.picture.start()
    with pytest.raises(DeviceError, match="no camera"):
        line.picture.still()
    line.device.fault = None
    line.device.still_fault = DeviceError("lost", "unplugged")
    with pytest.raises(DeviceError, match="unplugged") as refused:
        line.picture.still()
    assert refused.value.state == "lost"
    line.device.still_fault = ValueError("a bug of a driver")
    with pytest.raises(DeviceError, match="in the log"):
        line.picture.still()


def test_it_ends_closed_and_can_begin_again(line: Line) -> None:
    line.link(600_000)
    line.picture.start()
    line.picture.start()
    assert line.next_state() == "open"
    earlier = line.next_frame()
    line.picture.stop()
    assert line.next_state() == "closed"
    assert not line.device.is_open
    assert not line.picture.is_sending
    line.picture.stop()
    line.forget_frames()
    line.picture.start()
    assert line.next_state() == "open"
    again = line.next_frame()
    assert again.is_key
    assert again.pts > earlier.pts


def test_a_camera_that_hangs_while_it_is_closed_says_nothing_over_the_one_after_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else the light would go out while the second one is open."""
    monkeypatch.setattr("edge.video.picture.pipeline._STOP_LIMIT_S", 0.01)
    hanging, next_one = Device(), Device()
    hanging.goes_on.clear()
    devices, line, before = [hanging, next_one], Line(), threading.enumerate()
    picture = line.picture = PicturePipeline(
        lambda: devices.pop(0).open(),
        on_frame=line.frames.put,
        on_state=lambda state, text: line.states.put((state, text)),
    )
    picture.start()
    assert line.next_state() == "open"
    picture.stop()
    assert hanging.is_open
    line.link(300_000)
    picture.start()
    line.next_frame()
    ours = [one for one in threading.enumerate() if one.name == "picture" and one not in before]
    (first, _) = ours
    hanging.goes_on.set()
    first.join(WAIT_S)
    assert not hanging.is_open
    assert picture.is_sending
    assert line.states.empty()
    monkeypatch.undo()
    picture.stop()
    assert not next_one.is_open
