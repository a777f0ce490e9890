"""Trends: what was measured, visit by visit; gaps open, times no better than they are known."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from contract.events import AnchorSet
from contract.ids import StationId
from hub.console.assets import asset
from hub.fleet.station_card import StationCard
from tests.browser import screenshot, wait_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import PULSE_STREAM, SPO2_STREAM, ConsoleStation

STATION = "con-dao-01"
PATH = f"/stations/{STATION}/trends"


@pytest.fixture(scope="module")
def station(server: ConsoleServer) -> Iterator[ConsoleStation]:
    """Visit 3: ten minutes of 97 with two minutes missing. Visit 4: the next person, 88, still there."""
    station = ConsoleStation(server, STATION)
    at_us = station.now_us()

    def ago(seconds: float) -> None:
        station.now_us = lambda: at_us - int(seconds * 1e6)  # type: ignore[method-assign]

    ago(0.0)
    utc_us = server.call(server.rooms.utc_ms) * 1000
    station.tell(AnchorSet(boot=1, t_us=at_us, utc_us=int(utc_us), err_us=20_000, source="hub"))
    ago(965.0)
    station.open_visit(3)
    ago(0.0)
    for minute in range(10):
        if minute not in (4, 5):
            measure(station, 97, 71, ended_s_ago=900.0 - 60 * minute)
        else:
            station.skip(60.0)
    ago(330.0)
    station.close_visit()
    ago(305.0)
    station.open_visit(4)
    ago(0.0)
    for minute in range(4):
        measure(station, 88, 110, ended_s_ago=240.0 - 60 * minute)
    yield station


def measure(station: ConsoleStation, spo2: int, pulse: int, *, ended_s_ago: float) -> None:
    for stream, value in ((SPO2_STREAM, spo2), (PULSE_STREAM, pulse)):
        station.samples(stream, [value] * 60, ended_s_ago=ended_s_ago)


@pytest.fixture(scope="module")
def cookie(server: ConsoleServer) -> str:
    return server.session("Lan")


def told(server: ConsoleServer, cookie: str, of: str) -> list[dict[str, Any]]:
    answer = server.get(f"{PATH}?of={of}", Cookie=cookie, Accept="application/json")
    assert answer.status == 200
    visits: list[dict[str, Any]] = json.loads(answer.text)["visits"]
    return visits


def whole_day(server: ConsoleServer, cookie: str) -> list[dict[str, Any]]:
    def is_whole() -> bool:
        visits = told(server, cookie, "day")
        return len(visits) == 2 and sum(len(line["bins"]) for line in visits[1]["lines"]) >= 4

    wait_for(is_whole, "both visits")
    return told(server, cookie, "day")


def test_a_day_has_each_visit_by_itself_and_a_gap_has_no_bins(
    server: ConsoleServer, station: ConsoleStation, cookie: str
) -> None:
    first, second = whole_day(server, cookie)
    assert (first["visit_no"], second["visit_no"]) == ("3", "4")
    spo2, pulse = first["lines"]
    assert (spo2["label"], spo2["unit"], pulse["label"], pulse["unit"]) == ("SpO2", "%", "Mạch", "/min")
    assert {tuple(one[1:]) for one in spo2["bins"]} == {(97, 97, 97)}
    assert {tuple(one[1:]) for one in second["lines"][0]["bins"]} == {(88, 88, 88)}
    jumps = [b[0] - a[0] for a, b in itertools.pairwise(spo2["bins"]) if b[0] != a[0] + 1]
    assert len(jumps) == 1
    assert jumps[0] * first["bin_ms"] / 1000 == pytest.approx(120, abs=2 * first["bin_ms"] / 1000)
    assert second["utc_from_ms"] - first["utc_from_ms"] == pytest.approx((960 - 300) * 1000, abs=3_000)


def test_of_the_visit_is_the_newest_alone(
    server: ConsoleServer, station: ConsoleStation, cookie: str
) -> None:
    whole_day(server, cookie)
    (only,) = told(server, cookie, "visit")
    assert (only["visit_no"], only["is_under_way"]) == ("4", True)
    assert not told(server, cookie, "day")[0]["is_under_way"]
    assert {tuple(one[1:]) for one in only["lines"][1]["bins"]} == {(110, 110, 110)}


def test_without_scripts_there_is_a_table(
    server: ConsoleServer, station: ConsoleStation, cookie: str
) -> None:
    whole_day(server, cookie)
    page = server.get(f"{PATH}?of=day", Cookie=cookie).text
    assert page.count("<caption>") == 2
    assert "97 – <strong>97</strong> – 97" in page
    assert "88 – <strong>88</strong> – 88" in page
    deeds = server.run(lambda: server.rooms.people.deeds(STATION))
    assert [one.deed for one in deeds] == ["trends"]


def test_the_graph_joins_neither_visits_nor_gaps(
    server: ConsoleServer, station: ConsoleStation, cookie: str, page: Page
) -> None:
    whole_day(server, cookie)
    page.goto(f"{server.url}/stations/{STATION}")
    expect(page.locator("#trends .uplot")).to_have_count(2)
    expect(page.locator("#trends-note")).to_contain_text("Lượt khám")
    expect(page.locator("#trends .u-title").first).to_contain_text("SpO2")
    page.locator("#trends [data-of=day]").click()
    wait_until(
        page,
        "document.querySelectorAll('#trends .uplot').length === 2"
        " && document.querySelector('#trends [data-of=day]').ariaPressed === 'true'",
    )
    columns: list[list[float | None]] = page.evaluate(
        """async (trends) => {
            const m = await import(trends);
            const headers = {Accept: 'application/json'}, path = location.pathname + '/trends?of=day';
            const answer = await fetch(path, {headers});
            return m.columnsOf((await answer.json()).visits, (line) => line.label === 'SpO2');
        }""",
        asset("/hub/console/static/trends.js"),  # the page's own: there is one policy of its name
    )
    times, middles = columns[0], columns[2]
    assert times == sorted(times, key=lambda at: at or 0)
    changes = [at for at, value in enumerate(middles) if value is None]
    assert len(changes) >= 3  # the gap, and the end of each visit
    for before, after in itertools.pairwise(middles):
        assert not (before == 97 and after == 88)
    between = page.evaluate(  # of SpO2, from the one visit to the other, at 92.5: nothing as dark as a line
        """async () => {
            const u = document.body.trends.graphs[0], [times, , middles] = u.data;
            const at = (value) => times[middles.indexOf(value)];
            const from = Math.floor(u.valToPos(at(97), 'x', true));
            const y = Math.round(u.valToPos(92.5, 'y', true));
            const pixels = u.ctx.getImageData(from, y, u.bbox.left + u.bbox.width - from, 1).data;
            const reds = pixels.filter((value, i) => i % 4 === 0 && pixels[i + 3] > 60);
            return [Math.min(255, ...reds), pixels.length / 4];
        }"""
    )
    assert between[1] > 5
    assert between[0] > 150
    screenshot(page, "station-trends-vi-light")
    page.locator("#trends [data-of=visit]").click()
    wait_until(page, "document.querySelectorAll('#trends .uplot').length === 2")
    expect(page.locator("#trends-note")).to_contain_text("Lượt khám")
    for length_s in (30, 7_200):  # a visit of half a minute says seconds, one of hours does not
        labels: list[str] = page.evaluate(
            """async (length_s) => {
                const u = document.body.trends.graphs[0], [from] = u.data[0];
                u.setScale('x', { min: from, max: from + length_s });
                await new Promise(requestAnimationFrame);
                return u.axes[0]._values;
            }""",
            length_s,
        )
        assert len(labels) == len(set(labels)) > 1
        assert all(label.count(":") == (2 if length_s == 30 else 1) for label in labels)
    page.goto(f"{server.url}{PATH}?of=day&lang=en")
    screenshot(page, "trends-en-light")
    page.goto(f"{server.url}{PATH}?of=day&lang=vi")
    screenshot(page, "trends-vi-light")


def test_the_graph_of_a_station_in_another_zone_is_on_its_clock_and_says_so(
    server: ConsoleServer, station: ConsoleStation, cookie: str, page: Page
) -> None:
    whole_day(server, cookie)
    keep = server.rooms.organisation.keep
    server.run(lambda: keep([StationCard(station=StationId(STATION), zone="Asia/Tokyo")], by="Lan"))
    try:
        page.goto(f"{server.url}/stations/{STATION}")
        expect(page.locator("#trends-note")).to_contain_text("giờ ở trạm: Asia/Tokyo (UTC+09:00)")
        wait_until(page, "document.body.trends.graphs[0]?.axes[0]._values?.length > 1")
        zones = page.evaluate(
            """() => {
                const { _splits, _values } = document.body.trends.graphs[0].axes[0];
                const form = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
                const isOn = (timeZone) => _splits.every((s, i) => _values[i]
                    .startsWith(new Intl.DateTimeFormat("vi-VN", { ...form, timeZone }).format(s * 1000)));
                return ["Asia/Tokyo", "Asia/Ho_Chi_Minh"].map(isOn);
            }"""
        )
        assert zones == [True, False]
    finally:
        server.run(lambda: keep([StationCard(station=StationId(STATION))], by="Lan"))
