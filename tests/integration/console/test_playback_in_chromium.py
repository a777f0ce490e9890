"""The past on a real page of the hub: what is drawn is what was sent, at true scale, and as calipers say."""

import itertools
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from contract.events import AnchorSet
from contract.ids import spool_text
from tests.browser import chromium_page, screenshot, wait_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ECG, ECG_HZ, ConsoleStation

PX_PER_MM = 4.2  # as somebody measured; a browser itself says 3.7795
MV = 200  # steps of 5 µV
RR = 200  # samples: 800 ms, 75 a minute
STATION = "con-dao-01"
UTC_US = 1_795_000_000_000_000
WAVE = [MV if index % RR < 10 else 0 for index in range(20 * ECG_HZ)]
GAP = (8 * ECG_HZ, 10 * ECG_HZ)  # what was never sent
MEASURE = """px => {
    localStorage.setItem('haidang.screen', JSON.stringify({px_per_mm: px, pixel_ratio: devicePixelRatio,
                         width: screen.width, height: screen.height}));
    dispatchEvent(new Event('haidang-screen'));
}"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("past"), names={STATION: "Trạm Y tế Côn Đảo"}) as server:
        server.account("Lan")
        yield server


@pytest.fixture(scope="module")
def station(server: ConsoleServer) -> ConsoleStation:
    """Two visits: 20 s of beats with two seconds missing, and another person's flat line of 3 mV after it."""
    station = ConsoleStation(server, STATION)
    at_us = station.now_us()
    station.now_us = lambda: at_us  # type: ignore[method-assign]
    station.open_visit(3)
    station.tell(AnchorSet(boot=1, t_us=at_us, utc_us=UTC_US, err_us=20_000, source="hub"))
    for begin in range(0, len(WAVE), ECG_HZ):
        if GAP[0] <= begin < GAP[1]:
            station.skip(1.0)
            continue
        station.samples(ECG, WAVE[begin : begin + ECG_HZ], ended_s_ago=39.0 - begin / ECG_HZ)
    for second in range(20):
        station.samples(2, [97 if second < 10 else 88], ended_s_ago=39.0 - second)
        station.samples(3, [75], ended_s_ago=39.0 - second)
    for began_us, off in ((5_000_000, (ECG,)), (12_000_000, ())):
        then_us = at_us - 40_000_000 + began_us
        station.now_us = partial(int, then_us)  # type: ignore[method-assign]
        station.leads(*off)
    station.now_us = lambda: at_us  # type: ignore[method-assign]
    station.close_visit()
    station.open_visit(4)
    station.samples(ECG, [3 * MV] * 10 * ECG_HZ)
    return station


def address(server: ConsoleServer, station: ConsoleStation, *, visit: int = 3, lang: str = "vi") -> str:
    asked = {"spool": spool_text(station.records.spool), "visit": visit, "boot": 1, "lang": lang}
    return f"{server.url}/stations/{STATION}/playback?{urlencode(asked)}"


@pytest.fixture(scope="module")
def browser_page(server: ConsoleServer, station: ConsoleStation) -> Iterator[Page]:
    cookie, _, token = server.session("Lan").partition("=")
    path = f"/stations/{STATION}/playback"
    wait_for(
        lambda: server.get(path, Cookie=f"{cookie}={token}").text.count('scope="row"') >= 2, "the visits"
    )
    with chromium_page(size=(1280, 800)) as page:
        page.context.add_cookies([{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}])
        yield page


@pytest.fixture
def page(browser_page: Page, server: ConsoleServer, station: ConsoleStation) -> Page:
    """The first visit from its beginning, on a screen that was measured."""
    browser_page.goto(address(server, station))
    wait_whole(browser_page)
    browser_page.evaluate(MEASURE, PX_PER_MM)
    wait_until(browser_page, "px => Math.abs(document.body.playback.pxPerMm - px) < 1e-9", PX_PER_MM)
    wait_whole(browser_page)
    return browser_page


def wait_whole(page: Page) -> None:
    """Everything of the window is drawn, and nothing is due."""
    wait_until(
        page,
        "document.body.playback?.state === 'whole' && !document.body.playback._isDue"
        " && document.querySelector('hd-still') !== null",
    )


