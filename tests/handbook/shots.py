"""What the handbook's pictures show: each a page as somebody meets it, or one part of it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page

from contract.ids import CallId, StationId
from edge.video.picture.talking_head import TalkingHead
from hub.fleet.station_card import Position, StationCard
from hub.fleet.units import Unit, UnitName, UnitNo
from tests.browser import wait_until
from tests.integration.console.tour_hub import NAMES, TourHub
from tests.simulators.media_line import MediaLine

ISLANDS: Final = UnitNo(2)
PLACES: Final = {
    "con-dao-01": (8.68, 106.61),
    "ly-son": (15.38, 109.12),
    "muong-nhe": (22.19, 102.46),
    "co-to-02": (20.99, 107.76),
    "bach-long-vi": (20.13, 107.73),
}
MEASURE: Final = """() => localStorage.setItem("haidang.screen", JSON.stringify({px_per_mm: 3.78,
    pixel_ratio: devicePixelRatio, width: screen.width, height: screen.height}))"""
FAST: Final = 10  # samples, with Shift
# How many samples a marker stands from the first R of the period, or from the second.
STEPS_TO_AN_R: Final = """(which) => {
    const { markers, runs } = document.body.playback, run = runs.get(markers.lead)[0], peaks = [];
    for (let at = 1; at < run.samples.length - 1; at++) {
        const here = run.samples[at];
        if (here > 150 && here >= run.samples[at - 1] && here > run.samples[at + 1]) peaks.push(at);
    }
    const now = Math.round(((markers.at_us[which] - run.t_us) * run.rate_hz) / 1e6);
    return peaks[which] - now;
}"""


def _nothing(_: TourHub) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture. `address`: "{name}" is filled in from `TourHub.places`; `ready`: what is there once it is
    whole; `during`: what is so at the hub; `act`: what is done first; `part`: only this element; `at`:
    scrolled to this one; `height`: of the page in CSS pixels."""

    name: str
    address: str
    ready: str
    during: Callable[[TourHub], AbstractContextManager[None]] = _nothing
    act: Callable[[Page], None] | None = None
    part: str | None = None
    at: str | None = None
    height: int = 640
    who: str = "Lan"
    microphone: Literal["granted", "refused"] = "granted"


def give_places(hub: TourHub) -> None:
    """The stations belong to units and stand where they are."""
    units = [
        Unit(no=UnitNo(1), parent=None, names=(UnitName("Điện Biên"),)),
        Unit(no=ISLANDS, parent=None, names=(UnitName("Biển đảo"),)),
    ]
    cards = [
        StationCard(
            station=StationId(station),
            name=name,
            unit=UnitNo(1) if station == "muong-nhe" else ISLANDS,
            position=Position(*PLACES[station]),
        )
        for station, name in NAMES.items()
    ]
    hub.server.run(lambda: hub.server.rooms.organisation.keep([*units, *cards], by="Lan"))


def _search(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("co to")
    wait_until(page, "() => document.querySelectorAll('#fleet tbody tr[data-station]').length === 1")


def _ask_for_keys(page: Page) -> None:
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")


def _measured(page: Page) -> None:
    """Somebody held a card to the screen before."""
    page.evaluate(MEASURE)
    page.reload()


def _strips_are_drawn(page: Page) -> None:
    _measured(page)
    drawn = "(one) => one.stream && one.plotted(0, 1e15).length > 8e-3 * one.stream.rate_mhz"  # eight seconds
    wait_until(
        page,
        f"""() => {{ const strips = [...document.querySelectorAll('hd-sweep')];
        return strips.length > 1 && strips.every({drawn}) && document.body.console.duty.isOn; }}""",
    )


def _calipers(page: Page) -> None:
    """From one R to the next, by keys."""
    _measured(page)
    wait_until(page, "() => document.body.playback?.state === 'whole'")
    for which, key in enumerate("12"):
        page.keyboard.press(key)
        steps = page.evaluate(STEPS_TO_AN_R, which)
        for pressed, count in (("Shift+Arrow", abs(steps) // FAST), ("Arrow", abs(steps) % FAST)):
            for _ in range(count):
                page.keyboard.press(f"{pressed}{'Right' if steps > 0 else 'Left'}")


def _note_an_alert(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    page.keyboard.press("t")
    page.keyboard.type("đã gọi số của trạm")


def _open_health(page: Page) -> None:
    page.click("#health summary")


_head = lru_cache(TalkingHead)


def _face(width: int, height: int, at_s: float) -> NDArray[np.uint8]:
    return _head(width, height).draw(at_s)


@contextmanager
def _face_to_face(hub: TourHub) -> Iterator[None]:
    """Lan and a station see and hear each other."""
    with hub.in_a_call(), MediaLine(hub.server, CallId.parse(hub.places["call_now"]), sight=_face):
        yield


def _they_talk(page: Page) -> None:
    _strips_are_drawn(page)
    wait_until(
        page,
        """() => document.body.call?.phase === 'connected' && document.body.call.counts?.framesDecoded > 5
        && document.getElementById('callbar').dataset.state === 'ACTIVE'""",
    )


@contextmanager
def _quiet(hub: TourHub) -> Iterator[None]:
    """A while passes: who does not speak is silent, and there are alerts of it. It does not come back."""
    server = hub.server
    server.run(server.rooms.alerts.turn)
    for _ in range(2):
        server.ahead_s += 1_300
        server.run(server.rooms.alerts.turn)
    yield


# In the order in which they are taken; what makes the clock go on stands last.
SHOTS: Final = (
    Shot("drills", "/drills", "#drills tr", height=560),  # before everybody has pressed
    Shot("not-on-duty", "/", "#duty:not([hidden])", microphone="refused", height=300),
    Shot("ring", "/", "form.ring.is-emergency", during=TourHub.ringing, height=420),
    Shot(
        "call",
        "/stations/con-dao-01",
        "#case",
        during=_face_to_face,
        act=_they_talk,
        height=760,
    ),
    Shot("papers", "/stations/con-dao-01", "#case", during=TourHub.in_a_call, part="#case"),
    Shot("calls", "/calls", "tr[data-call]", height=420),
    Shot("handover", "/handover", "tr[data-call]", height=520),
    Shot("list", "/", "#fleet tr[data-station=muong-nhe]", height=560),
    Shot("search", "/", "#fleet tr[data-station=muong-nhe]", act=_search, height=420),
    Shot("map", "/map", "#in-sight li", height=820),
    Shot("station", "/stations/muong-nhe", "hd-value .value-number", act=_strips_are_drawn, height=720),
    Shot("screen", "/screen", "#card", height=640),
    Shot(
        "playback", "/stations/con-dao-01/playback?{past}", "#past-strips hd-still", act=_calipers, height=700
    ),
    Shot("commands", "/stations/muong-nhe/configuration", ".commands", at=".commands", height=420),
    Shot(
        "keys", "/stations/muong-nhe", "hd-value .value-number", act=_ask_for_keys, part="#keys", height=1_000
    ),
    Shot("alerts", "/alerts", "tr[data-alert]", during=_quiet, act=_note_an_alert, height=520),
    Shot("health", "/stations/co-to-02", "#health", act=_open_health, height=720),
)
