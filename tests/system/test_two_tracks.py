"""A whole call with a camera of large pictures: the high track comes, goes with the room, and comes back."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from playwright.sync_api import Page

from tests.browser import wait_until
from tests.simulators.links import Profile
from tests.simulators.links.profile import steady
from tests.simulators.moving_picture import moving_pictures
from tests.village.conversation import answer, grows, hang_up, ring
from tests.village.desk import operator
from tests.village.station import Devices
from tests.village.village import PLACES, Village

SIZE: Final = (1280, 720)
FPS: Final = 5  # so that any machine codes both in time
SHOWN_LIMIT_MS: Final = 120_000  # one that did not for a moment tries again after 30 s
WIDE: Final = Profile(name="wide", up=steady(4e6, delay_s=0.03), down=steady(2e6, delay_s=0.03))
NARROW: Final = replace(WIDE, name="narrow", up=steady(250e3, delay_s=0.03, queue_s=0.5))


def film(folder: Path) -> Path:
    """Two seconds of a face, over and over."""
    path = folder / "large.y4m"
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{SIZE[0]} H{SIZE[1]} F{FPS}:1 Ip A1:1 C420mpeg2\n".encode())
        for picture in moving_pictures(*SIZE, count=2 * FPS):
            file.write(b"FRAME\n" + np.asarray(picture.to_ndarray(), np.uint8).tobytes())
    return path


def shows(page: Page, width: str) -> None:
    """The picture has such a width, and moves."""
    expression = f"() => {{ const w = document.querySelector('#call-picture').videoWidth; return {width}; }}"
    wait_until(page, expression, limit_ms=SHOWN_LIMIT_MS)
    assert grows(page) > 0


@pytest.mark.timeout(600)
def test_a_larger_picture_comes_with_room_goes_without_and_comes_back(tmp_path: Path) -> None:
    place = replace(PLACES[0], link=WIDE, devices=Devices(camera=f"file:{film(tmp_path)}"))
    village = Village(tmp_path / "village", [place])
    (station,) = village.stations
    with village, operator(village) as page:
        assert station.link is not None, "made with one"
        ring(page, village, station)
        answer(page, station)
        shows(page, "w >= 960")
        station.link.set(NARROW)
        shows(page, "w > 0 && w <= 640")
        station.link.set(WIDE)
        shows(page, "w >= 960")
        hang_up(page, village, station)
