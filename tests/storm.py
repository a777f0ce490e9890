"""A storm of calls on one console: a real page of a real hub, and what a key pressed meanwhile costs."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from contract.ids import CallId
from tests.browser import chromium_page, observe, observe_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation

KEY_EVERY_MS: Final = 400
LIMIT_S: Final = 60.0
# Every key that is pressed, from its press to the frame that shows what it did.
KEYS_TIMED: Final = """
  window.keyTimes = [];
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (one.name === "keydown") window.keyTimes.push(one.duration);
  }).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
ORDER: Final = """() => [...document.body.console.calls.values()]
  .sort((a, b) => a.received_ms - b.received_ms).map((call) => call.id)"""


@dataclass(frozen=True, slots=True)
class Storm:
    """`lost`: calls that the page does not have; `in_order`: it has them as they came; `shown`: lines.
    `keys_ms`: until a key's effect was on the screen (what took less than 16 ms counts as 16). `pressed_s`:
    until the last button was pressed; `took_s`: until the page had the last call."""

    count: int
    lost: int
    in_order: bool
    shown: int
    more: str
    keys_ms: tuple[float, ...]
    pressed_s: float
    took_s: float


def run_storm(count: int, *, over_s: float, stations: int, folder: Path) -> Storm:
    """Let `count` buttons be pressed within `over_s`, before a console on duty whose keys are in use."""
    names = {f"tram-{number:04d}": f"Trạm {number:04d}" for number in range(stations)}
    with ConsoleServer(folder, names=names) as server, chromium_page(allow="ERR_") as page:
        server.account("Lan")
        cookie, _, token = server.session("Lan").partition("=")
        session = {"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}
        page.context.add_cookies([session])  # type: ignore[list-item]
        boxes = [ConsoleStation(server, name, spool=0xA000 + at) for at, name in enumerate(names)]
        page.add_init_script(KEYS_TIMED)
        page.goto(f"{server.url}/handover")  # a page that shows no stations: what is timed is the calls
        observe_until(page, "document.body.console?.duty.isOn")
        pressed: list[CallId] = []
        began_s = time.monotonic()
        presses = threading.Thread(target=_press, args=(boxes, count, over_s, pressed), name="storm")
        presses.start()
        keys = 0
        while presses.is_alive():
            page.keyboard.press("?")  # the list of keys, and away with it
            keys += 1
            page.wait_for_timeout(KEY_EVERY_MS)
        presses.join()
        pressed_s = time.monotonic() - began_s
        took_s = _wait(page, count, began_s)
        seen = page.evaluate(ORDER)
        times = sorted(page.evaluate("window.keyTimes"))
        storm = Storm(
            count=count,
            lost=len(set(map(str, pressed)) - set(seen)),
            in_order=seen == [str(call) for call in pressed],
            shown=page.locator(".ring").count(),
            more=page.locator("#ring-more").inner_text(),
            keys_ms=tuple([16.0] * max(0, keys - len(times)) + times),
            pressed_s=pressed_s,
            took_s=took_s,
        )
        page.goto("about:blank")
    return storm


def _press(boxes: list[ConsoleStation], count: int, over_s: float, pressed: list[CallId]) -> None:
    began_s = time.monotonic()
    for number in range(count):
        pressed.append(boxes[number % len(boxes)].press())
        time.sleep(max(0.0, began_s + (number + 1) * over_s / count - time.monotonic()))


def _wait(page: Page, count: int, began_s: float) -> float:
    """Return how long it took from then until the page had all calls, or the time was over."""
    while observe(page, "document.body.console.calls.size") < count:
        if time.monotonic() - began_s > LIMIT_S:
            break
        page.wait_for_timeout(20)
    return time.monotonic() - began_s
