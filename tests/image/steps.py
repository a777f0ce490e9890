"""What the built image must show: each step returns what it measured, or raises AssertionError.

They run in this order in one machine; a later one needs what the earlier ones made.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from playwright.sync_api import Page

from contract.codes import ECG_I
from edge.enrolment.box_file import FILE_NAME
from edge.enrolment.cli import BOOT_FOLDER
from edge.place.place_file import ANSWER_NAME
from tests.image import first_samples
from tests.image.conversation import answer, ring
from tests.image.machine import SPOOL, Machine
from tests.image.outside import STATION, Outside, boots_of_waveforms, events, waveforms
from tests.image.screen import shows_the_panel
from tests.image.usb import OnUsb
from tests.simulators.board import BoardSim
from tests.simulators.board.recordings import ECG
from tests.simulators.devices.sim import DeviceSim

UNIT: Final = "haidang-vitals.service"
ENROL: Final = "haidang-enrol.service"
PLUGGED_LIMIT_S: Final = 5.0
CUT_S: Final = 60.0
USED_MAX_MB: Final = 300
VITALS_MAX_MB: Final = 90
PATIENCE_S: Final = 180.0  # of an emulated machine on a loaded one
# What an engineer puts on the card beside the claim.
PLACE: Final = """\
[board]
port = "/dev/ttyUSB0"

[button]
{button}

[[device]]
port = "/dev/ttyUSB1"
driver = "berry-bm1000"
name = "finger"

[call]
voice = false

[video]
camera = "v4l2:/dev/video0"
microphone = "generated"

[[wifi]]
name = "Trạm y tế"
password = "mot hai; ba"

[mobile]
"""


@dataclass(slots=True)
class Scene:
    """The box, its hub, the board and the oximeter that a step plugs in, and the operator's page."""

    box: Machine
    outside: Outside
    board: OnUsb[BoardSim]
    oximeter: OnUsb[DeviceSim]
    page: Page


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


def waits_for_its_claim(scene: Scene) -> str:
    """Nobody has said whose it is: it has started all the same, and the screen has a number to read out."""
    box, asking = scene.box, "waiting for an operator to type the number: "
    begun_s = time.monotonic()
    while not (told := box.unit(ENROL, "StatusText")).startswith(asking):
        assert time.monotonic() - begun_s < PATIENCE_S, told
        time.sleep(1.0)  # systemd announces nothing to this side
    assert box.unit(UNIT, "ActiveState") == "inactive"
    ask = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/').read().decode())"
    assert told.removeprefix(asking) in box.sh(f'python3 -c "{ask}"')
    return told


def comes_in_by_the_file_on_its_card(scene: Scene) -> str:
    """Nobody does anything but put the claim there: all else begins by itself, and the hub hears the box."""
    put_s = time.monotonic()
    scene.box.sh(f"cat >{BOOT_FOLDER / FILE_NAME} <<'END'\n{scene.outside.claim_file}\nEND")
    told_s = scene.outside.wait_until(
        lambda store: events("started")(store) > 0, limit_s=PATIENCE_S, what=f"it started: {_log(scene.box)}"
    )
    assert scene.outside.deeds[:1] == ["box enrolled"], scene.outside.deeds
    assert scene.box.tried("systemctl is-system-running")[0] == "running"
    return f"{STATION} was heard {told_s - put_s:.1f} s after the claim was there"


def has_what_the_engineer_set(scene: Scene) -> str:
    """Board and button of this place were taken from the text on the card, and the card says so."""
    answer = scene.box.sh(f"cat {BOOT_FOLDER / ANSWER_NAME}").splitlines()[0]
    networks = {"haidang-wifi-1", "haidang-mobile"}
    names = ["board", "button", "call", "video", "device", *sorted(networks)]
    assert answer.startswith(f"taken: {', '.join(names)} is set"), answer
    assert networks <= {*scene.box.sh("nmcli -g NAME connection show").splitlines()}, (
        "NetworkManager has them"
    )
    owner = scene.box.sh("stat -c '%U %a' /data/haidang/box.toml")
    assert owner == "haidang-enrol 644", owner
    assert scene.box.button.setting in scene.box.sh("cat /data/haidang/box.toml")
    return answer


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


