"""`hub backup` and `hub restore`."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from hub.backup import copying, restoring
from hub.backup.copying import OnBytes
from hub.backup.manifest import BackupError
from hub.config import read_config

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")


def backup(
    out: Annotated[Path, typer.Argument(help="A new folder for the backup.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Copy store, accounts and configuration, also while the hub runs. No private key is in the copy."""
    settings = read_config(config)
    with _bar("backing up", copying.bytes_to_do(settings)) as on_bytes:
        manifest = copying.make_backup(settings, out, on_bytes=on_bytes)
    print(f"{out}: {manifest.records} records of {manifest.stations} stations, checked.")
    print("What boxes sealed is sealed in it, and the keys are not: hub seal escrow --out FILE writes those.")
    if manifest.damaged:
        raise BackupError(f"{out} is complete, but this hub has lost data: {'; '.join(manifest.damaged)}")


def restore(
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="What hub backup wrote.")],
    into: Annotated[Path, typer.Option(help="A new or empty folder for the hub.")],
) -> None:
    """Make a hub's folder of a backup; its store gets a new epoch, and boxes send again what it lacks."""
    with _bar("restoring", restoring.bytes_to_do(source)) as on_bytes:
        done = restoring.restore(source, into, on_bytes=on_bytes)
    newest = done.manifest.newest_record_utc or "none"
    print(f"{into}: {done.manifest.records} records, the newest of {newest}; epoch {done.epoch:08x}.")
    print("Next, in this order:")
    print("  1. stop the old hub for good: two hubs would each tell the boxes another story")
    print(f"  2. hub seal recover ESCROW --config {into / 'hub.toml'}")
    print("     (where the old pki folder is alive, copy its files over the new one's instead)")
    print(f"  3. hub broker-config --out FOLDER --config {into / 'hub.toml'}, and start mosquitto with it")
    print(f"  4. hub serve --config {into / 'hub.toml'}")
    print("Boxes keep what a hub received for seven days, and send again by themselves what this one lacks.")


@contextmanager
def _bar(what: str, total_bytes: int) -> Iterator[OnBytes]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total_bytes)
        yield lambda count: progress.advance(task, count)
