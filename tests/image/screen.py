"""What the station's screen shows: the picture that the graphics card puts out, taken from outside by QMP.

The card's driver is inserted late, as a screen that is plugged in late; then its connector is told that the
screen has gone, as a driver tells it. Colours are those of the pages' own tokens.
"""

import re
import time
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tests.browser import SCREENSHOTS
from tests.image.machine import Machine

DEVICES: Final = ("-device", "virtio-gpu-pci,xres=1280,yres=720")
DRIVER: Final = "virtio_gpu"
KIOSK: Final = "haidang-kiosk.service"
MEMORY: Final = f"/sys/fs/cgroup/system.slice/{KIOSK}/memory.stat"
TOKENS: Final = Path(__file__).parents[2] / "web/tokens.css"
PATIENCE_S: Final = 600.0  # a browser on an emulated machine
LOOK_S: Final = 5.0
# Of the panel with a signal: at least so many pixels in a hundred thousand.
PANEL: Final = {"ground": 500, "surface": 20_000, "text": 100, "trace-ecg": 20, "paper-bold": 100}


def shows_the_panel(box: Machine) -> str:
    """A screen is plugged in: the panel with the trace is on it. It is pulled out: the browser goes."""
    box.sh(f"modprobe {DRIVER}")
    try:
        told = _shown(box)
    finally:
        box.sh("for one in /sys/class/drm/card*-*/status; do echo off >$one; done")
        box.sh("udevadm trigger --settle --action=change --subsystem-match=drm")
    begun_s = time.monotonic()
    while box.unit(KIOSK, "ActiveState") != "inactive":
        assert time.monotonic() - begun_s < PATIENCE_S, f"no screen, and it runs: {_log(box)}"
        time.sleep(1.0)  # systemd announces nothing to this side
    return told


def _shown(box: Machine) -> str:
    begun_s = time.monotonic()
    while not _is_panel(shot := picture(box)):
        found = {name: _share(shot, name) for name in PANEL}
        assert time.monotonic() - begun_s < PATIENCE_S, f"{found}: {_log(box)}"
        time.sleep(LOOK_S)  # a picture announces nothing
    seen_s = time.monotonic() - begun_s
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    box.hardware.do("screendump", filename=str(SCREENSHOTS / "box-screen.png"), format="png")
    # without the files that it reads, which give way
    own_mb = box.sh(f"awk '/^(anon|shmem) / {{n += $2}} END {{print int(n / 1048576)}}' {MEMORY}")
    assert box.unit(KIOSK, "NRestarts") == "0", _log(box)
    return f"the panel with its trace {seen_s:.0f} s after the screen was plugged in; {own_mb} MB of its own"


def picture(box: Machine) -> NDArray[np.uint8]:
    """Return what is on the screen now: rows, columns, three colours."""
    path = box.folder / "screen.ppm"
    box.hardware.do("screendump", filename=str(path))
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", raw := path.read_bytes())
    assert head, raw[:20]
    return np.frombuffer(raw, np.uint8, offset=head.end()).reshape(int(head[2]), int(head[1]), 3)


def _is_panel(shot: NDArray[np.uint8]) -> bool:
    return all(_share(shot, name) >= least for name, least in PANEL.items())


def _share(shot: NDArray[np.uint8], token: str) -> int:
    """Return how many pixels in a hundred thousand have that colour exactly."""
    found = re.search(rf"--{token}: #([0-9a-f]{{6}});", TOKENS.read_text(encoding="utf-8"))
    assert found, token
    colour = np.frombuffer(bytes.fromhex(found[1]), np.uint8)
    return int(np.mean(np.all(shot == colour, axis=2)) * 100_000)


def _log(box: Machine) -> str:
    return box.tried(f"systemctl status {KIOSK} --no-pager; journalctl -u {KIOSK} -n 20 --no-pager -o cat")[0]
