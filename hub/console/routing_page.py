"""Who would ring when a station presses at any moment, rung by rung; what is the matter with routing now."""

from datetime import UTC, datetime
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contract.errors import RefusedError
from contract.ids import StationId, parse_station
from hub.console.page import RefusedPageError, render, rooms_of, signed_in
from hub.routing.dry_run import Row, describe
from hub.routing.ladder import list_owner, rungs
from hub.routing.policy import LAST_RUNG, Rung, Unit, Webhook, utc_of
from hub.typed_values import YEARS

RUNG_WORDS: Final = {
    Rung.UNIT: "đơn vị của trạm",
    Rung.PARENT: "các đơn vị trên",
    Rung.SUPERVISOR: "người phụ trách",
    Rung.DOCTOR: "bác sĩ trực, qua điện thoại",
}


SUGGESTED_MAX: Final = 500  # a longer list would weigh more than the page


async def show_routing(request: Request) -> Response:
    """GET /routing, ?station=ID&at=2026-11-29T03:00&emergency=1&ready=now: who would ring then.

    `at` is on the clock of the station's unit, without it: now. `ready` "now": only whoever is ready now.
    """
    account = await signed_in(request)
    if not account.may_answer:
        raise RefusedPageError(403, "Tài khoản này không được trả lời cuộc gọi.")
    routing, said = rooms_of(request).routing, request.query_params
    station, at = _station(request), said.get("at", "")
    is_emergency, is_of_now = said.get("emergency") == "1", said.get("ready") == "now"
    answer: dict[str, object] = {}
    suggested = rooms_of(request).stations.ids()[:SUGGESTED_MAX]
    if station is not None:
        policy, accounts = routing.policy, routing.accounts
        unit = policy.unit_of(station)
        moment = utc_of(rooms_of(request).hub.utc_now_us()) if not at else _moment(at, unit)
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
        has_document=routing.policy.path is not None,
    )


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
