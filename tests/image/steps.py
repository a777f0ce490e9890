"""What the built image must show: each step returns what it measured, or raises AssertionError.

They run in this order in one machine; a later one needs what the earlier ones made.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.image.board import BoardOnUsb
from tests.image.machine import Machine
from tests.image.outside import STATION, Outside, events, waveforms

UNIT: Final = "haidang-vitals.service"
PLUGGED_LIMIT_S: Final = 5.0
CUT_S: Final = 60.0
PATIENCE_S: Final = 180.0  # of an emulated machine on a loaded one
# What an engineer says of the place; enrolment keeps it.
DEVICES: Final = """
[board]
port = "/dev/ttyUSB0"

[button]
input = "/dev/input/by-path/platform-i8042-serio-0-event-kbd"

[call]
voice = false
"""


@dataclass(slots=True)
class Scene:
    """The box, its hub, and the board that is plugged in."""

    box: Machine
    outside: Outside
    board: BoardOnUsb


def starts(scene: Scene) -> str:
    """No unit has failed, no job waits; the root cannot be written; what is kept is encrypted."""
    box = scene.box
    state, _ = box.tried("systemctl is-system-running --wait", limit_s=PATIENCE_S * 2)
    failed = box.sh("systemctl --failed --no-legend --plain")
    assert not failed, failed
    assert state == "running", f"{state}: {box.sh('systemctl list-jobs')}"
    for folder in ("/usr", "/etc", "/usr/lib/haidang"):
        text, status = box.tried(f"touch {folder}/x")
        assert status != 0, f"{folder} can be written"
        assert "Read-only" in text, text
    assert box.sh("findmnt -no FSTYPE /var") == "tmpfs"
    assert box.sh("findmnt -no SOURCE,FSTYPE /data").split() == ["/dev/mapper/data", "ext4"]
    assert "crypto_LUKS" in box.sh("blkid -p /dev/card/data"), "the data partition is not encrypted"
    machine_id = box.sh("cat /etc/machine-id")
    assert len(machine_id) == 32, machine_id
    return box.sh("systemd-analyze time").splitlines()[0]


def comes_in_by_the_file_on_its_card(scene: Scene) -> str:
    """Nobody has done anything but put `haidang.txt` there: the hub has the box, and hears it."""
    assert scene.outside.deeds[:1] == ["box enrolled"], scene.outside.deeds
    told_s = scene.outside.wait_until(
        lambda store: events("started")(store) > 0, limit_s=PATIENCE_S, what=f"it started: {_log(scene.box)}"
    )
    return f"{STATION} was heard within {told_s - scene.box.power_s:.1f} s of the first power"


def has_its_devices(scene: Scene) -> str:
    """Board and button of this place are in its file, and `edge vitals` begins anew with them."""
    box = scene.box
    box.sh(f"cat >>/data/haidang/box.toml <<'END'\n{DEVICES}\nEND")
    begun_s = time.monotonic()
    box.sh(f"systemctl restart {UNIT}", limit_s=PATIENCE_S)
    return f"ready {time.monotonic() - begun_s:.1f} s after it was started"


def hears_a_board_plugged_in(scene: Scene) -> str:
    """From the plug to a visit at the hub, which opens with the first valid signal; then whole waveforms."""
    plugged_s = time.monotonic()
    scene.board.plug_in()
    seen_s = scene.outside.wait_until(
        lambda store: events("visit opened")(store) > 0,
        limit_s=PATIENCE_S,
        what=f"a visit: {_log(scene.box)}",
    )
    scene.outside.wait_until(lambda store: waveforms(store) > 0, limit_s=PATIENCE_S, what="a waveform")
    assert seen_s - plugged_s <= PLUGGED_LIMIT_S, f"{seen_s - plugged_s:.1f} s from the plug to the hub"
    return f"{seen_s - plugged_s:.1f} s from the plug to the signal at the hub"


def rings(scene: Scene) -> str:
    """A key of a real input device is a press at the hub."""
    return f"{_press(scene):.1f} s from the key to the press at the hub"


def outlives_a_cut(scene: Scene) -> str:
    """A minute without a cable: waveforms come again afterwards, and the service has not stopped."""
    pid = scene.box.unit(UNIT, "MainPID")
    scene.box.hardware.do("set_link", name="nic0", up=False)
    time.sleep(CUT_S)  # the cut itself
    before = scene.outside.ask(waveforms)
    scene.box.hardware.do("set_link", name="nic0", up=True)
    back_s = time.monotonic()
    here_s = scene.outside.wait_until(
        lambda store: waveforms(store) > before + 1, limit_s=PATIENCE_S, what="two more waveforms"
    )
    assert scene.box.unit(UNIT, "MainPID") == pid, "the service was started anew"
    return f"{here_s - back_s:.1f} s after the cable was back"


def starts_what_hangs_anew(scene: Scene) -> str:
    """A process that is stopped does not feed its watchdog: systemd ends it and starts another."""
    box = scene.box
    pid = box.unit(UNIT, "MainPID")
    box.sh(f"kill -STOP {pid}")
    begun_s = time.monotonic()
    while box.unit(UNIT, "MainPID") in ("0", pid) or box.unit(UNIT, "ActiveState") != "active":
        assert time.monotonic() - begun_s < PATIENCE_S, f"it still hangs: {_log(box)}"
        time.sleep(1.0)  # systemd announces nothing to this side
    why = box.sh(f"journalctl -u {UNIT} -o cat --no-pager | grep -c 'Watchdog timeout'")
    assert int(why) >= 1
    return f"{time.monotonic() - begun_s:.0f} s until another is ready"


def keeps_presses_on_a_full_card(scene: Scene) -> str:
    """With no room left on the data partition a press still comes to the hub."""
    box = scene.box
    box.tried("fallocate -l $(df --output=avail -B1 /data | tail -1) /data/full")
    box.tried("dd if=/dev/zero of=/data/full bs=64k oflag=append conv=notrunc; sync")
    assert box.sh("df --output=avail /data | tail -1").strip() == "0"
    took_s = _press(scene)
    box.sh("rm /data/full")
    return f"{took_s:.1f} s from the key to the hub"


def is_small(scene: Scene) -> str:
    """What memory the box takes while a board sends."""
    box = scene.box
    used = "awk '/^MemTotal/ {t=$2} /^MemAvailable/ {a=$2} END {print int((t-a)/1024)}' /proc/meminfo"
    pid = box.unit(UNIT, "MainPID")
    resident = box.sh(f"awk '/^VmRSS/ {{print int($2/1024)}}' /proc/{pid}/status")
    units = box.sh("systemctl list-units --type=service --state=running --plain --no-legend | cut -d' ' -f1")
    told = [f"{name.removesuffix('.service')} {_megabytes(box, name)}" for name in units.split()]
    return f"{box.sh(used)} MB in use, edge vitals {resident} MB resident; by unit: {', '.join(told)}"


def is_started_anew_by_its_hardware(scene: Scene) -> str:
    """Nobody feeds the watchdog of the machine, for systemd has died: it is reset, and all is there again."""
    box = scene.box
    before = scene.outside.ask(events("started"))
    box.hardware.forget()
    killed_s = time.monotonic()
    box.sh("kill -SEGV 1")
    box.hardware.wait_for("WATCHDOG", limit_s=PATIENCE_S)
    reset_s = time.monotonic()
    heard_s = scene.outside.wait_until(
        lambda store: events("started")(store) > before, limit_s=PATIENCE_S * 2, what="it started"
    )
    box.wait_for_shell()
    ready_s = int(box.unit(UNIT, "ActiveEnterTimestampMonotonic")) / 1e6
    return (
        f"reset {reset_s - killed_s:.0f} s after systemd died; edge vitals ready {ready_s:.1f} s after the "
        f"kernel began, heard at the hub {heard_s - reset_s:.1f} s after the reset"
    )


STEPS: Final[tuple[Callable[[Scene], str], ...]] = (
    starts,
    comes_in_by_the_file_on_its_card,
    has_its_devices,
    hears_a_board_plugged_in,
    rings,
    is_small,
    outlives_a_cut,
    starts_what_hangs_anew,
    keeps_presses_on_a_full_card,
    is_started_anew_by_its_hardware,
)


def _press(scene: Scene) -> float:
    """Press the key of the box; return after how many seconds the press was at the hub."""
    before = scene.outside.ask(events("press"))
    pressed_s = time.monotonic()
    scene.box.hardware.do("send-key", keys=[{"type": "qcode", "data": "spc"}])
    here_s = scene.outside.wait_until(
        lambda store: events("press")(store) > before,
        limit_s=PATIENCE_S,
        what=f"a press: {_log(scene.box)}",
    )
    return here_s - pressed_s


def _megabytes(box: Machine, unit: str) -> str:
    value = box.unit(unit, "MemoryCurrent")
    return f"{int(value) / 1e6:.0f}" if value.isdecimal() else "?"


def _log(box: Machine) -> str:
    return box.tried(f"journalctl -u {UNIT} -n 15 --no-pager -o cat")[0]
