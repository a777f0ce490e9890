"""What a change of cards makes otherwise (core): whoever listens looks at that and at nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass

from contract.ids import StationId
from hub.fleet.organisation import Card, Organisation
from hub.fleet.station_card import StationCard
from hub.fleet.units import Unit, UnitNo


@dataclass(frozen=True, slots=True)
class OrganisationChange:
    """`moved`: stations that are below other units than before. `listed`: that have their first card, or came
    onto lists or left them. `called`: that go by another name or alias, their own or one of a unit above.
    `are_names_other`: what pages keep of all stations, or of the units, is another. `are_units_other`: a name
    may mean another unit.
    """

    moved: frozenset[StationId] = frozenset()
    listed: frozenset[StationId] = frozenset()
    called: frozenset[StationId] = frozenset()
    are_names_other: bool = False
    are_units_other: bool = False


def change_of(before: Organisation, after: Organisation, cards: Sequence[Card]) -> OrganisationChange:
    """Return what these cards changed. The other stations are looked at only when a unit is another."""
    moved, listed, called = set[StationId](), set[StationId](), set[StationId]()
    moved_units, called_units = set[UnitNo](), set[UnitNo]()
    are_names_other = False
    for card in cards:
        match card:
            case StationCard():
                old = before.stations.get(card.station)
                if old is None or old.closed != card.closed:
                    listed.add(card.station)
                if (None if old is None else old.unit) != card.unit:
                    moved.add(card.station)
                if old is None or (old.name, old.aliases, old.unit) != (card.name, card.aliases, card.unit):
                    called.add(card.station)
                are_names_other |= old is None or old.position != card.position
            case Unit():
                was = before.tree.units.get(card.no)
                if was == card:
                    continue
                called_units.add(card.no)
                if was is None or was.parent != card.parent:
                    moved_units.add(card.no)
            case _:  # a box: no list has it
                pass
    moved |= _below(after, moved_units)
    called |= _below(after, called_units)
    is_other = are_names_other or bool(called or listed or called_units)
    return OrganisationChange(
        frozenset(moved), frozenset(listed), frozenset(called), is_other, bool(called_units)
    )


def _below(organisation: Organisation, units: set[UnitNo]) -> set[StationId]:
    """Return the stations below any of these units, closed ones too."""
    all_below = {below for no in units for below in organisation.tree.below(no)}
    if not all_below:
        return set()
    return {card.station for card in organisation.stations.values() if card.unit in all_below}
