"""What stands before every page: security headers, where a request comes from, whose session it is."""

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.console.assets import is_file, is_lasting
from hub.people.accounts import SESSION_MAX_S, Account
from hub.people.people_service import People

HEADERS: Final = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",  # what is not named here, no page may do
            *(f"{what}-src 'self'" for what in ("script", "style", "img", "media", "connect", "worker")),
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",  # text becomes a page in static/fragment.js alone
            "trusted-types haidang-fragment haidang-uplot",
        ]
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer our own forms would say "Origin: null"
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), geolocation=(), payment=(), usb=()",
}
UNCACHED: Final = "no-store"  # pages hold what patients trust us with
NAMES: Final = "/fleet/names.json"  # of stations, no person's: says itself how long it may be kept
REVALIDATED: Final = "no-cache"  # a file by its plain name: kept, but asked for again
LASTING: Final = "public, max-age=31536000, immutable"  # its address names what is in it


class SecurityHeaders:
    """Adds the headers to every answer, errors too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path: str = scope["path"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                if path != NAMES or "Cache-Control" not in headers:
                    headers["Cache-Control"] = _kept(path, message["status"])
            await send(message)

        await self._app(scope, receive, send_with_headers)


def _kept(path: str, status: int) -> str:
    """Return how long a browser may keep an answer. What could not be found may be there soon."""
    if not is_file(path):
        return UNCACHED
    return LASTING if status in (200, 304) and is_lasting(path) else REVALIDATED


def is_own_origin(connection: HTTPConnection, *, is_required: bool) -> bool:
    """Whether a page of ours asks. `is_required` (for what changes things, and sockets): not without Origin.

    A browser sends none with a plain same-origin GET, such as the event stream: Sec-Fetch-Site decides then.
    """
    origin = connection.headers.get("origin")
    if origin is None:
        site = connection.headers.get("sec-fetch-site", "same-origin")
        return not is_required and site in ("same-origin", "none")
    scheme = {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)
    return origin == f"{scheme}://{connection.headers.get('host', '')}"


def cookie_name(connection: HTTPConnection) -> str:
    """Return the session cookie's name; over https the browser itself binds it to this host."""
    return "__Host-haidang" if _is_secure(connection) else "haidang"


def token_of(connection: HTTPConnection) -> str:
    """Return the session's token, empty for none."""
    return connection.cookies.get(cookie_name(connection), "")


async def account_of(connection: HTTPConnection, people: People) -> Account | None:
    """Return whose session a request belongs to."""
    token = token_of(connection)
    return await people.who(token) if token else None


def set_session(response: Response, connection: HTTPConnection, token: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        cookie_name(connection),
        token,
        max_age=SESSION_MAX_S,
        httponly=True,
        samesite="strict",
        secure=_is_secure(connection),
        path="/",
    )


def end_session(response: Response, connection: HTTPConnection) -> None:
    """Take the session from the browser."""
    response.delete_cookie(
        cookie_name(connection), httponly=True, samesite="strict", secure=_is_secure(connection), path="/"
    )


def guest_cookie_name(connection: HTTPConnection) -> str:
    """Return the name of the cookie of a guest's session."""
    return f"{cookie_name(connection)}-guest"


def set_guest(response: Response, connection: HTTPConnection, session: str) -> None:
    """Give a guest's browser its session; it ends with the browser."""
    response.set_cookie(
        guest_cookie_name(connection),
        session,
        httponly=True,
        samesite="strict",
        secure=_is_secure(connection),
        path="/",
    )


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.url.scheme in ("https", "wss")
