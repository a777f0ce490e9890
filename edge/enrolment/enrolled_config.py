"""The box's TOML after its enrolment (core): station and [hub] are the hub's word, all else the
engineer's.
"""

import json
import re
import tomllib
from typing import Any, Final

from edge.errors import EnrolmentError

FILES: Final = {"ca": "ca.crt", "certificate": "box.crt", "key": "box.key", "seal_key": "hub-seal.pub"}
KEYS_FOLDER: Final = "keys"
NEXT_KEY: Final = "next.key"  # of an enrolled box that was given another code, until that let it in
_NEW: Final = """\
# Made by: edge enrol. Paths count from this file. Station and [hub] are the hub's word; add what else
# the place needs, such as [call] hotline = "...": it is kept.
data_dir = "."
"""
_TABLE: Final = re.compile(r"\s*\[+\s*([A-Za-z0-9_-]+)")
_STATION: Final = re.compile(r"\s*station\s*=")


def enrolled_config(
    before: str, *, station: str, box: int, host: str, port: int, front_port: int | None = None
) -> str:
    """Return the file for this station. `front_port`: where the hub is too, when it says so. `before` "":
    there is none yet. Raises EnrolmentError: it is not TOML, or so written that its other lines cannot be
    kept.
    """
    kept = _without_hub(before or _NEW)
    hub = [
        "[hub]",
        f"host = {json.dumps(host)}",
        f"port = {port}",
        *(() if front_port is None else (f"front_port = {front_port}",)),
        f"box = {box}",
        *(f'{setting} = "{KEYS_FOLDER}/{name}"' for setting, name in FILES.items()),
    ]
    text = "\n".join([f'station = "{station}"', *kept, "", *hub]) + "\n"
    if _others(text) != _others(before or _NEW):
        raise EnrolmentError("box.toml cannot be kept as it is: write [hub] as a table of its own lines")
    return text


def _without_hub(text: str) -> list[str]:
    table, kept = "", list[str]()
    for line in text.splitlines():
        header = _TABLE.match(line)
        table = header[1] if header else table
        if table != "hub" and not (table == "" and _STATION.match(line)):
            kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _others(text: str) -> dict[str, Any]:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise EnrolmentError(f"box.toml is not TOML: {error}") from error
    return {name: value for name, value in document.items() if name not in ("station", "hub")}
