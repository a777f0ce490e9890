"""Every page of the console as somebody meets it: both languages, day and night, four widths, no scripts."""

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.sync_api import Page, expect
from starlette.routing import Route

from hub.console.app import ROUTES
from hub.console.theme import THEME_COOKIE
from hub.console.words import LANGUAGE_COOKIE, LANGUAGES
from tests.browser import SCREENSHOTS, chromium, chromium_page, observe_until
from tests.integration.console.tour import NO_PAGE, TOUR, Stop
from tests.integration.console.tour_fleet import TOLD, TourFleet
from tests.integration.console.tour_hub import TOLD_AS_THEY_ARE, TourHub
from tests.pages.axe import violations
from tests.pages.cut_texts import cut_texts
from tests.pages.layout import too_wide
from tests.pages.motion import FLASHES_MAX_HZ, flash_rates, moves_when_reduced
from tests.pages.wording import faults

DESK: Final = (1280, 800)
DRAWN: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
SCREENS: Final = {
    "a desk": DESK,
    "an old screen": (1024, 768),
    "a desk at 200 %": (640, 400),
    "a phone": (390, 844),
}
SCRIPTS: Final = """() => {
    const files = (list) => [...new Set(list)].filter((one) => one.endsWith(".js")).sort();
    const named = [...document.querySelectorAll("link[rel=modulepreload]"), ...document.scripts];
    const asked = files(named.map((one) => one.href || one.src));
    const loaded = files(performance.getEntriesByType("resource").map((one) => one.name));
    return [asked.filter((one) => !loaded.includes(one)).map((one) => `asked for in vain: ${one}`),
            loaded.filter((one) => !asked.includes(one)).map((one) => `not asked for ahead: ${one}`)].flat();
}"""
HEAD_IN_ONE_LINE_FROM_PX: Final = 1024
LINES_OF_HEAD: Final = """() => {
    const found = document.querySelectorAll("header.top > *, header.top .daily a, .more summary");
    const boxes = [...found].map((one) => one.getBoundingClientRect()).filter((one) => one.height > 0);
    const first = boxes[0], second = boxes.filter((one) => one.top >= first.bottom || one.height > 48);
    return second.length ? [`the head has ${second.length} parts beside its one line`] : [];
}"""


@dataclass(frozen=True, slots=True)
class Hubs:
    """Both hubs of the tour; each begins when a stop first asks for it."""

    folder: Path
    open: ExitStack
    begun: dict[bool, TourHub | TourFleet] = field(default_factory=dict)

    @property
    def calls(self) -> TourHub:
        """Where the calls are."""
        hub = self.of(TOUR[0])
        assert isinstance(hub, TourHub)
        return hub

    def of(self, stop: Stop) -> TourHub | TourFleet:
        """Return the hub of a stop."""
        if stop.of_fleet not in self.begun:
            folder = self.folder / ("fleet" if stop.of_fleet else "hub")
            folder.mkdir()
            if stop.of_fleet:
                self.begun[True] = self.open.enter_context(TourFleet(folder))
            else:
                self.begun[False] = self.open.enter_context(TourHub(folder))
        return self.begun[stop.of_fleet]


@pytest.fixture(scope="module")
def hubs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hubs]:
    with chromium(), ExitStack() as stack:
        yield Hubs(tmp_path_factory.mktemp("tour"), stack)


@pytest.fixture
def hub(hubs: Hubs) -> TourHub:
    return hubs.calls


def during(hub: TourHub | TourFleet, stop: Stop) -> AbstractContextManager[None]:
    """What is so at the hub while somebody is at the stop."""
    return stop.during(hub) if isinstance(hub, TourHub) else nullcontext()


def cookies(hub: TourHub | TourFleet, stop: Stop, language: str) -> dict[str, str]:
    """Whose page it is, and in which language."""
    session = hub.places["guest"] if stop.who == "guest" else hub.server.session(stop.who) if stop.who else ""
    name, _, value = session.partition("=")
    return {LANGUAGE_COOKIE: language, **({name: value} if name else {})}


@contextmanager
def visit(hub: TourHub | TourFleet, stop: Stop, language: str) -> Iterator[Page]:
    """Come to a stop and wait until it is whole."""
    with during(hub, stop), chromium_page(size=DESK, allow=stop.allow) as page:
        bring(page, hub, cookies(hub, stop, language))
        page.goto(hub.server.url + stop.address.format_map(hub.places))
        page.wait_for_selector(stop.ready)
        if stop.act is not None:
            stop.act(page)
        yield page


