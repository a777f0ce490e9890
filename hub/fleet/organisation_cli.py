"""`hub fleet …`: units and stations from files and to files; a hub that runs takes no part in it."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Final, Literal, get_args

import typer

from hub.config import read_config
from hub.console.words import Words
from hub.fleet.card_json import card_key, draft_of, organisation_of
from hub.fleet.cells import CellError
from hub.fleet.export_csv import export_stations, export_units
from hub.fleet.import_csv import propose
from hub.fleet.organisation import Card, Organisation, OrganisationError
from hub.fleet.preview import LineKind, Preview, PreviewLine, make_preview
from hub.fleet.proposal import Problem
from hub.fleet.vietnam import find_provinces, listed_units, seed
from hub.store.fleet_book import CardKind
from hub.store.interface import StoreLockedError
from hub.store.sqlite import SqliteStore

fleet_app = typer.Typer(name="fleet", help="The organisation: units, stations, boxes.", no_args_is_help=True)

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]
Language = Annotated[Literal["vi", "en"], typer.Option(help="The language of what is said.")]
ByName = Annotated[str, typer.Option("--by", help="Whose name stands in the history.")]
DEFAULT_CONFIG: Final = Path("hub.toml")
SHOWN_MAX: Final = 200  # lines of a preview in the terminal
RUNS: Final = "hub: nothing was written: the hub of {config} runs, and it alone writes its store. {way}"
STOP_IT: Final = "Stop it, say this again, and start it."
BY_CONSOLE: Final = f"Its console takes the file, at /organisation/import. Else: {STOP_IT}"


@fleet_app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A CSV file of units or of stations.")],
    write: Annotated[
        bool, typer.Option("--write/--preview", help="Write it; without, only what would change is said.")
    ] = False,
    by: ByName = "hub fleet import",
    config: ConfigPath = DEFAULT_CONFIG,
    language: Language = "en",
) -> None:
    """Take units or stations from a CSV file. What is wrong is said by line, and nothing is written."""
    words = Words(language)
    with _opened(config, is_writer=write, way=BY_CONSOLE) as (store, organisation, revisions):
        proposal = propose(file.read_bytes(), organisation)
        if proposal.problems:
            for problem in proposal.problems[:SHOWN_MAX]:
                print(problem_text(problem, words), file=sys.stderr)
            raise SystemExit(f"hub: {file}: {len(proposal.problems)} problems; nothing was written")
        preview = make_preview(proposal, organisation, revision=lambda card: revisions.get(card_key(card), 0))
        _print(preview, words)
        if write:
            _keep(store, organisation, preview.cards, revisions, by=by, why=file.name)
        else:
            print("Nothing was written. The same again with --write takes it.")


@fleet_app.command()
def export(
    what: Annotated[Literal["units", "stations"], typer.Argument(help="Which file.")],
    config: ConfigPath = DEFAULT_CONFIG,
    language: Language = "vi",
) -> None:
    """Write all units or all stations to standard output, as `import` reads them."""
    with _opened(config, is_writer=False) as (_, organisation, _revisions):
        make = export_units if what == "units" else export_stations
        for line in make(organisation, is_english=language == "en"):
            sys.stdout.buffer.write(line.encode())


@fleet_app.command("seed-vietnam")
def seed_vietnam(
    province: Annotated[list[str], typer.Argument(help="Names or codes of provinces, or: all.")],
    by: ByName = "hub fleet seed-vietnam",
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Take provinces of Viet Nam with their communes, wards and special zones. What is there stays."""
    listed = listed_units()
    try:
        asked = [found for text in province for found in find_provinces(listed, text)]
    except CellError as error:
        raise SystemExit(f"hub: {Words('en')(error.text_key, **error.values)}") from None
    with _opened(config, is_writer=True) as (store, organisation, revisions):
        units = seed(organisation, list(dict.fromkeys(asked)), listed)
        _keep(store, organisation, units, revisions, by=by, why="vietnam_units.csv")


def problem_text(problem: Problem, words: Words) -> str:
    """Return a problem in one line."""
    text = words(problem.text_key, **problem.values)
    where = words(problem.heading) if problem.heading else ""
    place = words("Dòng {n}", n=problem.line) if problem.line else ""
    return ": ".join(part for part in (", ".join(filter(None, (place, where))), text) if part)


def _print(preview: Preview, words: Words) -> None:
    shown = [line for line in preview.lines if line.kind in ("added", "changed")]
    for line in shown[:SHOWN_MAX]:
        print(_line_text(line, words))
    if len(shown) > SHOWN_MAX:
        print(f"… {len(shown) - SHOWN_MAX} more")
    print(", ".join(f"{kind}: {len(preview.of(kind))}" for kind in get_args(LineKind)))


def _line_text(line: PreviewLine, words: Words) -> str:
    if line.kind == "added":
        return f"{line.line}: + {line.title}"
    fields = "; ".join(f"{words(one.heading)}: {one.old!r} → {one.new!r}" for one in line.changed)
    return f"{line.line}: ~ {line.title}: {fields}"


def _keep(
    store: SqliteStore,
    organisation: Organisation,
    cards: Sequence[Card],
    revisions: dict[tuple[CardKind, str], int],
    *,
    by: str,
    why: str,
) -> None:
    try:
        organisation.with_cards(cards)
    except OrganisationError as error:
        raise SystemExit(f"hub: {error}; nothing was written") from None
    drafts = [draft_of(card, after=revisions.get(card_key(card), 0)) for card in cards]
    rows = store.fleet.keep_cards(drafts, by=by, why=why, utc_us=time.time_ns() // 1_000)
    if len(rows) != len(drafts):
        raise SystemExit("hub: somebody changed one of these meanwhile; nothing was written: look again")
    print(f"{len(rows)} cards are written")


@contextmanager
def _opened(
    config: Path, *, is_writer: bool, way: str = STOP_IT
) -> Iterator[tuple[SqliteStore, Organisation, dict[tuple[CardKind, str], int]]]:
    """The store of a hub, its organisation, and the revision of each card. A hub that runs has the store: it
    may be read, and is written through its console; `way`: what is said to who would write beside it.
    """
    settings = read_config(config)
    with ExitStack() as opened:
        try:
            store = opened.enter_context(SqliteStore(settings.store_folder, is_writer=is_writer))
        except StoreLockedError:
            raise SystemExit(RUNS.format(config=config, way=way)) from None
        rows = store.fleet.cards()
        yield (
            store,
            organisation_of(rows, settings.station_names),
            {(row.kind, row.id): row.revision for row in rows},
        )
