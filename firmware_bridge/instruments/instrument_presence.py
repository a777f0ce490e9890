"""Whether an instrument is there: every change of state is in TRANSITIONS, none elsewhere (core)."""

from enum import Enum
from typing import Final

from firmware_bridge.errors import IllegalInputError

State = Enum("State", "CLOSED LISTENING CONNECTED SILENT")
Input = Enum("Input", "OPEN CLOSE FRAMES DEADLINE")
_OPEN: Final = (State.LISTENING, State.CONNECTED, State.SILENT)
TRANSITIONS: Final[dict[tuple[State, Input], State]] = {
    (State.CLOSED, Input.OPEN): State.LISTENING,
    (State.LISTENING, Input.OPEN): State.LISTENING,  # the same port with another line
    (State.SILENT, Input.OPEN): State.SILENT,
    **{(s, Input.FRAMES): State.CONNECTED for s in _OPEN},
    (State.LISTENING, Input.DEADLINE): State.SILENT,
    (State.CONNECTED, Input.DEADLINE): State.SILENT,
    **{(s, Input.CLOSE): State.CLOSED for s in _OPEN},
}


def after(state: State, input_: Input) -> State:
    """Return the state that follows. Raises IllegalInputError: not in this state."""
    following = TRANSITIONS.get((state, input_))
    if following is None:
        raise IllegalInputError(f"{input_.name} while {state.name}")
    return following
