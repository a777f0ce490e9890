"""The firmware's process, its cable, and whoever presses, clips and pulls: the CPython side."""

import os
import pty
import subprocess
import threading
import time
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple, Self

from firmware_bridge.board.messages import OutputId, OutputPattern
from tests.simulators.firmware.micropython import HOUSE, micropython

DEFAULT_UID: Final = bytes.fromhex("48 44 00 00 00 00 00 02")
LIMIT_S: Final = 30.0
PROGRAM: Final = HOUSE / "tests" / "simulators" / "firmware" / "unix_board.py"


class Lamp(NamedTuple):
    """What an output does. `by`: "host", "board" or "nobody"."""

    pattern: OutputPattern
    level: int
    by: str


class FirmwareBoard:
    """The real firmware under MicroPython. `link` is a symbolic link to the terminal of the moment."""

    def __init__(self, link: Path, *, uid: bytes = DEFAULT_UID) -> None:
        self.link = link
        self.uid = uid
        self.boots: list[int] = []
        self.lamps: dict[OutputId, Lamp] = {}
        self.is_in_bootloader = False
        self._answers: list[tuple[str, str]] = []  # "did" or "cannot", and what
        self._changed = threading.Condition()
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._fds: list[int] = []
        self._control_fd = -1

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    # What people and accidents do

    def press(self) -> None:
        """Push the call button."""
        self.do("loop down")

    def release(self) -> None:
        """Let the call button go."""
        self.do("loop up")

    def reset(self, cause: str = "watchdog") -> None:
        """Start the board again; `watchdog`, `software` and `fault` leave the memory of the ring."""
        boots = len(self.boots)
        self.do(f"reset {cause}")
        self.wait(lambda: len(self.boots) > boots)

    def do(self, line: str) -> None:
        """Say one line to the board's world and wait until it is done. Raises ValueError: no such word."""
        os.write(self._control_fd, f"{line}\n".encode())
        self.wait(lambda: self._answers)
        answer, what = self._answers.pop()
        if answer == "cannot":
            raise ValueError(f"the board cannot {what!r}")

    def unplug(self) -> None:
        """Pull the cable, and with it the power."""
        if self._process is None or self._reader is None:
            return
        self.link.unlink(missing_ok=True)
        self._process.kill()
        self._process.wait(LIMIT_S)
        self._reader.join(LIMIT_S)
        if self._process.stdout:
            self._process.stdout.close()
        for fd in [*self._fds, self._control_fd]:
            os.close(fd)
        self._process = self._reader = None

    def plug(self) -> None:
        """Put the cable in: power, and a terminal of its own behind the same name."""
        line_fd, host_fd = pty.openpty()
        control_read_fd, self._control_fd = os.pipe()
        tty.setraw(host_fd)
        for fd in (line_fd, control_read_fd):
            os.set_blocking(fd, False)
        boots = len(self.boots)
        command = [str(micropython()), str(PROGRAM), str(HOUSE)]
        command += [str(line_fd), str(control_read_fd), self.uid.hex()]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, pass_fds=(line_fd, control_read_fd)
        )
        os.close(control_read_fd)
        self._fds = [line_fd, host_fd]  # held: a host may come and go
        self._reader = threading.Thread(target=self._listen, args=(self._process,), name="firmware")
        self._reader.start()
        staged = self.link.with_name(f".{self.link.name}.{host_fd}")
        staged.symlink_to(os.ttyname(host_fd))
        staged.replace(self.link)
        self.wait(lambda: len(self.boots) > boots)

    # What can be seen

    @property
    def boot_id(self) -> int:
        """The present boot."""
        return self.boots[-1]

    @property
    def pid(self) -> int:
        """The firmware's process."""
        assert self._process is not None
        return self._process.pid

    def wait(self, seen: Callable[[], object], limit_s: float = LIMIT_S) -> None:
        """Wait until the board has said something after which `seen`. Raises TimeoutError, RuntimeError: it
        died.
        """
        deadline_s = time.monotonic() + limit_s
        with self._changed:
            while not seen():
                is_dead = self._process is not None and self._process.poll() is not None
                if (
                    is_dead and self._reader is not None and not self._reader.is_alive()
                ):  # its last word is heard
                    assert self._process is not None
                    raise RuntimeError(f"the firmware ended with {self._process.returncode}")
                is_told = self._changed.wait(min(1.0, deadline_s - time.monotonic()))
                if not is_told and time.monotonic() >= deadline_s:
                    raise TimeoutError(f"lamps {self.lamps}, boots {self.boots}")

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            verb, _, rest = line.strip().partition(" ")
            with self._changed:
                match verb:
                    case "boot":
                        self.boots.append(int(rest))
                        self.lamps = {}
                    case "lamp":
                        output, pattern, level, by = rest.split()
                        lamp = Lamp(OutputPattern(int(pattern)), int(level), by)
                        self.lamps[OutputId(int(output))] = lamp
                    case "bootloader":
                        self.is_in_bootloader = True
                    case "did" | "cannot":
                        self._answers.append((verb, rest))
                self._changed.notify_all()
