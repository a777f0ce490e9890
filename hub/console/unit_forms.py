"""What admins do with units: each deed is a small form of the unit's page and comes back there."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contract.errors import RefusedError
from contract.ids import parse_station
from contract.varints import VARINT_MAX
from hub.console.page import RefusedPageError, rooms_of, signed_in_to_edit
from hub.console.rooms import Rooms
from hub.console.units_page import unit_in_path, unit_page, units_page
from hub.fleet.card_json import card_key
from hub.fleet.cells import CellError, read_text
from hub.fleet.organisation import Card
from hub.fleet.organisation_service import ChangedMeanwhileError
from hub.fleet.station_card import StationCard
from hub.fleet.unit_edits import add_unit, close_unit, edit_unit, move_unit
from hub.fleet.units import Unit
from hub.people.accounts import Account
from hub.store.fleet_book import CardKind
from hub.typed_values import whole_number

TOP: Final = 0  # the number that stands for above all units
STATION_DEED: Final = "station"
CHANGED_MEANWHILE: Final = (
    "Có người vừa sửa. Bên dưới là bản mới; điều bạn ghi còn trong ô. Hãy xem rồi lưu lại."
)
DEEDS: Final = ("add", "rename", "edit", "move", "close", STATION_DEED)


async def change_unit(request: Request) -> Response:
    """POST /units/NO/add, rename, edit, move or close, each with `revision`; NO 0 and add: at the top. Also
    /units/NO/station: a new station of that unit, which operators may add.
    """
    deed, no = request.path_params["deed"], unit_in_path(request)
    account = await signed_in_to_edit(request, units=deed != STATION_DEED)
    rooms = rooms_of(request)
    unit = rooms.organisation.now.tree.units.get(no)
    if deed not in DEEDS or (unit is None and not (no == TOP and deed == "add")):
        raise RefusedPageError(404, "Không có đơn vị này.")
    form = {key: str(value) for key, value in (await request.form()).items()}
    try:
        card = _card(rooms, deed, unit, form)
        await rooms.organisation.keep([card], by=account.name, after=_after(card, deed, form))
    except CellError as error:
        return await _again(request, account, unit, error, deed, form, 422)
    except ChangedMeanwhileError:
        return await _again(request, account, unit, CellError(CHANGED_MEANWHILE), deed, form, 409)
    where = f"/stations/{card.station}/card" if isinstance(card, StationCard) else f"/units/{_no(card)}"
    await rooms.people.note(account, f"unit {deed}", where.removeprefix("/"), form.get("name", ""))
    return RedirectResponse(where, status_code=303)


async def _again(
    request: Request,
    account: Account,
    unit: Unit | None,
    error: CellError,
    deed: str,
    typed: Mapping[str, str],
    status: int,
) -> Response:
    """Return the page again, with what is the matter and what was typed."""
    if unit is None:
        return await units_page(request, account, fault=error, typed=typed, status=status)
    return await unit_page(request, account, fault=error, deed=deed, typed=typed, status=status)


def _card(rooms: Rooms, deed: str, unit: Unit | None, form: Mapping[str, str]) -> Card:
    """Return the card that a deed would write. Raises CellError."""
    now = rooms.organisation.now
    if deed == "add" or unit is None:
        cells = {key: form.get(key, "") for key in ("name", "since", "code")}
        return add_unit(now, None if unit is None else unit.no, cells)
    match deed:
        case "rename":
            cells = {"name": form.get("name", "")}
            since = form.get("since", "").strip()
            return edit_unit(unit, cells | ({"since": since} if since else {}))
        case "edit":
            lines = form.get("aliases", "").splitlines()
            cells = {"aliases": "|".join(lines), "code": form.get("code", ""), "zone": form.get("zone", "")}
            return edit_unit(unit, cells)
        case "move":
            return move_unit(now, unit, rooms.organisation.unit_names().find(form.get("unit", "")))
        case "close":
            return close_unit(now, unit, form.get("closed", ""))
        case _:
            return _new_station(rooms, unit, form)


def _new_station(rooms: Rooms, unit: Unit, form: Mapping[str, str]) -> StationCard:
    text = form.get("station", "").strip()
    try:
        station = parse_station(text)
    except RefusedError:
        raise CellError(
            "Mã trạm có 1 đến 32 chữ a-z, chữ số và dấu - ở giữa: {text}", text=text[:40] or "---"
        ) from None
    if station in rooms.organisation.now.stations:
        raise CellError("Đã có trạm {text}.", text=station)
    return StationCard(station=station, name=read_text(form.get("name", "")), unit=unit.no)


def _after(card: Card, deed: str, form: Mapping[str, str]) -> dict[tuple[CardKind, str], int]:
    """Return the revision that the page showed; that of a new card is 0."""
    is_new = isinstance(card, StationCard) or deed == "add"
    return {card_key(card): 0 if is_new else read_revision(form)}


def read_revision(form: Mapping[str, str]) -> int:
    """Return the revision that a form was made for; 0, which is that of no card, for none."""
    return whole_number(form.get("revision", ""), most=VARINT_MAX) or 0


def _no(card: Card) -> int:
    return card.no if isinstance(card, Unit) else TOP
