"""A thousand presses in ten seconds before one open page: all there, in order, and a key is answered."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from contract.ids import CallId, RecordClass
from hub.calls.table import Input
from tests.bench.report import percentile
from tests.browser import chromium, wait_until
from tests.calls.looks import Looks, until
from tests.calls.seat import Hand
from tests.calls.tab import Tab
from tests.simulators.box import BoxLink, BoxRecords
from tests.village.village import OPERATOR, Village

KEY_EVERY_S: Final = 0.05
ANSWERS_AT_S: Final = (2.0, 4.0, 6.0, 8.0)
# How long each key waits in the page until something may hear it, kept over the pages that follow.
HEAR_KEYS: Final = """
addEventListener("keydown", (event) => {
  const delays = JSON.parse(sessionStorage.getItem("delays") ?? "[]");
  sessionStorage.setItem("delays", JSON.stringify([...delays, performance.now() - event.timeStamp]));
}, true);
"""
DELAYS: Final = "() => JSON.parse(sessionStorage.getItem('delays') ?? '[]')"
IN_ORDER: Final = (  # the very module of the page, which has a version in its address
    "async () => { const { src } = document.querySelector('script[src*=\"/static/\"]');"
    "return (await import(src.replace(/[^/]+$/, 'ringing.js'))).ringing().map((call) => call.id) }"
)
OWNER: Final = "(id) => document.body.console?.calls?.get(id)?.owner ?? null"


@dataclass(frozen=True, slots=True)
class Storm:
    """`keys`: how many were pressed meanwhile; `answers`: of them F2, each of which claimed the oldest call;
    `seconds`: from the first press to the last on the hub's disk."""

    calls: int
    lost: int
    is_order_kept: bool
    keys: int
    answers: int
    key_p95_ms: float
    answer_max_ms: float
    seconds: float


def storm(folder: Path, *, presses: int = 1_000, within_s: float = 10.0) -> Storm:
    """Let so many stations press, one call each: real records over TLS and a real broker to a real hub."""
    with ExitStack() as stack:
        browser = stack.enter_context(chromium())
        village = stack.enter_context(Village(folder, ()))
        looks = Looks(folder / "store")
        boxes = stack.enter_context(fleet(village, presses))
        tab = stack.enter_context(Tab(browser, village, OPERATOR, village.password, script=HEAR_KEYS))
        tab.open_again()  # the list of calls
        pressing = threading.Thread(target=lambda: _press(boxes, within_s), name="presses")
        began_s = time.monotonic()
        pressing.start()
        answers_ms = _keys(village, looks, tab, began_s, within_s)
        pressing.join()
        calls = [CallId(records.station, records.spool, 2) for _, records in boxes]
        rest = [str(call_id) for call_id in calls[len(answers_ms) :]]
        until(lambda: len(looks.open_calls()) >= len(rest), "all presses on the hub's disk")
        seconds = time.monotonic() - began_s
        wait_until(tab.page, f"async (n) => (await ({IN_ORDER})()).length === n", len(rest))
        kept = {str(row.call_id) for row in looks.open_calls()}
        delays_ms = tab.page.evaluate(DELAYS)
        return Storm(
            calls=presses,
            lost=len(set(rest) - kept),
            is_order_kept=tab.page.evaluate(IN_ORDER) == rest,
            keys=len(delays_ms),
            answers=len(answers_ms),
            key_p95_ms=percentile(delays_ms, 0.95),
            answer_max_ms=max(answers_ms),
            seconds=seconds,
        )


@contextmanager
def fleet(village: Village, count: int) -> Iterator[list[tuple[BoxLink, BoxRecords]]]:
    """Connect so many boxes, each with a certificate of its own; none of them has a thread."""
    key = village.broker.authority.seal_keys.newest().public
    with ExitStack() as stack:
        boxes = []
        for number in range(count):
            name = f"tram-{number:04}"
            link = BoxLink(village.broker.enrol(name), name, port=village.broker.port)
            link.connect_only()
            stack.callback(link.close)
            boxes.append((link, BoxRecords(name, key, spool=number + 1)))
        yield boxes


def _press(boxes: Sequence[tuple[BoxLink, BoxRecords]], within_s: float) -> None:
    parcels = [records.parcel([records.key(), records.press()]) for _, records in boxes]
    began_s = time.monotonic()
    for number, (link, _) in enumerate(boxes):
        time.sleep(max(0.0, began_s + number * within_s / len(boxes) - time.monotonic()))  # one by one
        link.send(RecordClass.CALL, parcels[number])


def _keys(village: Village, looks: Looks, tab: Tab, began_s: float, within_s: float) -> list[float]:
    """Press keys while it storms, some of them F2; return how long each answer took, in milliseconds."""
    answers_ms: list[float] = []
    while (passed_s := time.monotonic() - began_s) < within_s:
        if len(answers_ms) < len(ANSWERS_AT_S) and passed_s >= ANSWERS_AT_S[len(answers_ms)]:
            answers_ms.append(_answer(village, looks, tab))
        else:
            tab.page.keyboard.press("Control")
            time.sleep(KEY_EVERY_S)  # of somebody who types
    return answers_ms


def _answer(village: Village, looks: Looks, tab: Tab) -> float:
    """Press F2: the oldest call is claimed, and the page says so; then it is over and closed."""
    oldest = looks.open_calls()[0].call_id
    pressed_s = time.monotonic()
    tab.page.keyboard.press("F2")
    _wait_for_owner(tab.page, oldest)
    took_ms = (time.monotonic() - pressed_s) * 1000
    hand = Hand(int(village.url.rstrip("/").rsplit(":", 1)[-1]), tab.name, tab.cookie)
    hand.do(oldest, Input.END.name.lower(), revision=looks.row(oldest).revision)
    hand.do(oldest, "disposition", disposition="other", reason="thử", unsent="keep")
    return took_ms


def _wait_for_owner(page: Page, call_id: CallId) -> None:
    page.wait_for_url(f"**/stations/{call_id.station}")
    wait_until(page, f"([id, name]) => ({OWNER})(id) === name", [str(call_id), OPERATOR])