def plotted(page: Page) -> list[dict[str, float]]:
    found: list[dict[str, float]] = page.locator("hd-still[data-kind=ecg]").evaluate("s => s.plotted()")
    return found


def state(page: Page) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(
        "(({at_us, cursor_us, span_us, period, edges_px}) => ({at_us, cursor_us, span_us,"
        " begin_us: period.begin_us, end_us: period.end_us, left: edges_px.from}))(document.body.playback)"
    )
    return found


def ink(page: Page, points: list[tuple[float, float]]) -> list[int]:
    """Alpha of the trace's canvas, the most of 3 x 3 pixels about each point."""
    found: list[int] = page.locator("hd-still[data-kind=ecg]").evaluate(
        """(s, points) => {
            const ink = s.querySelector('.sweep-ink').getContext('2d');
            return points.map(([x, y]) => Math.max(...ink.getImageData(Math.round(x * devicePixelRatio) - 1,
                Math.round(y * devicePixelRatio) - 1, 3, 3).data.filter((_, i) => i % 4 === 3)));
        }""",
        [list(point) for point in points],
    )
    return found


def test_every_sample_of_the_window_is_drawn_once_within_a_pixel_of_where_paper_has_it(page: Page) -> None:
    drawn, now = plotted(page), state(page)
    assert [point["value"] for point in drawn] == [WAVE[int(point["index"])] for point in drawn]
    indexes = [int(point["index"]) for point in drawn]
    assert indexes == sorted(set(indexes))
    expected = [i for i in range(len(WAVE)) if not GAP[0] <= i < GAP[1] and i < now["span_us"] / 4_000]
    assert len(indexes) == pytest.approx(len(expected), abs=2)
    height = page.locator("hd-still[data-kind=ecg] .sweep-field").evaluate("f => f.clientHeight")
    for point in drawn:
        at_s = (now["begin_us"] - now["at_us"]) / 1e6 + point["index"] / ECG_HZ
        assert abs(point["x_px"] - (now["left"] + at_s * 25 * PX_PER_MM)) < 1
        assert abs(point["y_px"] - (height / 2 - point["value"] / MV * 10 * PX_PER_MM)) < 1
    spots = [(point["x_px"], point["y_px"]) for point in drawn[5:-5:25]]
    assert min(ink(page, spots)) > 100  # and the canvas has ink there


def test_the_scale_is_true_after_the_screen_was_measured_and_not_called_so_before(
    page: Page, server: ConsoleServer, station: ConsoleStation
) -> None:
    drawn = plotted(page)
    steps = [b["x_px"] - a["x_px"] for a, b in itertools.pairwise(drawn) if b["index"] == a["index"] + 1]
    assert sum(steps) / len(steps) * ECG_HZ / PX_PER_MM == pytest.approx(25, rel=0.01)
    top, foot = min(point["y_px"] for point in drawn), max(point["y_px"] for point in drawn)
    assert (foot - top) / PX_PER_MM == pytest.approx(10, rel=0.01)
    expect(page.locator("hd-still[data-kind=ecg] .sweep-measure")).to_be_hidden()
    page.evaluate("localStorage.clear(); dispatchEvent(new Event('haidang-screen'))")
    expect(page.locator("hd-still[data-kind=ecg] .sweep-measure")).to_have_text("chưa đúng tỉ lệ")
    assert page.locator("hd-still[data-kind=ecg] .sweep-measure").get_attribute("href") == "/screen"


def test_a_gap_is_a_gap(page: Page) -> None:
    page.evaluate("document.body.playback.go(document.body.playback.period.begin_us + 6e6)")
    wait_whole(page)
    drawn = plotted(page)
    before = max(point["x_px"] for point in drawn if point["index"] < GAP[0])
    after = min(point["x_px"] for point in drawn if point["index"] >= GAP[1])
    assert (after - before) / (25 * PX_PER_MM) == pytest.approx(2.0, abs=0.02)
    count = page.locator("hd-still[data-kind=ecg]").evaluate(
        """(s, [from, to]) => {
            const canvas = s.querySelector('.sweep-ink'), x = Math.ceil(from), w = Math.floor(to) - x;
            return canvas.getContext('2d').getImageData(x, 0, w, canvas.height).data
                .filter((alpha, i) => i % 4 === 3 && alpha > 0).length;
        }""",
        [before + 2, after - 2],
    )
    assert count == 0


