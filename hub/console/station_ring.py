"""Calling a station that has no call: it chimes, and whoever presses there speaks with who rang."""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub.console.page import RefusedPageError, rooms_of, signed_in_to_answer, station_in_path, wants_json


async def ring_station(request: Request) -> Response:
    """POST /stations/ID/ring; `emergency` 1: the station answers by itself, once it has announced that. Only
    where the routing document, and the station's own configuration, say so.
    """
    account = await signed_in_to_answer(request)
    station, rooms = station_in_path(request), rooms_of(request)
    is_emergency = (await request.form()).get("emergency") == "1"
    if is_emergency and not rooms.routing.may_answer_by_itself(station):
        raise RefusedPageError(409, "Quy định trực không cho trạm này tự trả lời.")
    if await rooms.desk.ring_station(station, account.name, is_emergency=is_emergency):
        raise RefusedPageError(409, "Chưa gọi được: trạm đang có cuộc gọi, hoặc đồng nghiệp đang gọi trạm.")
    await rooms.people.note(account, "emergency ring" if is_emergency else "ring", station)
    return _done(request, station)


async def stop_ringing(request: Request) -> Response:
    """POST /stations/ID/ring/stop: whoever rings rings no more."""
    account = await signed_in_to_answer(request)
    station, rooms = station_in_path(request), rooms_of(request)
    if await rooms.desk.stop_ringing(station, account.name):
        raise RefusedPageError(409, "Bạn không đang gọi trạm này.")
    return _done(request, station)


def _done(request: Request, station: str) -> Response:
    if wants_json(request):
        return JSONResponse({"is_done": True})
    return RedirectResponse(f"/stations/{station}", status_code=303)
