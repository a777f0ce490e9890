"""Keeping the open calls as the store has them: inputs are applied there, what goes with a call follows."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

from contract.ids import CallId, StationId
from contract.signals import CallState, encode_signal
from contract.topics import Topic
from hub.calls.call import LIMITS, Limits, resumed
from hub.calls.call_book import CallBook, is_over
from hub.calls.escalation import MAY_RING, limits_of, rings_first, routed
from hub.calls.moves import HeldCall, Moved, Step, move_all, read_calls, read_held
from hub.calls.open_call import OpenCall
from hub.calls.saying import Saying
from hub.calls.station_rings import StationRings
from hub.calls.table import RINGING_STATES, Input
from hub.calls.time_line import TimeLine
from hub.hub import Hub
from hub.routing.routing_service import Routing
from hub.store.interface import Store

log = logging.getLogger(__name__)

_REFUSED_OFTEN: Final = frozenset({Input.SHOWN, Input.SOUNDS, Input.SILENT, Input.PRESSED_AGAIN})


class CallKeeping:
    """The open calls (`book`), what stations are told of them (`saying`, `rings`), and the store behind them.

    `dirty`: calls that are to be looked at, for they have changed.
    """

    def __init__(self, hub: Hub, routing: Routing, line: TimeLine, *, on_change: Callable[[], None]) -> None:
        self._hub, self._routing, self._line, self._on_change = hub, routing, line, on_change
        self.book = CallBook()
        self.saying = Saying(self._publish, hotline=routing.hotline)
        self.rings = StationRings(self.book, apply=self.apply, publish=hub.publish_signal, line=line)
        self.dirty: set[CallId] = set()
        self.refused: Counter[str] = Counter()  # inputs that were refused, by name

    def limits(self) -> Limits:
        """Return how long calls may stay as they are, by the routing document of now."""
        return limits_of(self._routing.limits.missed_s, LIMITS)

    # The store

    async def apply(self, steps: Sequence[Step]) -> list[Moved]:
        """Apply steps of different calls in one transaction. Raises StoreFailedError: nothing changed."""
        asked = [self._routed(step) for step in steps]
        known, limits = self.book.known(step.call_id for step in steps), self.limits()
        moved = await self._hub.run_write(
            lambda store: move_all(store, asked, known=known, line=self._line, limits=limits)
        )
        for step, done in zip(steps, moved, strict=True):
            self._note(step, done)
            if done.held is not None:
                self._take(done.held)
        if steps:
            self._on_change()
        return moved

    async def read(self, call_ids: Iterable[CallId]) -> dict[CallId, HeldCall | None]:
        """Return these calls as they are in the store, None for what is none. Raises StoreFailedError."""
        wanted = list(call_ids)
        known, limits = self.book.known(wanted), self.limits()
        return await self._hub.run_read(
            lambda store: read_calls(store, wanted, known=known, line=self._line, limits=limits)
        )

    async def read_open(self) -> list[HeldCall]:
        """Return all open calls as they are in the store. Raises StoreFailedError."""
        limits = self.limits()

        def work(store: Store) -> list[HeldCall]:
            rows = store.open_calls()
            known = self.book.known(row.call_id for row in rows)
            return [read_held(store, row, known=known, line=self._line, limits=limits) for row in rows]

        return await self._hub.run_read(work)

    # What is known of it

    def see(self, call_id: CallId, held: HeldCall | None, *, received_us: int | None = None) -> None:
        """A call is like this in the store; None: it is none, or none any more. `received_us`: when what it
        may have come of was received, by the line itself.
        """
        if held is None:
            if self.book.get(call_id) is not None:
                log.warning("call %s is withdrawn: what came before its key was no press", call_id)
                self._forget(call_id)
        elif self.book.get(call_id) is not None or is_over(held):
            self._take(held)
        elif not self.book.is_closed(call_id, revision=held.row.revision):
            if held.kept.is_fresh and received_us is not None:
                held = replace(held, kept=replace(held.kept, received_us=received_us))
            self.take_up(held)
        self._on_change()

    def take_up(self, held: HeldCall, *, is_resumed: bool = False) -> None:
        """An open call is new here. `is_resumed`: the hub was away, and its time begins anew."""
        now_us, limits, call = self._line.now_us(), self.limits(), held.kept.call
        if is_resumed:
            call = resumed(call, now_us=now_us, limits=limits)
        if call.state in RINGING_STATES and call.widen_us is None and call.practice is None:
            ladder = self._routing.ladder(held.row.call_id.station, is_emergency=call.is_emergency)
            call = rings_first(call, ladder=ladder, now_us=now_us)
        one = self.book.put(replace(held, kept=replace(held.kept, call=call)), now_us=now_us)
        self._routing.told.add(one.call_id, held.kept.told)
        self.saying.forget(one.call_id)
        self._follow(one)

    def offer(self, one: OpenCall) -> None:
        """Look again whose consoles ring for a call."""
        accounts: frozenset[str] = frozenset()
        if one.state in RINGING_STATES:
            station, is_emergency = one.call_id.station, one.call.is_emergency
            ladder = self._routing.ladder(station, is_emergency=is_emergency)
            accounts = ladder.steps[one.call.rung].accounts
        one.offered_to = accounts

    def _take(self, held: HeldCall) -> None:
        """A call is like this now: remember it, and let follow what goes with it."""
        call_id, revision = held.row.call_id, held.row.revision
        one = self.book.get(call_id)
        if one is not None and revision <= one.row.revision:
            return
        if is_over(held):
            self._forget(call_id, revision=revision)
            if one is not None:
                self.saying.say_closed(held.row, held.kept.call)
        elif not self.book.is_closed(call_id, revision=revision):
            self._follow(self.book.put(held, now_us=self._line.now_us()))

    def _follow(self, one: OpenCall) -> None:
        self.offer(one)
        if one.state not in RINGING_STATES:
            one.sounding_until_us.clear()
            self._routing.withdraw(one.call_id)
        self.rings.follow(one)
        self.saying.say(one, now_us=self._line.now_us())
        self.dirty.add(one.call_id)

    def _forget(self, call_id: CallId, *, revision: int | None = None) -> None:
        self.book.remove(call_id, revision=revision)
        self.rings.closed(call_id)
        self._routing.withdraw(call_id)
        self._routing.told.forget(call_id)

    def _routed(self, step: Step) -> Step:
        """Say with an input how far the call is escalated, if it rings then."""
        if step.given.input not in MAY_RING:
            return step
        one = self.book.get(step.call_id)
        call = None if one is None else one.call
        is_emergency = step.given.input is Input.RAISED or (call is not None and call.is_emergency)
        ladder = self._routing.ladder(step.call_id.station, is_emergency=is_emergency)
        return replace(step, given=routed(call, step.given, ladder=ladder, now_us=self._line.now_us()))

    def _note(self, step: Step, moved: Moved) -> None:
        input_, by = step.given.input, step.given.by or "-"
        if moved.is_done and moved.call is not None:
            log.info("call %s: %s by %s, now %s", step.call_id, input_.name, by, moved.call.state.name)
            return
        self.refused[input_.name] += 1
        level = logging.DEBUG if input_ in _REFUSED_OFTEN else logging.INFO
        log.log(level, "call %s: %s by %s refused: %s", step.call_id, input_.name, by, moved.why)

    def _publish(self, station: StationId, signal: CallState) -> bool:
        return self._hub.publish_signal(station, Topic.SIGNAL, encode_signal(signal))
