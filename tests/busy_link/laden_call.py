"""A station that owes hours of records, in a call over a link (shell)."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from tests.drain.backlog import fill_spool
from tests.drain.held import Backlog
from tests.links_bench.clip import Clip
from tests.simulators.links import Link, Profile
from tests.village.conversation import answer, ring
from tests.village.desk import operator
from tests.village.media_told import on_media
from tests.village.page_sound import put_in_marks
from tests.village.station import Devices, Station
from tests.village.village import PLACES, Village

MARK_EVERY_S: Final = 0.3  # what the operator says


@dataclass(frozen=True, slots=True)
class LadenCall:
    """One that stands: the page that receives it, the station, its link, what it owed when it started."""

    page: Page
    station: Station
    link: Link
    backlog: Backlog
    store: Path  # the hub's
    told: list[tuple[float, dict[str, Any]]]  # when (monotonic), and what the station said of its sending


@contextmanager
def laden_call(folder: Path, profile: Profile, *, hours: float) -> Iterator[LadenCall]:
    """Let a station with so many hours in its spool call. Somebody wears its electrodes; it sends the film
    and the speech of `links_bench`, and hears the operator.
    """
    folder.mkdir(parents=True, exist_ok=True)
    clip = Clip(folder)
    devices = Devices(camera=f"file:{clip.film}", microphone=f"file:{clip.speech}")
    village = Village(folder, [replace(PLACES[0], link=profile, devices=devices)])
    (station,) = village.stations
    backlog = fill_spool(village, station, hours=hours)
    with village, operator(village) as page:
        assert station.link is not None, "made with one"
        put_in_marks(page, every_s=MARK_EVERY_S)
        told: list[tuple[float, dict[str, Any]]] = []
        on_media(page, lambda message: told.append((time.monotonic(), message)))
        ring(page, village, station)
        answer(page, station)
        yield LadenCall(page, station, station.link, backlog, folder / "store", told)
