"""`hub simulate`: a fleet that is none, at the broker of this hub."""

import json
import secrets
import signal
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from contract.ids import RecordClass, SpoolId, spool_text
from hub.clock import Clock
from hub.config import read_config
from hub.pki.authority import Authority
from hub.simulate.bodies import Person
from hub.simulate.connection import allow_files
from hub.simulate.enrolment import choose, enrol_all, names_to_add
from hub.simulate.figures import Figures
from hub.simulate.fleet_service import Habits, SimFleet
from hub.simulate.station import SimStation

PEOPLE: Final = 48  # different signals; a fleet shares them
LOW_SPO2_SHARE: Final = 0.02
NO_PROBE_SHARE: Final = 0.03
DRAIN_LIMIT_S: Final = 120.0
RATE_OVER_S: Final = 5

ConfigPath = Annotated[Path, typer.Option("--config", help="The hub's TOML file.")]


def simulate(
    stations: Annotated[int, typer.Option(min=1, max=18_000, help="How many.")] = 100,
    units: Annotated[int | None, typer.Option(min=1, help="Only of so many communes.")] = None,
    every: Annotated[int, typer.Option(min=2, max=30, help="Seconds of signal in a parcel.")] = 10,
    seconds: Annotated[float | None, typer.Option(help="After all are up; else until Ctrl-C.")] = None,
    outages_per_hour: Annotated[float, typer.Option(min=0, help="Of each station's link.")] = 0.0,
    presses_per_hour: Annotated[float, typer.Option(min=0, help="Of all buttons together.")] = 0.0,
    seed: Annotated[int | None, typer.Option(help="Of all that is left to chance.")] = None,
    name_them: Annotated[
        bool, typer.Option(help="Add their names to the hub's configuration, and end.")
    ] = False,
    ledger: Annotated[Path | None, typer.Option(help="In the end, what was sent and acknowledged.")] = None,
    log: Annotated[Path | None, typer.Option(help="A line of JSON each second.")] = None,
    json_path: Annotated[
        str | None, typer.Option("--json", help="The numbers there; - is standard output.")
    ] = None,
    config: ConfigPath = Path("hub.toml"),
) -> None:
    """Simulated stations at this hub's broker: real TLS, certificates, parcels and receipts; made-up people.

    Type p and Enter to press a button, p STATION for that one's. Never beside real stations: what they send
    is stored as theirs.
    """
    settings = read_config(config)
    chosen = choose(settings.station_names, stations, units=units)
    if name_them:
        text = names_to_add(config.read_text(encoding="utf-8"), chosen, settings.station_names)
        config.write_text(text, encoding="utf-8")
        typer.echo(f"{config}: {len(chosen)} stations have names; the hub reads them when it starts")
        return
    allow_files(len(chosen))
    authority = Authority(settings.pki_folder)
    console = Console(stderr=True)
    with console.status(f"certificates, keys and people of {len(chosen)} stations"):
        credentials = enrol_all(authority, config.absolute().parent / "simulated", chosen)
        rng = Random(seed)  # noqa: S311 - makes people up, guards nothing
        fleet = SimFleet(
            list(
                zip(
                    _stations(authority, [one.station for one in chosen], every, rng),
                    credentials,
                    strict=True,
                )
            ),
            address=(settings.broker.host, settings.broker.port),
            ca=authority.ca,
            habits=Habits(
                every_s=every, outages_per_hour=outages_per_hour, presses_per_hour=presses_per_hour
            ),
            now_s=Clock().now_s,
            rng=rng,
        )
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: setattr(fleet, "is_stopping", True))
    with closing(fleet), _Telling(fleet, console, log) as telling:
        fleet.run(lambda now_s: telling.tell(now_s) and not _is_over(fleet.figures, seconds, now_s))
        limit_s = Clock().now_s() + DRAIN_LIMIT_S
        fleet.drain(lambda now_s: telling.tell(now_s) and now_s < limit_s)
        resent = sum(one.owed.resent for one in fleet.stations)
        told = fleet.figures.line(owed=fleet.owed, resent=resent)
    if ledger is not None:
        ledger.write_text(json.dumps(_ledger(fleet)), encoding="utf-8")
    _print(told, json_path)