def hears_an_oximeter_beside_it(scene: Scene) -> str:
    """An instrument that the engineer's text names is plugged in too: its samples are at the hub."""
    plugged_s = time.monotonic()
    scene.oximeter.plug_in()
    there_s = scene.outside.wait_until(
        lambda store: "finger" in scene.outside.devices(store), limit_s=PATIENCE_S, what="its samples"
    )
    return f"{there_s - plugged_s:.0f} s from the plug until the hub had its samples"


def rings(scene: Scene) -> str:
    """A key of an input device, or a GPIO line, is a press at the hub, and rings on the operator's page."""
    return ring(scene.outside, scene.page, press=lambda: _press(scene))


def shows_its_camera(scene: Scene) -> str:
    """The operator answers: pictures of a V4L2 camera and a voice come to the page."""
    return answer(scene.box, scene.outside, scene.page, limit_s=PATIENCE_S * 2)


def outlives_a_cut(scene: Scene) -> str:
    """A minute without a cable: every sample is at the hub afterwards, and the service has not stopped."""
    board, nic = scene.board.sim, {"name": "nic0"}
    pid = scene.box.unit(UNIT, "MainPID")
    first = max(board.truth.samples(board.boot_id, ECG))
    scene.box.hardware.do("set_link", **nic, up=False)
    time.sleep(CUT_S)  # the cut itself
    last = max(board.truth.samples(board.boot_id, ECG))
    scene.box.hardware.do("set_link", **nic, up=True)
    back_s = time.monotonic()
    while holes := _holes(there := scene.outside.samples(ECG_I), last):
        assert time.monotonic() - back_s < PATIENCE_S, f"the hub lacks {holes} samples up to {last}"
        time.sleep(1.0)  # the store of another process announces nothing to us
    whole_s = time.monotonic()
    truth = board.truth.samples(board.boot_id, ECG)
    assert there == {index: truth[index] for index in there}, "the hub has other values than the board sent"
    assert scene.box.unit(UNIT, "MainPID") == pid, "the service was started anew"
    return (
        f"{whole_s - back_s:.1f} s after the cable was back all {last - first} samples of the cut are at "
        f"the hub, and none of {last - min(there) + 1} is missing"
    )


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
    return f"{took_s:.1f} s from the button to the hub"


def is_small(scene: Scene) -> str:
    """While a board and an oximeter send, the box takes no more memory than it may."""
    box = scene.box
    in_use = "awk '/^MemTotal/ {t=$2} /^MemAvailable/ {a=$2} END {print int((t-a)/1024)}' /proc/meminfo"
    pid = box.unit(UNIT, "MainPID")
    used_mb = int(box.sh(in_use))
    vitals_mb = int(box.sh(f"awk '/^VmRSS/ {{print int($2/1024)}}' /proc/{pid}/status"))
    units = box.sh("systemctl list-units --type=service --state=running --plain --no-legend | cut -d' ' -f1")
    told = [f"{name.removesuffix('.service')} {_megabytes(box, name)}" for name in units.split()]
    seen = f"{used_mb} MB in use, edge vitals {vitals_mb} MB resident; by unit: {', '.join(told)}"
    assert used_mb <= USED_MAX_MB, seen
    assert vitals_mb <= VITALS_MAX_MB, seen
    return seen


def shows_the_panel_on_a_screen(scene: Scene) -> str:
    """A screen that is plugged in shows the panel with the trace; without it the browser is gone again."""
    return shows_the_panel(scene.box)


def is_started_anew_by_its_hardware(scene: Scene) -> str:
    """Nobody feeds the watchdog of the machine, for systemd has died: it is reset, and all is there again."""
    box, outside = scene.box, scene.outside
    boots = outside.ask(boots_of_waveforms)
    box.hardware.forget()
    killed_s = time.monotonic()
    box.sh("kill -SEGV 1")
    box.hardware.wait_for("WATCHDOG", limit_s=PATIENCE_S)
    reset_s = time.monotonic()
    told = _first_samples(scene, boots, begun_s=reset_s)
    return f"reset {reset_s - killed_s:.0f} s after systemd died; {told}"


