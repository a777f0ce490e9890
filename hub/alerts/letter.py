"""What is said outside of alerts that nobody owns, or that are over (core); nothing of a patient."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from hub.alerts.alert import Alert
from hub.alerts.amounts import amount_text
from hub.alerts.rules import Rule, Severity
from hub.console.ages import age_text
from hub.fleet.organisation import HOME_ZONE

WEBHOOK_EVENT: Final = "alert.unowned"
WEBHOOK_OVER: Final = "alert.over"
LINES_MAX: Final = 40  # of one letter
WORDS: Final = {Severity.HIGH: "CAO", Severity.MEDIUM: "TRUNG BÌNH", Severity.LOW: "THẤP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An alert as the outside may know it. `place`: its name; `unit`: the path of its unit, "" for none.
    `over_utc_us`: when it was over; None: it is not."""

    alert: Alert
    rule: Rule
    place: str
    unit: str
    since_utc_us: int
    over_utc_us: int | None = None


def letter(told: Sequence[Told], *, utc_us: int, address: str, zone: str = HOME_ZONE) -> tuple[str, str]:
    """Return subject and text of a letter about some alerts, the worst first, those that are over last."""
    worst_first = sorted(told, key=lambda one: (-one.alert.severity, one.since_utc_us))
    unowned = [one for one in worst_first if one.over_utc_us is None]
    over = [one for one in worst_first if one.over_utc_us is not None]
    first = (unowned or over)[0]
    more = f" (và {len(told) - 1} cảnh báo khác)" if len(told) > 1 else ""
    sign = first.alert.severity.sign if unowned else "Đã hết:"
    subject = f"[Hải đăng] {sign} {first.rule.title}: {first.place}{more}"
    lines = [
        *_part("Chưa ai nhận", unowned, utc_us, zone),
        *_part("Đã hết", over, utc_us, zone),
        f"Lập lúc {_moment(utc_us, zone)} ({zone}). Xem và nhận: {address}alerts",
        "Thư này không báo cuộc gọi: cuộc gọi chỉ đổ chuông ở trung tâm trực.",
    ]
    return subject, "\n".join(lines) + "\n"


def webhook_body(told: Told, *, utc_us: int) -> bytes:
    """Return the JSON for another program. Source: docs/alerts.md, "Webhooks"."""
    alert = told.alert
    over_us = told.over_utc_us
    body = {
        "event": WEBHOOK_EVENT if over_us is None else WEBHOOK_OVER,
        "alert": alert.no,
        "rule": alert.rule,
        "severity": alert.severity.name.lower(),
        "place": str(alert.place),
        "place_name": told.place,
        "unit": told.unit,
        "stations": len(alert.members),
        "count": alert.count,
        "since_utc": _utc(told.since_utc_us),
        **({} if over_us is None else {"over_utc": _utc(over_us)}),
        "age_s": max(0, (utc_us - told.since_utc_us) // 1_000_000),
        "text": _line(told, utc_us, HOME_ZONE),
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _part(head: str, told: Sequence[Told], utc_us: int, zone: str) -> list[str]:
    """Return the lines of a letter about those of one kind; none, where there are none."""
    if not told:
        return []
    return [
        f"{head} các cảnh báo sau:" if len(told) > 1 else f"{head} cảnh báo sau:",
        "",
        *(_line(one, utc_us, zone) for one in told[:LINES_MAX]),
        *([f"… và {len(told) - LINES_MAX} cảnh báo khác."] if len(told) > LINES_MAX else []),
        "",
    ]


def _line(told: Told, utc_us: int, zone: str) -> str:
    alert, rule = told.alert, told.rule
    until_us = utc_us if told.over_utc_us is None else told.over_utc_us
    age_s = max(0.0, (until_us - told.since_utc_us) / 1e6)
    parts = [f"{alert.severity.sign} {WORDS[alert.severity]}: {rule.title}: {told.place}"]
    if told.unit:
        parts.append(told.unit)
    if alert.members:
        parts.append(f"{len(alert.members)} trạm")
    if alert.value is not None:
        parts.append(amount_text(alert.value, rule.quantity.kind))
    if alert.about:
        parts.append(alert.about)
    since, age = _moment(told.since_utc_us, zone), age_text(age_s, _plain)
    is_over = told.over_utc_us is not None
    parts.append(
        f"từ {since} đến {_moment(until_us, zone)} ({age})" if is_over else f"từ {since} ({age} trước)"
    )
    if alert.count > 1:
        parts.append(f"lần thứ {alert.count}")
    return " · ".join(parts)


def _utc(utc_us: int) -> str:
    return datetime.fromtimestamp(utc_us / 1e6, UTC).isoformat(timespec="seconds")


def _moment(utc_us: int, zone: str) -> str:
    return datetime.fromtimestamp(utc_us / 1e6, ZoneInfo(zone)).strftime("%H:%M %d/%m/%Y")


def _plain(key: str, /, **values: object) -> str:
    return key.format(**values)
