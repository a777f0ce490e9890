"""A call button that hangs on the box itself: edges in, presses out (core).

The first edge counts at once; bouncing after it does not. A press has an identity as our board's presses
have: (uid of the button, boot of the box, count in that boot), so that the same one is never two calls.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from firmware_bridge.events import (
    ButtonFault,
    ButtonFaultKind,
    ButtonPressed,
    ButtonReleased,
    Event,
    PressIdentity,
    PressKind,
)
from firmware_bridge.hold import Hold

RELEASE_STABLE_S: Final = 0.05  # up for so long: released, and the next edge down is another press
STUCK_S: Final = 30.0
NEVER_S: Final = float("inf")
UID_BYTES: Final = 8


class Edge(NamedTuple):
    """The contact closed or opened, `age_s` ago."""

    is_down: bool
    age_s: float


def uid_of(place: str) -> bytes:
    """Return the button's part of a press's identity, from where it hangs: the same at each start."""
    return hashlib.sha256(place.encode()).digest()[:UID_BYTES]


class Contact:
    """One button. `now_s` is CLOCK_BOOTTIME; call `tick` no later than `next_wake_s`.

    `boot`: the box's boot, 1 or more; `last_presses`: uid -> (boot, count) of the latest press stored.
    """

    def __init__(self, place: str, *, boot: int, last_presses: Mapping[bytes, tuple[int, int]]) -> None:
        self.uid = uid_of(place)
        self._boot = boot
        last_boot, last_count = last_presses.get(self.uid, (0, 0))
        self._count = last_count if last_boot == boot else 0
        self._is_down = False  # of the press that was told
        self._level_is_down = False
        self._since_s = -NEVER_S  # the level has been so
        self._is_stuck = False
        self._hold = Hold()

    @property
    def next_wake_s(self) -> float:
        """When `tick` has something to do."""
        if self._is_down and not self._level_is_down:
            return self._since_s + RELEASE_STABLE_S
        if self._is_down and not self._is_stuck:
            held_us = self._hold.due_us
            return self._since_s + STUCK_S if held_us is None else held_us / 1e6
        return NEVER_S

    def opened(self, *, is_down: bool, now_s: float) -> list[Event]:
        """The button can be read. One that is down is a press: nobody knows when it was made, and it may be
        one that was never stored."""
        self._is_down = self._is_stuck = False
        return self._turn(is_down=is_down, at_s=now_s, kind=PressKind.PRESSED_AT_BOOT)

    def on_edge(self, edge: Edge, *, now_s: float) -> list[Event]:
        """The contact closed or opened."""
        at_s = max(now_s - edge.age_s, 0.0)
        return [*self.tick(now_s=at_s), *self._turn(is_down=edge.is_down, at_s=at_s, kind=PressKind.PRESS)]

    def tick(self, *, now_s: float) -> list[Event]:
        """Time passed; every edge until now has been told."""
        if now_s < self.next_wake_s:
            return []
        if not self._level_is_down:
            return self._release(now_s)
        if self._hold.due_us is not None:
            return [*self._hold.seen_down(self._press, at_us=_us(now_s)), *self.tick(now_s=now_s)]
        self._is_stuck = True
        return [ButtonFault(self.uid, ButtonFaultKind.STUCK, _us(now_s))]

    def _turn(self, *, is_down: bool, at_s: float, kind: PressKind) -> list[Event]:
        if is_down != self._level_is_down or not self._is_down:
            self._level_is_down, self._since_s = is_down, at_s
        if not is_down or self._is_down:
            return []
        self._is_down = True
        self._count += 1
        self._hold.pressed(self._press, at_us=_us(at_s), is_known_since=kind is PressKind.PRESS)
        return [ButtonPressed(*self._press, event_id=self._count, box_t_us=_us(at_s), kind=kind)]

    @property
    def _press(self) -> PressIdentity:
        return PressIdentity(self.uid, self._boot, self._count)

    def _release(self, now_s: float) -> list[Event]:
        was_stuck, self._is_down, self._is_stuck = self._is_stuck, False, False
        released: list[Event] = [*self._hold.released(self._press, at_us=_us(self._since_s))]
        released.append(ButtonReleased(*self._press, _us(now_s)))
        return [*released, ButtonFault(self.uid, None, _us(now_s))] if was_stuck else released


def _us(now_s: float) -> int:
    return round(now_s * 1_000_000)
