"""Two machines with the key of one box, as when its card was copied (core).

A start of a machine that says hello, after another start has said hello under the same name, was running all
the while: the other one is no later start of it, but a second machine. A restart, a card that was moved, a
box that takes over never come back as the start that they were before. So no time is waited for, and one
turn to and fro is proof. Source: docs/adr/0057-one-card-in-two-machines.md.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contract.ids import BoxName, StationId
from contract.signals import BoxState

STARTS_MAX: Final = 8  # of one name; who has more copies than that is found out by these
FRESH_S: Final = 3_600.0  # so long after they last took turns it counts as going on


@dataclass(frozen=True, slots=True)
class Start:
    """A start of a machine, as its hello names it. `machine` "": it does not say. `name`: of the kernel, or
    of a box that does not say that either, its spool and how it counts its starts there.
    """

    machine: str
    name: str

    @classmethod
    def of(cls, state: BoxState) -> "Start":
        """Return who says hello."""
        return cls(state.machine or "", state.boot_name or f"{state.spool}.{state.boot}")

    def __str__(self) -> str:
        return f"{self.machine or '?'} ({self.name[:8]})"


@dataclass(frozen=True, slots=True)
class Doubled:
    """`box` is used by both at once. `at_s`: when they last took turns."""

    box: BoxName
    starts: tuple[Start, Start]
    at_s: float

    def __str__(self) -> str:
        one, other = sorted(map(str, self.starts))
        return f"{self.box}: {one}, {other}"


class Copies:
    """Who said hello under which name, since the hub's start. Moments are monotonic."""

    def __init__(self) -> None:
        self._starts: dict[BoxName, list[Start]] = {}  # of each, the one that spoke last at the end
        self._doubled: dict[StationId, Doubled] = {}
        self._on_found: list[Callable[[Doubled], None]] = []

    def on_found(self, listener: Callable[[Doubled], None]) -> None:
        """Call `listener` when two take turns who did not within FRESH_S."""
        self._on_found.append(listener)

    def hear(self, box: BoxName, state: BoxState, *, now_s: float) -> None:
        """Somebody says hello under the name of `box`, now: nothing retained, and no Will."""
        start, starts = Start.of(state), self._starts.setdefault(box, [])
        if starts and starts[-1].name == start.name:
            return
        known = [one for one in starts if one.name != start.name]
        if len(known) < len(starts):
            self._note(Doubled(box, (starts[-1], start), now_s))
        self._starts[box] = [*known[1 - STARTS_MAX :], start]

    def _note(self, found: Doubled) -> None:
        before = self.of(found.box.station, now_s=found.at_s)
        self._doubled[found.box.station] = found
        if before is None or set(before.starts) != set(found.starts):
            for listener in self._on_found:
                listener(found)

    def of(self, station: StationId, *, now_s: float) -> Doubled | None:
        """Return which two took turns at a station within FRESH_S; None: none did."""
        found = self._doubled.get(station)
        return None if found is None or now_s >= found.at_s + FRESH_S else found
