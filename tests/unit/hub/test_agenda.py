"""What must happen next to an open call, and the order of the list."""

from dataclasses import dataclass

import pytest

from hub.calls.agenda import Due, Next, due, in_order
from hub.calls.apply import apply
from hub.calls.call import ANYBODY, Call, Given, fresh
from hub.calls.table import CLOSED_STATES, Input, State

S = 1_000_000


def after(call: Call, *inputs: Input | Given, now_us: int = 0) -> Call:
    for one in inputs:
        given = one if isinstance(one, Given) else Given(input=one, by="Lan")
        call = apply(call, given, now_us=now_us)
    return call


PRESSED = fresh(now_us=0)
CLAIMED = after(PRESSED, Input.CLAIM)
ACTIVE = after(CLAIMED, Input.JOINED, Input.FLOWS)
MISSED = after(PRESSED, Input.DUE, now_us=120 * S)
CALLBACK = after(MISSED, Given(input=Input.ASSIGN, to="Lan"), now_us=120 * S)
CALLING = after(CALLBACK, Given(input=Input.RING, by="Lan", ring="00" * 8), now_us=130 * S)
WRAP_UP = after(ACTIVE, Input.END, now_us=60 * S)


@pytest.mark.parametrize("state", [state for state in State if state not in CLOSED_STATES])
def test_every_open_call_has_something_that_must_happen_next(state: State) -> None:
    assert due(Call(state=state, since_us=0)).what in Next


def test_a_ringing_call_is_to_be_answered_before_it_is_missed() -> None:
    assert due(PRESSED) == Due(Next.ANSWER, 120 * S)
    assert due(MISSED).what is Next.ASSIGN


def test_a_callback_is_due_within_two_minutes_and_a_try_that_failed_makes_the_next_one_due() -> None:
    assert due(CALLBACK) == Due(Next.FIRST_TRY, 240 * S)
    assert due(CALLING) == Due(Next.ACCEPT, 175 * S)
    tried = after(CALLING, Input.DUE, now_us=175 * S)
    assert due(tried) == Due(Next.NEXT_TRY, 775 * S)


def test_an_overdue_callback_says_since_when_however_often_it_was_said() -> None:
    once = after(CALLBACK, Input.DUE, now_us=240 * S)
    twice = after(once, Input.DUE, now_us=840 * S)
    assert due(once) == due(twice) == Due(Next.FIRST_TRY, 240 * S, is_overdue=True)


def test_a_hub_that_was_away_says_an_overdue_callback_once_and_since_when_as_it_is() -> None:
    once = after(CALLBACK, Input.DUE, now_us=2_000 * S)
    assert due(once) == Due(Next.FIRST_TRY, 240 * S, is_overdue=True)
    assert once.due_us == 2_040 * S  # the next of the reminders ten minutes apart


def test_a_try_ends_being_overdue() -> None:
    ring = Given(input=Input.RING, by="Lan", ring="00" * 8)
    tried = after(CALLBACK, Input.DUE, ring, Input.DECLINED, now_us=300 * S)
    assert due(tried) == Due(Next.NEXT_TRY, 900 * S)


def test_a_promise_is_due_when_it_was_promised_whoever_owns_it_then() -> None:
    promise = Given(input=Input.PROMISE, by="Lan", due_us=3_600 * S)
    promised = after(WRAP_UP, promise, now_us=90 * S)
    assert due(promised) == Due(Next.FIRST_TRY, 3_600 * S)
    ask = Given(input=Input.ASK, by="Lan", to=ANYBODY, kind="handover")
    taken = after(promised, ask, Given(input=Input.HANDED_OVER, by="Minh"), now_us=1_000 * S)
    assert (taken.owner, due(taken)) == ("Minh", Due(Next.FIRST_TRY, 3_600 * S))


def test_who_takes_an_overdue_callback_makes_it_no_younger() -> None:
    overdue = after(CALLBACK, Input.DUE, now_us=240 * S)
    taken = after(overdue, Given(input=Input.TAKE, by="Minh"), now_us=500 * S)
    assert due(taken) == Due(Next.FIRST_TRY, 240 * S, is_overdue=True)


def test_a_wrap_up_is_reminded_once_and_stays_overdue() -> None:
    assert due(WRAP_UP) == Due(Next.WRITE, 180 * S)
    reminded = after(WRAP_UP, Input.DUE, now_us=180 * S)
    assert due(reminded) == Due(Next.WRITE, 180 * S, is_overdue=True)


@dataclass(frozen=True)
class Named:
    name: str
    call: Call


def test_the_list_begins_with_whoever_waits_and_ends_with_what_somebody_is_doing() -> None:
    emergency = after(fresh(now_us=100 * S), Input.RAISED, now_us=100 * S)
    cancelled = after(PRESSED, Input.CANCEL, now_us=5 * S)
    promise = after(WRAP_UP, Given(input=Input.PROMISE, by="Lan", due_us=9_000 * S), now_us=90 * S)
    calls = {
        "talking": ACTIVE,
        "to be reviewed": cancelled,
        "promised for later": promise,
        "owed": CALLBACK,
        "overdue": after(CALLBACK, Input.DUE, now_us=240 * S),
        "missed": MISSED,
        "parked": after(ACTIVE, Input.PARK, now_us=50 * S),
        "pressed": PRESSED,
        "emergency": emergency,
        "to be written": WRAP_UP,
    }
    order = [one.name for one in in_order(Named(name, call) for name, call in calls.items())]
    assert order == [
        "emergency", "parked", "pressed", "missed", "to be written", "owed", "overdue",
        "promised for later", "to be reviewed", "talking",
    ]  # fmt: skip
