"""The life of one call at the hub (core): every state, every input, and the one table of transitions.

What a call carries besides its state, and what each input does to it, is in `hub.calls.apply`. Source:
docs/calls.md, whose tables and diagram are made from these.
"""

from enum import Enum
from typing import Final

from contract.signals import HubCallState


class State(Enum):
    """How a call stands. The names are what the store keeps; the values what a reader of the log sees."""

    RECEIVED = "on disk"
    OFFERED = "shown on a console"
    RINGING = "sounding on a console"
    CLAIMED = "somebody's, whose page has not joined yet"
    CONNECTING = "picture and voice are being set up"
    ACTIVE = "both hear each other"
    DROPPED = "picture and voice broke off"
    HELD = "its owner is busy elsewhere for a moment"
    PARKED = "laid down for whoever takes it up"
    WRAP_UP = "talked, not yet written down"
    MISSED = "nobody answered"
    CALLBACK = "somebody owes the station a call"
    CALLING = "the hub rings the station"
    CANCELLED = "taken back by the station, not yet reviewed"
    CLOSED = "off the list, with a reason"


class Input(Enum):
    """What can happen to a call."""

    SHOWN = "a console shows it"
    SOUNDS = "a console confirms that it sounds"
    SILENT = "no console sounds any more"
    WIDEN = "the next rung is to answer too"
    DUE = "the time of its state is over"
    CLAIM = "an operator answers"
    JOINED = "the page of whoever speaks has joined"
    FLOWS = "packets come both ways"
    STALLED = "nothing has come for seconds"
    HOLD = "its owner lets it wait"
    RESUME = "its owner is back"
    PARK = "its owner lays it down"
    ABANDONED = "its owner has no page open any more"
    END = "its owner ends it"
    CANCEL = "the station takes it back"
    PRESSED_AGAIN = "the button was pressed again"
    PRESSED_LATE = "the press waited out an outage and is too old to ring"
    RAISED = "the button was held: an emergency"
    ASSIGN = "the rules give it to the owner of the list"
    TAKE = "an operator takes it upon himself"
    PROMISE = "its owner will call again"
    RING = "its owner calls the station"
    ACCEPTED = "the station accepts the ring"
    DECLINED = "the station does not accept the ring"
    CLOSE = "it is taken off the list, with a reason"
    TESTED = "it was a test of the button"
    PRACTICE_OVER = "a real press ends the practice"
    ASK = "its owner asks a colleague"
    ASK_OVER = "nobody has accepted, or the question is taken back"
    TRANSFERRED = "a colleague accepts to own it"
    HANDED_OVER = "the next shift accepts to own it"
    SECONDED = "a second person comes to it"
    INVITE = "its owner invites a doctor"
    GUEST = "an invitation is accepted, declined or over, or a guest leaves"
    TURN = "somebody else is to speak with the station"
    TOLD = "what became of a word to the outside"


WAITING: Final = (State.RECEIVED, State.OFFERED, State.RINGING)
ON_THE_LINE: Final = (State.CONNECTING, State.ACTIVE, State.DROPPED)  # its page is there, or was
ANSWERED: Final = (State.CLAIMED, *ON_THE_LINE, State.HELD)
LISTED: Final = (  # nobody waits at the station's end, and it is off no list
    State.WRAP_UP,
    State.MISSED,
    State.CALLBACK,
    State.CALLING,
    State.CANCELLED,
)
_OWNED: Final = (*ANSWERED, *(state for state in LISTED if state is not State.MISSED))  # can be somebody's
_CALLS_BACK: Final = (State.MISSED, State.CALLBACK)
_LAID_DOWN: Final = (State.WRAP_UP, State.CANCELLED, State.CLOSED)

