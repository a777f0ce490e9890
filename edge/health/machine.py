"""What the kernel's files say of the machine (core): how hot, how fed, how full, how much written.

Every function takes a file's contents and returns None for what it does not understand: a board that has no
such sensor, or a kernel that writes it otherwise, is unknown and not well. Sources: the kernel's
Documentation/hwmon/raspberrypi-hwmon.rst, block/stat.rst, filesystems/proc.rst;
Raspberry Pi's documentation of `vcgencmd get_throttled`.
"""

import re
from dataclasses import dataclass
from typing import Final

from contract.events import Power

CPU_C: Final = range(-100, 200)
UNDER_VOLTAGE_NOW: Final = 1 << 0  # bits of get_throttled
UNDER_VOLTAGE_SEEN: Final = 1 << 16
SECTOR_BYTES: Final = 512  # of the block statistics, whatever the disk's own are
SECTORS_WRITTEN: Final = 6  # the field of a disk's `stat`
MB: Final = 1_000_000
_AVAILABLE: Final = re.compile(r"^MemAvailable:\s+([0-9]{1,15}) kB$", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine at one moment; None: unknown."""

    cpu_c: float | None = None
    power: Power | None = None
    memory_mb: int | None = None
    disk_mb: int | None = None
    written_mb: int | None = None


def parse_temperature(text: str) -> float | None:
    """Return the °C of a `temp` file, which is in thousandths."""
    milli = _number(text)
    return None if milli is None or milli // 1000 not in CPU_C else round(milli / 1000, 1)


def parse_throttled(text: str) -> Power | None:
    """Return how the supply is, of Raspberry's get_throttled (hexadecimal)."""
    try:
        bits = int(text.strip(), 16)
    except ValueError:
        return None
    if bits < 0:
        return None
    if bits & UNDER_VOLTAGE_NOW:
        return "low"
    return "was low" if bits & UNDER_VOLTAGE_SEEN else "ok"


def parse_low_alarm(text: str) -> Power | None:
    """Return how the supply is, of hwmon's `in0_lcrit_alarm`: it is set while the voltage is low, and once
    more at the next reading after it was.
    """
    match _number(text):
        case 0:
            return "ok"
        case 1:
            return "low"
        case _:
            return None


def parse_memory_mb(text: str) -> int | None:
    """Return the memory that programs may still have, of /proc/meminfo."""
    found = _AVAILABLE.search(text)
    return None if found is None else int(found[1]) * 1024 // MB


def parse_written_mb(text: str) -> int | None:
    """Return what was written to a disk since the machine started, of its `stat`."""
    fields = text.split()
    if len(fields) <= SECTORS_WRITTEN:
        return None
    sectors = _number(fields[SECTORS_WRITTEN], least=0)
    return None if sectors is None else sectors * SECTOR_BYTES // MB


def _number(text: str, *, least: int | None = None) -> int | None:
    text = text.strip()
    if not re.fullmatch(r"-?[0-9]{1,18}", text):
        return None
    number = int(text)
    return None if least is not None and number < least else number


class PowerSeen:
    """Remembers that the supply was low, for a source that only says how it is now."""

    def __init__(self) -> None:
        self._was_low = False

    def see(self, power: Power | None) -> Power | None:
        """Return what is true since the start, now that it is `power`."""
        self._was_low |= power in ("low", "was low")
        return "was low" if power == "ok" and self._was_low else power
