"""Which device is it? What the station asks, and what an operator answers."""

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from hub.console.page import (
    RefusedPageError,
    render,
    rooms_of,
    signed_in,
    signed_in_to_answer,
    station_in_path,
    wants_json,
)


async def show_questions(request: Request) -> Response:
    """The open questions alone, for the page that is open already."""
    account = await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    await rooms.feed.open_for([station])
    return render(request, "questions.html", account=account, row=rooms.station(station))


async def confirm_device(request: Request) -> Response:
    """POST /stations/ID/devices/DEVICE, `is_device`: which it is, empty: a new one."""
    account = await signed_in_to_answer(request)
    station, rooms = station_in_path(request), rooms_of(request)
    await rooms.feed.open_for([station])
    device, is_device = request.path_params["device"], (await request.form()).get("is_device")
    if not isinstance(is_device, str):
        raise RefusedPageError(422, "Yêu cầu không dùng được.")
    if not rooms.answer(station, device, is_device=is_device or None, by=account.name):
        raise RefusedPageError(409, "Trạm không còn hỏi về thiết bị này.")
    await rooms.people.note(account, "confirm device", station, f"{device} is {is_device or 'a new device'}")
    if wants_json(request):
        return JSONResponse({"is_done": True})
    return RedirectResponse(f"/stations/{station}", status_code=303)