def comes_up_with_the_power(scene: Scene) -> str:
    """Power goes without a word, of box and devices, and comes again: nobody is asked anything. What QEMU was
    handed is kept: that nothing is lost is tried by `./run bench powercut`."""
    boots = scene.outside.ask(boots_of_waveforms)
    for one in (scene.board, scene.oximeter):
        one.pull_out()
    scene.box.lose_power()
    for one in (scene.board, scene.oximeter):
        one.plug_in()
    return _first_samples(scene, boots, begun_s=scene.box.power_s)


STEPS: Final[tuple[Callable[[Scene], str], ...]] = (
    starts,
    waits_for_its_claim,
    comes_in_by_the_file_on_its_card,
    has_what_the_engineer_set,
    hears_a_board_plugged_in,
    rings,
    shows_its_camera,
    hears_an_oximeter_beside_it,  # an emulated arm64 has no time for a call beside two devices
    is_small,
    shows_the_panel_on_a_screen,
    outlives_a_cut,
    starts_what_hangs_anew,
    keeps_presses_on_a_full_card,
    is_started_anew_by_its_hardware,
    comes_up_with_the_power,
)


def without_claim(text: str) -> str:
    """Return a file for the card that says which hub, and not whose box it is."""
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("claim="))


def _first_samples(scene: Scene, before: Collection[object], *, begun_s: float) -> str:
    """Return when `edge vitals` was ready and the first samples were there, of a machine that began at
    `begun_s` (monotonic). `before`: the starts that the hub had samples of."""
    begun_utc_s = time.time() - (time.monotonic() - begun_s)
    box, outside = scene.box, scene.outside
    box.wait_for_shell()
    inside_s = float(box.run(Path(first_samples.__file__), SPOOL, limit_s=PATIENCE_S * 2))
    drafted_s = time.monotonic() - begun_s
    outside.wait_until(
        lambda store: len(boots_of_waveforms(store)) > len(before), limit_s=PATIENCE_S * 2, what="a sample"
    )
    now = outside.ask(boots_of_waveforms)
    [sample_utc_s] = [now[boot] for boot in now.keys() - set(before)]
    while box.unit(UNIT, "ActiveState") != "active":  # the hub may have heard it a moment before
        assert time.monotonic() - begun_s < 2 * PATIENCE_S, _log(box)
        time.sleep(1.0)  # systemd announces nothing to this side
    ready_s = int(box.unit(UNIT, "ActiveEnterTimestampMonotonic")) / 1e6
    return (
        f"edge vitals ready {ready_s:.1f} s after the kernel began, the first samples on the card after "
        f"{inside_s:.1f} s; {drafted_s:.1f} s after the machine began, and at the hub after "
        f"{sample_utc_s - begun_utc_s:.1f} s"
    )


def _press(scene: Scene) -> float:
    """Press the button of the box; return after how many seconds the press was at the hub."""
    before = scene.outside.ask(events("press"))
    pressed_s = time.monotonic()
    scene.box.button.press()
    here_s = scene.outside.wait_until(
        lambda store: events("press")(store) > before,
        limit_s=PATIENCE_S,
        what=f"a press: {_log(scene.box)}",
    )
    return here_s - pressed_s


def _holes(there: Collection[int], last: int) -> int:
    """Return how many indexes up to `last` are not there, from the first one that is."""
    return last + 1 if not there else len(set(range(min(there), last + 1)).difference(there))


def _megabytes(box: Machine, unit: str) -> str:
    value = box.unit(unit, "MemoryCurrent")
    return f"{int(value) / 1e6:.0f}" if value.isdecimal() else "?"


def _log(box: Machine) -> str:
    return box.tried(f"journalctl -u {UNIT} -n 15 --no-pager -o cat")[0]
