"""By which port the box comes to its hub (core): the ordinary one, or the one for everything.

The one that worked last is tried first. After a try that led nowhere it is looked which of the two opens at
all, the same one first; one that opened and led nowhere loses its turn. A box that came by the port for
everything looks every now and then whether the ordinary one leads to the hub again, and goes back then. Each
time that this was too early it waits longer: whoever changes ports again and again has no connection.
"""

from math import inf
from typing import Final

LOOK_FIRST_S: Final = 60.0  # after it came to the front
LOOK_MAX_S: Final = 3_600.0  # 5 kB an hour
HELD_S: Final = 1_800.0  # so long at the ordinary port: going back was right


class Doors:
    """Of one box. `front` None: there is the ordinary port alone. `last`: by which it came before this."""

    def __init__(self, ordinary: int, front: int | None, *, last: int | None = None) -> None:
        self._ordinary, self._front = ordinary, front
        self.last = last if last in (ordinary, front) else None  # by which it came last
        self._wanted = self.last or ordinary
        self._is_in_doubt = self.last is None
        self._led_nowhere: int | None = None
        self._look_at_s, self._look_wait_s, self._went_back_s = inf, LOOK_FIRST_S, -inf

    def order(self) -> tuple[int, ...]:
        """Return by which port to try; or both: then it is to be looked which of them opens."""
        other = self._ordinary if self._wanted == self._front else self._front
        if other is None or not self._is_in_doubt:
            return (self._wanted,)
        return (other, self._wanted) if self._led_nowhere == self._wanted else (self._wanted, other)

    def on_up(self, port: int, *, now_s: float) -> None:
        """The broker took us at this port."""
        self._is_in_doubt, self._led_nowhere = False, None
        self.last = self._wanted = port
        if port != self._front:
            self._look_at_s = inf
        elif self._look_at_s == inf:
            has_held = now_s - self._went_back_s > HELD_S
            self._look_wait_s = LOOK_FIRST_S if has_held else min(LOOK_MAX_S, 2 * self._look_wait_s)
            self._look_at_s = now_s + self._look_wait_s

    def on_failed(self, port: int, *, was_open: bool) -> None:
        """A try led nowhere, or a connection ended on which the hub was not heard. `was_open`: something took
        us up there.
        """
        self._is_in_doubt, self._led_nowhere = True, port if was_open else None

    def look_in_s(self, *, now_s: float) -> float | None:
        """Return in how many seconds to look at the ordinary port; None: there is nothing to look for."""
        return None if self._look_at_s == inf else max(0.0, self._look_at_s - now_s)

    def on_looked(self, *, leads_to_hub: bool, now_s: float) -> None:
        """The ordinary port was looked at: the next try is there, or it is looked again, ever more seldom."""
        if leads_to_hub:
            self._wanted, self._look_at_s, self._went_back_s = self._ordinary, inf, now_s
        else:
            self._look_wait_s = min(LOOK_MAX_S, 2 * self._look_wait_s)
            self._look_at_s = now_s + self._look_wait_s
