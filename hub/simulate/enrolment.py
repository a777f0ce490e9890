"""Who the simulated stations of a hub's folder are: kept there, so that the same ones come back.

    simulated/stations.csv      station, name, units from the top, for people and for an import
    simulated/certificates      a line of JSON a station, mode 0600: its certificate and key

Stations that the hub's configuration names come first, under their own names.
"""

import base64
import csv
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from contract.ids import StationId
from hub.pki.authority import Authority, Credential
from hub.pki.files import PkiError, write_file
from hub.simulate.places import Place, places
from hub.toml_table import ConfigError

HEADINGS: Final = ("station", "name", "units")
UNITS_BETWEEN: Final = " / "


def choose(named: Mapping[StationId, str], count: int, *, units: int | None) -> list[Place]:
    """Return so many stations: those that have a name at the hub, then made-up ones."""
    made_up = {one.station: one for one in islice(places(units=units), count)}
    known = [
        Place(station, name, made_up[station].units if station in made_up else ())
        for station, name in named.items()
    ]
    others = [one for one in made_up.values() if one.station not in named]
    return [*known, *others][:count]


def enrol_all(authority: Authority, folder: Path, stations: Sequence[Place]) -> list[Credential]:
    """Return a certificate and key of each station, made where the folder has none. Raises PkiError."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / "certificates"
    held = _read(path)
    missing = [one.station for one in stations if one.station not in held]
    if missing:
        held |= {one.station: one for one in authority.issue(missing)}
        write_file(path, b"".join(map(_line, held.values())), mode=0o600)
    with (folder / "stations.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows((one.station, one.name, UNITS_BETWEEN.join(one.units)) for one in stations)
    return [held[one.station] for one in stations]


def names_to_add(text: str, stations: Sequence[Place], named: Mapping[StationId, str]) -> str:
    """Return a configuration's text with a name for each station that has none, behind its last line. Raises
    ConfigError: its last table is not [stations].
    """
    tables = [line for line in text.splitlines() if line.startswith("[")]
    if not tables or not tables[-1].startswith("[stations]"):
        raise ConfigError("its last table is not [stations], so no names can be added: move that to the end")
    lines = [
        f"{one.station} = {json.dumps(one.name, ensure_ascii=False)}\n"
        for one in stations
        if one.station not in named
    ]
    return text.rstrip("\n") + "\n" + "".join(lines)


def _read(path: Path) -> dict[StationId, Credential]:
    if not path.exists():
        return {}
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
        return {
            StationId(name): Credential(StationId(name), base64.b64decode(certificate), base64.b64decode(key))
            for name, certificate, key in rows
        }
    except (OSError, ValueError) as error:
        raise PkiError(
            f"{path} cannot be read ({error}): remove it, and certificates are made anew"
        ) from error


def _line(one: Credential) -> bytes:
    row = (one.station, base64.b64encode(one.certificate).decode(), base64.b64encode(one.key).decode())
    return json.dumps(row).encode() + b"\n"
