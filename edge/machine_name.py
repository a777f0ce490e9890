"""What this machine calls itself (shell over files): its serial number, which no card takes along.

A spool is bound to it, so that a card that was copied or moved begins a spool of its own; and the hub is told
it, so that two machines with one card's key have names. Source: docs/adr/0057-one-card-in-two-machines.md.
"""

import hashlib
import re
from pathlib import Path
from typing import Final

SERIAL_FILE: Final = Path("/proc/device-tree/serial-number")
MACHINE_ID_FILE: Final = Path("/etc/machine-id")  # on our image it is made of the serial number
NAME_MAX: Final = 64


def machine_name(
    serial_file: Path | None = None, *, here: Path = SERIAL_FILE, machine_id_file: Path = MACHINE_ID_FILE
) -> str:
    """Return the machine's name, 1 … 64 of `0-9A-Za-z._:-`; "" when nothing says it.

    `serial_file`: where the configuration says that it stands, and nowhere else then. A machine without a
    serial number is named by a digest of its machine-id, which must not leave it as it is (machine-id(5)).
    """
    if serial_file is not None:
        return as_name(_read(serial_file))
    machine_id = _read(machine_id_file).strip()
    digest = hashlib.sha256(b"haidang machine name " + machine_id).hexdigest()[:16] if machine_id else ""
    try:
        return as_name(here.read_bytes()) or digest
    except FileNotFoundError:
        return digest
    except OSError:  # it has a number and does not say it now: another name would be another machine
        return ""


def as_name(raw: bytes) -> str:
    """Return what of `raw` may stand in a name."""
    return re.sub(r"[^0-9A-Za-z._:-]", "", raw.decode("ascii", "ignore"))[:NAME_MAX]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
