"""Statistics of calls: a page, the same as JSON and as CSV. Days are those of Vietnam."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contract.ids import StationId
from hub.collation import name_key
from hub.console.ages import VIETNAM, age_text, at_place
from hub.console.page import RefusedPageError, render, rooms_of, signed_in
from hub.console.rooms import Rooms
from hub.console.words import Words, language_of
from hub.fleet.csv_table import as_text
from hub.routing.policy import Unit
from hub.statistics.call_history import CallHistory
from hub.statistics.reading import read_histories
from hub.statistics.summary import Summary, by_group, summarise
from hub.typed_values import day

DAYS: Final = 7  # shown where nobody chose
DAYS_MAX: Final = 93  # at once: a quarter
UNIT_PREFIX: Final = "unit "  # of a group's key; a station's is its id, which has no space
STATIONS_SHOWN: Final = 500  # on the page; JSON and CSV have all


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days, `last` included."""

    first: date
    last: date

    @property
    def from_utc_us(self) -> int:
        """Its beginning."""
        return _utc_us(self.first)

    @property
    def until_utc_us(self) -> int:
        """The first moment that is not in it any more."""
        return _utc_us(self.last + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Row:
    """The numbers of a unit with all below it, or of a station. `depth`: below the root."""

    id: str
    name: str
    depth: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Table:
    """All numbers of a period: of everything, of units as a tree, of stations by name."""

    period: Period
    total: Summary
    units: tuple[Row, ...]
    stations: tuple[Row, ...]


async def show_statistics(request: Request) -> Response:
    """GET /statistics?from=2026-11-01&until=2026-11-30."""
    account = await signed_in(request)
    table = await _table(request)
    words = Words(language_of(request))
    return render(
        request,
        "statistics.html",
        account=account,
        table=table,
        shown=table.stations[:STATIONS_SHOWN],
        more=max(0, len(table.stations) - STATIONS_SHOWN),
        query=urlencode({"from": table.period.first, "until": table.period.last}),
        lasting=lambda seconds: age_text(seconds, words),
    )


async def tell_statistics(request: Request) -> Response:
    """GET /statistics.json: the same for programs."""
    await signed_in(request)
    table = await _table(request)
    return JSONResponse(
        {
            "from": table.period.first.isoformat(),
            "until": table.period.last.isoformat(),
            "total": asdict(table.total),
            "units": [_plain(row) for row in table.units],
            "stations": [_plain(row) for row in table.stations],
        }
    )


async def save_statistics(request: Request) -> Response:
    """GET /statistics.csv: a line a unit and a station, for a spreadsheet."""
    await signed_in(request)
    table = await _table(request)
    name = f"haidang-{table.period.first.isoformat()}-{table.period.last.isoformat()}.csv"
    return Response(
        csv_text(table),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def csv_text(table: Table) -> str:
    """Return the table as CSV (RFC 4180), with a mark at the front by which spreadsheets know UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    numbers = [field.name for field in fields(Summary)]
    writer.writerow(["from", "until", "kind", "id", "name", *numbers])
    rows = [("total", Row("", "", 0, table.total))]
    rows += [("unit", row) for row in table.units]
    rows += [("station", row) for row in table.stations]
    days = (table.period.first.isoformat(), table.period.last.isoformat())
    for kind, row in rows:
        values = [getattr(row.summary, name) for name in numbers]
        writer.writerow(
            [*days, kind, as_text(row.id), as_text(row.name), *("" if v is None else v for v in values)]
        )
    return "\ufeff" + text.getvalue()


def read_period(said: Mapping[str, str], *, today: date) -> Period:
    """Return the period that an address names; the last week for none. Raises RefusedPageError."""
    last = day(said["until"]) if said.get("until") else today
    first = day(said["from"]) if said.get("from") else last and last - timedelta(days=DAYS - 1)
    if first is None or last is None:
        raise RefusedPageError(422, "Ngày phải viết như 2026-11-30.")
    if not timedelta() <= last - first < timedelta(days=DAYS_MAX):
        raise RefusedPageError(422, "Khoảng ngày phải từ một ngày đến 93 ngày.")
    return Period(first, last)


async def _table(request: Request) -> Table:
    rooms = rooms_of(request)
    return await read_table(rooms, read_period(request.query_params, today=today(rooms)))


def today(rooms: Rooms) -> date:
    """Return which day it is in Vietnam."""
    return at_place(rooms.utc_ms()).date()


async def read_table(rooms: Rooms, period: Period) -> Table:
    """Return the numbers of a period, under the units and names of now."""
    histories = [
        one
        async for some in read_histories(rooms.hub.run_read, period.from_utc_us, period.until_utc_us)
        for one in some
    ]
    return make_table(rooms, period, histories)


def make_table(rooms: Rooms, period: Period, histories: Iterable[CallHistory]) -> Table:
    """Return the numbers of some calls, under the units and names of now."""
    policy, every = rooms.routing.policy, list(histories)
    first_try_s = rooms.desk.limits().first_try_us / 1e6

    def groups_of(one: CallHistory) -> list[str]:
        return [one.station, *(f"{UNIT_PREFIX}{unit.id}" for unit in policy.way_up(one.station))]

    found = by_group(every, groups_of, first_try_s=first_try_s)
    units = [
        Row(unit.id, unit.name, depth, summary)
        for unit, depth in _tree(policy.units.values())
        if (summary := found.get(f"{UNIT_PREFIX}{unit.id}")) is not None
    ]
    stations = [
        Row(key, rooms.stations.name(StationId(key)), 0, summary)
        for key, summary in found.items()
        if not key.startswith(UNIT_PREFIX)
    ]
    return Table(
        period,
        summarise(every, first_try_s=first_try_s),
        tuple(units) if len(policy.units) > 1 else (),
        tuple(sorted(stations, key=lambda row: name_key(row.name))),
    )


def _tree(units: Iterable[Unit]) -> list[tuple[Unit, int]]:
    """Return the units, each followed by those below it, and how deep each lies."""
    below: dict[str | None, list[Unit]] = {}
    for unit in units:
        below.setdefault(unit.parent, []).append(unit)
    found: list[tuple[Unit, int]] = []
    todo = [(unit, 0) for unit in reversed(below.get(None, []))]
    while todo:
        unit, depth = todo.pop()
        found.append((unit, depth))
        todo += [(one, depth + 1) for one in reversed(below.get(unit.id, []))]
    return found


def _plain(row: Row) -> dict[str, Any]:
    return {"id": row.id, "name": row.name, **asdict(row.summary)}


def _utc_us(day: date) -> int:
    return round(datetime.combine(day, time(), VIETNAM).timestamp() * 1e6)
