"""`hub alerts`: whether the alerts' document can be used, and what would be raised now."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contract.ids import StationId
from hub.alerts.alert import EVERYWHERE
from hub.alerts.amounts import amount_text
from hub.alerts.facts import StationFacts, fact
from hub.alerts.rules import Rule, Rules, without_document
from hub.alerts.rules_document import read_rules
from hub.alerts.station_facts import station_facts
from hub.alerts.unit_names import unit_named
from hub.alerts.watch import Verdict, Watch, judge
from hub.config import read_config
from hub.fleet.card_json import organisation_of
from hub.fleet.organisation import Organisation
from hub.fleet.presence import Presence, Word
from hub.fleet.unit_names import UnitNames
from hub.live.opening import read_beginning
from hub.live.station_now import StationNow
from hub.live.taking_up import take_up
from hub.store.interface import Store
from hub.store.sqlite import SqliteStore

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")
FOREVER = float("-inf")  # since when a hub beside this one hears stations: nobody knows, and this takes it so


def alerts(
    config: ConfigPath = DEFAULT_CONFIG,
    check: Annotated[
        Path | None, typer.Option("--check", help="Only say whether this document can be used.")
    ] = None,
    now: Annotated[bool, typer.Option("--now", help="What would be raised of what the store has.")] = False,
) -> None:
    """Say which rules of alerts there are, or what they make of the stations now. The hub may run."""
    if check is not None:
        typer.echo(_counts(read_rules(check)))
        return
    settings = read_config(config)
    path = settings.alerts_path
    rules = without_document() if path is None else read_rules(path)
    with SqliteStore(settings.store_folder, is_writer=False) as store:
        organisation = organisation_of(store.fleet.cards(), settings.station_names)
        units = UnitNames(organisation.tree)
        for name in sorted(rules.units()):
            if unit_named(units, name) is None:
                typer.echo(f"note: {path} names a unit {name}: there is none, or more than one", err=True)
        if now:
            _print_now(rules, store, organisation, units)
        else:
            _print_rules(rules)


def _counts(rules: Rules) -> str:
    return (
        f"{rules.path}: can be used; {len(rules.rules)} rules, {len(rules.people)} people,"
        f" {len(rules.hooks)} webhooks"
    )


def _print_rules(rules: Rules) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("rule", "looks at", "raised", "held", "over", "for", "severity", "outside after"):
        table.add_column(heading)
    for rule in rules.rules.values():
        kind, way = rule.quantity.kind, "≥" if rule.is_above else "≤"
        outside = "never" if rule.escalate_s is None else _time(rule.escalate_s)
        table.add_row(
            rule.name, rule.looks_at, f"{way} {amount_text(rule.limit, kind)}", _time(rule.hold_s),
            amount_text(rule.clear, kind), _time(rule.settle_s), rule.severity.name.lower(), outside,
        )  # fmt: skip
    Console().print(table)


def _print_now(rules: Rules, store: Store, organisation: Organisation, units: UnitNames) -> None:
    now_utc_us, count = time.time_ns() // 1_000, 0
    pressed = {row.call_id.station: row.received_utc_us for row in store.newest_calls()}
    now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.caption = (
        "of what the store has; how long it has held, and how the hub is, only the running hub knows"
    )
    for heading in ("severity", "rule", "station", "now", "limit", "what"):
        table.add_column(heading)
    for station in store.stations():
        of, heard_us = StationNow(), store.last_received_utc_us(station)
        take_up(of, read_beginning(store, station))
        age_s = None if heard_us is None else max(0.0, (now_utc_us - heard_us) / 1e6)
        facts = station_facts(
            of,
            Presence(Word.LIVE if age_s is not None else Word.NEVER, age_s, False, {}),
            hears_since_s=FOREVER,
            pressed_utc_us=pressed.get(station),
            copied=None,
            now_s=now_s,
            now_utc_us=now_utc_us,
        )
        for row in _over(rules, facts, station, organisation, units, now_s):
            table.add_row(*row)
            count += 1
    Console().print(table if count else "nothing: no rule is over at any station")


def _over(
    rules: Rules,
    facts: StationFacts,
    station: StationId,
    organisation: Organisation,
    units: UnitNames,
    now_s: float,
) -> list[tuple[str, ...]]:
    path = [EVERYWHERE, *(unit.no for unit in organisation.tree.path(organisation.unit(station)))]
    found = []
    for rule in rules.of(is_hub=False):
        if rule.unit is not None and unit_named(units, rule.unit) not in path:
            continue
        known = fact(facts, rule.looks_at)
        verdict, _ = judge(Watch(), rule, known, now_s=now_s)
        if verdict is Verdict.OVER and known is not None:
            found.append(_row(rule, known.at(now_s), known.about, organisation.name(station)))
    return found


def _row(rule: Rule, value: float, about: str, name: str) -> tuple[str, ...]:
    kind = rule.quantity.kind
    severity = rule.severity
    if rule.worse is not None and rule.is_over(value, rule.worse):
        severity = rule.worse_severity
    return (
        severity.sign, rule.name, name, amount_text(value, kind), amount_text(rule.limit, kind), about
    )  # fmt: skip


def _time(s: float) -> str:
    return "-" if s == 0 else f"{s / 60:.0f} min" if s < 7_200 else f"{s / 3_600:.0f} h"
