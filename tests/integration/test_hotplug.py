"""The real pyudev and libudev, on a USB tree that libumockdev makes up: enumeration, names, and what changes.

Each scenario runs in a process of its own, which umockdev-wrapper starts, and prints what it saw.
"""

import asyncio
import errno
import json
import os
import pty
import subprocess
import sys
import tty
from pathlib import Path
from typing import cast

import pyudev

from firmware_bridge.ports import hotplug

HOUSE = Path(__file__).parents[2]
FTDI = {"idVendor": "0403", "idProduct": "6001", "manufacturer": "FTDI", "product": "FT232R USB UART"}
CP2102 = {"idVendor": "10c4", "idProduct": "ea60", "manufacturer": "Silicon Labs", "product": "CP2102"}
BUS = "platform-fd500000.pcie-pci-0000:01:00.0"


def seen_by(scenario: str, folder: Path) -> list[dict[str, str]]:
    """Run a function of this file in a made-up machine, and return what it printed."""
    code = f"from tests.integration.test_hotplug import {scenario}; {scenario}()"
    done = subprocess.run(
        ["umockdev-wrapper", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
        cwd=HOUSE,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def say(**words: object) -> None:
    sys.stdout.write(json.dumps(words) + "\n")


def list_adapters() -> None:
    from tests.simulators.udev_testbed import Testbed

    testbed = Testbed()
    testbed.plug("1.2", "ttyUSB0", devnum=7, serial="A6008isP", **FTDI)
    testbed.plug("1.3", "ttyUSB1", devnum=8, serial="0001", **CP2102)
    testbed.plug("4", "ttyACM0", devnum=9, serial="e6609103c3", idVendor="2e8a", idProduct="000a")
    for one in hotplug.list_ports():
        say(path=one.path, name=one.name, place=one.place, vid_pid=one.vid_pid, mark=one.mark)


def test_adapters_are_listed_with_names_that_stay_and_nothing_else_is(tmp_path: Path) -> None:
    seen = {one["path"]: one for one in seen_by("list_adapters", tmp_path)}
    assert set(seen) == {"/dev/ttyUSB0", "/dev/ttyUSB1", "/dev/ttyACM0"}
    ftdi, cp2102, board = seen["/dev/ttyUSB0"], seen["/dev/ttyUSB1"], seen["/dev/ttyACM0"]
    assert ftdi["name"] == "usb-FTDI_FT232R_USB_UART_A6008isP-if00-port0"
    assert ftdi["place"] == f"{BUS}-usb-0:1.2:1.0-port0"
    assert cp2102["name"] == cp2102["place"] == f"{BUS}-usb-0:1.3:1.0-port0"
    assert (cp2102["vid_pid"], cp2102["mark"]) == ("10c4:ea60", "")
    assert board["name"] == "usb-2e8a_000a_e6609103c3-if00"


def watch_with_daemon() -> None:
    watch(Path("/"), wait_s=90.0)


def watch_without() -> None:
    watch(Path("/nowhere"), wait_s=0.01)


def watch(daemon: Path, *, wait_s: float) -> None:
    from tests.simulators.udev_testbed import Testbed

    async def scenario() -> None:
        testbed = Testbed()
        ports = hotplug.MachinePorts([], daemon=daemon)
        say(paths=[one.path for one in ports.now()])
        testbed.plug("1.2", "ttyUSB0", devnum=7, serial="0001", **CP2102)
        await ports.change(timeout_s=wait_s)
        (first,) = ports.now()
        say(paths=[first.path])
        testbed.pull("1.2", "ttyUSB0")
        await ports.change(timeout_s=wait_s)
        say(paths=[one.path for one in ports.now()])
        testbed.plug("1.2", "ttyUSB0", devnum=8, serial="0001", **CP2102)
        await ports.change(timeout_s=wait_s)
        (again,) = ports.now()
        say(paths=[again.path], is_new=first.plugging != again.plugging, is_place=first.place == again.place)
        ports.close()

    asyncio.run(scenario())


def test_what_is_plugged_in_and_pulled_is_seen_as_the_daemon_tells_it(tmp_path: Path) -> None:
    assert seen_by("watch_with_daemon", tmp_path) == [
        {"paths": []},
        {"paths": ["/dev/ttyUSB0"]},
        {"paths": []},
        {"paths": ["/dev/ttyUSB0"], "is_new": True, "is_place": True},
    ]


def test_without_a_daemon_the_same_is_seen_by_looking_again(tmp_path: Path) -> None:
    assert seen_by("watch_without", tmp_path) == seen_by("watch_with_daemon", tmp_path)


def test_this_machine_can_be_asked_whatever_it_has() -> None:
    assert all(port.vid_pid for port in hotplug.list_ports())


class Overrun:
    """A daemon that told more at once than the socket keeps."""

    def poll(self, timeout: float) -> None:
        raise OSError(errno.ENOBUFS, "No buffer space available")


def test_what_the_daemon_told_and_was_lost_makes_us_look_all_the_same() -> None:
    async def scenario() -> None:
        ports = hotplug.MachinePorts([])
        ports.now()
        ports._hear(cast("pyudev.Monitor", Overrun()))
        async with asyncio.timeout(60):
            await ports.change(timeout_s=3600)
        ports.close()

    asyncio.run(scenario())


def test_a_port_of_the_configuration_is_seen_while_it_is_there(tmp_path: Path) -> None:
    async def scenario() -> None:
        link = tmp_path / "instrument"
        ports = hotplug.MachinePorts([str(link), str(tmp_path)])  # a folder is no port
        assert ports.now() == ()
        ours, theirs = pty.openpty()
        tty.setraw(theirs)
        link.symlink_to(os.ttyname(theirs))
        (first,) = ports.now()
        assert (first.path, first.place, first.mark) == (str(link), str(link), "")
        assert ports.now() == (first,)
        os.write(ours, b"bytes")
        os.read(theirs, 5)
        assert ports.now() == (first,)  # what goes through it does not make it another
        os.close(ours)
        os.close(theirs)
        link.unlink()
        assert ports.now() == ()
        ours, theirs = pty.openpty()
        link.symlink_to(os.ttyname(theirs))
        (again,) = ports.now()
        assert again.plugging != first.plugging
        os.close(ours)
        os.close(theirs)
        ports.close()

    asyncio.run(scenario())
