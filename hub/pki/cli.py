"""`hub seal …`: the keys that boxes seal to, and the escrow of everything that cannot be made again."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hub.config import Config, read_config
from hub.pki.authority import Authority
from hub.pki.escrow import lock, put_back, read_secrets, unlock
from hub.pki.files import PkiError, read_file, write_file
from hub.pki.seal_keys import SealKeys
from hub.pki.seal_usage import Usage, usage_of
from hub.store.sqlite import SqliteStore

seal_app = typer.Typer(
    name="seal", help="The keys that boxes seal to, and their escrow.", no_args_is_help=True
)

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")


@seal_app.command()
def rotate(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Make a new seal key. A running hub offers it to its boxes within seconds; the old ones are kept."""
    settings = read_config(config)
    keys = SealKeys(settings.pki_folder)
    made = keys.rotate(above=max(_usage(settings), default=0))
    print(f"seal key {made.number} is made; the hub offers it to each box that it hears.")
    print("Next: hub seal escrow --out FILE: if this disk dies now, nobody opens what is sealed to it.")


@seal_app.command("list")
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List the seal keys: when each was made, how many boxes seal to it, how many stored keys need it."""
    settings = read_config(config)
    keys, usage = SealKeys(settings.pki_folder), _usage(settings)
    table = Table("key", "made", "spools that seal to it", "stored keys that need it", "here")
    here = keys.numbers()
    for number in sorted({*here, *usage}):
        is_here, used = number in here, usage.get(number, Usage())
        made = datetime.fromtimestamp(keys.made_utc_s(number), UTC) if is_here else None
        when = "" if made is None else made.isoformat(sep=" ", timespec="minutes")
        table.add_row(str(number), when, str(used.spools), str(used.keys), "yes" if is_here else "LOST")
    Console(width=110).print(table)
    if usage.keys() - set(here):
        raise PkiError(
            "a key is lost that boxes seal to, or sealed to: hub seal recover with the newest escrow"
        )


@seal_app.command()
def retire(
    number: Annotated[int, typer.Argument(help="The key to destroy.")], config: ConfigPath = DEFAULT_CONFIG
) -> None:
    """Destroy a seal key that nothing needs. One that opens anything that is stored is never destroyed."""
    settings = read_config(config)
    keys, usage = SealKeys(settings.pki_folder), _usage(settings)
    numbers = keys.numbers()
    if number not in numbers:
        raise PkiError(f"there is no seal key {number}; hub seal list shows which there are")
    if number == numbers[-1]:
        raise PkiError(
            f"seal key {number} is the newest: boxes seal to it; make another first: hub seal rotate"
        )
    used = usage.get(number, Usage())
    if used.keys:
        raise PkiError(
            f"seal key {number} stays: {used.keys} keys of boxes are wrapped for it, and what they sealed"
            f" is stored; {used.spools} spools seal to it still"
        )
    keys.remove(number)
    print(f"seal key {number} is destroyed here; it is in every escrow that was made before")


@seal_app.command()
def escrow(
    out: Annotated[Path, typer.Option(help="The file to write; it must not exist.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Write the authority and all seal keys into a file under a passphrase, for a safe.

    The passphrase is asked for, or read from standard input where that is no terminal.
    """
    settings = read_config(config)
    if out.exists():
        raise PkiError(f"{out} exists: name another file")
    if not out.absolute().parent.is_dir():
        raise PkiError(f"{out.absolute().parent} is no folder: make it, or name another file")
    secrets = read_secrets(Authority(settings.pki_folder))
    raw = lock(secrets, _passphrase(is_new=True), made=datetime.now(UTC))
    write_file(out, raw, mode=0o600)
    numbers = ", ".join(str(kept.number) for kept in secrets.seal_keys)
    print(f"{out}: the authority and seal keys {numbers}. Keep it in a safe, and the passphrase in another;")
    print("with a backup it makes this hub again, and without it nobody opens what the boxes sealed.")


@seal_app.command()
def recover(
    file: Annotated[Path, typer.Argument(help="What hub seal escrow wrote.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Put the authority and the seal keys of an escrow into a hub that lacks them; nothing is overwritten."""
    settings = read_config(config)
    authority = Authority(settings.pki_folder)
    if not file.is_file():
        raise PkiError(f"{file} is no file: name what hub seal escrow wrote")
    secrets = unlock(read_file(file), _passphrase(is_new=False))
    new = put_back(authority, secrets)
    print(f"{authority.folder}: seal keys put back: {', '.join(map(str, new)) or 'none was missing'}")
    authority.make(names=settings.console.names, now=datetime.now(UTC))
    print(f"Next: hub broker-config --out FOLDER, mosquitto, hub serve --config {settings.path}")


def _usage(settings: Config) -> dict[int, Usage]:
    with SqliteStore(settings.store_folder, is_writer=False) as store:
        return usage_of(store.box_keys())


def _passphrase(*, is_new: bool) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return str(typer.prompt("Passphrase of the escrow", hide_input=True, confirmation_prompt=is_new))
