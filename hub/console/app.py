"""The console: its pages, in one table, and the rooms behind them."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute

from hub.api.api_routes import api_route
from hub.console import (
    calls,
    case,
    case_papers,
    devices,
    duty,
    events,
    fleet,
    live,
    login,
    media,
    photos,
    playback,
    screen,
    station,
    station_health,
    station_ring,
    trends,
)
from hub.console.alert_routes import ALERT_ROUTES
from hub.console.assets import ASSET_ROUTES
from hub.console.configuration_routes import CONFIGURATION_ROUTES
from hub.console.enrol import ENROL_ROUTES
from hub.console.guard import SecurityHeaders
from hub.console.list_routes import LIST_ROUTES
from hub.console.organisation_routes import ORGANISATION_ROUTES
from hub.console.page import NotSignedInError, RefusedPageError, render, to_login, wants_json
from hub.console.people_routes import PEOPLE_ROUTES
from hub.console.rooms import Rooms
from hub.hub import Hub
from hub.store.interface import StoreFailedError

log = logging.getLogger(__name__)

BODY_MAX_BYTES: Final = 65_536  # the largest form: findings and advice of 6,000 letters, nine bytes each
COMPRESSED_FROM_BYTES: Final = 1_000  # less fits a packet as it is

ROUTES: Final = [
    Route("/", fleet.show_fleet, name="fleet"),
    Route("/map", fleet.show_map),
    Route("/wall", fleet.show_wall),
    Route("/fleet/names.json", fleet.tell_names),
    Route("/fleet/window", fleet.look_at, methods=["POST"]),
    Route("/fleet/views", fleet.save_view, methods=["POST"]),
    Route("/fleet/views/{view}/drop", fleet.drop_view, methods=["POST"]),
    Route("/login", login.show_login, methods=["GET"]),
    Route("/login", login.log_in, methods=["POST"]),
    Route("/logout", login.log_out, methods=["POST"]),
    Route("/stations/{station}", station.show_station),
    Route("/stations/{station}/ring", station_ring.ring_station, methods=["POST"]),
    Route("/stations/{station}/ring/stop", station_ring.stop_ringing, methods=["POST"]),
    Route("/stations/{station}/health", station_health.show_health),
    Route("/stations/{station}/events", station.show_events),
    Route("/stations/{station}/playback", playback.show_playback),
    Route("/stations/{station}/playback/piece", playback.show_piece),
    Route("/stations/{station}/playback.pdf", playback.show_paper),
    Route("/stations/{station}/trends", trends.show_trends),
    Route("/screen", screen.show_screen),
    Route("/stations/{station}/alerts", station.show_alerts),
    Route("/stations/{station}/questions", devices.show_questions),
    Route("/stations/{station}/devices/{device}", devices.confirm_device, methods=["POST"]),
    WebSocketRoute("/stations/{station}/live", live.serve_view),
    Route("/stations/{station}/photos", photos.list_photos),
    Route("/stations/{station}/photos/{photo}", photos.show_photo),
    *LIST_ROUTES,
    *ALERT_ROUTES,
    *ORGANISATION_ROUTES,
    *CONFIGURATION_ROUTES,
    WebSocketRoute("/calls/{call}/media", media.serve_media),
    Route("/calls/{call}", case.show_call),
    Route("/calls/{call}/case", case.show_case),
    Route("/calls/{call}/letter.pdf", case_papers.show_letter),
    Route("/calls/{call}/minutes.pdf", case_papers.show_minutes),
    Route("/calls/{call}/minutes.json", case_papers.take_minutes),
    Route("/calls/{call}/photos/{spool}/{visit}/{photo}", case.show_photo),
    Route("/calls/{call}/papers/{paper}", case.save_paper, methods=["POST"]),
    Route("/calls/{call}/advice", case.send_advice, methods=["POST"]),
    Route("/calls/{call}/disposition", case.close_call, methods=["POST"]),
    Route("/calls/{call}/correction", case.correct_call, methods=["POST"]),
    Route("/calls/{call}/{input}", calls.give_input, methods=["POST"]),
    api_route(),
    *PEOPLE_ROUTES,
    *ENROL_ROUTES,
    Route("/events", events.stream_events),
    Route("/duty", duty.hear_proof, methods=["GET", "POST"]),
    Route("/ringing", duty.hear_ringing, methods=["POST"]),
    *ASSET_ROUTES,
    Route("/favicon.ico", lambda _: RedirectResponse("/hub/console/static/lighthouse.svg")),
]


def build_app(hub: Hub) -> Starlette:
    """Return the console. It listens to `hub` from now on; its tasks run while it is served.

    When one of them fails, the process is asked to end: a console that half works looks alive.
    """
    rooms = Rooms(hub)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await rooms.begin()
        task = asyncio.create_task(rooms.run(), name="rooms")
        task.add_done_callback(_end_process_on_failure)
        yield
        task.remove_done_callback(_end_process_on_failure)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        rooms.close()

    app = Starlette(
        routes=ROUTES,
        middleware=[
            Middleware(SecurityHeaders),
            Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES, compresslevel=6),
        ],
        exception_handlers={
            NotSignedInError: _on_not_signed_in,
            RefusedPageError: _on_refused,
            HTTPException: _on_http_error,
            StoreFailedError: _on_store_failed,
            ClientDisconnect: lambda _, __: Response(status_code=400),  # nobody hears it: the page has gone
        },
        lifespan=lifespan,
        max_body_size=BODY_MAX_BYTES,
    )
    app.state.rooms = rooms
    return app


def end_streams(app: object) -> None:
    """Let the event streams of the console end, before its server is stopped."""
    if isinstance(app, Starlette):
        rooms: Rooms = app.state.rooms
        rooms.end_streams()


def _end_process_on_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled():
        log.critical("a room of the hub failed; ending, to be started anew", exc_info=task.exception())
        os.kill(os.getpid(), signal.SIGTERM)


def _on_not_signed_in(request: Request, _: Exception) -> Response:
    return to_login(request)


def _on_refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedPageError)  # noqa: S101 - told to mypy; the table above says so
    if wants_json(request):
        return JSONResponse({"error": error.text_key}, error.status)
    return render(
        request, "error.html", account=None, status=error.status, text_key=error.text_key, code=error.status
    )


def _on_store_failed(request: Request, error: Exception) -> Response:
    log.error("%s %s is refused: %s", request.method, request.url.path, error)
    text_key = case.STORE_AWAY if request.method == "GET" else case.NOT_KEPT
    return _on_refused(request, RefusedPageError(503, text_key))


def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - told to mypy; the table above says so
    text_key = "Không có trang này." if error.status_code == 404 else "Yêu cầu không dùng được."
    return _on_refused(request, RefusedPageError(error.status_code, text_key))
