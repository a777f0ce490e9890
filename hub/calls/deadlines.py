"""Which input a call is due by the clock alone (core): every deadline of `hub.calls.call.Call`."""

from typing import Final

from hub.calls.call import Call, Given
from hub.calls.table import WAITING, Input, State

_NO_LIST_FOR: Final = frozenset({State.MISSED, State.CALLBACK, State.CANCELLED})


def due(call: Call, *, now_us: int) -> Given | None:
    """Return the input that is due; the next one shows once this one is applied.

    The next rung (`widen_us`) is not the clock's alone: `hub.calls.escalation`.
    """
    if call.practice is not None and (given := _of_practice(call, now_us)) is not None:
        return given
    if call.state in WAITING and _is_over(call.missed_us, now_us):
        return Given(input=Input.DUE)
    if _is_over(call.due_us, now_us):
        return Given(input=Input.DUE)
    if call.asked is not None and call.asked.due_us <= now_us:
        return Given(input=Input.ASK_OVER, to=call.asked.to)
    late = next((guest for guest in call.guests if _is_over(guest.due_us, now_us)), None)
    return None if late is None else Given(input=Input.GUEST, to=late.name, change="declined")


def _of_practice(call: Call, now_us: int) -> Given | None:
    """A practice is on no list, and nobody owes it anything."""
    if call.practice == "test" and call.state is State.RECEIVED:
        return Given(input=Input.TESTED)
    is_over = (
        call.practice == "test"
        or call.state in _NO_LIST_FOR
        or (call.state in WAITING and _is_over(call.missed_us, now_us))
        or (call.state is State.WRAP_UP and _is_over(call.due_us, now_us))
    )
    return Given(input=Input.PRACTICE_OVER) if is_over else None


def _is_over(at_us: int | None, now_us: int) -> bool:
    return at_us is not None and at_us <= now_us
