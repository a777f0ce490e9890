"""The hub's command line: what makes a hub, runs it, looks at it, backs it up."""

import asyncio
import json
import logging
import os
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from contract.errors import RefusedError
from contract.ids import BoxName, StationId, parse_station
from hub.alerts.cli import alerts
from hub.backup.cli import backup, restore
from hub.backup.manifest import BackupError
from hub.cases.cli import minutes_app
from hub.cases.minutes import MinutesError
from hub.config import CONFIG_TEMPLATE, Config, read_config
from hub.enrolment.cli import boxes, claim, revoke
from hub.fleet.cli import backlog
from hub.fleet.organisation_cli import fleet_app
from hub.front.cli import front_config
from hub.hub_service import HubStartError, serve
from hub.ingest.cli import import_
from hub.ingest.parcel_files import ParcelFolderError
from hub.people.accounts import AccountError, Accounts
from hub.people.cli import accounts_app
from hub.people.deeds import Deed
from hub.people.token_cli import tokens_app
from hub.pki.authority import Authority, Enrolment, serial_number_of
from hub.pki.broker_config import BrokerFiles, access_list, broker_config, openssl_config
from hub.pki.cli import seal_app
from hub.pki.files import PkiError
from hub.routing.cli import route
from hub.simulate.cli import simulate
from hub.store.interface import StoreError
from hub.store.sqlite import DAMAGE, SqliteStore
from hub.toml_table import ConfigError
from supervisor.notify import Supervisor

app = typer.Typer(no_args_is_help=True, add_completion=False, help="The hub of Haidang.")
app.add_typer(accounts_app)
app.add_typer(tokens_app)
app.add_typer(seal_app)
app.add_typer(minutes_app)
app.add_typer(fleet_app)

ConfigOption = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")


class _Told(Exception):
    """An error whose text is for the person at the terminal."""


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(help="Everything of this hub goes here.")],
    name: Annotated[list[str] | None, typer.Option(help="A host name or address of this machine.")] = None,
    address: Annotated[
        str, typer.Option(help="Where the console listens; 0.0.0.0: everywhere.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The console's port.")] = 8443,
    https: Annotated[bool, typer.Option(help="Browsers want it for microphones.")] = True,
    broker_port: Annotated[int, typer.Option(help="The broker's port.")] = 8883,
) -> None:
    """Make configuration, certificates, seal key and store; what exists is kept."""
    path = folder / "hub.toml"
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = CONFIG_TEMPLATE.format(
            broker_host="127.0.0.1",
            broker_port=broker_port,
            address=address,
            port=port,
            https=str(https).lower(),
            names=json.dumps(name or [], ensure_ascii=False),
        )
        path.write_text(text, encoding="utf-8")
    config = read_config(path)
    Authority(config.pki_folder).make(names=config.console.names, now=datetime.now(UTC))
    SqliteStore(config.store_folder, is_writer=True).close()
    typer.echo(f"{path}: ready. Next: hub broker-config, hub enrol STATION, hub serve --config {path}")