def test_calipers_say_what_was_sent_by_keyboard(page: Page) -> None:
    """Beats of 1 mV each 200 samples of 4 ms: 800 ms, 75 a minute."""
    page.keyboard.press("1")
    drawn = plotted(page)
    rise = next(p for p in drawn if p["value"] == MV and p["x_px"] > 200)
    page.evaluate(
        "t => { const m = document.body.playback.markers; m.at_us[0] = t; m.draw(); }", rise["t_us"]
    )
    page.keyboard.press("2")
    page.evaluate(
        "t => { const m = document.body.playback.markers; m.at_us[1] = t; m.draw(); }", rise["t_us"]
    )
    for _ in range(RR // 10):
        page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("#caliper-ms")).to_have_text("800 ms")
    expect(page.locator("#caliper-mv")).to_have_text("0,000 mV")
    expect(page.locator("#caliper-rate")).to_have_text("75,0 lần/phút")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#caliper-ms")).to_have_text("796 ms")
    expect(page.locator("#caliper-mv")).to_have_text("-1,000 mV")
    at_us = state(page)["at_us"]
    assert state(page)["at_us"] == at_us  # the arrows moved the marker and not the paper
    page.keyboard.press("0")
    expect(page.locator("#caliper-ms")).to_have_text("–")


def test_calipers_by_mouse_stand_on_samples(page: Page) -> None:
    page.keyboard.press("1")
    page.keyboard.press("2")
    box = page.locator("#past-strips").bounding_box()
    assert box is not None
    drawn = plotted(page)
    rises = [b for a, b in itertools.pairwise(drawn) if b["value"] - a["value"] == MV]
    for which, point in zip((0, 1), rises[1:3], strict=True):
        handle = page.locator(".caliper").nth(which).bounding_box()
        assert handle is not None
        page.mouse.move(handle["x"], box["y"] + 100)
        page.mouse.down()
        page.mouse.move(box["x"] + point["x_px"], box["y"] + 100, steps=5)
        page.mouse.up()
    expect(page.locator("#caliper-ms")).to_have_text("800 ms")
    expect(page.locator("#caliper-rate")).to_have_text("75,0 lần/phút")


def test_it_is_moved_by_keys_and_by_mouse_and_jumps_to_events(page: Page) -> None:
    began = state(page)
    page.keyboard.press("ArrowRight")
    assert state(page)["at_us"] == began["at_us"] + 1_000_000
    page.keyboard.press("PageDown")
    assert state(page)["at_us"] > began["at_us"] + 2_000_000
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowLeft")
    assert state(page)["at_us"] == began["at_us"]
    box = page.locator("#past-strips").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 500, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 500 - 25 * PX_PER_MM * 2, box["y"] + 100, steps=4)
    page.mouse.up()
    assert state(page)["at_us"] == pytest.approx(began["at_us"] + 2_000_000, abs=30_000)
    page.mouse.click(box["x"] + began["left"] + 25 * PX_PER_MM, box["y"] + 100)
    now = state(page)
    assert now["cursor_us"] == pytest.approx(now["at_us"] + 1_000_000, abs=30_000)
    page.evaluate("document.body.playback.go(0); document.body.playback.look(0)")
    page.keyboard.press("e")
    now = state(page)
    assert now["cursor_us"] - now["begin_us"] == pytest.approx(5_000_000, abs=20_000)
    page.keyboard.press("e")
    now = state(page)
    assert now["cursor_us"] - now["begin_us"] == pytest.approx(12_000_000, abs=20_000)
    assert now["at_us"] <= now["cursor_us"] <= now["at_us"] + now["span_us"]  # it can be seen
    expect(page.locator(".event-mark", has_text="đã gắn")).to_be_visible()
    page.keyboard.press("q")
    now = state(page)
    assert now["cursor_us"] - now["begin_us"] == pytest.approx(5_000_000, abs=20_000)
    page.keyboard.press("?")
    for text in ("Lùi một giây", "Đến sự kiện sau", "Thước đo: mốc 1; mũi tên dời từng mẫu"):
        expect(page.locator("#keys")).to_contain_text(text)
    page.keyboard.press("Escape")


