"""Which units are all of one condition (core): what befalls a whole unit at once is one alert, not many."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from contract.ids import StationId
from hub.alerts.alert import EVERYWHERE
from hub.alerts.watch import Verdict
from hub.fleet.units import UnitNo

LEAST: Final = 3  # stations; two that fall silent together are two alerts
PathOf = Callable[[StationId], Sequence[UnitNo]]


class Gathering:
    """Counts, by rule and unit, kept as each station is judged. `path_of`: a station's units from the top
    down, without EVERYWHERE.
    """

    def __init__(self, rules: Sequence[str], path_of: PathOf) -> None:
        self._bits = {rule: 1 << number for number, rule in enumerate(rules)}
        self._path_of = path_of
        self._paths: dict[StationId, tuple[UnitNo, ...]] = {}
        self._resting: set[StationId] = set()
        self._known: Counter[StationId] = Counter()  # bits of the rules that were judged
        self._stations: Counter[UnitNo] = Counter()
        self._judged: Counter[tuple[str, UnitNo]] = Counter()
        self._over: dict[tuple[str, UnitNo], set[StationId]] = {}

    def add(self, stations: Iterable[StationId]) -> None:
        """There are these stations too; nothing is known of them yet."""
        for station in stations:
            if station not in self._paths:
                self._paths[station] = path = (EVERYWHERE, *self._path_of(station))
                self._stations.update(path)

    def drop(self, station: StationId) -> None:
        """A station is counted nowhere any more: it is somewhere else by now, or is to be judged anew."""
        path = self._paths.pop(station, ())
        if station in self._resting:
            self._resting.discard(station)
            return
        known = self._known.pop(station, 0)
        self._stations.subtract(path)
        for rule, bit in self._bits.items():
            for unit in path:
                if known & bit:
                    self._judged[rule, unit] -= 1
                self._over.get((rule, unit), set[StationId]()).discard(station)

    def rest(self, station: StationId) -> None:
        """A station is no more: no unit waits for it or is well by it, until it is dropped and added anew."""
        if station not in self._resting:
            path = self._paths[station]
            self.drop(station)
            self._paths[station] = path
            self._resting.add(station)

    def knows(self, station: StationId) -> bool:
        """Whether a station is counted."""
        return station in self._paths

    def stations(self) -> list[StationId]:
        """Return those that are counted."""
        return list(self._paths)

    def note(self, rule: str, station: StationId, verdict: Verdict) -> None:
        """A station was judged by a rule."""
        if station in self._resting:
            return
        bit, path = self._bits[rule], self._paths[station]
        was_known, is_known = bool(self._known[station] & bit), verdict is not Verdict.UNKNOWN
        if was_known is not is_known:
            self._known[station] ^= bit
            for unit in path:
                self._judged[rule, unit] += 1 if is_known else -1
        of_all = self._over.get((rule, EVERYWHERE))
        was_over, is_over = of_all is not None and station in of_all, verdict is Verdict.OVER
        if was_over is not is_over:
            for unit in path:
                over = self._over.setdefault((rule, unit), set())
                (over.add if is_over else over.discard)(station)

    def unit(self, rule: str, station: StationId) -> UnitNo | None:
        """Return the highest unit of a station of which all that are known are so, and at least half are
        known; None: there is none.
        """
        for unit in self._paths[station]:
            over, judged = len(self._over.get((rule, unit), ())), self._judged[rule, unit]
            if over >= LEAST and over == judged and 2 * judged >= self._stations[unit]:
                return unit
        return None

    def over(self, rule: str, unit: UnitNo) -> frozenset[StationId]:
        """Return the stations of a unit of which it is so."""
        return frozenset(self._over.get((rule, unit), ()))

    def path(self, station: StationId) -> tuple[UnitNo, ...]:
        """Return a station's units from EVERYWHERE down."""
        return self._paths.get(station, (EVERYWHERE,))