@app.command()
def enrol(
    station: Annotated[str, typer.Argument(help="The station's id, such as con-dao-01.")],
    out: Annotated[Path, typer.Option(help="Folder for the box's files.")],
    config: ConfigOption = DEFAULT_CONFIG,
    hub_host: Annotated[str, typer.Option(help="How the box reaches the broker.")] = "127.0.0.1",
) -> None:
    """Make a station's certificate and what else its box needs: copy the folder to the box. For a box that
    has the project's image, `hub claim` does the same without a copied key.
    """
    settings = read_config(config)
    name = parse_station(station)
    files = _enrol_by_hand(settings, name, out)
    lines = (
        "# Made by: hub enrol. Paths count from this file.",
        f'station = "{name}"',
        'data_dir = "data"  # the spool; on a disk that survives',
        "",
        "[hub]",
        f"host = {json.dumps(hub_host)}",
        f"port = {settings.broker.port}",
        f'ca = "{files.ca.name}"',
        f'certificate = "{files.certificate.name}"',
        f'key = "{files.key.name}"',
        f'seal_key = "{files.seal_key.name}"',
        "",
        "[board]",
        '# port = "/dev/serial/by-id/..."  # set it at the place',
    )
    (out / "box.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    typer.echo(f"{out}: certificate, keys and box.toml of {name}")


def _enrol_by_hand(settings: Config, station: StationId, out: Path) -> Enrolment:
    now = datetime.now(UTC)
    with closing(Accounts(settings.accounts_path)) as accounts:
        others = [box for box in accounts.boxes.boxes(station) if box.name.box or box.revoked_utc_s]
        if others:
            raise _Told(f"station {station} has or had the box {others[0].name}: use hub claim {station}")
        files = Authority(settings.pki_folder).enrol(station, out, now=now)
        number, ends = serial_number_of(files.certificate)
        box, by = BoxName(station), "hub enrol"
        ends_s, now_s = int(ends.timestamp()), now.timestamp()
        accounts.boxes.note_by_hand(station, by=by, ends_utc_s=ends_s, now_utc_s=now_s)
        accounts.boxes.note_certificate(box, number, ends_utc_s=ends_s, now_utc_s=now_s)
        accounts.deeds.note(Deed(int(now_s * 1e6), by, "box enrolled", station, str(box)))
    return files


@app.command("broker-config")
def write_broker_config(
    out: Annotated[Path, typer.Option(help="Folder for mosquitto.conf and what it needs.")],
    config: ConfigOption = DEFAULT_CONFIG,
    address: Annotated[str | None, typer.Option(help="Where the broker listens.")] = None,
) -> None:
    """Write the broker's configuration: OPENSSL_CONF=OUT/openssl.cnf mosquitto -c OUT/mosquitto.conf."""
    settings = read_config(config)
    authority = Authority(settings.pki_folder)
    authority.have_revocations()
    certificate, key = authority.pair("broker")
    out.mkdir(parents=True, exist_ok=True)
    files = BrokerFiles(
        ca=authority.ca,
        certificate=certificate,
        key=key,
        revocations=authority.revocations,
        access_list=(out / "access_list").absolute(),
    )
    text = broker_config(
        files, address=address or settings.broker.host, port=settings.broker.port, is_root=os.geteuid() == 0
    )
    files.access_list.write_text(access_list(), encoding="utf-8")
    files.access_list.chmod(0o600)
    (out / "openssl.cnf").write_text(openssl_config(), encoding="utf-8")
    (out / "mosquitto.conf").write_text(text, encoding="utf-8")
    typer.echo(f"{out / 'mosquitto.conf'}")


@app.command("serve")
def run_serve(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run the whole hub: ingest, calls and console."""
    _run(read_config(config), with_console=True)


@app.command("ingest")
def run_ingest(config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Run ingest alone: records are stored and answered, nobody is shown anything."""
    _run(read_config(config), with_console=False)


app.command("front-config")(front_config)
app.command()(claim)
app.command()(revoke)
app.command()(boxes)
app.command()(backup)
app.command()(restore)
app.command()(backlog)
app.command()(alerts)
app.command()(route)
app.command()(simulate)
app.command("import")(import_)


def _run(config: Config, *, with_console: bool) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        supervisor = Supervisor.found_in(os.environ, pid=os.getpid())
        asyncio.run(serve(config, with_console=with_console, supervisor=supervisor))
    except* (AccountError, HubStartError, PkiError, StoreError) as group:
        raise _Told(str(group.exceptions[0])) from group


_TOLD = (_Told, AccountError, BackupError, ConfigError, MinutesError, ParcelFolderError, PkiError, StoreError)


def main() -> None:
    """Run the command line; an expected error is one line and exit status 1."""
    try:
        app(standalone_mode=True)
    except (*_TOLD, RefusedError, OSError) as error:
        typer.echo(f"hub: {error}", err=True)
        raise SystemExit(1) from None
    except DAMAGE as error:
        cure = "is the disk failing? hub restore makes a hub of the newest backup"
        typer.echo(f"hub: the store or the accounts of this hub cannot be read ({error}): {cure}", err=True)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
