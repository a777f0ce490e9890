"""The simulated board's memory of commands: each is carried out once and answered each time. Pure."""

from collections.abc import Callable
from typing import Final

from firmware_bridge.board.messages import AnswerCode, OutputRsp

REMEMBERED: Final = 16  # the latest commands of this boot


class Answers:
    """What was answered to the latest commands."""

    def __init__(self) -> None:
        self._known: dict[int, OutputRsp] = {}

    def once(self, command_id: int, carry_out: Callable[[], AnswerCode]) -> OutputRsp:
        """Return the answer to a command, carried out now unless it was before."""
        answer = self._known.get(command_id)
        if answer is None:
            answer = OutputRsp(command_id, carry_out(), 0)
            self._known[command_id] = answer
            while len(self._known) > REMEMBERED:
                del self._known[next(iter(self._known))]
        return answer

    def forget(self) -> None:
        """A reset: the numbers mean nothing any more."""
        self._known.clear()
