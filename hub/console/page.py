"""One page: who asks, in which language, from which template."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from contract.errors import RefusedError
from contract.ids import CallId, StationId, parse_station
from hub.cases.note_words import when_text
from hub.console import assets
from hub.console.ages import (
    ZONE_NAME,
    age_text,
    date_and_time,
    moment_text,
    press_age_text,
    time_of_day,
)
from hub.console.guard import account_of, is_own_origin
from hub.console.local_time import station_clock_text, zone_difference_text
from hub.console.rooms import Rooms
from hub.console.rows import CallEntry, press_age_of
from hub.console.theme import SYSTEM, THEME_COOKIE, THEMES, theme_of
from hub.console.words import LANGUAGE_COOKIE, LANGUAGES, Words, language_of
from hub.people.accounts import Account

CHOICE_KEPT_S: Final = 365 * 86_400
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.globals |= {
    "asset": assets.asset,
    "modules": assets.modules,
    "words_asset": assets.words_asset,
    "languages": LANGUAGES,
    "themes": THEMES,
}


class RefusedPageError(Exception):
    """The request is refused. `text_key` is a word of the catalogue."""

    def __init__(self, status: int, text_key: str) -> None:
        super().__init__(text_key)
        self.status, self.text_key = status, text_key


class NotSignedInError(Exception):
    """Nobody is signed in: the login page is shown first."""


def rooms_of(connection: HTTPConnection) -> Rooms:
    """Return the rooms behind the pages."""
    rooms: Rooms = connection.app.state.rooms
    return rooms


async def signed_in(request: Request) -> Account:
    """Return who asks. Raises NotSignedInError."""
    account = await account_of(request, rooms_of(request).people)
    if account is None:
        raise NotSignedInError
    return account


async def signed_in_to_answer(request: Request) -> Account:
    """Return the operator who wants to change something. Raises RefusedPageError, NotSignedInError."""
    check_origin(request)
    account = await signed_in(request)
    if not account.may_answer:
        raise RefusedPageError(403, "Tài khoản này không được trả lời cuộc gọi.")
    return account


async def signed_in_to_edit(request: Request, *, units: bool = False) -> Account:
    """Return who wants to change something of stations and boxes, or of units. Raises RefusedPageError,
    NotSignedInError.
    """
    check_origin(request)
    account = await signed_in(request)
    if not (account.may_edit_units if units else account.may_edit_stations):
        raise RefusedPageError(403, "Tài khoản này không được sửa tổ chức.")
    return account


async def signed_in_to_act(request: Request, call_id: CallId) -> Account:
    """Return who wants to change something of a call, and may. Raises RefusedPageError, NotSignedInError."""
    check_origin(request)
    account = await signed_in(request)
    if not may_act(rooms_of(request), account, call_id):
        raise RefusedPageError(403, "Tài khoản này không được trả lời cuộc gọi.")
    return account


def may_act(rooms: Rooms, account: Account, call_id: CallId) -> bool:
    """Whether an account answers calls, or owns this one: a doctor to whom it was transferred."""
    held = rooms.desk.held(call_id)
    return account.may_answer or (held is not None and held.call.owner == account.name)


def check_origin(request: Request) -> None:
    """Refuse what another site's page sends. Raises RefusedPageError."""
    if not is_own_origin(request, is_required=True):
        raise RefusedPageError(403, "Yêu cầu không đến từ trang này. Hãy tải lại trang rồi thử lại.")


def station_in_path(request: Request) -> StationId:
    """Return the station that the address names. Raises RefusedPageError: there is none."""
    return station_named(request, request.path_params["station"])


def station_named(request: Request, name: str) -> StationId:
    """Return the station of that name. Raises RefusedPageError: there is none."""
    try:
        station = parse_station(name)
    except RefusedError:
        raise RefusedPageError(404, "Không có trạm này.") from None
    if not rooms_of(request).stations.knows(station):
        raise RefusedPageError(404, "Không có trạm này.")
    return station


def zone_at(request: Request, station: StationId) -> str:
    """Return the time zone (IANA) of a station: on its clock its past is told."""
    return rooms_of(request).organisation.now.zone(station)


