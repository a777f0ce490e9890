"""The call button of a virtual machine, and the finger on it.

A PC of QEMU has keyboards and no GPIO; its machine "virt" has GPIO lines, as a Raspberry Pi has, that nothing
but QEMU's protocol for tests of hardware can move. Source: QEMU, system/qtest.c.
"""

import socket
import time
from pathlib import Path
from typing import Final, Protocol

from tests.image.qmp import Qmp

PINS: Final = "pins"  # the socket, in the machine's folder
LINE: Final = 5  # of eight; the power button hangs at 3
PRESSED_S: Final = 0.2  # a short press: two seconds are a hold
ANSWER_LIMIT_S: Final = 60.0
DOWN: Final = 0  # closed to ground
UP: Final = 1


class Button(Protocol):
    """A button that hangs on a box. `setting`: what `[button]` in its file says of it."""

    setting: str

    def press(self) -> None:
        """Press it, and let go."""

    def close(self) -> None:
        """Take the finger off for ever."""


class Key:
    """A key of a PC's own keyboard."""

    setting = 'input = "/dev/input/by-path/platform-i8042-serio-0-event-kbd"'

    def __init__(self, hardware: Qmp, _: Path) -> None:
        self._hardware = hardware

    def press(self) -> None:
        """Press the space bar."""
        self._hardware.do("send-key", keys=[{"type": "qcode", "data": "spc"}])

    def close(self) -> None:
        """Nothing is held."""


class Line:
    """A button between a line of the machine's PL061 and ground, which is pulled up."""

    setting = f'gpio = "gpiochip0:{LINE}"'

    def __init__(self, hardware: Qmp, folder: Path) -> None:
        self._pins = socket.socket(socket.AF_UNIX)
        self._pins.settimeout(ANSWER_LIMIT_S)
        self._pins.connect(str(folder / PINS))
        parts = hardware.do("qom-list", path="/machine/unattached")
        [chip] = [one["name"] for one in parts if one["type"] == "child<pl061>"]
        self._chip = f"/machine/unattached/{chip}"
        self._set(UP)

    def press(self) -> None:
        """Close it to ground for a moment."""
        self._set(DOWN)
        time.sleep(PRESSED_S)  # the press itself
        self._set(UP)

    def close(self) -> None:
        """Hang up."""
        self._pins.close()

    def _set(self, level: int) -> None:
        self._pins.sendall(f"set_irq_in {self._chip} unnamed-gpio-in {LINE} {level}\n".encode())
        answer = b""
        while not answer.endswith(b"\n"):
            piece = self._pins.recv(4096)
            if not piece:
                raise RuntimeError("QEMU has gone")
            answer += piece
        if not answer.startswith(b"OK"):
            raise RuntimeError(f"line {LINE} cannot be set: {answer.decode().strip()}")
