"""Of which stations somebody sees the numbers, and what waits unopened of the others (core).

A chunk of numerics is opened for the eye alone: of 14,000 stations a few dozen are on somebody's screen.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from contract.ids import SpoolId, StationId, StreamSetNo
from hub.live.arrived import At
from hub.store.interface import Arrival

SETS_MAX: Final = 16  # stream sets of a station whose newest chunk waits; more are of devices long gone
SAME_MOMENT_US: Final = 2_000_000  # what began longer before the newest is no number of now
CHUNKS_MAX: Final = 8  # of a set: a chunk a stream, and none of them large

_SetKey = tuple[SpoolId, StreamSetNo]


class LookedAt:
    """Rows of stations on pages that are open; a page may show all there are."""

    def __init__(self) -> None:
        self._counts: Counter[StationId] = Counter()
        self._all = 0

    def __contains__(self, station: StationId) -> bool:
        return self._all > 0 or self._counts[station] > 0

    def look(self, stations: Iterable[StationId] | None) -> Callable[[], None]:
        """A page shows rows of these, None: of all; return what ends that, to be called once."""
        if stations is None:
            self._all += 1
            return self._look_away
        seen = frozenset(stations)
        self._counts.update(seen)
        return lambda: self._let_go(seen)

    def _look_away(self) -> None:
        self._all -= 1

    def _let_go(self, seen: frozenset[StationId]) -> None:
        self._counts.subtract(seen)
        for station in seen:
            if self._counts[station] <= 0:
                del self._counts[station]


class Unopened:
    """The newest chunks of numerics of each stream set, as they came: several where streams come apart."""

    def __init__(self) -> None:
        self._held: dict[StationId, dict[_SetKey, list[tuple[At, Arrival]]]] = {}

    def hold(self, arrival: Arrival, *, set_no: StreamSetNo, at: At) -> None:
        """Keep it, and of its set what is of the same moment; `at` is its own."""
        of_station = self._held.setdefault(arrival.station, {})
        held = of_station.pop((arrival.spool, set_no), [])
        held.append((at, arrival))
        boot, t_us = max(one for one, _ in held)
        of_set = [one for one in held if one[0] >= (boot, t_us - SAME_MOMENT_US)]
        of_set.sort(key=lambda one: one[0])  # one of the store comes after what is newer
        of_station[arrival.spool, set_no] = of_set[-CHUNKS_MAX:]
        if len(of_station) > SETS_MAX:
            del of_station[next(iter(of_station))]  # the one that was longest without a chunk

    def on_clock_set(self, by_us: int) -> None:
        """The hub's wall clock was set: by it all this came that much later."""
        for of_station in self._held.values():
            for key, held in of_station.items():
                of_station[key] = [(at, came_later(arrival, by_us)) for at, arrival in held]

    def take(self, station: StationId) -> list[Arrival]:
        """Return what waits of a station, oldest first; it waits no longer."""
        held = self._held.pop(station, {})
        chunks = [one for of_set in held.values() for one in of_set]
        return [arrival for _, arrival in sorted(chunks, key=lambda one: one[0])]


def came_later(arrival: Arrival, by_us: int) -> Arrival:
    """Return an arrival that came that much later by the hub's wall clock."""
    return replace(arrival, received_utc_us=arrival.received_utc_us + by_us)
