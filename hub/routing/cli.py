"""`hub route`: who would ring, and whether the routing document can be used."""

from collections.abc import Mapping, Sized
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from contract.ids import StationId, parse_station
from hub.config import Config, read_config
from hub.people.accounts import Accounts
from hub.routing.dry_run import Row, describe, tell_text
from hub.routing.ladder import list_owner, rungs
from hub.routing.policy import LAST_RUNG, Policy, Unit, UnitId, without_document
from hub.routing.policy_document import read_policy, warnings

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")


def route(
    station: Annotated[str | None, typer.Argument(help="Whose press.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    at: Annotated[
        str | None, typer.Option(help="When, on the unit's clock: 2026-11-29T03:00. Without it: now.")
    ] = None,
    emergency: Annotated[bool, typer.Option("--emergency", help="The button was held.")] = False,
    ready: Annotated[
        str | None, typer.Option(help="Accounts with a ready console: lan,minh. Without it: all.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say whether the document can be used.")
    ] = False,
) -> None:
    """Say who would ring when a station's button is pressed, rung by rung. The hub may run."""
    settings = read_config(config)
    accounts = _accounts(settings)
    path = settings.routing_path
    policy = without_document() if path is None else read_policy(path, accounts=accounts)
    odd = warnings(policy, accounts)
    if check:
        _print_check(policy, odd)
    elif station is None:
        raise _refused("name a station, such as: hub route con-dao-01 --at 2026-11-29T03:00; or --check")
    else:
        name = parse_station(station)
        at_utc = _moment(at, policy.unit_of(name))
        there = None if ready is None else _ready(ready, accounts)
        _print_ladder(policy, name, at_utc, is_emergency=emergency, accounts=accounts, ready=there)
        if path is not None and name not in policy.stations:
            root = policy.unit_of(name)
            typer.echo(
                f"note: {path} names no station {name}: {root.name or root.id}, the unit without a parent,"
                " answers for it; is it spelled so?",
                err=True,
            )
    for line in odd:
        typer.echo(f"note: {line}", err=True)


def _refused(text: str) -> SystemExit:
    typer.echo(f"hub: {text}", err=True)
    return SystemExit(1)


def _accounts(settings: Config) -> tuple[str, ...]:
    if not settings.accounts_path.exists():
        return ()
    with closing(Accounts(settings.accounts_path)) as accounts:
        return tuple(account.name for account in accounts.all() if account.may_answer)


def _moment(text: str | None, unit: Unit) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise _refused(f"--at {text[:40]!r} is no date and time: 2026-11-29T03:00 is one") from error
    return moment.replace(tzinfo=unit.zone) if moment.tzinfo is None else moment


def _ready(text: str, accounts: tuple[str, ...]) -> frozenset[str]:
    by_name = {name.casefold(): name for name in accounts}
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name.casefold() not in by_name]
    if unknown:
        raise _refused(f"--ready: no account {unknown[0]} may answer; hub account list shows who does")
    return frozenset(by_name[name.casefold()] for name in names)


def _print_check(policy: Policy, odd: list[str]) -> None:
    if policy.path is None:
        typer.echo("no routing document: everybody who may answer rings, at all hours")
        return
    by_unit: dict[str, Mapping[UnitId, Sized]] = {
        "groups": policy.groups,
        "supervisors": policy.supervisors,
        "on-call doctors": policy.on_call,
        "doctors of the roster": policy.roster,
    }
    counts = {"units": len(policy.units), "stations": len(policy.stations)}
    counts |= {what: sum(map(len, items.values())) for what, items in by_unit.items()}
    counts |= {"adapters": len(policy.adapters)}
    said = ", ".join(f"{count} {what}" for what, count in counts.items())
    typer.echo(f"{policy.path}: can be used; {said}" + (f"; {len(odd)} notes" if odd else ""))


def _print_ladder(
    policy: Policy,
    station: StationId,
    at_utc: datetime,
    *,
    is_emergency: bool,
    accounts: tuple[str, ...],
    ready: frozenset[str] | None,
) -> None:
    ladder = rungs(policy, station, at_utc, is_emergency=is_emergency, accounts=accounts)
    rows = describe(ladder, ready=ready)
    way = " < ".join(unit.name or unit.id for unit in policy.way_up(station))
    local = ladder.unit.local(at_utc)
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left", title_justify="left")
    what = "an emergency" if is_emergency else "a press"
    table.title = f"{what} of {station}, {local:%A %Y-%m-%d %H:%M} ({ladder.unit.zone.key})\n{way}"
    for heading in ("after", "rung", "rings", "told outside"):
        table.add_column(heading, justify="right" if heading == "after" else "left")
    for row in rows:
        told = "\n".join(map(tell_text, row.tells)) or "-"
        table.add_row(f"{row.after_s:.0f} s", row.rung.name.lower(), _rings(row, is_all=ready is None), told)
    there = rows[LAST_RUNG].ready
    owner = list_owner(policy, station, at_utc, there, accounts=accounts)
    table.caption = (
        f"nobody answers for {ladder.missed_s:.0f} s: missed; "
        + (f"{owner} owns the callback" if owner else "it stays on everybody's list")
        + f"\nhotline at the station: {ladder.unit.hotline or 'none'}"
    )
    Console().print(table)


def _rings(row: Row, *, is_all: bool) -> str:
    if not row.ready:
        return "nobody" if is_all else "nobody ready"
    new = [name for name in row.ready if name in row.joining]
    return ", ".join(new) if new else "as before"
