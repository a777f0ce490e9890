"""One night shift with three stations, by the keyboard alone: docs/night-shift.md tells it step by step."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import chromium
from tests.night_shift import co_to, con_dao, evening, morning, muong_nhe, nobody
from tests.night_shift.house import night


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


@pytest.mark.timeout(900)
def test_a_night_shift_ends_with_every_press_helped_or_on_somebodys_list(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as short, night(tmp_path, Path(short)) as one:
        for chapter in (evening, con_dao, muong_nhe, co_to, nobody, morning):
            chapter.play(one)
