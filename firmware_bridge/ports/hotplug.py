"""Which serial adapters are plugged in, and when that changes. The only importer of pyudev.

All that is told of an adapter is read from the kernel's own tree (/sys), so that it is the same with and
without a udev daemon. The daemon says at once when something changes; without it, the caller looks again.
"""

import asyncio
import contextlib
import logging
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import pyudev

from firmware_bridge.errors import PortError
from firmware_bridge.ports.adapters import Adapter, tell_apart, usb_place

log = logging.getLogger(__name__)

UDEV_DAEMON: Final = Path("/run/udev/control")  # it is there while the daemon runs
USB_PORTS: Final = ("ttyUSB*", "ttyACM*")  # the names that the kernel's USB drivers give
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Ports(Protocol):
    """Where the devices service learns what is plugged in."""

    def now(self) -> tuple[Adapter, ...]:
        """Return what is plugged in."""

    async def change(self, *, timeout_s: float) -> None:
        """Return when something may have changed, after `wake`, or after `timeout_s`."""

    def wake(self) -> None:
        """Make `change` return."""

    def close(self) -> None:
        """Listen no more."""


def list_ports() -> list[Adapter]:
    """Return all USB serial adapters. Raises PortError: this machine cannot say."""
    return list(tell_apart(_usb_adapters(_context()), shared=set()))


class MachinePorts:
    """The USB serial adapters of this machine, and ports that a configuration names, which may be no USB at
    all (a UART of the board, a pseudo-terminal). Belongs to the running event loop.

    Without libudev only the ports of the configuration are seen; that is logged once. `daemon`: what is there
    while a udev daemon runs.
    """

    def __init__(self, given: Sequence[str], *, daemon: Path = UDEV_DAEMON) -> None:
        self._given = tuple(given)
        self._changed = asyncio.Event()
        self._context: pyudev.Context | None = None
        self._usb: list[Adapter] = []
        self._monitor: pyudev.Monitor | None = None
        try:
            self._context = _context()
        except PortError as error:
            log.warning("adapters are not seen, only ports of the configuration: %s", error)
        else:
            self._monitor = self._listen(self._context, daemon)
        self._changed.set()

    def now(self) -> tuple[Adapter, ...]:
        """Return what is plugged in."""
        is_stale = self._changed.is_set() or self._monitor is None
        self._changed.clear()
        if self._context is not None and is_stale:
            self._usb = list(_usb_adapters(self._context))
        paths = {os.path.realpath(adapter.path) for adapter in self._usb}
        given = (_given_port(path) for path in self._given if os.path.realpath(path) not in paths)
        return (*self._usb, *(port for port in given if port is not None))

    async def change(self, *, timeout_s: float) -> None:
        """Return when something may have changed, after `wake`, or after `timeout_s`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()

    def wake(self) -> None:
        """Make `change` return, and `now` look again."""
        self._changed.set()

    def close(self) -> None:
        """Listen no more."""
        if self._monitor is not None:
            asyncio.get_running_loop().remove_reader(self._monitor.fileno())
            self._monitor = None

    def _listen(self, context: pyudev.Context, daemon: Path) -> pyudev.Monitor | None:
        """Have the daemon tell of changes; None: it cannot, look again each time."""
        if not daemon.exists():
            log.info("no udev daemon here: adapters are looked for again and again")
            return None
        try:
            monitor = pyudev.Monitor.from_netlink(context, source="udev")
            monitor.filter_by("tty")
            monitor.start()
        except OSError as error:
            log.warning(
                "the udev daemon cannot be heard (%s): adapters are looked for again and again", error
            )
            return None
        asyncio.get_running_loop().add_reader(monitor.fileno(), self._hear, monitor)
        return monitor

    def _hear(self, monitor: pyudev.Monitor) -> None:
        self._changed.set()
        with contextlib.suppress(OSError):  # more came at once than it could keep: look, whatever it was
            while monitor.poll(timeout=0) is not None:
                pass


def _context() -> pyudev.Context:
    try:
        return pyudev.Context()
    except (ImportError, OSError, MemoryError) as error:
        raise PortError(
            "/sys", f"libudev cannot be used ({error})", "install the package libudev1"
        ) from error


def _usb_adapters(context: pyudev.Context) -> Iterator[Adapter]:
    boot = _BOOT.read_text(encoding="ascii").strip()
    ports = context.list_devices(subsystem="tty")
    for name in USB_PORTS:
        ports = ports.match_sys_name(name)  # any of them
    for device in ports:
        with contextlib.suppress(KeyError, OSError, pyudev.DeviceNotFoundError):  # it is going just now
            adapter = _usb_adapter(device, boot)
            if adapter is not None:
                yield adapter


def _usb_adapter(device: Any, boot: str) -> Adapter | None:
    """Return the adapter; None: not on USB."""
    interface = device.find_parent("usb", "usb_interface")
    usb = device.find_parent("usb", "usb_device")
    if interface is None or usb is None or device.device_node is None:
        return None
    port_number = ""
    if device.parent is not None and device.parent.subsystem == "usb-serial":
        port_number = _text(device.parent, "port_number")
    return Adapter(
        path=device.device_node,
        place=usb_place(_controllers(usb), interface.sys_name, port_number),
        plugging=f"{boot}/{interface.sys_name}/{_text(usb, 'devnum')}/{port_number}",
        vid_pid=f"{_text(usb, 'idVendor')}:{_text(usb, 'idProduct')}",
        serial=_text(usb, "serial"),
        maker=_text(usb, "manufacturer"),
        model=_text(usb, "product"),
        interface=_text(interface, "bInterfaceNumber") or "00",
        port_number=port_number,
    )


def _controllers(usb: Any) -> list[str]:
    """Return the innermost bus and platform device above the root hub, outermost first, as udev's path_id."""
    found: dict[str, str] = {}
    for above in usb.ancestors:
        if above.subsystem in ("pci", "platform") and above.subsystem not in found:
            found[above.subsystem] = f"{above.subsystem}-{above.sys_name}"
    return list(reversed(found.values()))


def _text(device: Any, name: str) -> str:
    value: bytes | None = device.attributes.get(name)
    return "" if value is None else value.decode("utf-8", errors="replace").strip()


def _given_port(path: str) -> Adapter | None:
    """Return a port that a configuration names; None: there is nothing."""
    try:
        node = os.stat(path)  # noqa: PTH116 - follows a link of udev's, which comes and goes
        boot = _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return None
    if not stat.S_ISCHR(node.st_mode):
        return None
    plugging = f"{boot}/{os.path.realpath(path)}/{node.st_rdev}/{node.st_ino}/{node.st_ctime_ns}"
    return Adapter(path=path, place=path, plugging=plugging)
