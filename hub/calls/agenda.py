"""What must happen next to an open call, until when, and which call comes first (core).

The list of open calls is sorted by it. Times are those of `hub.calls.call`: the hub's own time line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeVar

from hub.calls.call import LIMITS, Call, Limits
from hub.calls.table import WAITING, State


class Next(StrEnum):
    """What must happen next."""

    ANSWER = "answer"  # somebody waits; at the limit it is missed
    TALK = "talk"  # somebody does; nothing is due
    RESUME = "resume"  # the line broke off; at the limit it is a callback
    GO_BACK = "go back"  # held by its owner; at the limit it rings again
    TAKE_UP = "take up"  # parked; at the limit it rings again
    ASSIGN = "assign"  # missed, and not yet anybody's
    FIRST_TRY = "first try"
    NEXT_TRY = "next try"
    ACCEPT = "accept"  # the station's button, while the hub rings it
    WRITE = "write"  # the wrap-up
    REVIEW = "review"  # taken back by the station


_BY_STATE: Final = {
    **dict.fromkeys(WAITING, Next.ANSWER),
    State.CLAIMED: Next.TALK,
    State.CONNECTING: Next.TALK,
    State.ACTIVE: Next.TALK,
    State.DROPPED: Next.RESUME,
    State.HELD: Next.GO_BACK,
    State.PARKED: Next.TAKE_UP,
    State.MISSED: Next.ASSIGN,
    State.CALLING: Next.ACCEPT,
    State.WRAP_UP: Next.WRITE,
    State.CANCELLED: Next.REVIEW,
}
_WAITS: Final = frozenset({Next.ANSWER, Next.TAKE_UP, Next.RESUME, Next.GO_BACK})  # a person, at the station
_IS_DEALT_WITH: Final = frozenset({Next.TALK, Next.ACCEPT})


@dataclass(frozen=True, slots=True)
class Due:
    """What must happen next and when, None: at no set time. Overdue: `at_us` is when it should have been."""

    what: Next
    at_us: int | None
    is_overdue: bool = False


def due(call: Call, *, limits: Limits = LIMITS) -> Due:
    """Return what must happen next to an open call."""
    what = _what(call)
    if what is Next.ANSWER:
        return Due(what, call.missed_us)
    if what is Next.TALK:
        return Due(what, None)
    if call.overdue and what in (Next.FIRST_TRY, Next.NEXT_TRY):  # each reminder moved the deadline on
        at_us = None if call.due_us is None else call.due_us - call.overdue * limits.next_try_us
        return Due(what, at_us, is_overdue=True)
    if call.overdue and what is Next.WRITE:  # reminded once, and left alone
        return Due(what, call.since_us + limits.wrap_up_us, is_overdue=True)
    return Due(what, call.due_us)


def _what(call: Call) -> Next:
    if call.state is State.CALLBACK:
        return Next.NEXT_TRY if call.tries else Next.FIRST_TRY
    return _BY_STATE[call.state]


def urgency(call: Call, *, limits: Limits = LIMITS) -> tuple[int, float, int]:
    """Return a key that sorts open calls: least first is what must happen first.

    Emergencies that wait, then whoever waits at a station, then what is owed by the moment it was or is due
    (what is longest overdue before what is due in a minute), then what has no moment, then what somebody is
    doing right now. Of equals the one that has been so for longest.
    """
    next_ = due(call, limits=limits)
    if next_.what in _WAITS:
        rank = 0 if call.is_emergency else 1
    elif next_.what in _IS_DEALT_WITH:
        rank = 4
    else:
        rank = 3 if next_.at_us is None and next_.what is not Next.ASSIGN else 2
    at_us = float("-inf") if next_.what is Next.ASSIGN else _or_never(next_.at_us)
    return rank, at_us, call.since_us


def _or_never(at_us: int | None) -> float:
    return float("inf") if at_us is None else at_us


class HasCall(Protocol):
    """Something that carries a call."""

    @property
    def call(self) -> Call:
        """The call."""


Held = TypeVar("Held", bound=HasCall)


def in_order(held: Iterable[Held], *, limits: Limits = LIMITS) -> list[Held]:
    """Return open calls by what must happen first."""
    return sorted(held, key=lambda one: urgency(one.call, limits=limits))
