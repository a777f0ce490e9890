"""Alerts: the open ones, one with its journal, those that are over; somebody owns one, or gives it back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from contract.ids import StationId
from contract.varints import VARINT_MAX
from hub.alerts.alert import Alert
from hub.alerts.alert_service import AlertDesk
from hub.alerts.kept import journal_detail, read_alert
from hub.alerts.rules import Severity
from hub.alerts.table import Input, State
from hub.cases.note_words import utc_text
from hub.collation import name_key
from hub.console.ages import age_text
from hub.console.alert_rows import (
    INPUT_WORDS,
    SEVERITY_WORDS,
    STATE_WORDS,
    AlertEntry,
    alert_entry,
    reading_text,
)
from hub.console.page import (
    RefusedPageError,
    render,
    rooms_of,
    signed_in,
    signed_in_to_answer,
    wants_json,
)
from hub.console.rooms import Rooms
from hub.console.words import Words, language_of
from hub.fleet.units import NO_MAX, UnitNo
from hub.store.alert_book import AlertLine
from hub.typed_values import whole_number

SHOWN_MAX: Final = 200
CLOSED_MAX: Final = 200
HOURS: Final = {"0.5": "30 phút", "1": "1 giờ", "4": "4 giờ", "8": "8 giờ", "24": "24 giờ"}
TOLD_WORDS: Final = {"sent": "đã gửi", "failed": "không gửi được", "withdrawn": "không cần gửi nữa"}


@dataclass(frozen=True, slots=True)
class JournalRow:
    """A line of an alert's journal. `input`, `state`: words of the catalogue; `text`: the rest."""

    when: str
    by: str | None
    input: str
    state: str
    text: str


@dataclass(frozen=True, slots=True)
class ClosedRow:
    """An alert that is over. `title`, `place` may be words of the catalogue."""

    no: int
    severity: Severity
    title: str
    place: str
    raised: str
    closed: str
    lasted: str
    count: int


async def show_alerts(request: Request) -> Response:
    """GET /alerts: the open ones; ?unit=NO of a unit; ?mine=1; ?quiet=1 those in maintenance too; ?part=1."""
    account = await signed_in(request)
    rooms, said, words = rooms_of(request), request.query_params, Words(language_of(request))
    desk, is_part = rooms.alerts, said.get("part") == "1"
    unit, is_mine, is_quiet = (
        _unit(rooms, said.get("unit", "")),
        said.get("mine") == "1",
        said.get("quiet") == "1",
    )
    alerts = [
        one
        for one in desk.open_alerts()
        if (unit is None or desk.paths.is_in(one.place, unit))
        and (not is_mine or one.owner == account.name)
        and (is_quiet or not one.is_quiet)
    ]
    return render(
        request,
        "alerts_list.html" if is_part else "alerts.html",
        account=account,
        entries=[alert_entry(desk, one, words) for one in alerts[:SHOWN_MAX]],
        more=max(0, len(alerts) - SHOWN_MAX),
        quiet_count=sum(one.is_quiet for one in desk.open_alerts()),
        units=unit_choices(rooms),
        asked={"unit": unit, "mine": is_mine, "quiet": is_quiet},
        faults=faults(desk) if account.may_answer else [],
        hours=HOURS,
        age_near=line_age(request),
        severity_words=SEVERITY_WORDS,
    )


async def show_closed(request: Request) -> Response:
    """GET /alerts/closed: those that are over, closed last first."""
    account = await signed_in(request)
    rooms, words = rooms_of(request), Words(language_of(request))
    kept = await rooms.hub.run_read(lambda store: store.alerts.closed_alerts(newest=CLOSED_MAX))
    alerts = [(read_alert(row, line=rooms.alerts.line), row.changed_utc_us) for row in kept]
    rows = [_closed(rooms, alert, closed_us, words) for alert, closed_us in alerts]
    return render(
        request,
        "closed_alerts.html",
        account=account,
        rows=rows,
        most=CLOSED_MAX,
        severity_words=SEVERITY_WORDS,
    )


async def show_alert(request: Request) -> Response:
    """GET /alerts/NO: one alert, open or over, and what was done to it."""
    account = await signed_in(request)
    rooms, words, no = rooms_of(request), Words(language_of(request)), _no(request)
    open_alert = rooms.alerts.alert(no)
    row, lines = await rooms.hub.run_read(
        lambda store: (store.alerts.alert(no), store.alerts.alert_journal(no))
    )
    alert = open_alert
    if alert is None and row is not None:
        alert = read_alert(row, line=rooms.alerts.line)
    if alert is None:
        raise RefusedPageError(404, "Không có cảnh báo này.")
    return render(
        request,
        "alert.html",
        account=account,
        entry=alert_entry(rooms.alerts, alert, words),
        is_open=open_alert is not None,
        lines=[_journal_row(rooms.alerts, alert, line, words) for line in lines],
        hours=HOURS,
        age_near=line_age(request),
        severity_words=SEVERITY_WORDS,
    )


