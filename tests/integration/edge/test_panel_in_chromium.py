"""The station's own screen in Chromium: real `edge vitals` and `edge panel`, a board on a pty, a real hub."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.broker import free_port
from tests.browser import SCREENSHOTS, chromium_page, screenshot, wait_until
from tests.simulators.board.recordings import ECG
from tests.village.conversation import answer, hang_up, ring
from tests.village.desk import GONE, operator
from tests.village.process import Process
from tests.village.station import Station
from tests.village.village import OPERATOR, Place, Village, wait_for_port

START_LIMIT_S: Final = 60.0
NAME: Final = "Trạm Y tế Côn Đảo"
SIZES: Final = ((1280, 720), (800, 480), (1920, 1080))
SCREEN_MM: Final = {1280: 344.0, 800: 154.0, 1920: 531.0}
STRIP: Final = "document.querySelector(\"hd-sweep[data-kind='ecg']\")"
IS_LIVE: Final = f"{STRIP}?.state === 'live'"
HAS_NUMBERS: Final = "document.querySelector('hd-value[data-state=shown]') !== null"
NOTICED_MS: Final = 120_000  # a dead link is noticed by the next thing that is sent: 30 s, and its patience
LA: Final = 0b10
LOST: Final = r"ERR_CONNECTION_(REFUSED|RESET)|ERR_SOCKET_NOT_CONNECTED|ERR_EMPTY_RESPONSE|WebSocket"


class PanelStation(Station):
    """A station with a name and a panel. `panel` is its process."""

    port: int

    def _write_config(self) -> None:
        super()._write_config()
        text = self.config.read_text("utf-8")
        panel = f"[panel]\nport = {self.port}\nscreen_mm_wide = {SCREEN_MM[1280]}\nblank_after_min = 1\n"
        text = text.replace("[video]\n", '[video]\nscreen = "panel"\n')
        self.config.write_text(f'station_name = "{NAME}"\n{text}\n{panel}', "utf-8")


@dataclass(frozen=True, slots=True)
class Room:
    """The room with the screen."""

    village: Village
    station: Station
    panel: Process
    url: str


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    village = Village(tmp_path_factory.mktemp("panel"), [Place("con-dao-01", NAME, "an")])
    (station,) = village.stations
    station.__class__ = PanelStation
    assert isinstance(station, PanelStation)
    station.port = free_port()
    panel = Process(["edge", "panel", "--config", str(station.config)], log=station.folder / "panel.log")
    with village:
        panel.start()
        try:
            wait_for_port(station.port, process=panel, limit_s=START_LIMIT_S)
            yield Room(village, station, panel, f"http://127.0.0.1:{station.port}/")
        finally:
            panel.stop()


@contextmanager
def screen_of(
    room: Room, *, language: Literal["vi", "en"] = "vi", size: tuple[int, int] = SIZES[0]
) -> Iterator[Page]:
    with chromium_page(f"{room.url}?lang={language}", size=size, allow=LOST) as page:
        yield page


def until_drawn(page: Page) -> None:
    strip = page.locator("hd-sweep[data-kind='ecg']")  # over a page that loads itself again
    expect(strip).to_have_attribute("data-state", "live")
    wait_until(page, f"{STRIP}?.state === 'live' && {STRIP}.plotted(0, 1e15).length > 250")


def pictures(room: Room, name: str, ready: str) -> None:
    """Look at what there is now in both languages and all sizes."""
    for language in ("vi", "en"):
        for size in SIZES:
            with screen_of(room, language=language, size=size) as page:
                wait_until(page, ready)
                page.evaluate(CALIBRATE, size[0] / SCREEN_MM[size[0]])
                wait_until(page, "new Promise((done) => requestAnimationFrame(() => done(true)))")
                look_at(page, f"{name}-{language}-{size[0]}")
                assert page.evaluate(CHECKS) == [], f"{name}, {language}, {size}"


def look_at(page: Page, name: str) -> None:
    (SCREENSHOTS / "panel").mkdir(parents=True, exist_ok=True)
    screenshot(page, f"panel/{name}")


CALIBRATE: Final = "px => document.querySelectorAll('hd-sweep').forEach((one) => one.calibrate(px))"


CHECKS: Final = """() => {
  const found = [], seen = (one) => one.checkVisibility();
  const all = (what) => [...document.querySelectorAll(what)], box_of = (one) => one.getBoundingClientRect();
  for (const one of all("button, a, [role=img], canvas:not([aria-hidden])").filter(seen)) {
    if (!one.textContent.trim() && !one.getAttribute("aria-label")) found.push(`no name: ${one.outerHTML}`);
  }
  for (const one of all(".side button").filter(seen)) {
    if (box_of(one).height < 44) found.push(`a small button: ${one.textContent}`);
  }
  for (const one of all("#values hd-value").filter(seen)) {
    const number = box_of(one.querySelector(".value-number")), box = box_of(one);
    if (number.left < box.left || number.right > box.right || number.bottom > box.bottom + 1) {
      found.push(`a number that does not fit: ${one.textContent}`);
    }
  }
  const ids = all("[id]").map((one) => one.id);
  if (new Set(ids).size !== ids.length) found.push("an id twice");
  if (all("h1").length !== 1) found.push("not one h1");
  if (!["vi", "en"].includes(document.documentElement.lang)) found.push("no language");
  if (document.documentElement.scrollWidth > innerWidth) found.push("wider than the screen");
  return found;
}"""


def test_the_trace_is_what_the_board_sent_at_its_true_scale_and_a_gap_is_a_gap(room: Room) -> None:
    with screen_of(room) as page:
        until_drawn(page)
        scale = page.evaluate(f"{STRIP}.scale")
        assert scale["pxPerMm"] == pytest.approx(1280 / SCREEN_MM[1280], rel=1e-6)
        assert page.evaluate(f"{STRIP}.isCalibrated") is True
        assert_true(page, room)
        gaps = page.evaluate(f"{STRIP}.counts.gaps")
        room.station.board.leads_off()
        expect(page.locator("hd-sweep[data-kind='ecg'] .sweep-notice")).to_contain_text("RA LA")
        room.station.board.leads_on()
        wait_until(page, f"{STRIP}.counts.gaps > {gaps} && {STRIP}.state === 'live'")
        assert_true(page, room)


def assert_true(page: Page, room: Room) -> None:
    """Each sample of the strip is the board's, and stands within a pixel of where it belongs."""
    plotted: list[dict[str, Any]] = page.evaluate(f"{STRIP}.plotted(0, 1e15)")
    scale, stream = page.evaluate(f"{STRIP}.scale"), page.evaluate(f"{STRIP}.stream")
    truth = room.station.board.truth.samples(room.station.board.boot_id, ECG)
    middle_px, px_per_mm = scale["height_px"] / 2, scale["pxPerMm"]
    baselines = set()
    for before, one in pairwise(plotted):
        assert truth[int(one["index"])] == one["value"]
        mv = (one["value"] - scale["baselineRaw"]) * stream["scale"] / 1000
        baselines.add(abs(middle_px - mv * 10 * px_per_mm - one["y_px"]) <= 1.0)
        along = one["x_px"] - before["x_px"]
        if one["index"] == before["index"] + 1 and along > 0:
            assert along == pytest.approx(25 * px_per_mm * 1000 / stream["rate_mhz"], abs=0.05)
    assert baselines == {True}


