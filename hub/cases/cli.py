"""`hub minutes …`: read the signed minutes of a call, and see whether a file is as it was signed."""

from pathlib import Path
from typing import Annotated

import typer

from contract.errors import RefusedError
from contract.ids import CallId
from hub.cases.minutes import Minutes, MinutesError, read_minutes
from hub.cases.minutes_service import read_kept
from hub.cases.minutes_sheet import write_sheet
from hub.config import read_config
from hub.console.words import Words
from hub.papers.blocks import Facts, Heading, Paper, Paragraph
from hub.pki.authority import Authority
from hub.pki.signatures import AuthorityCheck
from hub.store.sqlite import SqliteStore

minutes_app = typer.Typer(name="minutes", help="Signed minutes of calls.", no_args_is_help=True)

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
DEFAULT_CONFIG = Path("hub.toml")


@minutes_app.command()
def show(
    call: Annotated[str, typer.Argument(help="The call, such as con-dao-01.000000000000b0c5.12.")],
    config: ConfigPath = DEFAULT_CONFIG,
    language: Annotated[str, typer.Option(help="vi or en.")] = "vi",
    out: Annotated[Path | None, typer.Option(help="Write the signed JSON there instead.")] = None,
) -> None:
    """Print the newest minutes of a call, and which versions there are."""
    settings = read_config(config)
    check = AuthorityCheck(Authority(settings.pki_folder).ca)
    with SqliteStore(settings.store_folder, is_writer=False) as store:
        rows = store.papers_of_call(_call(call), kind="minutes")
    if not rows:
        raise MinutesError(f"call {call} has no minutes: is it closed, and written so?")
    minutes = read_minutes(rows[-1].json.encode(), check=check.signed)
    if out is not None:
        out.write_bytes(minutes.to_bytes())
        print(f"{out}: version {minutes.version} of {len(rows)}, signed by this installation's authority")
        return
    _print(write_sheet(minutes, Words(language)))
    print(f"\nversion {minutes.version} of {len(rows)}, signed by this installation's authority")
    for row in rows[:-1]:
        former = read_kept(row)
        print(f"  version {'?' if former is None else former.version}: {row.by}")


@minutes_app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="Minutes as JSON, as the console gives them.")],
    ca: Annotated[Path | None, typer.Option(help="The installation's ca.crt.")] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """See whether a file is minutes as this installation signed them; exit status 1: it is not."""
    if ca is None:
        ca = Authority(read_config(config).pki_folder).ca
    minutes = _read(file, AuthorityCheck(ca))
    document = minutes.document
    print(f"{file}: signed by the authority of {ca}, and not changed since")
    print(f"call {document['call']}, version {minutes.version}")


def _read(file: Path, check: AuthorityCheck) -> Minutes:
    try:
        return read_minutes(file.read_bytes(), check=check.signed)
    except MinutesError as error:
        raise MinutesError(f"{file}: {error}") from None
    except FileNotFoundError:
        raise MinutesError(f"{file}: there is no such file") from None
    except IsADirectoryError:
        raise MinutesError(f"{file} is a folder: name the file of the minutes in it") from None
    except OSError as error:
        raise MinutesError(f"{file} cannot be read: {error.strerror}") from None


def _call(text: str) -> CallId:
    try:
        return CallId.parse(text)
    except RefusedError as error:
        raise MinutesError(str(error)) from None


def _print(paper: Paper) -> None:
    if paper.stamp:
        print(paper.stamp)
    for block in paper.blocks:
        match block:
            case Heading(text=text):
                print(f"\n{text}")
            case Paragraph(text=text):
                print(text)
            case Facts(rows=rows):
                for name, value in rows:
                    print(f"  {name}: {value}")
            case _:
                pass
