"""The desk where calls are kept: takes presses from the store, applies what happens, keeps every deadline."""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from contract.events import PracticeKind
from contract.ids import CallId, StationId, parse_spool
from contract.signals import BoxState
from hub.calls.call import Given, Limits
from hub.calls.call_keeping import CallKeeping
from hub.calls.incoming import Incoming
from hub.calls.lookout import DueStep, Lookout, tell_outside
from hub.calls.moves import Moved, Step
from hub.calls.news import News, counted_of, missed_news, step_of, unsent_of
from hub.calls.open_call import SOUND_LEASE_US, OpenCall
from hub.calls.station_rings import PRACTICE_LEASE_S
from hub.calls.table import RINGING_STATES, Input, State
from hub.calls.time_line import TimeLine
from hub.hub import Hub
from hub.ingest.committed import Committed, SignalHeard
from hub.routing.outside import Delivery
from hub.routing.routing_service import Routing
from hub.store.interface import JournalLine, StoreFailedError

log = logging.getLogger(__name__)

TICK_S: Final = 1.0
REREAD_US: Final = 60_000_000  # the whole list, for what another process has moved
SETTLED_AFTER_US: Final = 10_000_000  # consoles have proved by then, after a start, that they are there
STEPS_AT_ONCE: Final = 64  # in one transaction: an operator's key waits for no more than that
ROUNDS_MAX: Final = 16  # of steps that follow one another at once; what is left waits for the next tick


