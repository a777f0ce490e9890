"""The walk: what happens at the stations, on the line, to the hub and to clocks, from a seed.

After each step everything that is shown is read and held against the truth. Time is the hub's set clock,
which jumps; nothing is waited for but the store.
"""

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.staleness.house import FuzzHub
from tests.staleness.judge import Tally, judge, judge_silence
from tests.staleness.past import judge_past
from tests.staleness.station import FuzzStation
from tests.staleness.truth import StationTruth

STATIONS: Final = 4
PAST_EVERY: Final = 8  # steps
WAITS_S: Final = (0.2, 0.8, 1.5, 2.5, 3.5, 5.5, 9.0, 30.0, 200.0, 380.0, 1_100.0, 4_000.0)
WAIT_WEIGHTS: Final = (8, 8, 8, 8, 6, 6, 4, 2, 1, 1, 1, 1)
STEPS_S: Final = (-86_400.0, -3_600.0, -90.0, -12.0, -4.0, 3.0, 11.0, 400.0, 3_600.0, 86_400.0)
BOX_OFF_S: Final = (-3 * 86_400.0, -3_600.0, -20.0, 0.0, 20.0, 3_600.0, 3 * 86_400.0)


class Campaign:
    """One walk. Use as a context; `step` as often as wanted, `tally` is what came out."""

    def __init__(self, folder: Path, *, seed: int, spoil: Callable[[str], str] | None = None) -> None:
        self.rng, self.tally = random.Random(seed), Tally()
        self.hub = FuzzHub(folder, spoil=spoil)
        self.steps, self.done = 0, dict[str, int]()
        self.stations: list[FuzzStation] = []
        self._spools = itertools.count(0xB0C5)
        self._persons = itertools.count(1)

    def __enter__(self) -> Self:
        self.hub.begin()
        for number in range(1, STATIONS + 1):
            truth = StationTruth(f"tram-{number}")
            self.stations.append(FuzzStation(self.hub.server, truth, self._persons, spool=next(self._spools)))
        self._count_given()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hub.close()

    def step(self) -> None:
        """Some deeds, some time, and a look at everything."""
        self.walk()
        self.look()
        if self.steps % PAST_EVERY == 0:
            self._look_back()

    def look(self) -> None:
        """Read every surface without scripts, and hold it against the truth."""
        self._count_given()
        self.hub.settle()
        for shown, looked in self.hub.look([one.name for one in self.stations]):
            judge(shown, self.truth(shown.station), looked, self.tally)
        for silence, looked in self.hub.look_at_alerts():
            judge_silence(silence, self.truth(silence.station), looked, self.tally)

    def walk(self) -> None:
        """Some deeds and some time."""
        self.steps += 1
        for station in self.stations:
            self._at(station)
        if self.rng.random() < 0.15:
            self._beside()
        self.hub.clock.ahead_s += self.rng.choices(WAITS_S, WAIT_WEIGHTS)[0]
        if self.rng.random() < 0.8:  # else nobody has said anything for a while
            for station in self.stations:
                if self.rng.random() < 0.6:
                    station.measure()
        self._count_given()
        self.hub.settle()

    def truth(self, station: str) -> StationTruth:
        """What is true of a station."""
        return next(one.truth for one in self.stations if one.name == station)

    def _at(self, station: FuzzStation) -> None:
        deeds: list[tuple[int, str, Callable[[], None]]] = [
            (8, "sits down", station.sit_down),
            (3, "leaves", station.leave),
            (12, "measures", lambda: station.measure(ago_s=self.rng.choice((0.0, 0.0, 1.0, 4.0, 7.0)))),
            (4, "status", station.tell_status),
            (2, "hello", station.greet),
            (3, "cut", lambda: setattr(station, "is_cut", True)),
            (6, "line back", station.reconnect),
            (1, "box restarts", station.restart),
            (1, "another card", lambda: station.change_card(next(self._spools))),
            (2, "box clock", lambda: station.set_clock(off_s=self.rng.choice(BOX_OFF_S))),
            (8, "nothing", lambda: None),
        ]
        _, name, deed = self.rng.choices(deeds, [weight for weight, _, _ in deeds])[0]
        self.done[name] = self.done.get(name, 0) + 1
        deed()

    def _beside(self) -> None:
        """What happens to the hub."""
        names = ("hub clock stepped", "hub clock stepped", "hub clock right", "hub restarts")
        name = self.rng.choice(names)
        self.done[name] = self.done.get(name, 0) + 1
        match name:
            case "hub restarts":
                self._count_given()
                self.hub.settle()
                self.hub.close()
                self.hub.clock.ahead_s += self.rng.choice((1.0, 20.0, 500.0))
                self.hub.begin()
                for station in self.stations:
                    station.server, station.sent_count = self.hub.server, 0
            case "hub clock stepped":
                self.hub.clock.stepped_us += round(self.rng.choice(STEPS_S) * 1e6)
            case _:
                self.hub.clock.stepped_us = 0

    def _count_given(self) -> None:
        self.hub.taken_count = sum(station.sent_count for station in self.stations)

    def _look_back(self) -> None:
        for station in self.stations:
            if station.truth.waves:
                known = sorted(station.truth.waves, key=lambda one: one.number)
                judge_past(self.hub, station.truth, self.rng.choice(known), self.tally)
