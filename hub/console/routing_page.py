"""Who would ring when a station presses, at any moment; the week's rota; what is the matter with routing."""

from datetime import UTC, datetime, timedelta
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contract.errors import RefusedError
from contract.ids import StationId, parse_station
from hub.console.page import RefusedPageError, render, rooms_of, signed_in
from hub.routing.dry_run import Row, describe
from hub.routing.ladder import list_owner, rungs
from hub.routing.policy import EVERYBODY, LAST_RUNG, Policy, Rung, Unit, UnitId, Webhook, utc_of
from hub.routing.rota import WEEK_DAYS, Duty, RotaRow, rota
from hub.typed_values import YEARS

RUNG_WORDS: Final = {
    Rung.UNIT: "đơn vị của trạm",
    Rung.PARENT: "các đơn vị trên",
    Rung.SUPERVISOR: "người phụ trách",
    Rung.DOCTOR: "bác sĩ trực, qua điện thoại",
}
DUTY_WORDS: Final = {
    Duty.ANSWERS: "trả lời",
    Duty.SUPERVISES: "người phụ trách",
    Duty.ON_CALL: "bác sĩ trực, qua điện thoại",
    Duty.INVITED: "bác sĩ được mời",
}

SUGGESTED_MAX: Final = 500  # a longer list would weigh more than the page
ROTA_ROWS_MAX: Final = 200  # more are there by station


async def show_routing(request: Request) -> Response:
    """GET /routing, ?station=ID&at=2026-11-29T03:00&emergency=1&ready=now: who would ring then, and the rota
    of the week that begins that day, of the station's unit and those above it; without a station of all.

    `at` is on the clock of the station's unit, without it: now. `ready` "now": only whoever is ready now.
    """
    account = await signed_in(request)
    if not account.may_answer:
        raise RefusedPageError(403, "Tài khoản này không được trả lời cuộc gọi.")
    routing, said = rooms_of(request).routing, request.query_params
    station, at = _station(request), said.get("at", "")
    is_emergency, is_of_now = said.get("emergency") == "1", said.get("ready") == "now"
    answer: dict[str, object] = {}
    policy, moment = routing.policy, utc_of(rooms_of(request).hub.utc_now_us())
    way: list[UnitId] | None = None
    first = policy.units[policy.root].local(moment).date()
    suggested = rooms_of(request).stations.ids()[:SUGGESTED_MAX]
    if station is not None:
        accounts = routing.accounts
        unit = policy.unit_of(station)
        moment = moment if not at else _moment(at, unit)
        way, first = [one.id for one in policy.way_up(station)], unit.local(moment).date()
        ladder = rungs(policy, station, moment, is_emergency=is_emergency, accounts=accounts)
        rows = describe(ladder, ready=routing.ready() if is_of_now else None)
        answer = {
            "name": rooms_of(request).stations.name(station),
            "local": unit.local(moment),
            "zone": unit.zone.key,
            "rows": [(row, _rings(row), _tells(row)) for row in rows],
            "owner": list_owner(policy, station, moment, rows[LAST_RUNG].ready, accounts=accounts),
            "missed_s": ladder.missed_s,
            "hotline": unit.hotline,
        }
    rows_of_week = rota(policy, first, of=way)
    return render(
        request,
        "routing.html",
        account=account,
        asked={"station": said.get("station", ""), "at": at, "emergency": is_emergency, "now": is_of_now},
        stations=[(one, rooms_of(request).stations.name(one)) for one in suggested],
        answer=answer,
        rung_words=RUNG_WORDS,
        fault=routing.fault,
        adapter_faults=routing.adapter_faults,
        ready=sorted(routing.ready()),
        has_document=policy.path is not None,
        days=[first + timedelta(days=step) for step in range(WEEK_DAYS)],
        week=[(_unit_path(policy, row.unit), row, _times(row)) for row in rows_of_week[:ROTA_ROWS_MAX]],
        more=max(0, len(rows_of_week) - ROTA_ROWS_MAX),
        everybody=EVERYBODY,
        duty_words=DUTY_WORDS,
    )


def _unit_path(policy: Policy, unit: UnitId) -> str:
    """Return the names of a unit and of those above it, the highest first."""
    names, at = [], policy.units[unit]
    while True:
        names.append(at.name or at.id)
        if at.parent is None:
            return " › ".join(reversed(names)) if policy.path is not None else ""
        at = policy.units[at.parent]


def _times(row: RotaRow) -> list[list[str]]:
    """Return the times of each day, as they are written; none: nobody is there."""
    return [[f"{_clock(one.from_min)}–{_clock(one.to_min)}" for one in windows] for windows in row.days]


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _station(request: Request) -> StationId | None:
    text = request.query_params.get("station", "").strip()
    if not text:
        return None
    try:
        station = parse_station(text)
    except RefusedError:
        raise RefusedPageError(404, "Không có trạm này.") from None
    if not rooms_of(request).stations.knows(station):
        raise RefusedPageError(404, "Không có trạm này.")
    return station


def _moment(text: str, unit: Unit) -> datetime:
    """Return a moment of the unit's clock. Raises RefusedPageError: it is none."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.year not in YEARS:
            raise ValueError
        return (moment.replace(tzinfo=unit.zone) if moment.tzinfo is None else moment).astimezone(UTC)
    except (ValueError, OverflowError):
        raise RefusedPageError(422, "Hãy ghi ngày giờ như 2026-11-29T03:00.") from None


def _rings(row: Row) -> list[str]:
    """Return whose consoles ring from that rung on, besides those that ring already."""
    return [name for name in row.ready if name in row.joining]


def _tells(row: Row) -> list[tuple[str, str, list[tuple[str, str | None]]]]:
    """Return each message: how, by which adapter, to whom."""
    return [
        (
            "webhook" if isinstance(tell.adapter, Webhook) else "SMS",
            tell.adapter.name,
            [(person.name, person.phone) for person in tell.people],
        )
        for tell in row.tells
    ]
