"""The operator's picture on the way to the panel: a real socket, real frames."""

import io
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import av
import numpy as np
import pytest
from PIL import Image

from edge.video.panel_screen import PanelScreen

LIMIT_S = 30.0


@pytest.fixture
def screen(tmp_path: Path) -> PanelScreen:
    return PanelScreen(tmp_path / "picture.sock")


@pytest.fixture
def asking(screen: PanelScreen, tmp_path: Path) -> Iterator[socket.socket]:
    assert not screen.is_watched
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(LIMIT_S)
        asking.connect(str(tmp_path / "picture.sock"))
        yield asking


def frame(grey: int, *, width: int = 320) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((240, width, 3), grey, np.uint8), format="rgb24")


def answer(asking: socket.socket) -> bytes:
    with asking.makefile("rb") as file:
        (size,) = struct.unpack("<I", _exactly(file, 4))
        return _exactly(file, size)


def _exactly(file: IO[bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        data += file.read(size - len(data))
    return data


def shown(data: bytes) -> tuple[tuple[int, int], int]:
    picture = Image.open(io.BytesIO(data))
    return picture.size, int(np.asarray(picture.convert("L")).mean())


def test_the_newest_frame_is_given_once_and_one_that_was_overtaken_never(
    screen: PanelScreen, asking: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("edge.video.panel_screen.WAIT_S", 30.0)
    screen.show(frame(40))
    screen.show(frame(200))
    asking.sendall(b"n")
    size, grey = shown(answer(asking))
    assert size == (320, 240)
    assert abs(grey - 200) <= 2
    assert screen.is_watched
    asking.sendall(b"n")  # there is no newer one yet
    threading.Timer(0.2, lambda: screen.show(frame(90))).start()
    assert abs(shown(answer(asking))[1] - 90) <= 2


def test_when_nobody_is_to_be_seen_any_more_the_panel_is_told_so(
    screen: PanelScreen, asking: socket.socket
) -> None:
    screen.show(frame(40))
    asking.sendall(b"n")
    assert answer(asking)
    screen.clear()
    asking.sendall(b"n")
    assert answer(asking) == b""


def test_a_panel_that_died_leaves_its_place_to_the_next(screen: PanelScreen, tmp_path: Path) -> None:
    for grey in (50, 150):
        with socket.socket(socket.AF_UNIX) as asking:
            asking.settimeout(LIMIT_S)
            asking.connect(str(tmp_path / "picture.sock"))
            screen.show(frame(grey, width=1280))
            asking.sendall(b"n")
            size, seen = shown(answer(asking))
            assert size == (640, 120)
            assert abs(seen - grey) <= 2
