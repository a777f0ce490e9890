"""The tour: every page of the console, each as somebody meets it. Whoever makes a page adds a stop.

The tests of the tour open each stop in both languages, by day and by night, on four widths: docs/console.md.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Page

from tests.integration.console.tour_hub import NAMES, TourHub


def _nothing(_: TourHub) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Stop:
    """One page. `route` as in ROUTES; "{name}" in `address` is filled in from `TourHub.places`.

    `ready`: what is on the page once it is whole. `who`: an account, "" for nobody, "guest". `during`: what
    is so at the hub meanwhile. `act`: what somebody does there before it is looked at. `reads`: what can be
    read there with scripts blocked, in Vietnamese. `allow`: a regular expression of errors that the browser
    shows there by right.
    """

    name: str
    route: str
    address: str
    ready: str
    who: str = "Lan"
    during: Callable[[TourHub], AbstractContextManager[None]] = _nothing
    act: Callable[[Page], None] | None = None
    reads: tuple[str, ...] = ()
    allow: str | None = None


def _ask_for_keys(page: Page) -> None:
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")


def _log_out(page: Page) -> None:
    page.click(".who button")
    page.wait_for_selector('input[name="anyway"]', state="attached")


def _leave(page: Page) -> None:
    page.click('form[action="/guest/leave"] button')
    page.wait_for_selector(".login")


TOUR: Final = (
    Stop("login", "/login", "/login", "input[name=password]", who=""),
    Stop("not-found", "/nowhere", "/nowhere", "h1", allow=r"404 \(Not Found\)"),
    Stop(
        "fleet",
        "/",
        "/",
        "#fleet tr[data-station=muong-nhe]",
        reads=(*NAMES.values(), "đang nghe", "97", "72", "Minh sẽ gọi lại"),
    ),
    Stop("ring", "/", "/", "form.ring.is-emergency", during=TourHub.ringing),
    Stop("keys", "/", "/", "#fleet", act=_ask_for_keys),
    Stop("logout", "/logout", "/", "#fleet", act=_log_out),
    Stop(
        "station",
        "/stations/{station}",
        "/stations/{station}",
        "hd-value .value-number",
        reads=("đang nghe", "97", "72", "mở lượt khám"),
    ),
    Stop("station-asks", "/stations/{station}", "/stations/{asking}", "form.question"),
    Stop("station-quiet", "/stations/{station}", "/stations/{quiet}", "#events"),
    Stop(
        "station-in-a-call", "/stations/{station}", "/stations/con-dao-01", "#case", during=TourHub.in_a_call
    ),
    Stop("calls", "/calls", "/calls", "tr[data-call]", reads=(NAMES["ly-son"], "bạn sẽ gọi lại")),
    Stop("closed-calls", "/calls/closed", "/calls/closed", "tr[data-call]", reads=(NAMES["ly-son"],)),
    Stop("call", "/calls/{call}", "/calls/{call}", "#case"),
    Stop("call-open", "/calls/{call}", "/calls/{call_now}", "#case-form", during=TourHub.in_a_call),
    Stop("handover", "/handover", "/handover", "tr[data-call]"),
    Stop("handover-history", "/handover/history", "/handover/history", "h1"),
    Stop("drills", "/drills", "/drills", "#drills tr"),
    Stop("routing", "/routing", "/routing?station=con-dao-01", "table"),
    Stop("statistics", "/statistics", "/statistics", "table.statistics"),
    Stop("guest-link", "/guest/{token}", "/guest/{token}", "form", who="", during=TourHub.invited),
    Stop("guest", "/guest", "/guest", "hd-value .value-number", who="guest", during=TourHub.as_guest),
    Stop(
        "guest-gone", "/guest/leave", "/guest", "hd-value", who="guest", during=TourHub.as_guest, act=_leave
    ),
    Stop("doctor-fleet", "/", "/", "#fleet", who="BS An"),
)

# Addresses that answer GET with something other than a whole page, and what that is.
NO_PAGE: Final = {
    "/stations/{station}/events": "a part of the station's page",
    "/stations/{station}/questions": "a part of the station's page",
    "/stations/{station}/photos": "JSON",
    "/stations/{station}/photos/{photo}": "a picture",
    "/calls/{call}/case": "a part of the station's page",
    "/calls/{call}/colleagues": "JSON",
    "/calls/{call}/helpers": "JSON",
    "/calls/{call}/letter.pdf": "PDF",
    "/calls/{call}/minutes.pdf": "PDF",
    "/calls/{call}/minutes.json": "JSON",
    "/calls/{call}/photos/{spool}/{visit}/{photo}": "a picture",
    "/events": "a stream",
    "/guest/events": "a stream",
    "/duty": "JSON",
    "/favicon.ico": "a picture",
    "/statistics.json": "JSON",
    "/statistics.csv": "CSV",
}
