"""Finding stations and units as somebody types, for the pages' choosers; and the files of all of them."""

from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from hub.console.page import RefusedPageError, rooms_of, signed_in
from hub.console.words import language_of
from hub.fleet.export_csv import export_stations, export_units

FOUND_MAX: Final = 20
TYPED_MAX_CHARS: Final = 100


async def search(request: Request) -> Response:
    """GET /organisation/search?q=muong+nhe, &kind=unit for units: the best first, each with its path."""
    await signed_in(request)
    rooms, text = rooms_of(request), request.query_params.get("q", "")[:TYPED_MAX_CHARS]
    index, now = await rooms.search.index(), rooms.organisation.now
    if request.query_params.get("kind") == "unit":
        names = rooms.organisation.unit_names()
        units = [
            {"no": no, "name": now.tree.name(now.tree.units[no]), "text": names.text(no)}
            for no in index.find_units(text, FOUND_MAX)
            if no in now.tree.units
        ]
        return JSONResponse({"units": units})
    stations = [
        {"station": one, "name": now.name(one), "unit": now.unit_text(one)}
        for one in index.find(text, FOUND_MAX)
    ]
    return JSONResponse({"stations": stations})


async def export(request: Request) -> Response:
    """GET /organisation/units.csv and stations.csv: as `/organisation/import` takes them."""
    account = await signed_in(request)
    if not account.may_edit_stations:
        raise RefusedPageError(403, "Tài khoản này không được sửa tổ chức.")
    what, now = request.path_params["what"], rooms_of(request).organisation.now
    makers = {"units": export_units, "stations": export_stations}
    if what not in makers:
        raise RefusedPageError(404, "Không có trang này.")
    lines = makers[what](now, is_english=language_of(request) == "en")
    return StreamingResponse(
        lines,
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="haidang-{what}.csv"'},
    )
