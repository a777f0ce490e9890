"""What a host may say to a Nonin oximeter (core). Source: docs/devices/nonin.md, "What the host says".

The drivers send `select_format` and nothing else; the rest is for whoever sets an instrument up.
"""

from typing import Final

GET_CLOCK: Final = bytes.fromhex("02 72 00 03")
GET_SERIAL_NUMBER: Final = bytes.fromhex("02 74 02 02 02 03")
ACCEPTED: Final = b"\x06"
REFUSED: Final = b"\x15"
FORMATS: Final = (2, 7, 8, 13)
SPOT_CHECK: Final = 0x40
BLUETOOTH: Final = 0x20


def select_format(data_format: int) -> bytes:
    """Return the command for a data format (2, 7, 8 or 13); the instrument keeps it when switched off, and
    listens within 5 s of being connected. Raises ValueError."""
    return bytes((0x02, 0x70, 0x02, 0x02, _known(data_format), 0x03))


def select_format_long(data_format: int, *, spot_check: bool, bluetooth: bool) -> bytes:
    """Return the same for a WristOx2 3150, which also learns whether it measures once only, and whether its
    radio is on when it is switched on. Raises ValueError."""
    options = SPOT_CHECK * spot_check | BLUETOOTH * bluetooth
    said = bytes((0x70, 0x04, 0x02, _known(data_format), options))
    return b"\x02" + said + bytes((sum(said) & 0xFF, 0x03))


def set_clock(year: int, month: int, day: int, hour: int, minute: int, second: int) -> bytes:
    """Return the command that sets the clock; `year`: 2000 to 2099. Nothing answers. Raises ValueError."""
    if not 2000 <= year <= 2099:
        raise ValueError(f"the instrument's clock has no year {year}")
    digits = f"{year % 100:02}{month:02}{day:02}{hour:02}{minute:02}{second:02}"
    return b"\x02\x72\x06" + bytes.fromhex(digits) + b"\x03"


def _known(data_format: int) -> int:
    if data_format not in FORMATS:
        raise ValueError(f"there is no data format {data_format} to select; there are {FORMATS}")
    return data_format
