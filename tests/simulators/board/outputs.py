"""The simulated board's lamps and buzzer: what the nurse sees and hears. Pure."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from firmware_bridge.board.messages import AnswerCode, Output, OutputId, OutputPattern
from tests.simulators.board.button import EventRing

OWN_LAMP_S: Final = 10.0  # how long the board itself shows "registered" or "seen"


class Lamp(NamedTuple):
    """What an output does now; `by`: "host", "board", or "" when it is off."""

    pattern: OutputPattern
    level: int
    by: str


DARK: Final = Lamp(OutputPattern.OFF, 0, "")
NOT_DELIVERED: Final = Lamp(OutputPattern.DOUBLE_FLASH, 255, "board")
REGISTERED: Final = Lamp(OutputPattern.SLOW_BLINK, 255, "board")
SEEN: Final = Lamp(OutputPattern.STEADY, 255, "board")


@dataclass(frozen=True, slots=True)
class _Driven:
    pattern: OutputPattern
    level: int
    until_s: float


class Outputs:
    """Commands of the host, each until its ttl ends; what is not commanded the board decides."""

    def __init__(self, ring: EventRing) -> None:
        self._ring = ring
        self._driven: dict[OutputId, _Driven] = {}

    def restart(self) -> None:
        """A reset turns everything off."""
        self._driven.clear()

    def lamp(self, output: OutputId, *, now_s: float) -> Lamp:
        """Return what an output does now."""
        driven = self._driven.get(output)
        is_driven = driven is not None and now_s < driven.until_s
        if driven and is_driven and driven.pattern is not OutputPattern.OFF:
            return Lamp(driven.pattern, driven.level, "host")
        if output is OutputId.STATUS_LED:
            return DARK
        if self._ring.is_undelivered(now_s=now_s):
            return NOT_DELIVERED
        if is_driven:  # the host lives and says off
            return DARK
        if output is OutputId.CALL_LED:
            if self._ring.shown_s is not None and now_s - self._ring.shown_s < OWN_LAMP_S:
                return SEEN
            if self._ring.delivered_s is not None and now_s - self._ring.delivered_s < OWN_LAMP_S:
                return REGISTERED
        return DARK

    def carry_out(self, command: Output, *, now_s: float) -> AnswerCode:
        """Drive an output as the host says."""
        if command.output not in list(OutputId):
            return AnswerCode.UNKNOWN_OUTPUT
        if command.pattern not in list(OutputPattern):
            return AnswerCode.UNKNOWN_PATTERN
        until_s = now_s + command.ttl_ms / 1000
        self._driven[OutputId(command.output)] = _Driven(
            OutputPattern(command.pattern), command.level, until_s
        )
        return AnswerCode.DONE
