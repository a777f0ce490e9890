"""What is asked before a step of a call, and the help: letters that are typed there are no commands."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser import chromium, observe_until
from tests.simulators.console_server import ConsoleServer, wait_for
from tests.simulators.console_station import ConsoleStation

from .conftest import finish


@pytest.fixture(scope="module", autouse=True)
def one_browser() -> Iterator[None]:
    with chromium():
        yield


def test_a_name_typed_while_the_choices_load_changes_nothing_and_the_key_still_answers(
    server: ConsoleServer, station: ConsoleStation, page: Page
) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/helpers", hold)
    call = station.press()
    observe_until(page, f"document.querySelector('.ring[data-call=\"{call}\"]') !== null")
    page.keyboard.press("F2")
    page.wait_for_url(re.compile("/stations/con-dao-01$"))
    observe_until(page, "document.querySelector('#case textarea[name=findings]') !== null")
    page.keyboard.press("?")
    idle = page.locator("#keys .is-idle dt").all_inner_texts()
    assert {"F2", "Y", "I", "R"} <= set(idle)
    assert {"H", "T", "K", "B", "M"} <= set(page.locator("#keys dl:not(.is-idle) dt").all_inner_texts())
    page.keyboard.press("Escape")

    page.keyboard.press("b")
    assert page.evaluate("document.activeElement.name") == "findings"
    page.evaluate("document.activeElement.blur()")

    before = server.call(server.rooms.calls)[0]
    page.keyboard.press("d")
    expect(page.locator(".choices")).to_have_text("đang tải…")
    page.keyboard.type("BS. Hà")
    assert page.evaluate("document.activeElement.className") == "choices"
    wait_for(lambda: len(held) == 1, "the question")
    held[0].continue_()
    expect(page.locator(".choices button").first).to_be_focused()
    page.keyboard.type("BS. Hà k")
    expect(page.locator(".choices button").first).to_be_focused()
    now = server.call(server.rooms.calls)[0]
    assert (now["state"], now["revision"]) == (before["state"], before["revision"])
    assert not page.locator("#case input[name=urgency]:checked").count()

    other = ConsoleStation(server, "ly-son").press()
    observe_until(page, f"document.querySelector('.ring[data-call=\"{other}\"]') !== null")
    page.keyboard.press("F2")  # she is in a call: it is said, and nothing is in its way
    expect(page.locator("dialog[open]")).to_have_count(0)
    page.keyboard.press("F2")
    page.wait_for_url(re.compile("/stations/ly-son$"))
    page.unroute("**/helpers")
    for one in (call, other):
        finish(server, str(one))
