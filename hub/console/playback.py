"""The past of a station: its visits, one of them played back, pieces of it for the page, its ECG on paper."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contract.errors import RefusedError
from contract.ids import NO_VISIT, BootId, StationId, VisitNo, parse_spool
from contract.varints import VARINT_MAX
from hub.cases.ecg_reading import Moment, read_stretch
from hub.console.case_papers import pdf_of
from hub.console.page import RefusedPageError, render, rooms_of, signed_in, station_in_path, zone_at
from hub.console.station import EVENT_NAMES, EventLine, may_be_seen, read_lines
from hub.console.words import Words, language_of
from hub.papers.ecg_paper import LENGTH_MAX_S
from hub.people.accounts import Account
from hub.playback.periods import Period, read_period, read_periods
from hub.playback.piece import (
    BIN_US,
    BINS_MAX,
    RAW_MAX_US,
    BinRun,
    Span,
    StreamKey,
    Traced,
    envelope,
    read_traces,
)
from hub.playback.piece_wire import envelope_piece, moment_of, raw_piece
from hub.playback.strip_paper import write_strip
from hub.playback.trend import JOB_US, Trend, add_span, bin_for
from hub.store.interface import Store
from hub.store.papers import VisitId
from hub.times.fit import UtcInterval
from hub.times.moments import read_moment
from hub.typed_values import whole_number

NO_PERIOD: Final = "Không có số liệu nào của lượt khám này ở đây."
NOT_WHOLE: Final = "Địa chỉ không đủ hoặc không đúng: hãy chọn lại lượt khám."
EVENTS_MAX: Final = 400
TABLE_ROWS: Final = 60
TABLE_MAX_US: Final = 12 * 3_600_000_000  # of one table: 360 jobs, however long somebody lay there
CLOCKED_US: Final = 60_000_000  # known no better than that, a time has no place on a clock's axis


@dataclass(frozen=True, slots=True)
class NumbersTable:
    """The numbers of a period, or of a part of a long one. `from_ms`: when its first bin begins, hub UTC, if
    that is known; `after_s`, `until_s`: where the part lies in the period; `before_us`, `next_us`: where the
    parts beside it begin, on the box's clock; None: there is none.
    """

    trend: Trend
    from_ms: float | None
    after_s: float
    until_s: float
    before_us: int | None
    next_us: int | None


async def show_playback(request: Request) -> Response:
    """GET /stations/ID/playback: the list of periods; with ?spool&visit&boot one of them, from &t on."""
    account = await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    await rooms.feed.know([station])  # who is there now, and what its devices are called
    periods = await rooms.hub.run_read(lambda store: read_periods(store, station))
    period = await _period_asked(request, station) if "visit" in request.query_params else None
    lines: list[EventLine] = []
    table: NumbersTable | None = None
    if period is not None:
        await note_look(request, account, station, period.of, period.code)
        lines = await rooms.hub.run_read(lambda store: _events(store, station, period))
        table = await _table(request, station, period, at_us=_number(request, "t", default=0))
    return render(
        request,
        "playback.html",
        account=account,
        zone_name=zone_at(request, station),
        station=station,
        name=rooms.stations.name(station),
        periods=periods,
        period=period,
        under_way=rooms.visit_now(station),
        lines=lines,
        table=table,
        facts=None if period is None else _facts(station, period, _number(request, "t", default=0)),
        name_of=rooms.feed.now(station).devices.full_name,
    )


async def show_piece(request: Request) -> Response:
    """GET /stations/ID/playback/piece?spool&visit&boot&from&until[&bin]: as docs/playback.md says."""
    account = await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    span, bin_us = _span(request), _number(request, "bin", default=0)
    await note_look(request, account, station, span.of)
    parts: list[list[Traced]] = []
    for job in span.jobs():  # others wait for the store's thread in between
        parts.append(
            await rooms.hub.run_read(
                lambda store, job=job: read_traces(store, rooms.hub.opener_for, station, job)  # type: ignore[misc]
            )
        )
    when = await rooms.hub.run_read(_moment(station, span))
    if bin_us == 0:
        data = raw_piece(span, when, parts[0])
    else:
        data = await asyncio.to_thread(_envelope, span, when, parts, bin_us)
    return Response(data, media_type="application/octet-stream")


async def show_paper(request: Request) -> Response:
    """GET /stations/ID/playback.pdf?spool&visit&boot&from[&until]: ten seconds at most, true to scale."""
    account = await signed_in(request)
    station, rooms = station_in_path(request), rooms_of(request)
    period = await _period_asked(request, station)
    if period is None:
        raise RefusedPageError(404, NO_PERIOD)
    from_us = _number(request, "from", default=period.begin_us)
    until_us = _number(request, "until", default=from_us + int(LENGTH_MAX_S * 1e6))
    length_s = (until_us - from_us) / 1e6
    if not 0 < length_s <= LENGTH_MAX_S or until_us > VARINT_MAX:
        raise RefusedPageError(422, NOT_WHOLE)
    await note_look(request, account, station, period.of, period.code, deed="playback paper")
    end = Moment(period.boot, until_us)
    stretch = await rooms.hub.run_read(
        lambda store: read_stretch(
            store, rooms.hub.opener_for, station, period.of, end=end, length_s=length_s
        )
    )
    paper = write_strip(
        stretch,
        period,
        station=station,
        station_name=rooms.stations.name(station),
        zone=zone_at(request, station),
        made_utc_us=rooms.hub.utc_now_us(),
        by=account.name,
        say=Words(language_of(request)),
    )
    return await pdf_of(paper, f"dien-tim-{period.code or 'khong-luot'}.pdf")


async def note_look(
    request: Request,
    account: Account,
    station: StationId,
    of: VisitId | None,
    code: str = "",
    *,
    deed: str = "playback",
) -> None:
    """Write down who looked at whom, once for a while of looking."""
    rooms = rooms_of(request)
    if not rooms.looks.is_due(deed, account.name, station, of, now_s=rooms.hub.now_s()):
        return
    text = "" if of is None else f"{code or '–'} {of.spool:016x}.{of.visit}"
    try:
        await rooms.people.note(account, deed, station, text)
    except BaseException:
        rooms.looks.forget(deed, account.name, station, of)
        raise


def clock_ms(moment: UtcInterval) -> float | None:
    """Return a moment as one time of day, hub UTC in ms; None: it is not known to the minute."""
    if moment.best_us is None or moment.err_us is None or moment.err_us > CLOCKED_US:
        return None
    return moment.best_us / 1000


def _moment(station: StationId, span: Span) -> Callable[[Store], UtcInterval]:
    return lambda store: read_moment(store, station, span.of.spool, span.boot, span.from_us)


def _envelope(span: Span, when: UtcInterval, parts: list[list[Traced]], bin_us: int) -> bytes:
    streams: dict[StreamKey, Traced] = {}
    bins: dict[StreamKey, list[BinRun]] = {}
    for traced in (one for part in parts for one in part):
        streams.setdefault(traced.key, traced)
        bins.setdefault(traced.key, []).extend(envelope(traced, from_us=span.from_us, bin_us=bin_us))
    return envelope_piece(span, when, list(streams.values()), bins, bin_us=bin_us)


def _events(store: Store, station: StationId, period: Period) -> list[EventLine]:
    """What happened in a period, oldest first: of its visit and of the box itself; never another visit's."""
    stored = store.events_between(
        station,
        period.of.spool,
        names=EVENT_NAMES,
        boot=period.boot,
        from_t_us=max(0, period.begin_us - 1_000_000),
        until_t_us=period.end_us + 1_000_000,
        most=EVENTS_MAX,
    )
    seen = [one for one in stored if may_be_seen(one, period.of.visit)]
    return read_lines(store, station, period.of.spool, seen, is_past=True)


