"""Reads the alerts' document; whatever is wrong is named with file, key and what is expected (core).

Source: docs/alerts.md.
"""

import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

from hub.alerts.amounts import Kind, amount_text, parse_amount
from hub.alerts.facts import QUANTITIES
from hub.alerts.rules import BUILT_IN, Hook, Person, Rule, Rules, Severity
from hub.routing.adapter_tables import read_webhook
from hub.routing.policy import ROOT
from hub.toml_table import ConfigError, Table

AT_MOST_MAX: Final = 60  # letters an hour a person
RULES_MAX: Final = 60  # each is judged at every station
HOLD_MAX_S: Final = 7 * 86_400.0
BY_WORD: Final = {one.name.lower(): one for one in Severity}
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


def read_rules(path: Path) -> Rules:
    """Return what the document says. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: cannot be read ({error}); hub.toml names it as folders.alerts: docs/alerts.md"
        ) from error
    return parse_rules(text, path=path)


def parse_rules(text: str, *, path: Path) -> Rules:
    """Return what the document in `text` says: the built-in rules, as it changes them, and its own. Raises
    ConfigError.
    """
    document = Table.read(text, path=path)
    people = tuple(_person(table) for table in document.tables("people"))
    hooks = tuple(_hook(table) for table in document.tables("webhooks"))
    names = [*(one.name for one in people), *(one.name for one in hooks)]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise document.fault("people, webhooks", "a name that no other of them has", twice)
    rules = dict(BUILT_IN) if document.flag("built_in", True) else {}
    given: set[str] = set()
    for table in document.tables("rules"):
        name = table.text("name")
        if not _NAME.fullmatch(name):
            raise table.fault("name", "1 … 40 of a-z, 0-9 and inner hyphens", name)
        if name in given:
            raise table.fault("name", "a name that no other rule has", name)
        given.add(name)
        before = BUILT_IN.get(name)
        if not table.flag("on", True):
            if before is None:
                raise table.fault("name", f"a built-in rule, to be off: {', '.join(BUILT_IN)}", name)
            rules.pop(name, None)
        else:
            rules[name] = _rule(table, name, before, names)
        table.refuse_the_rest()
    if len(rules) > RULES_MAX:
        raise document.fault("rules", f"at most {RULES_MAX} rules", len(rules))
    document.refuse_the_rest()
    return Rules(path=path, rules=rules, people=people, hooks=hooks)


def _rule(table: Table, name: str, before: Rule | None, names: Collection[str]) -> Rule:
    looks_at = table.text("look_at", None if before is None else before.looks_at)
    if looks_at not in QUANTITIES:
        raise table.fault("look_at", f"one of {', '.join(QUANTITIES)}", looks_at)
    if before is not None and before.looks_at != looks_at:
        expected = f"{before.looks_at}, as this built-in rule does; or give it another name"
        raise table.fault("look_at", expected, looks_at)
    kind = QUANTITIES[looks_at].kind
    above, below = (_amount(table, key, kind) for key in ("above", "below"))
    if above is not None and below is not None:
        raise table.fault("below", "either above or below", "both")
    if above is None and below is None and before is None:
        raise table.missing("above or below", f"the limit: {kind.value}")
    rule = before or Rule(
        name=name, title=name, looks_at=looks_at, is_above=above is not None, limit=0.0, clear=0.0,
        hold_s=0.0, settle_s=600.0, severity=Severity.LOW,
    )  # fmt: skip
    if above is not None or below is not None:
        is_above = above is not None
        limit = next(one for one in (above, below) if one is not None)
        is_same_way = before is not None and is_above == before.is_above
        clear = rule.clear if is_same_way and rule.is_clear(rule.clear) else limit
        worse = rule.worse if is_same_way else None
        rule = replace(rule, is_above=is_above, limit=limit, clear=clear, worse=worse)
    clear_key = "clear_below" if rule.is_above else "clear_above"
    clear_said, worse_said = _amount(table, clear_key, kind), _amount(table, "worse", kind)
    rule = replace(
        rule,
        title=table.text("title", rule.title),
        clear=rule.clear if clear_said is None else clear_said,
        worse=rule.worse if worse_said is None else worse_said,
        hold_s=_seconds(table, "hold", rule.hold_s),
        settle_s=_seconds(table, "settle", rule.settle_s),
        valid_s=_seconds(table, "valid", rule.valid_s),
        escalate_s=_escalate(table, rule.escalate_s),
        severity=_severity(table, "severity", rule.severity),
        worse_severity=_severity(table, "worse_severity", rule.worse_severity),
        tell=table.texts("tell") or rule.tell,
        unit=table.text_or_none("unit") or rule.unit,
        gathers=table.flag("gather", rule.gathers),
    )
    _check(table, rule, clear_key, names)
    return rule


def _check(table: Table, rule: Rule, clear_key: str, names: Collection[str]) -> None:
    kind = rule.quantity.kind
    way = "below" if rule.is_above else "above"
    if rule.is_over(rule.clear, rule.limit) and rule.clear != rule.limit:
        expected = (
            f"an amount {way} the limit ({amount_text(rule.limit, kind)}), so that it is over some time"
        )
        raise table.fault(clear_key, expected, amount_text(rule.clear, kind))
    if rule.worse is not None and not rule.is_over(rule.worse, rule.limit):
        expected = f"an amount beyond the limit ({amount_text(rule.limit, kind)})"
        raise table.fault("worse", expected, amount_text(rule.worse, kind))
    if rule.unit is not None and rule.quantity.is_of_hub:
        raise table.fault("unit", "no unit: this rule looks at the hub", rule.unit)
    unknown = next((name for name in rule.tell if name not in names), None)
    if unknown is not None:
        there = ", ".join(names) or "there are none"
        raise table.fault("tell", f"names of people and webhooks: {there}", unknown)


def _person(table: Table) -> Person:
    email = table.text("email")
    if not _EMAIL.fullmatch(email) or ".." in email:
        raise table.fault("email", 'an address such as "truc@soyte.example.vn"', email)
    person = Person(
        name=table.text("name"),
        email=email,
        severities=_severities(table),
        unit=table.text_or_none("unit"),
        at_most=table.integer(
            "at_most_an_hour", 6, least=1, most=AT_MOST_MAX, expected=f"letters an hour, 1 … {AT_MOST_MAX}"
        ),
    )
    table.refuse_the_rest()
    return person


def _hook(table: Table) -> Hook:
    name = table.text("name")
    webhook = read_webhook(table, name, unit=ROOT, rungs=frozenset())
    hook = Hook(webhook=webhook, severities=_severities(table), unit=table.text_or_none("unit"))
    table.refuse_the_rest()
    return hook


def _severity(table: Table, key: str, default: Severity) -> Severity:
    word = table.text(key, default.name.lower())
    if word not in BY_WORD:
        raise table.fault(key, f"one of {', '.join(BY_WORD)}", word)
    return BY_WORD[word]


def _severities(table: Table) -> frozenset[Severity]:
    words = table.texts("severities") or tuple(BY_WORD)
    if not set(words) <= set(BY_WORD):
        raise table.fault("severities", f"a list of {', '.join(BY_WORD)}", list(words))
    return frozenset(BY_WORD[word] for word in words)


def _amount(table: Table, key: str, kind: Kind) -> float | None:
    text = table.text_or_none(key)
    if text is None:
        return None
    try:
        return parse_amount(text, kind)
    except ValueError as error:
        raise table.fault(key, str(error), text) from None


def _seconds(table: Table, key: str, default_s: float) -> float:
    found_s = _amount(table, key, Kind.DURATION)
    if found_s is None:
        return default_s
    if not 0 <= found_s <= HOLD_MAX_S:
        raise table.fault(key, "a time of at most 7 days", amount_text(found_s, Kind.DURATION))
    return found_s


def _escalate(table: Table, default_s: float | None) -> float | None:
    if "escalate" not in table:
        return default_s
    text = table.text("escalate")
    if text == "never":
        return None
    try:
        found_s = parse_amount(text, Kind.DURATION)
    except ValueError as error:
        raise table.fault("escalate", f'{error}, or "never"', text) from None
    if found_s < 0 or found_s > HOLD_MAX_S:
        raise table.fault("escalate", 'a time of at most 7 days, or "never"', text)
    return found_s
