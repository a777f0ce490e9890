"""The one clock of the box (shell): boot name and microseconds since that boot.

Everything on the box that needs time is handed this object or numbers from it; nothing goes by the wall clock
(edge/health/wall_clock.py reads it, to tell the hub).
The kernel names its boots; where one kernel carries many boxes (the demo), `boot_file` names the box's own
boots instead: line one the boot's name, line two the CLOCK_BOOTTIME second at which it began.
"""

import time
from pathlib import Path
from typing import Final, Self

from edge.errors import ConfigError

KERNEL_BOOT_FILE: Final = Path("/proc/sys/kernel/random/boot_id")


class BoxClock:
    """CLOCK_BOOTTIME of one boot: monotonic, and it counts time asleep."""

    def __init__(self, boot_name: str, *, zero_us: int = 0) -> None:
        self.boot_name = boot_name
        self._zero_us = zero_us

    @classmethod
    def read(cls, boot_file: Path = KERNEL_BOOT_FILE) -> Self:
        """Return the clock of the boot that `boot_file` names. Raises ConfigError."""
        try:
            lines = boot_file.read_text().split()
            clock = cls(lines[0], zero_us=int(float(lines[1]) * 1e6) if len(lines) > 1 else 0)
            if clock.now_us() < 0:
                raise ValueError(f"it began {lines[1]} s after the kernel did, which is still to come")
            return clock
        except (OSError, ValueError, IndexError, OverflowError) as error:
            raise ConfigError(
                f"{boot_file}: cannot read the name of this boot ({error}); remove [clock] boot_file, "
                "or set it to a file whose first line names the boot"
            ) from error

    def now_us(self) -> int:
        """Return microseconds since this boot began."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000 - self._zero_us

    def now_s(self) -> float:
        """Return seconds since this boot began, for durations and deadlines."""
        return self.now_us() / 1e6
