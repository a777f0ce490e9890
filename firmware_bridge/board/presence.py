"""Whether a board is there: every change of state is in TRANSITIONS, none elsewhere.

Source: docs/board-link.md, "The host's side".
"""

from enum import Enum
from typing import Final

from firmware_bridge.errors import IllegalInputError

State = Enum("State", "CLOSED WAITING CONNECTED SILENT LOST")
Input = Enum("Input", "OPEN CLOSE HELLO HEARTBEAT STRANGER DEADLINE")
_OPEN: Final = (State.WAITING, State.CONNECTED, State.SILENT, State.LOST)
TRANSITIONS: Final[dict[tuple[State, Input], State]] = {
    (State.CLOSED, Input.OPEN): State.WAITING,
    **{(s, Input.CLOSE): State.CLOSED for s in _OPEN},
    **{(s, Input.HELLO): State.CONNECTED for s in _OPEN},
    **{(s, Input.STRANGER): State.WAITING for s in _OPEN},  # a frame of a boot without a HELLO
    (State.CONNECTED, Input.HEARTBEAT): State.CONNECTED,
    (State.SILENT, Input.HEARTBEAT): State.CONNECTED,
    (State.WAITING, Input.HEARTBEAT): State.WAITING,
    (State.LOST, Input.HEARTBEAT): State.WAITING,  # it introduces itself again
    (State.CONNECTED, Input.DEADLINE): State.SILENT,
    (State.SILENT, Input.DEADLINE): State.LOST,
    (State.WAITING, Input.DEADLINE): State.LOST,
}
SILENCE_S: Final = 1.5  # three heartbeats: a warning
LOSS_S: Final = 5.0


class Presence:
    """The state of one port and the board behind it. The caller wakes at `deadline_s`."""

    def __init__(self) -> None:
        self.state = State.CLOSED
        self.deadline_s: float | None = None

    def handle(self, input_: Input, *, now_s: float) -> State:
        """Apply one input. Raises IllegalInputError: not in this state; nothing changed."""
        after = TRANSITIONS.get((self.state, input_))
        if after is None:
            raise IllegalInputError(f"{input_.name} in {self.state.name}")
        before, self.state = self.state, after
        if after is State.CONNECTED:
            self.deadline_s = now_s + SILENCE_S
        elif after is State.SILENT:
            self.deadline_s = now_s + LOSS_S - SILENCE_S
        elif after is not State.WAITING:
            self.deadline_s = None
        elif before is not State.WAITING:  # strangers that keep talking do not put it off
            self.deadline_s = now_s + LOSS_S
        return after

    def is_due(self, *, now_s: float) -> bool:
        """Whether the deadline has come."""
        return self.deadline_s is not None and now_s >= self.deadline_s