TRANSITIONS: Final = {
    # ringing
    (State.RECEIVED, Input.SHOWN): State.OFFERED,
    **{(state, Input.SOUNDS): State.RINGING for state in (State.RECEIVED, State.OFFERED)},
    (State.RINGING, Input.SILENT): State.OFFERED,
    **{(state, Input.WIDEN): state for state in WAITING},
    **{(state, Input.DUE): State.MISSED for state in WAITING},
    **{(state, Input.CLAIM): State.CLAIMED for state in (*WAITING, State.PARKED, State.MISSED)},
    # talking
    (State.CLAIMED, Input.DUE): State.OFFERED,  # no page came: it rings again, for everybody
    **{(state, Input.JOINED): State.CONNECTING for state in (State.CLAIMED, State.CONNECTING)},
    **{(state, Input.JOINED): state for state in (State.ACTIVE, State.DROPPED)},  # reloaded: does it flow?
    (State.CONNECTING, Input.DUE): State.CONNECTING,  # the next way is tried
    **{(state, Input.FLOWS): State.ACTIVE for state in ON_THE_LINE},
    (State.ACTIVE, Input.STALLED): State.DROPPED,
    (State.DROPPED, Input.DUE): State.CALLBACK,
    **{(state, Input.HOLD): State.HELD for state in ON_THE_LINE},
    (State.HELD, Input.RESUME): State.CLAIMED,
    (State.HELD, Input.DUE): State.OFFERED,
    **{(state, Input.PARK): State.PARKED for state in (*ON_THE_LINE, State.HELD)},
    (State.PARKED, Input.DUE): State.OFFERED,
    **{(state, Input.ABANDONED): State.OFFERED for state in ANSWERED},  # the nurse must not wait for nobody
    **{(state, Input.END): State.WRAP_UP for state in ANSWERED},
    # together
    **{(state, Input.ASK): state for state in _OWNED},
    **{(state, Input.ASK_OVER): state for state in _OWNED},
    **{(state, Input.TRANSFERRED): State.CLAIMED for state in ANSWERED},
    **{(state, Input.SECONDED): state for state in ANSWERED},
    **{(state, Input.INVITE): state for state in ANSWERED},
    **{(state, Input.GUEST): state for state in ANSWERED},
    **{(state, Input.TURN): State.CONNECTING for state in ON_THE_LINE},
    **{(state, Input.HANDED_OVER): state for state in _OWNED if state not in ANSWERED},
    # by the button
    **{
        (state, Input.CANCEL): State.CANCELLED
        for state in (*WAITING, *ANSWERED, State.PARKED, *_CALLS_BACK, State.CALLING)
    },
    **{(state, Input.PRESSED_AGAIN): State.RECEIVED for state in (*_CALLS_BACK, State.PARKED, *_LAID_DOWN)},
    (State.CALLING, Input.PRESSED_AGAIN): State.CLAIMED,  # the button is how a ring is accepted
    **{(state, Input.PRESSED_LATE): State.CALLBACK for state in (State.RECEIVED, *_LAID_DOWN)},
    **{(state, Input.RAISED): state for state in (*WAITING, *ANSWERED)},
    **{
        (state, Input.RAISED): State.RECEIVED
        for state in (State.PARKED, *_CALLS_BACK, State.CALLING, *_LAID_DOWN)
    },
    **{(state, Input.TOLD): state for state in State if state is not State.CLOSED},
    # on the list
    (State.WRAP_UP, Input.DUE): State.WRAP_UP,  # its owner is reminded
    **{(state, Input.ASSIGN): State.CALLBACK for state in _CALLS_BACK},
    **{(state, Input.ASSIGN): state for state in (State.CANCELLED, State.WRAP_UP)},
    **{(state, Input.TAKE): State.CALLBACK for state in _CALLS_BACK},
    **{(state, Input.TAKE): state for state in (State.CANCELLED, State.WRAP_UP)},
    (State.WRAP_UP, Input.PROMISE): State.CALLBACK,
    (State.CALLBACK, Input.DUE): State.CALLBACK,  # overdue, and said so to more
    **{(state, Input.RING): State.CALLING for state in (State.CALLBACK, State.WRAP_UP, State.CANCELLED)},
    (State.CALLING, Input.ACCEPTED): State.CLAIMED,
    **{
        (State.CALLING, input_): State.CALLBACK
        for input_ in (Input.DECLINED, Input.DUE, Input.END, Input.ABANDONED)
    },
    **{(state, Input.CLOSE): State.CLOSED for state in (State.WRAP_UP, State.CALLBACK, State.CANCELLED)},
    # practice
    (State.RECEIVED, Input.TESTED): State.CLOSED,
    **{(state, Input.PRACTICE_OVER): State.CLOSED for state in State if state is not State.CLOSED},
}
CLOSED_STATES: Final = frozenset({State.CLOSED})
RINGING_STATES: Final = frozenset(WAITING)
ANSWERED_STATES: Final = frozenset(ANSWERED)
LIVE_STATES: Final = frozenset(
    {*WAITING, *ANSWERED, State.PARKED, State.CALLING}
)  # somebody waits: vitals flow

SIGNALLED_AS: Final[dict[State, HubCallState | None]] = {
    State.RECEIVED: None,  # the receipt has said so
    State.OFFERED: "offered",
    State.RINGING: "ringing",
    **dict.fromkeys((State.CLAIMED, *ON_THE_LINE), "claimed"),
    State.HELD: "held",
    State.PARKED: "held",
    State.WRAP_UP: "ended",
    State.MISSED: "missed",
    State.CALLBACK: "callback",
    State.CALLING: "callback",
    State.CANCELLED: "cancelled",
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
