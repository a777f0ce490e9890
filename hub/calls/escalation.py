"""How far a call that rings is escalated (`hub.routing.ladder`), and when the next rung is due (core)."""

from collections.abc import Collection
from dataclasses import replace
from typing import Final

from hub.calls.call import Call, Given, Limits
from hub.calls.table import WAITING, Input
from hub.routing.ladder import Ladder, next_rung, staffed_rung

MAY_RING: Final = frozenset(  # inputs after which a call may ring: for others, how far is not asked
    {Input.DUE, Input.ABANDONED, Input.PRESSED_AGAIN, Input.RAISED}
)
_PRESSED: Final = frozenset({Input.PRESSED_AGAIN, Input.RAISED})  # how far it was escalated is forgotten


def routed(call: Call | None, given: Given, *, ladder: Ladder, now_us: int) -> Given:
    """Return an input with its rung and the moment of the next one, for the case that the call rings then.

    `call` None: it is closed. `ladder`: of an emergency if it is one then.
    """
    is_ringing = call is not None and call.state in WAITING
    first, rung = int(ladder.first_rung), 0 if call is None else call.rung
    if given.input in _PRESSED:
        rung = max(rung, first) if is_ringing else first
    began_us = _began_us(call, ladder) if call is not None and is_ringing else now_us
    return replace(given, rung=rung, widen_us=_due_us(ladder, rung, began_us))


def widened(
    call: Call, *, ladder: Ladder, ready: Collection[str], now_us: int, is_to_be_staffed: bool
) -> Given | None:
    """Return the step to a higher rung, if one is due: by time, or because nobody on its own is ready."""
    rung = call.rung
    is_due = call.widen_us is not None and call.widen_us <= now_us
    if is_due:
        rung = next_rung(ladder, rung, ready)
    elif is_to_be_staffed:
        rung = staffed_rung(ladder, rung, ready)
    if rung == call.rung and not is_due:
        return None
    return Given(input=Input.WIDEN, rung=int(rung), widen_us=_due_us(ladder, rung, _began_us(call, ladder)))


def rings_first(call: Call, *, ladder: Ladder, now_us: int) -> Call:
    """Return a fresh call with its first rung, and the moment of the next one."""
    rung = max(call.rung, int(ladder.first_rung))
    return replace(call, rung=rung, widen_us=_due_us(ladder, rung, now_us))


def limits_of(ladder_missed_s: float, limits: Limits) -> Limits:
    """Return the limits with what the routing document says."""
    return replace(limits, missed_us=round(ladder_missed_s * 1e6))


def _began_us(call: Call, ladder: Ladder) -> int:
    """When it began to ring."""
    assert call.missed_us is not None  # noqa: S101 - a call that waits has it
    return call.missed_us - round(ladder.missed_s * 1e6)


def _due_us(ladder: Ladder, rung: int, began_us: int) -> int | None:
    due_s = ladder.due_s(rung)
    return None if due_s is None else began_us + round(due_s * 1e6)
