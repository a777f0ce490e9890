"""Reads the routing document; whatever is wrong is named with file, key and what is expected (core).

Source: docs/routing.md.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final, Protocol, TypeVar
from zoneinfo import ZoneInfo

from contract.errors import RefusedError
from contract.ids import StationId, parse_station
from hub.routing.adapter_tables import read_adapters
from hub.routing.hours import ALWAYS, EXPECTED, Dates, Hours, HoursError, parse_dates, parse_hours
from hub.routing.policy import (
    DEFAULT_ZONE,
    ROOT,
    Group,
    Limits,
    OnCallDoctor,
    Policy,
    RosterDoctor,
    Supervisor,
    Unit,
    UnitId,
)
from hub.routing.sms_pdu import NUMBER_PATTERN
from hub.toml_table import ConfigError, Table

HOTLINE_MAX_CHARS: Final = 40  # as a station's screen has room for
MISSED_MAX_S: Final = 3600
_UNIT_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


def read_policy(path: Path, *, accounts: Collection[str]) -> Policy:
    """Return what the document says. `accounts`: all that may answer. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}); hub.toml names it as folders.routing: docs/routing.md"
        ) from error
    return parse_policy(text, path=path, accounts=accounts)


def parse_policy(text: str, *, path: Path, accounts: Collection[str]) -> Policy:
    """Return what the document in `text` says. Raises ConfigError."""
    return _Reader(Table.read(text, path=path), accounts).policy()


class _Reader:
    """One document under way."""

    def __init__(self, document: Table, accounts: Collection[str]) -> None:
        self._document = document
        self._accounts = {name.casefold() for name in accounts}
        self._holidays = self._read_holidays()
        self._units = self._read_units()
        self._root = next(unit.id for unit in self._units.values() if unit.parent is None)

    def policy(self) -> Policy:
        """Return all of it; what is left over is a slip."""
        document = self._document
        policy = Policy(
            path=document.path,
            units=MappingProxyType(self._units),
            root=self._root,
            stations=MappingProxyType(self._read_stations(document.table("stations"))),
            groups=_by_unit(self._group(table) for table in document.tables("groups")),
            supervisors=_by_unit(self._supervisor(table) for table in document.tables("supervisors")),
            on_call=_by_unit(self._on_call(table) for table in document.tables("on_call")),
            roster=_by_unit(self._roster(table) for table in document.tables("roster")),
            adapters=read_adapters(document, self._unit_id),
            limits=_read_limits(document.table("limits")),
        )
        document.refuse_the_rest()
        return policy

    def _read_holidays(self) -> tuple[Dates, ...]:
        lines = self._document.texts("holidays")
        try:
            return tuple(map(parse_dates, lines))
        except HoursError as error:
            expected = f'dates such as "2026-09-02", "2027-02-05..2027-02-11" ({error})'
            raise self._document.fault("holidays", expected, list(lines)) from error

    def _read_units(self) -> dict[UnitId, Unit]:
        document = self._document
        top = Unit(
            id=ROOT,
            name="",
            zone=_zone(document, ZoneInfo(DEFAULT_ZONE)),
            failsafe=self._failsafe(document, None),
        )
        if "units" not in document:
            return {ROOT: top}
        table = document.table("units")
        tables = {UnitId(name): table.table(name) for name in table.names()}
        parents = {unit_id: one.text_or_none("parent") for unit_id, one in tables.items()}
        roots = [unit_id for unit_id, parent in parents.items() if parent is None]
        if len(roots) != 1:
            raise document.fault(
                "units", "exactly one unit without a parent", ", ".join(roots) or "no such unit"
            )
        units: dict[UnitId, Unit] = {}
        ready = roots
        while ready:  # from the root down, for what a unit leaves out comes from above
            for unit_id in ready:
                parent = parents[unit_id]
                above = top if parent is None else units[UnitId(parent)]
                units[unit_id] = self._unit(tables[unit_id], unit_id, above, is_root=parent is None)
            ready = [unit_id for unit_id in tables if unit_id not in units and parents[unit_id] in units]
        for unit_id in tables.keys() - units.keys():
            is_known = parents[unit_id] in tables
            expected = "a unit that is not below this one" if is_known else "the id of a unit"
            raise tables[unit_id].fault("parent", expected, parents[unit_id])
        return units

    def _unit(self, table: Table, unit_id: UnitId, above: Unit, *, is_root: bool) -> Unit:
        if not _UNIT_ID.fullmatch(unit_id):
            raise self._document.fault("units", "ids of 1 … 32 of a-z, 0-9 and inner hyphens", unit_id)
        hotline = table.text_or_none("hotline") or above.hotline
        if hotline is not None and len(hotline) > HOTLINE_MAX_CHARS:
            raise table.fault("hotline", f"a number of at most {HOTLINE_MAX_CHARS} letters", hotline)
        unit = Unit(
            id=unit_id,
            name=table.text("name", unit_id),
            parent=None if is_root else above.id,
            zone=_zone(table, above.zone),
            hotline=hotline,
            failsafe=self._failsafe(table, above.failsafe),
            may_answer_by_itself=table.flag("emergency_auto_answer", above.may_answer_by_itself),
            drill_hours=self._hours(table, "drill_hours", above.drill_hours),
        )
        table.refuse_the_rest()
        return unit

    def _failsafe(self, table: Table, above: str | None) -> str:
        """The account that owns what nobody else does: without one a missed call might be nobody's."""
        name = table.text_or_none("failsafe") or above
        expected = "the account that owns a missed call which nobody else does; it must exist and may answer"
        if name is None:
            raise table.missing("failsafe", expected)
        if name.casefold() not in self._accounts:
            raise table.fault("failsafe", f"{expected} (hub account list)", name)
        return name

    def _read_stations(self, table: Table) -> dict[StationId, UnitId]:
        stations = {}
        for key in table.names():
            unit = self._unit_id(table, key)
            try:
                stations[parse_station(key)] = unit
            except RefusedError as error:
                raise table.fault(key, f"a station's id as the key ({error})", unit) from error
        return stations

    def _unit_id(self, table: Table, key: str = "unit") -> UnitId:
        unit = UnitId(table.text(key, self._root))
        if unit not in self._units:
            raise table.fault(key, f"the id of a unit: {', '.join(self._units)}", unit)
        return unit

    def _hours(self, table: Table, key: str = "hours", default: Hours = ALWAYS) -> Hours:
        lines = table.texts(key)
        try:
            return parse_hours(lines, holidays=self._holidays) if lines else default
        except HoursError as error:
            raise table.fault(key, f"{EXPECTED} ({error})", list(lines)) from error

    def _group(self, table: Table) -> Group:
        group = Group(unit=self._unit_id(table), members=table.texts("members"), hours=self._hours(table))
        if not group.members:
            raise table.missing("members", 'a list of accounts, or ["*"] for all that may answer')
        table.refuse_the_rest()
        return group

    def _supervisor(self, table: Table) -> Supervisor:
        supervisor = Supervisor(
            unit=self._unit_id(table),
            account=table.text("account"),
            phone=_phone_or_none(table),
            hours=self._hours(table),
        )
        table.refuse_the_rest()
        return supervisor

    def _on_call(self, table: Table) -> OnCallDoctor:
        unit, name, phone = self._unit_id(table), table.text("name"), _phone_or_none(table)
        if phone is None:
            raise table.missing("phone", "a telephone number: on-call doctors are reached by telephone")
        doctor = OnCallDoctor(unit=unit, name=name, phone=phone, hours=self._hours(table))
        table.refuse_the_rest()
        return doctor

    def _roster(self, table: Table) -> RosterDoctor:
        doctor = RosterDoctor(
            unit=self._unit_id(table),
            name=table.text("name"),
            specialties=table.texts("specialties"),
            account=table.text_or_none("account"),
            phone=_phone_or_none(table),
            hours=self._hours(table),
        )
        if not doctor.specialties:
            raise table.missing("specialties", 'a list, such as ["tim mạch"]')
        table.refuse_the_rest()
        return doctor


