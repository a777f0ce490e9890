"""The event stream of a page: calls, the stations it shows, and whether the hub itself hears its stations.

At first everything, then what has changed: nothing here grows with the number of calls that stay as they are.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from contract.ids import StationId
from hub.console.call_list import CallsTold
from hub.console.guard import is_own_origin, token_of
from hub.console.page import RefusedPageError, rooms_of, signed_in
from hub.console.rooms import Rooms

TICK_S: Final = 1.0  # a page that hears nothing for five seconds says so
GATHER_S: Final = 0.02  # changes within that go out together
SESSION_CHECK_TICKS: Final = 10


async def stream_events(request: Request) -> Response:
    """GET /events, ?fleet=1 for all stations, ?station=ID for one."""
    if not is_own_origin(request, is_required=False):
        raise RefusedPageError(403, "Yêu cầu không đến từ trang này. Hãy tải lại trang rồi thử lại.")
    account = await signed_in(request)
    rooms = rooms_of(request)
    wanted: set[StationId] | None = set()
    if request.query_params.get("fleet") == "1":
        wanted = None  # all, also those that will be heard for the first time
    elif station := request.query_params.get("station"):
        wanted = {StationId(station)} if rooms.stations.knows(StationId(station)) else set()
    return EventSourceResponse(_stream(rooms, wanted, token_of(request), account.name), ping=0)


async def _stream(
    rooms: Rooms, wanted: set[StationId] | None, token: str, name: str
) -> AsyncIterator[ServerSentEvent]:
    awake = asyncio.Event()
    changed: set[StationId] = set()  # since they were told

    def on_change(station: StationId | None) -> None:
        if station is None:
            awake.set()
        elif wanted is None or station in wanted:
            changed.add(station)
            awake.set()

    stop, close_page = rooms.listen(on_change), rooms.open_page(name)
    look_away = rooms.feed.look(wanted)
    sent: dict[str, Any] = {}
    ticks, number, is_tick = 0, None, True  # each second every station is looked at: words age too
    try:
        while not rooms.is_ending:
            awake.clear()
            told = rooms.calls_since(number, account=name)
            number = told.number
            yield ServerSentEvent(_state(rooms, told), event="state")
            if not sent:
                await rooms.feed.open_for(rooms.stations.ids() if wanted is None else wanted)
            stations: Iterable[StationId] = changed
            if is_tick:
                stations = rooms.stations.ids() if wanted is None else wanted
            rows = [rooms.station(one) for one in stations]
            changed.clear()
            fresh = [row for row in rows if sent.get(row["station"]) != row]
            if fresh:
                sent.update((row["station"], row) for row in fresh)
                yield ServerSentEvent(json.dumps({"rows": fresh}), event="rows")
            is_tick = False
            try:
                async with asyncio.timeout(TICK_S):
                    await awake.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                is_tick, ticks = True, ticks + 1
                if ticks % SESSION_CHECK_TICKS == 0 and await rooms.people.who(token) is None:
                    return  # logged out elsewhere, or too old: the page asks again and is told
    finally:
        stop()
        look_away()
        close_page()


def _state(rooms: Rooms, told: CallsTold) -> str:
    broker, ingest = rooms.hub.broker_link(), rooms.hub.ingest_state()
    about = {
        "now_ms": rooms.utc_ms(),
        "line_ms": rooms.line_ms(),
        "is_whole": told.is_whole,
        "gone": told.gone,
        "broker": {
            "is_connected": broker.is_connected,
            "changed_ms": rooms.monotonic_to_utc_ms(broker.changed_s),
        },
        "ingest_fault_since_ms": rooms.monotonic_to_utc_ms(ingest.fault_since_s) if ingest.fault else None,
        "has_routing_fault": rooms.routing.has_fault,
    }
    return f'{{"calls": [{", ".join(told.calls)}], {json.dumps(about)[1:]}'
