import errno

import pytest

from edge.video.picture.v4l2 import Mode, is_capture, live_mode, modes, still_mode
from tests.simulators.v4l2_device import V4l2Device

WEBCAM = V4l2Device(  # as such cameras are: raw is slow when it is large
    {
        b"YUYV": {(640, 480): [30, 15], (640, 360): [30], (1280, 720): [10], (1920, 1080): [5]},
        b"MJPG": {(640, 480): [30], (1280, 720): [30], (1920, 1080): [30]},
        b"H264": {(3840, 2160): [30]},
    }
)


def test_everything_that_it_offers_in_a_known_format_is_listed() -> None:
    offered = modes(WEBCAM)
    assert len(offered) == 8
    assert Mode("yuyv422", 640, 480, 15.0) in offered
    assert Mode("mjpeg", 1920, 1080, 30.0) in offered


def test_a_call_takes_the_size_of_the_ladder_and_a_still_the_largest() -> None:
    assert live_mode(modes(WEBCAM)) == Mode("yuyv422", 640, 360, 30.0)
    assert still_mode(modes(WEBCAM)) == Mode("mjpeg", 1920, 1080, 30.0)


@pytest.mark.parametrize(
    ("offered", "taken"),
    [
        ({b"MJPG": {(1280, 720): [30], (320, 240): [30]}}, ("mjpeg", 1280, 720)),
        (
            {b"YUYV": {(320, 240): [30], (176, 144): [30]}},
            ("yuyv422", 320, 240),
        ),  # too small: the largest of those
        ({b"YUYV": {(1280, 720): [5], (320, 240): [30]}}, ("yuyv422", 320, 240)),  # fluent before large
        ({b"MJPG": {(1920, 1080): [30]}}, ("mjpeg", 1920, 1080)),  # nothing else
        (
            {b"MJPG": {(640, 480): [30]}, b"YUYV": {(640, 480): [30]}},
            ("yuyv422", 640, 480),
        ),  # nothing to decode
    ],
)
def test_what_a_call_takes(
    offered: dict[bytes, dict[tuple[int, int], list[int]]], taken: tuple[str, int, int]
) -> None:
    mode = live_mode(modes(V4l2Device(offered)))
    assert mode is not None
    assert (mode.format_name, mode.width, mode.height) == taken


def test_a_camera_of_any_size_is_taken_at_the_size_of_the_ladder() -> None:
    camera = V4l2Device({b"YU12": {}}, any_size=((32, 32), (2592, 1944)))
    assert live_mode(modes(camera)) == Mode("yuv420p", 640, 360, 30.0)
    assert still_mode(modes(camera)) == Mode("yuv420p", 2592, 1944, 30.0)


def test_a_node_for_metadata_is_no_camera() -> None:
    assert is_capture(WEBCAM)
    assert not is_capture(V4l2Device(is_metadata=True))


def test_what_offers_no_known_format_has_no_mode() -> None:
    assert modes(V4l2Device({b"H264": {(640, 480): [30]}})) == []
    assert live_mode([]) is None
    assert still_mode([]) is None


def test_a_device_that_fails_raises() -> None:
    def gone(request: int, question: bytes) -> bytes:
        raise OSError(errno.ENODEV, "No such device")

    with pytest.raises(OSError, match="No such device"):
        modes(gone)


@pytest.mark.parametrize(
    ("box", "taken"),
    [
        ((640, 360), ("yuyv422", 640, 360)),
        ((960, 540), ("mjpeg", 1280, 720)),  # the next that is no smaller
        ((1280, 720), ("mjpeg", 1280, 720)),
        ((1920, 1080), ("mjpeg", 1920, 1080)),
    ],
)
def test_where_the_link_has_room_the_camera_gives_what_is_sent_and_no_more(
    box: tuple[int, int], taken: tuple[str, int, int]
) -> None:
    mode = live_mode(modes(WEBCAM), box)
    assert mode is not None
    assert (mode.format_name, mode.width, mode.height) == taken
