"""Every state of the station's screen as people meet it: both languages, day and night, three screens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from edge.config import PanelConfig
from edge.panel.web_words import WEB_WORDS
from edge.panel.words import LANGUAGES, WORDS
from hub.pki.authority import Enrolment
from tests.broker import free_port
from tests.browser import chromium, chromium_page, screenshot, wait_until
from tests.integration.edge.panel_states import NAME, PEOPLE, PORT, STATES, TEXT, State
from tests.integration.edge.told_station import MODEL, NO_ANSWER, ToldStation
from tests.integration.edge.uplinks import box_config
from tests.pages.axe import violations
from tests.pages.cut_texts import cut_texts
from tests.pages.motion import FLASHES_MAX_HZ, flash_rates, moves_when_reduced
from tests.pages.wording import faults, vocabulary_of

SCREENS: Final = ((800, 480), (1024, 600), (1920, 1080))
NAMES: Final = (
    NAME,
    *PEOPLE,
    *TEXT.splitlines(),
    MODEL,
    PORT,
    "II",
    "RA",
    "LA",
    "LL",
    "RL",
    "finger",
    "cuff",
    NO_ANSWER,
)
WORDS_OF: Final = {
    "vi": vocabulary_of([*WORDS["vi"].values(), *WEB_WORDS]),
    "en": vocabulary_of([*WORDS["en"].values(), *WEB_WORDS.values()]),
}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToldStation]:
    folder = tmp_path_factory.mktemp("told")
    nothing = folder / "nothing"
    config = box_config(folder, Enrolment(nothing, nothing, nothing, nothing), port=free_port())
    panel = PanelConfig(port=free_port(), screen_mm_wide=154.0, blank_after_min=0)
    told = ToldStation(replace(config, panel=panel))
    with told.running(), chromium():
        yield told


@contextmanager
def screen(station: ToldStation, state: State, language: str) -> Iterator[Page]:
    station.tell(state.told)
    with chromium_page(f"{station.url}{state.path}?lang={language}", size=SCREENS[0]) as page:
        page.wait_for_selector(state.seen)
        if not state.path and state.told.now is not None and state.told.now.visit.visit:
            expect(page.locator("hd-value").first).to_be_visible()
            until_drawn(page)
        if state.told.is_seen:
            wait_until(page, "Number(document.querySelector('#picture').dataset.frames) > 1")
        yield page


def until_drawn(page: Page) -> None:
    wait_until(page, "document.querySelector('hd-sweep') !== null")
    wait_until(page, "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true), 300)))")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES, ids=[state.name for state in STATES])
def test_a_state(station: ToldStation, state: State, language: str) -> None:
    found = []
    with screen(station, state, language) as page:
        for size in SCREENS:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            until_settled(page)
            screenshot(page, f"panel.{state.name}.{language}.{size[0]}")
            found += [f"{size[0]} px: {one}" for one in cut_texts(page, seen_whole=state.seen)]
        page.set_viewport_size({"width": SCREENS[0][0], "height": SCREENS[0][1]})
        found += [f"words: {one}" for one in faults(page, language, names=NAMES, known=WORDS_OF[language])]
        found += [f"by day: {one}" for one in unusable(page, state)]
        page.emulate_media(color_scheme="dark")
        screenshot(page, f"panel.{state.name}.{language}.dark")
        found += [f"by night: {one}" for one in unusable(page, state)]
        page.emulate_media(color_scheme="light")
        rates = flash_rates(page)
        found += [f"{name} flashes at {hz} Hz" for name, hz in rates.items() if hz > FLASHES_MAX_HZ]
        found += [f"moves all the same: {name}" for name in moves_when_reduced(page)]
    assert found == [], "\n".join(found)


def unusable(page: Page, state: State) -> list[str]:
    """Return what axe finds. A page that asks twice leaves by itself after a minute. A rule of axe is against
    that, and the station needs it: no call and no electrode waits behind a question that nobody answers."""
    found = violations(page)
    leaves = [one for one in found if one.startswith("meta-refresh ")]
    assert len(leaves) == bool(state.path)
    return [one for one in found if one not in leaves]


def until_settled(page: Page) -> None:
    wait_until(page, "new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(true))))")
