"""Units, stations and boxes as rows of text (core): one way for files, previews and the history of a card."""

from typing import Final, NamedTuple

from hub.fleet.cells import contact_text, degrees_text, device_text, former_text, joined
from hub.fleet.organisation import Card
from hub.fleet.station_card import BoxCard, StationCard
from hub.fleet.unit_names import UnitNames
from hub.fleet.units import Unit

Cells = dict[str, str]  # by the key of the column; "" where nothing stands


class Column(NamedTuple):
    """A column of a file: its key, which is its English heading too, and its Vietnamese heading."""

    key: str
    heading: str


UNIT_COLUMNS: Final = (
    Column("no", "Số đơn vị"),
    Column("code", "Mã đơn vị"),
    Column("parent", "Thuộc đơn vị"),
    Column("name", "Tên"),
    Column("since", "Từ ngày"),
    Column("former_names", "Tên trước đây"),
    Column("aliases", "Tên khác"),
    Column("zone", "Múi giờ"),
    Column("closed", "Hết từ ngày"),
)
STATION_COLUMNS: Final = (
    Column("station", "Mã trạm"),
    Column("name", "Tên"),
    Column("unit", "Đơn vị"),
    Column("north", "Vĩ độ"),
    Column("east", "Kinh độ"),
    Column("zone", "Múi giờ"),
    Column("contacts", "Liên hệ"),
    Column("devices", "Thiết bị"),
    Column("boxes", "Hộp"),
    Column("aliases", "Tên khác"),
    Column("note", "Ghi chú"),
    Column("closed", "Đã đóng"),
)
BOX_COLUMNS: Final = (
    Column("box", "Hộp"),
    Column("station", "Mã trạm"),
    Column("unit", "Đơn vị"),
    Column("retired", "Đã loại"),
    Column("note", "Ghi chú"),
)
UNIT_HEADINGS: Final = {one.key: one.heading for one in UNIT_COLUMNS}
STATION_HEADINGS: Final = {one.key: one.heading for one in STATION_COLUMNS}
BOX_HEADINGS: Final = {one.key: one.heading for one in BOX_COLUMNS}


def unit_cells(unit: Unit, units: UnitNames) -> Cells:
    """Return the cells of a unit."""
    *former, newest = unit.names
    return {
        "no": str(unit.no),
        "code": unit.code or "",
        "parent": units.text(unit.parent),
        "name": newest.text,
        "since": "" if newest.since is None else newest.since.isoformat(),
        "former_names": former_text(former),
        "aliases": joined(unit.aliases),
        "zone": unit.zone or "",
        "closed": "" if unit.closed is None else unit.closed.isoformat(),
    }


def station_cells(card: StationCard, units: UnitNames) -> Cells:
    """Return the cells of a station but for its boxes, which have cards of their own."""
    where = card.position
    return {
        "station": card.station,
        "name": card.name,
        "unit": units.text(card.unit),
        "north": "" if where is None else degrees_text(where.north_deg),
        "east": "" if where is None else degrees_text(where.east_deg),
        "zone": card.zone or "",
        "contacts": joined(map(contact_text, card.contacts)),
        "devices": joined(map(device_text, card.devices)),
        "aliases": joined(card.aliases),
        "note": card.note,
        "closed": "x" if card.closed else "",
    }


def box_cells(card: BoxCard, units: UnitNames) -> Cells:
    """Return the cells of a box."""
    return {
        "box": card.box,
        "station": card.station or "",
        "unit": units.text(card.unit),
        "retired": "x" if card.retired else "",
        "note": card.note,
    }


def cells_of(card: Card, units: UnitNames) -> Cells:
    """Return the cells of a card."""
    match card:
        case Unit():
            return unit_cells(card, units)
        case StationCard():
            return station_cells(card, units)
        case BoxCard():
            return box_cells(card, units)


class Difference(NamedTuple):
    """A field that changed. `heading` is a word of the catalogue."""

    heading: str
    old: str
    new: str


def differences(before: Cells, after: Cells) -> list[Difference]:
    """Return the fields in which two versions of a card differ, in the order of the columns; `before` is
    empty for a new card.
    """
    headings = UNIT_HEADINGS if "parent" in after else STATION_HEADINGS if "north" in after else BOX_HEADINGS
    pairs = [(key, before.get(key, ""), new) for key, new in after.items()]
    return [Difference(headings[key], old, new) for key, old, new in pairs if old != new]
