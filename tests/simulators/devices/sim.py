"""An instrument's cable: a pseudo-terminal, and the thread that drives the simulated device. A thin shell."""

import contextlib
import os
import pty
import select
import threading
import time
import tty
from pathlib import Path
from typing import Final, Self

from tests.simulators.devices.device import SimulatedDevice

TICK_S: Final = 0.02
READ_MAX_BYTES: Final = 4096


class DeviceSim:
    """`device` behind `link`, a symbolic link to the terminal of the moment: gone while unplugged.

    `clump_s`: bytes leave in clumps so far apart, as USB adapters do it.
    """

    def __init__(self, link: Path, device: SimulatedDevice, *, clump_s: float = TICK_S) -> None:
        self.link, self.device = link, device
        self._clump_s = clump_s
        self._lock = threading.Lock()  # device and terminal belong to whoever holds it
        self._is_on = True
        self._fds: tuple[int, int] | None = None  # device end, host end (held so that a host may come and go)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"device {link.name}", daemon=True)

    def __enter__(self) -> Self:
        self.plug()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.unplug()

    def plug(self) -> None:
        """Plug the adapter in: the port is there."""
        with self._lock:
            if self._fds is not None:
                return
            self._fds = pty.openpty()
            for fd in self._fds:
                tty.setraw(fd)
            os.set_blocking(self._fds[0], False)
            self.link.unlink(missing_ok=True)
            self.link.symlink_to(os.ttyname(self._fds[1]))

    def unplug(self) -> None:
        """Pull the adapter: the port is gone, whoever has it open is hung up."""
        with self._lock:
            if self._fds is None:
                return
            self.link.unlink(missing_ok=True)
            for fd in self._fds:
                os.close(fd)
            self._fds = None

    def switch(self, *, is_on: bool) -> None:
        """Switch the instrument off or on; the adapter stays."""
        with self._lock:
            self._is_on = is_on

    def inject(self, data: bytes) -> None:
        """Put bytes on the line between two frames."""
        with self._lock:
            self._write(data)

    @property
    def is_plugged(self) -> bool:
        """Whether the port is there."""
        return self._fds is not None

    def _run(self) -> None:
        while not self._stop.wait(self._clump_s):
            with self._lock:
                frames = self.device.advance(now_s=time.monotonic())
                if self._fds is None or not self._is_on:
                    continue
                for answer in self._heard(self._fds[0]):
                    frames = [answer, *frames]
                self._write(b"".join(frames))

    def _heard(self, fd: int) -> list[bytes]:
        if not select.select([fd], [], [], 0)[0]:
            return []
        try:
            return self.device.hear(os.read(fd, READ_MAX_BYTES))
        except OSError:
            return []

    def _write(self, data: bytes) -> None:
        if self._fds is None or not data:
            return
        with contextlib.suppress(BlockingIOError):  # nobody reads: an instrument does not wait
            os.write(self._fds[0], data)
