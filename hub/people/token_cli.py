"""`hub token …`: make, list and end the tokens by which programs use the API."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from hub.config import read_config
from hub.people.accounts import AccountError, Accounts
from hub.people.tokens import Scope, TokenError
from hub.toml_table import ConfigError

tokens_app = typer.Typer(name="token", help="Which programs may use the API.", no_args_is_help=True)

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")
BY = "hub token"  # who made it, where somebody at the machine did


@tokens_app.command()
def make(
    name: Annotated[str, typer.Argument(help="Which program uses it.")],
    scope: Annotated[list[Scope], typer.Option(help="What it may do; give it as often as needed.")],
    days: Annotated[int, typer.Option(help="How long it is good.")] = 365,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a token and print it, once: the hub does not keep it."""
    with _opened(config) as accounts:
        _, text = accounts.tokens.make(name, scope, days=days, by=BY, now_utc_s=time.time())
    print(text)


@tokens_app.command("list")
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """List all tokens that there ever were, newest first."""
    with _opened(config) as accounts:
        for token in accounts.tokens.all():
            state = f"until {_day(token.ends_utc_s)}"
            if not token.is_good(now_utc_s=time.time()):
                state = f"ended by {token.ended_by}" if token.ended_by else "over"
            used = "never used" if token.used_utc_s is None else f"used {_day(token.used_utc_s)}"
            print(f"{token.no}  {token.name}  {' '.join(sorted(token.scopes))}  {state}  {used}")


@tokens_app.command()
def end(
    no: Annotated[int, typer.Argument(help="Its number, as `hub token list` says.")],
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """End a token now."""
    with _opened(config) as accounts:
        token = accounts.tokens.end(no, by=BY)
    print(f"token {token.no} ({token.name}) opens nothing any more")


def _day(utc_s: int) -> str:
    return datetime.fromtimestamp(utc_s, UTC).date().isoformat()


@contextmanager
def _opened(config: Path) -> Iterator[Accounts]:
    """The accounts' file of a configuration, closed at the end; an error ends the program in one line."""
    try:
        with closing(Accounts(read_config(config).accounts_path)) as accounts:
            yield accounts
    except (ConfigError, AccountError, TokenError) as error:
        raise SystemExit(str(error)) from error
