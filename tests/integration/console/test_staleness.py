"""Nothing old is shown as of now, no age is wrong that can be known, nothing is another person's: a walk."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from playwright.sync_api import Page

from tests.browser import chromium_page
from tests.staleness.campaign import Campaign
from tests.staleness.screen import LIST, Screen

STEPS = 24


@pytest.mark.parametrize("seed", [2, 5], ids=["cards change", "the hub restarts"])
def test_what_is_served_is_as_old_as_it_says_and_of_whom_it_says(tmp_path: Path, seed: int) -> None:
    with Campaign(tmp_path, seed=seed) as campaign:
        for _ in range(STEPS):
            campaign.step()
    tally = campaign.tally
    assert tally.faults == []
    assert (tally.false_fresh, tally.wrong_age, tally.wrong_person) == (0, 0, 0)
    assert tally.staleness_checks > 25 * STEPS
    assert tally.values_shown > STEPS  # there was something to be wrong


def test_what_the_open_page_shows_follows_the_truth(tmp_path: Path) -> None:
    with Campaign(tmp_path, seed=4) as campaign, chromium_page(allow=r"ERR_|WebSocket") as page:
        screen = Screen(campaign, page)
        for _ in range(8):
            screen.step()
    assert campaign.tally.faults == []
    assert campaign.tally.by_surface["screen list"] >= 8
    assert campaign.tally.by_surface["screen page"] >= 8
    assert campaign.tally.values_shown > 0


def test_a_clock_set_back_does_not_make_an_old_number_one_of_now(tmp_path: Path) -> None:
    with Campaign(tmp_path, seed=2) as campaign:
        station, clock = campaign.stations[0], campaign.hub.clock
        station.sit_down()
        station.measure()
        station.tell_status()
        campaign.look()
        assert campaign.tally.values_shown > 0
        clock.stepped_us -= 20_000_000
        clock.ahead_s += 22.0  # by its wall clock two seconds after it was measured
        campaign.tally.values_shown = 0
        campaign.look()
    assert campaign.tally.faults == []
    assert campaign.tally.values_shown == 0


def silent_is_live(text: str) -> str:
    return text.replace("im lặng · ", "đang nghe · ")


def ages_stand_still(text: str) -> str:
    return re.sub(r"\d+ (phút|giờ \d\d)", "3 s", text)


def ages_run_ahead(text: str) -> str:
    return re.sub(r"\d+ (phút|giờ \d\d)", "9 giờ 00", text)


def silence_is_short(text: str) -> str:
    return re.sub(r"<td>(?:ít nhất )?\d+ (phút|giờ \d\d)", "<td>3 s", text)


def anothers_number(text: str) -> str:
    return re.sub(r'(<span class="reading">)\d+ ', r"\g<1>58 ", text)


@pytest.mark.parametrize(
    ("spoil", "kind"),
    [
        (silent_is_live, "false_fresh"),
        (ages_stand_still, "false_fresh"),
        (ages_run_ahead, "wrong_age"),
        (anothers_number, "wrong_person"),
    ],
)
def test_a_page_that_lies_is_found_out(tmp_path: Path, spoil: Callable[[str], str], kind: str) -> None:
    with Campaign(tmp_path, seed=2, spoil=spoil) as campaign:
        for station in campaign.stations:
            station.sit_down()
            station.measure()
            station.tell_status()
        campaign.look()
        assert (getattr(campaign.tally, kind) > 0) is (kind == "wrong_person")
        campaign.hub.clock.ahead_s += 1_200.0
        campaign.look()
    assert getattr(campaign.tally, kind) > 0


class LiesOnce:
    """A page whose first reading has other ages than stand there."""

    def __init__(self, page: Page, *, age: str) -> None:
        self._page, self._age, self._has_lied = page, age, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._page, name)

    def evaluate(self, script: str, *given: Any) -> Any:
        told = self._page.evaluate(script, *given)
        if script == LIST and not self._has_lied:
            self._has_lied = True
            for row in told:
                row["presence"] = re.sub(r"\d+ phút", self._age, row["presence"])
        return told


@pytest.mark.parametrize("spoil", [None, silence_is_short], ids=["as it is", "one that lies is found out"])
def test_an_alert_says_how_long_a_station_is_silent(
    tmp_path: Path, spoil: Callable[[str], str] | None
) -> None:
    with Campaign(tmp_path, seed=2, spoil=spoil) as campaign:
        silent, *others = campaign.stations
        silent.tell_status()
        for _ in range(7):
            campaign.hub.clock.ahead_s += 250.0
            for station in others:  # or it were an alert of them all
                station.tell_status()
            campaign.look()
    tally = campaign.tally
    assert tally.by_surface["alerts"] >= 2
    assert tally.false_fresh == (tally.by_surface["alerts"] if spoil else 0)
    assert all("on the alerts" in fault for fault in tally.faults)


@pytest.mark.parametrize(
    ("age", "false_fresh"),
    [("3 s", True), ("9 giờ 00", False)],
    ids=["too young is wrong at once", "too old may not be drawn yet"],
)
def test_an_open_page_is_read_again_only_while_its_ages_are_too_old(
    tmp_path: Path, age: str, false_fresh: bool
) -> None:
    with Campaign(tmp_path, seed=2) as campaign, chromium_page(allow=r"ERR_|WebSocket") as page:
        for station in campaign.stations:
            station.sit_down()
            station.measure()
        campaign.look()
        campaign.hub.clock.ahead_s += 1_200.0
        liar = LiesOnce(page, age=age)
        Screen(campaign, cast(Page, liar)).look_at_list()
    tally = campaign.tally
    assert (tally.false_fresh > 0) is false_fresh
    assert (tally.wrong_age, tally.wrong_person) == (0, 0)
