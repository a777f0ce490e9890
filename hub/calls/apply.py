"""What one input makes of one call (core): the next state by the table, then what changes with it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from hub.calls.allowed import check
from hub.calls.call import LIMITS, STAGES, Asked, Call, Given, Guest, Limits
from hub.calls.table import WAITING, Input, State, next_state


def apply(call: Call, given: Given, *, now_us: int, limits: Limits = LIMITS) -> Call:
    """Return the call after an input. Raises IllegalInputError: the table refuses it, or it is not that
    account's to give; nothing changed.
    """
    state = next_state(call.state, given.input)
    check(call, given)
    since_us = call.since_us if state is call.state else now_us
    step = _Step(call, replace(call, state=state, since_us=since_us), given, now_us, limits)
    change = _CHANGES.get(given.input)
    after = step.after if change is None else change(step)
    if state is State.CLOSED:
        return replace(_lonely(after), due_us=None, missed_us=None, widen_us=None)
    return _timed(step, after)


@dataclass(frozen=True, slots=True)
class _Step:
    """`before`; `after`: the same in its new state; `given`: what made it so."""

    before: Call
    after: Call
    given: Given
    now_us: int
    limits: Limits


def _lonely(call: Call) -> Call:
    """Nobody is on the line, and nobody is asked to it."""
    return replace(call, asked=None, guests=(), turn=None, ring=None, stage=0)


def _owned(step: _Step) -> Call:
    return replace(step.after, owner=step.given.by, asked=None, turn=None, stage=0)


def _transferred(step: _Step) -> Call:
    guests = tuple(guest for guest in step.before.guests if guest.name != step.given.by)
    return replace(_owned(step), guests=guests)


def _rings(step: _Step) -> Call:
    """It is nobody's any more, and rings; how far it was escalated stays."""
    return replace(_lonely(step.after), owner=None, widen_us=step.given.widen_us)


def _pressed(step: _Step) -> Call:
    if step.after.state is State.CLAIMED:  # the hub was ringing: that is how its ring is accepted
        return _accepted(step)
    return replace(_rings(step), rung=step.given.rung or 0, overdue=0, tries=0)


def _raised(step: _Step) -> Call:
    before, given = step.before, step.given
    raised = replace(step, after=replace(step.after, is_emergency=True, practice=None))
    if before.state is not step.after.state:
        return _pressed(raised)
    rung = before.rung if given.rung is None else given.rung
    return replace(raised.after, rung=rung, widen_us=given.widen_us)


def _talked(step: _Step) -> Call:
    """Nobody is on the line any more. A ring that was not accepted was a try: the next one has its time."""
    after = _lonely(step.after)
    if step.before.ring is None or after.state is not State.CALLBACK:
        return after
    return replace(after, tries=after.tries + 1, overdue=0)


def _due(step: _Step) -> Call:
    match step.before.state:
        case State.CONNECTING:
            return replace(step.after, stage=min(step.before.stage + 1, len(STAGES) - 1))
        case State.CALLBACK:
            return replace(step.after, overdue=step.before.overdue + _reminders(step))
        case State.WRAP_UP:
            return replace(step.after, overdue=step.before.overdue + 1)
        case State.CLAIMED | State.HELD | State.PARKED:
            return _rings(step)
        case State.CALLING | State.DROPPED:
            return _talked(step)
        case _:
            return step.after


def _reminders(step: _Step) -> int:
    """How many are due by now: a hub that was away says so once, and since when stays true."""
    late_us = step.now_us - (step.now_us if step.before.due_us is None else step.before.due_us)
    return 1 + max(0, late_us) // step.limits.next_try_us


def _abandoned(step: _Step) -> Call:
    return _talked(step) if step.after.state is State.CALLBACK else _rings(step)


def _asks(step: _Step) -> Call:
    given = step.given
    assert given.kind is not None and given.to is not None and given.by is not None  # noqa: S101 - checked
    asked = Asked(given.kind, given.to, given.by, step.now_us + step.limits.of_ask(given.kind))
    return replace(step.after, asked=asked)


def _accepted(step: _Step) -> Call:
    return replace(step.after, ring=None, asked=None, stage=0, overdue=0, tries=0)


def _seconded(step: _Step) -> Call:
    assert step.given.by is not None  # noqa: S101 - checked
    others = tuple(guest for guest in step.before.guests if guest.name != step.given.by)
    return replace(step.after, asked=None, guests=(*others, Guest(step.given.by, "second")))


