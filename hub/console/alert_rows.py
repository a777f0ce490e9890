"""What pages show of an alert: its words, its reading with its age, whose it is (core)."""

from dataclasses import dataclass
from math import isinf
from typing import Final, TypedDict

from contract.ids import StationId
from hub.alerts.alert import Alert
from hub.alerts.alert_service import AlertDesk
from hub.alerts.amounts import Kind, amount_text
from hub.alerts.rules import Rule, Severity
from hub.alerts.table import Input, State
from hub.console.ages import age_text
from hub.console.words import Words

MEMBERS_SHOWN: Final = 12
BAR_MAX: Final = 3  # alerts that the bar of a page names
SEVERITY_WORDS: Final = {
    Severity.HIGH: "mức cao",
    Severity.MEDIUM: "mức trung bình",
    Severity.LOW: "mức thấp",
}
INPUT_WORDS: Final = {
    Input.RAISE: "bắt đầu",
    Input.CALM: "hết, đang chờ xem có yên không",
    Input.AGAIN: "lại như vậy",
    Input.WORSE: "nặng hơn",
    Input.JOINED: "thêm trạm",
    Input.LEFT: "bớt trạm",
    Input.ACKNOWLEDGE: "có người nhận",
    Input.RELEASE: "trả lại",
    Input.LAPSE: "hết hạn nhận mà chưa xong",
    Input.QUIET: "vào bảo trì, không báo",
    Input.LOUD: "hết bảo trì",
    Input.ESCALATE: "chưa ai nhận: báo ra ngoài",
    Input.TOLD: "kết quả báo ra ngoài",
    Input.CLEAR: "đã hết",
    Input.GATHERED: "gộp vào cảnh báo của cả đơn vị",
}
STATE_WORDS: Final = {
    State.RAISED: "chưa ai nhận",
    State.ESCALATED: "chưa ai nhận, đã báo ra ngoài",
    State.ACKNOWLEDGED: "đã có người nhận",
    State.CLEARED: "đã hết",
}


class BarEntry(TypedDict):
    """An alert of the bar. `title`, `place` may be words of the catalogue; `since_ms`: on the hub's line."""

    no: int
    title: str
    place: str
    since_ms: float
    is_owned: bool


class BarState(TypedDict):
    """What every page is told: how many alerts are open and not quiet, and the high ones."""

    number: int
    count: int
    high: list[BarEntry]
    high_count: int
    has_fault: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertEntry:
    """An alert as lists show it. Moments are ms of the hub's own time line. `reading` "": nobody knows it
    now; `reading_ms`: when it was told, None: it is of this moment. `quiet_until_ms`: UTC.
    """

    no: int
    severity: Severity
    title: str
    place: str
    station: StationId | None
    unit: str
    members: tuple[tuple[StationId, str], ...]
    member_count: int
    since_ms: float
    raised_ms: float
    count: int
    reading: str
    is_known: bool
    reading_ms: float | None
    about: str
    state: State
    owner: str | None
    note: str
    owned_until_ms: float | None
    calm_ms: float | None
    rung: int
    is_loud: bool
    is_quiet: bool
    quiet_why: str
    quiet_until_ms: float | None


def alert_entry(desk: AlertDesk, alert: Alert, words: Words) -> AlertEntry:
    """Return an alert as lists show it now."""
    rule, known, window = desk.rule(alert), desk.reading(alert), desk.window(alert)
    value = None if known is None else known.at(desk.now_s())
    reading = "" if value is None or rule is None else reading_text(value, rule, words)
    if known is not None and known.is_floor and reading:
        reading = words("ít nhất {a}", a=reading)
    members = sorted(alert.members)
    return AlertEntry(
        no=alert.no,
        severity=alert.severity,
        title=alert.rule if rule is None else rule.title,
        place=desk.names.name(alert.place),
        station=alert.place.station,
        unit=desk.names.unit(alert.place),
        members=tuple((one, desk.names.station(one)) for one in members[:MEMBERS_SHOWN]),
        member_count=len(members),
        since_ms=alert.since_s * 1000,
        raised_ms=alert.raised_s * 1000,
        count=alert.count,
        reading=reading,
        is_known=known is not None or alert.place.unit is not None,
        reading_ms=None if known is None or known.told_s is None else known.told_s * 1000,
        about=alert.about if known is None or not known.about else known.about,
        state=alert.state,
        owner=alert.owner,
        note=alert.note,
        owned_until_ms=_ms(alert.owned_until_s),
        calm_ms=_ms(alert.calm_s),
        rung=alert.rung,
        is_loud=alert.is_loud,
        is_quiet=alert.is_quiet,
        quiet_why="" if window is None else window.why,
        quiet_until_ms=None if window is None else window.over_utc_us / 1000,
    )


def reading_text(value: float, rule: Rule, words: Words) -> str:
    """Return a value in the words and the numbers of a language."""
    if isinf(value):
        return words("chưa bao giờ") if rule.looks_at == "button_test" else words("không rõ")
    if rule.quantity.kind is Kind.DURATION and value >= 1:
        return age_text(value, words)
    text = amount_text(value, rule.quantity.kind)
    return text.replace(".", ",") if words.language == "vi" else text


def bar_state(desk: AlertDesk) -> BarState:
    """Return what every page is told of alerts."""
    there = [one for one in desk.open_alerts() if not one.is_quiet]
    high = [one for one in there if one.severity is Severity.HIGH and one.calm_s is None]
    return {
        "number": desk.number,
        "count": len(there),
        "high": [_bar_entry(desk, one) for one in high[:BAR_MAX]],
        "high_count": len(high),
        "has_fault": desk.has_fault,
    }


def _bar_entry(desk: AlertDesk, alert: Alert) -> BarEntry:
    rule = desk.rule(alert)
    return {
        "no": alert.no,
        "title": alert.rule if rule is None else rule.title,
        "place": desk.names.name(alert.place),
        "since_ms": alert.since_s * 1000,
        "is_owned": alert.state is State.ACKNOWLEDGED,
    }


def _ms(at_s: float | None) -> float | None:
    return None if at_s is None else at_s * 1000