def test_numbers_at_the_cursor_have_their_age_and_none_older_than_five_seconds(page: Page) -> None:
    spo2 = page.locator("#past-numbers [data-mdc='150456']")
    page.evaluate("document.body.playback.look(document.body.playback.period.begin_us + 3.5e6)")
    expect(spo2).to_contain_text("97 %")
    expect(spo2).to_contain_text("đo trước con trỏ 0 s")
    page.evaluate("(p => { p.go(p.period.end_us); p.look(p.period.end_us + 8e6); })(document.body.playback)")
    wait_whole(page)
    expect(spo2).to_contain_text("---")
    expect(spo2).to_contain_text("số cuối trước con trỏ")


def test_gain_filter_and_zoom_are_said_on_the_strip(page: Page) -> None:
    words = page.locator("hd-still[data-kind=ecg] .sweep-scale")
    expect(words).to_contain_text("10 mm/mV · 25 mm/s · không lọc")
    page.keyboard.press("z")
    expect(words).to_contain_text("5 mm/mV")
    drawn = plotted(page)
    spread = max(point["y_px"] for point in drawn) - min(point["y_px"] for point in drawn)
    assert spread / PX_PER_MM == pytest.approx(5, rel=0.01)
    page.keyboard.press("z")
    expect(words).to_contain_text("20 mm/mV")
    page.keyboard.press("z")
    page.keyboard.press("f")
    expect(words).to_contain_text("lọc hiển thị 0,5–40 Hz · ST không tin cậy")
    page.keyboard.press("f")
    expect(words).to_contain_text("lọc hiển thị: bỏ 50 Hz")
    page.keyboard.press("f")
    expect(words).to_contain_text("không lọc")
    page.keyboard.press("u")
    expect(words).to_contain_text("thu nhỏ: thấp nhất và cao nhất mỗi 0,1 s, không đúng 25 mm/s")
    wait_whole(page)
    assert plotted(page) == []  # an envelope is no trace


def test_no_sample_of_another_visit_is_ever_drawn(
    page: Page, server: ConsoleServer, station: ConsoleStation
) -> None:
    """`wrong_person`: along the whole first visit and past its ends there is nothing of the second."""
    wrong_person = 0
    for share in (0.0, 0.3, 0.6, 0.9, 1.0):
        page.evaluate(
            "s => { const p = document.body.playback; p.go(p.period.begin_us"
            " + s * (p.period.end_us - p.period.begin_us)); }",
            share,
        )
        wait_whole(page)
        wrong_person += sum(point["value"] == 3 * MV for point in plotted(page))
    assert wrong_person == 0
    page.goto(address(server, station, visit=4))
    wait_whole(page)
    assert {point["value"] for point in plotted(page)} == {3 * MV}


def test_a_piece_of_another_visit_is_refused_whatever_the_hub_sends(
    page: Page, server: ConsoleServer, station: ConsoleStation
) -> None:
    asked = {"spool": spool_text(station.records.spool), "visit": 4, "boot": 1}

    def answer(route: Any) -> None:
        url = route.request.url.replace("visit=3", "visit=4")
        route.fulfill(response=route.fetch(url=url))

    page.route("**/playback/piece?*", answer)
    page.goto(address(server, station))
    wait_until(page, "document.body.playback?.past.counts.refused > 0")
    assert page.evaluate("document.body.playback.past.counts.fetched") == 0
    assert page.locator("hd-still").count() == 0
    assert page.evaluate("document.body.playback.past.lastRefusal").endswith("another visit")
    expect(page.locator("#playback-time")).to_contain_text("Chưa đọc được dữ liệu")
    page.unroute("**/playback/piece?*")
    assert asked["visit"] == 4


@pytest.mark.parametrize(("lang", "scheme"), [("vi", "light"), ("en", "dark")])
def test_screenshots(
    page: Page,
    server: ConsoleServer,
    station: ConsoleStation,
    lang: str,
    scheme: Any,
    settle: Callable[[], None],
) -> None:
    page.emulate_media(color_scheme=scheme)
    page.goto(address(server, station, lang=lang))
    wait_whole(page)
    page.keyboard.press("1")
    page.keyboard.press("2")
    settle()
    screenshot(page, f"playback-{lang}-{scheme}")
    page.goto(f"{server.url}/screen?lang={lang}")
    screenshot(page, f"screen-{lang}-{scheme}")
    page.goto(f"{server.url}/stations/{STATION}/trends?of=day&lang={lang}")
    screenshot(page, f"trends-{lang}-{scheme}")
    page.emulate_media(color_scheme="light")


