"""The list, the map and the wall over a made-up fleet: searched, walked by keys, filtered, grown old."""

import re
from collections.abc import Callable, Iterator
from typing import Final

import pytest
from playwright.sync_api import Page, expect

from contract.ids import StationId
from tests.browser import chromium_page, wait_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation
from tests.simulators.synthetic_fleet import made_fleet, settle
from tests.unit.hub.fleet.folded_texts import FOLDED

COUNT = 14_000
FIRST_VIEW_MAX_BYTES = 150_000  # compressed, as it travels
NAMES_MAX_BYTES = 600_000
KEPT_ABOVE_PX: Final = """[".notices", "#alert-bar"]
    .map((one) => document.querySelector(one).getBoundingClientRect().height).reduce((a, b) => a + b)"""
BESIDE_THE_WALL: Final = ("header.top", ".foot", "#duty", "#ring form", "#mine")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("fleet")) as server:
        server.account("Lan")
        settle(server, made_fleet(COUNT))
        yield server


@pytest.fixture(scope="module")
def page(server: ConsoleServer) -> Iterator[Page]:
    with chromium_page(size=(1280, 800), allow=r"ERR_|WebSocket") as page:
        cookie, _, token = server.session("Lan").partition("=")
        session = {"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}
        page.context.add_cookies([session])  # type: ignore[list-item]
        yield page


def open_list(page: Page, server: ConsoleServer, query: str = "") -> None:
    page.goto(f"{server.url}/{query}")
    wait_until(page, "document.body.fleet?.data.count > 0 && document.body.fleet.list.count > 0")


def test_all_are_there_and_sixty_rows_are_drawn(page: Page, server: ConsoleServer) -> None:
    open_list(page, server)
    assert page.evaluate("document.body.fleet.list.count") == COUNT
    assert page.locator("#fleet tbody tr[data-station]").count() <= 60
    expect(page.locator("#fleet")).to_have_attribute("aria-rowcount", str(COUNT + 1))
    expect(page.locator("#fleet-count")).to_have_text("14.000 trên 14.000 trạm")
    heights = page.locator("#fleet tbody tr[data-station]").evaluate_all(
        "(rows) => rows.map((row) => row.getBoundingClientRect().height)"
    )
    assert set(heights) == {44}
    cut = "(heads) => heads.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    assert page.locator("#fleet thead th").evaluate_all(cut) == []


def test_what_fourteen_thousand_names_weigh_comes_after_the_first_view(server: ConsoleServer) -> None:
    """The page with its first rows and all files is the first view; the names of all come when it stands."""
    weights: dict[str, float] = {}
    with chromium_page(size=(1280, 800), allow=r"ERR_|WebSocket") as page:
        name, _, value = server.session("Lan").partition("=")
        page.context.add_cookies([{"name": name, "value": value, "url": server.url}])
        network, addresses = page.context.new_cdp_session(page), {}
        network.send("Network.enable")
        network.on(
            "Network.requestWillBeSent",
            lambda told: addresses.update({told["requestId"]: told["request"]["url"]}),
        )
        network.on(
            "Network.loadingFinished",
            lambda told: weights.update({addresses[told["requestId"]]: told["encodedDataLength"]}),
        )
        open_list(page, server)
    names = sum(weight for address, weight in weights.items() if "/fleet/names.json" in address)
    assert 20_000 < sum(weights.values()) - names <= FIRST_VIEW_MAX_BYTES
    assert 0 < names <= NAMES_MAX_BYTES


def test_the_page_folds_by_the_hubs_table(page: Page, server: ConsoleServer) -> None:
    open_list(page, server)
    folded = page.evaluate(
        "async (texts) => { const { fold } = await import('/web/fold.js'); return texts.map(fold); }",
        [text for text, _ in FOLDED],
    )
    assert folded == [folded for _, folded in FOLDED]


def test_page_and_hub_choose_the_same_in_the_same_order(page: Page, server: ConsoleServer) -> None:
    open_list(page, server)
    for query in ("q=muong+nhe", "q=ca+mau&sort=name", "trouble=any&sort=unit", "word=NEVER&sort=heard"):
        first = page.evaluate(
            "(query) => [...document.body.fleet.select(query)].slice(0, 100)"
            ".map((one) => document.body.fleet.data.ids[one])",
            query,
        )
        text = server.get(f"/?{query}", Cookie=server.session("Lan")).text
        assert re.findall(r'<tr data-station="([^"]+)"', text) == first, query


def test_a_search_without_accents_finds_while_one_types_and_stands_in_the_address(
    page: Page, server: ConsoleServer
) -> None:
    open_list(page, server)
    page.keyboard.press("/")
    page.keyboard.type("muong nhe")
    first = page.locator("#fleet tbody tr[data-station]").first  # by its own name, or its unit's
    expect(first).to_contain_text("Mường")
    expect(first).to_contain_text("Nhé")
    assert 0 < page.evaluate("document.body.fleet.list.count") < COUNT / 10
    assert page.url.endswith("/?q=muong+nhe")
    assert "q=muong+nhe" in (page.locator("#to-map").get_attribute("href") or "")


def test_the_list_is_walked_by_keys_and_enter_opens(page: Page, server: ConsoleServer) -> None:
    open_list(page, server, "?sort=name")
    page.keyboard.press("l")
    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "End"):
        page.keyboard.press(key)
    assert page.evaluate("document.body.fleet.list.active") == COUNT - 1
    expect(page.locator("tr.is-active")).to_have_attribute("aria-rowindex", str(COUNT + 1))
    page.keyboard.press("PageUp")
    assert page.evaluate("document.body.fleet.list.active") < COUNT - 1
    page.keyboard.press("Home")
    expect(page.locator("#fleet")).to_have_attribute("aria-activedescendant", "row-0")
    station = page.locator("tr.is-active").get_attribute("data-station")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/stations/{station}$"))
    expect(page.locator("#health summary")).to_contain_text("Hộp và đường truyền")


