"""The tour: every page of the console, each as somebody meets it. Whoever makes a page adds a stop.

The tests of the tour open each stop in both languages, by day and by night, on four widths: docs/console.md.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from playwright.sync_api import Page

from tests.integration.console.tour_fleet import ADMIN, HOTLINE, ON_THE_WAY, WHY_LOUDER
from tests.integration.console.tour_hub import NAMES, TourHub


def _nothing(_: TourHub) -> AbstractContextManager[None]:
    return nullcontext()


@dataclass(frozen=True, slots=True)
class Stop:
    """One page. `route` as in ROUTES; "{name}" in `address` is filled in from `places` of the hub.

    `of_fleet`: at the second hub, `TourFleet`, and not at `TourHub`. `ready`: what is on the page once it is
    whole. `who`: an account, "" for nobody, "guest". `during`: what is so at the hub meanwhile. `act`: what
    somebody does there before it is looked at. `reads`: what can be read there with scripts blocked, in
    Vietnamese. `allow`: a regular expression of errors that the browser shows there by right.
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
    of_fleet: bool = False


def _of_fleet(name: str, route: str, ready: str, address: str = "", **more: Any) -> Stop:
    return Stop(name, route, address or route, ready, of_fleet=True, **more)


def _ask_for_keys(page: Page) -> None:
    page.keyboard.press("?")
    page.wait_for_selector("dialog[open]")


def _log_out(page: Page) -> None:
    page.click(".who button")
    page.wait_for_selector('input[name="anyway"]', state="attached")


def _open_the_menu(page: Page) -> None:
    page.click(".more summary")
    page.wait_for_selector(".more[open]")


def _ask_for_a_preview(page: Page) -> None:
    page.fill("#volume_pct", "80")
    page.fill("#why", WHY_LOUDER)
    page.click("main form button.primary")
    page.wait_for_selector(".count-line")


def _make_a_code(page: Page) -> None:
    if page.is_visible('form[action$="/withdraw"] button'):
        page.click('form[action$="/withdraw"] button')
    page.click('form[action$="/claim"] button')
    page.wait_for_selector(".qr")


def _make_a_token(page: Page) -> None:
    page.fill("#name", "Sổ trực")
    page.check("input[name=scope] >> nth=0")
    page.click("form[action='/tokens'] button")
    page.wait_for_selector("code.secret")


def _leave(page: Page) -> None:
    page.click('form[action="/guest/leave"] button')
    page.wait_for_selector(".login")


_HUB: Final = (
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

_FLEET: Final = (
    _of_fleet(
        "fleet-with-alerts",
        "/",
        "#alert-bar a",
        reads=("Trạm Y tế Lý Sơn", "im lặng", "Thẻ nhớ của hộp sắp đầy"),
    ),
    _of_fleet("menu", "/", ".more summary", who=ADMIN, act=_open_the_menu),
    _of_fleet("map", "/map", "#map-count:not(:empty)"),
    _of_fleet("wall", "/wall", "#wall-needing li"),
    _of_fleet(
        "station-with-alerts", "/stations/{station}", "#station-alerts li", address="/stations/con-dao-01"
    ),
    _of_fleet("alerts", "/alerts", "tr[data-alert]", reads=("3 trạm", "Hộp quá nóng", ON_THE_WAY, "Lan")),
    _of_fleet("alert", "/alerts/{alert}", "h1", reads=("Trạm Y tế Cô Tô", "Trạm im lặng")),
    _of_fleet("alert-high", "/alerts/{alert}", "h1", address="/alerts/{alert_high}"),
    _of_fleet("closed-alerts", "/alerts/closed", "main tbody tr"),
    _of_fleet("maintenance", "/maintenance", "table"),
    _of_fleet("units", "/units", "main summary"),
    _of_fleet("units-found", "/units", "ul.found li", address="/units?q=muong+nhe"),
    _of_fleet("unit", "/units/{no}", "main table", address="/units/{unit}", who=ADMIN),
    _of_fleet("card", "/stations/{station}/card", "#zone"),
    _of_fleet("enrolment", "/stations/{station}/enrolment", "#number", reads=("Lập mã cho một hộp",)),
    _of_fleet("enrolment-code", "/stations/{station}/enrolment", "#number", act=_make_a_code),
    _of_fleet("boxes", "/boxes", "main table"),
    _of_fleet("box", "/boxes/{box}", "h1"),
    _of_fleet("import", "/organisation/import", "#file", who=ADMIN),
    _of_fleet(
        "import-preview",
        "/organisation/import/{digest}",
        "main table",
        who=ADMIN,
    ),
    _of_fleet("configuration", "/configuration", "main table", who=ADMIN, reads=(WHY_LOUDER,)),
    _of_fleet(
        "configuration-layer",
        "/configuration/layers/{layer}",
        "#hotline",
        address="/configuration/layers/all",
        who=ADMIN,
    ),
    _of_fleet(
        "configuration-group",
        "/configuration/layers/{layer}",
        "#rank",
        address="/configuration/layers/group:bien-dao",
        who=ADMIN,
    ),
    _of_fleet(
        "configuration-preview",
        "/configuration/layers/{layer}",
        "#why",
        address="/configuration/layers/all",
        who=ADMIN,
        act=_ask_for_a_preview,
    ),
    _of_fleet(
        "station-configuration",
        "/stations/{station}/configuration",
        "#configuration table",
        who=ADMIN,
        reads=(HOTLINE,),
    ),
    _of_fleet("bundle", "/stations/{station}/bundles/{object}", "main pre", who=ADMIN),
    _of_fleet("playback-visits", "/stations/{station}/playback", "main th[scope=row]"),
    _of_fleet(
        "playback",
        "/stations/{station}/playback",
        "hd-still",
        address="/stations/{station}/playback?{period}",
        reads=("Lượt khám S3-13", "Bảng số của lượt khám này"),
    ),
    _of_fleet(
        "trends", "/stations/{station}/trends", "main section", address="/stations/{station}/trends?of=day"
    ),
    _of_fleet("screen", "/screen", "#card-width"),
    _of_fleet("people", "/people", "main table", who=ADMIN),
    _of_fleet("tokens", "/tokens", "main table", who=ADMIN),
    _of_fleet("token-made", "/tokens", "main form", who=ADMIN, act=_make_a_token),
    _of_fleet("audit", "/audit", "main table", who=ADMIN),
)

TOUR: Final = (
    *_HUB,
    *_FLEET,
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
    "/stations/{station}/alerts": "a part of the station's page",
    "/stations/{station}/health": "a part of the station's page",
    "/stations/{station}/playback/piece": "samples",
    "/stations/{station}/playback.pdf": "PDF",
    "/stations/{station}/bundles/{object}.zip": "ZIP",
    "/configuration/group": "it leads to a layer's page",
    "/organisation/search": "JSON",
    "/organisation/{what}.csv": "CSV",
    "/audit.csv": "CSV",
    "/fleet/names.json": "JSON",
    "/metrics": "numbers for Prometheus",
    "/duty": "JSON",
    "/favicon.ico": "a picture",
    "/statistics.json": "JSON",
    "/statistics.csv": "CSV",
}
