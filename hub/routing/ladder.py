"""Who is asked to answer a press, rung by rung (core): whose consoles ring, who outside is told, and when.

Rungs add up: whoever was asked once may answer until somebody has. The last rung does not end by itself; a
call that nobody answers at all is missed after `missed_s` and given to the owner of the list, who always
exists where there is a document. Source: docs/routing.md.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from contract.ids import StationId
from hub.routing.policy import (
    EVERYBODY,
    LAST_RUNG,
    Adapter,
    Policy,
    RosterDoctor,
    Rung,
    Unit,
    Webhook,
)

NOBODY: Final[Mapping[str, int]] = {}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody outside, as adapters need them."""

    name: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class Tell:
    """One message that is due when a call reaches `rung`. An SMS has one person with a phone; a webhook has
    all who are asked at that rung, which may be nobody."""

    rung: Rung
    adapter: Adapter
    people: tuple[Person, ...]

    @property
    def key(self) -> str:
        """What it is remembered by; it outlives a restart and a change of the document."""
        to = "" if isinstance(self.adapter, Webhook) else f" {self.people[0].phone}"
        return f"{int(self.rung)} {self.adapter.name}{to}"


@dataclass(frozen=True, slots=True)
class Step:
    """One rung. `after_s`: from the press. `accounts`: whose consoles ring then, those before among them."""

    rung: Rung
    after_s: float
    accounts: frozenset[str]
    tells: tuple[Tell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """All rungs of one press, as they were due at one moment. `steps` has one for each Rung, in order."""

    station: StationId
    unit: Unit
    is_emergency: bool
    steps: tuple[Step, ...]
    missed_s: float

    @property
    def first_rung(self) -> Rung:
        """The rung at which the press rings at once; an emergency begins higher."""
        return max(step.rung for step in self.steps if step.after_s == 0.0)

    def due_s(self, rung: int) -> float | None:
        """Return when the rung after `rung` is due, in seconds from the press; None: there is none."""
        return None if rung >= LAST_RUNG else self.steps[rung + 1].after_s

    def tells(self, rung: int) -> tuple[Tell, ...]:
        """Return all that is to be told by when a call is at `rung`, also of rungs that it passed."""
        return tuple(tell for step in self.steps[: rung + 1] for tell in step.tells)


def rungs(
    policy: Policy,
    station: StationId,
    at_utc: datetime,
    *,
    is_emergency: bool,
    accounts: Iterable[str],
) -> Ladder:
    """Return the ladder of a press of `station` at `at_utc`. `accounts`: all that may answer."""
    way, limits = policy.way_up(station), policy.limits
    known = _by_folded(accounts)
    supervisors = [
        one
        for unit in way
        for one in policy.supervisors.get(unit.id, ())
        if one.hours.cover(unit.local(at_utc))
    ]
    asked = (
        _members(policy, way[:1], at_utc, known),
        _members(policy, way, at_utc, known),
        frozenset(_known([one.account for one in supervisors], known)),
        frozenset[str](),
    )
    people = (
        (),
        (),
        tuple(Person(one.account, one.phone) for one in supervisors),
        _doctors(policy, way, at_utc),
    )
    after_s = (0.0, limits.widen_s, limits.supervisor_s, limits.doctor_s)
    if is_emergency:
        after_s = (0.0, 0.0, 0.0, limits.doctor_s)
    steps = tuple(
        Step(
            rung,
            after_s[rung],
            frozenset().union(*asked[: rung + 1]),
            tuple(_tells(policy, way, rung, people[rung])),
        )
        for rung in Rung
    )
    return Ladder(
        station=station, unit=way[0], is_emergency=is_emergency, steps=steps, missed_s=limits.missed_s
    )


def may_ring(ladder: Ladder, rung: int, account: str) -> bool:
    """Whether that account's consoles ring for a call at `rung`."""
    return account in ladder.steps[rung].accounts


def staffed_rung(ladder: Ladder, rung: int, ready: Collection[str]) -> Rung:
    """Return the first rung from `rung` on that has a ready console; the last one if none has.

    To be asked at the press (from `first_rung`), and whenever somebody comes or goes.
    """
    for step in ladder.steps[rung:LAST_RUNG]:
        if not step.accounts.isdisjoint(ready):
            return step.rung
    return LAST_RUNG


def next_rung(ladder: Ladder, rung: int, ready: Collection[str]) -> Rung:
    """Return where a call at `rung` goes when the time of that rung is over; the last one stays."""
    return staffed_rung(ladder, min(rung + 1, LAST_RUNG), ready)


def asked_rung(ladder: Ladder, rung: int) -> Rung:
    """Return the highest rung up to `rung` on which anybody more was asked or told: what may be said of a
    call that has come so far. A rung that nobody stands on is passed, and of it nothing is said."""
    for step in reversed(ladder.steps[1 : rung + 1]):
        if step.tells or step.accounts - ladder.steps[step.rung - 1].accounts:
            return step.rung
    return Rung.UNIT


def list_owner(
    policy: Policy,
    station: StationId,
    at_utc: datetime,
    ready: Collection[str],
    *,
    accounts: Iterable[str],
    owed: Mapping[str, int] = NOBODY,
) -> str | None:
    """Return to whom a missed call is given: a ready operator of the unit, then of those above it, then a
    supervisor on duty, then the failsafe; among operators whoever has the fewest on the list (`owed`).

    None: nobody; only where the document, or what it names, is not there.
    """
    way, known = policy.way_up(station), _by_folded(accounts)
    for unit in way:
        there = _members(policy, (unit,), at_utc, known) & frozenset(ready)
        if there:
            return min(there, key=lambda name: (owed.get(name, 0), name))
    for unit in way:
        supervisors = [
            one.account for one in policy.supervisors.get(unit.id, ()) if one.hours.cover(unit.local(at_utc))
        ]
        if found := _known(supervisors, known):
            return found[0]
    failsafe = way[0].failsafe
    return next(iter(_known([] if failsafe is None else [failsafe], known)), None)


def roster(
    policy: Policy, station: StationId, at_utc: datetime, *, specialty: str
) -> tuple[RosterDoctor, ...]:
    """Return whom an operator may invite, in that order: doctors of the unit, then of those above it."""
    return tuple(
        one
        for unit in policy.way_up(station)
        for one in policy.roster.get(unit.id, ())
        if specialty.casefold() in map(str.casefold, one.specialties) and one.hours.cover(unit.local(at_utc))
    )


def specialties(policy: Policy, station: StationId) -> tuple[str, ...]:
    """Return the specialties that the station's doctors have, as the document writes them."""
    by_name: dict[str, str] = {}
    for unit in policy.way_up(station):
        for one in policy.roster.get(unit.id, ()):
            for name in one.specialties:
                by_name.setdefault(name.casefold(), name)
    return tuple(by_name.values())


def _by_folded(accounts: Iterable[str]) -> dict[str, str]:
    return {name.casefold(): name for name in accounts}


def _known(names: Iterable[str], known: Mapping[str, str]) -> list[str]:
    """Return the accounts of those names, as accounts write them; capitals do not matter, as at the login."""
    return [known[name.casefold()] for name in names if name.casefold() in known]


def _members(
    policy: Policy, units: tuple[Unit, ...], at_utc: datetime, known: Mapping[str, str]
) -> frozenset[str]:
    """Return who of the groups of `units` is on duty by the document."""
    there: set[str] = set()
    for unit in units:
        local = unit.local(at_utc)
        for group in policy.groups.get(unit.id, ()):
            if group.hours.cover(local):
                there.update(known.values() if EVERYBODY in group.members else _known(group.members, known))
    return frozenset(there)


def _doctors(policy: Policy, way: tuple[Unit, ...], at_utc: datetime) -> tuple[Person, ...]:
    return tuple(
        Person(one.name, one.phone)
        for unit in way
        for one in policy.on_call.get(unit.id, ())
        if one.hours.cover(unit.local(at_utc))
    )


def _tells(policy: Policy, way: tuple[Unit, ...], rung: Rung, people: tuple[Person, ...]) -> Iterable[Tell]:
    units = {unit.id for unit in way}
    for adapter in policy.adapters:
        if adapter.unit not in units or rung not in adapter.rungs:
            continue
        if isinstance(adapter, Webhook):
            yield Tell(rung, adapter, people)
        else:
            by_phone: dict[str, Person] = {}
            for person in people:
                if person.phone is not None:
                    by_phone.setdefault(person.phone, person)
            yield from (Tell(rung, adapter, (person,)) for person in by_phone.values())
