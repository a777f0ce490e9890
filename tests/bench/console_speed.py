"""Parts of `./run bench console`: how soon a page stands, a strip is drawn, a press rings."""

import math
import time
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from tests.bench import press as press_bench
from tests.bench.console_fleet import enter
from tests.bench.report import percentile, progress
from tests.browser import chromium, chromium_page, wait_until
from tests.integration.console.conftest import finish
from tests.integration.live_page import OF_THE_BOARD, live_page
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation
from tests.simulators.synthetic_fleet import made_fleet, settle

VIEWS: Final = 20
FLEET: Final = 1_000  # today's
LINK: Final = {
    "offline": False,
    "latency": 20,
    "downloadThroughput": 1_250_000,
    "uploadThroughput": 1_250_000,
}
LEADS, LEAD_HZ, LEAD_S, BLOCK_S = 12, 500, 20.0, 0.25
FRAME_MS: Final = 16.0
RINGS: Final = 30
PRESSES: Final = 20
RANG: Final = """() => {
  window.rangAt = null;
  new MutationObserver(() => {
    if (window.rangAt === null && document.querySelector('form.ring[data-call]')) window.rangAt = Date.now();
  }).observe(document.getElementById('ring'), { childList: true, subtree: true });
}"""
Result = dict[str, Any]


def first_view(folder: Path) -> Result:
    """The list of 1,000 stations in a browser that has nothing of it."""
    took_ms = []
    with chromium(), ConsoleServer(folder) as server:
        server.account("Lan")
        settle(server, made_fleet(FLEET))
        for number in range(VIEWS):
            progress(f"first view {number + 1} of {VIEWS}".ljust(60))
            with chromium_page(size=(1280, 800), allow=".") as page:
                enter(server, page)
                network = page.context.new_cdp_session(page)
                network.send("Network.enable")
                network.send("Network.emulateNetworkConditions", LINK)
                page.goto(server.url, wait_until="commit")
                took_ms.append(stands_ms(page))
    return {
        "first_view_ms": round(percentile(took_ms, 0.95)),
        "first_view_p50_ms": round(percentile(took_ms, 0.5)),
    }


def stands_ms(page: Page) -> float:
    """Return when the first row was in the page and the page was painted, ms from the navigation."""
    wait_until(page, "performance.getEntriesByName('first-contentful-paint').length > 0")
    wait_until(page, "document.querySelector('#fleet tr[data-station]') !== null")
    return float(
        page.evaluate(
            """() => Math.max(performance.getEntriesByName('first-contentful-paint')[0].startTime,
                performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd)"""
        )
    )


def leads(_: Path) -> Result:
    """Twelve leads at 500 Hz for 20 s; what each frame costs, by the sweep's own account."""
    streams = [
        {"stream_id": n, "set_no": 1, "mdc": 131329, "label": f"V{n}", "rate_mhz": 1000 * LEAD_HZ, "scale": 5}
        | {"unit": "uV", "kind": "ecg", **OF_THE_BOARD}
        for n in range(1, LEADS + 1)
    ]
    count = round(LEAD_HZ * BLOCK_S)
    with live_page() as live:
        live.hub.send({"type": "view", "station": "ST-0001", "visit": None, "streams": streams})
        wait_until(live.page, f"document.querySelectorAll('hd-sweep').length === {LEADS}")
        began_s = time.monotonic()
        for block in range(round(LEAD_S / BLOCK_S)):
            values = [round(200 * math.sin(i / 20)) for i in range(block * count, (block + 1) * count)]
            for n in range(1, LEADS + 1):
                live.samples(values, first=block * count, visit=0, set_no=1, stream=n)
            if block == round(
                2 / BLOCK_S
            ):  # what a page does once, when it begins, is not a frame of its sweep
                live.page.evaluate("import('/web/sweep.js').then(m => { m.frameCosts_ms.length = 0; })")
            live.page.wait_for_timeout(max(0.0, began_s + (block + 1) * BLOCK_S - time.monotonic()) * 1000)
            progress(f"leads: {block * BLOCK_S:.0f} of {LEAD_S:.0f} s".ljust(60))
        costs_ms = live.page.evaluate("import('/web/sweep.js').then(m => m.frameCosts_ms)")
    return {
        "twelve_leads_worst_ms": round(max(costs_ms), 1),
        "twelve_leads_p95_ms": round(percentile(costs_ms, 0.95), 1),
        "frames": len(costs_ms),
        "frames_over_16": sum(1 for one in costs_ms if one > FRAME_MS),
    }


def ring(folder: Path) -> Result:
    """From a press's arrival at the hub to the ring that stands in the page."""
    took_ms = []
    with ConsoleServer(folder, names={"con-dao-01": "Trạm Y tế Côn Đảo"}) as server:
        server.account("Lan")
        station = ConsoleStation(server, "con-dao-01")
        with chromium_page(size=(1280, 800), allow=r"ERR_") as page:
            enter(server, page)
            page.goto(server.url)
            wait_until(page, "document.body.console?.duty.isOn")
            for number in range(RINGS):
                progress(f"ring {number + 1} of {RINGS}".ljust(60))
                page.evaluate(RANG)
                pressed_ms = time.time() * 1000
                call = station.press()
                wait_until(page, "window.rangAt !== null")
                took_ms.append(page.evaluate("window.rangAt") - pressed_ms)
                finish(server, str(call))
                wait_until(page, "document.querySelector('form.ring[data-call]') === null")
    return {"ring_ms": round(percentile(took_ms, 0.95), 1)}


def press(folder: Path) -> Result:
    """The same from the button's edge, over TLS and mosquitto: `./run bench press`."""
    return {"ring_mqtt_ms": press_bench.measure(folder, PRESSES)["ring_p95_ms"]}
