"""The units of Viet Nam as a file of units (core): those of a province that is asked for, or of all.

What the hub knows already, by its code or by its name below the same province, is not taken for new;
names and other names are added to, never taken away. Source: hub/fleet/vietnam_units.csv says its origin.
"""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources import files
from typing import Final

from hub.fleet.cells import CellError, read_aliases
from hub.fleet.folding import fold
from hub.fleet.organisation import HOME_ZONE, Organisation
from hub.fleet.units import Unit, UnitName, UnitNo

FILE: Final = "vietnam_units.csv"


@dataclass(frozen=True, slots=True)
class ListedUnit:
    """A line of the list. `province`: the code of the one above, "" for a province."""

    code: str
    province: str
    name: str
    since: date | None
    aliases: tuple[str, ...]


def listed_units() -> list[ListedUnit]:
    """Return the whole list, each province before what is below it."""
    text = files("hub.fleet").joinpath(FILE).read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return [
        ListedUnit(
            code=row["code"],
            province=row["province"],
            name=row["name"],
            since=date.fromisoformat(row["since"]) if row["since"] else None,
            aliases=read_aliases(row["aliases"]),
        )
        for row in csv.DictReader(lines)
    ]


def find_provinces(listed: Sequence[ListedUnit], asked: str) -> list[ListedUnit]:
    """Return the provinces of that code or name; all for "all". Raises CellError: there is none."""
    provinces = [one for one in listed if not one.province]
    if asked == "all":
        return provinces
    wanted = fold(asked)
    found = [
        one
        for one in provinces
        if wanted in (fold(one.code), fold(one.name), fold(one.name).removeprefix("thanh pho "))
    ]
    if not found:
        raise CellError("Không có tỉnh, thành phố {text}.", text=asked[:40])
    return found


def seed(
    organisation: Organisation, provinces: Sequence[ListedUnit], listed: Sequence[ListedUnit]
) -> list[Unit]:
    """Return the units to be added, and those that get other names: what is there already stays as it is."""
    return list(_Seeding(organisation).units(provinces, listed))


class _Seeding:
    def __init__(self, organisation: Organisation) -> None:
        self._tree = organisation.tree
        self._next = int(organisation.next_unit())

    def units(self, provinces: Sequence[ListedUnit], listed: Sequence[ListedUnit]) -> Iterator[Unit]:
        """Yield what is new or has more names than before."""
        for province in provinces:
            above, is_changed = self._unit(province, None)
            if is_changed:
                yield above
            for one in listed:
                if one.province == province.code:
                    unit, is_changed = self._unit(one, above.no)
                    if is_changed:
                        yield unit

    def _unit(self, listed: ListedUnit, parent: UnitNo | None) -> tuple[Unit, bool]:
        before = self._present(listed, parent)
        if before is None:
            unit = Unit(
                no=UnitNo(self._next),
                parent=parent,
                names=(UnitName(listed.name, listed.since),),
                aliases=listed.aliases,
                code=listed.code or None,
                zone=HOME_ZONE if parent is None else None,
            )
            self._next += 1
            return unit, True
        called = {fold(one) for one in (*before.aliases, *(name.text for name in before.names))}
        more = tuple(one for one in (listed.name, *listed.aliases) if fold(one) not in called)
        code = before.code or listed.code or None
        unit = replace(before, aliases=(*before.aliases, *more), code=code)
        return unit, unit != before

    def _present(self, listed: ListedUnit, parent: UnitNo | None) -> Unit | None:
        """Return the unit that the hub has of it: by name below the same parent, or by code and place."""
        for unit in self._tree.children(parent):
            if fold(listed.name) in map(fold, (unit.name(), *unit.aliases)):
                return unit
            if listed.code and unit.code == listed.code:
                return unit
        return None
