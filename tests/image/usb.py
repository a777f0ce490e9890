"""Simulated devices at the ends of QEMU's serial adapters."""

import contextlib
import os
import random
import select
import socket
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final, Generic, Protocol, Self, TypeVar

from tests.image.machine import Machine
from tests.simulators.board import BoardSim
from tests.simulators.devices.catalogue import all_simulators
from tests.simulators.devices.sim import DeviceSim

PIECE_BYTES: Final = 4096
BOARD: Final = "board"
OXIMETER: Final = "oximeter"
DRIVER: Final = "berry-bm1000"


class Simulated(Protocol):
    """What can be plugged in: `link` is its terminal while it has power."""

    link: Path

    def __enter__(self) -> Self:
        """Give it power."""

    def __exit__(self, *_: object) -> None:
        """Take it away."""


def adapter_devices(folder: Path) -> list[str]:
    """Return what of QEMU's command line a board and an oximeter are plugged into later."""
    cables = [f"socket,id={name},path={folder / name}.cable,server=on,wait=off" for name in (BOARD, OXIMETER)]
    return ["-device", "qemu-xhci,id=usb", *(word for cable in cables for word in ("-chardev", cable))]


def board_on_usb(box: Machine) -> "OnUsb[BoardSim]":
    """Return our own board, with an ECG, beside the box."""
    return OnUsb(box, BOARD, lambda link: BoardSim(link, "an"))


def oximeter_on_usb(box: Machine) -> "OnUsb[DeviceSim]":
    """Return an oximeter beside the box."""

    def make(link: Path) -> DeviceSim:
        return DeviceSim(link, all_simulators()[DRIVER](random.Random(1), now_s=time.monotonic()))

    return OnUsb(box, OXIMETER, make)


Sim = TypeVar("Sim", bound=Simulated)


class OnUsb(Generic[Sim]):
    """A device that can be plugged into `box`, once in each life of the machine; `make` makes it at a link's
    end. Use as a context."""

    def __init__(self, box: Machine, name: str, make: Callable[[Path], Sim]) -> None:
        self._box, self._name, self._make = box, name, make
        self._inside = contextlib.ExitStack()  # what is there while it is plugged in

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.pull_out()

    def plug_in(self) -> None:
        """Give it power and a cable: it begins to send, as it does whenever power comes."""
        folder, name = self._box.folder, self._name
        self.sim = self._make(folder / name)
        self._inside.enter_context(self.sim)
        cable = self._inside.enter_context(socket.socket(socket.AF_UNIX))
        cable.connect(f"{folder / name}.cable")
        stop_r, stop_w = os.pipe()
        carrying = threading.Thread(target=self._carry, args=(cable, stop_r), name=name, daemon=True)
        carrying.start()

        def stop() -> None:
            os.write(stop_w, b"x")
            with contextlib.suppress(OSError):  # a machine that was killed has hung up
                cable.shutdown(socket.SHUT_RDWR)  # a machine that does not read would never let go
            carrying.join()
            os.close(stop_r)
            os.close(stop_w)

        self._inside.callback(stop)
        self._box.hardware.do(
            "device_add", driver="usb-serial", chardev=name, id=f"{name}-adapter", bus="usb.0"
        )

    def pull_out(self) -> None:
        """Take power and cable away, if it has them; the adapter stays."""
        self._inside.close()

    def _carry(self, cable: socket.socket, stop_r: int) -> None:
        terminal = os.open(self.sim.link, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(terminal)
        ends = {terminal: cable.fileno(), cable.fileno(): terminal}
        with contextlib.suppress(ConnectionError):  # a machine that is killed hangs up
            while not _is_over(*select.select([*ends, stop_r], [], [])[0], ends=ends):
                pass
        os.close(terminal)


def _is_over(*ready: int, ends: dict[int, int]) -> bool:
    """Pass on what has come; tell whether nothing more will."""
    for one in ready:
        if one not in ends:
            return True  # told to stop
        piece = os.read(one, PIECE_BYTES)
        if not piece:
            return True
        os.write(ends[one], piece)
    return False
