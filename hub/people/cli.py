"""`hub account …`: make, list and remove accounts."""

import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from hub.config import read_config
from hub.people.accounts import AccountError, Accounts, Role
from hub.people.passwords import make_password
from hub.toml_table import ConfigError

accounts_app = typer.Typer(name="account", help="Who may use the console.", no_args_is_help=True)

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")


@accounts_app.command()
def add(
    name: Annotated[str, typer.Argument(help="What they log in with; stations see it when they answer.")],
    config: ConfigPath = DEFAULT_CONFIG,
    role: Annotated[Role, typer.Option(help="What they are.")] = Role.OPERATOR,
) -> None:
    """Make an account. The password is read from standard input; without one it is made and printed."""
    given = "" if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    password = given or make_password()
    with _opened(config) as accounts:
        account = accounts.add(name, password, role=role, now_utc_s=time.time())
    print(f"{account.name} may log in as {account.role.value}" + ("" if given else f" with: {password}"))


@accounts_app.command("list")
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List all accounts."""
    with _opened(config) as accounts:
        for account in accounts.all():
            print(f"{account.name}  {account.role.value}")


@accounts_app.command()
def remove(name: str, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Remove an account and end its sessions."""
    with _opened(config) as accounts:
        accounts.remove(name)
    print(f"{name} is removed")


@contextmanager
def _opened(config: Path) -> Iterator[Accounts]:
    """The accounts of a configuration, closed at the end; an error ends the program in one line."""
    try:
        with closing(Accounts(read_config(config).accounts_path)) as accounts:
            yield accounts
    except (ConfigError, AccountError) as error:
        raise SystemExit(str(error)) from error
