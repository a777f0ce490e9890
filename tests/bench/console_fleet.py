"""`./run bench console_fleet`: a list and a map of 14,000 stations, as the page and the hub measure them.

A made-up fleet stands in a real hub. One real Chromium searches, scrolls and pans; further pages are event
streams that are only read. What the hub's process takes is read from /proc while so many stations a second
change. With `--screenshots` each page is saved as it looks, in both languages and both schemes.
"""

import argparse
import gzip
import http.client
import os
import random
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final, Literal

from playwright.sync_api import Page

from tests.bench.report import percentile, progress, tell
from tests.browser import chromium_page, screenshot, wait_until
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation
from tests.simulators.synthetic_fleet import hear, made_fleet, settle

CHANGE_EVERY_S: Final = 0.1
SEARCHES: Final = (
    "muong nhe",
    "tram 13999",
    "an",
    "binh phu 7",
    "ca mau",
    "dien bien muong",
    "x",
    "hoa 33 lam",
)
MEANINGS: Final = {
    "stations": "in the fleet",
    "names_kb": "of what stays, JSON",
    "names_gzip_kb": "the same as it is sent, once",
    "rows_kb": "of what changes, told whole when a page opens",
    "first_rows_ms": "from the page's start until the list stands",
    "search_p95_ms": "choose and order anew, in the page",
    "draw_p95_ms": "write the rows in sight",
    "map_each_p95_ms": "draw the map with a mark for each station",
    "map_each_p50_ms": "the same, the middle: a busy machine disturbs it less",
    "map_units_p95_ms": "draw the map with units",
    "page_p95_ms": "GET / without scripts, with a search",
    "pages": "event streams open besides, each with 60 rows in sight",
    "changes_per_s": "stations that change",
    "hub_idle_share": "of a core, nothing changes and one page is open",
    "hub_core_share": "of a core, with these pages and changes",
    "stream_kb_per_s": "what one page is told",
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench console_fleet", description=__doc__)
    parser.add_argument("--stations", type=int, default=14_000)
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--changes", type=int, default=50, help="stations a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--screenshots", action="store_true")
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
        result = measure(Path(folder), options)
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path, options: argparse.Namespace) -> dict[str, float | int | str | None]:
    """Make the fleet, look at it, watch the hub."""
    progress("the fleet is made …")
    fleet = made_fleet(options.stations)
    with ConsoleServer(folder) as server, ExitStack() as stack:
        server.account("Lan")
        settle(server, fleet)
        result: dict[str, Any] = {"stations": options.stations, **sizes(server)}
        progress("pages without scripts …")
        cookie = server.session("Lan")
        asked_ms(server, cookie)  # names are folded once, templates read once
        result["page_p95_ms"] = round(percentile([asked_ms(server, cookie) for _ in range(40)], 0.95), 1)
        progress("the hub, idle …")
        with reading(server, 1):
            result["hub_idle_share"] = core_share(options.seconds / 2)
        progress("the hub, with pages and changes …")
        with reading(server, options.pages) as readers, changing(server, fleet.stations, options.changes):
            before, began_s = readers[0].read_bytes, time.monotonic()
            result["hub_core_share"] = core_share(options.seconds)
            told = (readers[0].read_bytes - before) / (time.monotonic() - began_s)
            result["stream_kb_per_s"] = round(told / 1000, 2)
        result |= {"pages": options.pages, "changes_per_s": options.changes}
        progress("the page …")
        page = stack.enter_context(chromium_page(size=(1280, 800), allow="."))
        enter(server, page)
        result |= look_at_list(server, page)
        result |= look_at_map(server, page)
        if options.screenshots:
            take_screenshots(server)
    return {key: result[key] for key in MEANINGS if key in result}


