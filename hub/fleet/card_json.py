"""Cards as the book keeps them: JSON of a unit, a station card or a box (core)."""

from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import TypeAdapter

from contract.ids import StationId
from hub.fleet.organisation import Card, Organisation
from hub.fleet.station_card import BoxCard, StationCard
from hub.fleet.units import Unit, UnitTree
from hub.store.fleet_book import CardDraft, CardKind, CardRow

_KINDS: Final[dict[CardKind, TypeAdapter[Card]]] = {
    "unit": TypeAdapter(Unit),
    "station": TypeAdapter(StationCard),
    "box": TypeAdapter(BoxCard),
}


def card_key(card: Card) -> tuple[CardKind, str]:
    """Return under which kind and name the book keeps a card."""
    match card:
        case Unit():
            return "unit", str(card.no)
        case StationCard():
            return "station", card.station
        case BoxCard():
            return "box", card.box


def draft_of(card: Card, *, after: int) -> CardDraft:
    """Return a card as a version to be kept."""
    kind, id = card_key(card)
    json = _KINDS[kind].dump_json(card, exclude_defaults=True).decode()
    return CardDraft(kind=kind, id=id, after=after, json=json)


def card_of(row: CardRow) -> Card:
    """Return the card of a version."""
    return _KINDS[row.kind].validate_json(row.json)


def organisation_of(rows: Iterable[CardRow], names: Mapping[StationId, str]) -> Organisation:
    """Return how things are by the newest versions. Raises UnitTreeError: the book was written by no hub."""
    cards = [card_of(row) for row in rows]
    return Organisation(
        tree=UnitTree({one.no: one for one in cards if isinstance(one, Unit)}),
        stations={one.station: one for one in cards if isinstance(one, StationCard)},
        boxes={one.box: one for one in cards if isinstance(one, BoxCard)},
        names=names,
    )
