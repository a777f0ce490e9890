"""Ours: `edge video` of a station in a call with the operator's page, board, broker, hub and all (shell)."""

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

from playwright.sync_api import Page

from tests.links_bench.clip import Clip
from tests.links_bench.receiver import watch_more
from tests.links_bench.side import Call, Targets
from tests.simulators.links import Profile
from tests.village.conversation import answer, ring
from tests.village.desk import operator
from tests.village.media_told import on_media
from tests.village.page_sound import put_in_marks
from tests.village.station import Devices, Station
from tests.village.village import PLACES, Village

MARK_EVERY_S: Final = 0.3  # what the operator says
SECOND_OPERATOR: Final = "truc-phu-{}"


class VillageSide:
    """A side (`side.py`). Nobody wears the electrodes: the link is the call's, as it is the other peers'."""

    def __init__(self, profile: Profile, clip: Clip, folder: Path) -> None:
        devices = Devices(camera=f"file:{clip.film}", microphone=f"file:{clip.speech}")
        places = [replace(place, devices=devices) for place in PLACES[: profile.flows]]
        first = places[0].name
        places = [replace(one, behind_link_of=first) for one in places]
        places[0] = replace(places[0], link=profile, behind_link_of=None)
        self._village = Village(folder, places)
        link = self._village.stations[0].link
        assert link is not None, "made with one"
        self.link = link
        self._ready: list[tuple[Page, Station]] = []
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            stack.enter_context(self._village)
            for number, station in enumerate(self._village.stations):
                station.board.leads_off()
                station.board.probe_off()
                name = SECOND_OPERATOR.format(number)
                account = (name, self._village.add_operator(name)) if number else None
                page = stack.enter_context(operator(self._village, account=account))
                watch_more(page)
                put_in_marks(page, every_s=MARK_EVERY_S)
                self._ready.append((page, station))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def call(self) -> Call:
        """Let the next station call an operator of its own: button, ring, answer."""
        page, station = self._ready.pop(0)
        targets = _targets(page)
        ring(page, self._village, station)
        answer(page, station)
        return Call(page, targets)


def _targets(page: Page) -> Targets:
    """What the station tells the page of its target from now on."""
    targets: Targets = []

    def take(message: dict[str, Any]) -> None:
        if message.get("target_bps") is not None:
            targets.append((time.monotonic(), float(message["target_bps"])))

    on_media(page, take)
    return targets