async def _table(request: Request, station: StationId, period: Period, *, at_us: int) -> NumbersTable:
    """The numbers of a period in few rows: what is read where no script runs. Of a long one the part that
    `at_us` lies in.
    """
    rooms = rooms_of(request)
    past_us = min(max(at_us, period.begin_us), period.end_us) - period.begin_us
    from_us = period.begin_us + past_us // TABLE_MAX_US * TABLE_MAX_US
    until_us = min(from_us + TABLE_MAX_US, period.end_us + 1)
    trend = Trend(from_us, max(60_000_000, bin_for(until_us - from_us, most=TABLE_ROWS)))
    for job in Span(period.of, period.boot, from_us, until_us).jobs(JOB_US):
        await rooms.hub.run_read(
            lambda store, job=job: add_span(trend, store, rooms.hub.opener_for, station, job)  # type: ignore[misc]
        )
    begin_ms, after_ms = clock_ms(period.begin), (from_us - period.begin_us) / 1000
    return NumbersTable(
        trend,
        None if begin_ms is None else begin_ms + after_ms,
        after_s=after_ms / 1000,
        until_s=(until_us - period.begin_us) / 1e6,
        before_us=from_us - TABLE_MAX_US if from_us > period.begin_us else None,
        next_us=until_us if until_us <= period.end_us else None,
    )


def _facts(station: StationId, period: Period, t_us: int) -> dict[str, object]:
    """What the page's script must know of the period."""
    at_us = min(max(t_us, period.begin_us), period.end_us)
    return {
        "station": station,
        "spool": f"{period.of.spool:016x}",
        "visit_no": str(period.of.visit),
        "boot": period.boot,
        "begin_us": period.begin_us,
        "end_us": period.end_us,
        "at_us": at_us,
        "begin": moment_of(period.begin),
        "end": moment_of(period.end),
    }


async def _period_asked(request: Request, station: StationId) -> Period | None:
    rooms, of = rooms_of(request), _visit(request)
    boot = _number(request, "boot", default=0) or None
    at_us = _number(request, "t", default=_number(request, "from", default=0))
    return await rooms.hub.run_read(
        lambda store: read_period(store, station, of, None if boot is None else BootId(boot), at_us=at_us)
    )


def _span(request: Request) -> Span:
    bin_us = _number(request, "bin", default=0)
    from_us, until_us = _number(request, "from"), _number(request, "until")
    most_us = RAW_MAX_US if bin_us == 0 else bin_us * BINS_MAX
    boot = _number(request, "boot")
    if bin_us not in (0, *BIN_US) or not 0 < until_us - from_us <= most_us or boot == 0:
        raise RefusedPageError(422, NOT_WHOLE)
    return Span(_visit(request), BootId(boot), from_us, until_us)


def _visit(request: Request) -> VisitId:
    try:
        spool = parse_spool(request.query_params.get("spool", ""))
    except RefusedError:
        raise RefusedPageError(422, NOT_WHOLE) from None
    return VisitId(spool, VisitNo(_number(request, "visit", default=NO_VISIT)))


def _number(request: Request, name: str, *, default: int | None = None) -> int:
    """Return a whole number of the address, 0 … 2**63 - 1. Raises RefusedPageError."""
    text = request.query_params.get(name)
    if text is None and default is not None:
        return default
    number = whole_number(text or "", most=VARINT_MAX)
    if number is None:
        raise RefusedPageError(422, NOT_WHOLE)
    return number
