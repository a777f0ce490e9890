"""Reads the kernel's files on the machine (shell). What is not there is None; reading never fails."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar

from contract.events import Power
from edge.health.machine import (
    MB,
    Machine,
    PowerSeen,
    parse_low_alarm,
    parse_memory_mb,
    parse_temperature,
    parse_throttled,
    parse_written_mb,
)
from edge.health.own_clocks import KernelTime
from edge.health.wall_clock import RTC_FILE, read_kernel_time, read_rtc_s

T = TypeVar("T")
READ_MAX_BYTES: Final = 16_384  # the longest of them is /proc/meminfo with 1.5 kB
THERMAL: Final = "sys/class/thermal"
THROTTLED: Final = "sys/devices/platform/soc/soc:firmware/get_throttled"
HWMON: Final = "sys/class/hwmon"
RASPBERRY_HWMON: Final = "rpi_volt"


class MachineFiles:
    """The files below `root`, / outside of tests, and the machine's clocks. `spool` lies on the disk that
    counts; `now_us` is the box's own clock.
    """

    def __init__(
        self, spool: Path, *, now_us: Callable[[], int], rtc_file: Path = RTC_FILE, root: Path = Path("/")
    ) -> None:
        self._root, self._spool, self._seen = root, spool, PowerSeen()
        self._now_us, self._rtc_file = now_us, rtc_file

    def read_kernel(self) -> KernelTime | None:
        """Return the wall clock and what the kernel thinks of it."""
        return read_kernel_time(self._now_us)

    def read_rtc_s(self) -> int | None:
        """Return what the battery clock shows, whole seconds since 1970; None when there is none."""
        return read_rtc_s(self._rtc_file)

    def read(self) -> Machine:
        """Return how the machine is now: half a dozen small reads."""
        return Machine(
            cpu_c=self._cpu_c(),
            power=self.read_power(),
            memory_mb=self._parsed(self._root / "proc/meminfo", parse_memory_mb),
            disk_mb=self._disk_mb(),
            written_mb=self._written_mb(),
        )

    def read_power(self) -> Power | None:
        """Return how the supply is. Asked once a second: one source knows only of now."""
        return self._seen.see(self._power())

    def _cpu_c(self) -> float | None:
        """The hottest zone: on a board with one it is the processor's."""
        zones = sorted((self._root / THERMAL).glob("thermal_zone*/temp"))
        found = [one for one in (self._parsed(path, parse_temperature) for path in zones) if one is not None]
        return max(found, default=None)

    def _power(self) -> Power | None:
        power: Power | None = self._parsed(self._root / THROTTLED, parse_throttled)
        if power is not None:
            return power
        for name in sorted((self._root / HWMON).glob("hwmon*/name")):
            if _text(name).strip() == RASPBERRY_HWMON:
                power = self._parsed(name.with_name("in0_lcrit_alarm"), parse_low_alarm)
        return power

    def _disk_mb(self) -> int | None:
        try:
            disk = os.statvfs(self._spool)
        except OSError:
            return None
        return disk.f_blocks * disk.f_frsize // MB

    def _written_mb(self) -> int | None:
        try:
            device = self._spool.stat().st_dev
        except OSError:
            return None
        stat = self._root / f"sys/dev/block/{os.major(device)}:{os.minor(device)}/stat"
        return self._parsed(stat, parse_written_mb)

    @staticmethod
    def _parsed(path: Path, parse: Callable[[str], T | None]) -> T | None:
        text = _text(path)
        return parse(text) if text else None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(READ_MAX_BYTES).decode("ascii", "replace")
    except OSError:
        return ""
