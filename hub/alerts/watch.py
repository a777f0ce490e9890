"""One rule at one place (core): since when it is too much, since when it is over, when to look again.

Every moment is an argument. What is too old to judge, or was never told, is unknown: then nothing is raised,
nothing is closed, and no time counts.
"""

from dataclasses import dataclass
from enum import Enum

from hub.alerts.facts import Fact
from hub.alerts.rules import Rule


class Verdict(Enum):
    """What a rule says of a fact now; `NEITHER`: between the limits."""

    UNKNOWN = "unknown"
    OVER = "over"
    NEITHER = "neither"
    CLEAR = "clear"


@dataclass(slots=True)
class Watch:
    """Where a rule stands at a place. Moments on the hub's line; None: it is not so.

    `over_s`, `worse_s`: since when the value is at or beyond the limit, and the worse one. `clear_s`: since
    when it is over. `is_raised`: there is an alert; `is_worse`: of the worse severity; `is_calm`: it was over
    when it could last be judged.
    """

    over_s: float | None = None
    worse_s: float | None = None
    clear_s: float | None = None
    is_raised: bool = False
    is_worse: bool = False
    is_calm: bool = False

    @property
    def is_idle(self) -> bool:
        """Whether nothing of it need be remembered."""
        return self.over_s is None and not self.is_raised


def judge(watch: Watch, rule: Rule, fact: Fact | None, *, now_s: float) -> tuple[Verdict, float | None]:
    """Take in what is known now. Return what the rule says of it, and the next moment at which that, or what
    follows of it, may be another without anybody telling anything; None: there is none.
    """
    if fact is None or _is_too_old(rule, fact, now_s):
        watch.over_s = watch.worse_s = watch.clear_s = None
        return Verdict.UNKNOWN, None
    over_at_s = _beyond_since(rule, fact, rule.limit, now_s)
    worse_at_s = None if rule.worse is None else _beyond_since(rule, fact, rule.worse, now_s)
    watch.worse_s = None if worse_at_s is None else _earlier(watch.worse_s, worse_at_s)
    verdict = _verdict(rule, fact, now_s, is_over=over_at_s is not None)
    if over_at_s is not None:
        watch.over_s, watch.clear_s = _earlier(watch.over_s, over_at_s), None
    elif verdict is Verdict.CLEAR:
        watch.over_s = None
        watch.clear_s = now_s if watch.clear_s is None else watch.clear_s
    else:
        watch.clear_s = None
        if not watch.is_raised:
            watch.over_s = None
    return verdict, _next_s(watch, rule, fact, now_s)


def raises(watch: Watch, rule: Rule, *, now_s: float) -> bool:
    """Whether an alert is to be raised: it has held for as long as the rule says."""
    return not watch.is_raised and watch.over_s is not None and now_s >= watch.over_s + rule.hold_s


def worsens(watch: Watch, rule: Rule, *, now_s: float) -> bool:
    """Whether an alert that is there is to be of the worse severity from now on."""
    is_due = watch.worse_s is not None and now_s >= watch.worse_s + rule.hold_s
    return watch.is_raised and not watch.is_worse and is_due


def settles(watch: Watch, rule: Rule, *, now_s: float) -> bool:
    """Whether an alert is to be closed: it has been over for as long as the rule says."""
    return watch.is_raised and watch.clear_s is not None and now_s >= watch.clear_s + rule.settle_s


def _verdict(rule: Rule, fact: Fact, now_s: float, *, is_over: bool) -> Verdict:
    if is_over:
        return Verdict.OVER
    if fact.is_floor:
        return Verdict.UNKNOWN
    return Verdict.CLEAR if rule.is_clear(fact.at(now_s)) else Verdict.NEITHER


def _is_too_old(rule: Rule, fact: Fact, now_s: float) -> bool:
    return fact.told_s is not None and now_s >= fact.told_s + rule.valid_s


def _beyond_since(rule: Rule, fact: Fact, limit: float, now_s: float) -> float | None:
    """Return since when the value is at a limit or beyond it; None: it is not."""
    if fact.since_s is None:
        if not rule.is_over(fact.value, limit):
            return None
        return now_s if fact.told_s is None else min(now_s, fact.told_s)
    if rule.is_above:
        passed_s = fact.since_s + limit
        return passed_s if now_s >= passed_s else None
    return fact.since_s if rule.is_over(fact.at(now_s), limit) else None


def _earlier(before_s: float | None, at_s: float) -> float:
    return at_s if before_s is None else min(before_s, at_s)


def _next_s(watch: Watch, rule: Rule, fact: Fact, now_s: float) -> float | None:
    moments: list[float] = []
    if fact.told_s is not None and (watch.over_s is not None or watch.is_raised or fact.since_s is not None):
        moments.append(fact.told_s + rule.valid_s)  # it grows too old; nothing else comes of it
    if fact.since_s is not None and rule.is_above:
        moments.append(fact.since_s + rule.limit)
        if rule.worse is not None:
            moments.append(fact.since_s + rule.worse)
    if watch.over_s is not None and not watch.is_raised:
        moments.append(watch.over_s + rule.hold_s)
    if watch.worse_s is not None and not watch.is_worse:
        moments.append(watch.worse_s + rule.hold_s)
    if watch.is_raised and watch.clear_s is not None:
        moments.append(watch.clear_s + rule.settle_s)
    return min((moment for moment in moments if moment > now_s), default=None)
