"""A call that is closed from its station's page, by keys alone: its papers go, the way to them stays."""

import re

import pytest
from playwright.sync_api import Page, expect

from contract.ids import CallId, StationId
from tests.browser import observe_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

from .test_keyboard_in_chromium import ON_DUTY, in_state, says, step, tab_to


def close_by_keys(server: ConsoleServer, page: Page, call: CallId) -> None:
    """Answer the call, end it and write down how it ended."""
    expect(page.locator(".ring")).to_have_count(1)
    page.keyboard.press("F2")
    page.wait_for_url(re.compile("/stations/con-dao-01$"))
    in_state(server, call, "CONNECTING", "Lan")
    step(page, "k")
    says(page, "bạn chưa ghi xong biên bản")
    expect(page.locator("#case-close select")).to_be_visible()
    tab_to(page, "at.name === 'disposition'")
    page.keyboard.press("ArrowDown")
    tab_to(page, "at.closest('#case-close') && at.type === 'submit'")
    page.keyboard.press("Enter")
    in_state(server, call, "CLOSED", None)


@pytest.mark.timeout(180)
def test_a_call_closed_from_its_stations_page_leaves_a_line_that_leads_to_its_papers(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    observe_until(page, ON_DUTY)
    station.hello()
    call = station.press()
    close_by_keys(server, page, call)
    line = page.locator("#closed")
    expect(line).to_have_text(re.compile(r"^Cuộc gọi đã đóng\.\s+Trang của cuộc gọi$"))
    expect(line).to_be_visible()
    expect(page.locator("#papers > *")).to_have_count(0)
    expect(line.locator("a")).to_have_attribute("href", f"/calls/{call}")

    said = page.locator("#events li").filter(has_text="trạm biết cuộc gọi đã kết thúc")
    before = said.count()
    station.step(call, "ended")
    expect(said).to_have_count(before + 1)  # without loading the page anew
    expect(line).to_be_visible()

    follower = station.press()
    expect(page.locator(".ring")).to_have_count(1)
    expect(line).to_be_hidden()
    close_by_keys(server, page, follower)
    expect(line.locator("a")).to_have_attribute("href", f"/calls/{follower}")
    expect(line).to_be_visible()
    page.keyboard.press("Tab")
    tab_to(page, "at.closest('#closed')")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/calls/{re.escape(str(follower))}$"))
    expect(page.locator(".case-links")).to_contain_text("Biên bản")


def test_a_page_without_a_call_speaks_of_none_that_is_closed(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    station.hello()
    wait_for(lambda: server.call(lambda: server.rooms.stations.knows(StationId(station.name))), "the station")
    page.goto(f"{server.url}/stations/con-dao-01")
    observe_until(page, "document.body.console && document.querySelector('#as-of')?.textContent")
    expect(page.locator("#closed")).to_be_hidden()
    link = page.locator("a[href='/calls/closed?station=con-dao-01']")
    expect(link).to_have_count(1)
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/calls/closed\?station=con-dao-01$"))
