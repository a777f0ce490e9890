"""The life of one alert. Every transition is in the table, none elsewhere (core)."""

from enum import Enum
from typing import Final


class State(Enum):
    """Where an alert stands. Whether it still is so is another matter: see `Alert.calm_s`."""

    RAISED = "it is so, and nobody owns it"
    ESCALATED = "nobody owns it, and somebody outside was told"
    ACKNOWLEDGED = "somebody owns it, until a time"
    CLEARED = "it is over, or is part of another alert"


class Input(Enum):
    """What may happen to it."""

    RAISE = "a rule has held for as long as it says"
    CALM = "it is not so any more; whether it stays so is waited for"
    AGAIN = "it is so again before it was closed: the same alert, counted"
    WORSE = "it is of the worse severity now"
    JOINED = "it befalls another station of the unit"
    LEFT = "it is over at one of its stations"
    ACKNOWLEDGE = "somebody owns it, with a note, until a time"
    RELEASE = "its owner gives it back"
    LAPSE = "the time until which it was owned is over, and it is still so"
    QUIET = "maintenance begins: it is kept, and nobody is told"
    LOUD = "maintenance is over"
    ESCALATE = "nobody owns it for as long as the rule says: the next rung is told"
    TOLD = "what became of a word to the outside"
    CLEAR = "it has been over for as long as the rule says"
    GATHERED = "all of its unit is so: one alert in place of many"


OPEN: Final = (State.RAISED, State.ESCALATED, State.ACKNOWLEDGED)
_UNOWNED: Final = (State.RAISED, State.ESCALATED)
_STAYS: Final = (Input.CALM, Input.AGAIN, Input.JOINED, Input.LEFT, Input.QUIET, Input.LOUD, Input.TOLD)

TRANSITIONS: Final = {
    **{(state, input_): state for state in OPEN for input_ in _STAYS},
    **{(state, Input.ACKNOWLEDGE): State.ACKNOWLEDGED for state in OPEN},
    **{(State.ACKNOWLEDGED, input_): State.RAISED for input_ in (Input.RELEASE, Input.LAPSE)},
    **{(state, Input.WORSE): State.RAISED for state in OPEN},  # it breaks through whoever owned it
    **{(state, Input.ESCALATE): State.ESCALATED for state in _UNOWNED},
    **{(state, input_): State.CLEARED for state in OPEN for input_ in (Input.CLEAR, Input.GATHERED)},
}


class IllegalInputError(Exception):
    """Not possible in this state; nothing changed."""


def next_state(state: State, input_: Input) -> State:
    """Return the state after `input_`. Raises IllegalInputError."""
    try:
        return TRANSITIONS[state, input_]
    except KeyError:
        raise IllegalInputError(f"{input_.name} in {state.name}") from None
