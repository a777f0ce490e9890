"""Calling a station from the hub, and asking it for practice: what is said again while it holds."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from contract.events import PracticeKind, PracticeMode
from contract.ids import CallId, StationId
from contract.signals import encode_signal
from contract.topics import Topic
from hub.calls.call import LIMITS, Given
from hub.calls.call_book import CallBook
from hub.calls.moves import Moved, Step
from hub.calls.open_call import OpenCall
from hub.calls.practices import AskedPractice, Practices
from hub.calls.rings import Fruitless, Ring, Rings
from hub.calls.table import LIVE_STATES, Input, State
from hub.calls.time_line import TimeLine

log = logging.getLogger(__name__)

PRACTICE_LEASE_S: Final = 600.0
CALLS_BACK: Final = frozenset({State.CALLBACK, State.WRAP_UP, State.CANCELLED})


class StationRings:
    """Rings and practices of now. `apply` is the desk's; `publish` returns False when it did not go out."""

    def __init__(
        self,
        book: CallBook,
        *,
        apply: Callable[[Sequence[Step]], Awaitable[Sequence[Moved]]],
        publish: Callable[[StationId, Topic, bytes], bool],
        line: TimeLine,
    ) -> None:
        self._book, self._apply, self._publish, self._line = book, apply, publish, line
        self._rings, self._practices = Rings(), Practices()

    def of(self, station: StationId) -> Ring | None:
        """Return the ring by which the hub calls a station now."""
        return self._rings.of(station)

    def named(self, name: str | None) -> Ring | None:
        """Return the ring of that name, while it lasts."""
        return None if name is None else self._rings.named(name)

    def told(self) -> dict[StationId, Ring]:
        """Return what pages say of stations that are rung, as `Rings.told`."""
        return self._rings.told()

    def why_not(self, station: StationId) -> str:
        """Return why a station cannot be rung now, "" when it can."""
        there, ring = self._book.of_station(station), self._rings.of(station)
        if there is not None and there.state in LIVE_STATES:
            return f"the station has a call, and it is {there.state.name}"
        return "" if ring is None else f"{ring.by} rings the station"

    def practice(self, station: StationId) -> AskedPractice | None:
        """Return the practice that the hub asks a station for now."""
        return self._practices.of(station)

    async def ring(
        self, station: StationId, by: str, *, is_emergency: bool = False, call_id: CallId | None = None
    ) -> str:
        """Call a station; return why it does not ring, "" when it does. Raises StoreFailedError.

        With `call_id`, or when `by` owes the station a call, it is a try of that call; else a call comes of
        it once the station accepts, and is `by`'s at once.
        """
        if why_not := self.why_not(station):
            return why_not
        name, owed = secrets.token_hex(8), self._owed(station, by) if call_id is None else call_id
        until_us = self._line.now_us() + LIMITS.ring_us
        practice = self._practice_of(owed)
        self._rings.begin(Ring(name, station, by, is_emergency, until_us, owed, practice))  # before `follow`
        if owed is not None:
            why = "it could not be written down"
            try:
                why = await self._move(owed, Given(input=Input.RING, by=by, ring=name))
            finally:
                if why:  # it may have been said already
                    self._rings.end(name)
                    self.say()
            if why:
                return why
        self.say()
        return ""

    async def stop(self, station: StationId, by: str) -> str:
        """Stop calling a station; return why not, "" when it is done. Raises StoreFailedError."""
        ring = self._rings.of(station)
        if ring is None or ring.by != by:
            return f"{by} does not ring the station"
        if ring.call_id is not None:
            return await self._move(ring.call_id, Given(input=Input.END, by=by))
        self._rings.end(ring.name)
        self.say()
        return ""

    async def _move(self, call_id: CallId, given: Given) -> str:
        (moved,) = await self._apply([Step(call_id=call_id, given=given)])
        return moved.why

    def follow(self, one: OpenCall) -> None:
        """A call is like this now: its ring begins or is over with it."""
        ring, station = one.call.ring, one.call_id.station
        of_it, answers = self._rings.of(station), one.held.kept.answers
        if answers is not None and one.call.owner is not None:
            self.end(answers)  # who rang has it
        if of_it is not None and of_it.call_id == one.call_id and of_it.name != ring:
            if one.state is State.CALLBACK and of_it.until_us <= self._line.now_us():
                of_it.outcome = of_it.outcome or "unanswered"
            self._rings.end(of_it.name)
        if ring is not None and one.call.owner is not None and self._rings.named(ring) is None:
            until_us = one.call.due_us or self._line.now_us()
            owner, practice = one.call.owner, one.call.practice
            self._rings.begin(Ring(ring, station, owner, False, until_us, one.call_id, practice))

    def closed(self, call_id: CallId) -> None:
        """A call is closed: nobody is called for it any more."""
        ring = self._rings.of(call_id.station)
        if ring is not None and ring.call_id == call_id:
            self._rings.end(ring.name)

    def not_accepted(self, name: str, outcome: Fruitless) -> bool:
        """A station says what came of a ring; return whether it is over: one of a call is so with it."""
        ring = self._rings.named(name)
        if ring is not None:
            ring.outcome = outcome
        return self.end(name)

    def end(self, name: str) -> bool:
        """A ring without a call is over; False: it is not known."""
        ring = self._rings.named(name)
        return ring is not None and ring.call_id is None and self._rings.end(name)

    def ask_practice(
        self, station: StationId, kind: PracticeKind | None, by: str, *, lease_s: float = PRACTICE_LEASE_S
    ) -> None:
        """Ask a station for practice: its next press within the lease is one. None: for no more of it."""
        if kind is None:
            self._practices.take_back(station)
        else:
            until_us = self._line.now_us() + round(lease_s * 1e6)
            self._practices.ask(station, AskedPractice(secrets.token_hex(8), kind, by, until_us))
        log.info("%s: practice %s by %s", station, kind or "no more", by)
        self.say()

    def hear(self, station: StationId, event: PracticeMode) -> None:
        """A station says how it stands with practice."""
        self._practices.hear(station, event)

    def say(self) -> bool:
        """Say what is due; return whether pages are to be told of it: a ring without a call is over."""
        now_us = self._line.now_us()
        is_over = self._rings.expire(now_us=now_us)
        for ring, signal in self._rings.due(now_us=now_us):
            if self._publish(ring.station, Topic.SIGNAL, encode_signal(signal)):
                self._rings.said(ring, now_us=now_us)
        for station, practice, asked in self._practices.due(now_us=now_us):
            if self._publish(station, Topic.SIGNAL, encode_signal(asked)):
                self._practices.said(practice, now_us=now_us)
        return is_over

    def _practice_of(self, call_id: CallId | None) -> PracticeKind | None:
        one = None if call_id is None else self._book.get(call_id)
        return None if one is None else one.call.practice

    def _owed(self, station: StationId, by: str) -> CallId | None:
        """Return the newest call of the station that is on the list for `by`."""
        mine = [one for one in self._book.at(station) if one.state in CALLS_BACK and one.call.owner == by]
        return mine[-1].call_id if mine else None