def bring(page: Page, hub: TourHub | TourFleet, cookies: dict[str, str]) -> None:
    """The browser has these from before."""
    page.context.add_cookies(
        [{"name": n, "value": v, "url": hub.server.url, "sameSite": "Lax"} for n, v in cookies.items()]
    )


def seen(page: Page, name: str) -> list[str]:
    """Take a picture of the whole page; say what axe says."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    return violations(page)


def test_the_tour_comes_to_every_page() -> None:
    gets = {one.path for one in ROUTES if isinstance(one, Route) and "GET" in (one.methods or ())}
    assert gets - {stop.route for stop in TOUR} - set(NO_PAGE) == set()
    assert set(NO_PAGE) - gets == set()
    assert len({stop.name for stop in TOUR}) == len(TOUR)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("stop", TOUR, ids=[stop.name for stop in TOUR])
def test_a_page(hubs: Hubs, stop: Stop, language: str) -> None:
    with visit(hubs.of(stop), stop, language) as page:
        found = [f"words: {one}" for one in faults(page, language, names=(*TOLD_AS_THEY_ARE, *TOLD))]
        found += [f"by day: {one}" for one in seen(page, f"{stop.name}.{language}")]
        page.emulate_media(color_scheme="dark")
        found += [f"by night: {one}" for one in seen(page, f"{stop.name}.{language}.dark")]
        page.emulate_media(color_scheme="light")
        for screen, (width, height) in SCREENS.items():
            found += [f"on {screen}: {one}" for one in too_wide(page, width, height)]
            if stop.who and width >= HEAD_IN_ONE_LINE_FROM_PX:
                found += [f"on {screen}: {one}" for one in page.evaluate(LINES_OF_HEAD)]
        rates = flash_rates(page)
        found += [f"{name} flashes at {hz} Hz" for name, hz in rates.items() if hz > FLASHES_MAX_HZ]
        found += [f"moves all the same: {name}" for name in moves_when_reduced(page)]
        found += page.evaluate(SCRIPTS)
    assert found == []


READ_WHOLE: Final = ("fleet", "ring", "fleet-with-alerts", "station", "playback", "guest")
# The key that stands for its word on old screens; the way past the head, its line on a phone; long paths.
MAY_BE_CUT: Final = re.compile(r'"(Các phím|Keys)"|a\.skip|div\.daily|a\. "(Bàn giao|Hand over)"|td\.unit')


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "stop", [stop for stop in TOUR if stop.name in READ_WHOLE], ids=lambda stop: stop.name
)
def test_on_an_old_screen_and_on_a_phone_no_age_and_no_scale_is_cut(
    hubs: Hubs, stop: Stop, language: str
) -> None:
    found = []
    with visit(hubs.of(stop), stop, language) as page:
        if stop.route == "/":  # with what the hub tells of rows in sight
            observe_until(page, "document.querySelector('tr[data-station] .link:not(:empty)') !== null")
        for screen in ("a desk", "an old screen", "a phone"):
            width, height = SCREENS[screen]
            page.set_viewport_size({"width": width, "height": height})
            page.evaluate(DRAWN)
            found += [f"on {screen}: {one}" for one in cut_texts(page) if not MAY_BE_CUT.search(one)]
    assert found == []


@pytest.mark.parametrize("stop", [stop for stop in TOUR if stop.reads], ids=lambda stop: stop.name)
def test_with_scripts_blocked_it_can_be_read(hubs: Hubs, stop: Stop) -> None:
    hub = hubs.of(stop)
    with during(hub, stop), chromium_page(size=DESK, has_scripts=False) as page:
        bring(page, hub, cookies(hub, stop, "vi"))
        page.goto(hub.server.url + stop.address.format_map(hub.places))
        text = " ".join(page.inner_text("body").split())
    assert [one for one in stop.reads if one not in text] == []


FIRST_VIEW_MAX_BYTES: Final = 150_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_view_is_light(hub: TourHub, language: str) -> None:
    """The list of stations as it comes to a browser that has nothing of it: headers, page and all files."""
    stop, came = TOUR[[stop.name for stop in TOUR].index("fleet")], {"bytes": 0, "files": 0}
    with chromium_page(size=DESK) as page:
        bring(page, hub, cookies(hub, stop, language))
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")

        def on_finished(told: dict[str, float]) -> None:
            came["bytes"] += int(told["encodedDataLength"])
            came["files"] += 1

        network.on("Network.loadingFinished", on_finished)
        page.goto(hub.server.url, wait_until="load")
        page.wait_for_selector(stop.ready)
        observe_until(page, "document.body.console?.calls.size > 0")  # its first word by the stream is there
        first = dict(came)
        page.reload(wait_until="load")
        observe_until(page, "document.body.console?.calls.size > 0")
    assert 20_000 < first["bytes"] <= FIRST_VIEW_MAX_BYTES
    assert came["bytes"] - first["bytes"] < 10_000  # again, the page alone


FOCUS: Final = """() => {
    const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
    const name = [one.tagName.toLowerCase(), one.id, one.textContent.trim().slice(0, 30)].join(" ");
    const isSeen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0
        && box.bottom > 0 && box.top < innerHeight;
    return { name, isSeen, isBody: one === document.body };
}"""
WALKED: Final = (
    "login",
    "fleet",
    "calls",
    "handover",
    "station",
    "station-in-a-call",
    "call",
    "drills",
    "statistics",
    "menu",
    "map",
    "alerts",
    "maintenance",
    "unit",
    "card",
    "configuration-layer",
    "playback",
    "tokens",
    "audit",
)


@pytest.mark.parametrize("stop", [stop for stop in TOUR if stop.name in WALKED], ids=lambda stop: stop.name)
def test_the_keyboard_shows_where_it_is(hubs: Hubs, stop: Stop) -> None:
    with visit(hubs.of(stop), stop, "vi") as page:
        page.evaluate("() => document.activeElement.blur()")
        steps = []
        for _ in range(60):
            page.keyboard.press("Tab")
            step = page.evaluate(FOCUS)
            if step["isBody"]:  # past the last
                break
            steps.append(step)
    assert len(steps) >= 4
    assert [step["name"] for step in steps if not step["isSeen"]] == []
    if stop.who and stop.act is None:  # the way begins at the head; of the open menu at what opened it
        assert steps[0]["name"].startswith("a  Đến nội dung")


@pytest.mark.parametrize(("system", "by_hand"), [("light", "dark"), ("dark", "light"), ("dark", "system")])
def test_what_is_chosen_by_hand_counts_before_the_system(
    hub: TourHub, system: Literal["light", "dark"], by_hand: str
) -> None:
    grounds = {}
    for scheme, theme in ((system, by_hand), (by_hand if by_hand != "system" else system, None)):
        with chromium_page(scheme=scheme) as page:  # type: ignore[arg-type]
            bring(page, hub, {THEME_COOKIE: theme} if theme else {})
            page.goto(f"{hub.server.url}/login")
            grounds[theme] = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
    assert grounds[by_hand] == grounds[None]


def test_an_alarm_flashes_at_two_hertz_and_stands_still_for_whom_that_is_better(hub: TourHub) -> None:
    stop = next(stop for stop in TOUR if stop.name == "ring")
    with visit(hub, stop, "vi") as page:
        assert flash_rates(page) == {"ring-flash": 2.0, "emergency": 2.0}
        assert moves_when_reduced(page) == []


def test_the_menu_is_used_by_keys_and_closes_by_itself(hubs: Hubs) -> None:
    stop = next(stop for stop in TOUR if stop.name == "fleet-with-alerts")
    with visit(hubs.of(stop), stop, "vi") as page:
        observe_until(page, "document.body.console")
        menu, summary = page.locator("details.more"), page.locator(".more summary")
        summary.focus()
        page.keyboard.press("Enter")
        expect(menu).to_have_attribute("open", "")
        page.keyboard.press("Escape")
        expect(menu).not_to_have_attribute("open", "")
        expect(summary).to_be_focused()
        page.keyboard.press("Space")
        page.keyboard.press("Shift+Tab")
        expect(menu).not_to_have_attribute("open", "")
        summary.click()
        page.mouse.click(640, 700)
        expect(menu).not_to_have_attribute("open", "")
        summary.click()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/drills")
        expect(page.locator(".more summary")).to_have_class("is-here")


def test_the_menu_opens_without_scripts(hubs: Hubs) -> None:
    stop = next(stop for stop in TOUR if stop.name == "menu")
    hub = hubs.of(stop)
    with chromium_page(size=DESK, has_scripts=False) as page:
        bring(page, hub, cookies(hub, stop, "vi"))
        page.goto(hub.server.url)
        page.click(".more summary")
        page.click(".more a[href='/people']")
        expect(page.locator("h1")).to_have_text("Tài khoản")
