"""The desk where calls are kept: takes presses from the store, moves calls, tells stations and consoles."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from contract.events import CallStep, Press
from contract.header import Record
from contract.ids import CallId, RecordClass, SpoolId, StationId, parse_spool
from contract.signals import BoxState, CallState, encode_signal
from contract.topics import Topic
from hub.calls.age import Age, age_on_arrival
from hub.calls.hub_call import (
    CLOSED_STATES,
    LIVE_STATES,
    RINGING_STATES,
    SIGNALLED_AS,
    Input,
    State,
    next_deadline_s,
)
from hub.calls.moves import HeldCall, Moved, move, read_open_calls
from hub.hub import Hub
from hub.ingest.committed import Committed, SignalHeard
from hub.store.interface import CallRow, Outcome, StoreFailedError
from hub.times.fit import UNKNOWN

log = logging.getLogger(__name__)

REPEAT_S: Final = 5.0  # how a call stands is said again, for a signal may be lost
REPEAT_QUIET_FOR_S: Final = 15.0  # a call for which nobody waits is said again only so long: bytes cost
SOUND_LEASE_S: Final = 12.0  # a console confirms every 5 s that it still sounds
UNKNOWN_AFTER_S: Final = 10.0  # a press may be on its way behind the station's hello
ABANDONED_AFTER_S: Final = 60.0  # without any page of its owner: a claimed call rings again
ABANDONED_NUDGED_S: Final = (
    5.0  # the same when the button is pressed again; a page that reloads is back sooner
)
TICK_S: Final = 1.0
ASKED_MAX: Final = 20_000  # every station of the plan at once, after a restart of the hub
CLOSED_KEPT: Final = 1_000  # revisions of calls just closed, against a list read before
NEWS_MAX: Final = 10_000  # inputs of stations that wait to be applied; the store has them all the same


@dataclass(frozen=True, slots=True)
class _News:
    """What a station did to a call. `press` is the press that did it, if it was one: where the store made it
    a call of its own, the call that it names is left alone, or one press would ring twice.
    """

    call_id: CallId
    input_: Input
    press: CallId | None = None


@dataclass(slots=True)
class OpenCall:
    """One open call as consoles show it. `age` is that of the press when it came. Times are monotonic."""

    row: CallRow
    age: Age
    deadline_s: float | None
    changed_s: float
    owner_seen_s: float
    said_s: float | None = None
    sounding_until_s: dict[str, float] = field(default_factory=dict)  # by console

    @property
    def state(self) -> State:
        """How it stands."""
        return State[self.row.state]


class CallDesk:
    """All open calls. `begin`, then `run` until cancelled."""

    def __init__(self, hub: Hub, *, has_page: Callable[[str], bool]) -> None:
        """`has_page`: whether that operator has any page open."""
        self._hub, self._has_page = hub, has_page
        self._open: dict[CallId, OpenCall] = {}
        self._closed: dict[CallId, int] = {}  # revision
        self._unsaid: dict[CallId, CallRow] = {}  # closed calls whose last signal did not go out
        self._asked: dict[CallId, float] = {}  # hellos naming a call we do not know, and when
        self._news: deque[_News] = deque(maxlen=NEWS_MAX)
        self._awake = asyncio.Event()
        self._has_failed = False  # the store: what could not be written is tried again each second
        self._listeners: list[Callable[[], None]] = []
        hub.on_committed(self._on_committed)
        hub.on_signal(self._on_signal)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Add a listener, called after each change of any call."""
        self._listeners.append(listener)

    def open_calls(self) -> list[OpenCall]:
        """Return the open calls, oldest press first."""
        return sorted(self._open.values(), key=lambda one: (one.row.received_utc_us, one.row.call_id))

    def held(self, call_id: CallId) -> OpenCall | None:
        """Return one open call; None: it is closed, or nobody knows it."""
        return self._open.get(call_id)

    def of_station(self, station: StationId) -> OpenCall | None:
        """Return the station's call for which somebody waits, else its newest open one."""
        mine = [one for one in self.open_calls() if one.row.call_id.station == station]
        return next((one for one in mine if one.state in LIVE_STATES), mine[-1] if mine else None)

    def stations_waiting(self) -> set[StationId]:
        """Return the stations with a call for which somebody waits: their vitals are wanted live."""
        return {call_id.station for call_id, one in self._open.items() if one.state in LIVE_STATES}

    async def begin(self) -> None:
        """Take up the open calls from the store, and what happened to them while nobody looked."""
        await self._refresh()
        for one in self.open_calls():
            await self._catch_up(one)

    async def run(self) -> None:
        """Apply what happens, keep deadlines, say again what may have been lost; until cancelled."""
        while True:
            try:
                async with asyncio.timeout(TICK_S):
                    await self._awake.wait()
            except TimeoutError:
                pass
            try:
                await self._turn()
            except StoreFailedError as error:  # nothing is forgotten: it is all looked at again
                self._note_failure("all calls stay", error)
                await asyncio.sleep(TICK_S)
                self._awake.set()

    async def _turn(self) -> None:
        if self._awake.is_set():
            self._awake.clear()  # before we look: a press that is committed meanwhile is looked at again
            await self._refresh()
        while self._news and await self._apply(news := self._news[0]):
            if self._news and self._news[0] is news:
                self._news.popleft()
        await self._tick()

    async def _apply(self, news: _News) -> bool:
        """Apply what a station did; False: the store failed, and it must be tried again."""
        press = news.press
        if press is not None and await self._hub.run_read(lambda store: store.call(press)) is not None:
            return True
        held = self._open.get(news.call_id)
        if held is not None and press is not None and self._is_gone(held, ABANDONED_NUDGED_S):
            return await self._try(news.call_id, Input.ABANDONED)
        return await self._try(news.call_id, news.input_)

    def _is_gone(self, held: OpenCall, limit_s: float) -> bool:
        """Whether the owner of a claimed call has had no page for so long."""
        if held.state is not State.CLAIMED or held.row.owner is None:
            return False
        now_s = self._hub.now_s()
        if self._has_page(held.row.owner):
            held.owner_seen_s = now_s
        return now_s - held.owner_seen_s > limit_s

    async def _try(self, call_id: CallId, input_: Input) -> bool:
        """Give an input of a station or a clock; False: the store failed. A full disk silences no ring."""
        try:
            await self.give(call_id, input_)
        except StoreFailedError as error:
            self._note_failure(f"call {call_id} stays", error)
            return False
        self._has_failed = False
        return True

    def _note_failure(self, what: str, error: StoreFailedError) -> None:
        log.log(logging.DEBUG if self._has_failed else logging.ERROR, "%s: %s", what, error)
        self._has_failed = True

    async def give(
        self, call_id: CallId, input_: Input, *, by: str | None = None, seen_revision: int | None = None
    ) -> Moved:
        """Apply one input; return the call as it is then, and whether the input was taken."""
        utc_us = self._hub.utc_now_us()
        moved = await self._hub.run_write(
            lambda store: move(store, call_id, input_, by=by, seen_revision=seen_revision, now_utc_us=utc_us)
        )
        if moved.is_done and moved.row is not None:
            log.info("call %s: %s by %s, now %s", call_id, input_.name, by or "-", moved.row.state)
        elif input_ not in (Input.SHOWN, Input.SOUNDS, Input.SILENT):
            state = "unknown" if moved.row is None else moved.row.state
            log.info("call %s: %s by %s refused, it is %s", call_id, input_.name, by or "-", state)
        if moved.row is not None:
            await self._take(moved.row)
        return moved

    async def claim(self, call_id: CallId, operator: str) -> Moved:
        """Answer a call: of all who try, one becomes its owner, and the others are told who did."""
        return await self.give(call_id, Input.CLAIM, by=operator)

    async def shown(self, call_id: CallId) -> None:
        """A console shows the call."""
        held = self._open.get(call_id)
        if held is not None and held.state is State.RECEIVED:
            await self.give(call_id, Input.SHOWN)

    async def sounds(self, call_id: CallId, *, console: str) -> None:
        """A console confirms that it sounds; it does so again every five seconds."""
        held = self._open.get(call_id)
        if held is None or held.state not in RINGING_STATES:
            return
        held.sounding_until_s[console] = self._hub.now_s() + SOUND_LEASE_S
        if held.state is not State.RINGING:
            await self.give(call_id, Input.SOUNDS)

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        for one in batch:
            arrival = one.arrival
            if one.outcome is not Outcome.STORED:
                continue
            if arrival.record_id.record_class is RecordClass.CALL:
                self._awake.set()  # also for what this hub cannot read: it may be a press
            if not isinstance(arrival.record, Record):
                continue
            header = arrival.record.header
            match arrival.event:
                case CallStep(step="cancelled") as step:
                    self._hear(_call_of(step, arrival.station, arrival.spool), Input.CANCEL)
                case CallStep(step="ended") as step:
                    self._hear(_call_of(step, arrival.station, arrival.spool), Input.HANG_UP)
                case Press(nudges=int(seq)):
                    age = age_on_arrival(
                        header.boot,
                        header.t_us,
                        sent_boot=arrival.boot,
                        sent_t_us=arrival.sent_t_us,
                        received_utc_us=arrival.received_utc_us,
                        moment=UNKNOWN,
                    )
                    self._hear(
                        CallId(arrival.station, arrival.spool, seq),
                        Input.PRESSED_LATE if age.is_too_old_to_ring else Input.PRESSED_AGAIN,
                        press=CallId(arrival.station, arrival.spool, header.seq),
                    )
                case _:
                    pass

    def _on_signal(self, heard: SignalHeard) -> None:
        signal = heard.signal
        if not isinstance(signal, BoxState) or not signal.connected or signal.open_call is None:
            return
        call_id = CallId(heard.station, parse_spool(signal.call_spool or signal.spool), signal.open_call)
        held = self._open.get(call_id)
        if held is not None:
            self._say(held.row)
        elif len(self._asked) < ASKED_MAX:  # a station that invents calls does not fill the memory
            self._asked.setdefault(call_id, heard.received_s)
        self._awake.set()

    def _hear(self, call_id: CallId, input_: Input, *, press: CallId | None = None) -> None:
        self._news.append(_News(call_id, input_, press))
        self._awake.set()

    async def _refresh(self) -> None:
        """Read the open calls again: new presses, and what another hub process has moved."""
        held_calls = await self._hub.run_read(read_open_calls)
        for held in held_calls:
            known = self._open.get(held.row.call_id)
            is_closed_since = held.row.revision <= self._closed.get(held.row.call_id, -1)
            if known is None and not is_closed_since:
                self._add(held)
                if held.row.state == State.RECEIVED.name and held.age.is_too_old_to_ring:
                    await self._try(held.row.call_id, Input.PRESSED_LATE)
            elif known is not None and held.row.revision >= known.row.revision:
                await self._take(held.row)
        there = {held.row.call_id for held in held_calls}
        for call_id in [one for one in self._open if one not in there]:
            await self._look_again(call_id)

    async def _look_again(self, call_id: CallId) -> None:
        """A call is no longer among the open ones: another process closed it, or it was none."""
        row = await self._hub.run_read(lambda store: store.call(call_id))
        if row is not None:
            await self._take(row)
        elif self._open.pop(call_id, None) is not None:
            log.warning("call %s is withdrawn: what came before its key was no press", call_id)
            self._notify()

    def _add(self, held: HeldCall) -> None:
        now_s = self._hub.now_s()
        state = State[held.row.state]
        deadline_s = next_deadline_s(None, state, deadline_s=None, now_s=now_s)
        self._open[held.row.call_id] = OpenCall(
            held.row, held.age, deadline_s, changed_s=now_s, owner_seen_s=now_s
        )
        self._asked.pop(held.row.call_id, None)
        self._notify()

    async def _take(self, row: CallRow) -> None:
        """The call is like this now: remember it, tell its station and the consoles."""
        held, state = self._open.get(row.call_id), State[row.state]
        if held is None:
            if state in CLOSED_STATES or row.revision <= self._closed.get(row.call_id, -1):
                return
            await self._refresh_one(row)
            held = self._open[row.call_id]
        is_news = row.revision > held.row.revision
        if row.revision < held.row.revision or row == held.row:
            return
        if is_news:
            now_s = held.changed_s = self._hub.now_s()
            held.deadline_s = next_deadline_s(held.state, state, deadline_s=held.deadline_s, now_s=now_s)
            if row.owner != held.row.owner:
                held.owner_seen_s = now_s
        held.row = row
        if state in CLOSED_STATES:
            self._close(row)
        elif is_news:
            self._say(row)
        self._notify()

    async def _refresh_one(self, row: CallRow) -> None:
        """A call that was closed is open again."""
        calls = await self._hub.run_read(read_open_calls)
        found = next(
            (held for held in calls if held.row.call_id == row.call_id), HeldCall(row, Age(0.0, None))
        )
        self._add(found)
        self._say(found.row)

    def _close(self, row: CallRow) -> None:
        del self._open[row.call_id]
        self._closed[row.call_id] = row.revision
        while len(self._closed) > CLOSED_KEPT:
            del self._closed[next(iter(self._closed))]
        if not self._say(row):
            self._unsaid[row.call_id] = row

    async def _tick(self) -> None:
        now_s = self._hub.now_s()
        for held in self.open_calls():
            held.sounding_until_s = {
                console: until_s for console, until_s in held.sounding_until_s.items() if until_s > now_s
            }
            if held.deadline_s is not None and now_s >= held.deadline_s:
                await self._try(held.row.call_id, Input.DEADLINE)
            elif held.state is State.RINGING and not held.sounding_until_s:
                await self._try(held.row.call_id, Input.SILENT)
            elif self._is_gone(held, ABANDONED_AFTER_S):
                await self._try(held.row.call_id, Input.ABANDONED)
            self._say_again(held, now_s)
        for row in list(self._unsaid.values()):
            if self._say(row):
                del self._unsaid[row.call_id]
        for call_id, asked_s in list(self._asked.items()):
            await self._answer(call_id, asked_s)

    def _say_again(self, held: OpenCall, now_s: float) -> None:
        is_due = held.said_s is None or now_s - held.said_s >= REPEAT_S
        is_worth_it = (
            held.said_s is None or held.state in LIVE_STATES or now_s - held.changed_s <= REPEAT_QUIET_FOR_S
        )
        if is_due and is_worth_it:
            self._say(held.row)

    def _say(self, row: CallRow) -> bool:
        """Tell the station how its call stands; False: the broker is away, it is said again later."""
        state = SIGNALLED_AS[State[row.state]]
        if state is None:
            return True
        call_id = row.call_id
        signal = CallState(
            spool=f"{call_id.spool:016x}",
            call_seq=call_id.seq,
            state=state,
            revision=row.revision,
            by=row.owner,
        )
        is_said = self._hub.publish_signal(call_id.station, Topic.SIGNAL, encode_signal(signal))
        held = self._open.get(call_id)
        if is_said and held is not None:
            held.said_s = self._hub.now_s()
        return is_said

    async def _answer(self, call_id: CallId, asked_s: float) -> None:
        """A station named a call that is not open here: say how it ended, or that nobody knows it."""
        row = await self._hub.run_read(lambda store: store.call(call_id))
        if row is not None:
            is_said = self._say(row)
        elif self._hub.now_s() - asked_s < UNKNOWN_AFTER_S:
            return
        else:
            signal = CallState(
                spool=f"{call_id.spool:016x}", call_seq=call_id.seq, state="unknown", revision=0
            )
            is_said = self._hub.publish_signal(call_id.station, Topic.SIGNAL, encode_signal(signal))
        if is_said:
            self._asked.pop(call_id, None)

    async def _catch_up(self, held: OpenCall) -> None:
        """Apply what the station did to a call before this hub started."""
        call_id = held.row.call_id
        stored = await self._hub.run_read(
            lambda store: store.events(call_id.station, names=("call step", "press"), newest=20)
        )
        for one in reversed(stored):
            if one.received_utc_us < held.row.changed_utc_us:
                continue
            spool = one.record_id.spool
            match one.event:
                case CallStep(step="cancelled") as step if _call_of(step, call_id.station, spool) == call_id:
                    await self._try(call_id, Input.CANCEL)
                case CallStep(step="ended") as step if _call_of(step, call_id.station, spool) == call_id:
                    await self._try(call_id, Input.HANG_UP)
                case Press(nudges=int(seq)) if (
                    CallId(call_id.station, spool, seq) == call_id and held.state not in LIVE_STATES
                ):
                    press = call_id._replace(seq=one.record_id.seq)
                    await self._apply(_News(call_id, Input.PRESSED_AGAIN, press))
                case _:
                    pass

    def _notify(self) -> None:
        for listener in self._listeners:
            listener()


def _call_of(step: CallStep, station: StationId, spool: SpoolId) -> CallId:
    """Return the call that a step is one of; `spool` is that of the step's record."""
    return CallId(station, spool if step.spool is None else parse_spool(step.spool), step.call_seq)
