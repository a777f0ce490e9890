"""The way into the board's boot loader: streams off, then one request. Every step is in TRANSITIONS.

It is asked for once; nothing repeats it by itself. Source: docs/board-link.md, "Boot loader".
"""

from enum import Enum
from typing import Final

from firmware_bridge.board.commands import Attempt, CommandIds, Due, failure_of
from firmware_bridge.board.messages import EnterBootloader
from firmware_bridge.errors import IllegalInputError
from firmware_bridge.events import CommandFailure

State = Enum("State", "IDLE QUIETING ASKING")
Input = Enum("Input", "WISH QUIET DONE FAILED")
TRANSITIONS: Final[dict[tuple[State, Input], State]] = {
    (State.IDLE, Input.WISH): State.QUIETING,  # the streams are being stopped
    (State.QUIETING, Input.QUIET): State.ASKING,
    (State.QUIETING, Input.FAILED): State.IDLE,
    (State.ASKING, Input.DONE): State.IDLE,  # the board is on its way
    (State.ASKING, Input.FAILED): State.IDLE,
}


class BootloaderEntry:
    """One request at a time."""

    def __init__(self, ids: CommandIds) -> None:
        self._ids = ids
        self.state = State.IDLE
        self.uid = bytes(8)  # of the board that is meant
        self._attempt: Attempt | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether somebody waits for an answer."""
        return self.state is not State.IDLE

    @property
    def waits_for_quiet(self) -> bool:
        """Whether the streams must be off before anything is asked."""
        return self.state is State.QUIETING

    def wish(self, uid: bytes) -> None:
        """Begin; the caller stops the streams. Raises IllegalInputError: one is under way."""
        self._handle(Input.WISH)
        self.uid = uid

    def ask(self, *, now_s: float) -> None:
        """The streams are off: ask the board. Raises IllegalInputError: nobody wished it."""
        self._handle(Input.QUIET)
        self._attempt = Attempt.begin(self._ids, now_s=now_s)

    def fail(self) -> None:
        """It cannot be. Raises IllegalInputError: nobody wished it."""
        self._handle(Input.FAILED)

    def on_answer(self, command_id: int, code: int | None) -> CommandFailure | bool:
        """The board answered: True, it goes; False, the answer is none of ours; else why it does not go."""
        if self._attempt is None or not self._attempt.is_answered_by(command_id):
            return False
        why = failure_of(code)
        self._handle(Input.DONE if why is None else Input.FAILED)
        return True if why is None else why

    @property
    def next_wake_s(self) -> float | None:
        """When `due` has something to say."""
        return None if self._attempt is None else self._attempt.due_s

    def due(self, *, now_s: float) -> tuple[EnterBootloader, bool] | CommandFailure | None:
        """Return the request to send now with whether it is a retransmission, or that it was given up."""
        step = Due.NOTHING if self._attempt is None else self._attempt.step(now_s=now_s)
        if self._attempt is None or step is Due.NOTHING:
            return None
        if step is Due.GIVING_UP:
            self._handle(Input.FAILED)
            return CommandFailure.UNANSWERED
        return EnterBootloader.of(self.uid, self._attempt.command_id), self._attempt.is_repeated

    def _handle(self, input_: Input) -> None:
        after = TRANSITIONS.get((self.state, input_))
        if after is None:
            raise IllegalInputError(f"{input_.name} in {self.state.name} of the boot loader")
        self.state = after
        self._attempt = None
