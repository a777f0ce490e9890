"""When a call button has been held for HOLD_S, and on for HELD_ON_S: told once a press, and only on evidence
(core).

Time alone is none: where the word that the button came up is lost, a short press would become an emergency
for ever. What counts is that the button is *seen* down that long after its press (a heartbeat's level, the
contact's own), or a release that says itself when it was. An UP in a heartbeat is neither: the release that
says when may still come. A button that was down when it was first read is held by nobody: it may be jammed.
"""

from typing import Final

from firmware_bridge.events import ButtonHeld, ButtonHeldOn, PressIdentity

HOLD_S: Final = 2.0
HELD_ON_S: Final = 10.0
_STAGES: Final = ((HOLD_S, ButtonHeld), (HELD_ON_S, ButtonHeldOn))  # in the order of their time


class Hold:
    """The hold of the latest press of one button. Times are the box's CLOCK_BOOTTIME in microseconds."""

    def __init__(self) -> None:
        self._press: PressIdentity | None = None
        self._down_us = 0
        self._told = len(_STAGES)  # stages

    def pressed(self, press: PressIdentity, *, at_us: int, is_known_since: bool) -> None:
        """The button went down at `at_us`; `is_known_since` False: it was found down, since whenever."""
        if press != self._press:
            self._press, self._down_us, self._told = press, at_us, 0
        self._down_us = min(self._down_us, at_us)
        if not is_known_since:
            self._told = len(_STAGES)

    def seen_down(self, press: PressIdentity, *, at_us: int) -> list[ButtonHeld | ButtonHeldOn]:
        """The button was down at `at_us`; of a press that nobody has told of, from then on."""
        if press != self._press:
            self.pressed(press, at_us=at_us, is_known_since=True)
        return self._held(at_us)

    def released(self, press: PressIdentity, *, at_us: int) -> list[ButtonHeld | ButtonHeldOn]:
        """The button came up, and this is when."""
        return self._held(at_us) if press == self._press else []

    @property
    def due_us(self) -> int | None:
        """When the next is to be told, should it still be down; None: all is told, or never pressed."""
        if self._press is None or self._told == len(_STAGES):
            return None
        return self._down_us + round(_STAGES[self._told][0] * 1e6)

    def _held(self, at_us: int) -> list[ButtonHeld | ButtonHeldOn]:
        held: list[ButtonHeld | ButtonHeldOn] = []
        while self._press is not None and (due_us := self.due_us) is not None and at_us >= due_us:
            held.append(_STAGES[self._told][1](*self._press, at_us))
            self._told += 1
        return held
