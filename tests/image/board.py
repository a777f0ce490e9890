"""The simulated board at the end of QEMU's serial adapter."""

import os
import select
import socket
import threading
import tty
from pathlib import Path
from typing import Final, Self

from tests.image.qmp import Qmp
from tests.simulators.board import BoardSim

PIECE_BYTES: Final = 4096
ADAPTER: Final = {"driver": "usb-serial", "chardev": "board", "id": "adapter", "bus": "usb.0"}


def adapter_devices(folder: Path) -> list[str]:
    """Return what of QEMU's command line a board is plugged into later."""
    cable = f"socket,id=board,path={folder / 'cable'},server=on,wait=off"
    return ["-device", "qemu-xhci,id=usb", "-chardev", cable]


class BoardOnUsb:
    """A board that can be plugged into the machine whose devices are in `folder`. Use as a context."""

    def __init__(self, folder: Path, hardware: Qmp, recording: str) -> None:
        self.board = BoardSim(folder / "board", recording)
        self._path, self._hardware = folder / "cable", hardware
        self._stop_r, self._stop_w = os.pipe()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            os.write(self._stop_w, b"x")
            self._thread.join()
            self.board.__exit__()
        os.close(self._stop_r)
        os.close(self._stop_w)

    def plug_in(self) -> None:
        """Give it power and a cable: it begins to send."""
        self.board.__enter__()
        cable = socket.socket(socket.AF_UNIX)
        cable.connect(str(self._path))
        self._thread = threading.Thread(target=self._carry, args=(cable,), name="cable", daemon=True)
        self._thread.start()
        self._hardware.do("device_add", **ADAPTER)

    def _carry(self, cable: socket.socket) -> None:
        terminal = os.open(self.board.link, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(terminal)
        ends = {terminal: cable.fileno(), cable.fileno(): terminal}
        with cable:
            while not self._is_over(*select.select([*ends, self._stop_r], [], [])[0], ends=ends):
                pass
        os.close(terminal)

    def _is_over(self, *ready: int, ends: dict[int, int]) -> bool:
        """Pass on what has come; tell whether nothing more will."""
        if self._stop_r in ready:
            return True
        for one in ready:
            piece = os.read(one, PIECE_BYTES)
            if not piece:
                return True
            os.write(ends[one], piece)
        return False
