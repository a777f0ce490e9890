"""Calls, their journals and their figures, as the API says them. Nothing of who was seen is in them."""

from dataclasses import asdict
from datetime import timedelta

from hub.api import models
from hub.api.asked import Asked
from hub.api.endpoint import ApiRefusedError
from hub.calls.kept import read_kept
from hub.console.rooms import Rooms
from hub.console.statistics import DAYS, DAYS_MAX, Period, read_table, today
from hub.statistics.reading import practice_of
from hub.statistics.summary import Summary
from hub.store.interface import CallRow


async def calls(rooms: Rooms, asked: Asked) -> models.CallList:
    """GET /calls."""
    if asked.query:
        period = _period(rooms, asked)
        rows = await rooms.hub.run_read(
            lambda store: store.calls_between(period.from_utc_us, period.until_utc_us)
        )
    else:
        rows = [one.row for one in rooms.desk.open_calls()]
    return models.CallList(as_of_ms=rooms.utc_ms(), calls=tuple(_call(rooms, row) for row in rows))


async def call(rooms: Rooms, asked: Asked) -> models.OneCall:
    """GET /calls/{call}."""
    call_id = asked.call()
    row = await rooms.hub.run_read(lambda store: store.call(call_id))
    if row is None:
        raise ApiRefusedError(404, "not found", f"there is no call {call_id}")
    journal = await rooms.hub.run_read(lambda store: store.journal(call_id))
    return models.OneCall(
        as_of_ms=rooms.utc_ms(),
        call=_call(rooms, row),
        journal=tuple(
            models.Step(
                at_ms=line.utc_us / 1000,
                by=line.by,
                input=line.input,
                from_state=line.from_state,
                to_state=line.to_state,
            )
            for line in journal
        ),
    )


async def statistics(rooms: Rooms, asked: Asked) -> models.CallFigures:
    """GET /statistics."""
    table = await read_table(rooms, _period(rooms, asked))
    return models.CallFigures(
        as_of_ms=rooms.utc_ms(),
        first=table.period.first.isoformat(),
        last=table.period.last.isoformat(),
        total=_figures(table.total),
        units={row.id: _figures(row.summary) for row in table.units},
        stations={row.id: _figures(row.summary) for row in table.stations},
    )


def _period(rooms: Rooms, asked: Asked) -> Period:
    last = asked.day("last") or today(rooms)
    first = asked.day("first") or last - timedelta(days=DAYS - 1)
    if not timedelta() <= last - first < timedelta(days=DAYS_MAX):
        raise ApiRefusedError(
            400, "bad request", f"first … last: one day to {DAYS_MAX} days, the first first"
        )
    return Period(first, last)


def _call(rooms: Rooms, row: CallRow) -> models.Call:
    kept = read_kept(row, line=rooms.desk.line)
    return models.Call(
        call=str(row.call_id),
        station=row.call_id.station,
        station_name=rooms.stations.name(row.call_id.station),
        state=row.state,
        kind=practice_of(row) or "real",
        is_emergency=kept.call.is_emergency,
        owner=row.owner,
        nudges=row.nudges,
        received_ms=row.received_utc_us / 1000,
        changed_ms=row.changed_utc_us / 1000,
    )


def _figures(summary: Summary) -> dict[str, float | None]:
    return {name: value for name, value in asdict(summary).items() if isinstance(value, int | float | None)}
