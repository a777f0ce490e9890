"""The virtual machines that cards are booted in."""

from dataclasses import dataclass
from typing import Final

from tests.image.buttons import PINS, Key, Line


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of machine. `program`: QEMU's; `machine`: what it is to be; `words`: of ours on the kernel's
    command line; `devices`: what its button needs of QEMU, which runs in the machine's folder."""

    program: str
    machine: tuple[str, ...]
    words: tuple[str, ...]
    button: type[Key] | type[Line]
    devices: tuple[str, ...] = ()


PC: Final = Kind(
    program="qemu-system-x86_64",
    machine=("-machine", "q35", "-cpu", "max"),
    words=("modprobe.blacklist=iTCO_wdt",),  # of the two watchdogs, the one that a card's machine is like
    button=Key,
)
VIRT: Final = Kind(
    program="qemu-system-aarch64",
    machine=("-machine", "virt", "-cpu", "cortex-a72"),
    words=("console=ttyAMA0",),
    button=Line,
    devices=("-qtest", f"unix:{PINS},server=on,wait=off", "-qtest-log", "none"),
)
KINDS: Final = {"amd64": PC, "arm64": VIRT}
