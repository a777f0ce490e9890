"""Maintenance: which is under way or to come, announcing one, ending one."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contract.errors import RefusedError
from contract.ids import StationId, parse_station
from contract.varints import VARINT_MAX
from hub.alerts.alert import Place
from hub.alerts.maintenance import MaintenanceError, Window
from hub.cases.note_words import utc_text
from hub.console.ages import VIETNAM, at_place
from hub.console.alerts import unit_choices
from hub.console.page import RefusedPageError, render, rooms_of, signed_in, signed_in_to_answer
from hub.console.rooms import Rooms
from hub.fleet.units import NO_MAX, UnitNo
from hub.typed_values import whole_number

STATIONS_SUGGESTED: Final = 500  # a longer list would weigh more than the page
MINUTES_OFFERED: Final = 120


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A window as the page shows it: "now", "next" or "over"."""

    no: int
    place: str
    unit: str
    begins: str
    ends: str
    why: str
    by: str
    word: str
    quiet_count: int


async def show_maintenance(request: Request) -> Response:
    """GET /maintenance."""
    account = await signed_in(request)
    rooms = rooms_of(request)
    utc_us = rooms.hub.utc_now_us()
    rows = [_row(rooms, window, utc_us) for window in rooms.alerts.windows]
    order = {"now": 0, "next": 1, "over": 2}
    begin = at_place(utc_us / 1000)
    return render(
        request,
        "maintenance.html",
        account=account,
        rows=sorted(rows, key=lambda one: order[one.word]),
        units=unit_choices(rooms),
        stations=[(one, rooms.stations.name(one)) for one in rooms.stations.ids()[:STATIONS_SUGGESTED]],
        begin=begin.strftime("%Y-%m-%dT%H:%M"),
        end=(begin + timedelta(minutes=MINUTES_OFFERED)).strftime("%Y-%m-%dT%H:%M"),
    )


async def add_window(request: Request) -> Response:
    """POST /maintenance: `unit` or `station`, `from`, `until` on Vietnam's clock, `why`."""
    account, rooms = await signed_in_to_answer(request), rooms_of(request)
    form = {key: str(value).strip() for key, value in (await request.form()).items()}
    try:
        await rooms.alerts.add_window(
            _place(rooms, form.get("station", ""), form.get("unit", "")),
            from_utc_us=_utc_us(form.get("from", "")),
            until_utc_us=_utc_us(form.get("until", "")),
            why=form.get("why", ""),
            by=account.name,
        )
    except MaintenanceError as error:
        raise RefusedPageError(422, error.text_key) from None
    return RedirectResponse("/maintenance", status_code=303)


async def end_window(request: Request) -> Response:
    """POST /maintenance/NO/end: it is over now."""
    account, rooms = await signed_in_to_answer(request), rooms_of(request)
    no = whole_number(str(request.path_params["window"]), most=VARINT_MAX)
    if no is None:
        raise RefusedPageError(404, "Không có đợt bảo trì này.")
    if not await rooms.alerts.end_window(no, by=account.name):
        raise RefusedPageError(409, "Đợt bảo trì này đã hết.")
    return RedirectResponse("/maintenance", status_code=303)


def _row(rooms: Rooms, window: Window, utc_us: int) -> WindowRow:
    desk = rooms.alerts
    word = "now" if window.is_now(utc_us) else "next" if window.from_utc_us > utc_us else "over"
    quiet = [one for one in desk.open_alerts() if one.is_quiet and desk.window(one) == window]
    return WindowRow(
        no=window.no,
        place=desk.names.name(window.place),
        unit=desk.names.unit(window.place),
        begins=utc_text(window.from_utc_us),
        ends=utc_text(window.over_utc_us),
        why=window.why,
        by=window.by,
        word=word,
        quiet_count=len(quiet),
    )


def _place(rooms: Rooms, station: str, unit: str) -> Place:
    if station:
        try:
            name: StationId = parse_station(station)
        except RefusedError:
            raise RefusedPageError(404, "Không có trạm này.") from None
        if not rooms.stations.knows(name):
            raise RefusedPageError(404, "Không có trạm này.")
        return Place(station=name)
    no = whole_number(unit, most=NO_MAX)
    if no is not None and UnitNo(no) in rooms.organisation.now.tree.units:
        return Place(unit=UnitNo(no))
    raise MaintenanceError("Hãy chọn một đơn vị hoặc một trạm.")


def _utc_us(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
        local = moment.replace(tzinfo=VIETNAM) if moment.tzinfo is None else moment
        return round(local.timestamp() * 1e6)
    except (ValueError, OverflowError):
        raise RefusedPageError(422, "Hãy ghi ngày giờ như 2026-11-29T03:00.") from None
