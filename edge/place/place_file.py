"""What an engineer may set by a text on the boot partition, and box.toml with it (core).

The text is TOML and all that the engineer wants to be set: what is not in it is not set any more. Station,
hub, keys and where services meet are never of it. Source: docs/adr/0058-how-a-box-starts.md.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from edge.config import box_of
from edge.errors import ConfigError
from edge.place.networks import profiles_of

PLACE_NAME: Final = "haidang-box.txt"  # on the boot partition; it stays there, and is taken at each start
ANSWER_NAME: Final = "haidang-box-answer.txt"
PLACE_MAX_BYTES: Final = 16_384
TABLES: Final = ("board", "button", "call", "network", "panel", "print", "spool", "video")
LISTS: Final = ("device", "link")
TEXTS: Final = ("station_name",)
NAMES: Final = (*TEXTS, *TABLES, *LISTS)  # of box.toml
NETWORKS: Final = ("wifi", "mobile")  # of NetworkManager (edge.place.networks)
_ELSEWHERE: Final = {
    "station": "enrolment says it: haidang.txt",
    "hub": "enrolment says it: haidang.txt",
}
_PANEL_PORT: Final = "[panel] port is not set here: the screen looks for the page where it is"
_HEAD: Final = "# Made by `edge`: what the engineer set, enrolment's word, and the places of the units.\n"
_STAND_IN: Final = {  # for the reader, of a box that is not enrolled yet
    "station": "station",
    "data_dir": "/",
    "hub": {name: name for name in ("host", "ca", "certificate", "key", "seal_key")},
}

Document = Mapping[str, Any]


def parse_place(data: bytes) -> Document:
    """Return what an engineer's text sets. Raises ConfigError: what, where, what to do."""
    if len(data) > PLACE_MAX_BYTES:
        raise ConfigError(f"{PLACE_NAME}: more than {PLACE_MAX_BYTES} bytes; shorten it")
    try:
        place = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{PLACE_NAME}: is not UTF-8; save it as plain text in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{PLACE_NAME}: is not TOML: {error}") from error
    for name, value in place.items():
        if name not in (*NAMES, *NETWORKS):
            why = _ELSEWHERE.get(name, f"what may be set here: {', '.join((*NAMES, *NETWORKS))}")
            raise ConfigError(f"{PLACE_NAME}: {name} is not set here; {why}")
        if name in (*TABLES, "mobile") and not isinstance(value, dict):
            raise ConfigError(f"{PLACE_NAME}: {name}: expected a table, headed [{name}]")
    if "port" in place.get("panel", {}):
        raise ConfigError(f"{PLACE_NAME}: {_PANEL_PORT}")
    return place


def networks_of(place: Document) -> dict[str, str]:
    """Return the networks of an engineer's text, as NetworkManager keeps them. Raises ConfigError."""
    try:
        return profiles_of(place)
    except ConfigError as error:
        raise ConfigError(f"{PLACE_NAME}: {error}") from error


def place_of(box: Document) -> dict[str, Any]:
    """Return what of a box.toml, or of an engineer's text for it, an engineer may set."""
    return {name: box[name] for name in NAMES if name in box}


def with_place(box: Document, place: Document) -> Document:
    """Return a box.toml with what the engineer sets in place of what was set before.

    The reader of box.toml takes it, as it will once the box is enrolled. Raises ConfigError.
    """
    new = {name: value for name, value in box.items() if name not in NAMES} | place_of(place)
    box_of(Path(PLACE_NAME), {**_STAND_IN, **new})
    if tomllib.loads(as_toml(new)) != new:
        raise ConfigError(f"{PLACE_NAME}: cannot be kept as it is; write one plain setting a line")
    return new


def parse_box(data: bytes) -> Document:
    """Return what stands in box.toml. Raises ConfigError: it is damaged."""
    try:
        return tomllib.loads(data.decode())
    except ValueError as error:
        raise ConfigError(f"box.toml, which is on the box, is damaged: {error}") from error


def box_text(box: Document) -> str:
    """Return a box.toml."""
    return _HEAD + as_toml(box)


def as_toml(document: Document) -> str:
    """Return the TOML of texts, numbers and lists of them, in tables and lists of tables."""
    return "\n".join(_lines(document)).strip("\n") + "\n"


def _lines(document: Document) -> Iterator[str]:
    tables = {name: value for name, value in document.items() if _is_table(value) or _is_list(value)}
    yield from _settings({name: value for name, value in document.items() if name not in tables})
    for name, value in tables.items():
        for table in [value] if _is_table(value) else value:
            yield from ("", f"[{name}]" if _is_table(value) else f"[[{name}]]")
            yield from _settings(table)


def _settings(table: Document) -> Iterator[str]:
    for name, value in table.items():
        yield f"{name} = {json.dumps(value, ensure_ascii=False).replace(chr(127), chr(92) + 'u007f')}"


def _is_table(value: object) -> bool:
    return isinstance(value, dict)


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_table, value))
