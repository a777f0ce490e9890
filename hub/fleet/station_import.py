"""Lines of a file as station cards and box cards (core). A column that is missing leaves its field alone."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from contract.errors import RefusedError
from contract.ids import StationId, parse_station
from hub.fleet.cells import (
    CellError,
    read_aliases,
    read_contact,
    read_device,
    read_list,
    read_note,
    read_position,
    read_text,
    read_yes,
    read_zone,
)
from hub.fleet.columns import STATION_HEADINGS, Cells
from hub.fleet.csv_table import Row
from hub.fleet.organisation import Card, Organisation
from hub.fleet.proposal import Problem, Proposal
from hub.fleet.station_card import BOX_MAX_CHARS, BoxCard, StationCard
from hub.fleet.unit_names import UnitNames

T = TypeVar("T")

_READERS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {  # column -> field and how it is read
    "name": ("name", read_text),
    "zone": ("zone", read_zone),
    "contacts": ("contacts", lambda text: read_list(text, read_contact)),
    "devices": ("devices", lambda text: read_list(text, read_device)),
    "aliases": ("aliases", read_aliases),
    "note": ("note", read_note),
    "closed": ("closed", read_yes),
}


def read_station_fields(
    cells: Cells, card: StationCard, units: UnitNames
) -> tuple[StationCard, dict[str, CellError]]:
    """Return a card with what the cells say, and what is wrong by column; wrong cells change nothing."""
    found: dict[str, Any] = {}
    wrong: dict[str, CellError] = {}

    def take(key: str, name: str, read: Callable[[], object]) -> None:
        try:
            found[name] = read()
        except CellError as error:
            wrong[key] = error

    for key, (name, read) in _READERS.items():
        if key in cells:
            take(key, name, lambda read=read, key=key: read(cells[key]))  # type: ignore[misc]
    if "unit" in cells:
        take("unit", "unit", lambda: units.find(cells["unit"]))
    if "north" in cells or "east" in cells:
        take("north", "position", lambda: read_position(cells.get("north", ""), cells.get("east", "")))
    return replace(card, **found), wrong


def read_boxes(text: str) -> tuple[str, ...]:
    """Return serial numbers of boxes. Raises CellError."""
    return read_list(text, read_serial)


def read_serial(text: str) -> str:
    """Return the serial number of a box. Raises CellError."""
    serial = read_text(text, max_chars=BOX_MAX_CHARS)
    if not serial or "|" in serial or "/" in serial:
        raise CellError("Số hộp có 1 đến {n} chữ, không có | và /: {text}", n=BOX_MAX_CHARS, text=serial)
    return serial


@dataclass(slots=True)
class _Reading:
    """What was read so far."""

    organisation: Organisation
    units: UnitNames
    cards: list[Card] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    seen: dict[StationId, int] = field(default_factory=dict)
    boxes: dict[str, int] = field(default_factory=dict)  # on which line each is named
    standing: dict[StationId, tuple[str, ...]] = field(default_factory=dict)


def propose_stations(rows: Sequence[Row], organisation: Organisation) -> Proposal:
    """Return what the lines say of stations and the boxes that stand there."""
    reading = _Reading(organisation, UnitNames(organisation.tree))
    for box in organisation.boxes.values():
        if box.station is not None:
            reading.standing[box.station] = (*reading.standing.get(box.station, ()), box.box)
    for row in rows:
        _read_row(row, reading)
    if not reading.problems:
        _read_boxes(rows, reading)
    if reading.problems:
        return Proposal("stations", problems=tuple(reading.problems))
    return Proposal("stations", tuple(reading.cards), tuple(reading.lines))


def _read_row(row: Row, reading: _Reading) -> None:
    try:
        station = parse_station(row.cells.get("station", "").strip())
    except RefusedError:
        text = row.cells.get("station", "").strip()[:40] or "---"
        key = "Mã trạm có 1 đến 32 chữ a-z, chữ số và dấu - ở giữa: {text}"
        reading.problems.append(Problem(row.line, STATION_HEADINGS["station"], key, {"text": text}))
        return
    if station in reading.seen:
        key, values = "Trạm này đã có ở dòng {n}.", {"n": reading.seen[station]}
        reading.problems.append(Problem(row.line, STATION_HEADINGS["station"], key, values))
        return
    reading.seen[station] = row.line
    before = reading.organisation.stations.get(station) or StationCard(station=station)
    card, wrong = read_station_fields(row.cells, before, reading.units)
    for key, error in wrong.items():
        reading.problems.append(Problem(row.line, STATION_HEADINGS[key], error.text_key, error.values))
    reading.cards.append(card)
    reading.lines.append(row.line)


def _read_boxes(rows: Sequence[Row], reading: _Reading) -> None:
    """What the cells of boxes say: these stand there and no other; one that is named no more is a spare."""
    moved: dict[str, tuple[BoxCard, int]] = {}
    stations = {card.station: card for card in reading.cards if isinstance(card, StationCard)}
    for row in rows:
        if "boxes" not in row.cells:
            continue
        card = stations[StationId(row.cells["station"].strip())]
        try:
            named = read_boxes(row.cells["boxes"])
            _check_boxes(named, row, reading)
        except CellError as error:
            reading.problems.append(
                Problem(row.line, STATION_HEADINGS["boxes"], error.text_key, error.values)
            )
            continue
        for serial in named:
            box = reading.organisation.boxes.get(serial) or BoxCard(box=serial)
            moved[serial] = replace(box, station=card.station, unit=None), row.line
        for serial in reading.standing.get(card.station, ()):
            if serial not in named and serial not in moved:
                box = reading.organisation.boxes[serial]
                moved[serial] = replace(box, station=None, unit=card.unit), row.line
    for box, line in moved.values():
        reading.cards.append(box)
        reading.lines.append(line)


def _check_boxes(named: Sequence[str], row: Row, reading: _Reading) -> None:
    for serial in named:
        box = reading.organisation.boxes.get(serial)
        if serial in reading.boxes:
            raise CellError("Hộp {box} đã có ở dòng {n}.", box=serial, n=reading.boxes[serial])
        if box is not None and box.retired:
            raise CellError("Hộp {box} đã bị loại.", box=serial)
        reading.boxes[serial] = row.line
