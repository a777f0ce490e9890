"""Rules of alerts (core): what is looked at, when it is too much, when it is over, how bad, who is told.

A rule is data: hub.alerts.rules_document reads them, these are the types and what holds without a document.
Source: docs/alerts.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Final

from hub.alerts.facts import QUANTITIES, Quantity
from hub.routing.policy import Webhook

MINUTE_S: Final = 60.0
HOUR_S: Final = 3_600.0
DAY_S: Final = 86_400.0
VALID_S: Final = 16 * MINUTE_S  # a status comes every five minutes: two may be lost


class Severity(IntEnum):
    """How bad; the signs beside the colours are `***`, `**`, `*`."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def sign(self) -> str:
        """What stands beside the colour."""
        return "*" * self


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. It holds while the value is at or beyond `limit` (above it where `is_above`), is over once
    the value is back within `clear`; what lies between changes nothing.

    `hold_s`: for so long before it is raised. `settle_s`: for so long over before the alert is closed; what
    comes back meanwhile is the same alert. `valid_s`: an older value says nothing. `worse`: the limit from
    which on it is of `worse_severity`. `escalate_s`: from one rung to the next while nobody owns it, None:
    it stays on the console. `tell`: names of people and webhooks; empty: all of the place's. `unit`: only
    stations of that unit (its code, number or name); None: all. `gathers`: what befalls a whole unit at once
    is one alert.
    """

    name: str
    title: str  # for people: a word of the catalogue, or as the document says it
    looks_at: str
    is_above: bool
    limit: float
    clear: float
    hold_s: float
    settle_s: float
    severity: Severity
    valid_s: float = VALID_S
    worse: float | None = None
    worse_severity: Severity = Severity.HIGH
    escalate_s: float | None = None
    tell: tuple[str, ...] = ()
    unit: str | None = None
    gathers: bool = True

    @property
    def quantity(self) -> Quantity:
        """What is looked at."""
        return QUANTITIES[self.looks_at]

    def is_over(self, value: float, limit: float) -> bool:
        """Whether a value is at a limit or beyond it."""
        return value >= limit if self.is_above else value <= limit

    def is_clear(self, value: float) -> bool:
        """Whether a value is back where nobody need look."""
        return value <= self.clear if self.is_above else value >= self.clear


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whoever is told by e-mail. `at_most`: letters an hour. `unit` None: of all units."""

    name: str
    email: str
    severities: frozenset[Severity]
    unit: str | None = None
    at_most: int = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A program that is told by a signed webhook."""

    webhook: Webhook
    severities: frozenset[Severity]
    unit: str | None = None

    @property
    def name(self) -> str:
        """What the document calls it."""
        return self.webhook.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The whole document. `path` None: there is none, and the built-in rules hold."""

    path: Path | None = None
    rules: Mapping[str, Rule] = field(default_factory=dict)
    people: tuple[Person, ...] = ()
    hooks: tuple[Hook, ...] = ()

    def units(self) -> set[str]:
        """Return the units that the document names."""
        named = [rule.unit for rule in self.rules.values()]
        named += [person.unit for person in self.people]
        named += [hook.unit for hook in self.hooks]
        return {unit for unit in named if unit is not None}

    def of(self, *, is_hub: bool) -> tuple[Rule, ...]:
        """Return the rules of the hub, or those of stations."""
        return tuple(rule for rule in self.rules.values() if rule.quantity.is_of_hub is is_hub)


def _above(
    name: str, title: str, limit: float, clear: float, severity: Severity, **more: float | None
) -> Rule:
    return _rule(name, title, limit, clear, severity, is_above=True, **more)


def _below(
    name: str, title: str, limit: float, clear: float, severity: Severity, **more: float | None
) -> Rule:
    return _rule(name, title, limit, clear, severity, is_above=False, **more)


def _rule(
    name: str,
    title: str,
    limit: float,
    clear: float,
    severity: Severity,
    *,
    is_above: bool,
    hold_s: float | None = 5 * MINUTE_S,
    settle_s: float | None = 10 * MINUTE_S,
    valid_s: float | None = VALID_S,
    worse: float | None = None,
    escalate_s: float | None = None,
) -> Rule:
    return Rule(
        name=name.replace("_", "-"),
        title=title,
        looks_at=name,
        is_above=is_above,
        limit=limit,
        clear=clear,
        hold_s=hold_s or 0.0,
        settle_s=settle_s or 0.0,
        severity=severity,
        valid_s=valid_s or VALID_S,
        worse=worse,
        escalate_s=escalate_s,
    )


_LOW, _MEDIUM, _HIGH = Severity.LOW, Severity.MEDIUM, Severity.HIGH
_M, _H, _D = MINUTE_S, HOUR_S, DAY_S
_OF_HUB: Final = {"hold_s": 0.0, "settle_s": 5 * _M, "escalate_s": 5 * _M}
_BUILT_IN: Final = (
    _above("silent", "Trạm im lặng", 15 * _M, 6 * _M, _MEDIUM, settle_s=30 * _M, escalate_s=30 * _M),
    _above(
        "owed_age", "Số liệu chưa về dồn lại", 2 * _H, 30 * _M, _MEDIUM, hold_s=15 * _M, escalate_s=2 * _H
    ),
    _below("disk_free", "Thẻ nhớ của hộp sắp đầy", 500e6, 800e6, _MEDIUM, worse=150e6, escalate_s=2 * _H),
    _above("temperature", "Hộp quá nóng", 80, 72, _MEDIUM, worse=88, escalate_s=_H),
    _above("under_voltage", "Nguồn điện của hộp yếu", 1, 0, _MEDIUM, hold_s=2 * _M, escalate_s=4 * _H),
    _above("clock_unsure", "Không chắc giờ của hộp", 5, 2, _LOW, hold_s=15 * _M),
    _above("clock_offset", "Đồng hồ của hộp lệch", 5 * _M, 60, _LOW, hold_s=15 * _M),
    _above("leads_off", "Tuột điện cực lâu khi đang khám", 10 * _M, 0, _LOW, hold_s=0, settle_s=2 * _M),
    _above("device_gone", "Thiết bị không còn đó", 30 * _M, 0, _LOW, hold_s=0),
    _above("device_fault", "Thiết bị hỏng hoặc hết pin", 2 * _M, 0, _MEDIUM, hold_s=0, escalate_s=4 * _H),
    _above("button_test", "Quá hạn thử nút", 7 * _D, _D, _LOW, hold_s=0, settle_s=0),
    _above("copied", "Hai máy dùng chung khóa của một hộp", 1, 0, _HIGH, hold_s=0, escalate_s=_H),
    _above("deaf", "Trung tâm không nghe được trạm nào", 60, 0, _HIGH, **_OF_HUB),
    _above("store_fault", "Trung tâm không lưu được số liệu", 30, 0, _HIGH, **_OF_HUB),
    _below("hub_disk_free", "Đĩa của trung tâm sắp đầy", 5e9, 8e9, _MEDIUM, worse=1e9, escalate_s=30 * _M),
    _above("other_content", "Bản ghi trùng số nhưng khác nội dung", 1, 0, _HIGH, hold_s=0, escalate_s=_H),
)
BUILT_IN: Final[Mapping[str, Rule]] = {rule.name: rule for rule in _BUILT_IN}


def without_document() -> Rules:
    """Return what holds without a document: the built-in rules, on the console alone."""
    return Rules(rules=BUILT_IN)