def test_a_lead_that_comes_off_is_named_within_a_second_of_the_boards_word(room: Room) -> None:
    with screen_of(room) as page:
        until_drawn(page)
        page.evaluate(
            """() => new MutationObserver(() => {
                 if (document.querySelector(".help")) window.helped_ms ??= performance.now();
               }).observe(document.body, { childList: true, subtree: true })"""
        )
        page.evaluate(
            """() => document.body.feed.addEventListener("notices", (event) => {
                 if (event.detail.streams.length) window.noticed_ms ??= performance.now();
               })"""
        )
        room.station.board.leads_off(LA)
        help_ = page.locator(".help")
        expect(help_.locator("h2")).to_contain_text("Tuột điện cực: LA (vai trái)")
        assert help_.locator("svg").get_attribute("aria-label").endswith("Đang tuột: LA.")  # type: ignore[union-attr]
        assert page.evaluate("window.helped_ms - window.noticed_ms") < 1_000
        pictures(room, "electrode-off", f"document.querySelector('.help svg') !== null && {HAS_NUMBERS}")
        room.station.board.leads_on()
        expect(help_).to_have_count(0)
        until_drawn(page)


def test_numbers_have_their_ages_and_without_a_probe_there_is_none(room: Room) -> None:
    with screen_of(room) as page:
        spo2 = page.locator("hd-value[data-mdc='150456']")
        expect(spo2.locator(".value-number")).to_have_text(re.compile(r"^\d\d$"))
        expect(spo2.locator(".value-age")).to_have_text(re.compile(r"^\d s$"))
        pictures(room, "seen", f"{IS_LIVE} && {HAS_NUMBERS}")
        room.station.board.probe_off()
        expect(spo2.locator(".value-number")).to_have_text("---")
        expect(page.locator(".help h2")).to_contain_text("Tuột đầu dò SpO₂")
        room.station.board.probe_on()
        expect(spo2.locator(".value-number")).to_have_text(re.compile(r"^\d\d$"))


