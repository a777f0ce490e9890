"""Who is told of an alert that nobody owns, and when (core): the console, then e-mail, then webhooks."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.alerts.alert import BEFORE, DUE_AGAIN, Alert, Move, Place, move
from hub.alerts.rules import Hook, Person, Rule, Rules
from hub.alerts.table import Input

MAIL_RUNG: Final = 1
HOOK_RUNG: Final = 2


@dataclass(frozen=True, slots=True)
class Word:
    """Something to be told of an alert. `key` is how the alert remembers it. `is_over`: that it is over."""

    alert: Alert
    to: Person | Hook
    key: str
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated:
    """What is due: the move, to be written down before the words go out."""

    move: Move
    words: tuple[Word, ...]


class Escalation:
    """By the rules' document. `is_in`: whether a place is in the unit of that name, or is it."""

    def __init__(self, rules: Rules, *, is_in: Callable[[Place, str], bool]) -> None:
        self._rules, self._is_in = rules, is_in

    def due(self, alert: Alert, *, now_s: float) -> Escalated | None:
        """Return the rung that is due of an alert; None: none is, or there is nobody to be told. A rung at
        which there is nobody is passed at once.
        """
        rule = self._rules.rules.get(alert.rule)
        due_s = alert.escalates_s(rule)
        if rule is None or due_s is None or now_s < due_s:
            return None
        rung = alert.rung + 1
        audience = self._audience(alert, rule, rung)
        if rung == MAIL_RUNG and not audience:
            rung, audience = HOOK_RUNG, self._audience(alert, rule, HOOK_RUNG)
        if not audience:
            return None
        words = tuple(Word(alert, one, f"{rung} {one.name}") for one in audience)
        heard = alert.heard()
        told = {**alert.told, **{word.key: DUE_AGAIN if word.key in heard else "due" for word in words}}
        detail: dict[str, Any] = {"rung": rung, "to": [word.to.name for word in words]}
        moved = move(alert, Input.ESCALATE, detail=detail, rung=rung, told=told)
        return Escalated(move=moved, words=words)

    def next_s(self, alerts: Iterable[Alert]) -> float | None:
        """Return when the next rung of any is due."""
        moments = (alert.escalates_s(self._rules.rules.get(alert.rule)) for alert in alerts)
        return min((moment for moment in moments if moment is not None), default=None)

    def unsent(self, alert: Alert) -> list[Word]:
        """Return what was to be told when the hub ended, and of which nobody knows that it was."""
        there = self._by_key()
        keys = [key for key, state in alert.told.items() if state in ("due", DUE_AGAIN) and key in there]
        return [Word(alert, there[key], key) for key in keys]

    def over(self, alert: Alert) -> dict[str, Word]:
        """Return what is to be told of an alert that is over, by how the alert remembers whom it was told to
        that it is so; also of words that are still on their way ("due"). None of a rule that is no more.
        """
        there = self._by_key() if alert.rule in self._rules.rules else {}
        keys = [key for key in alert.told if key in alert.heard() or alert.told[key] == "due"]
        return {key: Word(alert, there[key], f"over {key}", is_over=True) for key in keys if key in there}

    def _by_key(self) -> Mapping[str, Person | Hook]:
        people = {f"{MAIL_RUNG} {one.name}": one for one in self._rules.people}
        return {**people, **{f"{HOOK_RUNG} {one.name}": one for one in self._rules.hooks}}

    def _audience(self, alert: Alert, rule: Rule, rung: int) -> list[Person | Hook]:
        everybody: list[Person | Hook] = [*(self._rules.people if rung == MAIL_RUNG else self._rules.hooks)]
        return [
            one
            for one in everybody
            if alert.severity in one.severities
            and (not rule.tell or one.name in rule.tell)
            and (one.unit is None or self._is_in(alert.place, one.unit))
        ]


def told(alert: Alert, key: str, state: str, *, text: str = "") -> Move:
    """Something was told, or could not be. Raises IllegalInputError."""
    stands = BEFORE if state != "sent" and alert.told[key] == DUE_AGAIN else state
    detail = {"to": key.partition(" ")[2], "state": state, "text": text[:300]}
    return move(alert, Input.TOLD, detail=detail, told={**alert.told, key: stands})
