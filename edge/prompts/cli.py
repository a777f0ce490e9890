"""`edge prompts …`: what the station says, made and tried out by the engineer."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from edge.call.prompts_due import Prompt
from edge.config import BoxConfig, read_config
from edge.control_service import ask
from edge.errors import BoxError, ControlError, PromptError
from edge.prompts.espeak import Espeak
from edge.prompts.languages import PROMPT_OF_STEM, Recording, Words, file_stem, lines_of
from edge.prompts.prompts_now import Made
from edge.prompts.prompts_service import maker_of

prompts_app = typer.Typer(name="prompts", no_args_is_help=True, help="What is said aloud at this station.")
out = Console()
err = Console(stderr=True)

ConfigFile = Annotated[Path, typer.Option("--config", "-c", help="The box's TOML file.")]
DEFAULT_CONFIG: Final = Path("/etc/haidang/box.toml")


@prompts_app.command("list")
def list_prompts(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Show what each prompt says in each language, and which are recordings."""
    with _told():
        settings = read_config(config)
        maker = maker_of(settings, Espeak())
        faults = asyncio.run(maker.begin())
    table = Table(box=None, padding=(0, 2))
    for heading in ("prompt", *settings.call.languages):
        table.add_column(heading)
    for prompt in Prompt:
        lines = lines_of(prompt, maker.spoken, maker.last_resort)
        table.add_row(file_stem(prompt), *(_shown(line) for line in lines))
    out.print(table, highlight=False, markup=False)
    if not settings.call.voice or settings.video.loudspeaker == "none":
        out.print("this box does not speak: see [call] voice and [video] loudspeaker", markup=False)
    _end(faults)


@prompts_app.command("make")
def make_prompts(config: ConfigFile = DEFAULT_CONFIG) -> None:
    """Make them now, after words or recordings were changed; the running service takes them from then on."""
    with _told():
        settings = read_config(config)
        faults, made = asyncio.run(_make(settings))
        with contextlib.suppress(ControlError):  # it does not run: it reads them when it starts
            asyncio.run(ask(settings.control_socket, "make prompts"))
    heard = sum(one.file is not None for one in made)
    out.print(f"{heard} of {len(made)} prompts can be heard", highlight=False)
    _end(tuple(dict.fromkeys([*faults, *(fault for one in made for fault in one.faults)])))


@prompts_app.command("play")
def play_prompt(
    name: Annotated[str, typer.Argument(help="As `edge prompts list` shows it.")],
    config: ConfigFile = DEFAULT_CONFIG,
) -> None:
    """Have the running service say one, outside a call."""
    with _told():
        settings = read_config(config)
        if name not in PROMPT_OF_STEM:
            raise PromptError(f"{name}: expected a prompt, one of {', '.join(PROMPT_OF_STEM)}")
        answer = asyncio.run(ask(settings.control_socket, "say prompt", prompt=name))
    out.print(str(answer["text"]), highlight=False, markup=False)


async def _make(settings: BoxConfig) -> tuple[tuple[str, ...], list[Made]]:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    maker = maker_of(settings, Espeak())
    faults = await maker.begin()
    return faults, [await maker.make(prompt) for prompt in Prompt]


def _shown(line: tuple[Words, ...]) -> str:
    if not line:
        return "—"
    return f"[{line[0].path.name}]" if isinstance(line[0], Recording) else line[0].text


def _end(faults: tuple[str, ...]) -> None:
    for fault in faults:
        err.print(f"✗ {fault}", highlight=False, soft_wrap=True, markup=False)
    raise typer.Exit(1 if faults else 0)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """A refusal is one line and exit status 1."""
    try:
        yield
    except BoxError as error:
        err.print(str(error), highlight=False, soft_wrap=True, markup=False)
        raise typer.Exit(1) from None
