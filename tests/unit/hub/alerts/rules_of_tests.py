"""Two small rules and a watchman over them, shared by the tests of alerts."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from contract.ids import StationId
from hub.alerts.alert import Move
from hub.alerts.facts import AnyFacts, Fact, HubFacts, StationFacts
from hub.alerts.rules import BUILT_IN, Rule, Rules, Severity
from hub.alerts.watchman import Watchman
from hub.fleet.units import UnitNo

HOT: Rule = replace(
    BUILT_IN["temperature"],
    limit=80,
    clear=70,
    worse=90,
    hold_s=300,
    settle_s=600,
    valid_s=1_000,
    escalate_s=900,
)
SILENT: Rule = replace(BUILT_IN["silent"], limit=900, clear=360, worse=None, hold_s=300, settle_s=1_800)
RULES = Rules(rules={rule.name: rule for rule in (HOT, SILENT)})
LOW, MEDIUM, HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH


def hot(value: float, told_s: float) -> StationFacts:
    return StationFacts(temperature=Fact(value, told_s))


def names(moves: Sequence[Move]) -> list[str]:
    return [moved.input.name for moved in moves]


class Street:
    """A watchman over stations whose facts a test sets; looks are counted by station."""

    def __init__(
        self, units: Mapping[str, tuple[int, ...]], *, rules: Rules = RULES, now_s: float = 0.0
    ) -> None:
        self.facts: dict[StationId | None, AnyFacts] = {}
        self.looks: list[StationId | None] = []
        self.paths = paths = {StationId(name): tuple(map(UnitNo, path)) for name, path in units.items()}
        self.man = Watchman(rules, path_of=lambda station: paths.get(station, ()), unit_named=lambda _: None)
        self.man.begin([], now_s=now_s)
        self.man.add(paths, now_s=now_s)

    def of(self, station: StationId | None) -> AnyFacts:
        self.looks.append(station)
        return self.facts.get(station, HubFacts() if station is None else StationFacts())

    def tell(self, name: str, facts: StationFacts, *, now_s: float) -> list[Move]:
        """A station says something, and is looked at."""
        self.facts[StationId(name)] = facts
        self.man.touch(StationId(name), now_s=now_s)
        return self.turn(now_s)

    def turn(self, now_s: float) -> list[Move]:
        """All that is due by then, turn by turn, at that moment."""
        moves: list[Move] = []
        while (due_s := self.man.next_s()) is not None and due_s <= now_s:
            moves += self.man.turn(self.of, now_s=now_s)
        return moves

    def run(self, until_s: float) -> list[Move]:
        """All that is due until then, each at its own moment."""
        moves: list[Move] = []
        while (due_s := self.man.next_s()) is not None and due_s <= until_s:
            moves += self.man.turn(self.of, now_s=due_s)
        return moves
