"""A station's photographs: the list of the visit's, and each as far as it has come."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from hub.console.page import RefusedPageError, rooms_of, signed_in, station_in_path
from hub.console.rooms import Rooms
from hub.console.words import Words, language_of
from hub.rooms.photographs import PhotoState
from hub.store.interface import StoreFailedError

DAMAGED = "Ảnh bị hỏng trên đường truyền. Hãy chụp lại."


async def list_photos(request: Request) -> Response:
    """GET /stations/ID/photos: those of the visit under way."""
    await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    await rooms.feed.open_for([station])
    try:
        states = await rooms.media.photos.shown(station)
    except StoreFailedError:
        raise RefusedPageError(503, "Chưa đọc được dữ liệu. Hãy thử lại.") from None
    words = Words(language_of(request))
    return JSONResponse({"photos": [_shown(state, rooms, station, words) for state in states]})


def _shown(state: PhotoState, rooms: Rooms, station: str, words: Words) -> dict[str, object]:
    times = rooms.feed.now(station).times  # type: ignore[arg-type]
    return {
        "photo": state.photo,
        "received": state.received,
        "total": state.total,
        "size_bytes": state.size_bytes,
        "text": words(DAMAGED) if state.is_damaged else "",
        "is_whole": state.is_whole,
        "taken_ms": times.utc_ms(state.boot, state.t_us),  # type: ignore[arg-type]
    }


async def show_photo(request: Request) -> Response:
    """GET /stations/ID/photos/PHOTO: as much of the JPEG as has come without a hole; 204 for nothing yet, 409
    for one whose parts do not make what they name.
    """
    await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    try:
        found = await rooms.media.photos.read(station, request.path_params["photo"])
    except StoreFailedError:
        raise RefusedPageError(503, "Chưa đọc được dữ liệu. Hãy thử lại.") from None
    if found is None:
        raise RefusedPageError(404, "Không có ảnh này trong lượt khám này.")
    state, data = found
    if state.is_damaged:
        raise RefusedPageError(409, DAMAGED)
    return Response(data, media_type="image/jpeg") if data else Response(status_code=204)
