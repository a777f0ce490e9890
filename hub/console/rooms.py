"""The rooms behind the pages, built from the hub's, and their tasks."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from contract.events import DeviceQuestion
from contract.ids import StationId
from contract.signals import BoxState, ConfirmDevice, Interest, encode_signal
from contract.topics import Topic
from hub.alerts.alert_service import AlertDesk
from hub.calls.call_desk import CallDesk
from hub.calls.moves import HeldCall
from hub.calls.table import ANSWERED_STATES, RINGING_STATES
from hub.cases.case_service import Cases
from hub.console.alert_rows import BarState, bar_state
from hub.console.call_list import CallList, CallsTold
from hub.console.fleet_room import FleetRoom
from hub.console.rows import (
    CallEntry,
    QuestionEntry,
    RingEntry,
    StationEntry,
    call_entry,
    question_entry,
    ring_entry,
    station_entry,
)
from hub.enrolment.enrolment_service import EnrolmentDesk
from hub.fleet.bundles import Bundles
from hub.fleet.cells import CellError
from hub.fleet.configuration_service import ConfigurationDesk
from hub.fleet.imports import Imports
from hub.fleet.organisation import MembersOf
from hub.fleet.organisation_change import OrganisationChange
from hub.fleet.organisation_service import OrganisationKeeper
from hub.fleet.presence import Word
from hub.fleet.search_service import Search
from hub.fleet.stations import StationList, link_of
from hub.forgetting_service import Forgetter
from hub.hub import Hub
from hub.ingest.committed import SignalHeard
from hub.live.answers import Answers
from hub.live.device_now import Told
from hub.live.feed import LiveFeed
from hub.live.interest import Leases
from hub.live.viewers import Viewer, Viewers
from hub.people.people_service import People
from hub.playback.looks import Looks
from hub.rooms.room_service import MediaRooms
from hub.routing.ladder import asked_rung
from hub.routing.routing_service import Routing
from hub.store.papers import VisitId

log = logging.getLogger(__name__)

INTEREST_TICK_S: Final = 0.5


class Rooms:
    """Everything that a page may ask. `begin`, then `run` until cancelled, then `close`."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self.viewers = Viewers()
        self.leases = Leases()
        self.answers = Answers()
        self.organisation = OrganisationKeeper(hub)
        self.stations = StationList(
            hub.config.station_names,
            name_of=self.organisation.name,
            is_listed=self.organisation.is_open,
            started_s=hub.now_s(),
        )
        self.search = Search(self.organisation, self.stations)
        self.imports = Imports()
        self.feed = LiveFeed(hub, self.viewers)
        self._pages: Counter[str] = Counter()  # open ones, by the name of who looks
        self.people = People(hub.config.accounts_path, now_s=hub.now_s, utc_now_us=hub.utc_now_us)
        self.routing = Routing(
            hub.config,
            accounts=self.people.answerers,
            doctors=self.people.doctors,
            station_name=self.stations.name,
            now_s=hub.now_s,
            utc_now_us=hub.utc_now_us,
        )
        self.desk = CallDesk(hub, self.routing, has_page=lambda name: self._pages[name] > 0)
        self.media = MediaRooms(hub, self.desk, self.feed)
        self.cases = Cases(
            hub,
            answered_calls=lambda: [
                one.call_id for one in self.desk.open_calls() if one.state in ANSWERED_STATES
            ],
            open_calls=lambda: [one.call_id for one in self.desk.open_calls()],
            visit_now=self.visit_now,
            name_of=self.stations.name,
            unit_of=self.organisation.unit_text,
            on_change=self._on_station,
        )
        self.looks = Looks()
        self.alerts = AlertDesk(hub, self.organisation, self.stations, self.feed)
        self._bar: BarState | None = None
        self.fleet = FleetRoom(
            hub,
            stations=self.stations,
            feed=self.feed,
            leases=self.leases,
            organisation=self.organisation,
            line_us=self.desk.line.now_us,
        )
        self.configuration = ConfigurationDesk(
            hub, stations=self.stations.ids, unit_members=self._members_of_unit
        )
        self.bundles = Bundles(hub.opener_for)
        self.news: dict[StationId, int] = {}
        self.is_ending = False
        self._list = CallList()
        self._is_list_old = True
        self._rung: dict[StationId, RingEntry] = {}  # as streams were last woken for
        self._listeners: set[Callable[[StationId | None], None]] = set()
        self._has_to_say = asyncio.Event()
        hub.on_committed(self.stations.on_committed)
        hub.on_signal(self.stations.on_signal)
        hub.on_signal(self._on_signal)
        self.feed.on_change(self._on_station)
        self.desk.on_change(self._on_calls)
        self.alerts.on_change(self._on_change)
        self.organisation.on_change(self._on_organisation)
        self.enrolment.on_change(self.configuration.hand_again)

    @property
    def enrolment(self) -> EnrolmentDesk:
        """Where boxes come in."""
        assert self.hub.enrolment is not None  # noqa: S101 - told to mypy: whoever has pages has a desk
        return self.hub.enrolment

    async def begin(self) -> None:
        """Take up what the store knows."""
        await self.organisation.begin()
        self.stations.enrol(self.organisation.now.stations)
        self.stations.look_again(self.stations.known())
        heard = await self.hub.run_read(lambda store: store.heard_stations())
        utc_us = self.hub.utc_now_us()
        self.stations.begin(
            (station, None if last_us is None else (utc_us - last_us) / 1e6) for station, last_us in heard
        )
        self.feed.begin(station for station, _ in heard)
        await self.routing.begin()
        await self.desk.begin()
        await self.feed.open_for({one.call_id.station for one in self.desk.open_calls()})
        await self.cases.begin()
        await self.alerts.begin()
        self.fleet.begin()
        await self.configuration.begin()

    def _members_of_unit(self, text: str) -> MembersOf:
        """Return the stations of a unit, as groups of the configuration name it; of one unknown: nobody."""
        try:
            no = self.organisation.unit_names().find(text)
        except CellError:
            no = None
        return MembersOf(self.organisation.now, no)

    def _on_organisation(self, change: OrganisationChange) -> None:
        """Every station with a card is known, heard or not; a closed one has its page, and is on no list."""
        self.stations.enrol(change.listed)
        self.stations.look_again(change.listed | change.called)
        self.alerts.on_organisation(change)
        self.fleet.on_organisation(change)
        if change.are_units_other:
            self.configuration.plan_again(self.stations.ids())
        else:
            self.configuration.plan_again(change.moved | change.listed)

    async def run(self) -> None:
        """Run the rooms' tasks until cancelled; one that fails ends the others."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.feed.run(), name="live feed")
            tasks.create_task(self.routing.run(), name="routing")
            tasks.create_task(self.desk.run(), name="call desk")
            tasks.create_task(self.media.run(), name="media rooms")
            tasks.create_task(self.cases.run(), name="cases")
            tasks.create_task(self.alerts.run(), name="alerts")
            tasks.create_task(self.fleet.run(), name="fleet")
            tasks.create_task(self.configuration.run(), name="configuration and commands")
            tasks.create_task(Forgetter(self.hub).run(), name="forgetting")
            tasks.create_task(self._keep_saying(), name="interest and answers")

    def end_streams(self) -> None:
        """Let the pages' event streams end: a server that stops would wait for them."""
        self.is_ending = True
        self._on_change()

    def close(self) -> None:
        """Give back what `run` does not."""
        self.people.close()

    def utc_ms(self) -> float:
        """Return the hub's UTC in ms."""
        return self.hub.utc_now_us() / 1000

    def monotonic_to_utc_ms(self, at_s: float | None) -> float | None:
        """Return a moment of the hub's monotonic clock as UTC in ms."""
        return None if at_s is None else round(self.utc_ms() - (self.hub.now_s() - at_s) * 1000)

    def line_ms(self) -> float:
        """Return the present moment on the hub's own time line, on which calls' moments lie, in ms."""
        return self.desk.line.now_us() / 1000

    def listen(self, listener: Callable[[StationId | None], None]) -> Callable[[], None]:
        """Call `listener` at every change of a station, or (None) of anything else; return what ends that."""
        self._listeners.add(listener)
        return lambda: self._listeners.discard(listener)

    def calls(self, account: str = "") -> list[CallEntry]:
        """Return the open calls, oldest press first; `account`: as its consoles show them."""
        return [
            call_entry(
                one.held,
                name=self.stations.name(one.call_id.station),
                phone=self.routing.hotline(one.call_id.station),
                rung=self._asked_rung(one.held),
                rings=account in one.offered_to,
            )
            for one in self.desk.open_calls()
        ]

    def call_entry(self, held: HeldCall, *, account: str) -> CallEntry:
        """Return one call, open or just closed, as lists show it."""
        station, one = held.row.call_id.station, self.desk.held(held.row.call_id)
        return call_entry(
            held,
            name=self.stations.name(station),
            phone=self.routing.hotline(station),
            rung=self._asked_rung(held),
            rings=one is not None and account in one.offered_to,
        )

    def _asked_rung(self, held: HeldCall) -> int:
        """Return how far up anybody has been asked to answer a call that waits."""
        call, station = held.kept.call, held.row.call_id.station
        if call.rung == 0 or call.state not in RINGING_STATES:
            return 0
        return asked_rung(self.routing.ladder(station, is_emergency=call.is_emergency), call.rung)

    def calls_since(self, number: int | None, *, account: str) -> CallsTold:
        """Return how the open calls have changed since a stream was told of them; None: never."""
        if self._is_list_old:
            self._is_list_old = False
            name, phone, rung = self.stations.name, self.routing.hotline, self._asked_rung
            self._list.refresh(self.desk.open_calls(), name=name, phone=phone, rung=rung)
        return self._list.since(number, account=account)

    def station(self, station: StationId) -> StationEntry:
        """Return one station as lists show it."""
        now = self.feed.now(station)
        presence = self.stations.presence(
            station, now_s=self.hub.now_s(), leased_since_s=self.leases.since_s(station)
        )
        if presence.word is Word.LIVE and not self.hub.broker_link().is_connected:
            presence = replace(presence, word=Word.LATE)  # it may be there; we cannot hear it
        return station_entry(
            station,
            name=self.stations.name(station),
            now=now,
            presence=presence,
            link=link_of(now.status, now.status_utc_ms),
            questions=self.questions(station),
            ring=self._rings().get(station),
            now_utc_ms=self.utc_ms(),
            news=self.news.get(station, 0),
        )

    def _rings(self) -> dict[StationId, RingEntry]:
        """Return what pages say of stations that the hub rings."""
        return {station: ring_entry(ring) for station, ring in self.desk.rings.told().items()}

    def visit_now(self, station: StationId) -> VisitId | None:
        """Return who is being seen at a station; None: nobody, or nobody knows."""
        now = self.feed.now(station)
        return None if now.spool is None or now.visit is None else VisitId(now.spool, now.visit.no)

    def questions(self, station: StationId) -> list[QuestionEntry]:
        """Return the devices at a station of which somebody must say which they are."""
        devices, now_s = self.feed.now(station).devices, self.hub.now_s()
        return [
            question_entry(told.event, self.answers.to(station, told), devices=devices, now_s=now_s)
            for told in devices.questions()
        ]

    def answer(self, station: StationId, device: str, *, is_device: str | None, by: str) -> bool:
        """Somebody says which device it is, None: a new one. False: nobody asks, or it cannot be that one."""
        for told in self.feed.now(station).devices.questions():
            if told.event.device == device and is_device in (None, *told.event.candidates):
                signal = ConfirmDevice(device=device, is_device=is_device, by=by)
                self.answers.give(station, told, signal, now_s=self.hub.now_s())
                self._has_to_say.set()
                return True
        return False

    def alert_bar(self) -> BarState:
        """Return what every page is told of alerts; made anew when any of them has changed."""
        if self._bar is None or self._bar["number"] != self.alerts.number:
            self._bar = bar_state(self.alerts)
        return self._bar

    def pages(self) -> int:
        """Return how many pages are open."""
        return sum(self._pages.values())

    def open_page(self, name: str) -> Callable[[], None]:
        """Somebody has a page open; return what says that it has gone."""
        self._pages[name] += 1
        return lambda: self._pages.subtract((name,))

    def watch(self, viewer: Viewer) -> None:
        """Somebody opened a station's page: it is to send live at once."""
        self.viewers.add(viewer)
        self._has_to_say.set()

    def _on_station(self, station: StationId) -> None:
        self.news[station] = self.news.get(station, 0) + 1
        self.fleet.on_station(station)
        self.cases.on_station()
        self._on_change(station)

    def _on_calls(self) -> None:
        self._is_list_old = True
        self.cases.on_calls()
        self._has_to_say.set()
        before, self._rung = self._rung, self._rings()
        for station in before.keys() | self._rung.keys():
            if before.get(station) != self._rung.get(station):
                self._on_change(station)
        self._on_change()

    def _on_change(self, station: StationId | None = None) -> None:
        for listener in list(self._listeners):
            listener(station)

    def _on_signal(self, heard: SignalHeard) -> None:
        if isinstance(heard.signal, BoxState):
            if heard.signal.connected:
                self.leases.forgotten_by(heard.station)
                self._has_to_say.set()
            self._on_change(heard.station)

    async def _keep_saying(self) -> None:
        while True:
            self._say_leases()
            self._say_answers()
            self._has_to_say.clear()
            try:
                async with asyncio.timeout(INTEREST_TICK_S):
                    await self._has_to_say.wait()
            except TimeoutError:
                pass

    def _say_leases(self) -> None:
        wanted = self.viewers.stations() | self.desk.stations_waiting()
        for station, lease_s in self.leases.due(wanted, now_s=self.hub.now_s()):
            signal = encode_signal(Interest(lease_s=lease_s))
            if self.hub.publish_signal(station, Topic.INTEREST, signal):
                self.leases.said(station, now_s=self.hub.now_s())

    def _say_answers(self) -> None:
        def asked(station: StationId) -> list[Told[DeviceQuestion]]:
            return self.feed.now(station).devices.questions()

        for station, signal in self.answers.due(asked, now_s=self.hub.now_s()):
            if self.hub.publish_signal(station, Topic.SIGNAL, encode_signal(signal)):
                self.answers.said(station, signal.device, now_s=self.hub.now_s())
                self._on_change(station)
