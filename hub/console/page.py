"""One page: who asks, in which language, from which template."""

from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from contract.errors import RefusedError
from contract.ids import CallId, StationId, parse_station
from hub.console.ages import age_text, date_and_time, moment_text, press_age_text, time_of_day
from hub.console.guard import account_of, is_own_origin
from hub.console.rooms import Rooms
from hub.console.rows import CallEntry, press_age_of
from hub.console.words import LANGUAGE_COOKIE, LANGUAGES, Words, language_of
from hub.people.accounts import Account

LANGUAGE_KEPT_S: Final = 365 * 86_400
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


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


def render(
    request: Request, template: str, *, account: Account | None, status: int = 200, **context: Any
) -> Response:
    """Return a page. Its template finds `_` (words), the ages' words and the open calls besides `context`."""
    words = Words(language_of(request))
    rooms = rooms_of(request)
    now_ms = rooms.utc_ms()

    def age_of(utc_ms: float | None) -> str:
        return age_text(None if utc_ms is None else max(0.0, now_ms - utc_ms) / 1000, words)

    def age_since(line_ms: float) -> str:
        return age_text(max(0.0, rooms.line_ms() - line_ms) / 1000, words)

    def press_age(call: CallEntry) -> str:
        return press_age_text(press_age_of(call, now_ms=rooms.line_ms()), words)

    html = _TEMPLATES.get_template(template).render(
        _=words,
        words=words,
        languages=LANGUAGES,
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
        time_of_day=time_of_day,
        date_and_time=date_and_time,
        moment_text=lambda moment: moment_text(moment, words),
        utc_ms_of=rooms.monotonic_to_utc_ms,
        **context,
    )
    response = HTMLResponse(html, status_code=status)
    keep_language(response, request)
    return response


def keep_language(response: Response, request: Request) -> None:
    """Remember a language chosen with `?lang=`."""
    chosen = request.query_params.get("lang")
    if chosen in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=LANGUAGE_KEPT_S, samesite="lax", httponly=True)


def wants_json(request: Request) -> bool:
    """Whether a script asks, rather than a form."""
    return "application/json" in request.headers.get("accept", "")


def to_login(request: Request) -> Response:
    """Return the way to the login page; a script is told 401 and goes there by itself."""
    if wants_json(request) or "text/event-stream" in request.headers.get("accept", ""):
        return Response(status_code=401)
    return RedirectResponse("/login", status_code=303)
