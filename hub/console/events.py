"""The event stream of a page: calls, the stations it shows, and whether the hub itself hears its stations.

At first everything, then what has changed: nothing here grows with the number of calls that stay as they are,
nor with the number of stations.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any, Final

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response

from contract.ids import StationId
from hub.console.call_list import CallsTold
from hub.console.fleet_room import FleetRoom
from hub.console.guard import is_own_origin, token_of
from hub.console.page import RefusedPageError, rooms_of, signed_in
from hub.console.rooms import Rooms
from hub.fleet.limits import limits_json

TICK_S: Final = 1.0  # a page that hears nothing for five seconds says so
GATHER_S: Final = 0.02  # changes within that go out together
SESSION_CHECK_TICKS: Final = 10


async def stream_events(request: Request) -> Response:
    """GET /events, ?fleet=1 for all stations, ?station=ID for one."""
    if not is_own_origin(request, is_required=False):
        raise RefusedPageError(403, "Yêu cầu không đến từ trang này. Hãy tải lại trang rồi thử lại.")
    account = await signed_in(request)
    rooms = rooms_of(request)
    wanted: set[StationId] = set()
    is_fleet = request.query_params.get("fleet") == "1"
    if not is_fleet and (station := request.query_params.get("station")):
        wanted = {StationId(station)} if rooms.stations.knows(StationId(station)) else set()
    return EventSourceResponse(
        _stream(rooms, wanted, token_of(request), account.name, is_fleet=is_fleet), ping=0
    )


class FleetTold:
    """What one page was told of the fleet. `in_sight`: the rows of its list, which the page names itself."""

    def __init__(self, room: FleetRoom, in_sight: set[StationId], wake: Callable[[], None]) -> None:
        self._room, self._generation = room, ""
        self._number: int | None = None
        self.window = room.open_window(in_sight, wake)

    def messages(self) -> list[str]:
        """Return what is to be told now."""
        room = self._room
        if self._generation != room.generation:
            self._number, self._generation = None, room.generation
        head = {"generation": room.generation, "window": self.window, "limits": limits_json()}
        about = json.dumps(head)[1:-1]
        texts = room.board.since(self._number, now_us=room.line_us(), about=about)
        self._number = room.board.number
        return texts

    def close(self) -> None:
        """The page has gone."""
        self._room.close_window(self.window)


async def _stream(
    rooms: Rooms, wanted: set[StationId], token: str, name: str, *, is_fleet: bool
) -> AsyncIterator[ServerSentEvent]:
    awake = asyncio.Event()
    changed: set[StationId] = set()  # since they were told

    def on_change(station: StationId | None) -> None:
        if station is None:
            awake.set()
        elif station in wanted:
            changed.add(station)
            awake.set()

    stops = [rooms.listen(on_change), rooms.open_page(name)]
    fleet = FleetTold(rooms.fleet, wanted, awake.set) if is_fleet else None
    if fleet is not None:
        stops += [rooms.fleet.listen(awake.set), fleet.close]
    in_sight, look_away = frozenset(wanted), rooms.feed.look(wanted)
    sent: dict[str, Any] = {}
    ticks, number, tick_s = 0, None, 0.0  # each second every row is looked at: words and numbers age too
    loop = asyncio.get_running_loop()
    try:
        while not rooms.is_ending:
            awake.clear()
            told = rooms.calls_since(number, account=name)
            number = told.number
            yield ServerSentEvent(_state(rooms, told), event="state")
            if in_sight != wanted or not sent:
                in_sight, before = frozenset(wanted), look_away
                look_away = rooms.feed.look(in_sight)
                before()
                await rooms.feed.open_for(in_sight)
            for text in fleet.messages() if fleet is not None else ():
                yield ServerSentEvent(text, event="fleet")
            is_tick = loop.time() >= tick_s
            looked_at: Iterable[StationId] = (*wanted,) if is_tick else (*changed, *(wanted - sent.keys()))
            changed.clear()
            rows = [rooms.station(one) for one in looked_at]
            fresh = [row for row in rows if sent.get(row["station"]) != row]
            if fresh:
                sent.update((row["station"], row) for row in fresh)
                yield ServerSentEvent(json.dumps({"rows": fresh}), event="rows")
            if is_tick:
                tick_s, ticks = loop.time() + TICK_S, ticks + 1
                sent = {station: row for station, row in sent.items() if station in wanted}
                if ticks % SESSION_CHECK_TICKS == 0 and await rooms.people.who(token) is None:
                    return  # logged out elsewhere, or too old: the page asks again and is told
            try:
                async with asyncio.timeout_at(tick_s):
                    await awake.wait()
                await asyncio.sleep(GATHER_S)
            except TimeoutError:
                pass
    finally:
        for stop in stops:
            stop()
        look_away()


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
        "alerts": rooms.alert_bar(),
    }
    return f'{{"calls": [{", ".join(told.calls)}], {json.dumps(about)[1:]}'