def sizes(server: ConsoleServer) -> dict[str, float]:
    """Return what a page is told at its start."""
    room = server.rooms.fleet
    _, data = server.run(room.names)
    whole = server.call(lambda: room.board.since(None, now_us=room.line_us(), about='"a":1'))[0]
    return {
        "names_kb": round(len(gzip.decompress(data)) / 1000, 1),
        "names_gzip_kb": round(len(data) / 1000, 1),
        "rows_kb": round(len(whole) / 1000, 1),
    }


def asked_ms(server: ConsoleServer, cookie: str) -> float:
    """Return how long a page of the list without scripts takes."""
    began_s = time.monotonic()
    assert server.get("/?q=muong+nhe&sort=unit", Cookie=cookie).status == 200
    return (time.monotonic() - began_s) * 1000


class Reader:
    """An event stream of the list, read and thrown away."""

    def __init__(self, server: ConsoleServer, cookie: str, in_sight: list[str]) -> None:
        self.read_bytes = 0
        self._server, self._cookie, self._in_sight = server, cookie, in_sight
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port)
        self._connection.request("GET", "/events?fleet=1", headers={"Cookie": cookie})
        self._answer = self._connection.getresponse()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            first: bytes | None = b""
            while data := self._answer.read1(65_536):
                self.read_bytes += len(data)
                if first is not None:
                    first = self._look_at(first + data)
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            return  # closed under it

    def _look_at(self, first: bytes) -> bytes | None:
        """Name the rows in sight as soon as the stream has said what its window is called."""
        found = re.search(rb'"window": "([^"]+)"', first)
        if found is None:
            return first
        asked = {"window": found[1].decode(), "stations": self._in_sight}
        self._server.post_json("/fleet/window", asked, Cookie=self._cookie)
        return None

    def close(self) -> None:
        """Hang up."""
        if self._connection.sock is not None:
            self._connection.sock.shutdown(2)
        self._connection.close()


@contextmanager
def reading(server: ConsoleServer, count: int) -> Iterator[list[Reader]]:
    """So many pages are open."""
    cookie = server.session("Lan")
    stations = [str(one) for one in server.rooms.fleet.board.stations]
    readers = [Reader(server, cookie, stations[at * 60 : at * 60 + 60]) for at in range(count)]
    deadline_s = time.monotonic() + 60
    while any(reader.read_bytes == 0 for reader in readers):
        assert time.monotonic() < deadline_s, "a stream tells nothing"
        time.sleep(0.05)
    time.sleep(2.0)  # the first message is large, and not what is measured
    try:
        yield readers
    finally:
        for reader in readers:
            reader.close()


@contextmanager
def changing(server: ConsoleServer, stations: list[Any], per_s: int) -> Iterator[None]:
    """So many stations a second tell a status."""
    is_over, rng = threading.Event(), random.Random(4)

    def change() -> None:
        now_s = server.rooms.hub.now_s()
        for station in rng.sample(stations, max(1, round(per_s * CHANGE_EVERY_S))):
            hear(server.rooms, station, at_s=now_s, rng=rng)

    def run() -> None:
        while not is_over.wait(CHANGE_EVERY_S):
            server.call(change)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def core_share(seconds: float) -> float:
    """Return how much of a core the hub's thread takes: the one that runs its loop."""
    before, began_s = loop_cpu_s(), time.monotonic()
    time.sleep(seconds)
    return round((loop_cpu_s() - before) / (time.monotonic() - began_s), 3)


