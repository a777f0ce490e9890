"""The pictures of the operator's handbook, taken from the pages themselves: build/screenshots/handbook/."""

import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page

from contract.events import AnchorSet
from contract.ids import spool_text
from hub.console.words import LANGUAGE_COOKIE, LANGUAGES
from tests.browser import SCREENSHOTS, chromium, chromium_page, observe_until
from tests.handbook.shots import SHOTS, Shot, give_places
from tests.integration.console.tour_hub import TourHub
from tests.integration.live_page import heartbeat
from tests.night_shift.pictures import make_small
from tests.simulators.console_server import wait_for
from tests.simulators.console_station import ECG, ECG_HZ

FOLDER: Final = SCREENSHOTS / "handbook"
WIDTH: Final = 1280
PAST_VISIT: Final = 1
GAP_S: Final = range(5, 7)  # what was never sent
LENGTH_S: Final = 40


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TourHub]:
    with chromium(), TourHub(tmp_path_factory.mktemp("handbook")) as hub:
        give_places(hub)
        _somebody_was_seen(hub)
        FOLDER.mkdir(parents=True, exist_ok=True)
        for old in FOLDER.glob("*.png"):
            old.unlink()
        yield hub


def _somebody_was_seen(hub: TourHub) -> None:
    """A visit that is over, with a gap in it: what is played back."""
    station = hub.stations["con-dao-01"]
    at_us = station.now_us()
    station.now_us = lambda: at_us  # type: ignore[method-assign]
    station.open_visit(PAST_VISIT)
    station.tell(AnchorSet(boot=1, t_us=at_us, utc_us=int(time.time() * 1e6), err_us=20_000, source="hub"))
    for second in range(LENGTH_S):
        if second in GAP_S:
            station.skip(1.0)
            continue
        first = second * ECG_HZ
        beats = [heartbeat(index) for index in range(first, first + ECG_HZ)]
        station.samples(ECG, beats, ended_s_ago=LENGTH_S - 1.0 - second)
    station.close_visit()
    del station.now_us
    cookie = {"Cookie": hub.server.session("Lan")}
    path = "/stations/con-dao-01/playback"
    wait_for(lambda: 'scope="row"' in hub.server.get(path, **cookie).text, "the visit")
    asked = {"spool": spool_text(station.records.spool), "visit": PAST_VISIT, "boot": 1}
    hub.places["past"] = urlencode(asked)


@pytest.mark.parametrize("shot", SHOTS, ids=[shot.name for shot in SHOTS])
def test_a_picture(hub: TourHub, shot: Shot) -> None:
    with shot.during(hub):
        for language in LANGUAGES:
            with chromium_page(size=(WIDTH, shot.height), microphone=shot.microphone) as page:
                take(page, hub, shot, language)


def take(page: Page, hub: TourHub, shot: Shot, language: str) -> None:
    """Come there, do what is to be done, write `NAME.LANGUAGE.png`."""
    name, _, value = hub.server.session(shot.who).partition("=")
    brought = {LANGUAGE_COOKIE: language, name: value}
    page.context.add_cookies(
        [{"name": n, "value": v, "url": hub.server.url, "sameSite": "Lax"} for n, v in brought.items()]
    )
    page.goto(hub.server.url + shot.address.format_map(hub.places))
    page.wait_for_selector(shot.ready)
    if shot.microphone == "granted":
        observe_until(page, "document.body.console.duty.isOn")
    if shot.act is not None:
        shot.act(page)
    path = FOLDER / f"{shot.name}.{language}.png"
    if shot.part is not None:
        page.locator(shot.part).screenshot(path=path)
    else:
        if shot.at is not None:
            page.locator(shot.at).first.evaluate("(one) => one.scrollIntoView({ block: 'center' })")
        page.screenshot(path=path)
    make_small(path)
    assert path.stat().st_size < 130_000, "too large for a document: show less"
