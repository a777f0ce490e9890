"""A browser whose date is days off: ages come from the hub's clock and the page's own monotonic one."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser import chromium_page, observe_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation

from .conftest import finish
from .test_live_in_chromium import living

DAYS_MS = 3 * 86_400_000
# The page's Date, and everything that is made from it, lies so far off; performance.now() goes on as ever.
OFF = """
  const Real = Date, now = Real.now.bind(Real);
  window.Date = class extends Real {
    constructor(...given) { if (given.length) super(...given); else super(now() + BY_MS); }
    static now() { return now() + BY_MS; }
  };
"""
AGE_S = "(at_ms) => document.body.console.line.age_ms(at_ms) / 1000"
RIGHT_WITHIN_S = 1.0


@pytest.mark.parametrize("by_ms", [DAYS_MS, -DAYS_MS], ids=["three days ahead", "three days behind"])
def test_with_a_date_three_days_off_ages_and_waveforms_are_right(
    server: ConsoleServer, station: ConsoleStation, by_ms: int
) -> None:
    with chromium_page(allow=r"ERR_|WebSocket") as page:
        cookie, _, token = server.session("Lan").partition("=")
        session = {"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}
        page.context.add_cookies([session])  # type: ignore[list-item]
        page.add_init_script(OFF.replace("BY_MS", str(by_ms)))
        page.goto(server.url)
        assert abs(page.evaluate("Date.now()") - server.rooms.utc_ms() - by_ms) < DAYS_MS / 2
        observe_until(page, "document.body.console?.duty.isOn")

        call = station.press(waited_s=20.0)
        expect(page.locator(".ring-text")).to_contain_text(re.compile(r"gọi cách đây [2-5]\d s"))
        pressed_ms = server.call(server.rooms.calls)[0]["latest_ms"]
        for _ in range(5):
            before_s = (server.rooms.line_ms() - pressed_ms) / 1000
            age_s = page.evaluate(AGE_S, pressed_ms)
            after_s = (server.rooms.line_ms() - pressed_ms) / 1000
            assert before_s - RIGHT_WITHIN_S <= age_s <= after_s + RIGHT_WITHIN_S
            page.wait_for_timeout(300)

        station.open_visit(30 + (by_ms < 0))
        station.numbers(97, 71)
        number = page.locator("tr[data-station='con-dao-01'] td[data-mdc='150456'] .reading")
        expect(number).to_contain_text(re.compile(r"^97 \d{1,2} s"))

        page.keyboard.press("F2")
        page.wait_for_url(re.compile("/stations/con-dao-01$"))
        expect(page.locator(".callbar-time")).to_have_text(re.compile(r"^\d{1,2} s$"))
        with living(station):
            delay = page.locator("hd-sweep[data-kind='ecg'] .sweep-delay")
            expect(delay).to_have_text(re.compile(r"^trễ [0-3],\d s$"))
        station.close_visit()
        page.goto("about:blank")
        finish(server, str(call))