def loop_cpu_s() -> float:
    """Return the processor time of the thread that serves, in seconds."""
    native = next(one.native_id for one in threading.enumerate() if one.name == "console server")
    fields = Path(f"/proc/self/task/{native}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def enter(server: ConsoleServer, page: Page) -> None:
    """Sign somebody in behind the login page's back."""
    cookie, _, token = server.session("Lan").partition("=")
    page.context.add_cookies([{"name": cookie, "value": token, "url": server.url, "sameSite": "Strict"}])


def look_at_list(server: ConsoleServer, page: Page) -> dict[str, float]:
    """Open the list, search and scroll it; return what the page measured."""
    page.goto(server.url)
    wait_until(page, "document.body.fleet?.list.count > 1000")
    first_ms = page.evaluate("performance.now()")
    page.evaluate("document.body.fleet.timings.search.length = 0")
    for text in SEARCHES * 4:
        page.evaluate(
            """(text) => {
            const field = document.querySelector("#filters [name=q]");
            field.value = text;
            field.dispatchEvent(new Event("input", { bubbles: true }));
        }""",
            text,
        )
    searched = page.evaluate("document.body.fleet.timings.search")
    page.evaluate("document.querySelector('#filters [name=q]').value = ''")
    page.evaluate("document.querySelector('#filters').dispatchEvent(new Event('input'))")
    drawn = page.evaluate(
        """() => Array.from({ length: 100 }, (_, at) => {
        const began_ms = performance.now();
        document.body.fleet.list.walkTo(at * 139);
        return performance.now() - began_ms;
    })"""
    )
    return {
        "first_rows_ms": round(first_ms),
        "search_p95_ms": round(percentile(searched, 0.95), 1),
        "draw_p95_ms": round(percentile(drawn, 0.95), 1),
    }


def look_at_map(server: ConsoleServer, page: Page) -> dict[str, float]:
    """Open the map and pan it; return what the page measured."""
    page.goto(f"{server.url}/map")
    wait_until(page, "document.body.fleet?.map.shown.length > 1000")
    drawn = {}
    for name, is_each in (("map_units_p95_ms", "false"), ("map_each_p95_ms", "true")):
        times = page.evaluate(
            """(isEach) => {
            const { map } = document.body.fleet;
            map.isEach = isEach;
            map.draw();
            map.timings.length = 0;
            for (let at = 0; at < 60; at += 1) {
                map.pan(at % 2 ? 9 : -9, at % 3 ? 4 : -8);
                map.draw();
            }
            return [...map.timings];
        }""",
            is_each == "true",
        )
        drawn[name] = round(percentile(times, 0.95), 1)
        drawn[name.replace("p95", "p50")] = round(percentile(times, 0.5), 1)
    return drawn


def take_screenshots(server: ConsoleServer) -> None:
    """Save every page, vi and en, light and dark."""
    station = ConsoleStation(server, "tram-00001")
    station.open_visit(3)
    station.press(waited_s=75.0)
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        with chromium_page(size=(1280, 800), scheme=scheme, allow=".") as page:
            enter(server, page)
            for language in ("vi", "en"):
                for name, path in (
                    ("fleet", "/?"), ("fleet-search", "/?q=muong+nhe&group=unit&"), ("map", "/map?"),
                    ("wall", "/wall?"), ("station-health", "/stations/tram-00007?"),
                ):  # fmt: skip
                    page.goto(f"{server.url}{path}lang={language}")
                    wait_until(page, "!document.body.fleet || document.body.fleet.data.count > 0")
                    if name == "station-health":
                        page.locator("#health summary").click()
                    page.wait_for_timeout(1_500)
                    screenshot(page, f"{name}-{language}-{scheme}")
                if language == "vi":
                    page.goto(f"{server.url}/map?lang=vi")
                    wait_until(page, "document.body.fleet.data.count > 0")
                    page.locator("#map-each").click()
                    page.wait_for_timeout(800)
                    screenshot(page, f"map-each-vi-{scheme}")
                    page.evaluate("document.body.fleet.map.goTo(105.8, 21, 420)")
                    page.wait_for_timeout(800)
                    screenshot(page, f"map-near-vi-{scheme}")
    with chromium_page(size=(390, 844), allow=".") as page:
        enter(server, page)
        for name, path in (("fleet", "/"), ("map", "/map"), ("wall", "/wall")):
            page.goto(f"{server.url}{path}")
            wait_until(page, "document.body.fleet.data.count > 0")
            page.wait_for_timeout(1_000)
            screenshot(page, f"{name}-phone-vi-light")


if __name__ == "__main__":
    main()
