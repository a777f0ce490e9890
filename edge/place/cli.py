"""`edge place`: at each start takes what an engineer put on the boot partition, or says what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from edge.enrolment.cli import BOOT_FOLDER, DATA_FOLDER
from edge.enrolment.enrol_service import CONFIG_NAME
from edge.enrolment.files import read_file, write_file
from edge.errors import ConfigError, EnrolmentError
from edge.place.answer import Set, refused, says_it_already, taken
from edge.place.networks import OURS, SUFFIX
from edge.place.place_file import (
    ANSWER_NAME,
    PLACE_MAX_BYTES,
    PLACE_NAME,
    box_text,
    networks_of,
    parse_box,
    parse_place,
    with_place,
)

NETWORKS_FOLDER: Final = Path("/data/network")


def place(
    data: Annotated[Path, typer.Option(help="Where box.toml is.")] = DATA_FOLDER,
    boot: Annotated[Path, typer.Option(help="Where somebody puts haidang-box.txt.")] = BOOT_FOLDER,
    networks: Annotated[Path, typer.Option(help="Where NetworkManager keeps networks.")] = NETWORKS_FOLDER,
) -> None:
    """Take what haidang-box.txt sets, all or nothing. A text that is wrong changes and stops nothing."""
    if not (boot / PLACE_NAME).exists():
        return
    before = Set(networks=(had := _networks(networks)))
    try:
        before = Set(parse_box(_read(data / CONFIG_NAME)), had)
        text = parse_place(_read(boot / PLACE_NAME, PLACE_MAX_BYTES + 1))
        wanted = networks_of(text)
        after = Set(with_place(before.box, text), wanted)
        if after.box == before.box and wanted == had:
            if says_it_already(read_file(boot / ANSWER_NAME).decode("utf-8", "replace"), after):
                return
        else:
            _write_networks(networks, had, wanted)
        if after.box != before.box:  # all of ours read it, and it has no secret
            write_file(data / CONFIG_NAME, box_text(after.box).encode(), mode=0o644)
        answer = taken(before, after)
    except ConfigError as error:
        answer = refused(str(error), before)
    except EnrolmentError as error:  # the disk takes nothing, or half: each file is the old one or the new
        typer.echo(f"edge place: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{PLACE_NAME}: {answer.splitlines()[0]}")
    try:
        write_file(boot / ANSWER_NAME, answer.encode(), mode=0o644)
    except EnrolmentError as error:  # a partition that cannot be written: the log has it
        typer.echo(f"edge place: {error}", err=True)


def _networks(folder: Path) -> dict[str, str]:
    files = folder.glob(f"{OURS}*{SUFFIX}")
    return {one.name: read_file(one).decode("utf-8", "replace") for one in files}


def _write_networks(folder: Path, had: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raises EnrolmentError."""
    for name, text in wanted.items():
        if had.get(name) != text:
            write_file(folder / name, text.encode(), mode=0o600)
    for name in had.keys() - wanted.keys():
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise EnrolmentError(f"{folder / name} cannot be removed: {error.strerror}") from error


def _read(path: Path, limit_bytes: int = -1) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(limit_bytes)
    except OSError as error:
        raise ConfigError(f"{path.name}: cannot be read: {error.strerror}") from error
