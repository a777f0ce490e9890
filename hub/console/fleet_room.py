"""The compact fleet while the hub runs: one board for all pages, brought up to date once a second.

What a change costs does not depend on how many pages are open: each second's message is written once.
"""

import asyncio
import gzip
import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Final

from contract.ids import StationId
from hub.fleet.compact import CUT_BIT, RHYTHM_BITS, TENTH_US, Board, Row, names_text, row_of
from hub.fleet.folding import fold
from hub.fleet.health import Figures, figures_of, troubles_of
from hub.fleet.listing import Fleet, Orders
from hub.fleet.organisation_change import OrganisationChange
from hub.fleet.organisation_service import OrganisationKeeper
from hub.fleet.presence import is_cut_off, rhythm
from hub.fleet.stations import StationList
from hub.hub import Hub
from hub.ingest.committed import Committed, SignalHeard
from hub.live.feed import LiveFeed
from hub.live.interest import Leases

TURN_S: Final = 1.0
GZIP_LEVEL: Final = 6
WINDOW_MAX: Final = 200  # rows that a page may look at: its own window is 60
WINDOWS_MAX: Final = 2_000
FOLDS_AT_ONCE: Final = 200  # some 5 ms of the loop


class FleetRoom:
    """Built with the rooms, `begin` when they know their stations, then `run`. All on the loop."""

    def __init__(
        self,
        hub: Hub,
        *,
        stations: StationList,
        feed: LiveFeed,
        leases: Leases,
        organisation: OrganisationKeeper,
        line_us: Callable[[], int],
    ) -> None:
        self._hub, self._stations, self._feed = hub, stations, feed
        self._leases, self._organisation, self.line_us = leases, organisation, line_us
        self.board = Board(base_us=line_us())
        self.generation = ""  # of the stations and their names; another one: read them again
        self._changed: set[StationId] = set()  # since the last turn
        self._heard: set[StationId] = set()
        self._leased: set[StationId] = set()
        self._is_other = True  # stations or names are others than when the board began
        self._folded: dict[StationId, str] = {}
        self._unfolded: set[StationId] = set()  # of the board, whose names are new or others
        self._orders: Orders | None = None  # of the board as it stands
        self._padded: list[str] | None = None  # the same
        self._names: bytes | None = None
        self._is_renamed = False  # since pages were told
        self._day: date | None = None  # as of which units are called
        self._listeners: set[Callable[[], None]] = set()
        self._windows: dict[str, tuple[set[StationId], Callable[[], None]]] = {}
        hub.on_committed(self._on_committed)
        hub.on_signal(self._on_signal)

    def begin(self) -> None:
        """Take up the stations as they are."""
        self.turn()

    def on_station(self, station: StationId) -> None:
        """Something of a station is new."""
        self._changed.add(station)

    def on_organisation(self, change: OrganisationChange) -> None:
        """Stations came or went, or some are called otherwise: for whoever hears of it."""
        self._is_other = self._is_other or bool(change.listed)
        self._unfolded |= {one for one in change.called if self.board.knows(one)}
        if change.are_names_other and not self._is_other:
            self._name_anew()

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        self._heard.update(one.arrival.station for one in batch if one.arrival.is_heard)

    def _on_signal(self, heard: SignalHeard) -> None:
        self._heard.add(heard.station)

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` whenever the board has something to tell; return what ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    async def run(self) -> None:
        """Bring the board up to date, until cancelled."""
        await self._fold_some()  # before anybody looks
        while True:
            await asyncio.sleep(TURN_S)
            self.turn()

    def turn(self) -> None:
        """Bring the board up to date now, and tell whoever listens."""
        leased = {station for station in self._leases.stations() if self._stations.knows(station)}
        changed, heard = self._changed, (self._heard | leased | self._leased) - self._changed
        self._changed, self._heard, self._leased = set(), set(), leased
        self._follow_day()
        is_unknown = any(
            self._stations.knows(one) and not self.board.knows(one) for one in (*changed, *heard)
        )
        if self._is_other or is_unknown:
            self._begin_anew(news=changed | heard)
        else:
            for station in changed:
                if self.board.knows(station):
                    self.board.put(station, self.row(station))
            now_s, line_us = self._hub.now_s(), self.line_us()
            for station in heard:
                if self.board.knows(station):
                    self.board.put(station, self._heard_row(station, now_s=now_s, line_us=line_us))
            if not self.board.turn(now_us=self.line_us()) and not self._is_renamed:
                return
        self._is_renamed = False
        for listener in list(self._listeners):
            listener()

    def _begin_anew(self, *, news: set[StationId]) -> None:
        """Stations or names are others. A row has neither: but for what is new, rows stay as they are."""
        closed = {card.station for card in self._organisation.now.stations.values() if card.closed}
        stations = [station for station in self._stations.ids() if station not in closed]
        kept = {one: self.board.row(one) for one in stations if self.board.knows(one) and one not in news}
        self.board.begin(stations, {one: kept[one] if one in kept else self.row(one) for one in stations})
        self._folded = {one: self._folded[one] for one in stations if one in self._folded}
        self._unfolded = {one for one in stations if one not in self._folded or one in self._unfolded}
        self._is_other, self._orders, self._padded = False, None, None
        self._name_anew()

    def _follow_day(self) -> None:
        """A unit that is renamed from a day on is called so once it has come; nobody changes a card then."""
        tree, before = self._organisation.now.tree, self._day
        self._day = tree.on
        if before is not None and any(unit.name(before) != tree.name(unit) for unit in tree.units.values()):
            self._unfolded.update(self.board.stations)
            self._name_anew()

    def _name_anew(self) -> None:
        """Pages read the names again when they are told the next time, which is now."""
        self.generation = secrets.token_hex(8)
        self._names = None
        self._is_renamed = True

    async def names(self) -> tuple[str, bytes]:
        """Return the generation, and what stays of all stations: JSON, gzip'd once for everybody."""
        if self._names is None:
            generation = self.generation
            stations, organisation = list(self.board.stations), self._organisation.now
            named = replace(organisation, names=dict(organisation.names))
            text = await asyncio.to_thread(names_text, stations, named, generation=generation)
            data = await asyncio.to_thread(gzip.compress, text.encode(), GZIP_LEVEL, mtime=0)
            if generation != self.generation:
                return generation, data  # true of then; the page hears of the next one and asks again
            self._names = data
        return self.generation, self._names

    async def fleet(self, *, calls: Sequence[StationId]) -> Fleet:
        """Return what lists without scripts choose from, as it is until the next await."""
        await self._fold_some()
        now, orders = self._organisation.now, self._orders_now()
        if self._padded is None:
            self._padded = [f" {self._folded[station]}" for station in self.board.stations]
        return Fleet(
            board=self.board,
            padded=self._padded,
            place=orders.place,
            unit_place=lambda: orders.unit_place,
            members=now.members,
            calls=frozenset(calls),
            now=self.now(),
            is_hub_deaf=not self._hub.broker_link().is_connected,
        )

    def _orders_now(self) -> Orders:
        now, by_name = self._organisation.now, self._stations.ids()
        order_no = self._stations.order_no
        if self._orders is None or not self._orders.are_of(now, order_no):
            self._orders = Orders(now, by_name, order_no, self.board.stations)
        return self._orders

    async def _fold_some(self) -> None:
        """Write down what is searched of stations whose names are new: a few at a time, calls go before."""
        while self._is_other or self._unfolded:
            if self._is_other:
                self.turn()  # who has just added or closed a station looks for it here
            for station in list(islice(self._unfolded, FOLDS_AT_ONCE)):
                self._unfolded.discard(station)
                self._folded[station] = self._fold(station)
            self._padded = None
            await asyncio.sleep(0)

    def now(self) -> float:
        """The present moment as rows have it."""
        return (self.line_us() - self.board.base_us) / TENTH_US

    def line_ms(self, tenths: int | None) -> float | None:
        """Return a row's moment in ms of the hub's line."""
        return None if tenths is None else (self.board.base_us + tenths * TENTH_US) / 1000

    def open_window(self, in_sight: set[StationId], wake: Callable[[], None]) -> str:
        """A page names the rows that its list has in sight: `in_sight` holds them, `wake` is called when they
        are others. Return the name of its window.
        """
        window = secrets.token_urlsafe(12)
        if len(self._windows) < WINDOWS_MAX:
            self._windows[window] = (in_sight, wake)
        return window

    def close_window(self, window: str) -> None:
        """The page has gone."""
        self._windows.pop(window, None)

    def look_at(self, window: str, stations: Sequence[str]) -> bool:
        """A page's list has these in sight. False: there is no such page."""
        if window not in self._windows:
            return False
        in_sight, wake = self._windows[window]
        in_sight.clear()
        in_sight.update(StationId(one) for one in stations[:WINDOW_MAX] if self.board.knows(StationId(one)))
        wake()
        return True

    def figures(self, station: StationId) -> Figures | None:
        """Return what the newest status of a station told."""
        now = self._feed.now(station)
        if now.status is None:
            return None
        return figures_of(now.status, at_line_us=self._line_of_utc_ms(now.status_utc_ms))

    def _fold(self, station: StationId) -> str:
        now = self._organisation.now
        card = now.stations.get(station)
        aliases = () if card is None else card.aliases
        units = now.tree.path(now.unit(station))
        names = (name for unit in units for name in (now.tree.name(unit), *unit.aliases))
        return fold(" ".join((now.name(station), *aliases, station, *names)))

    def row(self, station: StationId) -> Row:
        """Return a station's row as it is now; the board's is up to a second older."""
        now, heard = self._feed.now(station), self._stations.heard(station)
        devices = now.devices
        figures = self.figures(station)
        return row_of(
            heard=self._heard_at(heard.age_s(self._hub.now_s()), self.line_us()),
            rhythm=rhythm(heard, now_s=self._hub.now_s(), leased_since_s=self._leases.since_s(station)),
            is_cut=is_cut_off(heard),
            has_visit=now.visit is not None,
            troubles=troubles_of(
                figures,
                silent_devices=sum(1 for one in devices.listed(now.visit) if devices.word(one) == "silent"),
                questions=len(devices.questions()),
            ),
            figures=figures,
            base_us=self.board.base_us,
        )

    def _heard_row(self, station: StationId, *, now_s: float, line_us: int) -> Row:
        """The row of a station of which nothing is new but that it was heard."""
        row, heard = self.board.row(station), self._stations.heard(station)
        beat = rhythm(heard, now_s=now_s, leased_since_s=self._leases.since_s(station))
        flags = row.flags & ~(RHYTHM_BITS | CUT_BIT) | beat | (CUT_BIT if is_cut_off(heard) else 0)
        return row.heard_again(self._heard_at(heard.age_s(now_s), line_us), flags)

    def _heard_at(self, age_s: float | None, line_us: int) -> int | None:
        if age_s is None:
            return None
        return int((line_us - round(age_s * 1e6) - self.board.base_us) // TENTH_US)

    def _line_of_utc_ms(self, utc_ms: float | None) -> int | None:
        if utc_ms is None:
            return None
        return self.line_us() - max(0, self._hub.utc_now_us() - round(utc_ms * 1000))