def _stations(authority: Authority, names: list[Any], every_s: int, rng: Random) -> list[SimStation]:
    hub_key = authority.seal_keys.newest()
    people = [Person(every_s, rng, spo2_pct=rng.choice((95, 96, 97, 97, 98, 98, 99))) for _ in range(PEOPLE)]
    ill = [Person(every_s, rng, spo2_pct=spo2_pct) for spo2_pct in (84, 88, 91)]
    return [
        SimStation(
            name,
            SpoolId(secrets.randbits(64) or 1),
            hub_key,
            rng.choice(ill if rng.random() < LOW_SPO2_SHARE else people),
            has_probe=rng.random() >= NO_PROBE_SHARE,
        )
        for name in names
    ]


def _is_over(figures: Figures, seconds: float | None, now_s: float) -> bool:
    return seconds is not None and figures.all_up_s is not None and now_s - figures.all_up_s >= seconds


class _Telling:
    """Says once a second how the fleet is: to a person, and to the log. Use as a context."""

    def __init__(self, fleet: SimFleet, console: Console, log: Path | None) -> None:
        self._fleet = fleet
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._log = None if log is None else log.open("w", encoding="utf-8")
        self._parcels: list[tuple[float, int]] = []

    def __enter__(self) -> "_Telling":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()
        if self._log is not None:
            self._log.close()

    def tell(self, now_s: float) -> bool:
        """Tell, and return True: it goes on."""
        figures = self._fleet.figures
        self._parcels = [*self._parcels, (now_s, figures.parcels)][-RATE_OVER_S - 1 :]
        (from_s, before), passed = self._parcels[0], self._parcels[-1][1]
        rate = (passed - before) / max(1e-3, now_s - from_s)
        newest = max(1, round(rate * RATE_OVER_S))
        owed = self._fleet.owed
        if self._log is not None:
            line = {
                "at_s": round(now_s, 3),
                "up": figures.up,
                "arrived": figures.arrived,
                "parcels": figures.parcels,
                "owed": owed,
                "presses": figures.presses,
                "presses_confirmed": len(figures.presses_told),
                "commit_p99_ms": figures.commits.percentile_ms(0.99, newest=newest),
                "outages": figures.outages,
                "falls": len(figures.falls),
                "falls_over": sum(one.back_s is not None for one in figures.falls),
                "behind_s": round(figures.behind_s, 3),
                "why_lost": figures.why_lost,
            }
            self._log.write(json.dumps(line) + "\n")
            self._log.flush()
        self._live.update(Text(_words(figures, rate, owed, newest)), refresh=True)
        return True


def _words(figures: Figures, rate: float, owed: int, newest: int) -> str:
    commit_ms = figures.commits.percentile_ms(0.99, newest=newest)
    parts = [
        f"{figures.up} of {figures.stations} up",
        f"{rate:.0f} parcels/s",
        f"{owed} records owed",
        f"receipt p99 {commit_ms:.0f} ms" if commit_ms is not None else "no receipt yet",
        f"{len(figures.presses_told)} of {figures.presses} presses confirmed",
    ]
    if figures.outages:
        parts.append(f"{figures.outages} outages")
    if figures.up < figures.stations and figures.why_lost:
        parts.append(f"last lost: {figures.why_lost}")
    return " · ".join(parts)


def _ledger(fleet: SimFleet) -> dict[str, Any]:
    """What every station made and still owes, and the times of the whole run (s of CLOCK_BOOTTIME)."""
    figures = fleet.figures
    return {
        "stations": [
            {
                "station": one.name,
                "spool": spool_text(one.spool),
                "highest": {str(name.value): highest for name, highest in one.owed.highest.items()},
                "owed": {
                    str(name.value): [record.seq for record in records]
                    for name in RecordClass
                    if (records := one.owed.of(name))
                },
            }
            for one in fleet.stations
        ],
        "all_up_s": figures.all_up_s,
        "falls": [[one.fell_s, one.back_s] for one in figures.falls],
        "commits": [list(figures.commits.at_s), list(figures.commits.ms)],
        "presses": [list(figures.presses_told.at_s), list(figures.presses_told.ms)],
    }


def _print(told: dict[str, Any], json_path: str | None) -> None:
    if json_path is None:
        print(" · ".join(f"{key} {value}" for key, value in told.items()))
    elif json_path == "-":
        print(json.dumps(told))
    else:
        Path(json_path).write_text(json.dumps(told) + "\n", encoding="utf-8")
