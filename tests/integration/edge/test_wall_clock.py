"""This machine's own clocks, read as a box reads its own."""

import time
from pathlib import Path

from edge.health.wall_clock import read_kernel_time, read_rtc_s


def test_the_kernel_says_what_it_thinks_of_the_wall_clock() -> None:
    reading = read_kernel_time(lambda: time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000)
    assert reading is not None
    assert reading.before_us <= reading.after_us
    assert abs(reading.utc_us / 1e6 - time.time()) < 60
    assert reading.max_err_us >= 0


def test_a_battery_clock_is_a_number_of_seconds_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "since_epoch"
    assert read_rtc_s(file) is None
    file.write_text("1800000000\n")
    assert read_rtc_s(file) == 1_800_000_000
    file.write_text("?\n")
    assert read_rtc_s(file) is None
