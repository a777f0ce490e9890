"""Commands to the board: each has a number, is repeated until it is answered, given up after ten seconds.

Outputs, streams and the boot loader share numbers and patience. Source: docs/board-link.md, "Commands".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from firmware_bridge.board.messages import AnswerCode
from firmware_bridge.events import CommandFailure

RESEND_S: Final = 0.2
GIVE_UP_S: Final = 10.0
IDS_PER_S: Final = 10  # more than are ever sent: a later process starts above what an earlier one used
_FAILURES: Final[dict[int, CommandFailure]] = {
    AnswerCode.UNKNOWN_OUTPUT: CommandFailure.UNKNOWN_OUTPUT,
    AnswerCode.UNKNOWN_PATTERN: CommandFailure.UNKNOWN_PATTERN,
    AnswerCode.REFUSED: CommandFailure.REFUSED,
    AnswerCode.UNKNOWN_STREAM: CommandFailure.UNKNOWN_STREAM,
    AnswerCode.UNKNOWN_RATE: CommandFailure.UNKNOWN_RATE,
}


def failure_of(code: int | None) -> CommandFailure | None:
    """Return why a command was not carried out; None: it was. `code` None: the board could not read it."""
    if code == AnswerCode.DONE:
        return None
    return CommandFailure.UNREADABLE if code is None else _FAILURES.get(code, CommandFailure.REFUSED)


class CommandIds:
    """Numbers 1 … 65535 in turn. The board takes a number that it knows of this boot for a repetition."""

    def __init__(self) -> None:
        self._last = 0

    def next(self, *, now_s: float) -> int:
        """Return the next number; the first comes from the clock, for a process before us used others."""
        if not self._last:
            self._last = int(now_s * IDS_PER_S) % 0xFFFF
        self._last = self._last % 0xFFFF + 1
        return self._last


class Due(Enum):
    """What an attempt wants now."""

    NOTHING = "wait"
    SENDING = "send it, or send it again"
    GIVING_UP = "nobody answers"


@dataclass(slots=True)
class Attempt:
    """One command under way. `due_s`: the next sending; None when it was answered or given up."""

    command_id: int
    since_s: float
    due_s: float | None
    is_repeated: bool = False  # what `step` told to send is a retransmission

    @classmethod
    def begin(cls, ids: CommandIds, *, now_s: float) -> "Attempt":
        """Number a command that is to be sent now."""
        return cls(ids.next(now_s=now_s), since_s=now_s, due_s=now_s)

    def step(self, *, now_s: float) -> Due:
        """Return what to do now; after GIVING_UP there is nothing left to do."""
        if self.due_s is None or now_s < self.due_s:
            return Due.NOTHING
        if now_s - self.since_s >= GIVE_UP_S:
            self.due_s = None
            return Due.GIVING_UP
        self.is_repeated = self.due_s > self.since_s
        self.due_s = now_s + RESEND_S
        return Due.SENDING

    def is_answered_by(self, command_id: int) -> bool:
        """Take an answer; True: it was the one that this attempt waited for."""
        if self.due_s is None or command_id != self.command_id:
            return False
        self.due_s = None
        return True


def earliest_s(due_s: Iterable[float | None]) -> float | None:
    """Return the first of some deadlines; None: there is none."""
    return min((one_s for one_s in due_s if one_s is not None), default=None)
