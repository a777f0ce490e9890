"""The list of stations: the console's first page."""

from starlette.requests import Request
from starlette.responses import Response

from hub.console.page import render, rooms_of, signed_in


async def show_fleet(request: Request) -> Response:
    """All stations, those with a call first."""
    account = await signed_in(request)
    rooms = rooms_of(request)
    call_of = {call["station"]: call for call in rooms.calls()}
    await rooms.feed.open_for(rooms.stations.ids())
    rows = [rooms.station(station) for station in rooms.stations.ids()]
    return render(request, "fleet.html", account=account, rows=rows, call_of=call_of)
