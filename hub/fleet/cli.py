"""`hub backlog`: what the hub has of every station, what it lacks, and what the station says that it owes."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from contract.ids import RecordClass, parse_station, spool_text
from hub.config import read_config
from hub.store.backlog import ClassHeld, SpoolHeld
from hub.store.sqlite import SqliteStore

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")
HEADINGS = {
    RecordClass.CALL: "calls",
    RecordClass.NUMERIC: "events",
    RecordClass.WAVEFORM: "waves",
    RecordClass.PART: "parts",
}


def backlog(
    station: Annotated[str | None, typer.Argument(help="Only this station.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, for programs.")] = False,
) -> None:
    """Say what is here of each station's spools and what is missing, the worst first. The hub may run."""
    name = None if station is None else parse_station(station)
    with SqliteStore(read_config(config).store_folder, is_writer=False) as store:
        spools, epoch = store.backlog(name), store.epoch
    if name is not None and not spools:
        raise SystemExit(
            f"hub: nothing of station {name} was ever stored; hub backlog lists all that there are"
        )
    now_utc_us = time.time_ns() // 1_000
    if as_json:
        found = [_as_json(held, now_utc_us) for held in spools]
        print(json.dumps({"epoch": f"{epoch:08x}", "spools": found}))
    else:
        _print(spools, epoch, now_utc_us)


def _print(spools: list[SpoolHeld], epoch: int, now_utc_us: int) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold", caption_justify="left")
    table.title = f"store of epoch {epoch:08x}, {len(spools)} spools"
    table.caption = "-n missing below the highest · (n) given up by the box · owed: as the box said last"
    table.add_column("station, spool", no_wrap=True)
    for heading in ("heard", *HEADINGS.values(), "unread", "owed", "oldest", "MB free"):
        table.add_column(heading, justify="right")
    for held in spools:
        table.add_row(
            f"{held.station}\n[dim]{spool_text(held.spool)}[/dim]",
            _ago(held.heard_utc_us, now_utc_us),
            *(_cell(held.classes[record_class]) for record_class in HEADINGS),
            _alarm(held.unopened_count + held.unreadable_count),
            *_said(held, now_utc_us),
        )
    Console().print(table)


def _cell(held: ClassHeld) -> str:
    missing = f" [red]-{held.missing_count}[/red]" if held.missing_count else ""
    given_up = f" ({held.given_up_count})" if held.given_up_count else ""
    return f"{held.stored_count}{missing}{given_up}"


def _alarm(count: int) -> str:
    return f"[red]{count}[/red]" if count else "0"


def _said(held: SpoolHeld, now_utc_us: int) -> tuple[str, str, str]:
    """What the box said last that it owes, how old the oldest of it is by now, and its room left."""
    if held.status is None or held.status_utc_us is None:
        return "?", "?", "?"
    oldest_s = _oldest_s(held, now_utc_us)
    free = str(held.status.disk_free_bytes // 1_000_000)
    return str(held.owed_count), "" if oldest_s is None else _age(oldest_s), free


def _oldest_s(held: SpoolHeld, now_utc_us: int) -> float | None:
    if held.status is None or held.status_utc_us is None:
        return None
    ages_s = [owed.oldest_age_s for owed in held.status.owed.values() if owed.oldest_age_s is not None]
    return max(ages_s) + max(0.0, (now_utc_us - held.status_utc_us) / 1e6) if ages_s else None


def _ago(at_utc_us: int | None, now_utc_us: int) -> str:
    return "never" if at_utc_us is None else _age(max(0.0, (now_utc_us - at_utc_us) / 1e6))


def _age(age_s: float) -> str:
    for unit, seconds in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if age_s >= 2 * seconds:
            return f"{age_s / seconds:.0f} {unit}"
    return f"{age_s:.0f} s"


def _as_json(held: SpoolHeld, now_utc_us: int) -> dict[str, Any]:
    status = None if held.status is None else held.status.model_dump(mode="json", exclude={"event"})
    return {
        "station": held.station,
        "spool": spool_text(held.spool),
        "heard_utc_us": held.heard_utc_us,
        "classes": {
            str(record_class.value): {
                "highest": one.highest,
                "stored": one.stored_count,
                "missing": one.missing_count,
                "given_up": one.given_up_count,
                "ranges": list(one.ranges),
            }
            for record_class, one in held.classes.items()
        },
        "unopened": held.unopened_count,
        "unreadable": held.unreadable_count,
        "status": status,
        "status_utc_us": held.status_utc_us,
        "oldest_owed_s": _oldest_s(held, now_utc_us),
    }
