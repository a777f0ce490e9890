"""What an open call is due: by the clock, by who is on duty, by who is gone (core). One step at a time."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hub.calls.call import Call, Given
from hub.calls.call_book import CallBook
from hub.calls.deadlines import due
from hub.calls.escalation import widened
from hub.calls.moves import HeldCall, Step
from hub.calls.open_call import ABANDONED_AFTER_US, OpenCall
from hub.calls.table import RINGING_STATES, WAITING, Input, State
from hub.calls.time_line import TimeLine
from hub.routing.ladder import Ladder, Tell
from hub.routing.policy import Rung
from hub.routing.routing_service import Routing

ASSIGN_AGAIN_US: Final = 5_000_000  # who may own the list is asked again while there is nobody
_OF_SOMEBODY: Final = frozenset({State.MISSED, State.CALLBACK, State.CANCELLED, State.WRAP_UP})


@dataclass(frozen=True, slots=True)
class DueStep:
    """A step that is due, and what is told outside (by way of `ladder`) once it is applied."""

    step: Step
    tells: tuple[Tell, ...] = ()
    ladder: Ladder | None = None


class Lookout:
    """Looks at one call after the other. `settled_us`: consoles have proved by then, after a start of the
    hub, that they are there; before, nobody is missing."""

    def __init__(
        self,
        book: CallBook,
        routing: Routing,
        *,
        has_page: Callable[[str], bool],
        caller_of: Callable[[str], str | None],
        settled_us: int,
    ) -> None:
        """`caller_of`: who calls a station by that ring, None: nobody any more."""
        self._book, self._routing = book, routing
        self._has_page, self._caller_of = has_page, caller_of
        self._settled_us = settled_us
        self._assign_us = 0
        self._ready: frozenset[str] = frozenset()
        self._owed: Counter[str] | None = None  # by account, with what this round has given away
        self._has_offered = False  # a call rings for others than before: the hour may have changed its group

    def take_offered(self) -> bool:
        """Whether a call rings for others since this was asked last, by who is on duty at this hour."""
        has_offered, self._has_offered = self._has_offered, False
        return has_offered

    def begin_round(self, *, now_us: int) -> None:
        """Look at who is there before all calls are looked at."""
        self._owed = None
        ready = self._routing.ready()
        if ready != self._ready:
            self._ready, self._assign_us = ready, now_us
            for one in self._book.open_calls():
                one.is_to_be_staffed = True

    def end_round(self, *, now_us: int) -> None:
        """All calls have been looked at."""
        if now_us >= self._assign_us:
            self._assign_us = now_us + ASSIGN_AGAIN_US

    def due(self, one: OpenCall, *, now_us: int) -> DueStep | None:
        """Return what a call is due, None: nothing. Once it is applied, there may be more."""
        given = self._given(one, now_us)
        if given is None:
            return None
        tells, ladder = self._tells(one, given)
        told = tuple(tell.key for tell in tells)
        detail = {} if given.by is None else {"rules": True}  # in an account's name, and not by its hand
        step = Step(call_id=one.call_id, given=given, told=told, detail=detail)
        return DueStep(step, tells, ladder)

    def ladder(self, one: OpenCall, *, is_emergency: bool | None = None) -> Ladder:
        """Return the rungs of a call, as they are now."""
        is_emergency = one.call.is_emergency if is_emergency is None else is_emergency
        return self._routing.ladder(one.call_id.station, is_emergency=is_emergency)

    def _given(self, one: OpenCall, now_us: int) -> Given | None:
        call = one.call
        given = self._of_press(one) or self._of_another(one) or due(call, now_us=now_us)
        if given is not None:
            return given
        if call.state in WAITING and call.practice is None:
            given = self._widened(one, now_us)
        if given is None and call.state is State.RINGING and not one.is_sounding(now_us=now_us):
            given = Given(input=Input.SILENT)
        if given is None and one.is_abandoned(ABANDONED_AFTER_US, has_page=self._has_page, now_us=now_us):
            given = Given(input=Input.ABANDONED)
        if given is None and self._is_nobodys(call) and now_us >= self._assign_us:
            given = self._assigned(one)
        return given

    def _of_press(self, one: OpenCall) -> Given | None:
        """Return what a call is by its press alone, before anybody has moved it."""
        kept = one.held.kept
        if not kept.is_fresh:
            return None
        if one.age.is_too_old_to_ring:
            return Given(input=Input.PRESSED_LATE)
        caller = None if kept.answers is None else self._caller_of(kept.answers)
        return None if caller is None else Given(input=Input.CLAIM, by=caller, ring=kept.answers)

    def _of_another(self, one: OpenCall) -> Given | None:
        """Return what another press makes of this call: a real one of the station ends practice, a real one
        of any other the drill of whom it asks to answer; one that accepted its ring and is a call of its own
        leaves it owed.
        """
        call = one.call
        if call.practice is None and call.ring is None:
            return None
        if call.practice == "drill" and self._is_in_the_way(one):
            return Given(input=Input.PRACTICE_OVER)
        for other in self._book.at(one.call_id.station):
            is_later = other is not one and other.received_us >= one.received_us
            if call.practice is not None and is_later and other.call.practice is None:
                return Given(input=Input.PRACTICE_OVER)
            if call.ring is not None and other.held.kept.answers == call.ring:
                return Given(input=Input.END, by=call.owner)
        return None

    def _is_in_the_way(self, drill: OpenCall) -> bool:
        """Whether those whom a drill keeps busy are needed: its owner, or all for whom it rings."""
        owner = drill.call.owner
        people = drill.offered_to if owner is None else {owner}
        waiting = self._book.in_states(RINGING_STATES)
        return any(other.call.practice is None and people & other.offered_to for other in waiting)

    def _widened(self, one: OpenCall, now_us: int) -> Given | None:
        is_due = one.call.widen_us is not None and one.call.widen_us <= now_us
        is_to_be_staffed = one.is_to_be_staffed and now_us >= self._settled_us
        if not is_due and not is_to_be_staffed:
            return None
        ladder = self.ladder(one)
        accounts = ladder.steps[one.call.rung].accounts
        self._has_offered |= accounts != one.offered_to
        one.offered_to = accounts
        given = widened(
            one.call,
            ladder=ladder,
            ready=self._ready,
            now_us=now_us,
            is_to_be_staffed=is_to_be_staffed,
        )
        if is_to_be_staffed and given is None:
            one.is_to_be_staffed = False
            if self._routing.untold(one.call_id, ladder, one.call.rung):
                return Given(input=Input.WIDEN, rung=one.call.rung, widen_us=one.call.widen_us)
        return given

    def _is_nobodys(self, call: Call) -> bool:
        if call.state not in _OF_SOMEBODY or call.practice is not None:
            return False
        return call.owner is None or self._is_gone(call.owner)

    def _is_gone(self, owner: str) -> bool:
        """Whether that account was removed; of one that was just made the page is known before the name."""
        return not self._routing.has_account(owner) and not self._has_page(owner)

    def _assigned(self, one: OpenCall) -> Given | None:
        if self._owed is None:
            self._owed = Counter(self._book.owed())
        owner = self._routing.list_owner(one.call_id.station, owed=self._owed)
        if owner is None or owner == one.call.owner:
            return None
        self._owed[owner] += 1
        return Given(input=Input.ASSIGN, to=owner)

    def _tells(self, one: OpenCall, given: Given) -> tuple[tuple[Tell, ...], Ladder | None]:
        """Return what is told outside when that is applied."""
        if given.input is Input.WIDEN:
            ladder = self.ladder(one)
            return self._routing.untold(one.call_id, ladder, given.rung or 0), ladder
        if given.input is Input.DUE and one.state is State.CALLBACK and one.call.overdue == 0:
            ladder = self.ladder(one)
            return ladder.steps[Rung.SUPERVISOR].tells, ladder
        return (), None


def tell_outside(routing: Routing, due: DueStep, held: HeldCall, line: TimeLine) -> None:
    """Tell outside what was due with a step that is applied and written down."""
    assert due.ladder is not None  # noqa: S101 - whoever has something to tell has it
    call_id, age = held.row.call_id, held.age
    if due.step.given.input is Input.DUE:  # an overdue callback: it may have been told when it rang
        told = [key for key in held.kept.told if key not in {tell.key for tell in due.tells}]
        routing.told.forget(call_id)
        routing.told.add(call_id, told)
    received_utc_us = line.utc_us(held.kept.received_us)
    pressed_us = received_utc_us - round(age.at_least_s * 1e6) if age.is_exact else None
    routing.tell(call_id, due.tells, ladder=due.ladder, pressed_utc_us=pressed_us)
