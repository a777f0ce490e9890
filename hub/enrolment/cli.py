"""`hub claim`, `hub revoke`, `hub boxes`: which box is which station, also while the hub runs."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contract.ids import BoxName, StationId, parse_station
from hub.config import Config, read_config
from hub.enrolment.box_file import HubPin, box_file
from hub.people.accounts import AccountError, Accounts
from hub.people.boxes import CLAIM_LIFE_S, Box, ClaimRefusedError, Standings
from hub.people.deeds import Deed
from hub.pki.authority import Authority

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")


def claim(
    station: Annotated[str, typer.Argument(help="The station's id, such as con-dao-01.")],
    out: Annotated[Path | None, typer.Option(help="Write haidang.txt for the box's boot partition.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a code with which one box becomes this station, once, within 14 days."""
    name = parse_station(station)
    with _opened(config) as (settings, accounts):
        pin = pin_of(settings)
        code, waiting = accounts.boxes.make_claim(name, by="hub claim", now_utc_s=time.time())
        _note(accounts, "hub claim", "claim made", name)
    words = (f"station {name}, until {_day(waiting.ends_utc_s)}",)
    if out is not None:
        out.write_text(box_file(pin, code, words=words), encoding="utf-8")
    typer.echo(f"{code}  {words[0]}")


def revoke(
    which: Annotated[str, typer.Argument(help="A box, such as con-dao-01.2, or all of a station.")],
    is_box: Annotated[bool, typer.Option("--box", help="Only the box that was enrolled by hand.")] = False,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Let a box, or all boxes of a station, do nothing any more; the running hub shuts them out within a
    minute.
    """
    wanted: BoxName | StationId = BoxName.parse(which)
    if isinstance(wanted, BoxName) and not wanted.box and not is_box:
        wanted = wanted.station
    with _opened(config) as (_, accounts):
        revoked = accounts.boxes.revoke(wanted, by="hub revoke", now_utc_s=time.time())
        for name in revoked:
            _note(accounts, "hub revoke", "box revoked", name.station, str(name))
    typer.echo(f"revoked: {', '.join(map(str, revoked))}" if revoked else f"{which} is revoked already")


def boxes(
    station: Annotated[str | None, typer.Argument(help="One station; without it, all.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """List the boxes that stations have and had, newest first."""
    with _opened(config) as (_, accounts):
        standings = accounts.boxes.standings()
        for box in accounts.boxes.boxes(None if station is None else parse_station(station)):
            typer.echo(_line(box, standings))


def pin_of(config: Config) -> HubPin:
    """Return how boxes find this hub and know it: by the first of its names. Raises PkiError."""
    console = config.console
    host = console.names[0] if console.names else console.url.split("/")[2].rpartition(":")[0].strip("[]")
    return HubPin(host, console.port, Authority(config.pki_folder).fingerprint())


def _line(box: Box, standings: Standings) -> str:
    standing = standings.of(box.name).name.lower()
    if box.revoked_utc_s is not None:
        standing = f"revoked {_day(box.revoked_utc_s)} by {box.revoked_by}"
    serial = f"  {box.serial}" if box.serial else ""
    return f"{box.name}  {standing}  since {_day(box.enrolled_utc_s)}  until {_day(box.ends_utc_s)}{serial}"


def _note(accounts: Accounts, by: str, deed: str, station: StationId, text: str = "") -> None:
    accounts.deeds.note(Deed(time.time_ns() // 1000, by, deed, station, text))


def _day(utc_s: int) -> str:
    return datetime.fromtimestamp(utc_s, UTC).date().isoformat()


@contextmanager
def _opened(config: Path) -> Iterator[tuple[Config, Accounts]]:
    """Configuration and accounts' file, closed at the end; an error ends the program in one line."""
    settings = read_config(config)
    try:
        with closing(Accounts(settings.accounts_path)) as accounts:
            yield settings, accounts
    except (AccountError, ClaimRefusedError) as error:
        days = CLAIM_LIFE_S // 86_400
        raise SystemExit(f"hub: {error} (a code waits for {days} days; hub boxes lists boxes)") from error
