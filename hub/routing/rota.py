"""Who is on duty on which days, as the routing document says it (core): a row for each line of people."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum
from typing import Final

from hub.routing.hours import Hours, Window
from hub.routing.policy import Policy, UnitId

WEEK_DAYS: Final = 7


class Duty(Enum):
    """What somebody is there for."""

    ANSWERS = "consoles ring"
    SUPERVISES = "is asked when nobody has answered"
    ON_CALL = "is telephoned"
    INVITED = "may be brought in by an operator"


@dataclass(frozen=True, slots=True)
class RotaRow:
    """`names`: accounts, or of doctors their name; EVERYBODY stands for all that may answer. `days`: what
    begins on each day, on the wall clock of `unit`.
    """

    unit: UnitId
    duty: Duty
    names: tuple[str, ...]
    days: tuple[tuple[Window, ...], ...]


def rota(
    policy: Policy, first: date, *, days: int = WEEK_DAYS, of: Collection[UnitId] | None = None
) -> tuple[RotaRow, ...]:
    """Return the rota from a day on, in the document's order of units; `of`: only these units."""
    dates = [first + timedelta(days=step) for step in range(days)]
    return tuple(
        RotaRow(unit, duty, tuple(names), tuple(hours.windows(day) for day in dates))
        for unit in policy.units
        if of is None or unit in of
        for duty, names, hours in _lines(policy, unit)
    )


def _lines(policy: Policy, unit: UnitId) -> Iterator[tuple[Duty, Sequence[str], Hours]]:
    for group in policy.groups.get(unit, ()):
        yield Duty.ANSWERS, group.members, group.hours
    for supervisor in policy.supervisors.get(unit, ()):
        yield Duty.SUPERVISES, [supervisor.account], supervisor.hours
    for on_call in policy.on_call.get(unit, ()):
        yield Duty.ON_CALL, [on_call.name], on_call.hours
    for doctor in policy.roster.get(unit, ()):
        yield Duty.INVITED, [doctor.name], doctor.hours
