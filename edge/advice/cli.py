"""`edge advice …`: what the hub advises, at a terminal."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer
from rich.console import Console

from edge.advice.advice_facts import AdviceNow, PieceNow
from edge.config import read_config
from edge.control_service import ask
from edge.errors import BoxError

advice_app = typer.Typer(name="advice", no_args_is_help=True, help="What the hub advises for people here.")
out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The box's TOML file.")]
Number = Annotated[int, typer.Argument(metavar="N", help="As `edge advice list` shows it.")]
DEFAULT_CONFIG: Final = Path("/etc/haidang/box.toml")
LOOK_EVERY_S: Final = 0.5


@advice_app.command("list")
def list_advice(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Show it all, for the person who is being seen first."""
    now = _now(config)
    for heading, pieces in (("for the person who is being seen", now.present), ("of before", now.before)):
        if pieces:
            out.print(heading, style="bold", highlight=False)
        for line in (line for piece in pieces for line in piece.lines()):
            out.print(line, highlight=False, soft_wrap=True, markup=False)
    if not now.present and not now.before:
        out.print("there is none", highlight=False)


@advice_app.command("print")
def print_advice(number: Number, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Print it, or write it on a USB stick, and say what became of that."""
    _ask(config, "print advice", advice=number)
    outcome = asyncio.run(_printed(config, number))
    if outcome is None or outcome.outcome is None:
        _end(f"advice {number} was put away meanwhile")
    said = f"{outcome.outcome.how.value} {outcome.outcome.detail}".rstrip()
    if not outcome.outcome.is_done:
        _end(f"not printed: {said}")
    out.print(said, highlight=False, soft_wrap=True, markup=False)


@advice_app.command("put-away")
def put_away(number: Number, config: ConfigFile = DEFAULT_CONFIG) -> None:
    """It was read; the panel shows it no more."""
    _ask(config, "put away advice", advice=number)
    out.print(f"advice {number} is put away", highlight=False)


async def _printed(config: Path, number: int) -> PieceNow | None:
    """Return the piece when it is printed no more; None: it is gone."""
    settings = read_config(config)
    while True:
        now = AdviceNow.model_validate(await ask(settings.control_socket, "advice"))
        piece = next((one for one in (*now.present, *now.before) if one.advice == number), None)
        if piece is None or not piece.is_printing:
            return piece
        await asyncio.sleep(LOOK_EVERY_S)


def _now(config: Path) -> AdviceNow:
    return AdviceNow.model_validate(_ask(config, "advice"))


def _ask(config: Path, name: str, **details: object) -> Mapping[str, Any]:
    try:
        return asyncio.run(ask(read_config(config).control_socket, name, **details))
    except BoxError as error:
        _end(str(error))


def _end(why: str) -> NoReturn:
    err.print(why, highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(1)
