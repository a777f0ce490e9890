"""What would change if a file were taken, line by line, under a name of its own (core).

The name is a digest of every card and of the version that each would follow: what is confirmed by that name
is what was seen, or nothing.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from hub.fleet.card_json import card_key, draft_of
from hub.fleet.columns import Difference, cells_of, differences
from hub.fleet.organisation import Card, Organisation
from hub.fleet.proposal import FileKind, Proposal
from hub.fleet.station_card import BoxCard, StationCard
from hub.fleet.unit_names import UnitNames
from hub.fleet.units import Unit, UnitTree
from hub.store.fleet_book import CardKind

LineKind = Literal["added", "changed", "unchanged", "absent"]


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A card and what would become of it. `line` None: it is in the hub and not in the file, and stays."""

    kind: LineKind
    card: Card
    title: str
    line: int | None
    changed: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """`cards`: those to be written. `after`: the revision that each was seen at."""

    kind: FileKind
    digest: str
    lines: tuple[PreviewLine, ...]
    cards: tuple[Card, ...]
    after: Mapping[tuple[CardKind, str], int]

    def of(self, kind: LineKind) -> list[PreviewLine]:
        """Return the lines of one kind, in the order of the file."""
        return [line for line in self.lines if line.kind == kind]


def make_preview(
    proposal: Proposal, organisation: Organisation, *, revision: Callable[[Card], int]
) -> Preview:
    """Return what a proposal without problems would change. `revision`: of the card in a card's place."""
    units = dict(organisation.tree.units) | {one.no: one for one in proposal.cards if isinstance(one, Unit)}
    then, now = UnitNames(UnitTree(units, organisation.tree.on)), UnitNames(organisation.tree)
    lines, cards = [], []
    after: dict[tuple[CardKind, str], int] = {}
    for card, number in zip(proposal.cards, proposal.lines, strict=True):
        before = present(organisation, card)
        title = card_title(card, organisation)
        if before is None:
            changed = tuple(differences({}, cells_of(card, then)))
            lines.append(PreviewLine("added", card, title, number, changed))
        elif before == card:
            lines.append(PreviewLine("unchanged", card, title, number))
            continue
        else:
            changed = tuple(differences(cells_of(before, now), cells_of(card, then)))
            lines.append(PreviewLine("changed", card, title, number, changed))
        cards.append(card)
        after[card_key(card)] = revision(card)
    named = {card_key(card) for card in proposal.cards}
    standing = organisation.tree.units if proposal.kind == "units" else organisation.stations
    lines += [
        PreviewLine("absent", card, card_title(card, organisation), None)
        for card in standing.values()
        if card_key(card) not in named
    ]
    digest = hashlib.sha256(proposal.kind.encode())
    for card in cards:
        draft = draft_of(card, after=after[card_key(card)])
        digest.update(f"\0{draft.kind}\0{draft.id}\0{draft.after}\0{draft.json}".encode())
    return Preview(proposal.kind, digest.hexdigest(), tuple(lines), tuple(cards), after)


def present(organisation: Organisation, card: Card) -> Card | None:
    """Return the card that stands in a card's place."""
    match card:
        case Unit():
            return organisation.tree.units.get(card.no)
        case StationCard():
            return organisation.stations.get(card.station)
        case BoxCard():
            return organisation.boxes.get(card.box)


def card_title(card: Card, organisation: Organisation) -> str:
    """Return what a list calls a card: its name and what tells it from others."""
    match card:
        case Unit():
            above, name = organisation.tree.path_text(card.parent), organisation.tree.name(card)
            return f"{above} › {name}" if above else name
        case StationCard():
            return f"{card.name or organisation.name(card.station)} ({card.station})"
        case BoxCard():
            return card.box
