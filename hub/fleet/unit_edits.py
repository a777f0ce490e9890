"""What people do with a unit (core): add one, rename it from a day on, move, close. Raises CellError."""

from dataclasses import replace
from datetime import date

from hub.fleet.cells import CellError, read_day
from hub.fleet.columns import Cells
from hub.fleet.organisation import Organisation
from hub.fleet.unit_import import read_unit_fields
from hub.fleet.units import Unit, UnitNo, UnitTreeError


def add_unit(organisation: Organisation, parent: UnitNo | None, cells: Cells) -> Unit:
    """Return a new unit below another; `cells`: name, since, code."""
    return edit_unit(Unit(no=organisation.next_unit(), parent=parent, names=()), cells)


def edit_unit(unit: Unit, cells: Cells) -> Unit:
    """Return a unit with what the cells say: another name with a day is one more, without a correction."""
    edited, wrong = read_unit_fields(cells, unit)
    if wrong:
        raise next(iter(wrong.values()))
    return edited


def move_unit(organisation: Organisation, unit: Unit, parent: UnitNo | None) -> Unit:
    """Return a unit below another one, None: at the top."""
    moved = replace(unit, parent=parent)
    try:
        organisation.with_cards([moved])
    except UnitTreeError:
        raise CellError("Đơn vị này sẽ nằm dưới chính nó.") from None
    return moved


def close_unit(organisation: Organisation, unit: Unit, day_text: str) -> Unit:
    """Return a unit that is no more from a day on; open again for an empty text."""
    day: date | None = read_day(day_text)
    if day is not None:
        stations = len(organisation.members(unit.no))
        below = sum(one.closed is None for one in organisation.tree.children(unit.no))
        if stations or below:
            raise CellError(
                "Còn {stations} trạm và {units} đơn vị trực thuộc. Hãy chuyển chúng đi trước.",
                stations=stations,
                units=below,
            )
    return replace(unit, closed=day)
