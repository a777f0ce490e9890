"""The simulated board at the end of QEMU's serial adapter."""

import os
import select
import socket
import threading
import tty
from pathlib import Path
from typing import Final, Self

from tests.simulators.board import BoardSim

PIECE_BYTES: Final = 4096


class BoardOnUsb:
    """A board whose cable is a socket of QEMU: while this runs it can be plugged in. Use as a context."""

    def __init__(self, folder: Path, socket_path: Path, recording: str) -> None:
        self.board = BoardSim(folder / "board", recording)
        self._path = socket_path
        self._stop_r, self._stop_w = os.pipe()
        self._thread = threading.Thread(target=self._carry, name="cable", daemon=True)

    def __enter__(self) -> Self:
        self.board.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        os.write(self._stop_w, b"x")
        self._thread.join()
        self.board.__exit__()
        os.close(self._stop_r)
        os.close(self._stop_w)

    def _carry(self) -> None:
        terminal = os.open(self.board.link, os.O_RDWR | os.O_NOCTTY)
        tty.setraw(terminal)
        with socket.socket(socket.AF_UNIX) as cable:
            cable.connect(str(self._path))
            ends = {terminal: cable.fileno(), cable.fileno(): terminal}
            while True:
                ready, _, _ = select.select([*ends, self._stop_r], [], [])
                if self._stop_r in ready:
                    break
                for one in ready:
                    piece = os.read(one, PIECE_BYTES)
                    if not piece:
                        break
                    os.write(ends[one], piece)
        os.close(terminal)
