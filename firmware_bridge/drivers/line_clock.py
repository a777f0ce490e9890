"""Lost lines by the clock of an instrument that sends one a second (core). Not a driver.

One digit that was damaged without anybody noticing must not make an hour of lost lines: a clock that is not
where it should be is believed beside visible damage, or once the next line agrees with it.
"""

from typing import Final

LOST_MAX: Final = 60  # more: the clock was set, or the instrument was away, which the bridge sees by itself


class LineClock:
    """Follows the seconds that an instrument tells, one line a second."""

    def __init__(self) -> None:
        self._due: int | None = None  # the second that the next line should tell
        self._rumour: int | None = None  # or this one, if the line before it told the truth

    def lost_before(self, second: int, *, is_damaged: bool) -> int | None:
        """Return how many lines are missing before this one; None: the clock cannot say. `is_damaged`: there
        was damage between this line and the one before it."""
        due, rumour = self._due, self._rumour
        self._due, self._rumour = second + 1, None
        if due is None:
            return 0
        missing = second - due
        if missing == 0:
            return 0
        if is_damaged:
            return missing if 0 < missing <= LOST_MAX else None
        if second == rumour:
            return missing if 0 < missing <= LOST_MAX else 0
        self._due, self._rumour = due + 1, second + 1
        return 0
