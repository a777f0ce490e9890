"""A thousand presses in ten seconds before one open page: all there, in order, and a key is answered."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page

from contract.ids import CallId, RecordClass
from hub.calls.call import Given
from hub.calls.table import Input
from tests.bench.report import percentile
from tests.browser import STEP_LIMIT_MS, chromium, wait_until
from tests.simulators.box import BoxRecords
from tests.simulators.console_server import ConsoleServer, wait_for

ACCOUNT: Final = "lan"
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
IN_ORDER: Final = (
    "async () => (await import('/hub/console/static/ringing.js')).ringing().map((call) => call.id)"
)
MINE: Final = "async (id) => (await import('/hub/console/static/stream.js')).calls.get(id)?.owner === 'lan'"


@dataclass(frozen=True, slots=True)
class Storm:
    """`keys`: how many were pressed meanwhile, `answers`: of them F2, each of which claimed the oldest."""

    calls: int
    lost: int
    is_order_kept: bool
    keys: int
    answers: int
    key_p95_ms: float
    answer_max_ms: float
    seconds: float


def storm(folder: Path, *, presses: int = 1_000, within_s: float = 10.0) -> Storm:
    """Let so many stations press, one call each, sealed and in parcels as boxes send them."""
    with ConsoleServer(folder) as server, chromium() as browser:
        key = server.authority.seal_keys.newest().public
        boxes = [BoxRecords(f"tram-{number:04}", key, spool=number + 1) for number in range(presses)]
        parcels = [(box.station, box.parcel([box.key(), box.press()])) for box in boxes]
        calls = [CallId(box.station, box.spool, 2) for box in boxes]
        with page_of(browser, server) as page:
            pressing = threading.Thread(target=lambda: _press(server, parcels, within_s), name="presses")
            began_s = time.monotonic()
            pressing.start()
            answers_ms = _keys(server, page, calls, began_s, within_s)
            pressing.join()
            seconds = time.monotonic() - began_s
            delays_ms = page.evaluate(DELAYS)
            answered = calls[: len(answers_ms)]  # the oldest of all, each time
            rest = [str(call_id) for call_id in calls[len(answered) :]]
            wait_until(page, f"async (n) => (await ({IN_ORDER})()).length === n", len(rest))
            rows = {one.call_id for one in server.call(server.rooms.desk.open_calls)}
            return Storm(
                calls=presses,
                lost=len(set(calls[len(answered) :]) - rows),
                is_order_kept=page.evaluate(IN_ORDER) == rest,
                keys=len(delays_ms),
                answers=len(answers_ms),
                key_p95_ms=percentile(delays_ms, 0.95),
                answer_max_ms=max(answers_ms),
                seconds=seconds,
            )


@contextmanager
def page_of(browser: Browser, server: ConsoleServer) -> Iterator[Page]:
    """The list of calls before ACCOUNT, on duty."""
    server.account(ACCOUNT)
    context = browser.new_context(locale="vi-VN")
    try:
        context.set_default_timeout(STEP_LIMIT_MS)
        context.grant_permissions(["microphone", "camera"])
        name, value = server.session(ACCOUNT).split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": server.url}])
        context.add_init_script(HEAR_KEYS)
        page = context.new_page()
        page.goto(f"{server.url}/calls")
        page.keyboard.press("Shift")  # a gesture: it may sound
        wait_until(page, "() => document.body.console?.duty?.isOn === true")
        yield page
    finally:
        context.close()


def _press(server: ConsoleServer, parcels: Sequence[tuple[str, bytes]], within_s: float) -> None:
    began_s = time.monotonic()
    for number, (station, parcel) in enumerate(parcels):
        time.sleep(max(0.0, began_s + number * within_s / len(parcels) - time.monotonic()))  # one by one
        server.take(station, RecordClass.CALL, parcel)


def _keys(
    server: ConsoleServer, page: Page, calls: Sequence[CallId], began_s: float, within_s: float
) -> list[float]:
    """Press keys while it storms, some of them F2; return how long each answer took, in milliseconds."""
    answers_ms: list[float] = []
    while (passed_s := time.monotonic() - began_s) < within_s:
        if len(answers_ms) < len(ANSWERS_AT_S) and passed_s >= ANSWERS_AT_S[len(answers_ms)]:
            answers_ms.append(_answer(server, page, calls[len(answers_ms)]))
        else:
            page.keyboard.press("Control")
            time.sleep(KEY_EVERY_S)  # of somebody who types
    return answers_ms


def _answer(server: ConsoleServer, page: Page, oldest: CallId) -> float:
    """Press F2: the oldest call is claimed, and the page says so; then it is over and closed."""
    pressed_s = time.monotonic()
    page.keyboard.press("F2")
    page.wait_for_url(f"**/stations/{oldest.station}")
    wait_until(page, f"async (id) => await ({MINE})(id)", str(oldest))
    took_ms = (time.monotonic() - pressed_s) * 1000
    for input_ in (Input.END, Input.CLOSE):
        given = Given(input=input_, by=ACCOUNT)
        assert server.run(partial(server.rooms.desk.give, oldest, given)).is_done
    wait_for(lambda: server.call(lambda: server.rooms.desk.held(oldest)) is None, f"{oldest} closed")
    return took_ms
