"""How SpO2 and heart rate went: of the visit under way, and of the last 24 hours, visit beside visit."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from contract.ids import NO_VISIT, StationId
from hub.console.page import render, rooms_of, signed_in, station_in_path, wants_json, zone_at
from hub.console.playback import clock_ms, note_look
from hub.console.rooms import Rooms
from hub.console.words import Words, language_of
from hub.live.numbers import SHOWN_UNITS
from hub.playback.periods import Period, read_periods
from hub.playback.piece import Span
from hub.playback.trend import JOB_US, Bin, Line, Trend, add_span, bin_for
from hub.store.papers import VisitId

DAY_S: Final = 86_400
BACK: Final = {"visit": None, "day": DAY_S}
ROWS_MAX: Final = 60  # of the table, a visit


@dataclass(frozen=True, slots=True)
class VisitTrend:
    """One visit on the graph. `utc_from_ms`: where its first bin begins, hub UTC; None: that is not known to
    the minute, and it has a time line of its own."""

    period: Period
    trend: Trend
    utc_from_ms: float | None


async def show_trends(request: Request) -> Response:
    """GET /stations/ID/trends?of=visit|day: a page with a table, or for a script the same as JSON."""
    account = await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    of = request.query_params.get("of", "visit")
    since_s = BACK.get(of)
    await note_look(request, account, station, None, deed="trends")
    await rooms.feed.know([station])  # who is there now
    under_way = rooms.visit_now(station)
    found = await _read(rooms, station, since_s=since_s, is_table=not wants_json(request))
    if wants_json(request):
        words = Words(language_of(request))
        return JSONResponse(
            {"now_ms": rooms.utc_ms(), "visits": [_told(one, words, under_way) for one in found]},
            headers={"Vary": "Accept"},
        )
    return render(
        request,
        "trends.html",
        account=account,
        zone_name=zone_at(request, station),
        station=station,
        name=rooms.stations.name(station),
        of=of if of in BACK else "visit",
        visits=found,
    )


async def _read(
    rooms: Rooms, station: StationId, *, since_s: float | None, is_table: bool
) -> list[VisitTrend]:
    """The visit under way, or the newest; with `since_s` all that may be of that time. A day of each."""
    periods = await rooms.hub.run_read(lambda store: read_periods(store, station))
    seen = [one for one in periods if one.of.visit != NO_VISIT]
    since_us = None if since_s is None else rooms.hub.utc_now_us() - int(since_s * 1e6)
    if since_us is None:
        chosen = [one for one in seen if seen and one.of == seen[0].of]
    else:
        chosen = [one for one in seen if (one.end.latest_us or since_us) >= since_us]
    length_us = int((since_s or 0) * 1e6) or sum(one.end_us - one.begin_us for one in chosen)
    bin_us = max(60_000_000, bin_for(length_us, most=ROWS_MAX)) if is_table else bin_for(length_us)
    return [await _read_one(rooms, station, one, bin_us=bin_us, since_us=since_us) for one in chosen[::-1]]


async def _read_one(
    rooms: Rooms, station: StationId, period: Period, *, bin_us: int, since_us: int | None
) -> VisitTrend:
    begin = period.begin
    from_us = max(period.begin_us, period.end_us - DAY_S * 1_000_000)  # a day of any visit
    if since_us is not None and begin.best_us is not None and begin.best_us < since_us:
        skipped_us = (since_us - begin.best_us) // bin_us * bin_us
        from_us = min(period.end_us, max(from_us, period.begin_us + skipped_us))
    trend = Trend(from_us, bin_us)
    for job in Span(period.of, period.boot, from_us, period.end_us + 1).jobs(JOB_US):
        await rooms.hub.run_read(
            lambda store, job=job: add_span(trend, store, rooms.hub.opener_for, station, job)  # type: ignore[misc]
        )
    begin_ms = clock_ms(begin)
    return VisitTrend(
        period, trend, None if begin_ms is None else begin_ms + (from_us - period.begin_us) / 1000
    )


def _told(one: VisitTrend, words: Words, under_way: VisitId | None) -> dict[str, object]:
    trend = one.trend
    return {
        "code": one.period.code,
        "visit_no": str(one.period.of.visit),
        "is_under_way": one.period.of == under_way,
        "utc_from_ms": one.utc_from_ms,
        "bin_ms": trend.bin_us / 1000,
        "lines": [
            _line(line, bins, words) for line, bins in sorted(trend.lines.items(), key=lambda it: it[0])
        ],
    }


def _line(line: Line, bins: dict[int, Bin], words: Words) -> dict[str, object]:
    unit, factor = SHOWN_UNITS.get(line.unit, (line.unit, 1.0))
    return {
        "label": words(line.label),
        "unit": unit,
        "device": line.device,
        "source": line.source,
        "rank": line.rank,
        "is_unverified": line.is_unverified,
        "bins": [
            [number, *(round(value * factor, 2) for value in (one.low, one.middle, one.high))]
            for number, one in sorted(bins.items())
        ],
    }
