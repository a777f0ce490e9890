"""One call at the hub as a value, with every deadline a field, and the inputs that it is given (core).

Times are microseconds of the hub's own time line, CLOCK_BOOTTIME: no wall clock that is set, here or in a
browser, makes a call older or younger. What an input makes of a call is in `hub.calls.apply`.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from contract.events import PracticeKind
from hub.calls.table import WAITING, Input, State

AskKind = Literal["transfer", "second", "handover"]
ANYBODY: Final = "*"
STAGES: Final = ("direct", "audio only", "by relay", "phone")  # how a meeting is set up, one after the other
S: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long, in microseconds. Source: DESIGN, "Call"; the routing document sets some of them."""

    missed_us: int = 120 * S  # unanswered so long, it goes to the list
    claim_us: int = 10 * S  # until the owner's page has joined
    connect_us: int = 10 * S  # each way of setting up
    resume_us: int = 60 * S  # a call that broke off
    hold_us: int = 180 * S
    park_us: int = 60 * S
    wrap_up_us: int = 120 * S  # until its owner is reminded
    first_try_us: int = 120 * S  # of a callback
    next_try_us: int = 600 * S
    ring_us: int = 45 * S  # the hub rings the station
    ask_us: int = 20 * S  # a colleague
    handover_us: int = 900 * S
    invite_us: int = 30 * S  # each doctor

    def of_ask(self, kind: AskKind) -> int:
        """Return how long a colleague is asked."""
        return self.handover_us if kind == "handover" else self.ask_us

    def of_state(self, call: "Call") -> int | None:
        """Return how long a call may stay as it is, None: for ever, or `missed_us` says so."""
        if call.state is State.CONNECTING and call.stage == len(STAGES) - 1:
            return None  # by phone: its owner ends it
        if call.state is State.WRAP_UP and call.overdue:
            return None  # its owner has been reminded; it stays on the list
        if call.state is State.CALLBACK and (call.tries or call.overdue):
            return self.next_try_us
        limits = {
            State.CLAIMED: self.claim_us,
            State.CONNECTING: self.connect_us,
            State.DROPPED: self.resume_us,
            State.HELD: self.hold_us,
            State.PARKED: self.park_us,
            State.WRAP_UP: self.wrap_up_us,
            State.CALLBACK: self.first_try_us,
            State.CALLING: self.ring_us,
        }
        return limits.get(call.state)


LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True)
class Asked:
    """A colleague (ANYBODY: whoever is ready) is asked to take the call or to come to it. Nothing changes
    until somebody accepts."""

    kind: AskKind
    to: str
    by: str
    due_us: int


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody beside the owner. `due_us`: how long an invitation stands; None: the guest is there.

    `then`: who is invited in turn when this one does not come.
    """

    name: str
    role: Literal["second", "doctor"]
    due_us: int | None = None
    then: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call. `turn`: the guest who speaks with the station, None: its owner does. `due_us`: of the state;
    `missed_us`: of its ringing, over all three states of it; `widen_us`: of the next rung."""

    state: State = State.RECEIVED
    since_us: int
    owner: str | None = None
    is_emergency: bool = False
    practice: PracticeKind | None = None
    rung: int = 0
    stage: int = 0
    due_us: int | None = None
    missed_us: int | None = None
    widen_us: int | None = None
    asked: Asked | None = None
    guests: tuple[Guest, ...] = ()
    turn: str | None = None
    ring: str | None = None  # by which the hub calls the station now
    tries: int = 0  # of calling back
    overdue: int = 0  # how often a limit of the list has passed

    @property
    def speaker(self) -> str | None:
        """Who has picture and voice."""
        return self.turn or self.owner

    def guest(self, name: str | None) -> Guest | None:
        """Return the guest of that name."""
        return next((guest for guest in self.guests if guest.name == name), None)

    @property
    def deadlines_us(self) -> tuple[int, ...]:
        """Every time at which something must happen."""
        asked = None if self.asked is None else self.asked.due_us
        own = (self.due_us, self.missed_us, self.widen_us, asked, *(guest.due_us for guest in self.guests))
        return tuple(at_us for at_us in own if at_us is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One input. `by`: the account, None: the station, a clock or the rules.

    `to`: who is asked, invited or to speak (TURN; None: the owner), who came or left (GUEST), or who owns it
    from now on (ASSIGN). `kind`: of ASK. `change`: of GUEST. `rung` and `widen_us`: how far it is escalated,
    and when the next rung is due (None: there is none), of WIDEN, RAISED and of what makes a call ring.
    `due_us`: of PROMISE, and of INVITE where an invitation stands longer than usual. `then`: of INVITE, who
    is invited after `to`, one after the other. `ring`: of RING.
    """

    input: Input
    by: str | None = None
    to: str | None = None
    kind: AskKind | None = None
    change: Literal["came", "left", "declined"] | None = None
    rung: int | None = None
    widen_us: int | None = None
    due_us: int | None = None
    then: tuple[str, ...] = ()
    ring: str | None = None


def fresh(
    *, now_us: int, limits: Limits = LIMITS, practice: PracticeKind | None = None, widen_us: int | None = None
) -> Call:
    """Return the call of a press that has just been stored."""
    return Call(since_us=now_us, missed_us=now_us + limits.missed_us, widen_us=widen_us, practice=practice)


def resumed(call: Call, *, now_us: int, limits: Limits = LIMITS) -> Call:
    """Return the call as a hub that was away takes it up: what nobody could do meanwhile has its time again.

    A callback keeps its moment, and a rung that is overdue waits for the consoles to come back.
    """
    if call.state in WAITING:
        widen_us = None if call.widen_us is None else max(call.widen_us, now_us + limits.connect_us)
        call = replace(call, missed_us=now_us + limits.missed_us, widen_us=widen_us)
    limit_us = limits.of_state(call)
    if limit_us is not None and call.state is not State.CALLBACK:
        call = replace(call, due_us=now_us + limit_us)
    if call.asked is not None:
        call = replace(call, asked=replace(call.asked, due_us=now_us + limits.of_ask(call.asked.kind)))
    guests = tuple(
        guest if guest.due_us is None else replace(guest, due_us=max(guest.due_us, now_us + limits.invite_us))
        for guest in call.guests
    )
    return replace(call, guests=guests)


def shifted(call: Call, by_us: int) -> Call:
    """Return the call on a time line that lies `by_us` later: another boot of the hub's machine."""

    def later(at_us: int | None) -> int | None:
        return None if at_us is None else at_us + by_us

    asked = call.asked
    return replace(
        call,
        since_us=call.since_us + by_us,
        due_us=later(call.due_us),
        missed_us=later(call.missed_us),
        widen_us=later(call.widen_us),
        asked=None if asked is None else replace(asked, due_us=asked.due_us + by_us),
        guests=tuple(replace(guest, due_us=later(guest.due_us)) for guest in call.guests),
    )
