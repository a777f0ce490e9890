"""Desired configuration and commands: kept, handed to the broker at a trickle, said until answered.

The broker keeps each document for its station and loses all when it begins anew. The hub leaves it a mark
that names all documents once they are there; where the mark is another after a connection, all go out again.
"""

import asyncio
import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Final

from contract.commands import CommandWord, encode_command
from contract.desired import Desired, encode_desired
from contract.errors import OwnFaultError
from contract.events import CommandResult, DesiredApplied
from contract.ids import StationId
from contract.signals import BoxState
from contract.topics import Topic
from hub.fleet.command_saying import LASTS_S, CommandSaying
from hub.fleet.desired import Difference, Plan, changed, with_draft
from hub.fleet.groups import UnitMembers, no_units
from hub.fleet.trickle import Trickle
from hub.hub import Hub
from hub.ingest.committed import Committed, SignalHeard
from hub.store.interface import Store, StoreFailedError
from hub.store.settings_book import CommandRow, LayerDraft, LayerRow, VersionRow

log = logging.getLogger(__name__)

TICK_S: Final = 0.1  # while documents are due
IDLE_S: Final = 1.0
LOOK_AGAIN_S: Final = 10.0  # at the store: another process of this hub may have asked for something
PLANNED_AT_ONCE: Final = 500  # stations; some 10 ms of the store's writer
WAITING_MAX: Final = 8  # commands of one station that are not answered
NOBODY: Final = ""  # changed nothing: a station came later


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would make otherwise: of each station that it touches; `after`: the change it follows."""

    stations: Mapping[StationId, list[Difference]]
    scope: int
    after: int


class ConfigurationDesk:
    """All methods on the loop. `begin`, then `run` until cancelled. `stations`: all that there are."""

    def __init__(
        self,
        hub: Hub,
        *,
        stations: Callable[[], Collection[StationId]],
        unit_members: UnitMembers = no_units,
        on_change: Callable[[StationId], None] = lambda _station: None,
    ) -> None:
        """`unit_members`: the stations below a path of the tree of units. `on_change`: what pages show of a
        station's configuration or commands has changed."""
        self._hub, self._stations, self._unit_members = hub, stations, unit_members
        self._on_change = on_change
        self._documents: dict[StationId, VersionRow] = {}
        self._epoch = 0
        self._trickle = Trickle()
        self._saying = CommandSaying()
        self._absent: set[StationId] = set()
        self._unplanned: set[StationId] = set()  # heard, and not looked at
        self._known: set[StationId] = set()
        self._awake = asyncio.Event()
        self._looks_at_commands = True
        self.handed_out = 0  # documents, since the start
        self._broker_since_s: float | None = None  # of the connection that was looked at last
        hub.on_committed(self._on_committed)
        hub.on_signal(self._on_signal)

    async def begin(self) -> None:
        """Take up what the store has."""
        self._epoch = await self._hub.run_read(lambda store: store.epoch)
        self._documents = await self._hub.run_read(lambda store: store.settings.newest_versions())
        self._unplanned = set(self._stations())

    async def run(self) -> None:
        """Publish what is due and say what is not answered, until cancelled."""
        looked_s = self._hub.now_s()
        while True:
            wait_s = TICK_S if len(self._trickle) else IDLE_S
            try:
                async with asyncio.timeout(wait_s):
                    await self._awake.wait()
            except TimeoutError:
                pass
            self._awake.clear()
            now_s = self._hub.now_s()
            try:
                await self._plan_new()
                if self._looks_at_commands or now_s - looked_s >= LOOK_AGAIN_S:
                    self._looks_at_commands, looked_s = False, now_s
                    await self._look_at_commands()
                await self._give_up()
                self._look_at_broker()
                await self._publish_due()
            except StoreFailedError as error:
                log.warning("configuration and commands wait: %s", error)
            self._say()

    # What people want

    def version(self, station: StationId) -> VersionRow | None:
        """Return the newest version of a station's document; None: nothing is wanted of it."""
        return self._documents.get(station)

    @property
    def documents(self) -> Mapping[StationId, VersionRow]:
        """The newest version of every document."""
        return self._documents

    @property
    def has_units(self) -> bool:
        """Whether there is a tree of units, so that a group may mean one."""
        return self._unit_members is not no_units

    @property
    def waiting(self) -> int:
        """How many documents are still to be handed to the broker."""
        return len(self._trickle)

    @property
    def epoch(self) -> int:
        """The store's, as documents say it."""
        return self._epoch

    async def plan(self) -> Plan:
        """Return the layers of now over all stations; some 100 ms of a thread for 14,000."""
        layers = await self._hub.run_read(lambda store: store.settings.layers())
        everybody = self._everybody()
        return await asyncio.to_thread(self._plan, layers, everybody)

    async def plan_of(self, station: StationId) -> Plan:
        """Return the layers of now over one station."""
        layers = await self._hub.run_read(lambda store: store.settings.layers())
        return self._plan(layers, [station])

    def _plan(self, layers: Sequence[LayerRow], stations: Collection[StationId]) -> Plan:
        """Also for other threads: `stations` is taken on the loop, where it changes."""
        return Plan(layers, stations, unit_members=self._unit_members)

    def _everybody(self) -> frozenset[StationId]:
        return frozenset((*self._stations(), *self._documents))

    async def preview(self, draft: LayerDraft) -> Preview:
        """Return what a change would make otherwise; nothing is kept."""
        layers = await self._hub.run_read(lambda store: store.settings.layers())
        newest = await self._hub.run_read(lambda store: store.settings.changes(newest=1, layer=draft.layer))
        everybody = self._everybody()

        def compare() -> Preview:
            now = self._plan(layers, everybody)
            then = self._plan(with_draft(layers, _row(draft)), everybody)
            found = changed(now.documents(), then.documents())
            scope = len((now if draft.is_removed else then).scope(draft.layer))
            return Preview(found, scope, newest[0].no if newest else 0)

        return await asyncio.to_thread(compare)

    async def change(self, draft: LayerDraft, *, after: int) -> list[VersionRow] | None:
        """Keep a layer's next content and hand out what it changes; None: somebody else changed the layer
        since change `after`. Raises StoreFailedError: nothing was kept.
        """
        everybody = self._everybody()
        made = await self._hub.run_write(
            lambda store: store.settings.change_layer(
                draft, after=after, documents=lambda layers: self._plan(layers, everybody).documents()
            )
        )
        if made is not None:
            self._have(made)
        return made

    def _have(self, made: Sequence[VersionRow]) -> None:
        for row in made:
            self._documents[row.station] = row
            self._on_change(row.station)
        self._trickle.add(row.station for row in made)
        self._awake.set()

    def hand_again(self, station: StationId) -> None:
        """A station has another box, under another name at the broker: its document goes out again."""
        if station in self._documents:
            self._trickle.add([station])
            self._awake.set()

    def plan_again(self, stations: Iterable[StationId]) -> None:
        """Look at these stations anew: they may belong to other groups. For whoever changes units."""
        some = set(stations)
        self._known -= some
        self._unplanned |= some
        self._awake.set()

    async def _plan_new(self) -> None:
        """A station that nobody had heard of, or that may belong elsewhere, is wanted to be as the layers
        say. Of many, some at a time: the writer is ingest's too.
        """
        while self._unplanned:
            looked = set(islice(self._unplanned, PLANNED_AT_ONCE))
            utc_us = self._hub.utc_now_us()
            self._unplanned -= looked
            try:
                self._have(await self._hub.run_write(partial(self._bring_up, looked, utc_us)))
            except StoreFailedError:
                self._unplanned |= looked
                raise
            self._known |= looked

    def _bring_up(self, looked: Collection[StationId], utc_us: int, store: Store) -> list[VersionRow]:
        layers = store.settings.layers()
        if not layers:
            return []
        wanted = self._plan(layers, looked).documents(looked)
        return store.settings.bring_up(wanted, by=NOBODY, utc_us=utc_us)

    # The broker

    def _look_at_broker(self) -> None:
        link = self._hub.broker_link()
        if not link.is_connected or link.changed_s == self._broker_since_s:
            return
        self._broker_since_s = link.changed_s
        if self._documents and self._hub.retained_mark() != self._mark():
            log.info("the broker is handed %d desired documents", len(self._documents))
            self._trickle.add(self._documents)

    def _mark(self) -> bytes:
        """Return what names all documents of now."""
        rows = sorted((row.station, row.version, row.hash) for row in self._documents.values())
        return hashlib.sha256(json.dumps([self._epoch, rows]).encode()).hexdigest().encode()

    async def _publish_due(self) -> None:
        had = len(self._trickle)
        while (station := self._trickle.next(now_s=self._hub.now_s())) is not None:
            row = self._documents[station]
            found = await self._hub.run_read(lambda store, row=row: store.settings.contents([row.hash]))  # type: ignore[misc]
            if self._documents[station] is not row:
                continue  # changed meanwhile: the newer one is due, and its word is not to be taken for sent
            try:
                payload = encode_desired(
                    Desired(
                        version=row.version,
                        epoch=self._epoch,
                        made_utc_us=row.utc_us,
                        by=row.by,
                        settings=found.get(row.hash, {}),
                    )
                )
            except OwnFaultError as error:
                log.error("the document of %s is not handed out: %s", station, error)
                self._trickle.sent(station)
                continue
            if not self._hub.publish_signal(station, Topic.DESIRED, payload):
                return  # no broker: they wait for it
            self._trickle.sent(station)
            self.handed_out += 1
        if had and not len(self._trickle):
            self._hub.leave_mark(self._mark())

    # Commands

    async def command(self, station: StationId, word: CommandWord, *, by: str) -> CommandRow | None:
        """Keep a command and say it from now on; None: too many wait there. The same word that nobody has
        answered is not asked twice. Raises StoreFailedError: nothing was kept.
        """
        utc_us = self._hub.utc_now_us()
        row = CommandRow(
            name=secrets.token_hex(8),
            station=station,
            word=word,
            by=by,
            made_utc_us=utc_us,
            expires_utc_us=utc_us + int(LASTS_S[word] * 1e6),
        )

        def keep(store: Store) -> CommandRow | None:
            waiting = [one for one in store.settings.open_commands() if one.station == station]
            same = next((one for one in waiting if one.word == word), None)
            if same is not None:
                return same
            if len(waiting) >= WAITING_MAX:
                return None
            store.settings.add_command(row)
            return row

        kept = await self._hub.run_write(keep)
        if kept is not None:
            await self._look_at_commands()
            self._say()
            self._on_change(station)
        return kept

    async def _look_at_commands(self) -> None:
        rows = await self._hub.run_read(lambda store: store.settings.open_commands())
        self._saying.take(rows, now_s=self._hub.now_s(), now_utc_us=self._hub.utc_now_us())

    async def _give_up(self) -> None:
        over, utc_us = self._saying.over(now_s=self._hub.now_s()), self._hub.utc_now_us()
        if not over:
            return

        def give_up(store: Store) -> None:
            for row in over:
                store.settings.give_up_command(row.name, utc_us=utc_us)

        await self._hub.run_write(give_up)
        await self._look_at_commands()
        for row in over:
            self._on_change(row.station)

    def _say(self) -> None:
        now_s = self._hub.now_s()
        for row, command in self._saying.due(now_s=now_s, absent=frozenset(self._absent)):
            if self._hub.publish_signal(row.station, Topic.COMMAND, encode_command(command)):
                self._saying.said(row.name, now_s=now_s)

    # What stations say

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        for one in batch:
            station, event = one.arrival.station, one.arrival.event
            if station not in self._known:
                self._unplanned.add(station)
                self._awake.set()
            if isinstance(event, CommandResult):
                self._looks_at_commands = True
                self._awake.set()
            if isinstance(event, CommandResult | DesiredApplied):
                self._on_change(station)

    def _on_signal(self, heard: SignalHeard) -> None:
        if not isinstance(heard.signal, BoxState):
            return
        if not heard.signal.connected:
            self._absent.add(heard.station)
            return
        self._absent.discard(heard.station)
        self._saying.hello(heard.station)
        if heard.station not in self._known:
            self._unplanned.add(heard.station)
        if not self._saying.is_empty or self._unplanned:
            self._awake.set()


def _row(draft: LayerDraft) -> LayerRow:
    """Return a draft as a layer: its number is below that of all that are kept, and no content has it."""
    return LayerRow(
        no=-1,
        layer=draft.layer,
        settings=draft.settings,
        members=draft.members,
        is_removed=draft.is_removed,
        by=draft.by,
        why=draft.why,
        utc_us=draft.utc_us,
    )