class _OfUnit(Protocol):
    @property
    def unit(self) -> UnitId: ...


T = TypeVar("T", bound=_OfUnit)


def _by_unit(items: Iterable[T]) -> Mapping[UnitId, tuple[T, ...]]:
    found: dict[UnitId, tuple[T, ...]] = {}
    for item in items:
        found[item.unit] = (*found.get(item.unit, ()), item)
    return MappingProxyType(found)


def _read_limits(table: Table) -> Limits:
    least_s, found = 1, {}
    for key, default_s in (("widen_s", 15), ("supervisor_s", 30), ("doctor_s", 60), ("missed_s", 120)):
        expected = f"whole seconds, {least_s} … {MISSED_MAX_S}: widen_s ≤ supervisor_s ≤ doctor_s ≤ missed_s"
        least_s = table.integer(key, default_s, least=least_s, most=MISSED_MAX_S, expected=expected)
        found[key] = float(least_s)
    table.refuse_the_rest()
    return Limits(**found)


def _zone(table: Table, above: ZoneInfo) -> ZoneInfo:
    name = table.text_or_none("time_zone")
    try:
        return above if name is None else ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise table.fault("time_zone", f'a time zone such as "{DEFAULT_ZONE}"', name) from error


def _phone_or_none(table: Table) -> str | None:
    text = table.text_or_none("phone")
    if text is None:
        return None
    phone = re.sub(r"[ .()-]", "", text)
    if not NUMBER_PATTERN.fullmatch(phone):
        raise table.fault("phone", 'a telephone number such as "+84 912 345 678"', text)
    return phone


def warnings(policy: Policy, accounts: Collection[str]) -> list[str]:
    """Return what is odd about a document that may be used all the same, for people."""
    found = [
        f"{policy.path}: there is no account {name} that may answer: nobody rings in its place"
        for name in policy.unknown_accounts(accounts)
    ]
    if not policy.groups:
        found.append(f"{policy.path}: there are no groups: no console rings before the supervisor's")
    return found
