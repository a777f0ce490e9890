"""A machine's USB tree that is made up: libumockdev stands between libudev and the kernel.

Works in a process that `umockdev-wrapper` started, and nowhere else.
"""

import ctypes
from typing import Final

_LIB: Final = ctypes.CDLL("libumockdev.so.0")
_LIB.umockdev_testbed_new.restype = ctypes.c_void_p
_LIB.umockdev_testbed_add_from_string.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]
_LIB.umockdev_testbed_uevent.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p]
_LIB.umockdev_testbed_remove_device.argtypes = [ctypes.c_void_p, ctypes.c_char_p]

PLATFORM: Final = "/devices/platform/fd500000.pcie"
HOST: Final = f"{PLATFORM}/pci0000:00/0000:00:00.0/0000:01:00.0"
ROOT_HUB: Final = f"{HOST}/usb1"


class Testbed:
    """The machine: a PCI bridge, a host controller and its root hub."""

    __test__ = False  # pytest collects what is called so

    def __init__(self) -> None:
        self._testbed = _LIB.umockdev_testbed_new()
        self._add(PLATFORM, "E: SUBSYSTEM=platform")
        self._add(f"{PLATFORM}/pci0000:00/0000:00:00.0", "E: SUBSYSTEM=pci")
        self._add(HOST, "E: SUBSYSTEM=pci")
        self._add(ROOT_HUB, "E: SUBSYSTEM=usb", "E: DEVTYPE=usb_device", "A: devnum=1", "A: idVendor=1d6b")
        self._add("/devices/platform/serial8250/tty/ttyS0", "E: SUBSYSTEM=tty", "E: DEVNAME=/dev/ttyS0")
        self._add("/devices/virtual/tty/tty0", "E: SUBSYSTEM=tty", "E: DEVNAME=/dev/tty0")

    def plug(self, port: str, tty: str, *, devnum: int, **attributes: str) -> None:
        """Plug an adapter into `port` ("1.2"), which becomes `tty`; `serial`, `idVendor`, … as in sysfs."""
        usb = f"{ROOT_HUB}/1-{port}"
        words = [f"A: {name}={value}" for name, value in attributes.items()]
        self._add(usb, "E: SUBSYSTEM=usb", "E: DEVTYPE=usb_device", f"A: devnum={devnum}", *words)
        interface = f"{usb}/1-{port}:1.0"
        self._add(interface, "E: SUBSYSTEM=usb", "E: DEVTYPE=usb_interface", "A: bInterfaceNumber=00")
        parent = interface
        if tty.startswith("ttyUSB"):
            parent = f"{interface}/{tty}"
            self._add(parent, "E: SUBSYSTEM=usb-serial", "A: port_number=0")
        self._add(f"{parent}/tty/{tty}", "E: SUBSYSTEM=tty", f"E: DEVNAME=/dev/{tty}")
        self._tell(f"{parent}/tty/{tty}", "add")

    def pull(self, port: str, tty: str) -> None:
        """Pull the adapter."""
        usb = f"{ROOT_HUB}/1-{port}"
        interface = f"{usb}/1-{port}:1.0"
        between = [f"{interface}/{tty}"] if tty.startswith("ttyUSB") else []
        leaf = f"{[interface, *between][-1]}/tty/{tty}"
        self._tell(leaf, "remove")
        for path in (leaf, *between, interface, usb):
            _LIB.umockdev_testbed_remove_device(self._testbed, f"/sys{path}".encode())

    def _add(self, path: str, *lines: str) -> None:
        text = "\n".join((f"P: {path}", *lines, ""))
        assert _LIB.umockdev_testbed_add_from_string(self._testbed, text.encode(), None), path

    def _tell(self, path: str, action: str) -> None:
        _LIB.umockdev_testbed_uevent(self._testbed, f"/sys{path}".encode(), action.encode())
