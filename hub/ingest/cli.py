"""`hub import`: takes records that came by hand, on a stick."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from hub.config import Config, read_config
from hub.hub_service import take_imports
from hub.ingest.inbox_service import put, result_of
from hub.ingest.parcel_files import ParcelFolderError, read_folder
from hub.store.interface import StoreLockedError

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")
LOOK_EVERY_S: Final = 0.5
NAMES: Final = {
    "stored": "stored",
    "duplicate": "were here already",
    "other content": "bear a name that another record has: they were not taken, look at the log",
    "refused": "were refused: look at the log",
}


def import_(
    folder: Annotated[Path, typer.Argument(help="What edge spool export wrote.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take the records of an export into the store, also while the hub runs. Twice does no harm."""
    settings = read_config(config)
    size_bytes = sum(file.size_bytes for file in read_folder(folder).files)
    with _bar("copying", size_bytes) as on_bytes:
        place = put(folder, settings.inbox_folder, on_bytes=on_bytes)
    try:
        asyncio.run(take_imports(settings))
    except StoreLockedError:
        _leave_to_hub(settings, place)
    result = json.loads(result_of(place).read_text(encoding="utf-8"))
    result_of(place).unlink()
    if "error" in result:
        raise ParcelFolderError(result["error"])
    for name, count in result["counts"].items():
        print(f"{count} records {NAMES[name]}")


def _leave_to_hub(settings: Config, place: Path) -> None:
    """The running hub takes it, or we do when that one has ended."""
    with Console(stderr=True).status(f"the running hub takes {place.name} from {settings.inbox_folder}"):
        while not result_of(place).exists():
            time.sleep(LOOK_EVERY_S)
            with suppress(StoreLockedError):
                asyncio.run(take_imports(settings))


@contextmanager
def _bar(what: str, total_bytes: int) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=total_bytes)
        yield lambda count: progress.advance(task, count)