async def acknowledge(request: Request) -> Response:
    """POST /alerts/NO/ack: `note`, `hours` of HOURS: whoever asks owns it until then."""
    account, rooms, no = await signed_in_to_answer(request), rooms_of(request), _no(request)
    form = await request.form()
    hours, note = str(form.get("hours", "")), str(form.get("note", ""))
    if hours not in HOURS:
        raise RefusedPageError(422, "Hãy chọn nhận đến khi nào: nhiều nhất 24 giờ.")
    alert = await rooms.alerts.acknowledge(no, by=account.name, note=note, for_s=float(hours) * 3600)
    if alert is None:
        raise RefusedPageError(409, "Cảnh báo này không còn mở.")
    return _done(request)


async def release(request: Request) -> Response:
    """POST /alerts/NO/release: nobody owns it any more."""
    account, rooms, no = await signed_in_to_answer(request), rooms_of(request), _no(request)
    if await rooms.alerts.release(no, by=account.name) is None:
        raise RefusedPageError(409, "Cảnh báo này không có ai nhận.")
    return _done(request)


def line_age(request: Request) -> Callable[[float], str]:
    """Return what says how far a moment of the alerts' line (ms) is from now, before or after."""
    words, rooms = Words(language_of(request)), rooms_of(request)
    return lambda line_ms: age_text(abs(line_ms - rooms.hub.now_s() * 1000) / 1000, words)


def unit_choices(rooms: Rooms) -> list[tuple[UnitNo, str]]:
    """Return all units with their paths, in the order of the names on these."""
    tree = rooms.organisation.now.tree
    in_order = sorted(tree.units, key=lambda no: [name_key(tree.name(unit)) for unit in tree.path(no)])
    return [(no, tree.path_text(no)) for no in in_order]


def faults(desk: AlertDesk) -> list[tuple[str, str]]:
    """Return what must be mended: a word of the catalogue, and what exactly."""
    found = [("Quy tắc cảnh báo mới không dùng được:", desk.fault)] if desk.fault else []
    found += [("Không gửi được ra ngoài:", text) for text in desk.telling.faults.values()]
    found += [("Quy tắc cảnh báo nêu đơn vị không có:", unit) for unit in desk.unknown_units()]
    return found


def _unit(rooms: Rooms, text: str) -> UnitNo | None:
    no = whole_number(text, most=NO_MAX)
    if no is None or UnitNo(no) not in rooms.organisation.now.tree.units:
        return None
    return UnitNo(no)


def _no(request: Request) -> int:
    no = whole_number(str(request.path_params["alert"]), most=VARINT_MAX)
    if no is None:
        raise RefusedPageError(404, "Không có cảnh báo này.")
    return no


def _done(request: Request) -> Response:
    if wants_json(request):
        return JSONResponse({"is_done": True})
    return RedirectResponse("/alerts", status_code=303)


def _closed(rooms: Rooms, alert: Alert, closed_utc_us: int, words: Words) -> ClosedRow:
    rule, desk = rooms.alerts.rule(alert), rooms.alerts
    since_us = desk.utc_us(alert.since_s)
    return ClosedRow(
        no=alert.no,
        severity=alert.severity,
        title=alert.rule if rule is None else rule.title,
        place=desk.names.name(alert.place),
        raised=utc_text(desk.utc_us(alert.raised_s)),
        closed=utc_text(closed_utc_us),
        lasted=age_text(max(0.0, (closed_utc_us - since_us) / 1e6), words),
        count=alert.count,
    )


def _journal_row(desk: AlertDesk, alert: Alert, line: AlertLine, words: Words) -> JournalRow:
    said = journal_detail(line)
    input_, rule = Input[line.input], desk.rule(alert)
    parts: list[str] = []
    value, about, count, to = said.get("value"), said.get("about"), said.get("count"), said.get("to")
    if isinstance(value, int | float) and rule is not None:
        parts.append(reading_text(float(value), rule, words))
    if isinstance(about, str) and about:
        parts.append(about)
    if input_ in (Input.JOINED, Input.LEFT) and isinstance(count, int):
        named = [desk.names.station(StationId(one)) for one in _texts(said.get("stations"))]
        parts.append(words("{n} trạm: {names}", n=count, names=", ".join(named)))
    elif isinstance(count, int):
        parts.append(words("lần thứ {n}", n=count))
    if isinstance(said.get("note"), str) and said["note"]:
        parts.append(str(said["note"]))
    if isinstance(said.get("for_s"), int | float):
        parts.append(words("nhận trong {age}", age=age_text(float(str(said["for_s"])), words)))
    if input_ is Input.ESCALATE:
        parts.append(", ".join(_texts(to)))
    if input_ is Input.CLEAR and to:
        parts.append(words("báo là đã hết cho {names}", names=", ".join(_texts(to))))
    if input_ is Input.TOLD:
        became = TOLD_WORDS.get(str(said.get("state")), "không rõ")
        parts.append(f"{to}: {words(became)}")
        parts += [str(said["text"])] if said.get("text") else []
    if "into" in said:
        parts.append(words("cảnh báo số {n}", n=said["into"]))
    return JournalRow(
        utc_text(line.utc_us),
        line.by,
        INPUT_WORDS[input_],
        STATE_WORDS[State[line.to_state]],
        " · ".join(parts),
    )


def _texts(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else []


def entries_of_station(request: Request, station: StationId) -> list[AlertEntry]:
    """Return the open alerts of a station, for its page."""
    rooms, words = rooms_of(request), Words(language_of(request))
    return [alert_entry(rooms.alerts, one, words) for one in rooms.alerts.of_station(station)]
