"""What is true of a station (core): who was measured when, by a clock that nobody sets, and what has arrived.

Times are seconds of that clock. Nothing here reads anything of the hub's.
"""

from dataclasses import dataclass, field
from math import inf
from typing import Final

from contract.ids import NO_VISIT, SpoolId, VisitNo, visit_code

SPO2_LEAST, SPO2_COUNT = 60, 40
PULSE_LEAST, PULSE_COUNT = 40, 160
AMPLITUDE_LEAST, AMPLITUDE_STEP, AMPLITUDE_COUNT = (
    40,
    8,
    36,
)  # of the ECG, steps of 5 µV: 0.4 mm apart on paper
FRESH_SPOOL_S: Final = 15.0  # a record younger than that when it was sent says which card is in the box


@dataclass(frozen=True, slots=True)
class Person:
    """One visit. `number` tells persons apart: neighbours in it have other values."""

    spool: SpoolId
    visit: VisitNo
    number: int

    @property
    def code(self) -> str:
        """What pages call the visit."""
        return visit_code(self.spool, self.visit)

    @property
    def spo2(self) -> int:
        """All that is ever measured of this person, %."""
        return SPO2_LEAST + self.number % SPO2_COUNT

    @property
    def amplitude(self) -> int:
        """Of the square wave that is this person's ECG, raw."""
        return AMPLITUDE_LEAST + AMPLITUDE_STEP * (self.number % AMPLITUDE_COUNT)


@dataclass(slots=True)
class Measured:
    """A number of a person. `arrived_s` inf: the hub does not have it. `box_off_s`: by how much off the UTC
    was that the box had been told in that boot; `wall_off_s`: the hub's wall clock when it arrived.
    """

    mdc: int
    value: int
    person: Person | None
    measured_s: float
    boot: int
    box_off_s: frozenset[float]
    arrived_s: float = inf
    wall_off_s: float = 0.0


@dataclass(slots=True)
class StationTruth:
    """One station. `heard_s`: when anything of it last arrived; `wall_off_s` by how much the hub's wall clock
    was off then.
    """

    name: str
    measured: list[Measured] = field(default_factory=list)
    persons: list[Person] = field(default_factory=list)
    opened: dict[SpoolId, int] = field(default_factory=dict)  # the last visit whose opening arrived
    begun: dict[SpoolId, int] = field(default_factory=dict)  # the last visit of which anything arrived
    closed: dict[SpoolId, int] = field(default_factory=dict)
    spools: set[SpoolId] = field(default_factory=set)  # of which the hub may take one to be in the box
    waves: set[Person] = field(default_factory=set)  # whose ECG has arrived
    heard_s: float | None = None
    heard_stored_s: float | None = None
    wall_off_s: float = 0.0
    status_s: float | None = None  # when the newest status that arrived was made
    status_box_off_s: frozenset[float] = frozenset()
    status_wall_off_s: float = 0.0

    def codes(self) -> set[str]:
        """Return the visits that may be said to be under way."""
        found = set()
        for spool in self.spools:
            for last in {self.opened.get(spool, 0), self.begun.get(spool, 0)}:
                if last != NO_VISIT and last > self.closed.get(spool, 0):
                    found.add(visit_code(spool, VisitNo(last)))
        return found

    def of(self, mdc: int, value: int) -> list[Measured]:
        """Return what arrived with that value, newest first."""
        found = [one for one in self.measured if (one.mdc, one.value) == (mdc, value) and one.arrived_s < inf]
        return sorted(found, key=lambda one: -one.measured_s)
