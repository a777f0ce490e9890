"""Somebody before a console, with a keyboard and no mouse."""

import time
from typing import Final

from playwright.sync_api import Page, expect

from tests.browser import POLL_MS

LIMIT_S: Final = 120.0  # one wait; long: a loaded machine is no failure
LIMIT_MS: Final = LIMIT_S * 1_000
TABS_MAX: Final = 160  # keys until something is reached; a page has fewer stops
TALKS: Final = (
    "() => document.body.call?.phase === 'connected' && document.body.call.counts?.framesDecoded > 0"
    " && document.getElementById('call-sound').currentTime > 0"
)
IS_LOST: Final = "() => !document.body.call && document.querySelector('form.ring[data-call]') !== null"


class Person:
    """Does everything by keys: what is not under one is reached by Tab."""

    def __init__(self, name: str, page: Page, *, url: str) -> None:
        self.name, self.page, self._url = name, page, url
        page.set_default_timeout(LIMIT_MS)

    def sign_on(self, password: str) -> None:
        """Log in; return when the hub has taken this console's proof that it could hear and answer."""
        self.page.goto(self._url)
        expect(self.page.locator("input[name=name]")).to_be_focused(timeout=LIMIT_MS)
        self.type(self.name)
        self.press("Tab")
        self.type(password)
        self.press("Enter")
        self.page.wait_for_selector("#as-of")
        self.is_on_duty()

    def is_on_duty(self) -> None:
        """Return when the console says that the hub counts on it."""
        expect(self.page.locator("#on-duty")).to_have_text("đang trực", timeout=LIMIT_MS)

    def ready(self) -> list[str]:
        """Whom the hub counts on now, read with this session, whatever page is open."""
        found: list[str] = self.page.request.get(f"{self._url}duty").json()
        return found

    def leave(self) -> None:
        """Close the console; the browser still knows its user."""
        self.page.goto("about:blank")

    def come_back(self, path: str = "") -> None:
        """Open the console again, and touch a key: a browser lets no page sound before."""
        self.page.goto(self._url + path)
        self.page.wait_for_selector("#as-of")
        self.press("Shift")
        self.is_on_duty()

    def press(self, key: str) -> None:
        """Press one key."""
        self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        """Type a text where the focus is."""
        self.page.keyboard.type(text)

    def reach(self, selector: str) -> None:
        """Press Tab until it has the focus."""
        expect(self.page.locator(selector).first).to_be_visible(timeout=LIMIT_MS)
        for _ in range(TABS_MAX):
            if self.page.evaluate("(one) => document.activeElement?.matches(one) ?? false", selector):
                return
            self.press("Tab")
        raise AssertionError(f"{selector} is not reached by Tab")

    def choose(self, selector: str) -> None:
        """Reach it and press Enter."""
        self.reach(selector)
        self.press("Enter")

    def fill(self, selector: str, text: str) -> None:
        """Reach a field and type into it."""
        self.reach(selector)
        self.type(text)

    def pick(self, selector: str, text: str) -> None:
        """Reach a choice, and go down to the first line that begins so."""
        self.reach(selector)
        lines = self.page.locator(f"{selector} option").all_inner_texts()
        for _ in range(next(at for at, line in enumerate(lines) if line.startswith(text))):
            self.press("ArrowDown")

    def go(self, path: str) -> None:
        """Go to one of the pages that every page leads to."""
        if self.page.locator(f'nav details:not([open]) a[href="{path}"]').count():
            self.choose("nav details > summary")
        self.choose(f'nav a[href="{path}"]')
        self.page.wait_for_url(f"**{path}")
        self.is_on_duty()

    def sees(self, selector: str, text: str) -> None:
        """Return when something on the page says this."""
        expect(self.page.locator(selector).first).to_contain_text(text, timeout=LIMIT_MS)

    def hears_a_ring(self, name: str) -> None:
        """Return when the page rings for that station, and sounds."""
        self.sees("form.ring[data-call] .ring-name", name)
        self.until("() => document.body.console.ring.isRunning")

    def answers(self, station: str) -> None:
        """Press the key; return when the page of the station is there."""
        self.press("F2")
        self.page.wait_for_url(f"**/stations/{station}")

    def talks(self) -> None:
        """Return when picture and voice of the station are here. On a slow machine a page may come too late
        and the call rings again, or the way with a picture takes too long: a key asks again for each.
        """
        deadline_s = time.monotonic() + LIMIT_S
        while not self.page.evaluate(TALKS):
            assert time.monotonic() < deadline_s, f"{self.name} neither hears nor sees the station"
            if self.page.evaluate(IS_LOST):
                self.press("F2")
            elif self.page.locator("#call-again").is_visible():
                self.press("i")
            self.page.wait_for_timeout(POLL_MS)

    def until(self, expression: str, arg: object = None) -> None:
        """Return when this is so in the page."""
        deadline_s = time.monotonic() + LIMIT_S
        while not self.page.evaluate(expression, arg):
            assert time.monotonic() < deadline_s, f"{self.name}: not within {LIMIT_S} s: {expression}"
            self.page.wait_for_timeout(POLL_MS)
