"""The list of stations, the map and the wall: pages, and what their scripts ask for.

Without scripts the list is read in pages of 100, with the same filters in the address.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contract.ids import StationId
from contract.varints import VARINT_MAX
from hub.collation import name_key
from hub.console.page import RefusedPageError, check_origin, render, rooms_of, signed_in, wants_json
from hub.console.rooms import Rooms
from hub.console.rows import CallEntry
from hub.fleet.compact import Row
from hub.fleet.health import Trouble
from hub.fleet.listing import PAGE_ROWS, QUERY_MAX_CHARS, SORTS, Listed, View, listed, view_of
from hub.fleet.presence import Word
from hub.fleet.units import Unit
from hub.store.view_book import SavedView, TooManyViewsError
from hub.typed_values import whole_number

NAMES_MAX_AGE_S: Final = 86_400
VIEW_NAME_MAX_CHARS: Final = 60
WALL_ROWS: Final = 12
WORDS: Final = {
    Word.LIVE: "đang nghe",
    Word.LATE: "trễ",
    Word.SILENT: "im lặng",
    Word.NEVER: "chưa từng nghe",
}
TROUBLE_WORDS: Final = {
    Trouble.SPOOL: "bản ghi chờ lâu",
    Trouble.LOSS: "đường truyền mất gói",
    Trouble.POWER: "nguồn điện yếu",
    Trouble.HOT: "hộp quá nóng",
    Trouble.DISK: "đĩa gần đầy",
    Trouble.CLOCK: "đồng hồ lệch",
    Trouble.DEVICE: "thiết bị im lặng",
    Trouble.QUESTION: "thiết bị cần xác nhận",
    Trouble.REFUSED: "trung tâm từ chối bản ghi",
}
SORT_WORDS: Final = {
    "need": "cần xem trước",
    "name": "tên",
    "heard": "lâu không nghe trước",
    "unit": "đơn vị",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the list without scripts; `group` when another unit begins with it."""

    entry: dict[str, Any]
    unit: str
    troubles: list[str]
    told_ms: float | None  # when its last status was, on the hub's line
    group: str | None


