import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from edge.errors import DeviceError
from edge.video.screen import Layout, Screen, ScreenThread, fit, open_screen


def wait_for(is_so: Callable[[], bool]) -> None:
    """Return once it is so. Raises TimeoutError."""
    deadline_s = time.monotonic() + 30.0
    while not is_so():
        if time.monotonic() > deadline_s:
            raise TimeoutError
        time.sleep(0.01)  # between looks at another thread


def one_colour(width: int, height: int, rgb: tuple[int, int, int]) -> av.VideoFrame:
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = rgb
    return av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")


@pytest.mark.parametrize(
    ("picture", "screen", "size"),
    [
        ((640, 480), (1280, 720), (960, 720)),
        ((1280, 720), (800, 480), (800, 450)),
        ((320, 240), (320, 240), (320, 240)),
        ((16, 9), (1, 1), (1, 1)),
    ],
)
def test_a_picture_is_as_large_as_fits_and_keeps_its_shape(
    picture: tuple[int, int], screen: tuple[int, int], size: tuple[int, int]
) -> None:
    assert fit(picture, screen) == size


def test_a_picture_stands_in_the_middle_of_a_screen_of_32_bits_with_black_around() -> None:
    memory = bytearray(b"\xff" * (64 * 32 * 4 + 32 * 16))  # lines of 16 bytes more than their pixels
    screen = Screen(memory, Layout(width=64, height=32, bits=32, line_bytes=64 * 4 + 16))
    screen.show(one_colour(32, 32, (200, 40, 40)))
    rows = np.frombuffer(memory, np.uint8).reshape(32, 64 * 4 + 16)[:, : 64 * 4].reshape(32, 64, 4)
    assert not rows[:, :16, :3].any()
    assert not rows[:, 48:, :3].any()
    blue, green, red, _ = rows[16, 32].astype(int)
    assert (abs(red - 200), abs(green - 40), abs(blue - 40)) < (8, 8, 8)


def test_a_screen_of_16_bits_shows_the_same_colour() -> None:
    memory = bytearray(64 * 32 * 2)
    screen = Screen(memory, Layout(width=64, height=32, bits=16, line_bytes=128))
    screen.show(one_colour(64, 32, (248, 0, 0)))
    pixel = int(np.frombuffer(memory, np.uint16)[16 * 64 + 32])
    assert pixel >> 11 >= 29  # red of five bits
    assert pixel & 0x7FF <= 0x25


def test_a_smaller_picture_leaves_nothing_of_the_larger_one() -> None:
    memory = bytearray(64 * 32 * 4)
    screen = Screen(memory, Layout(width=64, height=32, bits=32, line_bytes=256))
    screen.show(one_colour(64, 32, (255, 255, 255)))
    screen.show(one_colour(16, 32, (255, 255, 255)))
    rows = np.frombuffer(memory, np.uint8).reshape(32, 64, 4)
    assert not rows[:, :20, :3].any()


def test_a_thread_shows_the_newest_frame_and_outlives_one_that_cannot_be_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    memory = bytearray(64 * 32 * 4)
    screen = Screen(memory, Layout(width=64, height=32, bits=32, line_bytes=256))
    thread = ScreenThread(screen)
    thread.show("no frame")
    wait_for(lambda: "was not shown" in caplog.text)
    thread.show(one_colour(64, 32, (255, 255, 255)))
    wait_for(lambda: screen.frames == 1)
    assert any(memory)
    thread.clear()
    wait_for(lambda: not any(memory))


def test_pixels_of_an_unknown_kind_are_refused_with_what_to_do() -> None:
    with pytest.raises(DeviceError, match="set 32 or 16"):
        Screen(bytearray(64), Layout(width=8, height=8, bits=8, line_bytes=8))


def test_a_file_that_is_no_framebuffer_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "fb0"
    path.write_bytes(bytes(4096))
    with pytest.raises(DeviceError, match="fb0: cannot be used as a screen"):
        open_screen(f"fb:{path}")


def test_none_is_no_screen() -> None:
    assert open_screen("none") is None
