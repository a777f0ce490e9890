"""Runs a simulated fleet: one loop over epoll, a few handshakes at a time, however many stations."""

import heapq
import os
import select
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from itertools import count
from pathlib import Path
from random import Random
from typing import Final

import mqtt5

from contract.limits import RESEND_CALL_MIN_S
from contract.topics import Topic, topic_name
from hub.mqtt.stream import BrokenStreamError, PacketStream
from hub.pki.authority import Credential
from hub.simulate.connection import Line, LineLostError, make_context
from hub.simulate.figures import Fall, Figures
from hub.simulate.outages import next_outage_s, outage_length_s, retry_after_s
from hub.simulate.packets import greeting, is_no, packet_ids, publication
from hub.simulate.station import SimStation

HANDSHAKES: Final = 64  # at a time: the broker's backlog holds 100
CONNECT_LIMIT_S: Final = 20.0
TICK_S: Final = 1.0
FALLEN_SHARE: Final = 0.1  # fewer than that are up after all were: the broker died
EVENTS_MAX: Final = 512


class Phase(Enum):
    """Where a station's connection is."""

    AWAY = auto()  # in an outage, or waiting to try again
    QUEUED = auto()
    CONNECTING = auto()
    UP = auto()


class _Timer(Enum):
    RECORD = auto()
    TRY = auto()
    CONNECT_LIMIT = auto()
    OUTAGE = auto()
    CALL_OVERDUE = auto()
    PRESS = auto()
    TICK = auto()


@dataclass(slots=True, eq=False)
class _Client:
    """A station and its connection. `tries`: since it was up last; `generation` counts connections."""

    station: SimStation
    credential: Credential
    phase: Phase = Phase.AWAY
    line: Line | None = None
    watched: int = 0  # the events that epoll watches for
    stream: PacketStream | None = None  # of the line
    packet_ids: Iterator[int] = field(default_factory=lambda: iter(()))
    asked: tuple[int, float] | None = None  # the packet whose PUBACK tells the round trip, and when it went
    record_s: float | None = None
    since_s: float = 0.0
    tries: int = 0
    generation: int = 0
    has_begun: bool = False
    has_arrived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What befalls the fleet. Rates are an hour's: outages of each station, presses of all together."""

    every_s: int
    outages_per_hour: float = 0.0
    presses_per_hour: float = 0.0


