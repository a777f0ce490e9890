"""`edge factory-return`: the box as it was delivered, by a question here or a file on the boot partition."""

import contextlib
import os
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console

from edge.config import read_config
from edge.errors import BoxError, FactoryReturnError
from edge.factory.request import (
    ANSWER_NAME,
    REQUEST_MAX_BYTES,
    REQUEST_NAME,
    parse_request,
    refusal_of,
)
from edge.factory.unsent import count_unsent
from edge.factory.wipe import go_on, mark_of, mark_path, write_mark

out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The box's TOML file.")]
DEFAULT_CONFIG: Final = Path("/etc/haidang/box.toml")
REVOKE: Final = "At the hub, withdraw its certificate; the box must be enrolled before it is used again."


def factory_return(
    config: ConfigFile = DEFAULT_CONFIG,
    asked_in: Annotated[
        Path | None,
        typer.Option(
            help="Do what haidang-factory-return.txt in this folder asks, and ask nobody. For the start."
        ),
    ] = None,
) -> None:
    """Wipe keys, spool and configuration: the box as it was delivered. Asks before it does."""
    try:
        if mark_path(config).exists():  # it was killed in the midst
            _tell_done(go_on(config))
        elif asked_in is None:
            _ask(config)
        else:
            _obey(config, asked_in)
    except BoxError as error:
        err.print(f"✗ {error}", highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(1) from None


def _ask(config: Path) -> None:
    settings = read_config(config)
    mark_of(settings)  # refuses before anybody is asked
    unsent = count_unsent(settings)
    out.print(
        f"Station {settings.station}: its key and certificate, the spool in {settings.data_dir} and"
        f" {settings.file} will be wiped. Nothing brings them back.",
        highlight=False,
        soft_wrap=True,
    )
    if typer.prompt("To go on, type the station's id") != settings.station:
        _stop("that is not its id")
    if not unsent.is_nothing:
        out.print(f"{unsent.text} will be LOST. `edge spool export` saves them.", soft_wrap=True)
        if not unsent.may_be_lost(typer.prompt(f"To lose them, type {unsent.word}").strip()):
            _stop("they are kept")
    write_mark(config, mark_of(settings))
    _tell_done(go_on(config))


def _obey(config: Path, folder: Path) -> None:
    """Once: the file is gone afterwards, whatever came of it; the answer lies beside it."""
    request = folder / REQUEST_NAME
    try:
        with request.open("rb") as file:
            text = file.read(REQUEST_MAX_BYTES).decode("utf-8", "replace")
    except FileNotFoundError:
        return
    except OSError as error:
        raise FactoryReturnError(f"{request}: {error.strerror}; nothing was done") from error
    try:
        settings = read_config(config)
        refusal = refusal_of(parse_request(text), station=settings.station, unsent=count_unsent(settings))
        mark = mark_of(settings, also=(request,))
    except BoxError as error:
        _answer(folder, f"not done: {error}")
        raise
    if refusal:
        _answer(folder, f"not done: {refusal}")
        err.print(f"✗ {refusal}", highlight=False, soft_wrap=True, markup=False)
        return  # no error: the box starts as on every day
    write_mark(config, mark)
    _tell_done(go_on(config))
    _answer(folder, f"done: this box was {settings.station}. {REVOKE}")


def _answer(folder: Path, text: str) -> None:
    with contextlib.suppress(OSError):  # a partition that cannot be written: the log has it
        with (folder / ANSWER_NAME).open("w", encoding="utf-8") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
        (folder / REQUEST_NAME).unlink(missing_ok=True)


def _tell_done(station: str | None) -> None:
    out.print(f"✓ this box was {station}, and is as it was delivered. {REVOKE}", soft_wrap=True)


def _stop(why: str) -> NoReturn:
    out.print(f"{why}: nothing was done")
    raise typer.Exit(1)
