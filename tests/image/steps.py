"""What the built image must show: each step returns what it measured, or raises AssertionError.

They run in this order in one machine; a later one needs what the earlier ones made.
"""

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hub.store.sqlite import SqliteStore
from tests.image.board import BoardOnUsb
from tests.image.machine import Machine
from tests.image.outside import Outside

UNIT: Final = "haidang-vitals.service"
PLUGGED_LIMIT_S: Final = 5.0
CUT_S: Final = 60.0
PATIENCE_S: Final = 180.0  # of an emulated machine on a loaded one


@dataclass(slots=True)
class Scene:
    """The box, its hub, and the board that is plugged in and out."""

    box: Machine
    outside: Outside
    board: BoardOnUsb


def starts(scene: Scene) -> str:
    """No unit has failed; the root cannot be written; what is kept is on an encrypted partition."""
    box = scene.box
    state, _ = box.tried("systemctl is-system-running --wait", limit_s=PATIENCE_S * 2)
    failed = box.sh("systemctl --failed --no-legend --plain")
    assert not failed, failed
    assert state == "running", state
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


def enrols(scene: Scene) -> str:
    """The box has its files, `edge vitals` runs, and the hub hears it."""
    box = scene.box
    box.sh("mkdir -p /data/haidang/keys")
    files = {f"keys/{name}": raw for name, raw in scene.outside.keys.items()}
    files["box.toml"] = scene.outside.settings.encode()
    for name, raw in files.items():
        text = base64.b64encode(raw).decode()
        box.sh(f"echo {text} | base64 -d >/data/haidang/{name}")
    _, is_missing = box.tried(f"systemctl cat {UNIT}")
    if is_missing:  # an image without systemd/ of the house: the same program, as root
        program = "/usr/bin/haidang-edge vitals --config /data/haidang/box.toml"
        box.sh(f"systemd-run --unit={UNIT} -p Restart=always {program}")
    else:
        box.sh("chown haidang-enrol: /data/haidang/keys/* /data/haidang/box.toml")
        box.sh(f"systemctl stop haidang-enrol; systemctl restart {UNIT}", limit_s=PATIENCE_S)
    waited_s = scene.outside.wait_until(
        scene.outside.has_event("started"), limit_s=PATIENCE_S, what=f"it started: {_log(box)}"
    )
    return f"at the hub {waited_s:.1f} s after the service was started"


def hears_a_board_plugged_in(scene: Scene) -> str:
    """From the plug to a visit at the hub, which opens with the first valid signal; then whole waveforms."""
    before = _count(scene, scene.outside.waveforms)
    plugged_s = time.monotonic()
    scene.box.do("device_add", driver="usb-serial", chardev="board", id="board0", bus="usb.0")
    scene.outside.wait_until(
        scene.outside.has_event("visit opened"), limit_s=PATIENCE_S, what=f"a visit: {_log(scene.box)}"
    )
    seen_s = time.monotonic() - plugged_s
    scene.outside.wait_until(
        lambda store: scene.outside.waveforms(store) > before, limit_s=PATIENCE_S, what="a waveform"
    )
    assert seen_s <= PLUGGED_LIMIT_S, f"{seen_s:.1f} s from the plug to a signal at the hub"
    return f"{seen_s:.1f} s from the plug to the signal at the hub"


def rings(scene: Scene) -> str:
    """A key of a real input device is a press, and a call at the hub."""
    before = _count(scene, lambda store: len(scene.outside.calls(store)))
    _press(scene.box)
    waited_s = scene.outside.wait_until(
        lambda store: len(scene.outside.calls(store)) > before, limit_s=PATIENCE_S, what="a call"
    )
    return f"{waited_s:.1f} s from the key to the call at the hub"


def outlives_a_cut(scene: Scene) -> str:
    """A minute without a cable: what was captured meanwhile arrives, and the box has not stopped."""
    pid = scene.box.sh(f"systemctl show -p MainPID --value {UNIT}")
    scene.box.do("set_link", name="nic0", up=False)
    time.sleep(CUT_S)  # the cut itself
    before = _count(scene, scene.outside.waveforms)
    scene.box.do("set_link", name="nic0", up=True)
    waited_s = scene.outside.wait_until(
        lambda store: scene.outside.waveforms(store) > before + 1, limit_s=PATIENCE_S, what="the minute"
    )
    assert scene.box.sh(f"systemctl show -p MainPID --value {UNIT}") == pid, "the service was started anew"
    return f"{waited_s:.1f} s after the cable was back"


def starts_what_hangs_anew(scene: Scene) -> str:
    """A process that is stopped does not feed its watchdog: systemd ends it and starts another."""
    box = scene.box
    limit = box.sh(f"systemctl show -p WatchdogUSec --value {UNIT}")
    if limit in ("0", "infinity"):
        return "not shown: the service of this image has no watchdog (systemd/ is not in it)"
    pid = box.sh(f"systemctl show -p MainPID --value {UNIT}")
    box.sh(f"kill -STOP {pid}")
    begun_s = time.monotonic()
    until = f"systemctl show -p MainPID --value {UNIT} | grep -vx -e 0 -e {pid}"
    while box.tried(until)[1] != 0:
        assert time.monotonic() - begun_s < PATIENCE_S, "it still hangs"
        time.sleep(1.0)  # systemd announces nothing to this side
    return f"{time.monotonic() - begun_s:.0f} s, watchdog {limit}"


def keeps_presses_on_a_full_card(scene: Scene) -> str:
    """With no room left on the data partition a press still becomes a call."""
    scene.box.sh("fallocate -l $(df --output=avail -B1 /data | tail -1) /data/full || true; sync")
    before = _count(scene, lambda store: len(scene.outside.calls(store)))
    nudges = _count(scene, lambda store: sum(row.nudges for row in scene.outside.calls(store)))
    _press(scene.box)
    waited_s = scene.outside.wait_until(
        lambda store: (
            len(scene.outside.calls(store)) > before
            or sum(row.nudges for row in scene.outside.calls(store)) > nudges
        ),
        limit_s=PATIENCE_S,
        what="a press from a full card",
    )
    scene.box.sh("rm /data/full")
    return f"{waited_s:.1f} s from the key to the hub"


STEPS: Final[tuple[Callable[[Scene], str], ...]] = (
    starts,
    enrols,
    hears_a_board_plugged_in,
    rings,
    outlives_a_cut,
    starts_what_hangs_anew,
    keeps_presses_on_a_full_card,
)


def _press(box: Machine) -> None:
    box.do("send-key", keys=[{"type": "qcode", "data": "spc"}])


def _count(scene: Scene, ask: Callable[[SqliteStore], int]) -> int:
    found = [0]

    def is_asked(store: SqliteStore) -> bool:
        found[0] = ask(store)
        return True

    scene.outside.wait_until(is_asked, limit_s=PATIENCE_S, what="an answer")
    return found[0]


def _log(box: Machine) -> str:
    return box.tried(f"journalctl -u {UNIT} -n 15 --no-pager -o cat")[0]
