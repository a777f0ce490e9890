"""The hub's one clock object. Whoever needs the time is handed it."""

import time
from pathlib import Path


class Clock:
    """Two clocks: one for durations and deadlines, one for what is written down."""

    def now_s(self) -> float:
        """Seconds of this boot of the machine, which go on while it sleeps and which nobody can set."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def utc_now_us(self) -> int:
        """The hub's wall clock, microseconds since 1970."""
        return time.time_ns() // 1_000

    def boot_name(self) -> str:
        """The name of this boot of the machine: what `now_s` says means nothing in another one."""
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
