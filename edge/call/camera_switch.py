"""Whether the nurse allows the camera (core): her wish lasts for the call; the next call begins allowed.

A second button on the board, held for HOLD_S and let go, turns the wish over; so does a command.
"""

from typing import Final

from firmware_bridge.events import CameraButton

HOLD_S: Final = 1.0  # a sleeve that brushes the button closes no camera


class CameraSwitch:
    """The wish of now."""

    def __init__(self) -> None:
        self.is_allowed = True
        self._down: CameraButton | None = None

    def next_call(self) -> None:
        """Another call: what was wished in the one before is over."""
        self.is_allowed, self._down = True, None

    def button(self, event: CameraButton) -> bool:
        """The button moved; return whether that has changed the wish.

        The board's own times count: a frame that came late makes no long press of a short one.
        """
        if event.is_down:
            self._down = event
            return False
        down, self._down = self._down, None
        if down is None or (down.uid, down.board_boot) != (event.uid, event.board_boot):
            return False
        if event.box_t_us - down.box_t_us < HOLD_S * 1e6:
            return False
        self.is_allowed = not self.is_allowed
        return True
