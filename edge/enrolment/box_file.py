"""What somebody put on the boot partition for the box: `haidang.txt`, or the same text in a QR code (core).

A line is key=value, `#` begins a comment, keys of others (wifi, …) are theirs. It is edited on any computer:
a byte order mark, CRLF and spaces do no harm. Source: docs/enrolment.md, section 1.
"""

import re
from dataclasses import dataclass
from typing import Final

from contract.claims import parse_code
from contract.errors import RefusedError
from edge.errors import EnrolmentError

FILE_NAME: Final = "haidang.txt"
FILE_MAX_BYTES: Final = 16_384
DEFAULT_PORT: Final = 8443
_HUB: Final = re.compile(r"(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::([0-9]{1,5}))?")
_PIN: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class BoxFile:
    """Where the hub is and how to know it. `pin`: SHA-256 of its authority's certificate, hex. `claim` "":
    none, the box shows a number.
    """

    host: str
    port: int
    pin: str
    claim: str


def parse_box_file(data: bytes) -> BoxFile:
    """Return what the file says. Raises EnrolmentError: which line, what is expected."""
    if len(data) > FILE_MAX_BYTES:
        raise EnrolmentError(f"{FILE_NAME} has {len(data)} bytes; the limit is {FILE_MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EnrolmentError(f"{FILE_NAME} is not UTF-8 ({error.reason}): save it as plain text") from error
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        key, equals, value = line.partition("=")
        key = key.strip().casefold()
        if not line.strip() or key.startswith("#"):
            continue
        if not equals:
            raise EnrolmentError(f"{FILE_NAME}, line {number}: expected key=value, found {line[:40]!r}")
        found[key] = value.strip()
    host, port = _hub(found.get("hub", ""))
    pin = re.sub(r"[\s:-]", "", found.get("pin", "")).lower()
    if not _PIN.fullmatch(pin):
        raise EnrolmentError(f"{FILE_NAME}: pin: expected the 64 digits that `hub claim` writes")
    claim = found.get("claim", "")
    try:
        return BoxFile(host, port, pin, parse_code(claim) if claim else "")
    except RefusedError as error:
        raise EnrolmentError(f"{FILE_NAME}: claim: {error}") from error


def _hub(text: str) -> tuple[str, int]:
    found = _HUB.fullmatch(text)
    if found is None or not 0 < (port := int(found[2] or DEFAULT_PORT)) <= 65_535:
        raise EnrolmentError(f"{FILE_NAME}: hub: expected host or host:port, found {text[:60]!r}")
    return found[1].strip("[]"), port
