"""Which unit a document means (core): as a field names it (hub.fleet.unit_names), or by its number."""

from hub.fleet.cells import CellError
from hub.fleet.unit_names import UnitNames
from hub.fleet.units import NO_MAX, UnitNo
from hub.typed_values import whole_number


def unit_named(units: UnitNames, name: str) -> UnitNo | None:
    """Return the unit; None: there is none, or more than one of that name. Digits are the code of a unit, and
    only where no unit has that code the number of one; "#12" is always the number.
    """
    try:
        return units.find(name)
    except CellError:
        number = whole_number(name, most=NO_MAX)
        if number is None or units.by_code(name) or UnitNo(number) not in units.tree.units:
            return None
        return UnitNo(number)
