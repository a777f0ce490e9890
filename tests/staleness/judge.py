"""Holds what is shown against what is true (core), and counts."""

from collections import Counter
from dataclasses import dataclass, field
from math import inf

from hub.fleet.limits import LIMITS
from tests.staleness.ages import AgeShown
from tests.staleness.shown import NumberShown, Shown, SilenceShown
from tests.staleness.truth import Measured, StationTruth

RIGHT_WITHIN_S = 1.0
VALUE_LIMIT_S = 5.0
FAULTS_KEPT = 20
KINDS = ("false_fresh", "wrong_age", "wrong_person")


@dataclass(slots=True)
class Tally:
    """`values_shown`: numbers that were there to be read; without them the checks say little."""

    staleness_checks: int = 0
    false_fresh: int = 0
    wrong_age: int = 0
    wrong_person: int = 0
    person_checks: int = 0
    values_shown: int = 0
    worst_age_error_s: float = 0.0
    by_surface: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Take in what another counted."""
        for name in ("staleness_checks", "person_checks", "values_shown", *KINDS):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.worst_age_error_s = max(self.worst_age_error_s, other.worst_age_error_s)
        self.by_surface += other.by_surface
        self.faults += other.faults

    def fault(self, kind: str, text: str) -> None:
        """Count one of "false_fresh", "wrong_age", "wrong_person"."""
        setattr(self, kind, getattr(self, kind) + 1)
        if sum(one.startswith(kind) for one in self.faults) < FAULTS_KEPT:
            self.faults.append(f"{kind}: {text}")


@dataclass(frozen=True, slots=True)
class Looked:
    """When somebody looked: between `from_s` and `until_s`. `hub_began_s`: the hub runs since; `wall_off_s`
    by how much its wall clock was off when it began.
    """

    from_s: float
    until_s: float
    hub_began_s: float
    wall_off_s: float


def judge(shown: Shown, truth: StationTruth, looked: Looked, tally: Tally) -> None:
    """Check everything that one surface shows of a station."""
    tally.by_surface[shown.surface] += 1
    _presence(shown, truth, looked, tally)
    if shown.visit is not None:
        tally.person_checks += 1
        if shown.visit and shown.visit not in truth.codes():
            tally.fault(
                "wrong_person", f"{_where(shown)}: visit {shown.visit}, not {truth.codes() or 'none'}"
            )
    for mdc, number in shown.numbers.items():
        _number(shown, mdc, number, truth, looked, tally)
    if shown.link is not None:
        tally.staleness_checks += 1
        if truth.status_s is None:
            tally.fault("wrong_person", f"{_where(shown)}: the link of a station that told nothing")
        else:
            unknown_s = _unknowable_s(truth.status_s, truth.status_wall_off_s, looked)
            is_exact = truth.status_box_off_s <= {truth.status_wall_off_s} and unknown_s == 0.0
            _age(
                shown,
                "link",
                shown.link,
                truth.status_s,
                looked,
                tally,
                unknown_s=unknown_s,
                is_exact=is_exact,
            )


def judge_silence(shown: SilenceShown, truth: StationTruth, looked: Looked, tally: Tally) -> None:
    """Check how long an alert says that a station is silent. A hub that began again, and has not heard of it
    since, says "at least".
    """
    tally.by_surface["alerts"] += 1
    tally.staleness_checks += 1
    where = f"{shown.station} on the alerts"
    if truth.heard_s is None:
        tally.fault("wrong_person", f"{where}: silent, and it was never heard")
    elif shown.is_floor:
        if shown.age.least_s > looked.until_s - truth.heard_s + RIGHT_WITHIN_S:
            tally.fault(
                "wrong_age", f"{where}: at least {shown.age}, is {looked.until_s - truth.heard_s:.1f} s"
            )
    else:
        error_s = _error_s(shown.age, truth.heard_s, looked)
        _hold(error_s, f"{where}: silent for {shown.age}", truth.heard_s, looked, tally)


def _presence(shown: Shown, truth: StationTruth, looked: Looked, tally: Tally) -> None:
    """A hub that began again has heard what is in its store, and hellos are not."""
    tally.staleness_checks += 1
    heard_s = truth.heard_s
    if heard_s is not None and heard_s < looked.hub_began_s:
        heard_s = truth.heard_stored_s
    if heard_s is None:
        if shown.word != "NEVER":
            tally.fault("false_fresh", f"{_where(shown)}: {shown.word}, and it was never heard")
        return
    unknown_s = _unknowable_s(heard_s, truth.wall_off_s, looked)
    age_s = looked.from_s - heard_s - abs(unknown_s)
    limit_s = LIMITS.live_s[0] * (LIMITS.late_factor if shown.word == "LATE" else 1.0)
    if shown.word in ("LIVE", "LATE") and age_s > limit_s + RIGHT_WITHIN_S:
        tally.fault("false_fresh", f"{_where(shown)}: {shown.word} after {age_s:.1f} s")
    _age(shown, "heard", shown.heard, heard_s, looked, tally, unknown_s=unknown_s, is_exact=unknown_s == 0.0)


def _number(
    shown: Shown, mdc: int, number: NumberShown, truth: StationTruth, looked: Looked, tally: Tally
) -> None:
    tally.staleness_checks += 1
    if number.value is None:
        return
    tally.values_shown += 1
    tally.person_checks += 1
    codes = truth.codes() if shown.visit is None else {shown.visit}
    found = truth.of(mdc, number.value)
    mine = [one for one in found if one.person is not None and one.person.code in codes & truth.codes()]
    where = f"{_where(shown)}: {mdc} is {number.value} ({number.age})"
    if not mine:
        of = {one.person.code if one.person else "nobody" for one in found}
        tally.fault("wrong_person", f"{where}, of {of or 'nobody ever'}, under {codes}")
        return
    newest = mine[0]
    if looked.from_s - newest.measured_s > VALUE_LIMIT_S + RIGHT_WITHIN_S:
        tally.fault("false_fresh", f"{where} and {looked.from_s - newest.measured_s:.1f} s old")
    _value_age(shown, mdc, number, mine, looked, tally)


def _value_age(
    shown: Shown, mdc: int, number: NumberShown, mine: list[Measured], looked: Looked, tally: Tally
) -> None:
    """What has one value at several times is right with the age of any of them that is still fresh."""
    errors = []
    for one in mine:
        error_s = _error_s(number.age, one.measured_s, looked)
        errors.append(error_s if one.box_off_s <= {one.wall_off_s} else min(0.0, error_s))
    error_s = min(errors, key=abs)
    _hold(error_s, f"{_where(shown)}: {mdc} said {number.age}", mine[0].measured_s, looked, tally)


def _age(
    shown: Shown, what: str, age: AgeShown, since_s: float, looked: Looked, tally: Tally, *,
    unknown_s: float, is_exact: bool,
) -> None:  # fmt: skip
    """An age may be older by what nobody can know, and younger only by what a clock that was set hides."""
    error_s = _error_s(age, since_s, looked)
    if not is_exact:
        error_s = min(0.0, error_s + abs(unknown_s))
    _hold(error_s, f"{_where(shown)}: {what} said {age}", since_s, looked, tally)


def _hold(error_s: float, said: str, since_s: float, looked: Looked, tally: Tally) -> None:
    """An age that is too young makes old things look fresh; one that is too old only looks worse."""
    tally.worst_age_error_s = max(tally.worst_age_error_s, abs(error_s))
    if abs(error_s) > RIGHT_WITHIN_S:
        kind = "false_fresh" if error_s < 0 else "wrong_age"
        tally.fault(kind, f"{said}, is {looked.from_s - since_s:.1f} s")


def _error_s(age: AgeShown, since_s: float, looked: Looked) -> float:
    """Return by how much an age is too old (positive) or too young; 0: the truth is in what it says."""
    least_s, most_s = looked.from_s - since_s, looked.until_s - since_s
    if age.least_s > most_s:
        return age.least_s - most_s
    return min(0.0, age.below_s - least_s) if age.below_s != inf else 0.0


def _unknowable_s(at_s: float, wall_off_s: float, looked: Looked) -> float:
    """What was before this hub began is known by the wall clock alone, which somebody may have set since."""
    return 0.0 if at_s >= looked.hub_began_s else wall_off_s - looked.wall_off_s


def _where(shown: Shown) -> str:
    return f"{shown.station} on the {shown.surface}"
