"""A CSV file as a proposal: which kind of file it is, its columns, its lines (core)."""

from collections.abc import Callable, Sequence
from typing import Final

from hub.fleet.cells import CellError
from hub.fleet.columns import STATION_COLUMNS, STATION_HEADINGS, UNIT_COLUMNS, Column
from hub.fleet.csv_table import Row, match_headings, read_bytes, read_rows, row_cells
from hub.fleet.folding import fold
from hub.fleet.organisation import Organisation
from hub.fleet.proposal import FileKind, Problem, Proposal
from hub.fleet.station_import import propose_stations
from hub.fleet.unit_import import propose_units

_COLUMNS: Final[dict[FileKind, tuple[Column, ...]]] = {"units": UNIT_COLUMNS, "stations": STATION_COLUMNS}
_PROPOSE: Final[dict[FileKind, Callable[[Sequence[Row], Organisation], Proposal]]] = {
    "units": propose_units,
    "stations": propose_stations,
}
_STATION_MARKS: Final = frozenset({fold("station"), fold(STATION_HEADINGS["station"])})


def propose(data: bytes, organisation: Organisation) -> Proposal:
    """Return what a file says; never raises for what stands in it."""
    try:
        headings, rows, lines = read_rows(read_bytes(data))
        kind: FileKind = "stations" if _STATION_MARKS & set(map(fold, headings)) else "units"
        keys = match_headings(headings, _COLUMNS[kind])
        if kind == "units" and "name" not in keys and "no" not in keys:
            raise CellError("Tệp đơn vị cần cột “Tên”, tệp trạm cần cột “Mã trạm”.")
    except CellError as error:
        return Proposal("units", problems=(Problem(0, "", error.text_key, error.values),))
    found, problems = [], []
    for line, row in zip(lines, rows, strict=True):
        try:
            found.append(Row(line, row_cells(keys, row)))
        except CellError as error:
            problems.append(Problem(line, "", error.text_key, error.values))
    proposal = _PROPOSE[kind](found, organisation)
    if problems:
        every = sorted((*problems, *proposal.problems), key=lambda one: one.line)
        return Proposal(kind, problems=tuple(every))
    return proposal