def test_what_a_station_says_is_on_its_row_within_seconds(page: Page, server: ConsoleServer) -> None:
    open_list(page, server, "?q=tram+00009")
    row = page.locator("tr[data-station='tram-00009']")
    station = ConsoleStation(server, "tram-00009")
    station.open_visit(3)
    station.status(round_trip_ms=4_321)
    expect(row.locator(".presence")).to_have_text(re.compile(r"^đang nghe · \d{1,2} s$"))
    expect(row.locator(".link")).to_contain_text("4321 ms")
    expect(row.locator(".visit")).not_to_be_empty()


def test_a_row_grows_old_by_itself(page: Page, server: ConsoleServer) -> None:
    open_list(page, server, "?q=tram+00011")
    station = ConsoleStation(server, "tram-00011")
    station.status()
    presence = page.locator("tr[data-station='tram-00011'] .presence")
    expect(presence).to_have_attribute("data-word", "LIVE")
    try:
        server.ahead_s = 361.0
        expect(presence).to_have_attribute("data-word", "LATE")
        server.ahead_s = 1_081.0
        expect(presence).to_have_attribute("data-word", "SILENT")
    finally:
        server.ahead_s = 0.0


def test_a_view_is_saved_under_a_name_and_is_a_link(page: Page, server: ConsoleServer) -> None:
    open_list(page, server, "?trouble=HOT&sort=unit")
    page.locator(".save-view summary").click()
    page.locator(".save-view input[name=name]").fill("Hộp nóng")
    page.locator(".save-view input[name=name]").press("Enter")
    link = page.locator(".views a", has_text="Hộp nóng")
    expect(link).to_have_attribute("href", "/?trouble=HOT&sort=unit")
    expect(link).to_have_attribute("aria-current", "page")
    page.locator(".saved button").click()
    expect(page.locator(".views")).to_have_count(0)


def test_the_map_marks_both_special_zones_and_no_neighbour(page: Page, server: ConsoleServer) -> None:
    page.goto(f"{server.url}/map")
    wait_until(page, "document.body.fleet?.map.shown.length > 0")
    zones, frame = page.evaluate(
        """async () => {
        const { ZONES, MAINLAND } = await import("/hub/console/static/outline.js");
        const east = MAINLAND.map((one) => one[0]), north = MAINLAND.map((one) => one[1]);
        return [ZONES.map((zone) => [zone.name, zone.islands.length]),
            [Math.min(...east), Math.min(...north), Math.max(...east), Math.max(...north)]];
    }"""
    )
    assert [name for name, _ in zones] == ["Hoàng Sa", "Trường Sa"]
    assert all(count >= 8 for _, count in zones)
    west, south, east, north = frame
    assert (102 < west < 103) and (8 < south < 9) and (109 < east < 110) and (23 < north < 24)
    expect(page.locator(".map-title")).to_contain_text("Sơ đồ, không phải bản đồ")


def test_the_map_is_moved_and_chosen_from_by_keys_and_the_list_says_the_same(
    page: Page, server: ConsoleServer
) -> None:
    page.goto(f"{server.url}/map?q=tram+00042")
    wait_until(page, "document.body.fleet?.map.shown.length === 1")
    expect(page.locator("#in-sight li")).to_have_count(1)
    page.locator("#map").focus()
    for key in ("+", "ArrowLeft", "-", "0", "Enter"):
        page.keyboard.press(key)
    expect(page.locator("#chosen h2 a")).to_have_attribute("href", "/stations/tram-00042")
    expect(page.locator("#chosen h2 a")).to_be_focused()


def test_a_unit_is_entered_by_a_click(page: Page, server: ConsoleServer) -> None:
    page.goto(f"{server.url}/map")
    wait_until(page, f"document.body.fleet?.map.shown.length === {COUNT}")
    assert page.evaluate("document.body.fleet.map.depth") == 0
    x, y = page.evaluate(
        """() => {
        const map = document.body.fleet.map, one = map._clusters[0][25];
        return [map._x(one.east), map._y(one.north)];
    }"""
    )
    page.locator("#map").click(position={"x": x, "y": y})
    wait_until(page, "document.body.fleet.map.depth !== 0")


