"""Short messages as a GSM modem takes them (core): SMS-SUBMIT in hexadecimal, UCS-2, in parts where needed.

Source: 3GPP TS 23.040 (9.2.2.2, 9.2.3: fields of SMS-SUBMIT; 9.2.3.24.1: parts), TS 23.038 (UCS-2), and
TS 27.005, 3.5.1 and 4.3 (what AT+CMGS counts). In PDU mode, because text mode has no parts.
"""

import re
from dataclasses import dataclass
from typing import Final

UNITS_MAX: Final = 70  # UTF-16 units of a message that stands alone
PART_UNITS_MAX: Final = 67  # six bytes go to the header that ties the parts together
PARTS_MAX: Final = 4
VALID_FOR_1_H: Final = 11  # (value + 1) x 5 min: an alarm that comes tomorrow is none
NUMBER_PATTERN: Final = re.compile(r"\+?[0-9]{3,20}")

_SUBMIT_WITH_VALIDITY: Final = 0x11
_HAS_HEADER: Final = 0x40
_INTERNATIONAL: Final = 0x91
_NATIONAL: Final = 0x81  # unknown numbering: as somebody would dial it there
_UCS2: Final = 0x08


@dataclass(frozen=True, slots=True)
class Pdu:
    """One AT+CMGS. `length`: its argument, bytes without the service centre; `hex`: after the prompt."""

    length: int
    hex: str


def submit(number: str, text: str, *, reference: int) -> tuple[Pdu, ...]:
    """Return `text` for `number` ("+84…", or as dialled there), cut after PARTS_MAX parts.

    `reference` (0 … 255) ties the parts of one message together: the same for each try of it.
    """
    parts = _parts(text)
    return tuple(
        _pdu(number, part, header=b"" if len(parts) == 1 else bytes((5, 0, 3, reference, len(parts), no)))
        for no, part in enumerate(parts, start=1)
    )


def _pdu(number: str, part: bytes, *, header: bytes) -> Pdu:
    digits = number.removeprefix("+")
    user_data = header + part
    fields = (
        bytes((_SUBMIT_WITH_VALIDITY | (_HAS_HEADER if header else 0), 0)),
        bytes((len(digits), _INTERNATIONAL if number.startswith("+") else _NATIONAL)),
        _semi_octets(digits),
        bytes((0, _UCS2, VALID_FOR_1_H, len(user_data))),
        user_data,
    )
    octets = b"".join(fields)
    return Pdu(len(octets), "00" + octets.hex().upper())  # 00: the service centre that the SIM knows


def _semi_octets(digits: str) -> bytes:
    padded = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(padded[at + 1] + padded[at] for at in range(0, len(padded), 2)))


def _parts(text: str) -> list[bytes]:
    """Cut at UTF-16 units, never through a pair of surrogates."""
    if len(text.encode("utf-16-be")) <= 2 * UNITS_MAX:
        return [text.encode("utf-16-be")]
    parts = [b""]
    for letter in text:
        units = letter.encode("utf-16-be")
        if len(parts[-1]) + len(units) > 2 * PART_UNITS_MAX:
            parts.append(b"")
        parts[-1] += units
    return parts[:PARTS_MAX]
