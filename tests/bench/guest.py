"""`./run bench guest`: USB serial adapters, an input device and a GPIO line of a real kernel.

QEMU without hardware help runs Debian's kernel and Python for aarch64 (about 250 MB, fetched once into
build/guest/). Adapters are QEMU's `usb-serial` (an FTDI chip) behind xHCI, plugged and pulled while it runs,
with a simulated oximeter at the far end; udev, pyudev, libgpiod and evdev are Debian's and the lock's own.
Nothing is loaded into, or changed on, this machine.
"""

import argparse
import contextlib
import random
import socket
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Final

from tests.bench.report import tell
from tests.guest.machine import Machine
from tests.simulators.devices.berry import Berry

MEANINGS: Final = {
    "machine_s": "from the start of QEMU to the end of the last step",
    "adapter": "name of an adapter with a true serial number",
    "replugs": "times that it was pulled and plugged in again, at two sockets in turn",
    "replug_to_samples_s": "from its node in /dev to samples of its instrument, the median",
    "replug_to_samples_max_s": "the longest",
    "devices_seen": "names that it had: one is right",
    "swapped_asked": "of two adapters without serial numbers that changed places: asked about",
    "swapped_guessed": "of those: taken for one of before without asking",
    "input_presses": "of 5 presses of an input device, told",
    "gpio_presses": "of 5 presses of a GPIO line, told",
    "press_age_max_s": "from the kernel's edge to the event, the longest",
    "errors": "steps that failed",
}
WHEELS: Final = ("numpy", "pyserial", "pyudev", "gpiod", "cobs")
MODULES: Final = ("xhci_pci", "ftdi_sio", "uinput", "evdev")
LIMIT_S: Final = 480.0


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        prog="./run bench guest",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="\n".join(f"{key}: {text}" for key, text in MEANINGS.items()),
    )
    parser.add_argument("--json", metavar="FILE", help="write one JSON object there; - is standard output")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="haidang-guest-") as folder:
        result = measure(Path(folder))
    tell(result, meanings=MEANINGS, json_path=options.json)


def measure(folder: Path) -> dict[str, float | int | str]:
    """Run the machine through all steps."""
    began_s = time.monotonic()
    found: dict[str, Any] = {}
    errors: list[str] = []
    devices = ["-device", "qemu-xhci,id=usb,p2=8,p3=8"]
    with (
        Machine(folder, "tests.guest.inside", wheels=WHEELS, modules=MODULES, devices=devices) as machine,
        contextlib.ExitStack() as stack,
    ):
        hand = Hand(machine, folder, stack)
        for said in machine.said(limit_s=LIMIT_S):
            print(f"{time.monotonic() - began_s:7.1f} s  {said}", file=sys.stderr)
            if "ask" in said:
                hand.obey(said)
            elif "error" in said:
                errors.append(f"{said['step']}: {said['error']}")
            else:
                found |= said
    before, asked = set(found.get("before", ())), set(found.get("asked", ()))
    replugs = found.get("replugged_s", [])
    ages_s = [*found.get("input_age_s", []), *found.get("gpio_age_s", [])]
    return {
        "machine_s": round(time.monotonic() - began_s, 1),
        "adapter": found.get("adapter", ""),
        "replugs": len(replugs),
        "replug_to_samples_s": round(statistics.median(replugs), 3) if replugs else "",
        "replug_to_samples_max_s": max(replugs, default=""),
        "devices_seen": len(found.get("devices", ())),
        "swapped_asked": len(asked),
        "swapped_guessed": len(before & set(found.get("after", ()))),
        "input_presses": found.get("input_presses", 0),
        "gpio_presses": found.get("gpio_presses", 0),
        "press_age_max_s": max(ages_s, default=""),
        "errors": "; ".join(errors) or 0,
    }


class Hand:
    """What changes the hardware: plugs adapters in with an oximeter behind each, pulls them, presses."""

    def __init__(self, machine: Machine, folder: Path, stack: contextlib.ExitStack) -> None:
        self._machine, self._folder = machine, folder
        self._stop = threading.Event()
        stack.callback(self._stop.set)

    def obey(self, said: dict[str, Any]) -> None:
        """Do what is asked for inside."""
        do, name = self._machine.do, said.get("name", "")
        match said["ask"]:
            case "plug":
                path = self._folder / f"{name}.line"
                address = {"type": "unix", "data": {"path": str(path)}}
                backend = {"type": "socket", "data": {"addr": address, "server": True, "wait": False}}
                path.unlink(missing_ok=True)
                do("chardev-add", id=name, backend=backend)
                threading.Thread(target=self._oximeter, args=(path,), daemon=True).start()
                port = {"bus": "usb.0", "port": str(said["socket"])}
                do("device_add", driver="usb-serial", id=name, chardev=name, serial=said["serial"], **port)
            case "unplug":
                do("device_del", id=name)
                for _ in range(100):  # the guest lets go of it first
                    try:
                        do("chardev-remove", id=name)
                        break
                    except RuntimeError:
                        time.sleep(0.02)
            case "power button":
                do("system_powerdown")

    def _oximeter(self, path: Path) -> None:
        """Send its frames until the line is cut."""
        device = Berry(random.Random(1), now_s=time.monotonic())
        with socket.socket(socket.AF_UNIX) as line, contextlib.suppress(OSError):
            line.connect(str(path))
            while not self._stop.wait(0.02):
                line.sendall(b"".join(device.advance(now_s=time.monotonic())))


if __name__ == "__main__":
    main()
