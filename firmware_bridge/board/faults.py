"""Faults of the board itself: a button that cannot be trusted, a board that keeps restarting."""

from collections import deque
from typing import Final

from firmware_bridge.board.messages import ButtonState, Heartbeat
from firmware_bridge.events import ButtonFaultKind

RESETS_ALARM_COUNT: Final = 3
RESETS_ALARM_S: Final = 600.0
_LOOP_FAULTS: Final[dict[int, ButtonFaultKind]] = {
    ButtonState.LOOP_OPEN: ButtonFaultKind.LOOP_OPEN,
    ButtonState.LOOP_SHORT: ButtonFaultKind.LOOP_SHORT,
}


def button_fault(beat: Heartbeat) -> ButtonFaultKind | None:
    """Return what a heartbeat says is wrong with the button; None: nothing."""
    stuck = ButtonFaultKind.STUCK if beat.flags & Heartbeat.STUCK else None
    return _LOOP_FAULTS.get(beat.button, stuck)


class ResetWatch:
    """Tells when a board restarts too often."""

    def __init__(self) -> None:
        self.reset_count = 0
        self._recent_s: deque[float] = deque(maxlen=RESETS_ALARM_COUNT)

    def on_reset(self, *, now_s: float) -> bool:
        """Count one restart; True: the third within ten minutes. The next alarm needs three more."""
        self.reset_count += 1
        self._recent_s.append(now_s)
        is_alarm = len(self._recent_s) == RESETS_ALARM_COUNT and now_s - self._recent_s[0] <= RESETS_ALARM_S
        if is_alarm:
            self._recent_s.clear()
        return is_alarm
