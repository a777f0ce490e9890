"""`haidang.txt` for the boot partition of a box, and the same text as a QR code (core).

Source: docs/enrolment.md, section 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HubPin:
    """How a box finds this hub and knows it: `fingerprint` is SHA-256 of the authority's certificate, hex."""

    host: str
    port: int
    fingerprint: str


def box_file(pin: HubPin, code: str, *, words: Sequence[str] = ()) -> str:
    """Return the file; `words`: lines for people, above it."""
    host = f"[{pin.host}]" if ":" in pin.host else pin.host
    lines = [f"# {word}" for word in words]
    lines += [f"hub={host}:{pin.port}", f"pin={pin.fingerprint}", f"claim={code}"]
    return "\n".join(lines) + "\n"
