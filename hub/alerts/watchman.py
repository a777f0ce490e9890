"""Looks at places when they are due, and keeps the open alerts (core): what is so, what is over, what is one.

Facts are asked for when a place is looked at, and at no other time. What comes of it are moves: whoever
keeps the watchman writes them down. Every method names the moment, on the hub's own time line.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from math import isfinite
from typing import Any, Final

from contract.ids import StationId
from hub.alerts.alert import BEFORE, HUB, Alert, AlertNo, Move, Place, given_back, move
from hub.alerts.due_queue import DueQueue
from hub.alerts.facts import AT_REST, OF_HEARING, AnyFacts, Fact, fact
from hub.alerts.gathering import Gathering, PathOf
from hub.alerts.rules import Rule, Rules
from hub.alerts.table import Input, State
from hub.alerts.watch import Verdict, Watch, judge, raises, settles, worsens
from hub.fleet.units import UnitNo

LOOKS_AT_ONCE: Final = 40  # a turn of the loop, 3 ms; 14,000 stations that are all due wait for one another
AGAIN_S: Final = 60.0
NAMED_MAX: Final = 20  # stations that a line of the journal names
HUB_EVERY_S: Final = 5.0  # nobody tells of the hub's own disk
FactsOf = Callable[[StationId | None], AnyFacts]


class Watchman:
    """All alerts of a hub. `unit_named`: the number of a unit that a rule names, None: there is none."""

    def __init__(
        self, rules: Rules, *, path_of: PathOf, unit_named: Callable[[str], UnitNo | None], next_no: int = 1
    ) -> None:
        self.rules = rules
        self.looked_count = 0
        self.alerts: dict[AlertNo, Alert] = {}  # the open ones
        self.next_no = next_no
        self._of_station, self._of_hub = rules.of(is_hub=False), rules.of(is_hub=True)
        self._watching: Counter[StationId | None] = Counter()  # of the rules that look at OF_HEARING
        self._hearing = {rule.name for rule in self._of_station if rule.looks_at in OF_HEARING}
        self._due: DueQueue[StationId | None] = DueQueue()
        self._watches: dict[tuple[str, StationId | None], Watch] = {}
        self._no_of: dict[tuple[str, StationId | None], AlertNo] = {}  # whose condition is part of which
        self._no_at: dict[tuple[str, Place], AlertNo] = {}
        self._parts: dict[AlertNo, set[StationId | None]] = {}  # where each is so, or was and is not closed
        self._calm: dict[AlertNo, set[StationId | None]] = {}
        self._unseen: set[StationId] = set()  # not looked at since they are counted
        self._held_back: set[StationId] = set()  # what is to be raised once all have been
        self._moves: list[Move] = []
        self._joined: dict[AlertNo, set[StationId]] = {}
        self._left: dict[AlertNo, set[StationId]] = {}
        self._heard: dict[AlertNo, set[str]] = {}  # who outside knows of what became part of each
        self._units = self._named_units(unit_named)
        self._gathering = Gathering([rule.name for rule in self._of_station], path_of)

    # What is to be looked at

    def begin(self, alerts: Iterable[Alert], *, now_s: float) -> list[Move]:
        """Take up the open alerts of before: they stay until it is known that they are over. Those of a rule
        that there is no more are closed.
        """
        self._due.set(None, now_s)
        for alert in alerts:
            self.alerts[alert.no] = alert
            if alert.rule not in self.rules.rules:
                self._close(alert, Input.CLEAR, {"why": "no such rule"})
                continue
            places = alert.members or (alert.place.station,)
            self._no_at[alert.rule, alert.place] = alert.no
            self._parts[alert.no] = set(places)
            self._calm[alert.no] = set(places) if alert.calm_s is not None else set()
            for station in places:
                is_worse = alert.severity >= self.rules.rules[alert.rule].worse_severity
                watch = Watch(is_raised=True, is_worse=is_worse, is_calm=alert.calm_s is not None)
                self._put_watch((alert.rule, station), watch)
                self._no_of[alert.rule, station] = alert.no
        return self._taken()

    def add(self, stations: Iterable[StationId], *, now_s: float) -> None:
        """There are these stations too."""
        new = list(stations)
        self._unseen.update(one for one in new if not self._gathering.knows(one))
        self._gathering.add(new)
        for station in new:
            self._due.hasten(station, now_s)

    def regroup(
        self, moved: Iterable[StationId], unit_named: Callable[[str], UnitNo | None], *, now_s: float
    ) -> None:
        """These stations are in other units now, or came to be or ceased: they are counted and looked at
        anew, and no others; but all are when a rule's unit is another one.
        """
        units = self._named_units(unit_named)
        if units != self._units:
            self._units = units
            moved = [*self._gathering.stations(), *moved]
        some = set(moved)
        for station in some:
            self._gathering.drop(station)
        self.add(some, now_s=now_s)

    def touch(self, station: StationId | None, *, now_s: float) -> None:
        """Something of a place may be another than it was, or it is new; None: of the hub."""
        if station is not None and not self._gathering.knows(station):
            self.add((station,), now_s=now_s)
        self._due.hasten(station, now_s)

    def is_watching(self, station: StationId) -> bool:
        """Whether it is waited for that a station is heard: each record of it may end an alert."""
        return station in self._watching

    def next_s(self) -> float | None:
        """Return when the next place is due."""
        return self._due.next_s()

    def turn(self, facts_of: FactsOf, *, now_s: float) -> list[Move]:
        """Look at what is due, at most LOOKS_AT_ONCE places; return what became of alerts."""
        due = self._due.take(now_s=now_s, most=LOOKS_AT_ONCE)
        for station in due:
            self._due.set(station, now_s + AGAIN_S)  # whatever a look does, none is forgotten
        for station in due:
            self.looked_count += 1
            if station is not None:
                self._unseen.discard(station)
            self._due.set(station, self._look(station, facts_of(station), now_s))
        if self._held_back and not self._unseen:
            for station in self._held_back:
                self._due.hasten(station, now_s)
            self._held_back.clear()
        for no in self._joined.keys() | self._left.keys():
            self._change_members(no, now_s)
        return self._taken()

    # What people do

    def apply(self, moved: Move) -> None:
        """An alert is as this move says: it was written down."""
        self.alerts[moved.after.no] = moved.after

    def path(self, place: Place) -> tuple[UnitNo, ...]:
        """Return the units of a place from EVERYWHERE down; none for the hub."""
        return () if place.station is None else self._gathering.path(place.station)

    # One look

    def _named_units(self, unit_named: Callable[[str], UnitNo | None]) -> dict[str, UnitNo | None]:
        return {rule.name: unit_named(rule.unit) for rule in self._of_station if rule.unit is not None}

    def _put_watch(self, key: tuple[str, StationId | None], watch: Watch) -> None:
        if key not in self._watches and key[0] in self._hearing:
            self._watching[key[1]] += 1
        self._watches[key] = watch

    def _drop_watch(self, key: tuple[str, StationId | None]) -> None:
        if self._watches.pop(key, None) is not None and key[0] in self._hearing:
            self._watching[key[1]] -= 1
            if not self._watching[key[1]]:
                del self._watching[key[1]]

    def _look(self, station: StationId | None, facts: AnyFacts, now_s: float) -> float | None:
        nexts: list[float] = []
        if station is not None and facts is AT_REST:
            self._gathering.rest(station)
        for rule in self._of_hub if station is None else self._of_station:
            if station is not None and not self._applies(rule, station):
                continue
            next_s = self._judge(rule, station, fact(facts, rule.looks_at), now_s)
            if next_s is not None:
                nexts.append(next_s)
        return now_s + HUB_EVERY_S if station is None else min(nexts, default=None)

    def _applies(self, rule: Rule, station: StationId) -> bool:
        if rule.unit is None:
            return True
        unit = self._units[rule.name]
        return unit is not None and unit in self._gathering.path(station)

    def _judge(self, rule: Rule, station: StationId | None, known: Fact | None, now_s: float) -> float | None:
        key = rule.name, station
        watch = self._watches.get(key) or Watch()
        verdict, next_s = judge(watch, rule, known, now_s=now_s)
        if station is not None:
            self._gathering.note(rule.name, station, verdict)
        if raises(watch, rule, now_s=now_s) and known is not None and self._is_held_back(rule, station):
            self._put_watch(key, watch)
            return next_s
        if raises(watch, rule, now_s=now_s) and known is not None:
            self._put_watch(key, watch)
            self._raise(rule, station, watch, known, now_s)
            verdict, next_s = judge(watch, rule, known, now_s=now_s)
        elif watch.is_raised:
            self._follow(rule, station, watch, verdict, known, now_s)
        if watch.is_idle:
            self._drop_watch(key)
        else:
            self._put_watch(key, watch)
        return next_s

    def _is_held_back(self, rule: Rule, station: StationId | None) -> bool:
        """Whether an alert may turn out to be one of a whole unit, of which not all have been looked at yet:
        a hub that starts would raise thousands, and then make one of them.
        """
        if station is None or not rule.gathers or not self._unseen:
            return False
        self._held_back.add(station)
        return True

    def _raise(self, rule: Rule, station: StationId | None, watch: Watch, known: Fact, now_s: float) -> None:
        unit = None
        if station is not None and rule.gathers:
            unit = self._gathering.unit(rule.name, station)
        if unit is None:
            watch.is_raised = True
            alert = self._open(rule, HUB if station is None else Place(station=station), watch, known, now_s)
            self._no_of[rule.name, station] = alert.no
        else:
            self._gather(rule, unit, watch, known, now_s)
        if worsens(watch, rule, now_s=now_s):
            self._follow(rule, station, watch, Verdict.OVER, known, now_s)

    def _gather(self, rule: Rule, unit: UnitNo, watch: Watch, known: Fact, now_s: float) -> None:
        """All of a unit is so: one alert takes the place of those that there are, and of those to come."""
        place = Place(unit=unit)
        alert = self.alerts.get(self._no_at.get((rule.name, place), AlertNo(0)))
        if alert is None:
            alert = self._open(rule, place, watch, known, now_s)
        stations = set(self._gathering.over(rule.name, unit))
        for no in {self._no_of.get((rule.name, station), alert.no) for station in stations} - {alert.no}:
            before = self.alerts[no]
            self._heard.setdefault(alert.no, set()).update(before.heard())
            stations |= before.members  # those that are calm by now too: it takes the whole of it over
            self._close(before, Input.GATHERED, {"into": alert.no})
        for station in stations:
            key = rule.name, station
            if self._no_of.get(key) == alert.no:
                continue
            of_it = self._watches.get(key) or Watch(over_s=now_s)
            self._put_watch(key, of_it)
            if of_it.is_calm:
                self._calm[alert.no].add(station)
            of_it.is_raised, self._no_of[key] = True, alert.no
            self._parts[alert.no].add(station)
            self._joined.setdefault(alert.no, set()).add(station)

    def _open(self, rule: Rule, place: Place, watch: Watch, known: Fact, now_s: float) -> Alert:
        value = known.at(now_s)
        alert = Alert(
            no=AlertNo(self.next_no), rule=rule.name, place=place, severity=rule.severity,
            since_s=now_s if watch.over_s is None else watch.over_s, raised_s=now_s, unowned_s=now_s,
            value=value if isfinite(value) else None, about=known.about,
        )  # fmt: skip
        self.next_no += 1
        self._no_at[rule.name, place] = alert.no
        self._parts[alert.no] = {place.station} if place.unit is None else set()
        self._calm[alert.no] = set()
        detail: dict[str, Any] = {"value": alert.value, "about": alert.about}
        self._keep(Move(before=None, after=alert, input=Input.RAISE, detail=detail))
        return alert

    def _follow(
        self,
        rule: Rule,
        station: StationId | None,
        watch: Watch,
        verdict: Verdict,
        known: Fact | None,
        now_s: float,
    ) -> None:
        """There is an alert of it: is it over, is it back, is it worse?"""
        no = self._no_of[rule.name, station]
        alert = self.alerts[no]
        if settles(watch, rule, now_s=now_s):
            self._settle(rule, station, watch, alert, now_s)
        elif verdict is Verdict.CLEAR and not watch.is_calm:
            watch.is_calm = True
            self._calm[no].add(station)
            if len(self._calm[no]) >= len(self._parts[no]) and alert.calm_s is None:
                self._keep(move(alert, Input.CALM, calm_s=now_s))
        elif verdict is Verdict.OVER and watch.is_calm:
            watch.is_calm = False
            self._calm[no].discard(station)
            if alert.calm_s is not None:
                value = self._reading(known, now_s)
                detail: dict[str, Any] = {"count": alert.count + 1, "calm_for_s": round(now_s - alert.calm_s)}
                self._keep(
                    move(alert, Input.AGAIN, detail=detail, calm_s=None, count=alert.count + 1, value=value)
                )
        if watch.is_raised and worsens(watch, rule, now_s=now_s):
            watch.is_worse = True
            alert = self.alerts[no]
            if alert.severity < rule.worse_severity:
                given = {
                    "severity": rule.worse_severity,
                    "value": self._reading(known, now_s),
                    "calm_s": None,
                }
                worse = given_back(alert, Input.WORSE, by=None, now_s=now_s, **given)
                self._keep(replace(worse, detail={"value": worse.after.value}))

    def _settle(
        self, rule: Rule, station: StationId | None, watch: Watch, alert: Alert, now_s: float
    ) -> None:
        watch.is_raised = watch.is_worse = watch.is_calm = False
        watch.clear_s = None
        del self._no_of[rule.name, station]
        self._calm[alert.no].discard(station)
        self._parts[alert.no].discard(station)
        if not self._parts[alert.no] or station is None:
            self._close(alert, Input.CLEAR, {"calm_for_s": round(now_s - (alert.calm_s or now_s))})
        else:
            self._left.setdefault(alert.no, set()).add(station)

    def _change_members(self, no: AlertNo, now_s: float) -> None:
        joined, left = self._joined.pop(no, set()), self._left.pop(no, set())
        heard, alert = self._heard.pop(no, set()), self.alerts.get(no)
        if alert is None:
            return
        for input_, came, went in ((Input.JOINED, joined, set()), (Input.LEFT, set(), left)):
            some = sorted(came | went)
            if some:
                members = (self.alerts[no].members | came) - went
                detail = {"count": len(some), "stations": some[:NAMED_MAX]}
                told = dict.fromkeys(sorted(heard), BEFORE) | dict(self.alerts[no].told)
                moved = move(self.alerts[no], input_, detail=detail, members=frozenset(members), told=told)
                self._keep(replace(moved, joined=frozenset(came), left=frozenset(went)))
        alert = self.alerts[no]
        is_calm = len(self._calm[no]) >= len(self._parts[no])
        if is_calm and alert.calm_s is None and left:
            self._keep(move(alert, Input.CALM, calm_s=now_s))
        elif not is_calm and alert.calm_s is not None and joined:
            self._keep(move(alert, Input.AGAIN, calm_s=None, count=alert.count + 1))

    @staticmethod
    def _reading(known: Fact | None, now_s: float) -> float | None:
        value = None if known is None else known.at(now_s)
        return value if value is not None and isfinite(value) else None

    def _close(self, alert: Alert, input_: Input, detail: Mapping[str, Any]) -> None:
        self._keep(move(alert, input_, detail=detail))
        self._no_at.pop((alert.rule, alert.place), None)
        self._parts.pop(alert.no, None)
        self._calm.pop(alert.no, None)
        self._joined.pop(alert.no, None)
        self._left.pop(alert.no, None)
        self._heard.pop(alert.no, None)

    def _keep(self, moved: Move) -> None:
        alert = moved.after
        if alert.is_open:
            self.alerts[alert.no] = alert
        else:
            self.alerts.pop(alert.no, None)
        self._moves.append(moved)

    def _taken(self) -> list[Move]:
        moves, self._moves = self._moves, []
        return moves


def owned_too_long(alerts: Iterable[Alert], *, now_s: float) -> list[Move]:
    """Return what becomes of alerts whose time of being owned is over."""
    return [
        given_back(alert, Input.LAPSE, by=None, now_s=now_s)
        for alert in alerts
        if alert.state is State.ACKNOWLEDGED and (alert.owned_until_s or 0.0) <= now_s
    ]
