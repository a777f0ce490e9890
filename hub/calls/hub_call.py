"""The life of one call at the hub (core). Every transition is in the table. Source: docs/calls.md."""

from enum import Enum
from typing import Final

from contract.signals import HubCallState

RING_LIMIT_S: Final = 120.0  # unanswered that long, it is missed and goes to the list of callbacks


class State(Enum):
    """How a call stands. The names are what the store keeps; the values what a reader of the log sees."""

    RECEIVED = "on disk"
    OFFERED = "shown on a console"
    RINGING = "sounding on a console"
    CLAIMED = "owned by one operator"
    MISSED = "nobody answered"
    CALLBACK = "somebody owes the station a call"
    CANCELLED = "taken back by the station, not yet reviewed"
    ENDED = "over"
    CLOSED = "off the list, with a reason"


class Input(Enum):
    """What can happen to a call."""

    SHOWN = "a console shows it"
    SOUNDS = "a console confirms that it sounds"
    SILENT = "no console sounds any more"
    CLAIM = "an operator answers"
    END = "its owner ends it"
    CANCEL = "the station takes it back"
    HANG_UP = "the station ends it"
    DEADLINE = "nobody answered in time"
    PRESSED_LATE = "the press waited out an outage and is too old to ring"
    PRESSED_AGAIN = "the button was pressed again"
    ABANDONED = "its owner has no page open any more"
    TAKE = "an operator takes the callback upon himself"
    CLOSE = "an operator takes it off the list"


_WAITING: Final = (State.RECEIVED, State.OFFERED, State.RINGING)
_LAID_DOWN: Final = (State.CANCELLED, State.ENDED, State.CLOSED)  # nobody is asked to do anything quickly

TRANSITIONS: Final = {
    (State.RECEIVED, Input.SHOWN): State.OFFERED,
    **{(state, Input.SOUNDS): State.RINGING for state in (State.RECEIVED, State.OFFERED)},
    (State.RINGING, Input.SILENT): State.OFFERED,
    **{(state, Input.CLAIM): State.CLAIMED for state in (*_WAITING, State.MISSED)},
    **{(state, Input.DEADLINE): State.MISSED for state in _WAITING},
    **{
        (state, Input.CANCEL): State.CANCELLED
        for state in (*_WAITING, State.CLAIMED, State.MISSED, State.CALLBACK)
    },
    **{(state, Input.HANG_UP): State.CANCELLED for state in (*_WAITING, State.MISSED)},
    **{(State.CLAIMED, input_): State.ENDED for input_ in (Input.END, Input.HANG_UP)},
    (State.CLAIMED, Input.ABANDONED): State.OFFERED,  # which the station is told: nobody has it now
    **{(state, Input.TAKE): State.CALLBACK for state in (State.MISSED, State.CALLBACK)},
    **{(state, Input.CLOSE): State.CLOSED for state in (State.CALLBACK, State.CANCELLED)},
    **{(state, Input.PRESSED_AGAIN): State.RECEIVED for state in (State.MISSED, State.CALLBACK, *_LAID_DOWN)},
    **{(state, Input.PRESSED_LATE): State.CALLBACK for state in (State.RECEIVED, *_LAID_DOWN)},
}
CLOSED_STATES: Final = frozenset({State.ENDED, State.CLOSED})
RINGING_STATES: Final = frozenset(_WAITING)
LIVE_STATES: Final = frozenset(
    {*_WAITING, State.CLAIMED}
)  # a person waits: vitals flow, the lamp is told again
OWNED_BY_INPUT: Final = frozenset({Input.CLAIM, Input.TAKE})  # whoever gives it becomes the owner
DISOWNED_BY_INPUT: Final = frozenset(  # anybody may answer
    {Input.PRESSED_AGAIN, Input.PRESSED_LATE, Input.ABANDONED}
)

SIGNALLED_AS: Final[dict[State, HubCallState | None]] = {
    State.RECEIVED: None,  # the receipt has said so
    State.OFFERED: "offered",
    State.RINGING: "ringing",
    State.CLAIMED: "claimed",
    State.MISSED: "missed",
    State.CALLBACK: "callback",
    State.CANCELLED: "cancelled",
    State.ENDED: "ended",
    State.CLOSED: "ended",
}


class IllegalInputError(Exception):
    """Not possible in this state; nothing changed. From a peer: count and ignore. From us: a bug."""


def next_state(state: State, input_: Input) -> State:
    """Return the state after `input_`. Raises IllegalInputError."""
    try:
        return TRANSITIONS[state, input_]
    except KeyError:
        raise IllegalInputError(f"{input_.name} in {state.name}") from None


def next_owner(owner: str | None, input_: Input, by: str | None) -> str | None:
    """Return whose call it is after a legal `input_` of operator `by` (None: the station or a clock)."""
    if input_ in OWNED_BY_INPUT:
        return by
    return None if input_ in DISOWNED_BY_INPUT else owner


def next_deadline_s(
    before: State | None, after: State, *, deadline_s: float | None, now_s: float
) -> float | None:
    """Return when to give `DEADLINE`, None for never; `before` None: from the store, or just pressed.

    A hub that restarts begins the time anew: while it was away nobody could answer.
    """
    if after not in RINGING_STATES:
        return None
    return deadline_s if before in RINGING_STATES else now_s + RING_LIMIT_S
