"""Which unit a document means (core): as a field names it (hub.fleet.unit_names), or by its number."""

from hub.fleet.cells import CellError
from hub.fleet.unit_names import UnitNames
from hub.fleet.units import UnitNo


def unit_named(units: UnitNames, name: str) -> UnitNo | None:
    """Return the unit; None: there is none, or more than one of that name. Digits are the code of a unit, and
    only where no unit has that code the number of one; "#12" is always the number.
    """
    try:
        return units.find(name)
    except CellError:
        return UnitNo(int(name)) if _is_number(units, name) else None


def _is_number(units: UnitNames, name: str) -> bool:
    is_plain = name.isascii() and name.isdigit() and len(name) < 10
    return is_plain and not units.by_code(name) and UnitNo(int(name)) in units.tree.units
