"""One input to one call, against the store it is given (core): compare and set, one wins."""

from dataclasses import dataclass
from typing import Final

from contract.ids import CallId
from hub.calls.age import Age, age_on_arrival
from hub.calls.hub_call import CLOSED_STATES, IllegalInputError, Input, State, next_owner, next_state
from hub.store.interface import CallRow, Store
from hub.times.fit import UNKNOWN
from hub.times.moments import read_moment

TRIES: Final = 8  # somebody else moved the call in between; more than that is a fault


@dataclass(frozen=True, slots=True)
class Moved:
    """What became of an input. `row` is the call as it is now, None when the store does not know it."""

    row: CallRow | None
    is_done: bool  # the input was applied; False: refused, `row` tells why


@dataclass(frozen=True, slots=True)
class HeldCall:
    """A call of the store, and how old the press was when it came."""

    row: CallRow
    age: Age


def move(
    store: Store,
    call_id: CallId,
    input_: Input,
    *,
    by: str | None = None,
    seen_revision: int | None = None,
    now_utc_us: int,
) -> Moved:
    """Apply `input_` of operator `by` (None: station or clock) unless the table refuses it.

    With `seen_revision`, only if the call is still as the operator saw it.
    """
    row = store.call(call_id)
    for _ in range(TRIES):
        if row is None or (seen_revision is not None and row.revision != seen_revision):
            return Moved(row, False)
        try:
            state = next_state(State[row.state], input_)
        except IllegalInputError:
            return Moved(row, False)
        moved = store.move_call(
            call_id,
            revision=row.revision,
            state=state.name,
            owner=next_owner(row.owner, input_, by),
            is_closed=state in CLOSED_STATES,
            now_utc_us=now_utc_us,
        )
        if moved is not None:
            return Moved(moved, True)
        row = store.call(call_id)
    return Moved(row, False)


def read_open_calls(store: Store) -> list[HeldCall]:
    """Return the calls that are not closed, oldest press first, each with its age on arrival."""
    return [HeldCall(row, press_age(store, row)) for row in store.open_calls()]


def press_age(store: Store, row: CallRow) -> Age:
    """Return how old a call's press was when it came."""
    station, spool, received_us = row.call_id.station, row.call_id.spool, row.received_utc_us
    moment = UNKNOWN
    if row.sent_boot != row.boot:
        moment = read_moment(store, station, spool, row.boot, row.t_us, received_us=received_us)
    return age_on_arrival(
        row.boot,
        row.t_us,
        sent_boot=row.sent_boot,
        sent_t_us=row.sent_t_us,
        received_utc_us=received_us,
        moment=moment,
    )
