"""Pages that have lost their hub, or whose hub has lost its broker."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.browser import wait_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation

from .conftest import NAMES


def test_a_page_whose_hub_lost_its_broker_says_so_and_nothing_on_it_looks_live(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.status()
    expect(page.locator("tr[data-station='con-dao-01'] .presence")).to_have_attribute("data-word", "LIVE")
    server.set_broker(is_there=False)
    try:
        expect(page.locator("#broker")).to_contain_text("Trung tâm không nghe được trạm nào từ ")
        expect(page.locator("tr[data-station='con-dao-01'] .presence")).to_have_attribute("data-word", "LATE")
        assert page.evaluate("'stale' in document.body.dataset")
    finally:
        server.set_broker(is_there=True)
    expect(page.locator("#broker")).to_be_hidden()
    wait_until(page, "!('stale' in document.body.dataset)")


def test_a_session_that_ends_elsewhere_ends_on_the_page(
    server: ConsoleServer, browser_page: Page, page: Page
) -> None:
    token = next(one["value"] for one in page.context.cookies() if one["name"] == "haidang")
    server.post("/logout", Cookie=f"haidang={token}")
    expect(page).to_have_url(re.compile("/login$"))


def test_a_page_whose_hub_is_killed_says_as_of_when_it_speaks_and_comes_back_by_itself(
    tmp_path: Path, browser_page: Page, enter: Callable[[ConsoleServer, str], None]
) -> None:
    with ConsoleServer(tmp_path, names=NAMES) as first:
        first.account("Lan")
        enter(first, "Lan")
        wait_until(browser_page, "document.body.console.clock.now_ms() !== null")  # it has heard the hub
    expect(browser_page.locator("#lost")).to_contain_text("Mất liên lạc với trung tâm.")
    assert re.search(r"số liệu lúc \d\d:\d\d:\d\d\.$", browser_page.locator("#lost").inner_text())
    assert browser_page.evaluate("'stale' in document.body.dataset")
    with ConsoleServer(tmp_path, names=NAMES, port=first.port):
        expect(browser_page.locator("#lost")).to_be_hidden()
        browser_page.goto("about:blank")
