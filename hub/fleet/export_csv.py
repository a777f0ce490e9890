"""Units and stations as the files that `import_csv` reads (core): what comes back is what went out."""

from collections.abc import Iterator, Sequence

from hub.fleet.cells import joined
from hub.fleet.columns import STATION_COLUMNS, UNIT_COLUMNS, Cells, Column, station_cells, unit_cells
from hub.fleet.csv_table import write_rows
from hub.fleet.organisation import Organisation
from hub.fleet.unit_names import UnitNames


def export_units(organisation: Organisation, *, is_english: bool = False) -> Iterator[str]:
    """Yield the file of units line by line, each unit after the one above it."""
    units, tree = UnitNames(organisation.tree), organisation.tree

    def rows() -> Iterator[Cells]:
        waiting = list(reversed(tree.children(None)))
        while waiting:
            unit = waiting.pop()
            yield unit_cells(unit, units)
            waiting += reversed(tree.children(unit.no))

    return write_rows(UNIT_COLUMNS, rows(), headings=_headings(UNIT_COLUMNS, is_english=is_english))


def export_stations(organisation: Organisation, *, is_english: bool = False) -> Iterator[str]:
    """Yield the file of stations line by line, by id."""
    units = UnitNames(organisation.tree)
    boxes: dict[str, list[str]] = {}
    for box in sorted(organisation.boxes.values(), key=lambda one: one.box):
        if box.station is not None:
            boxes.setdefault(box.station, []).append(box.box)
    rows = (
        {**station_cells(card, units), "boxes": joined(boxes.get(card.station, ()))}
        for card in sorted(organisation.stations.values(), key=lambda one: one.station)
    )
    return write_rows(STATION_COLUMNS, rows, headings=_headings(STATION_COLUMNS, is_english=is_english))


def _headings(columns: Sequence[Column], *, is_english: bool) -> list[str]:
    return [one.key if is_english else one.heading for one in columns]
