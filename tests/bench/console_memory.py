"""A part of `./run bench console`: a day at one page, and what the page and the hub have kept of it."""

import os
import time
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import CDPSession, Page

from hub.people.accounts import Accounts
from tests.bench.console_fleet import enter
from tests.bench.report import progress
from tests.browser import chromium_page, wait_until
from tests.integration.console.conftest import finish
from tests.simulators.console_server import ConsoleServer
from tests.simulators.console_station import ConsoleStation

WARM_HOURS: Final = 12  # until every cache is full: the heap stands from the tenth on
HOURS: Final = WARM_HOURS + 24
BEATS: Final = 60  # an hour: a second of signals and numbers each
STATUSES: Final = 12  # an hour: one in five minutes
DRAIN_S: Final = 0.02


def day(folder: Path) -> dict[str, Any]:
    """24 hours on a station's page, after twelve that fill its caches; the hub's clock goes ahead.

    Each hour has a visit, a minute of signals, twelve statuses and a call.
    """
    with ConsoleServer(folder, names={"con-dao-01": "Trạm Y tế Côn Đảo"}) as server:
        server.account("Lan")
        station = ConsoleStation(server, "con-dao-01")
        with chromium_page(size=(1280, 800), allow=r"ERR_|WebSocket|40[19] ") as page:
            enter(server, page)
            station.open_visit(1)
            station.live()
            page.goto(f"{server.url}/stations/con-dao-01")
            wait_until(page, "document.querySelectorAll('hd-sweep').length > 0")
            tools = page.context.new_cdp_session(page)
            heaps_mb, hubs_mb = [], []
            for hour in range(1, HOURS + 1):
                progress(f"memory: hour {hour} of {HOURS}".ljust(60))
                live_an_hour(server, station, page, hour)
                if hour in (WARM_HOURS, HOURS):
                    heaps_mb.append(heap_mb(tools))
                    hubs_mb.append(rss_mb())
    return {
        "memory_growth_24h": round(heaps_mb[1] / heaps_mb[0] - 1, 3),
        "hub_memory_growth_24h": round(hubs_mb[1] / hubs_mb[0] - 1, 3),
        "heap_mb": round(heaps_mb[1], 1),
    }


def live_an_hour(server: ConsoleServer, station: ConsoleStation, page: Page, hour: int) -> None:
    """What an hour brings, as fast as hub and page take it."""
    station.close_visit()
    station.open_visit(hour + 1)
    call = station.press()
    wait_until(page, "document.querySelector('form.ring[data-call]') !== null")
    for beat in range(BEATS):
        station.live()
        station.numbers(90 + beat % 10, 60 + beat % 40)
        if beat % (BEATS // STATUSES) == 0:
            station.status(owed=beat)
        time.sleep(DRAIN_S)
    finish(server, str(call))
    wait_until(page, "document.querySelector('form.ring[data-call]') === null")
    server.ahead_s += 3_600.0
    with closing(Accounts(server.config.accounts_path)) as accounts:  # a session has its end too
        (account,) = accounts.all()
        token = accounts.open_session(account, now_utc_s=server.clock.utc_now_us() / 1e6)
    page.context.add_cookies([{"name": "haidang", "value": token, "url": server.url, "sameSite": "Strict"}])


def heap_mb(tools: CDPSession) -> float:
    """Return what the page's scripts hold, after its garbage was collected."""
    for _ in range(3):
        tools.send("HeapProfiler.collectGarbage")
    return float(tools.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def rss_mb() -> float:
    """Return the memory of this process, in which the hub runs."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
