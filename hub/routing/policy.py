"""Who answers for which station, as the routing document says it (core). Source: docs/routing.md."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import IntEnum
from itertools import chain
from pathlib import Path
from types import MappingProxyType
from typing import Final, NewType
from zoneinfo import ZoneInfo

from contract.ids import StationId
from hub.routing.hours import ALWAYS, Hours

UnitId = NewType("UnitId", str)
EVERYBODY: Final = "*"
NUMBER: Final = "{number}"  # stands for the telephone number in the argument of an SMS command
DEFAULT_ZONE: Final = "Asia/Ho_Chi_Minh"
ROOT: Final = UnitId("root")  # the one unit of a hub without a document


class Rung(IntEnum):
    """How far a call has been escalated."""

    UNIT = 0
    PARENT = 1
    SUPERVISOR = 2
    DOCTOR = 3


LAST_RUNG: Final = Rung.DOCTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A node of the organisation's tree. What the document leaves out comes from the unit above."""

    id: UnitId
    name: str
    parent: UnitId | None = None
    zone: ZoneInfo
    hotline: str | None = None  # the number that a station rings where no voice comes this way
    failsafe: str | None = None  # the account that owns what nobody else does; None only without a document
    may_answer_by_itself: bool = False  # in an emergency a station may be asked to
    drill_hours: Hours = ALWAYS

    def local(self, at_utc: datetime) -> datetime:
        """Return a moment on the unit's wall clock."""
        return at_utc.astimezone(self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Accounts that answer for a unit; EVERYBODY stands for all that may answer."""

    unit: UnitId
    members: tuple[str, ...]
    hours: Hours = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervisor:
    """Whoever is asked when the unit and those above it do not answer. `phone`: told by SMS too."""

    unit: UnitId
    account: str
    phone: str | None = None
    hours: Hours = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class OnCallDoctor:
    """A doctor who is telephoned when nobody has answered; need not have an account."""

    unit: UnitId
    name: str
    phone: str
    hours: Hours = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterDoctor:
    """A doctor whom an operator may invite, by specialty; reached by account or by phone, or both."""

    unit: UnitId
    name: str
    specialties: tuple[str, ...]
    account: str | None = None
    phone: str | None = None
    hours: Hours = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Another program that is told, such as a neighbouring hub or a telephone exchange."""

    name: str
    unit: UnitId
    rungs: frozenset[Rung]
    url: str
    secret: bytes = field(repr=False)
    ca_path: Path | None = None  # None: the authorities that this machine trusts


@dataclass(frozen=True, slots=True, kw_only=True)
class Modem:
    """SMS by a GSM modem on a serial port."""

    name: str
    unit: UnitId
    rungs: frozenset[Rung]
    port: str
    baud: int = 115_200


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsCommand:
    """SMS by a program: the text on its standard input, the telephone number in place of NUMBER."""

    name: str
    unit: UnitId
    rungs: frozenset[Rung]
    argv: tuple[str, ...]


Adapter = Webhook | Modem | SmsCommand


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Seconds from the press until a rung is due, and until the call is missed."""

    widen_s: float = 15.0
    supervisor_s: float = 30.0
    doctor_s: float = 60.0
    missed_s: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The whole document. `units` has no cycle, and `root` alone has none above it; every unit that is named
    is there. Who answers stands by unit, in the document's order: a ladder is asked for at each press."""

    path: Path | None  # None: there is no document
    units: Mapping[UnitId, Unit]
    root: UnitId
    stations: Mapping[StationId, UnitId] = field(default_factory=dict)
    groups: Mapping[UnitId, tuple[Group, ...]] = field(default_factory=dict)
    supervisors: Mapping[UnitId, tuple[Supervisor, ...]] = field(default_factory=dict)
    on_call: Mapping[UnitId, tuple[OnCallDoctor, ...]] = field(default_factory=dict)
    roster: Mapping[UnitId, tuple[RosterDoctor, ...]] = field(default_factory=dict)
    adapters: tuple[Adapter, ...] = ()
    limits: Limits = Limits()

    def unit_of(self, station: StationId) -> Unit:
        """Return a station's unit; the root for one that nobody has named."""
        return self.units[self.stations.get(station, self.root)]

    def way_up(self, station: StationId) -> tuple[Unit, ...]:
        """Return a station's unit and all those above it, the root last."""
        way = [self.unit_of(station)]
        while (parent := way[-1].parent) is not None:
            way.append(self.units[parent])
        return tuple(way)

    def unknown_accounts(self, accounts: Iterable[str]) -> tuple[str, ...]:
        """Return the accounts that the document names and that may not answer: slips, or removed since."""
        known = {name.casefold() for name in accounts}
        groups, supervisors = chain(*self.groups.values()), chain(*self.supervisors.values())
        named = [name for group in groups for name in group.members if name != EVERYBODY]
        named += [supervisor.account for supervisor in supervisors]
        named += [unit.failsafe for unit in self.units.values() if unit.failsafe is not None]
        return tuple(dict.fromkeys(name for name in named if name.casefold() not in known))


def without_document(zone: ZoneInfo | None = None) -> Policy:
    """Return what holds without a document: everybody who may answer is one group, at all hours."""
    unit = Unit(id=ROOT, name="", zone=zone or ZoneInfo(DEFAULT_ZONE))
    return Policy(
        path=None,
        units=MappingProxyType({ROOT: unit}),
        root=ROOT,
        groups=MappingProxyType({ROOT: (Group(unit=ROOT, members=(EVERYBODY,)),)}),
    )


def utc_of(utc_us: int) -> datetime:
    """Return microseconds since 1970 as a moment with its zone."""
    return datetime.fromtimestamp(utc_us / 1e6, tz=UTC)
