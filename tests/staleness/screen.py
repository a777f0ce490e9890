"""The open page of the walk: its cells are read as they stand, at a moment of which both clocks are known."""

import time
from typing import Any, Final

from playwright.sync_api import Page

from tests.staleness.campaign import Campaign
from tests.staleness.judge import Tally, judge
from tests.staleness.shown import read_screen

FOLLOWS_WITHIN_S: Final = 30.0
WRITES_WITHIN_MS: Final = 600  # what stands is written each quarter or half of a second
TRIES: Final = 6  # news of a moment ago may still be on its way to the page, which then tells an older age
LIST: Final = """() => [...document.querySelectorAll("#fleet tr[data-station]")].map((row) => ({
    surface: "screen list", station: row.dataset.station,
    presence: row.querySelector(".presence").innerText, visit: row.querySelector(".visit").innerText.trim(),
    link: row.querySelector(".link").innerText,
    numbers: Object.fromEntries([...row.querySelectorAll("td[data-mdc]")].map((cell) =>
        [cell.dataset.mdc, cell.innerText.trim()])) }))"""
PAGE: Final = """() => [{ surface: "screen page", station: document.getElementById("callbar").dataset.station,
    presence: document.getElementById("presence").innerText,
    visit: document.getElementById("visit").innerText,
    link: document.getElementById("link").innerText,
    numbers: Object.fromEntries([...document.querySelectorAll("hd-value")].map((value) =>
        [value.dataset.mdc, `${value.querySelector(".value-number").textContent} ${
            value.querySelector(".value-age").textContent}`])) }]"""
DRAWN: Final = """() => [...document.querySelectorAll("hd-sweep[data-kind='ecg']")].flatMap((strip) =>
    [...new Set(strip.plotted(0, 1e15).map((one) => one.value))])"""
# Whose page it is: the clock on which it tells ages has heard of the hub's newest jump.
FOLLOWS: Final = "(utc_ms) => (document.body.console?.clock.now_ms() ?? 0) > utc_ms - 300"


class Screen:
    """The list of stations, and after it a station's page, in turns."""

    def __init__(self, campaign: Campaign, page: Page) -> None:
        self._campaign, self._page, self._turn = campaign, page, 0

    def step(self) -> None:
        """Some deeds, some time; then the list, and one station's page."""
        self._campaign.walk()
        stations = self._campaign.stations
        self.look_at_list()
        self._turn += 1
        station = stations[self._turn % len(stations)]
        self._open(f"/stations/{station.name}", PAGE, count=1)
        drawn = set(self._page.evaluate(DRAWN))
        codes = station.truth.codes()
        mine = {value for one in station.truth.persons if one.code in codes for value in (0, one.amplitude)}
        self._campaign.tally.person_checks += 1
        if not drawn <= mine | {0}:
            told = f"{station.name}: the strip shows {sorted(drawn)[:5]}, should be of {codes}"
            self._campaign.tally.fault("wrong_person", told)

    def look_at_list(self) -> None:
        """The list alone, as it opens and a moment later."""
        self._open("/", LIST, count=len(self._campaign.stations))

    def _open(self, path: str, read: str, *, count: int) -> None:
        hub, page = self._campaign.hub, self._page
        cookie, _, token = hub.cookie().partition("=")
        page.context.add_cookies(
            [{"name": cookie, "value": token, "url": hub.server.url, "sameSite": "Strict"}]
        )
        page.goto(hub.server.url + path)
        self._look(read, count)
        hub.clock.ahead_s += 3.5  # the page stays open: it has to follow
        self._look(read, count)

    def _look(self, read: str, count: int) -> None:
        """Read the page once it has heard of the hub's clock: it hears of it each second."""
        hub, page, tally = self._campaign.hub, self._page, self._campaign.tally
        deadline_s = time.monotonic() + FOLLOWS_WITHIN_S
        while not page.evaluate(FOLLOWS, hub.clock.utc_now_us() / 1000):
            assert time.monotonic() < deadline_s, "the page does not follow the hub's clock"
            page.wait_for_timeout(50)
        hub.server.call(hub.server.rooms.fleet.turn)  # as it does each second
        for _ in range(TRIES):
            page.wait_for_timeout(WRITES_WITHIN_MS)
            once = Tally()
            self._read(read, count, once)
            if once.wrong_age == 0 or once.false_fresh or once.wrong_person:
                break  # only ages that are too old are read again: what is newer was still on its way
        tally.add(once)

    def _read(self, read: str, count: int, tally: Tally) -> None:
        hub = self._campaign.hub
        from_s = hub.clock.now_s() - WRITES_WITHIN_MS / 1000
        told: list[dict[str, Any]] = self._page.evaluate(read)
        looked = hub.looked(from_s)
        assert len(told) == count, f"{len(told)} of {count} stations on the screen"
        for one in told:
            judge(read_screen(one), self._campaign.truth(one["station"]), looked, tally)
