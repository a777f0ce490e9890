"""Guests: a doctor without an account who was sent a link. They see one call's station, and nothing else.

GET of a link lets nobody in: programs that show what is behind a link open it before its reader does.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Final

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response

from contract.ids import StationId
from hub.calls.call import Given
from hub.calls.table import Input
from hub.console.guard import guest_cookie_name, is_own_origin, set_guest
from hub.console.invitations import is_there, still_invited
from hub.console.page import RefusedPageError, check_origin, render, rooms_of, wants_json
from hub.console.rooms import Rooms
from hub.people.guest_links import LinkRefusal, LinkRefusedError, Visitor
from hub.people.people_service import TooManyTriesError
from hub.store.interface import StoreFailedError

TICK_S: Final = 1.0
GATHER_S: Final = 0.02
REFUSED: Final = {
    LinkRefusal.UNKNOWN: (404, "Đường dẫn này không dùng được. Hãy xin người mời đường dẫn khác."),
    LinkRefusal.USED: (410, "Đường dẫn này đã được dùng. Hãy xin người mời đường dẫn khác."),
    LinkRefusal.OVER: (
        410,
        "Đường dẫn này đã hết hạn, hoặc cuộc gọi đã xong. Hãy xin người mời đường dẫn khác.",
    ),
}
GONE: Final = "Bạn không còn ở trong cuộc gọi này."


async def show_link(request: Request) -> Response:
    """GET /guest/TOKEN: who invites to which call, and a button that lets in."""
    visitor = await _look(request)
    rooms = rooms_of(request)
    name = rooms.stations.name(visitor.call_id.station)
    return render(request, "guest_link_page.html", account=None, visitor=visitor, station_name=name)


async def use_link(request: Request) -> Response:
    """POST /guest/TOKEN: come to the call; the link has been used by then."""
    check_origin(request)
    visitor = await _look(request)
    rooms = rooms_of(request)
    try:
        visitor, session = await rooms.people.use_link(
            request.path_params["token"], address=_address(request)
        )
    except LinkRefusedError as error:
        raise _refused(error.why) from None
    came = Given(input=Input.GUEST, to=visitor.name, change="came")
    try:
        moved = await rooms.desk.give(visitor.call_id, came, detail={"link": True})
    except StoreFailedError:
        await rooms.people.give_back_link(session)
        raise
    if not moved.is_done:
        raise _refused(LinkRefusal.OVER)
    await rooms.people.note(visitor, "link used", str(visitor.call_id), f"by {visitor.by}")
    response = RedirectResponse("/guest", status_code=303)
    set_guest(response, request, session)
    return response


async def show_guest(request: Request) -> Response:
    """GET /guest: the station of the call, as its guest sees it."""
    visitor = await visitor_of(request)
    if visitor is None:
        raise RefusedPageError(403, GONE)
    rooms, station = rooms_of(request), visitor.call_id.station
    await rooms.feed.open_for([station])
    return render(request, "guest.html", account=None, visitor=visitor, row=rooms.station(station))


async def leave(request: Request) -> Response:
    """POST /guest/leave: the guest goes; there is no way back but another link."""
    check_origin(request)
    rooms, visitor = rooms_of(request), await visitor_of(request)
    if visitor is not None:
        given = Given(input=Input.GUEST, to=visitor.name, change="left")
        await rooms.desk.give(visitor.call_id, given)
        await rooms.people.leave(_session(request))
        await rooms.people.note(visitor, "guest left", str(visitor.call_id))
    if wants_json(request):
        return Response(status_code=204)
    return render(request, "guest_gone.html", account=None)


async def stream_guest(request: Request) -> Response:
    """GET /guest/events: the one call, as long as its guest is in it."""
    if not is_own_origin(request, is_required=False):
        raise RefusedPageError(403, "Yêu cầu không đến từ trang này. Hãy tải lại trang rồi thử lại.")
    visitor = await visitor_of(request)
    if visitor is None:
        return Response(status_code=401)
    return EventSourceResponse(_stream(rooms_of(request), visitor), ping=0)


async def visitor_of(connection: HTTPConnection) -> Visitor | None:
    """Return which guest asks: one who has come to the call, and is still in it."""
    session = _session(connection)
    rooms = rooms_of(connection)
    visitor = await rooms.people.visitor(session) if session else None
    return visitor if visitor is not None and is_there(rooms, visitor) else None


async def guest_at(connection: HTTPConnection, station: StationId) -> Visitor | None:
    """Return which guest asks for that station, if it is his call's."""
    visitor = await visitor_of(connection)
    return visitor if visitor is not None and visitor.call_id.station == station else None


async def _look(request: Request) -> Visitor:
    rooms = rooms_of(request)
    try:
        visitor = await rooms.people.look_at_link(request.path_params["token"], address=_address(request))
    except LinkRefusedError as error:
        raise _refused(error.why) from None
    except TooManyTriesError:
        raise RefusedPageError(429, "Thử sai quá nhiều lần. Hãy chờ một lát rồi thử lại.") from None
    if not still_invited(rooms, visitor):
        raise _refused(LinkRefusal.OVER)
    return visitor


def _refused(why: LinkRefusal) -> RefusedPageError:
    status, text_key = REFUSED.get(why, REFUSED[LinkRefusal.UNKNOWN])
    return RefusedPageError(status, text_key)


def _session(connection: HTTPConnection) -> str:
    return connection.cookies.get(guest_cookie_name(connection), "")


def _address(request: Request) -> str:
    return request.client.host if request.client else "?"


async def _stream(rooms: Rooms, visitor: Visitor) -> AsyncIterator[ServerSentEvent]:
    awake = asyncio.Event()
    station = visitor.call_id.station
    stop = rooms.listen(lambda changed: awake.set() if changed in (None, station) else None)
    look_away, close_page = rooms.feed.look([station]), rooms.open_page(visitor.name)
    try:
        await rooms.feed.open_for([station])
        while not rooms.is_ending:
            awake.clear()
            yield ServerSentEvent(json.dumps(_state(rooms, visitor)), event="state")
            row = rooms.station(station)
            yield ServerSentEvent(json.dumps({"rows": [row]}), event="rows")
            if not is_there(rooms, visitor):
                return  # the page is told that the call is gone, asks again and is refused
            try:
                async with asyncio.timeout(TICK_S):
                    await awake.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                pass
    finally:
        stop()
        look_away()
        close_page()


def _state(rooms: Rooms, visitor: Visitor) -> dict[str, object]:
    """What `hub.console.events` says, of one call; the names of other guests are theirs."""
    broker, one = rooms.hub.broker_link(), rooms.desk.held(visitor.call_id)
    is_in = one is not None and is_there(rooms, visitor)
    entry = rooms.call_entry(one.held, account=visitor.name) if one is not None and is_in else None
    return {
        "now_ms": rooms.utc_ms(),
        "line_ms": rooms.line_ms(),
        "is_whole": True,
        "calls": [] if entry is None else [entry],
        "gone": [],
        "broker": {
            "is_connected": broker.is_connected,
            "changed_ms": rooms.monotonic_to_utc_ms(broker.changed_s),
        },
        "ingest_fault_since_ms": None,
        "has_routing_fault": False,
    }
