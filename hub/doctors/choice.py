"""Whom an operator may bring into a call, and who is asked after whom (core).

Doctors stand in the order of the roster: those of the station's unit, then of the units above it, so that the
commune's own comes before the province's, and that one before the central hospital's. What becomes of an
invitation is the call's (`hub.calls.apply`): thirty seconds each, then the next of these.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from contract.ids import StationId
from hub.calls.call import Call
from hub.collation import name_key
from hub.routing.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """A doctor of the roster, or one who only has an account. `account` None: reached by `phone` alone.

    `is_ready`: has a page open that sounds. `is_there`: is invited, has come, or owns the call.
    """

    name: str
    unit: str
    specialties: tuple[str, ...]
    account: str | None
    phone: str | None
    is_ready: bool
    is_there: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """Somebody who answers calls too."""

    name: str
    is_ready: bool
    is_there: bool


def doctors(
    policy: Policy,
    station: StationId,
    at_utc: datetime,
    *,
    call: Call,
    accounts: Iterable[str],
    ready: Collection[str],
) -> tuple[Doctor, ...]:
    """Return the doctors in the order in which they are asked. `accounts`: those that are doctors'."""
    known = {name.casefold(): name for name in accounts}
    there = _there(call)
    found = []
    for unit in policy.way_up(station):
        for one in policy.roster.get(unit.id, ()):
            if not one.hours.cover(unit.local(at_utc)):
                continue
            account = None if one.account is None else known.get(one.account.casefold())
            found.append(
                Doctor(
                    name=one.name,
                    unit=unit.name,
                    specialties=one.specialties,
                    account=account,
                    phone=one.phone,
                    is_ready=account in ready,
                    is_there=account in there,
                )
            )
    every = chain.from_iterable(policy.roster.values())
    in_roster = {one.account.casefold() for one in every if one.account is not None}
    for key, name in known.items():
        if key not in in_roster:  # one of another unit, or off duty by the roster, is not asked by chance
            found.append(
                Doctor(
                    name=name,
                    unit="",
                    specialties=(),
                    account=name,
                    phone=None,
                    is_ready=name in ready,
                    is_there=name in there,
                )
            )
    return tuple(found)


def colleagues(
    call: Call, *, me: str, accounts: Iterable[str], ready: Collection[str]
) -> tuple[Colleague, ...]:
    """Return who else answers calls, whoever is ready first. `accounts`: those that may answer."""
    there = _there(call)
    found = [
        Colleague(name=name, is_ready=name in ready, is_there=name in there)
        for name in accounts
        if name != me
    ]
    return tuple(sorted(found, key=lambda one: (not one.is_ready, name_key(one.name))))


def in_turn(
    asked: Sequence[Doctor], *, first: str | None = None, specialty: str | None = None
) -> tuple[str, ...]:
    """Return the accounts that are asked one after the other.

    `first`, whom the operator chose, whether ready or not; after him (or of all) whoever is ready, not there
    already, and has the `specialty`, in the order of the roster.
    """
    by_account = {one.account: one for one in asked if one.account is not None}
    names = list(by_account)
    start = names.index(first) + 1 if first is not None and first in names else 0
    wanted = None if specialty is None else specialty.casefold()
    after = [
        name
        for name in names[start:]
        if by_account[name].is_ready
        and not by_account[name].is_there
        and (wanted is None or wanted in map(str.casefold, by_account[name].specialties))
    ]
    return tuple([*names[start - 1 : start], *after]) if start else tuple(after)


def _there(call: Call) -> set[str | None]:
    return {call.owner, *(guest.name for guest in call.guests)} - {None}
