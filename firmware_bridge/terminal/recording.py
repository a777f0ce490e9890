"""Bytes of a line as text, to keep, to mail and to read by eye (core).

One chunk a line: seconds since the beginning (optional), `D` for the device or `H` for the host (optional, a
device's unless said), bytes in hexadecimal. `#` begins a comment. A recording that we wrote begins with
HEADING; the same reader takes hex dumps of others.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from firmware_bridge.errors import RecordingError

HEADING: Final = "# haidang recording 1"
_LINE: Final = re.compile(r"(?:(?P<at>\d+\.\d+)\s+)?(?:(?P<who>[DH]):?\s+)?(?P<hex>[0-9A-Fa-f\s]*)")


class Chunk(NamedTuple):
    """Bytes that came, or went, together. `at_s`: since the beginning; None: not recorded."""

    at_s: float | None
    is_host: bool
    data: bytes


def heading(*, driver: str, line: str, began_utc: str) -> str:
    """Return the first lines of a recording."""
    return f"{HEADING}\n# driver {driver}, line {line}, begun {began_utc}\n"


def line_of(chunk: Chunk) -> str:
    """Return one line of a recording."""
    at = "" if chunk.at_s is None else f"{chunk.at_s:.6f} "
    return f"{at}{'H' if chunk.is_host else 'D'} {chunk.data.hex(' ')}\n"


def chunks_of(text: str) -> Iterator[Chunk]:
    """Yield what the lines of a recording, or of any hex dump, hold. Raises RecordingError."""
    for number, line in enumerate(text.splitlines(), 1):
        content = line.split("#", 1)[0].strip()
        if not content:
            continue
        found = _LINE.fullmatch(content)
        digits = "".join(found["hex"].split()) if found else ""
        if not found or len(digits) % 2:
            text = f"line {number}: {content[:40]!r} is no hexadecimal"
            raise RecordingError(f"{text}; expected such as '01 e0 84' or '0.016 D 01e084'")
        at_s = None if found["at"] is None else float(found["at"])
        yield Chunk(at_s, found["who"] == "H", bytes.fromhex(digits))


def device_bytes(content: bytes, *, is_hex: bool) -> bytes:
    """Return what the device sent, of a file: raw bytes, or text where it is a recording or `is_hex`.
    Raises RecordingError."""
    if not is_hex and not content.startswith(HEADING.encode()):
        return content
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise RecordingError(f"byte {error.start} is no text; leave --hex out for raw bytes") from None
    return b"".join(chunk.data for chunk in chunks_of(text) if not chunk.is_host)
