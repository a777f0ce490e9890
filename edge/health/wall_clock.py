"""The machine's wall clock and its battery clock (shell), with what the kernel thinks of them.

Nothing on the box goes by them: they are read here, told to the hub as anchors (edge/health/own_clocks.py)
and used nowhere else. Source: adjtimex(2), Documentation/ABI/testing/rtc-cdev of the kernel.
"""

import ctypes
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from edge.health.own_clocks import KernelTime

RTC_FILE: Final = Path("/sys/class/rtc/rtc0/since_epoch")
STA_UNSYNC: Final = 0x40
TIME_ERROR: Final = 5


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_long * 40),  # more than any kernel writes
    )


_LIBC: Final = ctypes.CDLL(None, use_errno=True)


def read_kernel_time(now_us: Callable[[], int]) -> KernelTime | None:
    """Return the wall clock between two readings of the box's own; None where the kernel says nothing of it.

    Somebody who sets the clock by hand makes it unsynchronised.
    """
    timex = _Timex(modes=0)  # ask, set nothing
    state = _LIBC.adjtimex(ctypes.byref(timex))
    if state < 0:
        return None
    before_us = now_us()
    utc_us = time.time_ns() // 1_000
    return KernelTime(
        before_us=before_us,
        utc_us=utc_us,
        after_us=now_us(),
        is_synchronised=state != TIME_ERROR and not timex.status & STA_UNSYNC,
        max_err_us=max(0, timex.maxerror),
    )


def read_rtc_s(path: Path) -> int | None:
    """Return what the battery clock shows, whole seconds since 1970; None when there is none."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None