class SimFleet:
    """Stations at a broker. `run` until `stop`; then `drain`."""

    def __init__(
        self,
        stations: Sequence[tuple[SimStation, Credential]],
        *,
        address: tuple[str, int],
        ca: Path,
        habits: Habits,
        now_s: Callable[[], float],
        rng: Random,
    ) -> None:
        self.figures = Figures(len(stations))
        self.is_stopping = False
        self._address, self._context = address, make_context(ca)
        self._habits, self._now_s, self._rng = habits, now_s, rng
        self._clients = [_Client(*one) for one in stations]
        self._by_name: dict[str, _Client] = {one.station.name: one for one in self._clients}
        self._by_fd: dict[int, _Client] = {}
        self._epoll = select.epoll()
        self._queue: deque[_Client] = deque()
        self._timers: list[tuple[float, int, _Timer, _Client | None, int]] = []
        self._order = count()
        self._connecting = 0
        self._is_draining = False

    @property
    def owed(self) -> int:
        """How many records the hub has not named yet."""
        return sum(len(one.station.owed) for one in self._clients)

    @property
    def stations(self) -> Iterator[SimStation]:
        """All of them."""
        return (one.station for one in self._clients)

    def run(self, on_tick: Callable[[float], bool]) -> None:
        """Run until `on_tick(now_s)`, asked once a second, says False, or `is_stopping` is set."""
        now_s = self._now_s()
        for client in self._rng.sample(self._clients, len(self._clients)):
            self._enqueue(client)
        if self._habits.presses_per_hour:
            self._set(_Timer.PRESS, now_s + self._next_press_s())
        self._loop(on_tick)

    def drain(self, on_tick: Callable[[float], bool]) -> None:
        """Record nothing more and cut nothing, until everything is acknowledged or `on_tick` says False.

        Links that are down are whole again at once: what their stations owe would wait for minutes.
        """
        self._is_draining, self.is_stopping = True, False
        for client in self._clients:
            if client.phase is Phase.AWAY:
                self._enqueue(client)
        self._loop(lambda now_s: self.owed > 0 and on_tick(now_s))

    def press(self, name: str | None = None) -> bool:
        """Press the button of a station, or of any that is up and has no call; False: there is none."""
        free = [one for one in self._clients if one.phase is Phase.UP and one.station.open_call is None]
        client = self._by_name.get(name) if name else self._rng.choice(free) if free else None
        if client is None or not client.has_begun:
            return False
        now_s = self._now_s()
        client.station.press(now_s=now_s)
        self.figures.presses += 1
        if client.phase is Phase.UP:
            self._send_owed(client, now_s, calls_only=True)
        self._set(_Timer.CALL_OVERDUE, now_s + RESEND_CALL_MIN_S, client)
        return True

    def close(self) -> None:
        """Cut every connection."""
        for client in self._clients:
            if client.line is not None:
                client.line.cut()
        self._epoll.close()

    def _loop(self, on_tick: Callable[[float], bool]) -> None:
        self._set(_Timer.TICK, self._now_s() + TICK_S)
        keys = self._watch_keys()
        try:
            while not self.is_stopping:
                self._connect_some()
                wait_s = max(0.0, self._timers[0][0] - self._now_s())
                for fd, events in self._epoll.poll(wait_s, EVENTS_MAX):
                    client = self._by_fd.get(fd)
                    if client is not None:
                        self._handle(client, events)
                    elif fd == keys:
                        self._read_keys(keys)
                if not self._run_timers(on_tick):
                    break
        finally:
            self._timers = [one for one in self._timers if one[2] is not _Timer.TICK]
            heapq.heapify(self._timers)
            if keys is not None:
                with suppress(OSError):
                    self._epoll.unregister(keys)

    def _run_timers(self, on_tick: Callable[[float], bool]) -> bool:
        now_s = self._now_s()
        while self._timers[0][0] <= now_s:
            at_s, _, timer, client, generation = heapq.heappop(self._timers)
            self.figures.behind_s = max(self.figures.behind_s, now_s - at_s)
            if timer is _Timer.TICK:
                self._set(_Timer.TICK, now_s + TICK_S)
                if not on_tick(now_s):
                    return False
            elif timer is _Timer.PRESS:
                if not self._is_draining:
                    self.press()
                self._set(_Timer.PRESS, now_s + self._next_press_s())
            elif client is not None:
                self._run_timer(timer, client, at_s, generation)
        return True

    def _run_timer(self, timer: _Timer, client: _Client, at_s: float, generation: int) -> None:
        is_same = generation == client.generation
        match timer:
            case _Timer.RECORD if at_s == client.record_s:
                self._record(client)
            case _Timer.TRY if is_same and client.phase is Phase.AWAY:
                self._enqueue(client)
            case _Timer.CONNECT_LIMIT if is_same and client.phase is Phase.CONNECTING:
                self._lose(client, f"no answer within {CONNECT_LIMIT_S:.0f} s")
            case _Timer.OUTAGE if is_same and client.phase is Phase.UP and not self._is_draining:
                self.figures.outages += 1
                self._drop(client)
                self._set(_Timer.TRY, self._now_s() + outage_length_s(self._rng), client)
            case _Timer.CALL_OVERDUE if client.phase is Phase.UP:
                if client.station.owed.call_is_overdue(now_s=self._now_s()):
                    self._drop(client)
                    self._enqueue(client)
            case _:
                pass

    def _record(self, client: _Client) -> None:
        now_s = self._now_s()
        if not self._is_draining:
            client.station.record(now_s=now_s)
        if client.phase is Phase.UP:
            self._send_owed(client, now_s)
        self._plan_record(client, now_s)

    def _plan_record(self, client: _Client, now_s: float) -> None:
        at_s = client.station.next_record_s(now_s=now_s)
        client.record_s = at_s if at_s > now_s else now_s + TICK_S
        self._set(_Timer.RECORD, client.record_s, client)

    def _enqueue(self, client: _Client) -> None:
        """The queue is ours and no box's: who has pressed before does not wait in it."""
        client.phase = Phase.QUEUED
        if client.station.owes_press:
            self._queue.appendleft(client)
        else:
            self._queue.append(client)

    def _connect_some(self) -> None:
        while self._queue and self._connecting < HANDSHAKES:
            client = self._queue.popleft()
            now_s = self._now_s()
            client.generation += 1
            client.since_s, client.phase = now_s, Phase.CONNECTING
            self._connecting += 1
            try:
                client.line = Line(self._context, self._address, client.credential)
            except LineLostError as error:
                self._lose(client, str(error))
                continue
            self._by_fd[client.line.fileno()] = client
            client.watched = select.EPOLLIN | select.EPOLLOUT
            self._epoll.register(client.line.fileno(), client.watched)
            self._set(_Timer.CONNECT_LIMIT, now_s + CONNECT_LIMIT_S, client)

    def _handle(self, client: _Client, events: int) -> None:
        line = client.line
        if line is None:
            return
        try:
            if not line.advance():
                self._watch(client, line)
                return
            if client.stream is None:
                client.stream = PacketStream()
                self._say_hello(client, line)
            if line.wants_write and events & select.EPOLLOUT:
                line.flush()
            if events & ~select.EPOLLOUT and (data := line.receive()):
                for packet in client.stream.take(data):
                    self._take(client, line, packet)
                    if client.line is not line:  # lost while something was sent
                        return
            self._watch(client, line)
        except (LineLostError, BrokenStreamError) as error:
            self._lose(client, str(error))

    def _say_hello(self, client: _Client, line: Line) -> None:
        """Everything up to the subscription in one go, as a box does."""
        station, now_s = client.station, self._now_s()
        client.packet_ids = packet_ids()
        if not client.has_begun:
            began_s = now_s - self._rng.uniform(0, self._habits.every_s)  # spreads what follows
            station.begin(now_s=began_s)
            client.has_begun = True
            self._plan_record(client, now_s)
        line.send(greeting(station, next(client.packet_ids), now_s=now_s))
        client.asked = (0, now_s)

    def _take(self, client: _Client, line: Line, packet: mqtt5.Packet) -> None:
        match packet:
            case mqtt5.ConnAckPacket() if is_no(packet.reason_code):
                raise LineLostError(f"the broker says no: {packet.reason_code.name}")
            case mqtt5.SubAckPacket() if is_no(packet.reason_codes[0]):
                raise LineLostError(f"the broker says no: {packet.reason_codes[0].name}")
            case mqtt5.SubAckPacket():
                self._come_up(client, line)
            case mqtt5.PubAckPacket():
                if is_no(packet.reason_code):
                    self.figures.refused_by_broker += 1
                if client.asked is not None and client.asked[0] == packet.packet_id:
                    client.station.round_trip_s = self._now_s() - client.asked[1]
                    client.asked = None
            case mqtt5.PublishPacket():
                if packet.packet_id is not None:
                    line.send(mqtt5.PubAckPacket(packet.packet_id).write())
                self._hear(client, packet.topic, packet.payload)
            case mqtt5.DisconnectPacket():
                raise LineLostError(f"the broker ends it: {packet.reason_code.name}")
            case _:
                pass

    def _come_up(self, client: _Client, line: Line) -> None:
        station, now_s = client.station, self._now_s()
        self._connecting -= 1
        client.phase, client.tries, client.asked = Phase.UP, 0, None
        station.connected_s = now_s
        self.figures.connecting.add(now_s, now_s - client.since_s)
        hello = station.state(is_connected=True, now_s=now_s)
        topic = topic_name(station.name, Topic.STATE)
        line.send(publication(topic, hello, next(client.packet_ids), is_retained=True))
        # what was on its way when the last connection died waits for the hub's word, or for its next turn
        self._send_owed(client, now_s, calls_only=client.generation > 1)
        wait_s = next_outage_s(self._habits.outages_per_hour, self._rng)
        if wait_s is not None:
            self._set(_Timer.OUTAGE, now_s + wait_s, client)
        if not client.has_arrived:
            client.has_arrived = True
            self.figures.arrived += 1
        self._count_up(1, now_s)

    def _hear(self, client: _Client, topic: str, payload: bytes) -> None:
        now_s = self._now_s()
        if topic.endswith(Topic.RECEIPT.value):
            told = client.station.hear_receipt(payload, now_s=now_s)
            if told is None:
                return
            self.figures.acknowledged += told.records
            self.figures.refused += told.refused
            if told.commit_s is not None:
                self.figures.commits.add(now_s, told.commit_s)
            for press_s in told.presses_s:
                self.figures.presses_told.add(now_s, press_s)
            self._send_owed(client, now_s)
        else:
            client.station.hear_signal(payload, now_s=now_s)
            if client.station.is_live(now_s=now_s):
                self._plan_record(client, now_s)

    def _send_owed(self, client: _Client, now_s: float, *, calls_only: bool = False) -> None:
        line = client.line
        if line is None:
            return
        try:
            for parcel in client.station.outgoing(now_s=now_s, calls_only=calls_only):
                packet_id = next(client.packet_ids)
                line.send(publication(parcel.topic, parcel.payload, packet_id))
                self.figures.parcels += 1
                client.asked = client.asked or (packet_id, now_s)
            self._watch(client, line)
        except LineLostError as error:
            self._lose(client, str(error))

    def _lose(self, client: _Client, why: str) -> None:
        """The connection is gone, or never came to be; it is tried again after a while."""
        self.figures.lost_connections += 1
        self.figures.why_lost = why
        self._drop(client)
        wait_s = retry_after_s(client.tries, self._rng, has_press=client.station.owes_press)
        client.tries += 1
        self._set(_Timer.TRY, self._now_s() + wait_s, client)

    def _drop(self, client: _Client) -> None:
        if client.phase is Phase.CONNECTING:
            self._connecting -= 1
        was_up, client.phase = client.phase is Phase.UP, Phase.AWAY
        if client.line is not None:
            self._by_fd.pop(client.line.fileno(), None)
            client.line.cut()  # and epoll forgets it
            client.line = None
        client.stream = None
        client.asked = None
        client.generation += 1
        client.station.connected_s = None
        client.station.owed.connection_lost()
        if was_up:
            self._count_up(-1, self._now_s())

    def _count_up(self, change: int, now_s: float) -> None:
        figures = self.figures
        figures.up += change
        if figures.all_up_s is None:
            figures.all_up_s = now_s if figures.arrived == figures.stations else None
            return
        is_down = bool(figures.falls) and figures.falls[-1].back_s is None
        if not is_down and figures.up < figures.stations * FALLEN_SHARE:
            figures.falls.append(Fall(now_s))
        elif is_down and not (self._queue or self._connecting or self._has_lost()):
            figures.falls[-1].back_s = now_s

    def _has_lost(self) -> bool:
        """Whether any station was thrown out and is not back; one in an outage of its own does not count."""
        return any(one.phase is Phase.AWAY and one.tries > 0 for one in self._clients)

    def _watch(self, client: _Client, line: Line) -> None:
        wanted = select.EPOLLIN | (select.EPOLLOUT if line.wants_write else 0)
        if wanted != client.watched:
            client.watched = wanted
            self._epoll.modify(line.fileno(), wanted)

    def _set(self, timer: _Timer, at_s: float, client: _Client | None = None) -> None:
        generation = 0 if client is None else client.generation
        heapq.heappush(self._timers, (at_s, next(self._order), timer, client, generation))

    def _next_press_s(self) -> float:
        return self._rng.expovariate(self._habits.presses_per_hour / 3600)

    def _watch_keys(self) -> int | None:
        """Lines of standard input: "p" presses any button, "p STATION" that one's."""
        try:
            fd = sys.stdin.fileno()
            self._epoll.register(fd, select.EPOLLIN)
        except (OSError, ValueError):  # a file, or closed
            return None
        return fd

    def _read_keys(self, fd: int) -> None:
        text = os.read(fd, 4_096).decode(errors="replace")
        if not text:
            self._epoll.unregister(fd)
        for line in text.splitlines():
            word, _, name = line.strip().partition(" ")
            if word == "p":
                self.press(name.strip() or None)