def test_a_press_is_shown_with_what_to_do_next_and_cancelled_without_the_strips_going(room: Room) -> None:
    with screen_of(room) as page:
        until_drawn(page)
        page.evaluate("window.isTheSamePage = true")
        page.evaluate(  # the page looks no more by itself: only the station's news can show the call
            """() => {
                 const timer = window.setTimeout;
                 window.timer = timer;
                 window.setTimeout = (work, ms, ...rest) => {
                   if (ms !== 2000) return timer(work, ms, ...rest);
                   window.waiting = work;
                   return 0;
                 };
                 document.documentElement.dataset.looked = "before";
               }"""
        )
        page.wait_for_selector("html:not([data-looked=before])", state="attached")
        room.station.board.press()
        room.station.board.release()
        expect(page.locator(".call .state")).to_have_text("Trung tâm đã nhận cuộc gọi")
        expect(page.locator(".call .next")).to_contain_text("Không cần bấm lại")
        assert page.evaluate("window.isTheSamePage") is True
        page.evaluate("() => { window.setTimeout = window.timer; window.waiting(); }")
        pictures(room, "call", f"document.querySelector('.call.open') !== null && {HAS_NUMBERS}")
        page.get_by_role("button", name="Khẩn cấp").click()
        expect(page.locator(".call .emergency")).to_have_text("KHẨN CẤP")
        assert page.evaluate("window.isTheSamePage") is True
        page.get_by_role("button", name="Hủy cuộc gọi").click()
        page.get_by_role("button", name="Có, hủy").click()
        expect(page.locator(".call .state")).to_have_text("Nút gọi sẵn sàng")
        until_drawn(page)


def test_who_is_on_the_line_is_named_and_seen_and_the_screen_says_that_the_camera_is_open(
    room: Room,
) -> None:
    shown = "document.querySelector('#picture')?.checkVisibility() === true"
    with operator(room.village, allow=GONE) as desk, screen_of(room) as page:
        until_drawn(page)
        ring(desk, room.village, room.station)
        answer(desk, room.station)
        expect(page.locator(".call .state")).to_have_text("Đã có người trả lời")
        expect(page.locator(".call")).to_contain_text(f"Người trực: {OPERATOR}")
        expect(page.locator(".call")).to_contain_text("Máy quay đang mở")
        desk.locator("#call-camera").click()  # there is a screen now: it is looked at
        wait_until(page, f"{shown} && Number(document.querySelector('#picture').dataset.frames) > 5")
        until_drawn(page)
        look_at(page, "claimed-vi-1280")
        page.set_viewport_size({"width": 800, "height": 480})
        wait_until(page, f"{shown} && document.querySelector('#picture').getBoundingClientRect().width < 200")
        look_at(page, "claimed-vi-800")
        assert page.evaluate(CHECKS) == []
        hang_up(desk, room.village, room.station)
        wait_until(page, f"!({shown})")
        expect(page.locator(".call .state")).to_have_text("Nút gọi sẵn sàng")


