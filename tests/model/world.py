"""Stations, a hub, and the wires between them, in one time that is a number: what may happen, in any order.

`do_something` lets one thing happen, `pass_time` lets what follows from it happen. What must hold at every
moment is in `tests.model.truths`.
"""

import random
from dataclasses import dataclass
from typing import Final

from contract.ids import CallId, RecordClass, SpoolId, StationId, parse_spool
from contract.ranges import SeqRanges
from contract.signals import AnySignal, CallState, Practice, RingStation
from hub.calls.call import Given
from hub.calls.open_call import OpenCall
from tests.model.hub_side import Clock, HubSide, S
from tests.model.station import Down, Hello, Parcel, Receipt, Station, Up
from tests.model.store import ModelStore
from tests.model.wire import EXPIRES_US, PERFECT, ROUGH, Faults, Wire

TURN_US: Final = (
    S  # the hub's desk looks around; where nothing has come for a while, as pages prove themselves
)
IDLE_TURN_US: Final = 10 * S
IDLE_AFTER_US: Final = 4 * S
MINUTE_US: Final = 60 * S
STATIONS: Final = ("tram-1", "tram-2", "tram-3")


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """Something on a wire. What belongs to an earlier connection of the box never arrives."""

    connection: int
    sent_us: int
    message: Up | Down


@dataclass(slots=True)
class Line:
    """A station with both directions of its link."""

    station: Station
    up: Wire[OnTheWay]
    down: Wire[OnTheWay]
    connection: int = 0
    has_link: bool = True
    has_power: bool = True
    pressed: int = 0  # presses that somebody made and no power cut has taken with it

    @property
    def next_us(self) -> int | None:
        """When anything happens on it by itself."""
        due = self.station.next_us
        for at_us in (self.up.next_us, self.down.next_us):
            if at_us is not None and (due is None or at_us < due):
                due = at_us
        return due


