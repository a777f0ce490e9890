"""The event stream of a page: calls, the stations it shows, and whether the hub itself hears its stations."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any, Final

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from contract.ids import StationId
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
    changed = asyncio.Event()
    stop, close_page = rooms.listen(changed.set), rooms.open_page(name)
    sent: dict[str, Any] = {}
    ticks = 0
    try:
        while not rooms.is_ending:
            changed.clear()
            yield ServerSentEvent(json.dumps(_state(rooms)), event="state")
            rows = [rooms.station(one) for one in (rooms.stations.ids() if wanted is None else wanted)]
            fresh = [row for row in rows if sent.get(row["station"]) != row]
            if fresh:
                sent.update((row["station"], row) for row in fresh)
                yield ServerSentEvent(json.dumps({"rows": fresh}), event="rows")
            try:
                async with asyncio.timeout(TICK_S):
                    await changed.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                ticks += 1
                if ticks % SESSION_CHECK_TICKS == 0 and await rooms.people.who(token) is None:
                    return  # logged out elsewhere, or too old: the page asks again and is told
    finally:
        stop()
        close_page()


def _state(rooms: Rooms) -> dict[str, Any]:
    broker, ingest = rooms.hub.broker_link(), rooms.hub.ingest_state()
    return {
        "now_ms": rooms.utc_ms(),
        "calls": rooms.calls(),
        "broker": {
            "is_connected": broker.is_connected,
            "changed_ms": rooms.monotonic_to_utc_ms(broker.changed_s),
        },
        "ingest_fault_since_ms": rooms.monotonic_to_utc_ms(ingest.fault_since_s) if ingest.fault else None,
    }