@pytest.fixture
def settle(page: Page) -> Callable[[], None]:
    return lambda: wait_whole(page)


def test_the_card_is_measured_with_keys_alone_and_strips_follow(
    browser_page: Page, server: ConsoleServer, station: ConsoleStation
) -> None:
    page = browser_page
    page.goto(f"{server.url}/screen?lang=vi")
    page.evaluate("localStorage.clear()")
    page.reload()
    expect(page.locator("#card-width")).to_be_focused()
    width = page.locator("#card").evaluate("c => c.getBoundingClientRect().width")
    assert width == pytest.approx(85.6 * 96 / 25.4, abs=0.3)
    for _ in range(40):
        page.keyboard.press("ArrowRight")
    wider = page.locator("#card").evaluate("c => c.getBoundingClientRect().width")
    assert wider == pytest.approx(width + 10, abs=0.3)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#card-text")).to_contain_text("đã lưu cho màn hình này")
    kept = page.evaluate("JSON.parse(localStorage.getItem('haidang.screen'))")
    assert kept["px_per_mm"] == pytest.approx(wider / 85.6, rel=0.001)
    assert kept["pixel_ratio"] == page.evaluate("devicePixelRatio")
    ruler = page.locator("#ruler").evaluate("r => r.getBoundingClientRect().width")
    assert ruler / kept["px_per_mm"] == pytest.approx(50, rel=0.001)
    page.goto(address(server, station))
    wait_whole(page)
    steps = [
        b["x_px"] - a["x_px"] for a, b in itertools.pairwise(plotted(page)) if b["index"] == a["index"] + 1
    ]
    assert sum(steps) / len(steps) * ECG_HZ / kept["px_per_mm"] == pytest.approx(25, rel=0.01)
    page.goto(f"{server.url}/screen")
    card = page.locator("#card-edge").bounding_box()
    assert card is not None
    page.mouse.move(card["x"] + 8, card["y"] + 40)
    page.mouse.down()
    page.mouse.move(card["x"] + 8 - 50, card["y"] + 40, steps=4)
    page.mouse.up()
    dragged = page.locator("#card").evaluate("c => c.getBoundingClientRect().width")
    assert dragged == pytest.approx(wider - 50, abs=2)
    page.evaluate("localStorage.clear()")


def test_derived_leads_are_reckoned_from_the_same_samples_and_say_so(page: Page) -> None:
    found = page.evaluate(
        """async () => {
            const { derivedFrom } = await import('/hub/console/static/derived.js');
            const { leadText } = await import('/web/strip_words.js');
            const stream = (key, label) => ({key, label, mdc: 1, kind: 'ecg', unit: 'uV', scale: 5});
            const run = (key, values, first = 0) => [key, [{key, first_index: first, rate_hz: 250,
                t_us: first * 4000, samples: Int32Array.from(values)}]];
            const of = (streams, runs) => derivedFrom(streams, new Map(runs)).map(({stream, runs}) =>
                [leadText(stream), stream.scale, runs.map((one) => [one.first_index, ...one.samples])]);
            const both = [stream('1.0', 'I'), stream('1.1', 'II')];
            return [of(both, [run('1.0', [10, 20, 30]), run('1.1', [7, 9], 1)]),
                    of([...both, stream('1.2', 'III')], []).map(([name]) => name),
                    of([both[0], stream('2.1', 'II')], []), of([both[0]], [])];
        }"""
    )
    assert found[0] == [
        ["III (tính)", 5, [[1, 7 - 20, 9 - 30]]],
        ["aVR (tính)", 2.5, [[1, -27, -39]]],
        ["aVL (tính)", 2.5, [[1, 33, 51]]],
        ["aVF (tính)", 2.5, [[1, -6, -12]]],
    ]
    assert found[1] == ["aVR (tính)", "aVL (tính)", "aVF (tính)"]  # what was measured is never reckoned
    assert found[2:] == [[], []]  # not from two devices, nor from one lead
