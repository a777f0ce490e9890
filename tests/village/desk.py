"""An operator before the console: Chromium, logged in."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Page

from tests.browser import chromium_page, wait_until
from tests.village import media_watch
from tests.village.village import OPERATOR, Village

RINGING = "form.ring[data-call]"
GONE = r"ERR_|WebSocket|net::|Failed to load resource"  # what a browser reports while a hub is away
MOVED_ON = r"409 \(Conflict\)"  # the call changed between look and key: the page does it once more


@contextmanager
def operator(
    village: Village,
    *,
    allow: str | None = None,
    scheme: Any = "light",
    account: tuple[str, str] | None = None,
) -> Iterator[Page]:
    """Open the list of stations as the operator on duty, the ring unlocked by the keys of the login.

    Every page after the login is watched (`media_watch`). `account`: name and password of another operator.
    """
    with on_duty(village.url, account or (OPERATOR, village.password), allow=allow, scheme=scheme) as page:
        yield page


@contextmanager
def on_duty(
    url: str, account: tuple[str, str], *, allow: str | None = None, scheme: Any = "light"
) -> Iterator[Page]:
    """Open the list of stations of the hub at `url` with name and password. See `operator`."""
    name, password = account
    allowed = MOVED_ON if allow is None else f"{MOVED_ON}|{allow}"
    is_ours = url.startswith("https:")  # with a certificate of this village's own authority
    with chromium_page(url, allow=allowed, scheme=scheme, ignore_certificate=is_ours) as page:
        media_watch.put_in(page)
        page.fill("input[name=name]", name)
        page.fill("input[type=password]", password)
        page.keyboard.press("Enter")
        page.wait_for_selector("#as-of")
        yield page


def open_station(page: Page, village: Village, name: str) -> None:
    """Open a station's page and return when its ECG is drawn live."""
    page.goto(f"{village.url}stations/{name}")
    drawn = "(strip) => strip.state === 'live' && strip.plotted(0, 2 ** 40).length > 0"
    wait_until(page, f"() => [...document.querySelectorAll('hd-sweep')].some({drawn})")


def strip_state(page: Page) -> str:
    """What the first strip says of itself: empty, waiting, live, late or stale."""
    return str(page.evaluate("() => document.querySelector('hd-sweep')?.state ?? 'empty'"))


def plotted(page: Page, stream: int, *, first: int = 0, last: int = 2**40) -> dict[int, int]:
    """Index -> value of what a strip has drawn, read back from where it was drawn."""
    points = page.evaluate(
        "([stream, first, last]) => (document.querySelector(`hd-sweep[data-stream='${stream}']`)"
        "?.plotted(first, last) ?? []).map((point) => [Number(point.index), point.value])",
        [stream, first, last],
    )
    return {int(index): int(value) for index, value in points}


def shown_value(page: Page, mdc: int) -> str:
    """The big number of a measurement as it stands on the page; "---" where there is none."""
    text = page.evaluate(
        "(mdc) => document.querySelector(`hd-value[data-mdc='${mdc}'] .value-number`)?.textContent ?? '---'",
        mdc,
    )
    return str(text).strip()


def hear_calls(page: Page) -> None:
    """Keep what the hub tells this page of its calls, for `heard_calls`, until it loads another page."""
    page.evaluate(
        "() => document.body.console.news.addEventListener('state', (event) => {"
        " document.body.heardCalls = event.detail.calls; })"
    )
    wait_until(page, "() => 'heardCalls' in document.body")


def heard_calls(page: Page) -> list[dict[str, Any]]:
    """The open calls as the hub told the page last, times in ms of the hub's UTC."""
    calls: list[dict[str, Any]] = page.evaluate("() => document.body.heardCalls")
    return calls
