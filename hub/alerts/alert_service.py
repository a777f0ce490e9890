"""Alerts while the hub runs: judged as they are due, kept in the store, owned by people, told outside."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Final

from contract.ids import StationId
from hub.alerts.alert import Alert, AlertNo, Move, Place, acknowledged, given_back
from hub.alerts.escalation import Escalation, Word, told
from hub.alerts.facts import Fact, fact
from hub.alerts.facts_service import Facts
from hub.alerts.kept import draft_of, read_alert, window_of_row
from hub.alerts.letter import Told
from hub.alerts.maintenance import Paths, Window, checked, next_edge_us, quieted, window_of
from hub.alerts.place_names import PlaceNames
from hub.alerts.rules import Rule, Rules
from hub.alerts.rules_service import RulesFile
from hub.alerts.table import IllegalInputError, Input, State
from hub.alerts.telling_service import Telling
from hub.alerts.unit_names import unit_named
from hub.alerts.watchman import Watchman, owned_too_long
from hub.calls.time_line import TimeLine
from hub.fleet.organisation_change import OrganisationChange
from hub.fleet.organisation_service import OrganisationKeeper
from hub.fleet.stations import StationList
from hub.fleet.units import UnitNo
from hub.hub import Hub
from hub.ingest.committed import Committed
from hub.live.feed import LiveFeed
from hub.store.alert_book import AlertDraft, MaintenanceRow
from hub.store.interface import Store, StoreFailedError

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
LOOK_EVERY_S: Final = 5.0  # whether the document has changed
ALL_WITHIN_S: Final = 60.0  # are looked at when the hub hears again: no silence is news before minutes
LONG_FROM_NOW_US: Final = 1 << 62
WINDOWS_KEPT_US: Final = 30 * 86_400_000_000
WRITTEN_AT_ONCE: Final = 200  # moves of one transaction: ingest and calls write between
UNWRITTEN_MAX: Final = (
    20_000  # lines that wait for a store that fails; then the oldest are lost, and it is said
)


class AlertDesk:
    """One for a hub. `begin`, then `run` until cancelled. It belongs to the event loop's thread."""

    def __init__(
        self, hub: Hub, organisation: OrganisationKeeper, stations: StationList, feed: LiveFeed
    ) -> None:
        self._file = RulesFile(hub.config.alerts_path)
        self.windows: list[Window] = []  # under way, to come, and over within a month
        self.number = 0  # grows with each change, for pages
        self.line = TimeLine(boot=hub.boot_name, now_s=hub.now_s, utc_now_us=hub.utc_now_us)
        self._hub, self._organisation, self._stations = hub, organisation, stations
        self._facts = Facts(hub, stations, feed, is_closed=self._is_closed)
        self._lock = asyncio.Lock()  # what people do and what the clock does follow one another
        self._unwritten: list[Move] = []
        self._has_failed = False
        self._quieted_us, self._edge_us = 0, 0  # when windows were looked at, and are to be again
        self._listeners: list[Callable[[], None]] = []
        self.names = PlaceNames(lambda: organisation.now, stations.name)
        self.paths = Paths(self._path_of, self._path_of_unit)
        self.telling = Telling(
            mail_config=hub.config.mail, address=hub.config.console.far_url, now_s=hub.now_s,
            utc_now_us=hub.utc_now_us, tell_of=self._tell_of, on_told=self._on_told,
        )  # fmt: skip
        self._told: list[tuple[AlertNo, str, str, str]] = []
        self._words: list[Word] = []
        self._after: dict[tuple[AlertNo, str], Word] = {}  # what is to be told once another word was sent
        self._faults: dict[str, str] = {}  # of ways out, as pages were last told
        self._watchman = self._new_watchman(1)
        self._escalation = Escalation(self.rules, is_in=self._is_in)
        hub.on_committed(self._on_committed)
        hub.copies.on_found(lambda found: self._watchman.touch(found.box.station, now_s=self.now_s()))

    # What pages ask

    @property
    def rules(self) -> Rules:
        """The rules that hold."""
        return self._file.now

    @property
    def fault(self) -> str | None:
        """Why the newest document is refused; the one before holds."""
        return self._file.fault

    def on_change(self, listener: Callable[[], None]) -> None:
        """Add a listener, called after any change of alerts, windows, rules or ways out."""
        self._listeners.append(listener)

    def open_alerts(self) -> list[Alert]:
        """Return the open alerts: what is worst first, then what is oldest; what is quiet or owned last."""
        return _in_order(self._watchman.alerts.values())

    def alert(self, no: int) -> Alert | None:
        """Return an open alert; None: it is closed, or nobody knows it."""
        return self._watchman.alerts.get(AlertNo(no))

    def of_station(self, station: StationId) -> list[Alert]:
        """Return the open alerts of a station, those of its unit among them if they befall it."""
        there = self._watchman.alerts.values()
        return _in_order(one for one in there if one.place.station == station or station in one.members)

    def rule(self, alert: Alert) -> Rule | None:
        """Return the rule of an alert; None: there is no such rule any more."""
        return self.rules.rules.get(alert.rule)

    def reading(self, alert: Alert) -> Fact | None:
        """Return what the rule of a station's or the hub's alert looks at, as it is now; None: unknown."""
        rule = self.rule(alert)
        if rule is None or alert.place.unit is not None:
            return None
        found = fact(self._facts.of(alert.place.station), rule.looks_at)
        is_old = (
            found is not None and found.told_s is not None and self.now_s() >= found.told_s + rule.valid_s
        )
        return None if is_old else found

    def window(self, alert: Alert) -> Window | None:
        """Return the maintenance in which an alert is quiet now."""
        return window_of(alert, self.windows, self.paths, utc_us=self._hub.utc_now_us())

    @property
    def has_fault(self) -> bool:
        """Whether somebody must mend something of it: the document, a way out, a unit that a rule names."""
        return self.fault is not None or bool(self.telling.faults) or bool(self.unknown_units())

    def unknown_units(self) -> list[str]:
        """Return the units that the document names and that there are not."""
        return sorted(unit for unit in self.rules.units() if self._unit_named(unit) is None)

    def looked_count(self) -> int:
        """Return how many looks at stations there were since the rules were read."""
        return self._watchman.looked_count

    # What people do

    async def acknowledge(self, no: int, *, by: str, note: str, for_s: float) -> Alert | None:
        """Somebody owns an alert for so long; None: it is closed. Raises ValueError, StoreFailedError."""
        return await self._by_hand(
            no, lambda alert: acknowledged(alert, by=by, note=note, for_s=for_s, now_s=self.now_s())
        )

    async def release(self, no: int, *, by: str) -> Alert | None:
        """Its owner gives an alert back, or somebody takes it from him; None: nobody owns it. Raises
        StoreFailedError.
        """
        return await self._by_hand(
            no, lambda alert: given_back(alert, Input.RELEASE, by=by, now_s=self.now_s())
        )

    async def add_window(
        self, place: Place, *, from_utc_us: int, until_utc_us: int, why: str, by: str
    ) -> Window:
        """Announce maintenance. Raises MaintenanceError, StoreFailedError."""
        now_us = self._hub.utc_now_us()
        said = checked(place, from_utc_us, until_utc_us, why, now_utc_us=now_us)
        row = MaintenanceRow(
            no=0, place=str(place), from_utc_us=from_utc_us, until_utc_us=until_utc_us, why=said, by=by,
            made_utc_us=now_us,
        )  # fmt: skip
        no = await self._hub.run_write(lambda store: store.alerts.add_maintenance(row))
        await self._read_windows()
        await self.turn()
        return next(one for one in self.windows if one.no == no)

    async def end_window(self, no: int, *, by: str) -> bool:
        """Maintenance is over now; False: it was before. Raises StoreFailedError."""
        now_us = self._hub.utc_now_us()
        is_done = await self._hub.run_write(
            lambda store: store.alerts.end_maintenance(no, by=by, utc_us=now_us)
        )
        await self._read_windows()
        await self.turn()
        return is_done

    # Running

    async def begin(self) -> None:
        """Take up rules, windows and open alerts."""
        rows, next_no, presses = await self._hub.run_read(
            lambda store: (store.alerts.open_alerts(), store.alerts.next_alert(), store.newest_calls())
        )
        self._facts.begin(presses)
        await self._read_windows()
        await self._file.look()
        self._begin_watch([read_alert(row, line=self.line) for row in rows], next_no)
        words: list[Word] = []
        for alert in self._watchman.alerts.values():
            words += self._escalation.unsent(alert)
        self.telling.tell(words)
        self._notify()

    async def run(self) -> None:
        """Judge, escalate, tell and write down until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_turning(), name="alerts: watch")
            tasks.create_task(self.telling.run(), name="alerts: tell")
            tasks.create_task(self._keep_reading(), name="alerts: document")

    async def turn(self) -> None:
        """Look at all that is due now."""
        async with self._lock:
            self._look_at_the_hub()
            before = len(self._unwritten)
            while (due_s := self._watchman.next_s()) is not None and due_s <= self.now_s():
                self._unwritten += self._watchman.turn(self._facts.of, now_s=self.now_s())
                await asyncio.sleep(0)  # calls go before
            self._unwritten[before:] = map(self._with_over, self._unwritten[before:])
            self._unwritten += self._by_clock(has_news=len(self._unwritten) > before)
            has_news = len(self._unwritten) > before or self._faults != self.telling.faults
            self._faults = dict(self.telling.faults)
            await self._write()
        if has_news:
            self._notify()

    def _look_at_the_hub(self) -> None:
        """What the hub could not hear is looked at when it can again, one after the other: who is silent has
        been so since then at most, and while all come back the hub has other things to do.
        """
        if not self._facts.listen():
            return
        now_s = self.now_s()
        self._watchman.touch(None, now_s=now_s)
        if self._facts.hears_since_s is not None:
            stations = list(self._stations.known())
            for place, station in enumerate(stations):
                self._watchman.touch(station, now_s=now_s + ALL_WITHIN_S * place / len(stations))

    def _by_clock(self, *, has_news: bool) -> list[Move]:
        """What is due of alerts by the clock alone; applied."""
        now_s, done = self.now_s(), []
        alerts = list(self._watchman.alerts.values())
        for moved in owned_too_long(alerts, now_s=now_s):
            self._watchman.apply(moved)
            done.append(moved)
        alerts = list(self._watchman.alerts.values())
        utc_us = self._hub.utc_now_us()
        if has_news or done or not self._quieted_us <= utc_us < self._edge_us:
            self._quieted_us = utc_us
            self._edge_us = next_edge_us(self.windows, utc_us=utc_us) or LONG_FROM_NOW_US
            for moved in quieted(alerts, self.windows, self.paths, utc_us=utc_us):
                self._watchman.apply(moved)
                done.append(moved)
        for alert in list(self._watchman.alerts.values()):
            found = self._escalation.due(alert, now_s=now_s)
            if found is not None:
                self._watchman.apply(found.move)
                done.append(found.move)
                self._words += found.words
        for no, key, state, text in self._told:
            if (next_word := self._after.pop((no, key), None)) is not None and state == "sent":
                self._words.append(next_word)
            if (known := self._watchman.alerts.get(no)) is not None and key in known.told:
                moved = told(known, key, state, text=text)
                self._watchman.apply(moved)
                done.append(moved)
        self._told.clear()
        return done

    def _with_over(self, moved: Move) -> Move:
        """Have it told that an alert is over, to whoever knows outside that it was so; the move says whom."""
        if moved.input is not Input.CLEAR:
            return moved
        words, heard = self._escalation.over(moved.after), moved.after.heard()
        self._after |= {(moved.after.no, key): word for key, word in words.items() if key not in heard}
        now = [word for key, word in words.items() if key in heard]
        self._words += now
        return replace(moved, detail={**moved.detail, "to": [word.to.name for word in now]}) if now else moved

    async def _write(self) -> None:
        """Write down what has become of alerts, then tell the outside. A store that fails is tried again;
        alerts are seen and told all the same, for it may be what they are about.
        """
        utc_us = self._hub.utc_now_us()
        while self._unwritten:
            some = self._unwritten[:WRITTEN_AT_ONCE]
            drafts = [draft_of(moved, line=self.line, utc_us=utc_us) for moved in some]
            try:
                await self._hub.run_write(partial(_keep, drafts))
            except StoreFailedError as error:
                level = logging.DEBUG if self._has_failed else logging.ERROR
                log.log(level, "alerts are not kept: %s", error)
                self._has_failed = True
                self._unwritten = self._unwritten[-UNWRITTEN_MAX:]
                break
            del self._unwritten[: len(some)]
            self._has_failed = False
        self.telling.tell(self._words)
        self._words = []

    async def _by_hand(self, no: int, deed: Callable[[Alert], Move]) -> Alert | None:
        async with self._lock:
            alert = self._watchman.alerts.get(AlertNo(no))
            if alert is None:
                return None
            try:
                moved = deed(alert)
            except IllegalInputError:
                return None
            waiting = [*self._unwritten, moved]
            utc_us = self._hub.utc_now_us()
            drafts = [draft_of(one, line=self.line, utc_us=utc_us) for one in waiting]
            await self._hub.run_write(partial(_keep, drafts))
            self._unwritten = []
            self._watchman.apply(moved)
        self._notify()
        return moved.after

    async def _keep_turning(self) -> None:
        while True:
            try:
                await self.turn()
            except Exception:  # what nobody foresaw of an alert must not end a hub on which calls ring
                log.exception("alerts stay as they are")
            await asyncio.sleep(TICK_S)

    async def _keep_reading(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            before = self.rules
            is_new = await self._file.look()
            if self.rules is not before:
                async with self._lock:
                    self._begin_watch(list(self._watchman.alerts.values()), self._watchman.next_no)
            if is_new:
                self._notify()

    async def _read_windows(self) -> None:
        since_us = self._hub.utc_now_us() - WINDOWS_KEPT_US
        rows = await self._hub.run_read(lambda store: store.alerts.maintenance(since_utc_us=since_us))
        self.windows = [window_of_row(row) for row in rows]
        self._edge_us = 0
        self._notify()

    def _begin_watch(self, alerts: Iterable[Alert], next_no: int) -> None:
        self._watchman = self._new_watchman(next_no)
        self._escalation = Escalation(self.rules, is_in=self._is_in)
        self.telling.use(self.rules)
        now_s = self.now_s()
        self._watchman.add(self._stations.known(), now_s=now_s)
        self._unwritten += self._watchman.begin(alerts, now_s=now_s)

    def _new_watchman(self, next_no: int) -> Watchman:
        return Watchman(self.rules, path_of=self._path_of, unit_named=self._unit_named, next_no=next_no)

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        self._facts.on_committed(batch)
        now_s = self.now_s()
        for one in batch:
            station = one.arrival.station
            if one.arrival.event is not None or self._watchman.is_watching(station):
                self._watchman.touch(station, now_s=now_s)

    def on_organisation(self, change: OrganisationChange) -> None:
        """Some stations are in other units, or are called otherwise: for whoever hears of it."""
        self._watchman.regroup(change.moved | change.listed, self._unit_named, now_s=self.now_s())
        if change.moved:
            self._edge_us = 0
        if change.are_names_other:
            self._notify()

    def _on_told(self, no: AlertNo, key: str, state: str, text: str) -> None:
        self._told.append((no, key, state, text))

    def _tell_of(self, word: Word) -> Told | None:
        alert = word.alert if word.is_over else self._watchman.alerts.get(word.alert.no)
        rule = None if alert is None else self.rule(alert)
        if alert is None or rule is None:
            return None
        if not word.is_over and (alert.state is State.ACKNOWLEDGED or alert.calm_s is not None):
            return None
        over_s = None
        if word.is_over:
            over_s = self.now_s() if alert.calm_s is None else alert.calm_s
        return Told(
            alert=alert, rule=rule, place=self.names.name(alert.place),
            unit=self.names.unit(alert.place), since_utc_us=self.utc_us(alert.since_s),
            over_utc_us=None if over_s is None else self.utc_us(over_s),
        )  # fmt: skip

    def utc_us(self, at_s: float) -> int:
        """Return a moment of an alert in UTC."""
        return self.line.utc_us(round(at_s * 1e6))

    def _unit_named(self, name: str) -> UnitNo | None:
        return unit_named(self._organisation.unit_names(), name)

    def _is_in(self, place: Place, name: str) -> bool:
        unit = self._unit_named(name)
        return unit is not None and self.paths.is_in(place, unit)

    def _is_closed(self, station: StationId) -> bool:
        card = self._organisation.now.stations.get(station)
        return card is not None and card.closed

    def _path_of(self, station: StationId) -> tuple[UnitNo, ...]:
        organisation = self._organisation.now
        return tuple(unit.no for unit in organisation.tree.path(organisation.unit(station)))

    def _path_of_unit(self, no: UnitNo) -> tuple[UnitNo, ...]:
        return tuple(unit.no for unit in self._organisation.now.tree.path(no))

    def now_s(self) -> float:
        """Return the present moment on the hub's own time line."""
        return self._hub.now_s()

    def _notify(self) -> None:
        self.number += 1
        for listener in self._listeners:
            listener()


def _in_order(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda one: (one.is_quiet, not one.is_loud, -one.severity, one.raised_s))


def _keep(drafts: Sequence[AlertDraft], store: Store) -> None:
    store.alerts.keep_alerts(drafts)
