"""`./run bench press`: from the edge of the button to the hub's disk, and to the ring in a browser.

Everything is real and on this machine: a board's bytes over a pseudo-terminal, `edge vitals`, TLS to
mosquitto, the hub, Chromium. Between two presses the call is answered with F2 and ended with K, as an
operator does.
"""

import argparse
import tempfile
import time
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from contract.events import Press
from tests.bench.report import percentile, progress, tell
from tests.browser import wait_until
from tests.village.desk import RINGING, open_station, operator
from tests.village.eyes import look, waiting_calls
from tests.village.eyes import wait_until as wait_for
from tests.village.station import Station
from tests.village.village import PLACES, Village

MEANINGS: Final = {
    "presses": "button edges",
    "durable_p50_ms": "edge to the lamp's 'at the hub': the receipt is back, so it is on the hub's disk",
    "durable_p95_ms": "the same, 95 of 100",
    "ring_p50_ms": "edge to the banner in the page",
    "ring_p95_ms": "the same, 95 of 100",
    "sounding_p95_ms": "edge to the lamp's 'ringing': the page has confirmed that it sounds",
    "lost": "presses that are no durable record at the hub",
}
OBSERVE: Final = """() => {
  window.rangAt = null;
  new MutationObserver(() => {
    if (window.rangAt === null && document.querySelector('form.ring[data-call]')) window.rangAt = Date.now();
  }).observe(document.getElementById('ring'), { childList: true, subtree: true });
}"""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench press", description=__doc__)
    parser.add_argument("--presses", type=int, default=50)
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        result = measure(Path(folder), options.presses)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, presses: int) -> dict[str, float | int]:
    """Press so often, one call after the other."""
    durable_ms, ring_ms, sounding_ms = [], [], []
    with Village(folder, PLACES[:1]) as village, operator(village) as page:
        station = village.stations[0]
        open_station(page, village, station.name)
        for number in range(presses):
            progress(f"press {number + 1} of {presses} ")
            rang_ms, at_s = press(page, station)
            shown = lamp_times(station, since_s=at_s)
            durable_ms.append(shown["SLOW_BLINK"])
            sounding_ms.append(shown["DOUBLE_FLASH"])
            ring_ms.append(rang_ms)
            answer(page, village)
        progress("\n")
        stored = sum(isinstance(event, Press) for _, event in look(village, station.name).events)
    return {
        "presses": presses,
        "durable_p50_ms": round(percentile(durable_ms, 0.5), 1),
        "durable_p95_ms": round(percentile(durable_ms, 0.95), 1),
        "ring_p50_ms": round(percentile(ring_ms, 0.5), 1),
        "ring_p95_ms": round(percentile(ring_ms, 0.95), 1),
        "sounding_p95_ms": round(percentile(sounding_ms, 0.95), 1),
        "lost": presses - stored,
    }


def press(page: Page, station: Station) -> tuple[float, float]:
    """Press; return the milliseconds until the page rang, and when it was pressed (monotonic seconds)."""
    page.keyboard.press("Shift")  # a gesture on this page: it may sound
    page.evaluate(OBSERVE)
    at_s, at_wall_ms = time.monotonic(), time.time() * 1000
    station.board.press()
    station.board.release()
    page.wait_for_selector(RINGING)
    wait_until(page, "() => window.rangAt !== null")
    wait_for(lambda: "DOUBLE_FLASH" in lamp_times(station, since_s=at_s), what="the lamp says ringing")
    return float(page.evaluate("() => window.rangAt")) - at_wall_ms, at_s


def lamp_times(station: Station, *, since_s: float) -> dict[str, float]:
    """Return, for each pattern the call lamp has shown since, after how many milliseconds it first did."""
    times: dict[str, float] = {}
    for at_s, lamp in station.board.truth.lamps:
        if at_s >= since_s:
            times.setdefault(lamp.pattern.name, (at_s - since_s) * 1000)
    return times


def answer(page: Page, village: Village) -> None:
    """Answer with one key, end with another, and wait until all is quiet."""
    page.keyboard.press("F2")
    page.wait_for_selector("#callbar kbd")
    page.keyboard.press("k")
    wait_for(lambda: not waiting_calls(village), what="the call is over")
    wait_for(lambda: village.stations[0].board.lamp.pattern.name == "OFF", what="the lamp is off")


if __name__ == "__main__":
    main()
