"""The card of a station: whose it is, where it stands, whom to telephone, which boxes are there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contract.ids import StationId
from hub.cases.note_words import utc_text
from hub.console.card_history import read_history
from hub.console.local_time import local_time_text
from hub.console.page import render, rooms_of, signed_in, signed_in_to_edit, station_in_path
from hub.console.rooms import Rooms
from hub.console.unit_forms import CHANGED_MEANWHILE, read_revision
from hub.fleet.box_stays import Stay, stays
from hub.fleet.card_json import card_key, card_of
from hub.fleet.cells import CellError
from hub.fleet.columns import Cells, Difference, differences, station_cells
from hub.fleet.organisation import HOME_ZONE, Card, OrganisationError
from hub.fleet.organisation_service import ChangedMeanwhileError
from hub.fleet.station_card import BoxCard, StationCard
from hub.fleet.station_import import read_serial, read_station_fields
from hub.fleet.units import UnitNo
from hub.people.accounts import Account
from hub.store.fleet_book import CardRow

LINES: Final = ("aliases", "contacts", "devices")  # lists: a line of the form each
FIELDS: Final = ("name", "unit", "north", "east", "zone", *LINES, "note")
CANDIDATES_MAX: Final = 12
SPARES_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class StayLine:
    """A box at one place, as a list shows it. `until` "": still."""

    box: str
    station: StationId | None
    place: str
    is_retired: bool
    since: str
    until: str


async def show_card(request: Request) -> Response:
    """GET /stations/ID/card."""
    return await _page(request, await signed_in(request))


async def save_card(request: Request) -> Response:
    """POST /stations/ID/card: the whole form; with `find`, only units for what stands in its unit field."""
    account = await signed_in_to_edit(request)
    station, rooms = station_in_path(request), rooms_of(request)
    form = {key: str(value) for key, value in (await request.form()).items()}
    cells = _cells(form)
    if form.get("find"):
        return await _page(request, account, typed=cells, revision=read_revision(form), is_finding=True)
    now = rooms.organisation.now
    before = now.stations.get(station) or StationCard(station=station)
    card, wrong = read_station_fields(cells, before, rooms.organisation.unit_names())
    if wrong:
        return await _page(
            request, account, typed=cells, revision=read_revision(form), wrong=wrong, status=422
        )
    try:
        await rooms.organisation.keep([card], by=account.name, after={card_key(card): read_revision(form)})
    except ChangedMeanwhileError:
        fault = CellError(CHANGED_MEANWHILE)
        return await _page(request, account, typed=cells, fault=fault, status=409)
    await rooms.people.note(account, "station card", station)
    return RedirectResponse(f"/stations/{station}/card", status_code=303)


async def swap_box(request: Request) -> Response:
    """POST /stations/ID/boxes: `out` leaves (`retire`: for good, else to the unit's shelf), `in` comes."""
    account = await signed_in_to_edit(request)
    station, rooms = station_in_path(request), rooms_of(request)
    form = {key: str(value).strip() for key, value in (await request.form()).items()}
    try:
        cards = _swapped(rooms, station, form)
        if cards:
            await rooms.organisation.keep(cards, by=account.name, why=form.get("why", "")[:200])
    except (CellError, OrganisationError, ChangedMeanwhileError) as error:
        fault = error if isinstance(error, CellError) else CellError(CHANGED_MEANWHILE)
        return await _page(request, account, fault=fault, box_typed=form, status=409)
    text = " → ".join(filter(None, (form.get("out"), form.get("in"))))
    await rooms.people.note(account, "station boxes", station, text)
    return RedirectResponse(f"/stations/{station}/card#boxes", status_code=303)


def _swapped(rooms: Rooms, station: StationId, form: Mapping[str, str]) -> list[Card]:
    """Return the cards of the boxes that leave and come. Raises CellError: not where the page said."""
    now, cards = rooms.organisation.now, list[Card]()
    out, come = form.get("out", ""), form.get("in", "")
    if out:
        box = now.boxes.get(out)
        if box is None or box.station != station:
            raise CellError("Hộp {box} không còn ở trạm này.", box=out)
        shelf = None if form.get("retire") else now.unit(station)
        cards.append(replace(box, station=None, unit=shelf, retired=bool(form.get("retire"))))
    if come:
        serial = read_serial(come)
        box = now.boxes.get(serial) or BoxCard(box=serial)
        if box.retired:
            raise CellError("Hộp {box} đã bị loại.", box=serial)
        if box.station is not None:
            raise CellError("Hộp {box} đang ở trạm {name}.", box=serial, name=now.name(box.station))
        cards.append(replace(box, station=station, unit=None))
    return cards


def _cells(form: Mapping[str, str]) -> Cells:
    """Return the form as the cells of a file: lines as lists, a unit that was chosen for one typed."""
    cells = {key: form.get(key, "") for key in FIELDS}
    for key in LINES:
        cells[key] = "|".join(cells[key].splitlines())
    cells["unit"] = form.get("unit_no", "") or cells["unit"]
    cells["closed"] = "x" if form.get("closed") else ""
    return cells


async def _page(
    request: Request,
    account: Account,
    *,
    typed: Cells | None = None,
    revision: int | None = None,
    wrong: Mapping[str, CellError] | None = None,
    fault: CellError | None = None,
    box_typed: Mapping[str, str] | None = None,
    is_finding: bool = False,
    status: int = 200,
) -> Response:
    """Return the page. `typed`: what stays in the form in place of the card; `revision`: the one it was made
    for, None: that of now.
    """
    station, rooms = station_in_path(request), rooms_of(request)
    now, names = rooms.organisation.now, rooms.organisation.unit_names()
    card = now.stations.get(station) or StationCard(station=station)
    standing = station_cells(card, names)
    cells = standing if typed is None else {**standing, **typed}
    candidates: list[tuple[UnitNo, str]] = []
    if is_finding or (wrong and "unit" in wrong):
        found = (await rooms.search.index()).find_units(cells["unit"], CANDIDATES_MAX)
        candidates = [(no, now.tree.path_text(no)) for no in found]
    return render(
        request,
        "station_card.html",
        account=account,
        status=status,
        station=station,
        name=now.name(station),
        card=card,
        cells=cells,
        lines={key: "\n".join(part.strip() for part in cells[key].split("|")) for key in LINES},
        revision=rooms.organisation.revision(card) if revision is None else revision,
        theirs=_theirs(standing, cells) if status == 409 and typed is not None else [],
        above=now.tree.path(card.unit),
        zone=now.tree.zone(card.unit) or HOME_ZONE,
        local=local_time_text(now.zone(station), rooms.utc_ms()),
        boxes=now.boxes_of(station),
        spares=[(box.box, now.tree.path_text(box.unit)) for box in now.spares()[:SPARES_MAX]],
        before=[one for one in await _stays(rooms, station) if one.until],
        box_typed=box_typed or {},
        history=await read_history(rooms, "station", station),
        wrong=wrong or {},
        fault=fault,
        candidates=candidates,
        is_finding=is_finding,
    )


def _theirs(standing: Cells, typed: Cells) -> list[Difference]:
    """Return where what stands now is not what was typed: (heading, what stands now, what was typed)."""
    return differences(standing, {**standing, **typed})


async def _stays(rooms: Rooms, station: StationId) -> list[StayLine]:
    """Return which boxes stood here and when, the newest first."""
    rows = await rooms.hub.run_read(lambda store: store.fleet.boxes_ever_at(station))
    lines = [line for line in stay_lines(rooms, rows) if line.station == station]
    return lines


def stay_lines(rooms: Rooms, rows: list[CardRow]) -> list[StayLine]:
    """Return where boxes were, from the versions of their cards, the newest stay of each box first."""
    versions: dict[str, list[tuple[int, BoxCard]]] = {}
    for row in rows:
        card = card_of(row)
        if isinstance(card, BoxCard):
            versions.setdefault(row.id, []).append((row.utc_us, card))
    found: list[Stay] = [stay for one in versions.values() for stay in stays(one)]
    found.sort(key=lambda stay: -stay.since_utc_us)
    return [_stay_line(rooms, stay) for stay in found]


def _stay_line(rooms: Rooms, stay: Stay) -> StayLine:
    now = rooms.organisation.now
    place = now.tree.path_text(stay.unit) if stay.station is None else now.name(stay.station)
    until = "" if stay.until_utc_us is None else utc_text(stay.until_utc_us)
    return StayLine(stay.box, stay.station, place, stay.is_retired, utc_text(stay.since_utc_us), until)
