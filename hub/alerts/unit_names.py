"""Which unit a document means (core): by its number in the organisation, its code, or its name of today."""

from hub.fleet.units import UnitNo, UnitTree


def unit_named(tree: UnitTree, name: str) -> UnitNo | None:
    """Return the unit; None: there is none, or more than one of that name."""
    if name.isascii() and name.isdigit() and UnitNo(int(name)) in tree.units:
        return UnitNo(int(name))
    folded = name.casefold()
    found = [
        unit.no
        for unit in tree.units.values()
        if folded in ((unit.code or "").casefold(), unit.name().casefold())
    ]
    return found[0] if len(found) == 1 else None
