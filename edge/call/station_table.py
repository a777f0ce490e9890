"""How the station's call stands, what can happen to it, and the one table of transitions (core).

Source: docs/calls.md, whose part of the station is made from this.
"""

from enum import Enum
from typing import Final, Literal

from contract.signals import HubCallState


class State(Enum):
    """What the nurse may rely on."""

    IDLE = "no call is open"
    REGISTERED = "registered: on disk here"
    KEPT = "kept safe here: no word of the hub"
    AT_HUB = "at the hub: on disk there"
    RINGING = "ringing: a console on duty has confirmed that it sounds"
    CLAIMED = "answered: a person has it"
    HELD = "held: who has it asks to wait"
    NO_WORD = "at the hub, which has said nothing for long: nobody can be heard"
    CHIMING = "the hub calls the station"


class Input(Enum):
    """What can happen to a call."""

    PRESS = "a press is stored"
    REAL_PRESS = "a press is stored, and the open call is practice"
    OVERDUE = "the hub's word is overdue: five seconds after the press, or 15 after its last one"
    LINK_CAME = "the link is back"
    RECEIPT = "the hub has the press on disk"
    HUB_RINGING = "the hub says that it rings"
    HUB_CLAIMED = "the hub says that it is answered"
    HUB_HELD = "the hub says that it is held"
    HUB_WAITS = "the hub says that nobody has it yet"
    HUB_ENDED = "the hub says that it is over"
    HUB_ADOPTED = "the hub says that this nudge is the call now"
    HUB_CALLS = "the hub calls the station"
    RING_OVER = "the hub's ring is over or declined"
    RAISE = "the button is held for two seconds"
    CANCEL = "the nurse cancels"


OWED: Final = (State.REGISTERED, State.KEPT)  # the hub may not have it
WAITING: Final = (*OWED, State.AT_HUB, State.NO_WORD)  # neither ringing nor answered, for all we know
ANSWERED: Final = (State.CLAIMED, State.HELD)
REPEATED: Final = (State.RINGING, *ANSWERED)  # true while the hub says it again, every five seconds
OPEN: Final = (*WAITING, *REPEATED)
CLOSED: Final = (State.IDLE, State.CHIMING)
TRANSITIONS: Final[dict[tuple[State, Input], State]] = {
    **{(state, Input.PRESS): State.REGISTERED for state in CLOSED},
    **{(state, Input.PRESS): state for state in OPEN},  # a nudge
    **{(state, Input.REAL_PRESS): State.REGISTERED for state in OPEN},  # the practice is left behind
    (State.REGISTERED, Input.OVERDUE): State.KEPT,
    **{(state, Input.OVERDUE): State.NO_WORD for state in REPEATED},
    **{(state, Input.LINK_CAME): state for state in State},
    (State.KEPT, Input.LINK_CAME): State.REGISTERED,
    **{(state, Input.RECEIPT): State.AT_HUB for state in OWED},
    **{(state, Input.RECEIPT): state for state in OPEN if state not in OWED},
    **{(state, Input.HUB_RINGING): State.RINGING for state in OPEN},  # also when who had it let go
    **{(state, Input.HUB_CLAIMED): State.CLAIMED for state in OPEN},
    **{(state, Input.HUB_HELD): State.HELD for state in OPEN},
    **{(state, Input.HUB_WAITS): State.AT_HUB for state in OPEN},
    **{(state, Input.HUB_ENDED): State.IDLE for state in OPEN},
    **{(state, Input.HUB_ADOPTED): State.AT_HUB for state in State},
    **{(state, Input.HUB_CALLS): State.CHIMING for state in CLOSED},
    # within an open call; whoever is on the line is not rung for
    **{(state, Input.HUB_CALLS): state for state in OPEN if state not in ANSWERED},
    (State.CHIMING, Input.RING_OVER): State.IDLE,
    **{(state, Input.RING_OVER): state for state in OPEN},
    **{
        (state, Input.RAISE): State.REGISTERED for state in CLOSED
    },  # its call was over within the two seconds
    **{(state, Input.RAISE): state for state in OPEN},
    **{(state, Input.CANCEL): State.IDLE for state in OPEN},
}
HUB_INPUTS: Final[dict[HubCallState, Input]] = {
    "offered": Input.HUB_WAITS,
    "ringing": Input.HUB_RINGING,
    "claimed": Input.HUB_CLAIMED,
    "held": Input.HUB_HELD,
    "missed": Input.HUB_WAITS,
    "callback": Input.HUB_WAITS,
    "ended": Input.HUB_ENDED,
    "cancelled": Input.HUB_ENDED,
}
Step = Literal["kept", "at the hub", "ringing", "claimed", "held", "cancelled", "ended"]
STEPS: Final[dict[State, Step]] = {
    State.KEPT: "kept",
    State.NO_WORD: "kept",  # what the nurse sees is the same: no link, and the call is safe
    State.AT_HUB: "at the hub",
    State.RINGING: "ringing",
    State.CLAIMED: "claimed",
    State.HELD: "held",
    State.IDLE: "ended",
}