def render(
    request: Request,
    template: str,
    *,
    account: Account | None,
    status: int = 200,
    zone_name: str = ZONE_NAME,
    **context: Any,
) -> Response:
    """Return a page. Its template finds `_` (words), the ages' words and the open calls besides `context`.

    `zone_name` (IANA): on whose clock all its times are, those of its scripts too; the hub's own but for what
    is of one station alone.
    """
    words = Words(language_of(request))
    rooms = rooms_of(request)
    now_ms, zone = rooms.utc_ms(), ZoneInfo(zone_name)

    def age_of(utc_ms: float | None) -> str:
        return age_text(None if utc_ms is None else max(0.0, now_ms - utc_ms) / 1000, words)

    def age_since(line_ms: float) -> str:
        return age_text(max(0.0, rooms.line_ms() - line_ms) / 1000, words)

    def press_age(call: CallEntry) -> str:
        return press_age_text(press_age_of(call, now_ms=rooms.line_ms()), words)

    html = _TEMPLATES.get_template(template).render(
        _=words,
        words=words,
        theme=theme_of(request),
        here=lambda **changed: _here(request, changed),
        account=account,
        path=request.url.path,
        now_ms=now_ms,
        calls=rooms.calls(account.name) if account else [],
        broker=rooms.hub.broker_link(),
        ingest=rooms.hub.ingest_state(),
        has_routing_fault=rooms.routing.has_fault,
        alert_bar=rooms.alert_bar() if account else None,
        age_of=age_of,
        age_since=age_since,
        alert_since=lambda line_ms: age_text(max(0.0, rooms.hub.now_s() - line_ms / 1000), words),
        press_age=press_age,
        zone_name=zone_name,
        page_clock=station_clock_text(zone_name, now_ms, words),
        time_of_day=lambda utc_ms: time_of_day(utc_ms, zone),
        date_and_time=lambda utc_ms: date_and_time(utc_ms, zone),
        moment_text=lambda moment: moment_text(moment, words, zone),
        period_text=lambda period: when_text(period.begin, words, zone),
        length_text=lambda length_s: age_text(length_s, words),
        utc_ms_of=rooms.monotonic_to_utc_ms,
        unit_name=rooms.organisation.now.tree.name,
        unit_text=lambda station: rooms.organisation.now.unit_text(StationId(station)),
        zone_text=lambda station: zone_difference_text(
            rooms.organisation.now.zone(StationId(station)), now_ms, words
        ),
        zone_at=lambda station: rooms.organisation.now.zone(StationId(station)),
        clock_text=lambda station: station_clock_text(
            rooms.organisation.now.zone(StationId(station)), now_ms, words
        ),
        **context,
    )
    response = HTMLResponse(html, status_code=status)
    keep_choices(response, request)
    return response


def keep_choices(response: Response, request: Request) -> None:
    """Remember a language chosen with `?lang=`, a theme chosen with `?theme=`."""
    chosen = request.query_params
    if chosen.get("lang") in LANGUAGES:
        _keep(response, LANGUAGE_COOKIE, chosen["lang"])
    if chosen.get("theme") == SYSTEM:
        response.delete_cookie(THEME_COOKIE, samesite="lax", httponly=True)
    elif chosen.get("theme") in THEMES:
        _keep(response, THEME_COOKIE, chosen["theme"])


def _keep(response: Response, cookie: str, chosen: str) -> None:
    response.set_cookie(cookie, chosen, max_age=CHOICE_KEPT_S, samesite="lax", httponly=True)


def _here(request: Request, changed: dict[str, str]) -> str:
    """Return the address of this page with some of its questions changed: the rest is asked again."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name not in changed]
    return "?" + urlencode([*asked, *changed.items()])


def wants_json(request: Request) -> bool:
    """Whether a script asks, rather than a form."""
    return "application/json" in request.headers.get("accept", "")


def to_login(request: Request) -> Response:
    """Return the way to the login page; a script is told 401 and goes there by itself."""
    if wants_json(request) or "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=401)
    return RedirectResponse("/login", status_code=303)
