"""The kernel's files, as they are on a Raspberry Pi and as they might be."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.events import Power
from edge.health.machine import (
    Machine,
    PowerSeen,
    parse_low_alarm,
    parse_memory_mb,
    parse_temperature,
    parse_throttled,
    parse_written_mb,
)
from edge.health.machine_files import MachineFiles

MEMINFO = "MemTotal:        3884360 kB\nMemFree:          204480 kB\nMemAvailable:    3128592 kB\n"
STAT = "  30172    11423  1872034    29113   180345    66128  4096000   341337        0   158632   370450\n"


@pytest.mark.parametrize(
    ("text", "cpu_c"),
    [
        ("54121\n", 54.1),
        ("-5000\n", -5.0),
        ("0", 0.0),
        ("200000", None),
        ("", None),
        ("hot", None),
        ("5e4", None),
    ],
)
def test_a_temperature_is_thousandths_or_unknown(text: str, cpu_c: float | None) -> None:
    assert parse_temperature(text) == cpu_c


@pytest.mark.parametrize(
    ("text", "power"),
    [
        ("0\n", "ok"),
        ("50005\n", "low"),  # under-voltage and throttled, now and before
        ("50000\n", "was low"),
        ("0x50000", "was low"),
        ("40000\n", "ok"),  # throttled by heat: the supply was well
        ("-1", None),
        ("", None),
        ("throttled", None),
    ],
)
def test_raspberrys_word_tells_low_now_from_low_before(text: str, power: Power | None) -> None:
    assert parse_throttled(text) == power


@pytest.mark.parametrize(("text", "power"), [("0\n", "ok"), ("1\n", "low"), ("2", None), ("", None)])
def test_the_alarm_of_hwmon_only_knows_now(text: str, power: Power | None) -> None:
    assert parse_low_alarm(text) == power


def test_a_supply_that_was_low_is_not_forgotten() -> None:
    seen = PowerSeen()
    told = [seen.see(power) for power in ("ok", None, "low", "ok", None)]
    assert told == ["ok", None, "low", "was low", None]


def test_memory_is_what_programs_may_still_have() -> None:
    assert parse_memory_mb(MEMINFO) == 3128592 * 1024 // 1_000_000
    assert parse_memory_mb("MemFree: 204480 kB\n") is None


def test_what_was_written_is_counted_in_sectors_of_512() -> None:
    assert parse_written_mb(STAT) == 4096000 * 512 // 1_000_000
    assert parse_written_mb("1 2 3") is parse_written_mb("1 2 3 4 5 6 x") is None


@given(st.text())
def test_no_content_of_a_file_does_harm(text: str) -> None:
    for parse in (parse_temperature, parse_throttled, parse_low_alarm, parse_memory_mb, parse_written_mb):
        parse(text)


def machine_of(root: Path, files: dict[str, str]) -> Machine:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "ascii")
    return MachineFiles(root, now_us=lambda: 0, root=root).read()


def test_the_hottest_zone_and_raspberrys_own_word_count(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    files = {
        "sys/class/thermal/thermal_zone0/temp": "54121\n",
        "sys/class/thermal/thermal_zone1/temp": "61000\n",
        "sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n",
        "sys/class/hwmon/hwmon0/name": "rpi_volt\n",
        "sys/class/hwmon/hwmon0/in0_lcrit_alarm": "1\n",
        "proc/meminfo": MEMINFO,
        f"sys/dev/block/{os.major(device)}:{os.minor(device)}/stat": STAT,
    }
    machine = machine_of(tmp_path, files)
    assert (machine.cpu_c, machine.power, machine.memory_mb, machine.written_mb) == (
        61.0,
        "was low",
        3203,
        2097,
    )
    assert machine.disk_mb


def test_without_that_word_hwmon_is_asked_and_remembered(tmp_path: Path) -> None:
    alarm = tmp_path / "sys/class/hwmon/hwmon2/in0_lcrit_alarm"
    alarm.parent.mkdir(parents=True)
    alarm.with_name("name").write_text("rpi_volt\n")
    files = MachineFiles(tmp_path, now_us=lambda: 0, root=tmp_path)
    told = []
    for text in ("0\n", "1\n", "0\n"):
        alarm.write_text(text)
        told.append(files.read().power)
    assert told == ["ok", "low", "was low"]


def test_a_supply_that_was_low_between_two_statuses_is_seen_by_who_asks_each_second(tmp_path: Path) -> None:
    alarm = tmp_path / "sys/class/hwmon/hwmon2/in0_lcrit_alarm"
    alarm.parent.mkdir(parents=True)
    alarm.with_name("name").write_text("rpi_volt\n")
    files = MachineFiles(tmp_path, now_us=lambda: 0, root=tmp_path)
    told = []
    for text in ("0\n", "1\n", "0\n"):
        alarm.write_text(text)
        told.append(files.read_power())
    assert told == ["ok", "low", "was low"]
    assert files.read().power == "was low"


def test_a_machine_without_any_of_it_is_unknown(tmp_path: Path) -> None:
    machine = machine_of(tmp_path, {"sys/class/hwmon/hwmon0/name": "acpitz\n"})
    assert machine == Machine(disk_mb=machine.disk_mb)
    assert MachineFiles(tmp_path / "gone", now_us=lambda: 0, root=tmp_path).read() == Machine()