class World:
    """Everything. `history` tells what was done, for whoever has to understand a failure."""

    def __init__(
        self,
        rng: random.Random,
        *,
        stations: int = 2,
        faults: Faults = ROUGH,
        store: ModelStore | None = None,
    ) -> None:
        self.rng, self.clock = rng, Clock()
        self.store = ModelStore() if store is None else store
        self.history: list[str] = []
        self.has_broker = True
        self._seen: dict[CallId, int] = {}  # revisions of calls, as pages saw them last
        self.said: dict[tuple[CallId, int], str] = {}  # what the hub said of a call, by revision
        self.hub = HubSide(self.store, self.clock, publish=self._publish)
        self.lines: dict[StationId, Line] = {}
        for number, name in enumerate(STATIONS[:stations]):
            self._add_station(StationId(name), SpoolId(0xA0 + number), faults)
        self._turn_us = self._busy_us = 0
        self.hub.start()
        for line in self.lines.values():
            line.station.begin_boot(now_us=self.now_us)
            self._connect(line)

    @property
    def now_us(self) -> int:
        """The one time."""
        return self.clock.now_us

    def _add_station(self, name: StationId, spool: SpoolId, faults: Faults) -> None:
        station = Station(name, spool, send=lambda message: self._send_up(name, message))
        station.may_answer = self.rng.random() < 0.3
        up: Wire[OnTheWay] = Wire(self.rng, faults)
        down: Wire[OnTheWay] = Wire(self.rng, faults)
        self.lines[name] = Line(station, up, down)

    # The wires

    def _send_up(self, name: StationId, message: Up) -> None:
        line = self.lines[name]
        if isinstance(message, Hello) and message.is_first:
            line.connection += 1
        line.up.send(OnTheWay(line.connection, self.now_us, message), now_us=self.now_us)

    def _publish(self, name: StationId, signal: AnySignal) -> bool:
        line = self.lines[name]
        assert isinstance(signal, CallState | RingStation | Practice)
        if isinstance(signal, CallState) and signal.state != "unknown":
            call_id = CallId(name, parse_spool(signal.spool), signal.call_seq)
            before = self.said.setdefault((call_id, signal.revision), signal.state)
            assert before == signal.state, f"{call_id} is both {before} and {signal.state}"
        if self.has_broker:
            self._send_down(line, signal)
        return self.has_broker

    def _send_down(self, line: Line, message: Down) -> None:
        if line.station.is_connected:
            line.down.send(OnTheWay(line.connection, self.now_us, message), now_us=self.now_us)

    def _deliver(self, line: Line) -> None:
        for one in line.up.arrived(now_us=self.now_us):
            if self.has_broker and self.hub.desk is not None:
                self._hear_up(line, one.message)
        for one in line.down.arrived(now_us=self.now_us):
            is_fresh = self.now_us - one.sent_us < EXPIRES_US
            if one.connection == line.connection and is_fresh:
                assert not isinstance(one.message, Parcel | Hello)
                line.station.hear(one.message, now_us=self.now_us)

    def _hear_up(self, line: Line, message: Up | Down) -> None:
        match message:
            case Parcel():
                self._busy_us = self.now_us
                if self.hub.hear_parcel(line.station, message):
                    self._send_down(line, Receipt(self._committed(line)))
                    self._turn_us = self.now_us
            case Hello():
                self.hub.hear_hello(line.station, message)
            case _:
                raise AssertionError(message)

    def _committed(self, line: Line) -> SeqRanges:
        return self.store.ranges(line.station.name, line.station.spool)[RecordClass.CALL]

    def _connect(self, line: Line) -> None:
        if line.has_link and self.has_broker and line.station.call is not None:
            line.up.is_cut = line.down.is_cut = False
            line.station.connect(now_us=self.now_us)

    # What befalls them

    def start_box(self, line: Line) -> None:
        """The box starts; in another boot where the power was cut."""
        if line.has_power:
            line.station.start(now_us=self.now_us)
        else:
            line.has_power = True
            line.station.begin_boot(now_us=self.now_us)
        self._connect(line)

    def cut_link(self, line: Line) -> None:
        """Nothing passes any more."""
        line.has_link, line.station.is_connected = False, False
        line.up.cut()
        line.down.cut()

    def mend_link(self, line: Line) -> None:
        """It passes again: another connection."""
        line.has_link = True
        self._connect(line)

    def set_broker(self, *, is_there: bool) -> None:
        """The broker is killed, or starts again and everybody comes back."""
        self.has_broker = is_there
        for line in self.lines.values():
            line.station.is_connected = False
            if is_there:
                self._connect(line)

    def give(self, one: OpenCall, given: Given, *, is_sure: bool) -> str:
        """An operator does something; not `is_sure`: only if the call is as his page saw it last."""
        call_id, revision = one.call_id, self.store.rows[one.call_id].revision
        seen = None if is_sure else self._seen.get(call_id, revision)
        moved = self.hub.give(call_id, given, seen_revision=seen)
        if self.rng.random() < 0.7:
            self._seen[call_id] = self.store.rows[call_id].revision
        became = "no hub" if moved is None else moved.why or f"{moved.call and moved.call.state.name}"
        return f"{call_id}: {given.input.name} by {given.by} to {given.to}: {became}"

    def open_calls(self) -> list[OpenCall]:
        """Return the open calls as the desk has them."""
        return [] if self.hub.desk is None else self.hub.desk.open_calls()

    def heal(self) -> None:
        """Everything works from now on, and nobody has a page open."""
        for line in self.lines.values():
            line.up.faults = line.down.faults = PERFECT
        self.store.fails = False
        if self.hub.desk is None:
            self.hub.start()
        self.set_broker(is_there=True)
        for line in self.lines.values():
            if line.station.call is None:
                self.start_box(line)
            self.mend_link(line)
        for console in self.hub.consoles.values():
            console.has_page = False

    def note(self, what: str) -> None:
        """Write down what was done."""
        if what:
            self.history.append(f"{self.now_us / S:10.2f} {what}")

    # Time

    def pass_time(self, by_us: int) -> None:
        """Let everything happen that happens by itself within that time."""
        until_us = self.now_us + by_us
        self._busy_us = self.now_us
        self._turn_us = min(self._turn_us, self.now_us + TURN_US)
        while True:
            at_us, due = self._turn_us, list[Line]()
            for line in self.lines.values():
                line_us = line.next_us
                if line_us is not None and line_us <= at_us:
                    due = [*due, line] if line_us == at_us else [line]
                    at_us = line_us
            if at_us > until_us:
                break
            self.clock.now_us = max(self.now_us, at_us)
            self._happen(due)
        self.clock.now_us = until_us

    def _happen(self, due: list[Line]) -> None:
        now_us = self.now_us
        for line in due:
            self._deliver(line)
            line.station.tick(now_us=now_us)
        if now_us >= self._turn_us:
            self.hub.turn()
            is_idle = now_us - self._busy_us >= IDLE_AFTER_US
            self._turn_us = (
                min(now_us + IDLE_TURN_US, self._next_deadline_us()) if is_idle else now_us + TURN_US
            )
            self._turn_us = max(self._turn_us, now_us + TURN_US)

    def rest(self, by_us: int) -> None:
        """Let time pass in which nothing is done: the desk looks around when something is due, and now and
        then."""
        until_us = self.now_us + by_us
        while self.now_us < until_us:
            self.pass_time(min(S, until_us - self.now_us))
            if not self._has_news():
                self.clock.now_us = min(until_us, self._next_deadline_us())
                self._turn_us = self.now_us

    def _has_news(self) -> bool:
        return any(
            line.up.next_us is not None or line.down.next_us is not None or line.station.owed
            for line in self.lines.values()
        )

    def _next_deadline_us(self) -> int:
        zero_us = self.clock.zero_us
        desk = self.hub.desk
        due = [self.now_us + 20 * MINUTE_US]
        for one in () if desk is None else desk.open_calls():
            due += [at_us + zero_us for at_us in one.call.deadlines_us]
        due += [at_us for line in self.lines.values() if (at_us := line.station.next_us) is not None]
        return max(self.now_us, min(due))