def _invites(step: _Step) -> Call:
    given, due_us = step.given, step.given.due_us
    assert given.to is not None  # noqa: S101 - checked
    due_us = step.now_us + step.limits.invite_us if due_us is None else due_us
    invited = Guest(given.to, "doctor", due_us, given.then)
    return replace(step.after, guests=(*step.before.guests, invited))


def _guest(step: _Step) -> Call:
    before, name = step.before, step.given.to
    guest = before.guest(name)
    assert guest is not None  # noqa: S101 - checked
    if step.given.change == "came":
        there = replace(guest, due_us=None, then=())
        return replace(step.after, guests=tuple(there if one is guest else one for one in before.guests))
    left = tuple(one for one in before.guests if one is not guest)
    if step.given.change == "declined":
        left += _next_invited(step, guest, there={one.name for one in left})
    return replace(step.after, guests=left, turn=None if before.turn == name else before.turn)


def _next_invited(step: _Step, guest: Guest, *, there: set[str]) -> tuple[Guest, ...]:
    """Who is invited in place of a guest that did not come: the next who is not there already."""
    names = [name for name in guest.then if name != step.before.owner and name not in there]
    if not names:
        return ()
    due_us = step.now_us + step.limits.invite_us
    return (Guest(names[0], guest.role, due_us, tuple(names[1:])),)


def _widened(step: _Step) -> Call:
    rung = step.before.rung if step.given.rung is None else step.given.rung
    return replace(step.after, rung=rung, widen_us=step.given.widen_us)


_CHANGES: Final[dict[Input, Callable[[_Step], Call]]] = {
    Input.WIDEN: _widened,
    Input.DUE: _due,
    Input.CLAIM: _owned,
    Input.TAKE: _owned,
    Input.HANDED_OVER: _owned,
    Input.TRANSFERRED: _transferred,
    Input.ASSIGN: lambda step: replace(step.after, owner=step.given.to, asked=None),
    Input.RESUME: lambda step: replace(step.after, turn=None, stage=0),
    Input.PARK: lambda step: replace(_lonely(step.after), owner=None),
    Input.ABANDONED: _abandoned,
    Input.END: _talked,
    Input.CANCEL: _talked,
    Input.DECLINED: _talked,
    Input.PRESSED_AGAIN: _pressed,
    Input.PRESSED_LATE: lambda step: replace(_rings(step), widen_us=None, overdue=0, tries=0),
    Input.RAISED: _raised,
    Input.PROMISE: lambda step: replace(step.after, asked=None, overdue=0, tries=0),
    Input.RING: lambda step: replace(step.after, ring=step.given.ring, asked=None),
    Input.ACCEPTED: _accepted,
    Input.ASK: _asks,
    Input.ASK_OVER: lambda step: replace(step.after, asked=None),
    Input.SECONDED: _seconded,
    Input.INVITE: _invites,
    Input.GUEST: _guest,
    Input.TURN: lambda step: replace(step.after, turn=step.given.to, stage=0),
}
_BEGINS_ANEW: Final = frozenset({Input.DUE, Input.TURN})  # what was promised stands, whoever owns it then


def _timed(step: _Step, after: Call) -> Call:
    """Set the deadlines of the state that it is in now."""
    before, given = step.before, step.given
    if after.state in WAITING:
        is_ringing = before.state in WAITING
        missed_us = before.missed_us if is_ringing else step.now_us + step.limits.missed_us
        widen_us = (
            before.widen_us
            if is_ringing and given.input not in (Input.WIDEN, Input.RAISED)
            else after.widen_us
        )
        return replace(after, due_us=None, missed_us=missed_us, widen_us=widen_us)
    after = replace(after, missed_us=None, widen_us=None)
    if given.input is Input.PROMISE and given.due_us is not None:
        return replace(after, due_us=given.due_us)
    if after.state is before.state and given.input not in _BEGINS_ANEW:
        return replace(after, due_us=before.due_us)
    limit_us = step.limits.of_state(after)
    if given.input is Input.DUE and before.state is State.CALLBACK and before.due_us is not None:
        return replace(after, due_us=before.due_us + _reminders(step) * step.limits.next_try_us)
    return replace(after, due_us=None if limit_us is None else step.now_us + limit_us)
