"""The panel's process: a small web server on loopback that asks `edge vitals`, and passes on what is touched.

It may die without harm: it holds nothing that anybody needs. Source: docs/adr/0027-the-panel.md.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import uvicorn
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from edge.advice.advice_facts import AdviceNow
from edge.call.call_facts import CallFacts
from edge.clock import BoxClock
from edge.config import BoxConfig
from edge.control_service import ask
from edge.errors import ControlError, PanelError
from edge.health.self_test import SelfTestNow
from edge.live.link_facts import LinkFacts
from edge.panel.edid import screen_mm_wide
from edge.panel.live_socket import serve_live, serve_picture
from edge.panel.own_pages import WEBSOCKET, is_own
from edge.panel.pages import (
    LOOK_EVERY_S,
    Notice,
    Screen,
    Silence,
    StationNow,
    VisitNow,
    cancel_page,
    next_person_page,
    station_page,
)
from edge.panel.station_devices import StationDevices
from edge.panel.words import Words
from supervisor.notify import Supervisor

log = logging.getLogger(__name__)

ADDRESS: Final = "127.0.0.1"
ANSWER_LIMIT_S: Final = 3.0  # a page that waits longer shows what is no longer so
SETTLING_S: Final = 1.0  # after a touch; a hand trembles
NOTICE_S: Final = 20.0  # how long what was done stays on the screen
STOP_LIMIT_S: Final = 1
WEBSOCKET_MAX_BYTES: Final = 1_024  # a page says no more than that it has drawn
POLICY_VIOLATION: Final = 1008
ADVICE_DEEDS: Final = ("print", "put away")
CALL_DEEDS: Final = ("accept", "decline", "raise", "cancel")
WEB: Final = Path(__file__).parents[2] / "web"
STATIC: Final = Path(__file__).parent / "static"
HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # with no-referrer our own forms would say "Origin: null"
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


async def serve_panel(config: BoxConfig, clock: BoxClock, supervisor: Supervisor | None = None) -> None:
    """Serve until cancelled. Raises PanelError: the port cannot be had."""
    app = Panel(config, clock).app()
    with listen(config) as listener:
        log.info("the panel is at http://%s:%d/", ADDRESS, config.panel.port)
        server = _Server(
            supervisor or Supervisor(),
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="websockets-sansio",
                ws_max_size=WEBSOCKET_MAX_BYTES,
                ws_per_message_deflate=False,
                timeout_graceful_shutdown=STOP_LIMIT_S,
            ),
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="panel")
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the process ends in one place. Says when it lets people in."""

    def __init__(self, supervisor: Supervisor, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._supervisor = supervisor

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._supervisor.say_ready("the page is there")

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def listen(config: BoxConfig) -> Iterator[socket.socket]:
    """Take the page's port before anything else; nobody is let in yet. Raises PanelError."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # no body waits for its head to arrive
        try:
            listener.bind((ADDRESS, config.panel.port))
        except OSError as error:
            raise PanelError(
                f"port {config.panel.port} of {ADDRESS} cannot be had ({error.strerror});"
                f" end who has it (`ss -ltnp`), or set another as [panel] port in {config.file}"
            ) from error
        yield listener


class _Guard:
    """Refuses what does not come from our own page, before anything reads it; adds the headers."""

    def __init__(self, app: ASGIApp, port: int) -> None:
        self._app, self._port = app, port

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        method = WEBSOCKET if scope["type"] == "websocket" else scope["method"]

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    answered.setdefault(name, value)
            await send(message)

        host, origin = headers.get("host"), headers.get("origin")
        if is_own(method, host=host, origin=origin, port=self._port):
            await self._app(scope, receive, send_with_headers)
        elif method == WEBSOCKET:
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})  # before it is accepted: 403
        else:
            refusal = PlainTextResponse("This does not come from the panel's own page.\n", status_code=403)
            await refusal(scope, receive, send_with_headers)


class Panel:
    """The pages, and what was done last: there is one screen."""

    def __init__(self, config: BoxConfig, clock: BoxClock) -> None:
        self._config, self._clock = config, clock
        self._screen = Screen(
            mm_wide=config.panel.screen_mm_wide or screen_mm_wide(),
            blank_after_min=config.panel.blank_after_min,
        )
        self._heard_at_s = clock.now_s()
        self._was_heard = False
        self._name: str | None = None  # as `edge vitals` said last
        self._done: tuple[str, ...] = ()  # the last deed that was done
        self._notice: Notice | None = None
        self._notice_at_s = self._touched_at_s = -NOTICE_S

    def app(self) -> Starlette:
        """Return the web application."""
        return Starlette(
            routes=[
                Route("/", self._show),
                Route("/here", self._is_here),
                Route("/next", self._ask_once_more, methods=["GET"]),
                Route("/next", self._next_person, methods=["POST"]),
                Route("/devices", self._confirm, methods=["POST"]),
                Route("/cancel", self._ask_whether_to_cancel, methods=["GET"]),
                Route("/call", self._do_to_call, methods=["POST"]),
                Route("/advice", self._do_to_advice, methods=["POST"]),
                Route("/sound", self._turn_sound, methods=["POST"]),
                Route("/self-test", self._test, methods=["POST"]),
                WebSocketRoute("/live", self._live),
                WebSocketRoute("/picture", self._picture),
                Mount("/web", StaticFiles(directory=WEB)),
                Mount("/static", StaticFiles(directory=STATIC)),
            ],
            middleware=[Middleware(_Guard, port=self._config.panel.port)],
            exception_handlers={Exception: self._on_fault},
        )

    async def _show(self, request: Request) -> Response:
        now, words = await self._now(), self._words(request)
        html = station_page(
            now,
            station=self._title(words),
            notice=self._notice if self._is_fresh() else None,
            is_settling=self._clock.now_s() - self._touched_at_s < SETTLING_S,
            words=words,
            screen=self._screen,
        )
        return HTMLResponse(html)

    async def _is_here(self, _request: Request) -> Response:
        """Be heard, also by the page with which the kiosk begins: a file is no origin of ours."""
        return Response(status_code=204, headers={"Cross-Origin-Resource-Policy": "cross-origin"})

    async def _on_fault(self, request: Request, error: Exception) -> Response:
        """A fault of our own; the log has it. The page looks again by itself: nobody here has a keyboard."""
        silence = Silence(self._clock.now_s() - self._heard_at_s, self._was_heard, f"edge panel: {error!r}")
        words = self._words(request)
        html = station_page(
            silence,
            station=self._title(words),
            notice=None,
            is_settling=False,
            words=words,
            screen=self._screen,
        )
        return HTMLResponse(html, status_code=500, headers={**HEADERS, "Refresh": f"{LOOK_EVERY_S}; url=/"})

    async def _now(self) -> StationNow | Silence:
        try:
            devices = StationDevices.model_validate(await self._ask("devices"))
            advice = AdviceNow.model_validate(await self._ask("advice"))
            link = LinkFacts.model_validate(await self._ask("link"))
            tested = SelfTestNow.model_validate(await self._ask("self-test now"))
            now = StationNow(await self._visit(), devices, await self._call(), advice, link, tested)
            self._name = link.station_name
        except (ControlError, ValidationError) as error:
            for_s = self._clock.now_s() - self._heard_at_s
            return Silence(for_s, self._was_heard, str(error))
        self._heard_at_s, self._was_heard = self._clock.now_s(), True
        return now

    async def _visit(self) -> VisitNow:
        answer = await self._ask("visit")
        return VisitNow(*(answer[name] for name in VisitNow._fields))

    async def _call(self) -> CallFacts:
        return CallFacts.model_validate(await self._ask("call"))

    async def _ask(self, name: str, **details: object) -> dict[str, Any]:
        try:
            async with asyncio.timeout(ANSWER_LIMIT_S):
                return await ask(self._config.control_socket, name, **details)
        except TimeoutError:
            raise ControlError(f"`edge vitals` has not answered within {ANSWER_LIMIT_S:.0f} s") from None

    async def _ask_once_more(self, request: Request) -> Response:
        """Before a visit ends; where none is open there is nothing to ask."""
        now = await self._now()
        if isinstance(now, Silence) or not now.visit.visit:
            return self._to_station(request)
        words = self._words(request)
        return HTMLResponse(next_person_page(now.visit.visit, station=self._title(words), words=words))

    async def _next_person(self, request: Request) -> Response:
        """End the visit that was asked about, and no other; none where the answer is no."""
        visit = str((await request.form()).get("visit", ""))
        deed = ("next person", visit)
        if visit and not self._is_done(deed):
            try:
                if str((await self._visit()).visit) == visit:
                    await self._ask("next person")
                    self._tell(Notice("next done", is_done=True, values={"visit": visit}), deed)
                else:
                    self._tell(Notice("visit changed", is_done=False))
            except ControlError as error:
                self._tell(_refused(error))
        return self._to_station(request)

    async def _ask_whether_to_cancel(self, request: Request) -> Response:
        """Before a call is cancelled; where none is open there is nothing to ask."""
        now = await self._now()
        if isinstance(now, Silence) or not now.has_call or now.call.call_seq is None:
            return self._to_station(request)
        words = self._words(request)
        return HTMLResponse(cancel_page(now.call.call_seq, station=self._title(words), words=words))

    async def _do_to_call(self, request: Request) -> Response:
        """Accept or decline the ring, cancel or raise the call, that the screen showed, and no other."""
        form = await request.form()
        name, about = str(form.get("deed", "")), str(form.get("about", ""))
        deed = (name, about)
        if name in CALL_DEEDS and not self._is_done(deed):
            try:
                call = await self._call()
                ring = None if call.ring is None else call.ring.name
                if about == (ring if name in ("accept", "decline") else str(call.call_seq)):
                    await self._ask(f"{name} call")
                    self._tell(Notice(f"{name} done", is_done=True), deed)
                else:
                    self._tell(Notice("call changed", is_done=False))
            except ControlError as error:
                self._tell(_refused(error))
        return self._to_station(request)

    async def _do_to_advice(self, request: Request) -> Response:
        """Print a piece of advice, or put it away."""
        form = await request.form()
        name, about = str(form.get("deed", "")), str(form.get("about", ""))
        deed = ("advice", name, about)
        if name in ADVICE_DEEDS and about.isdecimal() and not self._is_done(deed):
            try:
                await self._ask(f"{name} advice", advice=int(about))
                self._tell(Notice(f"{name} done", is_done=True), deed)
            except ControlError as error:
                self._tell(_refused(error))
        return self._to_station(request)

    async def _turn_sound(self, request: Request) -> Response:
        """Louder, quieter, mute or unmute. The same again is meant: nothing settles in between."""
        try:
            await self._ask("sound", word=str((await request.form()).get("word", "")))
        except ControlError as error:
            self._tell(_refused(error))
        return RedirectResponse(f"/?lang={self._words(request).language}", status_code=303)

    async def _test(self, request: Request) -> Response:
        """Have the box test itself, where no call is open."""
        if not self._is_done(("self-test",)):
            try:
                await self._ask("self-test")
                self._tell(Notice("self-test begun", is_done=True), ("self-test",))
            except ControlError as error:
                self._tell(_refused(error))
        return self._to_station(request)

    async def _confirm(self, request: Request) -> Response:
        """Which device it is. Whether that can be, `edge vitals` knows."""
        form = await request.form()
        device, is_device, port = (str(form.get(name, "")) for name in ("device", "is_device", "port"))
        deed = ("confirm device", device, is_device)
        if not self._is_done(deed):
            key = "device done" if is_device else "new device done"
            try:
                await self._ask("confirm device", device=device, is_device=is_device or None)
                self._tell(Notice(key, is_done=True, values={"port": port, "name": is_device}), deed)
            except ControlError as error:
                self._tell(_refused(error))
        return self._to_station(request)

    async def _live(self, socket: WebSocket) -> None:
        await serve_live(socket, self._config)

    async def _picture(self, socket: WebSocket) -> None:
        await serve_picture(socket, self._config)

    def _words(self, request: Request) -> Words:
        """Return the words of the language that was chosen, or else of the box's file."""
        return Words(request.query_params.get("lang", self._config.panel.language))

    def _title(self, words: Words) -> str:
        """Return what people call the station."""
        name = self._name or self._config.name
        return name if name != self._config.station else words("station", station=self._config.station)

    def _to_station(self, request: Request) -> Response:
        self._touched_at_s = self._clock.now_s()
        return RedirectResponse(f"/?lang={self._words(request).language}", status_code=303)

    def _is_done(self, deed: tuple[str, ...]) -> bool:
        """Whether this is the second touch of a trembling hand: no second deed, nor a complaint."""
        return deed == self._done and self._is_fresh()

    def _is_fresh(self) -> bool:
        return self._clock.now_s() - self._notice_at_s < NOTICE_S

    def _tell(self, notice: Notice, done: tuple[str, ...] = ()) -> None:
        self._notice, self._notice_at_s, self._done = notice, self._clock.now_s(), done


def _refused(error: ControlError) -> Notice:
    return Notice("refused", is_done=False, values={"why": error})
