"""The organisation as the hub knows it now (core): units, stations, boxes, and what one asks of them.

One object is one state of things; a change makes another. `hub.fleet.organisation_service` keeps the newest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from contract.ids import StationId
from hub.fleet.station_card import BoxCard, StationCard
from hub.fleet.units import Unit, UnitNo, UnitTree

Card = Unit | StationCard | BoxCard
HOME_ZONE: Final = "Asia/Ho_Chi_Minh"  # where nobody says another


class OrganisationError(Exception):
    """The change makes no sense; nothing was changed. The text says what and why."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """All units, stations and boxes. `names`: those of the hub's file, for stations without a card."""

    tree: UnitTree = field(default_factory=UnitTree)
    stations: Mapping[StationId, StationCard] = field(default_factory=dict)
    boxes: Mapping[str, BoxCard] = field(default_factory=dict)
    names: Mapping[StationId, str] = field(default_factory=dict)

    def name(self, station: StationId) -> str:
        """Return what people call a station; its id when nobody has given it a name."""
        card = self.stations.get(station)
        return (card.name if card else "") or self.names.get(station, str(station))

    def unit(self, station: StationId) -> UnitNo | None:
        """Return whose station it is."""
        card = self.stations.get(station)
        return None if card is None else card.unit

    def unit_text(self, station: StationId) -> str:
        """Return the path of its unit in one line; "" for none."""
        return self.tree.path_text(self.unit(station))

    def zone(self, station: StationId) -> str:
        """Return the station's time zone (IANA)."""
        card = self.stations.get(station)
        own = None if card is None else card.zone
        return own or self.tree.zone(self.unit(station)) or HOME_ZONE

    def members(self, no: UnitNo) -> frozenset[StationId]:
        """Return the stations of a unit and of all units below it; closed ones are of none."""
        units = self.tree.below(no)
        return frozenset(
            card.station for card in self.stations.values() if card.unit in units and not card.closed
        )

    def is_member(self, station: StationId, no: UnitNo) -> bool:
        """Whether a station is one of a unit's `members`, without a look at the others."""
        card = self.stations.get(station)
        if card is None or card.closed:
            return False
        return any(unit.no == no for unit in self.tree.path(card.unit))

    def boxes_of(self, station: StationId) -> list[BoxCard]:
        """Return the boxes that stand there, by serial number."""
        return sorted((one for one in self.boxes.values() if one.station == station), key=lambda one: one.box)

    def spares(self) -> list[BoxCard]:
        """Return the boxes that lie on a shelf, by serial number."""
        idle = (one for one in self.boxes.values() if one.station is None and not one.retired)
        return sorted(idle, key=lambda one: one.box)

    def on(self, day: date) -> "Organisation":
        """Return the same with its units called as they are on a day."""
        return replace(self, tree=UnitTree(self.tree.units, day))

    def next_unit(self) -> UnitNo:
        """Return a number that no unit has had."""
        return UnitNo(max(self.tree.units, default=0) + 1)

    def with_cards(self, cards: Sequence[Card]) -> "Organisation":
        """Return how things are once these cards stand; the tree is the same object where no unit is
        another. Raises OrganisationError, UnitTreeError.
        """
        units, stations, boxes = dict(self.tree.units), dict(self.stations), dict(self.boxes)
        for card in cards:
            match card:
                case Unit():
                    units[card.no] = card
                case StationCard():
                    stations[card.station] = card
                case BoxCard():
                    boxes[card.box] = card
        tree = self.tree if units == self.tree.units else UnitTree(units, self.tree.on)
        for card in cards:  # the others stood before, and no unit is ever taken away
            match card:
                case StationCard():
                    _check_unit(tree, card.unit, f"station {card.station}")
                case BoxCard():
                    _check_unit(tree, card.unit, f"box {card.box}")
                    if card.retired and card.station is not None:
                        raise OrganisationError(
                            f"box {card.box} is retired: it cannot stand at {card.station}"
                        )
                case _:
                    pass
        return replace(self, tree=tree, stations=stations, boxes=boxes)


@dataclass(frozen=True, slots=True)
class MembersOf:
    """`station in it` is `organisation.is_member`; None is the unit of nobody."""

    organisation: Organisation
    unit: UnitNo | None

    def __contains__(self, station: object) -> bool:
        return self.unit is not None and self.organisation.is_member(StationId(str(station)), self.unit)


def _check_unit(tree: UnitTree, no: UnitNo | None, whose: str) -> None:
    if no is not None and no not in tree.units:
        raise OrganisationError(f"{whose} belongs to unit {no}: there is none")