def test_a_cable_that_is_pulled_changes_the_line_truthfully_and_signals_go_on(room: Room) -> None:
    with screen_of(room) as page:
        line = page.locator("footer.link .text")
        expect(line).to_have_text(re.compile("^Đường truyền tốt"))
        room.station.cable.pull()
        try:
            lost = re.compile(r"^Mất mạng từ \d\d:\d\d – đang giữ .* số liệu, chưa mất gì$")
            expect(line).to_have_text(lost, timeout=NOTICED_MS)
            until_drawn(page)
            pictures(room, "no-network", f"{IS_LIVE} && document.querySelector('.link.lost') !== null")
        finally:
            room.station.cable.replug()
        expect(line).to_have_text(re.compile("^Đường truyền tốt"))


def test_a_panel_that_is_killed_harms_nothing_and_the_page_heals_by_itself(room: Room) -> None:
    with screen_of(room) as page:
        until_drawn(page)
        room.panel.kill()
        expect(page.locator("#lost")).to_be_visible()
        wait_until(page, f"{STRIP}.state !== 'live'")
        wait_until(
            page, "[...document.querySelectorAll('hd-value')].every((one) => one.dataset.state === 'absent')"
        )
        assert room.station.answers()
        room.panel.start()
        expect(page.locator("#lost")).to_be_hidden()
        until_drawn(page)


def test_silence_of_the_measuring_service_is_said_and_shows_nothing_old(room: Room) -> None:
    with screen_of(room) as page:
        until_drawn(page)
        room.station.vitals.stop()
        expect(page.locator("h2")).to_contain_text("Máy đo không trả lời")
        assert page.locator("hd-sweep").count() == 0
        pictures(room, "silence", "document.querySelector('.silence h2') !== null")
        room.station.vitals.start()
        until_drawn(page)


def test_without_scripts_the_page_loads_itself_again_and_says_all_but_the_signals(room: Room) -> None:
    with chromium_page(size=SIZES[0]) as any_page:
        browser = any_page.context.browser
        assert browser is not None
        context = browser.new_context(java_script_enabled=False)
        try:
            page = context.new_page()
            page.goto(room.url)
            expect(page.locator(".call .state")).to_have_text("Nút gọi sẵn sàng")
            assert page.locator("noscript meta").count() == 1 or "refresh" in page.content()
            page.wait_for_event("framenavigated")
            expect(page.locator("footer.link")).to_contain_text("Đường truyền")
        finally:
            context.close()


def test_a_screen_that_nobody_needs_is_dark_and_wakes_by_electrode_button_and_touch(room: Room) -> None:
    station = room.station
    station.next_person("binh")
    with chromium_page(size=SIZES[0], allow=LOST) as page:
        page.clock.install(time=time.time())
        page.goto(f"{room.url}?lang=vi")
        expect(page.locator(".visit")).to_contain_text("Không có ai đang khám")
        blank = page.locator("#blank")

        def leave_alone() -> None:
            for _ in range(31):
                page.clock.run_for(2_000)
                wait_until(page, "performance.now() - Number(document.documentElement.dataset.looked) < 4000")
            expect(blank).to_be_visible()

        leave_alone()
        assert (
            page.evaluate("getComputedStyle(document.getElementById('blank')).backgroundColor")
            == "rgb(0, 0, 0)"
        )
        look_at(page, "blank")
        page.mouse.click(640, 300)  # where a button may be: it wakes, and does nothing else
        page.clock.run_for(1_000)
        expect(blank).to_be_hidden()
        pictures(room, "nobody", "document.querySelector('.visit') !== null")
        leave_alone()
        page.keyboard.press("Space")
        page.clock.run_for(1_000)
        expect(blank).to_be_hidden()
        leave_alone()
        station.sensors_on()
        _until_awake(page)
        expect(page.locator(".visit")).to_contain_text("Đang khám")


def _until_awake(page: Page) -> None:
    """The page looks again by its own clock, which stands while nobody moves it."""
    deadline_s = time.monotonic() + START_LIMIT_S
    while page.locator("#blank").is_visible():
        assert time.monotonic() < deadline_s, "the screen stays dark"
        page.clock.run_for(500)
        page.wait_for_timeout(50)
