"""`./run bench alerts`: what it costs to judge a fleet by the rules of alerts, hours of simulated time.

Each station says how it is every five minutes, each at its own moment; the watchman turns once a second, as
in the hub, over facts as the hub has them. First all are well, then some fall silent, then all together, then
all come back. The processor time is the real one of this machine; facts are made anew at each look.
"""

import argparse
import random
import time
from typing import Final

from contract.ids import StationId
from hub.alerts.facts import AnyFacts, Fact, HubFacts, StationFacts
from hub.alerts.rules import BUILT_IN, Rules
from hub.alerts.watchman import Watchman
from hub.fleet.units import UnitNo
from tests.bench.report import progress, tell

STATUS_S: Final = 300
HOUR_S: Final = 3_600
PROVINCES: Final = 34
COMMUNES: Final = 3_321
MEANINGS: Final = {
    "stations": "stations, by 34 provinces and 3,321 communes",
    "first_s": "processor seconds of the first look at all, after a start of the hub",
    "well_looks": "looks in an hour in which all are well",
    "well_core_share": "share of a core, that hour",
    "some_core_share": "share of a core in an hour in which 300 fall silent",
    "some_alerts": "open alerts at its end",
    "all_core_share": "share of a core in an hour in which all fall silent",
    "all_alerts": "open alerts at its end",
    "back_core_share": "share of a core in an hour in which all come back",
    "back_alerts": "open alerts at its end",
    "turn_max_ms": "the longest turn that holds up the loop, of all hours",
}


class Fleet:
    """Stations that say how they are; `dead` ones say nothing."""

    def __init__(self, count: int) -> None:
        rng = random.Random(1)
        self.names = [StationId(f"s{number:05d}") for number in range(count)]
        self.dead: frozenset[StationId] = frozenset()
        self.now_s, self.turn_max_s = 0.0, 0.0
        self._at_s = {name: -rng.uniform(0, STATUS_S) for name in self.names}
        self._due: list[list[StationId]] = [[] for _ in range(STATUS_S)]
        for name in self.names:
            self._due[int(-self._at_s[name]) % STATUS_S].append(name)
        paths = {
            name: (UnitNo(1 + number % PROVINCES), UnitNo(100 + number % COMMUNES))
            for number, name in enumerate(self.names)
        }
        self.man = Watchman(Rules(rules=BUILT_IN), path_of=paths.__getitem__, unit_named=lambda _: None)
        self.man.begin([], now_s=0.0)
        self.man.add(self.names, now_s=0.0)

    def facts(self, station: StationId | None) -> AnyFacts:
        """What the hub knows."""
        if station is None:
            return HubFacts(deaf=Fact(), store_fault=Fact(), hub_disk_free=Fact(5e11), other_content=Fact())
        at_s = self._at_s[station]
        return StationFacts(
            silent=Fact(since_s=at_s), owed_age=Fact(0.0, at_s), owed_count=Fact(0.0, at_s),
            spool_size=Fact(1e6, at_s), disk_free=Fact(2e10, at_s), temperature=Fact(55.0, at_s),
            round_trip=Fact(0.1, at_s), clock_unsure=Fact(0.01, at_s), leads_off=Fact(told_s=at_s),
            device_gone=Fact(told_s=at_s), device_fault=Fact(told_s=at_s),
            button_test=Fact(since_s=-86_400.0),
        )  # fmt: skip

    def turn(self) -> None:
        """All that is due now, in turns as the hub takes them."""
        while (due_s := self.man.next_s()) is not None and due_s <= self.now_s:
            began_s = time.process_time()
            self.man.turn(self.facts, now_s=self.now_s)
            self.turn_max_s = max(self.turn_max_s, time.process_time() - began_s)

    def hour(self) -> float:
        """An hour passes; return the share of a core that it took."""
        began_s = time.process_time()
        for _ in range(HOUR_S):
            self.now_s += 1.0
            for name in self._due[int(self.now_s) % STATUS_S]:
                if name not in self.dead:
                    self._at_s[name] = self.now_s
                    self.man.touch(name, now_s=self.now_s)
            self.turn()
        return (time.process_time() - began_s) / HOUR_S


def main() -> None:
    """Measure and tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--stations", type=int, default=14_000)
    parser.add_argument("--json", help="where one JSON object goes, - for standard output")
    arguments = parser.parse_args()
    fleet = Fleet(arguments.stations)
    began_s = time.process_time()
    fleet.turn()
    result: dict[str, float | int | str | None] = {
        "stations": arguments.stations, "first_s": round(time.process_time() - began_s, 3)
    }  # fmt: skip
    before = fleet.man.looked_count
    some = frozenset(random.Random(2).sample(fleet.names, min(300, len(fleet.names))))
    hours: tuple[tuple[str, frozenset[StationId]], ...] = (
        ("well", frozenset()),
        ("some", some),
        ("all", frozenset(fleet.names)),
        ("back", frozenset()),
    )
    for name, dead in hours:
        progress(f"an hour: {name} …   ")
        fleet.dead = dead
        result[f"{name}_core_share"] = round(fleet.hour(), 5)
        if name == "well":
            result["well_looks"] = fleet.man.looked_count - before
        else:
            result[f"{name}_alerts"] = len(fleet.man.alerts)
    progress("\r")
    result["turn_max_ms"] = round(fleet.turn_max_s * 1000, 1)
    tell(result, meanings=MEANINGS, json_path=arguments.json)


if __name__ == "__main__":
    main()
