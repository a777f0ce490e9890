"""Alerts as people use them: the bar on every page, one owned by the keyboard alone, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from contract.ids import StationId
from hub.fleet.station_card import StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from tests.browser import SCREENSHOTS, chromium_page, wait_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

NAMES = {
    "con-dao-01": "Trạm Y tế Côn Đảo", "ly-son": "Trạm Y tế Lý Sơn", "co-to": "Trạm Y tế Cô Tô",
    "bach-long-vi": "Trạm Y tế Bạch Long Vĩ", "muong-nhe": "Trạm Y tế Mường Nhé",
}  # fmt: skip
ISLANDS = ("co-to", "ly-son", "bach-long-vi")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsoleServer]:
    with ConsoleServer(tmp_path_factory.mktemp("alerts"), names=NAMES) as server:
        for name in ("Lan", "Minh"):
            server.account(name)
        units = [
            Unit(no=UnitNo(1), parent=None, names=(UnitName("Cục Quân y"),)),
            Unit(no=UnitNo(2), parent=UnitNo(1), names=(UnitName("Các đảo phía Bắc"),)),
        ]
        cards = [
            StationCard(station=StationId(name), unit=UnitNo(2 if name in ISLANDS else 1)) for name in NAMES
        ]
        server.run(lambda: server.rooms.organisation.keep([*units, *cards], by="Lan"))
        for number, name in enumerate(NAMES):
            if name != "muong-nhe":
                ConsoleStation(server, name, spool=0xE200 + number).status()
        wait_for(lambda: "silent" not in rules(server) and word(server, "ly-son") == "LIVE", "the stations")
        server.run(server.rooms.alerts.turn)
        server.ahead_s += 1_300
        ConsoleStation(server, "con-dao-01", spool=0xE2FF).status(owed=4_000)
        wait_for(lambda: word(server, "con-dao-01") == "LIVE", "one to be heard")
        server.run(server.rooms.alerts.turn)
        server.set_broker(is_there=False)
        server.run(server.rooms.alerts.turn)
        server.ahead_s += 65
        server.run(server.rooms.alerts.turn)
        yield server


def word(server: ConsoleServer, name: str) -> str:
    return str(server.call(lambda: server.rooms.station(StationId(name))["word"]))


def rules(server: ConsoleServer) -> list[str]:
    return [one.rule for one in server.call(server.rooms.alerts.open_alerts)]


@pytest.fixture(scope="module")
def page(server: ConsoleServer) -> Iterator[Page]:
    with chromium_page(allow=r"409 \(Conflict\)|422 ") as page:
        cookie, _, token = server.session("Lan").partition("=")
        page.context.add_cookies([{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}])
        page.set_viewport_size({"width": 1280, "height": 800})
        yield page


def picture(page: Page, name: str) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=Path(SCREENSHOTS) / f"{name}-{scheme}.png")
    page.emulate_media(color_scheme="light")


def test_a_hub_that_hears_nobody_flashes_on_every_page_until_somebody_owns_it(
    page: Page, server: ConsoleServer
) -> None:
    assert {"deaf", "silent"} <= set(rules(server))
    page.goto(f"{server.url}/alerts?lang=vi")
    bar = page.locator("#alert-bar .alarm-high")
    expect(bar).to_contain_text("Trung tâm không nghe được trạm nào: Trung tâm")
    flash = "(one) => [getComputedStyle(one).animationName, getComputedStyle(one).animationDuration]"
    assert bar.evaluate(flash) == ["flash", "0.5s"]  # 2 Hz, no more
    expect(page.locator("tr[data-alert]").filter(has_text="Các đảo phía Bắc")).to_contain_text("3 trạm")
    wait_until(page, "() => document.body.console")
    picture(page, "alerts-vi")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("t")
    page.keyboard.type("thợ đang sửa cáp của trung tâm")
    page.keyboard.press("Enter")
    expect(bar).to_have_class("alarm alarm-high alarm-seen")
    assert bar.evaluate(flash)[0] == "none"
    expect(page.locator("tr[data-alert]").filter(has_text="không nghe được")).to_contain_text("bạn")
    picture(page, "alerts-owned-vi")
    page.goto(f"{server.url}/alerts?lang=en")
    expect(page.locator("#alert-bar")).to_contain_text("The hub hears no station: The hub")
    expect(page.locator("main")).to_contain_text("Station silent")
    wait_until(page, "() => document.body.console")
    picture(page, "alerts-en")


def test_what_is_typed_stays_while_the_list_is_read_again(page: Page, server: ConsoleServer) -> None:
    page.goto(f"{server.url}/alerts?lang=vi")
    wait_until(page, "() => document.body.console")
    row = page.locator("tr[data-alert]").filter(has_text="Các đảo phía Bắc")
    row.locator("input[name=note]").fill("gọi điện lực")
    row.locator("select").select_option("8")
    before = server.call(lambda: server.rooms.alerts.number)
    (unit,) = [one for one in server.call(server.rooms.alerts.open_alerts) if one.place.unit == 2]
    desk = server.rooms.alerts
    server.run(lambda: desk.acknowledge(unit.no, by="Minh", note="đang gọi", for_s=3_600))
    assert server.call(lambda: desk.number) > before
    expect(row).to_contain_text("Minh")
    assert row.locator("input[name=note]").input_value() == "gọi điện lực"
    assert row.locator("select").input_value() == "8"
    row.locator("details summary").click()
    expect(row).to_contain_text("Trạm Y tế Bạch Long Vĩ")


def test_pages_of_one_alert_of_maintenance_and_of_a_station(page: Page, server: ConsoleServer) -> None:
    page.goto(f"{server.url}/maintenance?lang=vi")
    page.locator("#unit").select_option(label="Cục Quân y › Các đảo phía Bắc")
    page.locator("#why").fill("thay cáp quang ra đảo")
    page.get_by_role("button", name="Báo trước").click()
    expect(page.locator("main table")).to_contain_text("đang bảo trì, 1 cảnh báo được giữ im")
    picture(page, "maintenance-vi")
    page.goto(f"{server.url}/alerts?quiet=1&lang=en")
    expect(page.locator("tr.is-quiet")).to_contain_text("in maintenance")
    picture(page, "alerts-quiet-en")
    page.locator("tr.is-quiet td a").first.click()
    expect(page.locator("main")).to_contain_text("in maintenance, nobody is told")
    picture(page, "alert-en")
    page.goto(f"{server.url}/stations/ly-son?lang=vi")
    expect(page.locator("#station-alerts")).to_contain_text("Trạm im lặng")
    picture(page, "station-alerts-vi")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{server.url}/alerts?lang=vi")
    expect(page.locator("tr[data-alert]").first).to_be_visible()
    picture(page, "alerts-phone-vi")
