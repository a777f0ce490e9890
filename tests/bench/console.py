"""`./run bench console`: what people look at, measured in Debian's Chromium before a real hub.

Each part stands for itself (`--part`, several times; all without it): axe, staleness, first-view, fleet,
leads, ring, press, memory. The gates are said in docs/benches.md; nothing here fails for a number.
"""

import argparse
import gc
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from tests.bench import console_fleet, console_memory, console_speed
from tests.bench.machine import Busy
from tests.bench.report import progress, tell
from tests.browser import chromium, chromium_page
from tests.integration.console.test_tour_in_chromium import Hubs, visit
from tests.integration.console.tour import TOUR
from tests.pages.axe import violations
from tests.pages.motion import flash_rates
from tests.staleness.campaign import Campaign
from tests.staleness.judge import Tally
from tests.staleness.screen import Screen

CHECKS: Final = 10_000
SCREEN_STEPS: Final = 20  # of each walk that has a page: some 300 cells
WALK_STEPS: Final = 60
Result = dict[str, Any]
MEANINGS: Final = {
    "pages": "stops of the tour, each in two languages, light and dark",
    "axe_violations": "0",
    "flashes_per_s": "the most of any page; under 3",
    "staleness_checks": "shown words, numbers and ages held against the truth; 10000 at least",
    "screen_checks": "stations read from the open page among them",
    "values_shown": "numbers that were there to be read",
    "false_fresh": "shown as of now and older than its limit, or with an age over a second too young; 0",
    "wrong_age": "shown age over a second too old where the hub can know it; 0",
    "wrong_person": "a number, a visit, a piece, a sheet of somebody else; 0",
    "worst_age_error_s": "1 at most",
    "first_view_ms": "p95 at 10 Mbit/s and 20 ms, from the address until the list stands; 1000 at most",
    "first_view_p50_ms": "the same, the middle",
    "search_p95_ms": "among 14,000; 50 at most",
    "map_redraw_p95_ms": "14,000 marks; 16 at most",
    "twelve_leads_worst_ms": "of a frame, 12 leads at 500 Hz for 20 s; 16 at most",
    "twelve_leads_p95_ms": "the same, 95 of 100",
    "frames": "that were drawn",
    "frames_over_16": "0",
    "ring_ms": "p95, from the press's arrival at the hub to the ring in the page; 500 at most",
    "ring_mqtt_ms": "p95, from the button over TLS and mosquitto to the ring in the page; 500 at most",
    "memory_growth_24h": "of the page's heap after a day's events, share; 0.05 at most",
    "hub_memory_growth_24h": "of the process that the hub runs in, share; 0.05 at most",
    "heap_mb": "of the page after the day",
    "busy": "share of the machine's processors that was not idle; near 1 the times are worth nothing",
    "faults": "the first of what was found",
}


def axe(folder: Path) -> Result:
    """Every stop, both languages, both schemes: what axe-core finds, and how often anything flashes."""
    found, rates = 0, [0.0]
    faults: list[str] = []
    with chromium(), ExitStack() as stack:
        hubs = Hubs(folder, stack)
        for stop in TOUR:
            for language in ("vi", "en"):
                progress(f"axe: {stop.name} {language}".ljust(60))
                with visit(hubs.of(stop), stop, language) as page:
                    rates += flash_rates(page).values()
                    told = violations(page)
                    page.emulate_media(color_scheme="dark")
                    told += violations(page)
                found += len(told)
                faults += [f"{stop.name} {language}: {one}" for one in told]
    return {"pages": len(TOUR), "axe_violations": found, "flashes_per_s": max(rates), "faults": faults}


def staleness(folder: Path) -> Result:
    """Walks of several seeds until there were checks enough; the first two also before an open page."""
    tallies: list[Tally] = []
    seed = 100
    while sum(one.staleness_checks for one in tallies) < CHECKS:
        has_page, place = len(tallies) < 2, folder / str(seed)
        place.mkdir()
        with Campaign(place, seed=seed) as campaign:
            if has_page:
                with chromium_page(allow=r"ERR_|WebSocket") as page:
                    screen = Screen(campaign, page)
                    for _ in range(SCREEN_STEPS):
                        screen.step()
            for _ in range(WALK_STEPS):
                campaign.step()
                checks = sum(one.staleness_checks for one in tallies) + campaign.tally.staleness_checks
                progress(f"staleness: {checks} checks".ljust(60))
        tallies.append(campaign.tally)
        seed += 1
    names = ("staleness_checks", "false_fresh", "wrong_age", "wrong_person", "values_shown")
    surfaces = [
        count for one in tallies for name, count in one.by_surface.items() if name.startswith("screen")
    ]
    return {
        **{name: sum(getattr(one, name) for one in tallies) for name in names},
        "screen_checks": sum(surfaces),
        "worst_age_error_s": round(max(one.worst_age_error_s for one in tallies), 2),
        "faults": [fault for one in tallies for fault in one.faults],
    }


def fleet(folder: Path) -> Result:
    """The figures of `./run bench console_fleet` that have a gate here."""
    options = argparse.Namespace(stations=14_000, pages=2, changes=50, seconds=4.0, screenshots=False)
    told = console_fleet.measure(folder, options)
    return {"search_p95_ms": told["search_p95_ms"], "map_redraw_p95_ms": told["map_each_p95_ms"]}


PARTS: Final[dict[str, Callable[[Path], Result]]] = {
    "axe": axe,
    "staleness": staleness,
    "first-view": console_speed.first_view,
    "fleet": fleet,
    "leads": console_speed.leads,
    "ring": console_speed.ring,
    "press": console_speed.press,
    "memory": console_memory.day,
}


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(prog="./run bench console", description=__doc__)
    parser.add_argument(
        "--part", action="append", choices=[*PARTS], help="only this; several times for several"
    )
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    result: Result = {}
    faults: list[str] = []
    busy = Busy()
    for name in options.part or PARTS:
        gc.collect()
        with tempfile.TemporaryDirectory(prefix="haidang-bench-") as folder:
            told = PARTS[name](Path(folder))
        faults += told.pop("faults", [])
        result |= told
    result["busy"] = busy.share()
    if faults:
        result["faults"] = "; ".join(faults[:5])
    progress("\n")
    tell(result, meanings=MEANINGS, json_path=options.json)


if __name__ == "__main__":
    main()
