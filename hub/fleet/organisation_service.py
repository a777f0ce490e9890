"""The organisation while the hub runs: read once, changed by people, told to whoever listens."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from contract.ids import StationId
from hub.fleet.card_json import card_key, draft_of, organisation_of
from hub.fleet.organisation import HOME_ZONE, Card, Organisation
from hub.fleet.organisation_change import OrganisationChange, change_of
from hub.fleet.unit_names import UnitNames
from hub.hub import Hub
from hub.store.fleet_book import MANY, CardDraft, CardKind, CardRow

HOME: Final = ZoneInfo(HOME_ZONE)  # where the days of names begin


class ChangedMeanwhileError(Exception):
    """Somebody else changed one of these cards after they were read; nothing was changed."""


class OrganisationKeeper:
    """`now` is how things are, under the names of today. `begin` first; everything here belongs to the loop's
    thread, but for `now`, `name`, `is_open` and `unit_text`.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._now = Organisation(names=hub.config.station_names)
        self._revisions: dict[tuple[CardKind, str], int] = {}
        self._listeners: list[Callable[[OrganisationChange], None]] = []
        self._unit_names = UnitNames(self._now.tree)

    async def begin(self) -> None:
        """Take up what the book says."""
        rows = await self._hub.run_read(lambda store: store.fleet.cards())
        self._now = organisation_of(rows, self._hub.config.station_names)
        self._revisions = {(row.kind, row.id): row.revision for row in rows}

    @property
    def now(self) -> Organisation:
        """Return how things are; a unit that is renamed from a day on has its new name from that day on."""
        today = datetime.fromtimestamp(self._hub.utc_now_us() / 1e6, HOME).date()
        if self._now.tree.on != today:
            self._now = self._now.on(today)
        return self._now

    def on_change(self, listener: Callable[[OrganisationChange], None]) -> None:
        """Call `listener` after each change, with what it made otherwise."""
        self._listeners.append(listener)

    def name(self, station: StationId) -> str:
        """Return what people call a station now."""
        return self.now.name(station)

    def is_open(self, station: StationId) -> bool:
        """Whether nobody has closed a station."""
        card = self.now.stations.get(station)
        return card is None or not card.closed

    def unit_text(self, station: StationId) -> str:
        """Return the path of a station's unit as it is called now; "" for none."""
        return self.now.unit_text(station)

    def unit_names(self) -> UnitNames:
        """Return how people name the units of now."""
        if self._unit_names.tree is not self.now.tree:
            self._unit_names = UnitNames(self._now.tree)
        return self._unit_names

    def revision(self, card: Card) -> int:
        """Return the revision of the card that stands in this one's place, 0 for none: a form shows it."""
        return self._revisions.get(card_key(card), 0)

    async def keep(
        self, cards: Sequence[Card], *, by: str, why: str = "", after: Mapping[tuple[CardKind, str], int] = {}
    ) -> list[CardRow]:
        """Make these cards stand, all or none, and return their versions.

        `after`: the revisions that the writer saw, by `card_key`; those of now where it says nothing.
        Raises OrganisationError, UnitTreeError, ChangedMeanwhileError, StoreFailedError: nothing is changed.
        """
        if len(cards) > MANY:  # a file: seconds of work, during which calls must ring
            drafts = await asyncio.to_thread(self._drafts, cards, after)
        else:
            drafts = self._drafts(cards, after)
        utc_us = self._hub.utc_now_us()
        rows = await self._hub.run_write(
            lambda store: store.fleet.keep_cards(drafts, by=by, why=why, utc_us=utc_us)
        )
        if len(rows) != len(drafts):
            raise ChangedMeanwhileError
        self._revisions.update({(row.kind, row.id): row.revision for row in rows})
        before = self.now
        self._now = before.with_cards(cards)
        change = change_of(before, self._now, cards)
        for listener in self._listeners:
            listener(change)
        return rows

    def _drafts(self, cards: Sequence[Card], after: Mapping[tuple[CardKind, str], int]) -> list[CardDraft]:
        """Refuse what makes no sense before anything is written, and return the rest as it is kept."""
        self.now.with_cards(cards)
        keys = [card_key(card) for card in cards]
        return [
            draft_of(card, after=after.get(key, self._revisions.get(key, 0)))
            for card, key in zip(cards, keys, strict=True)
        ]
