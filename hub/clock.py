"""The hub's one clock object. Whoever needs the time is handed it."""

import time


class Clock:
    """Two clocks: one for durations and deadlines, one for what is written down."""

    def now_s(self) -> float:
        """Monotonic seconds; they mean nothing outside this process."""
        return time.monotonic()

    def utc_now_us(self) -> int:
        """The hub's wall clock, microseconds since 1970."""
        return time.time_ns() // 1_000