# Of each station in sight: the colours that may lie at its place (its own, and those that are drawn over it),
# and those that do.
AT_PLACES = """() => {
    const { map } = document.body.fleet, { canvas } = map, { east, north } = map._data;
    const pen = canvas.getContext("2d"), ratio = canvas.width / map.width, found = [];
    const all = pen.getImageData(0, 0, canvas.width, canvas.height);
    const written = (name) => { pen.fillStyle = map._colours[name]; return pen.fillStyle; };
    const [quiet, accent, attention] = ["quiet", "accent", "attention"].map(written);
    const words = [[accent, quiet, attention], [attention], [quiet, attention], [quiet, accent, attention]];
    for (const number of map.shown) {
        const x = Math.round(map._x(east[number]) * ratio), y = Math.round(map._y(north[number]) * ratio);
        if (!(x > 3 && y > 3 && x < all.width - 3 && y < all.height - 3)) continue;
        const seen = [-2, -1, 0, 1].flatMap((dy) => [-2, -1, 0, 1].map((dx) => {
            const from = 4 * ((y + dy) * all.width + x + dx), bytes = [...all.data.slice(from, from + 3)];
            return "#" + bytes.map((n) => n.toString(16).padStart(2, "0")).join("");
        }));
        found.push([map._marks[number] & 1 ? [attention] : words[map._words[number]], seen]);
    }
    return found;
}"""
SUM = """() => {
    const { map } = document.body.fleet, { data } = map.canvas.getContext("2d")
        .getImageData(0, 0, map.canvas.width, map.canvas.height);
    return data.reduce((sum, one, at) => (sum * 31 + one * (at % 97)) % 1_000_003, 0);
}"""


def test_from_far_each_station_has_its_mark_and_leaves_nothing_when_the_map_moves(
    page: Page, server: ConsoleServer
) -> None:
    page.goto(f"{server.url}/map")
    wait_until(page, f"document.body.fleet?.map.shown.length === {COUNT}")
    page.evaluate("document.body.fleet.map.isEach = true; document.body.fleet.map.draw()")
    found = page.evaluate(AT_PLACES)
    assert len(found) > COUNT / 2
    assert [one for one in found if not set(one[0]) & set(one[1])] == []
    before, moved, back = page.evaluate(
        f"""() => {{
        const {{ map }} = document.body.fleet, sum = {SUM};
        const sums = [];
        for (const by of [0, 40, -40]) {{
            map.pan(by, by);
            map.draw();
            sums.push(sum());
        }}
        return sums;
    }}"""
    )
    assert moved != before
    assert back == before


def test_the_wall_says_huge_that_it_is_old(page: Page, server: ConsoleServer) -> None:
    page.goto(f"{server.url}/wall")
    wait_until(page, "document.body.fleet?.map.shown.length > 0")
    expect(page.locator("#wall-age")).to_be_hidden()
    counts = [page.locator(f"#count-{word}").inner_text() for word in ("LIVE", "LATE", "SILENT", "NEVER")]
    assert sum(int(count.replace(".", "")) for count in counts) == COUNT
    server.set_broker(is_there=False)
    try:
        expect(page.locator("#wall-age")).to_contain_text("SỐ LIỆU CŨ")
        expect(page.locator("#count-LIVE")).to_have_text("0")
    finally:
        server.set_broker(is_there=True)
    expect(page.locator("#wall-age")).to_be_hidden()


def test_the_wall_is_nothing_but_the_wall_and_esc_or_a_quiet_link_lead_out(
    page: Page, server: ConsoleServer
) -> None:
    ways_out: list[Callable[[], None]] = [
        lambda: page.keyboard.press("Escape"),
        lambda: page.locator("#wall-out").click(),
    ]
    for leave in ways_out:
        page.set_viewport_size({"width": 1920, "height": 1080})
        page.goto(f"{server.url}/wall")
        wait_until(page, "document.body.fleet?.map.shown.length > 0")
        shown = [one for one in BESIDE_THE_WALL if page.locator(one).first.is_visible()]
        assert shown == []
        box = page.locator(".wall").bounding_box()
        assert box is not None
        assert box["y"] - page.evaluate(KEPT_ABOVE_PX) < 40
        assert 1000 < box["y"] + box["height"] <= 1080
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")
        leave()
        page.wait_for_url(f"{server.url}/")
        expect(page.locator("header.top")).to_be_visible()


def test_a_call_stands_first_on_list_and_wall(page: Page, server: ConsoleServer) -> None:
    station = ConsoleStation(server, "tram-07000")
    station.press(waited_s=70.0)
    open_list(page, server)
    expect(page.locator("#fleet tbody tr[data-station]").first).to_have_attribute(
        "data-station", "tram-07000"
    )
    page.goto(f"{server.url}/wall")
    expect(page.locator("#wall-calls li")).to_have_count(1)
    expect(page.locator("#wall-calls li")).to_have_attribute("data-group", "ringing")
    assert server.rooms.stations.knows(StationId("tram-07000"))