async def show_fleet(request: Request) -> Response:
    """The stations of a view, those who need somebody first."""
    account = await signed_in(request)
    rooms = rooms_of(request)
    view = view_of(request.query_params)
    calls = _call_of(rooms)
    found = listed(await rooms.fleet.fleet(calls=list(calls)), view)
    first = min(view.page, max(0, (len(found) - 1) // PAGE_ROWS)) * PAGE_ROWS
    shown = found.some(first, PAGE_ROWS)
    await rooms.feed.open_for([one.station for one in shown])
    lines = list(_lines(rooms, shown, view))
    return render(
        request,
        "fleet.html",
        account=account,
        lines=lines,
        call_of=calls,
        view=view,
        first=first,
        count=len(found),
        total=len(rooms.fleet.board.stations),
        page_rows=PAGE_ROWS,
        views=await _views(rooms, account.name),
        **_choices(rooms),
    )


async def show_map(request: Request) -> Response:
    """The same stations where they are. Without scripts there is the list."""
    account = await signed_in(request)
    rooms = rooms_of(request)
    return render(request, "map.html", account=account, view=view_of(request.query_params), **_choices(rooms))


async def show_wall(request: Request) -> Response:
    """A big screen that nobody touches: calls, troubles, counts, map."""
    account = await signed_in(request)
    rooms = rooms_of(request)
    calls = _call_of(rooms)
    found = listed(await rooms.fleet.fleet(calls=list(calls)), View())
    needing = [one for one in found.some(0, WALL_ROWS) if _needs(one, calls)]  # they stand first
    await rooms.feed.open_for([one.station for one in needing])
    return render(
        request,
        "wall.html",
        account=account,
        counts=found.counts(),
        needing=list(_lines(rooms, needing, View())),
        call_of=calls,
        **_choices(rooms),
    )


async def tell_names(request: Request) -> Response:
    """GET /fleet/names.json: what stays of all stations, gzip'd; `g` in the address is its generation."""
    await signed_in(request)
    generation, data = await rooms_of(request).fleet.names()
    is_asked_for = request.query_params.get("g") == generation
    keep = f"private, max-age={NAMES_MAX_AGE_S}, immutable" if is_asked_for else "no-store"
    headers = {"Content-Encoding": "gzip", "Cache-Control": keep, "Vary": "Cookie, Accept-Encoding"}
    return Response(data, media_type="application/json", headers=headers)


async def look_at(request: Request) -> Response:
    """POST /fleet/window: the rows that a page's list has in sight; its stream tells of them in full."""
    check_origin(request)
    await signed_in(request)
    try:
        asked = json.loads(await request.body())
        window, stations = str(asked["window"]), [str(one) for one in asked["stations"]]
    except (ValueError, TypeError, KeyError, RecursionError):  # the last for brackets in brackets
        raise RefusedPageError(400, "Yêu cầu không dùng được.") from None
    is_there = rooms_of(request).fleet.look_at(window, stations)
    return JSONResponse({"is_there": is_there})


async def save_view(request: Request) -> Response:
    """POST /fleet/views: name, query, shared."""
    check_origin(request)
    account = await signed_in(request)
    rooms, form = rooms_of(request), await request.form()
    name = str(form.get("name", "")).strip()
    if not name or len(name) > VIEW_NAME_MAX_CHARS:
        raise RefusedPageError(400, "Hãy đặt tên cho cách xem, tối đa 60 chữ.")
    query = view_of(_parsed(str(form.get("query", "")))).query(page=None)
    is_shared, utc_us = form.get("shared") == "1", rooms.hub.utc_now_us()
    try:
        await rooms.hub.run_write(
            lambda store: store.views.keep_view(
                name, query, by=account.name, is_shared=is_shared, utc_us=utc_us
            )
        )
    except TooManyViewsError:
        raise RefusedPageError(409, "Bạn đã lưu 50 cách xem. Hãy bỏ bớt một cách xem rồi lưu lại.") from None
    return _to_list(request, query)


async def drop_view(request: Request) -> Response:
    """POST /fleet/views/{no}/drop."""
    check_origin(request)
    account = await signed_in(request)
    rooms, view = rooms_of(request), request.path_params["view"]
    no = whole_number(view, most=VARINT_MAX) or 0
    is_gone = await rooms.hub.run_write(lambda store: store.views.drop_view(no, by=account.name))
    if not is_gone:
        raise RefusedPageError(404, "Không có cách xem này, hoặc không phải của bạn.")
    return _to_list(request, "")


def _to_list(request: Request, query: str) -> Response:
    address = f"/?{query}" if query else "/"
    if wants_json(request):
        return JSONResponse({"address": address})
    return RedirectResponse(address, status_code=303)


async def _views(rooms: Rooms, account: str) -> list[SavedView]:
    return await rooms.hub.run_read(lambda store: store.views.views(account))


def _parsed(query: str) -> dict[str, str]:
    return dict(parse_qsl(query[: 4 * QUERY_MAX_CHARS]))


def _call_of(rooms: Rooms) -> dict[StationId, CallEntry]:
    """Each station's open call: one for which somebody has to ring back only where there is no other."""
    by_need = sorted(rooms.calls(), key=lambda call: call["group"] != "callback")
    return {StationId(call["station"]): call for call in by_need}


def _needs(one: Listed, calls: dict[StationId, CallEntry]) -> bool:
    return one.station in calls or bool(one.row.troubles) or one.word is Word.SILENT


def _choices(rooms: Rooms) -> dict[str, Any]:
    """What the filters offer. Units as (number, name, depth) in the order of their tree."""
    tree = rooms.organisation.now.tree

    def below(unit: Unit | None, depth: int) -> Iterator[tuple[int, str, int]]:
        for child in sorted(
            tree.children(None if unit is None else unit.no), key=lambda one: name_key(tree.name(one))
        ):
            if child.closed is None:
                yield child.no, tree.name(child), depth
                yield from below(child, depth + 1)

    return {
        "units": list(below(None, 0)),
        "words_of": WORDS,
        "troubles_of": TROUBLE_WORDS,
        "sorts_of": {sort: SORT_WORDS[sort] for sort in SORTS},
    }


def _lines(rooms: Rooms, found: list[Listed], view: View) -> Iterator[Line]:
    group: str | None = None
    for one in found:
        unit = rooms.organisation.now.unit_text(one.station)
        is_new = view.grouped and unit != group
        group = unit
        yield Line(
            entry=dict(rooms.station(one.station)),
            unit=unit,
            troubles=trouble_words(one.row),
            told_ms=rooms.fleet.line_ms(one.row.told),
            group=unit if is_new else None,
        )


def trouble_words(row: Row) -> list[str]:
    """Return the words of a row's troubles; keys of the catalogue."""
    return [word for trouble, word in TROUBLE_WORDS.items() if trouble & row.troubles]
