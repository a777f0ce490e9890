"""What is known of a serial port without opening it (core). Source: docs/adr/0025-which-device-is-it.md.

An adapter says who made its chip, never which instrument is behind it. Two adapters can be told apart by
their serial numbers only where these are true ones; otherwise by the socket they are plugged into.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

SERIAL_MIN_CHARS: Final = 4  # without leading zeros: a chip's default is "0001", "0" or "00000000"
_RUNS: Final = ("0123456789abcdefghijklmnopqrstuvwxyz", "1234567890")  # "123456", "0123456789ABCDEF"
_UNSAFE: Final = re.compile(r"[^0-9A-Za-z#+\-.:=@_]")  # what udev replaces in its names, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """One serial port as it is now.

    `path`: what is opened. `place`: the socket it is plugged into, the same after every boot; of a port that
    is no USB adapter, its path. `plugging`: new each time it is plugged in, also over boots. `vid_pid`: who
    made the chip, as "10c4:ea60"; empty: not on USB. `serial`: what the adapter says, true or not.
    `is_shared`: another adapter with the same serial number has been seen at the same time.
    """

    path: str
    place: str
    plugging: str
    vid_pid: str = ""
    serial: str = ""
    maker: str = ""
    model: str = ""
    interface: str = "00"
    port_number: str = ""
    is_shared: bool = False

    @property
    def mark(self) -> str:
        """What tells this adapter from every other one, wherever it is plugged in; empty: nothing does."""
        if self.is_shared or not is_true_serial(self.serial):
            return ""
        return f"{self.vid_pid}:{self.serial}:{self.interface}:{self.port_number}"

    @property
    def name(self) -> str:
        """How people call this port: as below /dev/serial/by-id where its serial number is a true one, else
        by its place (as below /dev/serial/by-path)."""
        if not self.mark:
            return self.place
        port = f"-port{self.port_number}" if self.port_number else ""
        vendor, product = self.vid_pid.split(":")
        words = (self.maker or vendor, self.model or product, self.serial)
        return f"usb-{'_'.join(_safe(word) for word in words)}-if{self.interface}{port}"

    def answers_to(self, word: str) -> bool:
        """Whether a configuration that says `word` means this port: its path, its name, or its place; with or
        without the folder of /dev/serial in front."""
        last = word.rsplit("/", 1)[-1]
        return word in (self.path, self.name, self.place) or last in (self.name, self.place)


def is_true_serial(serial: str) -> bool:
    """Whether `serial` can tell two adapters apart: no default that a maker gives to all of them."""
    word = serial.strip().lower()
    significant = word.lstrip("0")
    return (
        word.isascii()
        and word.isprintable()
        and len(significant) >= SERIAL_MIN_CHARS
        and len(set(significant)) > 1
        and not any(word in run for run in _RUNS)
    )


def tell_apart(adapters: Iterable[Adapter], *, shared: set[str]) -> tuple[Adapter, ...]:
    """Return the adapters with `is_shared` set where two say the same serial number, now or ever.

    `shared`: the marks that several adapters bear, as far as is known; what is found now is added to it.
    """
    seen = tuple(adapters)
    counts = Counter(adapter.mark for adapter in seen)
    shared |= {mark for mark, count in counts.items() if mark and count > 1}
    return tuple(replace(one, is_shared=True) if one.mark in shared else one for one in seen)


def usb_place(controllers: Iterable[str], interface: str, port_number: str) -> str:
    """Return where a USB port is, in the manner of udev's ID_PATH.

    `controllers`: the buses and bridges above the root hub, outermost first, as "platform-fd500000.pcie",
    "pci-0000:01:00.0". `interface`: the kernel's name of the USB interface, "1-1.2:1.0", whose first number
    is counted anew at each boot and left out.
    """
    chain = interface.split("-", 1)[-1]
    port = f"-port{port_number}" if port_number else ""
    return "-".join((*controllers, f"usb-0:{chain}")) + port


def _safe(word: str) -> str:
    return _UNSAFE.sub("_", "_".join(word.split()))
