"""The organisation (core): units in a tree of free depth, whose names have dates.

Nothing here knows how many levels there are or what they are called: a country's districts may be gone
tomorrow. A unit keeps its number through every change of name and place, so that what was written of it
years ago still finds it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NewType

UnitNo = NewType("UnitNo", int)
NO_MAX: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class UnitName:
    """A name that a unit bears from `since` on, None: from the first; until the next name's day."""

    text: str
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A node of the tree. `parent` None: it stands at the top.

    `names`: at least one, in the order of their days. `aliases`: what people still call it, such as a
    district that is no more. `code`: what a register calls it. `zone`: its time zone (IANA), None: its
    parent's. `closed`: the first day on which it is no more; its stations belong elsewhere by then.
    """

    no: UnitNo
    parent: UnitNo | None
    names: tuple[UnitName, ...]
    aliases: tuple[str, ...] = ()
    code: str | None = None
    zone: str | None = None
    closed: date | None = None

    def name(self, on: date | None = None) -> str:
        """Return its name on a day; None: the newest there is."""
        if on is None:
            return self.names[-1].text
        borne = [one.text for one in self.names if one.since is None or one.since <= on]
        return borne[-1] if borne else self.names[0].text


class UnitTreeError(Exception):
    """The units make no tree; the text says which and why."""


@dataclass(frozen=True, slots=True)
class UnitTree:
    """All units as they are called on a day, `on` None: as they are called last, whatever the day. Raises
    UnitTreeError: one is below itself, below nothing, or has no name.
    """

    units: Mapping[UnitNo, Unit] = field(default_factory=dict)
    on: date | None = None
    _children: dict[UnitNo | None, list[UnitNo]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        for unit in self.units.values():
            if not unit.names or not all(one.text.strip() for one in unit.names):
                raise UnitTreeError(f"unit {unit.no} has no name")
            if unit.parent is not None and unit.parent not in self.units:
                raise UnitTreeError(
                    f"unit {unit.no} ({unit.name()}) is below unit {unit.parent}: there is none"
                )
            self._children.setdefault(unit.parent, []).append(unit.no)
        reached = sum(1 for _ in self._below(None))
        if reached != len(self.units):
            lost = sorted(set(self.units) - set(self._below(None)))
            raise UnitTreeError(f"unit {lost[0]} ({self.units[lost[0]].name()}) would be below itself")

    def children(self, no: UnitNo | None) -> list[Unit]:
        """Return the units right below one, None: those at the top."""
        return [self.units[child] for child in self._children.get(no, ())]

    def path(self, no: UnitNo | None) -> list[Unit]:
        """Return the way from the top down to a unit, itself last; empty for None and for one unknown."""
        found: list[Unit] = []
        while no is not None and no in self.units:
            found.append(self.units[no])
            no = self.units[no].parent
        return found[::-1]

    def name(self, unit: Unit) -> str:
        """Return what a unit is called on the tree's day."""
        return unit.name(self.on)

    def path_text(self, no: UnitNo | None, on: date | None = None) -> str:
        """Return the same in one line, as it is called on a day, None: the tree's: "Quảng Ninh › Cô Tô"."""
        return " › ".join(unit.name(on or self.on) for unit in self.path(no))

    def below(self, no: UnitNo) -> frozenset[UnitNo]:
        """Return a unit and all below it."""
        return frozenset((no, *self._below(no))) if no in self.units else frozenset()

    def zone(self, no: UnitNo | None) -> str | None:
        """Return the time zone of a unit: its own, or that of the nearest unit above; None: nobody says."""
        return next((unit.zone for unit in reversed(self.path(no)) if unit.zone is not None), None)

    def _below(self, no: UnitNo | None) -> Iterator[UnitNo]:
        waiting = list(self._children.get(no, ()))
        while waiting:
            one = waiting.pop()
            yield one
            waiting.extend(self._children.get(one, ()))
