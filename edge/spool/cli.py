"""`edge spool …`: how the spools are, a check of everything, an export to a stick."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from contract.ids import BY_HAND, RecordClass
from edge.config import BoxConfig, read_config
from edge.control_service import ask
from edge.errors import BoxError, ControlError, SpoolBusyError, SpoolError
from edge.spool.export import Export
from edge.spool.former import FormerSpool, formers
from edge.spool.spool import Spool

spool_app = typer.Typer(name="spool", no_args_is_help=True, help="What is kept on this box for the hub.")
out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The box's TOML file.")]
DEFAULT_CONFIG: Final = Path("/etc/haidang/box.toml")
ASK_EVERY_S: Final = 0.2
RESTART_MAX_S: Final = 30.0  # of the service's rooms, where a file is replaced
HEADINGS: Final = {
    RecordClass.CALL: "calls",
    RecordClass.NUMERIC: "numerics, events",
    RecordClass.WAVEFORM: "waveforms",
    RecordClass.PART: "photographs, parts",
}


@spool_app.command()
def status(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Say what waits for the hub, what is kept, and how sound the card is."""
    with _told():
        told = _ask(read_config(config), "spool status")
    table = Table(title=f"Spool {told['spool']}", box=None, padding=(0, 2))
    for heading in ("", "owed", "oldest", "kept for a week", "given up", "refused"):
        table.add_column(heading, justify="left" if not heading else "right")
    for record_class, heading in HEADINGS.items():
        name = str(int(record_class))
        columns = (told["owed"], told["kept"], told["given_up"], told["refused"])
        owed, kept, given_up, refused = (str(one[name]) for one in columns)
        table.add_row(heading, owed, _age(told["oldest_age_s"][name], int(owed)), kept, given_up, refused)
    out.print(table)
    used, quota, free = (told[name] / 1e6 for name in ("used_bytes", "quota_bytes", "disk_free_bytes"))
    out.print(f"{used:.1f} of {quota:.0f} MB used, {free:.0f} MB free on the card")
    check = told["check"]
    how = f"{check['share'] * 100:.0f} % of this pass" if check["is_running"] else "waits"
    out.print(f"check: {how}, {check['passes']} passes since the start, {check['damaged']} records damaged")
    for former in told["formers"]:
        owed_count = sum(former["owed"].values())
        text = "is being recovered" if former["is_filling"] else "goes a week after all of it was received"
        out.print(
            f"former spool {former['spool']}: {owed_count} owed, {former['bytes'] / 1e6:.1f} MB; {text}"
        )
    for aside in told["asides"]:
        text = aside["waits_for"] or (
            "is recovered from" if aside["spool"] else "nobody can tell whose it is"
        )
        out.print(f"{aside['file']}, {aside['bytes'] / 1e6:.1f} MB: {text}. Set aside: {aside['why']}")
    if told["problem"]:
        err.print(f"✗ {told['problem']}", highlight=False, soft_wrap=True)
        raise typer.Exit(1)


@spool_app.command()
def verify(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Check all of the spool's file now; exit status 1 when anything is damaged."""
    with _told():
        settings = read_config(config)
        asked = _ask_patiently(settings, "spool verify")
        with _progress("checking") as progress:
            bar = progress.add_task("checking", total=1.0)
            while True:
                told = _ask_patiently(settings, "spool status")
                if told["spool"] != asked["spool"]:
                    err.print("✗ the file was damaged; another has taken its place: edge spool status")
                    raise typer.Exit(1)
                if told["check"]["problem"]:
                    raise SpoolError(f"the check ended early: {told['check']['problem']}")
                progress.update(bar, completed=told["check"]["share"])
                if told["check"]["passes"] >= asked["pass"]:
                    break
                time.sleep(ASK_EVERY_S)
    damaged = told["check"]["damaged"] - asked["damaged"]
    if damaged:
        err.print(f"✗ {damaged} records are damaged on the card and were given up; change the card soon")
        raise typer.Exit(1)
    out.print("✓ all of it is sound")


@spool_app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new folder, such as on a USB stick.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Write every record that is still on the box into a folder, sealed: `hub import` reads it."""
    with _told():
        settings = read_config(config)
        path = settings.data_dir / "spool.db"
        if not path.exists():
            raise SpoolError(f"{path}: there is no spool; is {config} this box's?")
        try:
            own = Spool(path, quota_bytes=settings.quota_bytes)
        except SpoolBusyError:  # the service runs
            told = _export_by_service(settings, folder.absolute())
        else:
            with closing(own):
                told = _export_closed(settings, own, folder)
    text = f"{told['done']} records, {told['bytes'] / 1e6:.1f} MB in {folder}"
    left_out = f"; {told['damaged']} are damaged and left out" if told["damaged"] else ""
    out.print(f"✓ {text}{left_out}", highlight=False)


def _export_by_service(settings: BoxConfig, folder: Path) -> dict[str, Any]:
    _ask(settings, "spool export", folder=str(folder))
    with _progress("writing") as progress:
        bar = progress.add_task("writing", total=None)
        while True:
            told: dict[str, Any] | None = _ask(settings, "spool status")["export"]
            if told is None:
                raise ControlError(
                    f"the service began again: {folder} is not whole; export once more, to a new folder"
                )
            progress.update(bar, completed=told["done"], total=told["total"])
            if told["is_over"]:
                break
            time.sleep(ASK_EVERY_S)
    if told["error"]:
        raise ControlError(told["error"])
    return told


def _export_closed(settings: BoxConfig, own: Spool, folder: Path) -> dict[str, Any]:
    """Write what lies there while no service runs."""
    one = Export(folder, station=settings.station)
    spools: list[Spool] = [own]
    try:
        spools += [FormerSpool(path, name) for path, name in formers(settings.data_dir)]
        planned = [one.plan(spool) for spool in spools]
        with _progress("writing") as progress:
            bar = progress.add_task("writing", total=one.total)
            for spool_export in planned:
                while spool_export.portion():
                    progress.update(bar, completed=one.done)
        one.finish(boot=BY_HAND, t_us=0)
    finally:
        for former in spools[1:]:
            former.close()
    return {
        "done": sum(file.records for file in one.files),
        "bytes": sum(file.bytes for file in one.files),
        "damaged": sum(file.damaged for file in one.files),
    }


def _age(age_s: float | None, owed: int) -> str:
    if not owed:
        return ""
    return (
        "of another start" if age_s is None else f"{age_s / 60:.0f} min" if age_s >= 60 else f"{age_s:.0f} s"
    )


def _ask(settings: BoxConfig, name: str, **details: object) -> dict[str, Any]:
    return asyncio.run(ask(settings.control_socket, name, **details))


def _ask_patiently(settings: BoxConfig, name: str) -> dict[str, Any]:
    """Ask, also while the service begins again with another spool: its socket is there, and nobody behind."""
    began_s = time.monotonic()
    while True:
        try:
            return _ask(settings, name)
        except ControlError:
            is_late = time.monotonic() - began_s > RESTART_MAX_S
            if is_late or not settings.control_socket.exists():
                raise
            time.sleep(ASK_EVERY_S)


def _progress(text: str) -> Progress:
    return Progress(TextColumn(text), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(), console=err)


@contextmanager
def _told() -> Iterator[None]:
    """An expected error is one line and exit status 1."""
    try:
        yield
    except BoxError as error:
        err.print(f"✗ {error}", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(1) from None