class CallDesk:
    """All open calls. `begin`, then `run` until cancelled. It belongs to the event loop's thread.

    `line` is the hub's own time line: moments of calls lie on it. `rings`: the hub calls stations.
    """

    def __init__(self, hub: Hub, routing: Routing, *, has_page: Callable[[str], bool]) -> None:
        """`has_page`: whether that account has any page open."""
        self._hub, self._routing, self._has_page = hub, routing, has_page
        self.line = TimeLine(boot=hub.boot_name, now_s=hub.now_s, utc_now_us=hub.utc_now_us)
        self._keeping = CallKeeping(hub, routing, self.line, on_change=self._notify)
        self.rings = self._keeping.rings
        self.refused = self._keeping.refused
        self._lookout = Lookout(
            self._keeping.book,
            routing,
            has_page=has_page,
            caller_of=self._caller_of,
            settled_us=self.line.now_us() + SETTLED_AFTER_US,
        )
        self._incoming = Incoming()
        self._confirmed: dict[CallId, Input] = {}  # what consoles have said and is not applied yet
        self._reread_us = self._tick_us = 0
        self._awake = asyncio.Event()
        self._has_failed = False  # the store: what could not be written is tried again each second
        self._listeners: list[Callable[[], None]] = []
        hub.on_committed(self._on_committed)
        hub.on_signal(self._on_signal)
        routing.on_change(self._on_routing)
        routing.on_delivery(self._on_delivery)
        routing.duty.on_change(lambda _: self._awake.set())

    # What others ask

    def on_change(self, listener: Callable[[], None]) -> None:
        """Add a listener, called after any change of calls or rings."""
        self._listeners.append(listener)

    def open_calls(self) -> list[OpenCall]:
        """Return the open calls, oldest press first."""
        return self._keeping.book.open_calls()

    def held(self, call_id: CallId) -> OpenCall | None:
        """Return one open call; None: it is closed, or nobody knows it."""
        return self._keeping.book.get(call_id)

    def of_station(self, station: StationId) -> OpenCall | None:
        """Return the station's call for which somebody waits, else its newest open one."""
        return self._keeping.book.of_station(station)

    def in_states(self, states: Collection[State]) -> list[OpenCall]:
        """Return the open calls that stand so."""
        return self._keeping.book.in_states(states)

    def hotline(self, station: StationId) -> str | None:
        """Return the number that the station rings where no voice comes this way."""
        return self._routing.hotline(station)

    def stations_waiting(self) -> set[StationId]:
        """Return the stations with a call for which somebody waits: their vitals are wanted live."""
        return self._keeping.book.stations_waiting()

    def limits(self) -> Limits:
        """Return how long calls may stay as they are, by the routing document of now."""
        return self._keeping.limits()

    async def journal(self, call_id: CallId) -> list[JournalLine]:
        """Return what was done to a call, in order. Raises StoreFailedError."""
        return await self._hub.run_read(lambda store: store.journal(call_id))

    # What others do

    async def give(
        self,
        call_id: CallId,
        given: Given,
        *,
        seen_revision: int | None = None,
        detail: Mapping[str, object] | None = None,
    ) -> Moved:
        """Apply one input; return the call as it is then, and whether the input was taken, or why not.

        `seen_revision`: only if the call is still as somebody saw it. `detail`: what else the journal is
        told, for JSON. Raises StoreFailedError: nothing changed.
        """
        step = Step(call_id=call_id, given=given, seen_revision=seen_revision, detail=detail or {})
        (moved,) = await self._keeping.apply([step])
        self._awake.set()
        return moved

    async def ring_station(
        self, station: StationId, by: str, *, is_emergency: bool = False, call_id: CallId | None = None
    ) -> str:
        """Call a station; return why it does not ring, "" when it does. See `StationRings.ring`."""
        why = await self.rings.ring(station, by, is_emergency=is_emergency, call_id=call_id)
        self._notify()
        return why

    async def stop_ringing(self, station: StationId, by: str) -> str:
        """Stop calling a station; return why not, "" when it is done. Raises StoreFailedError."""
        why = await self.rings.stop(station, by)
        self._notify()
        return why

    async def practise(
        self, station: StationId, kind: PracticeKind | None, by: str, *, lease_s: float = PRACTICE_LEASE_S
    ) -> None:
        """Ask a station for practice: its next press within the lease is one. None: for no more of it."""
        self.rings.ask_practice(station, kind, by, lease_s=lease_s)
        self._notify()

    def shown(self, call_id: CallId) -> None:
        """A console shows the call."""
        one = self.held(call_id)
        if one is not None and one.state is State.RECEIVED:
            self._confirmed.setdefault(call_id, Input.SHOWN)
            self._awake.set()

    def sounds(self, call_id: CallId, *, console: str) -> None:
        """A console confirms that it sounds; it does so again every five seconds."""
        one = self.held(call_id)
        if one is None or one.state not in RINGING_STATES:
            return
        one.sounding_until_us[console] = self.line.now_us() + SOUND_LEASE_US
        if one.state is not State.RINGING:
            self._confirmed[call_id] = Input.SOUNDS
            self._awake.set()

    # Running

    async def begin(self) -> None:
        """Take up the open calls from the store, and what happened to them while nobody looked."""
        calls = await self._keeping.read_open()
        for held in calls:
            self._keeping.take_up(held, is_resumed=not held.kept.is_fresh)
        unsent = await self._hub.run_read(lambda store: [unsent_of(store, held) for held in calls])
        for held, keys in zip(calls, unsent, strict=True):  # said again, rather than never
            self._routing.told.take_back(held.row.call_id, keys)
        news = await self._hub.run_read(lambda store: [missed_news(store, held) for held in calls])
        self._incoming.add_missed([one for of_call in news for one in of_call])
        self._reread_us = self.line.now_us() + REREAD_US
        self._awake.set()
        self._notify()

    async def run(self) -> None:
        """Apply what happens, keep deadlines, say again what may have been lost; until cancelled."""
        while True:
            try:
                async with asyncio.timeout(TICK_S):
                    await self._awake.wait()
            except TimeoutError:
                pass
            try:
                await self.turn()
                self._has_failed = False
            except StoreFailedError as error:  # nothing is forgotten: it is all looked at again
                level = logging.DEBUG if self._has_failed else logging.ERROR
                log.log(level, "all calls stay as they are: %s", error)
                self._has_failed = True
                self._say_again()
                await asyncio.sleep(TICK_S)
                self._tick_us = 0
                self._awake.set()

    async def turn(self) -> None:
        """Look around once: apply what came, do what is due, say what is to be said. Raises StoreFailedError:
        nothing is forgotten.
        """
        self._awake.clear()  # before we look: a press that is committed meanwhile is looked at again
        await self._read_what_came()
        await self._take_news()
        await self._take_confirmed()
        is_tick = self.line.now_us() >= self._tick_us
        if is_tick:
            self._tick_us = self.line.now_us() + round(TICK_S * 1e6)
            self._keeping.dirty.update(one.call_id for one in self.open_calls())
        await self._look_around()
        if is_tick:
            self._say_again()
            await self._answer_hellos()

    async def _read_what_came(self) -> None:
        """Read what was committed since, and now and then all that is open: no press is read twice."""
        now_us, incoming = self.line.now_us(), self._incoming
        if now_us >= self._reread_us:
            await self._reread()
            self._reread_us = now_us + REREAD_US
        for station, event in incoming.practices:
            self.rings.hear(station, event)
        incoming.practices.clear()
        came = dict(incoming.to_read)
        fresh = []
        for call_id, held in (await self._keeping.read(came) if came else {}).items():
            incoming.to_read.pop(call_id, None)
            self._keeping.see(call_id, held, received_us=came[call_id])
            fresh += [held] if held is not None and held.kept.is_fresh else []
        if fresh:  # a step may come before its press, which the broker lost while the hub was away
            early = await self._hub.run_read(lambda store: [missed_news(store, held) for held in fresh])
            incoming.add_missed([one for of_call in early for one in of_call])

    async def _reread(self) -> None:
        """Read all open calls: another process may have moved some; and hours of duty begin and end."""
        calls = await self._keeping.read_open()
        there = {held.row.call_id for held in calls}
        gone = [one.call_id for one in self.open_calls() if one.call_id not in there]
        for held in calls:
            self._keeping.see(held.row.call_id, held)
        for call_id, found in (await self._keeping.read(gone) if gone else {}).items():
            self._keeping.see(call_id, found)
        self._on_routing()

    async def _take_news(self) -> None:
        """Apply what stations did, in the order in which it came."""
        news = self._incoming.news
        while news:
            taken: list[News] = []
            steps: dict[CallId, Step] = {}
            while news and len(taken) < STEPS_AT_ONCE:
                step = self._step_of(news[0])
                if step is not None and step.call_id in steps:
                    break
                if step is not None:
                    steps[step.call_id] = step
                taken.append(news.popleft())
            try:
                await self._keeping.apply(list(steps.values()))
            except StoreFailedError:
                news.extendleft(reversed(taken))
                raise

    def _step_of(self, news: News) -> Step | None:
        book, now_us = self._keeping.book, self.line.now_us()
        if news.ring and news.said and self.rings.not_accepted(news.ring, news.said):
            self._notify()
        return step_of(news, book, has_page=self._has_page, now_us=now_us)

    async def _take_confirmed(self) -> None:
        """Apply what consoles said of calls that they show and sound; they say it again."""
        confirmed, self._confirmed = self._confirmed, {}
        steps = [Step(call_id=call_id, given=Given(input=input_)) for call_id, input_ in confirmed.items()]
        for start in range(0, len(steps), STEPS_AT_ONCE):
            await self._keeping.apply(steps[start : start + STEPS_AT_ONCE])

    async def _look_around(self) -> None:
        """Do what is due of the calls that have changed, at a tick of all; and what follows from that."""
        keeping, lookout = self._keeping, self._lookout
        lookout.begin_round(now_us=self.line.now_us())
        for _ in range(ROUNDS_MAX):
            looked_at, keeping.dirty = sorted(keeping.dirty), set()
            open_calls = [one for call_id in looked_at if (one := self.held(call_id)) is not None]
            due = [step for one in open_calls if (step := lookout.due(one, now_us=self.line.now_us()))]
            if not due:
                break
            for start in range(0, len(due), STEPS_AT_ONCE):
                await self._do(due[start : start + STEPS_AT_ONCE])
        lookout.end_round(now_us=self.line.now_us())
        if lookout.take_offered():
            self._notify()

    async def _do(self, due: Sequence[DueStep]) -> None:
        moved = await self._keeping.apply([one.step for one in due])
        for one, done in zip(due, moved, strict=True):
            if done.is_done and done.held is not None and one.ladder is not None:
                tell_outside(self._routing, one, done.held, self.line)

    def _say_again(self) -> None:
        now_us, saying = self.line.now_us(), self._keeping.saying
        for one in self.open_calls():
            saying.say_again(one, now_us=now_us)
        saying.say_unsaid()
        if self.rings.say():
            self._notify()

    async def _answer_hellos(self) -> None:
        saying, now_us = self._keeping.saying, self.line.now_us()
        asked = saying.asked()
        found = await self._keeping.read(asked) if asked else {}
        late = [one for one in found if found[one] is None and saying.is_late(one, now_us=now_us)]
        counted = await self._hub.run_read(lambda store: counted_of(store, late)) if late else frozenset()
        for call_id, held in found.items():
            if held is not None:
                saying.answer(call_id, held)
        for call_id in late:
            saying.answer_late(call_id, is_counted=call_id in counted)

    # What it is told

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        if self._incoming.hear(batch):
            self._awake.set()

    def _on_signal(self, heard: SignalHeard) -> None:
        signal = heard.signal
        if not isinstance(signal, BoxState) or not signal.connected or signal.open_call is None:
            return
        call_id = CallId(heard.station, parse_spool(signal.call_spool or signal.spool), signal.open_call)
        one = self.held(call_id)
        if one is not None:
            self._keeping.saying.say(one, now_us=self.line.now_us())
        else:
            self._keeping.saying.ask(call_id, now_us=self.line.now_us())

    def _on_delivery(self, delivery: Delivery) -> None:
        if self._incoming.hear_of_delivery(delivery):
            self._awake.set()

    def _on_routing(self) -> None:
        for one in self.open_calls():
            self._keeping.offer(one)
            one.is_to_be_staffed = True
        self._awake.set()
        self._notify()  # for whom a call rings may be others now

    def _caller_of(self, ring: str) -> str | None:
        found = self.rings.named(ring)
        return None if found is None else found.by

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()
