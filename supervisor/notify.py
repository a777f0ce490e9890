"""Datagrams to whoever supervises this process (shell): ready, alive, how it is, takes longer.

Silent where nobody asked for them (`./run demo`, tests, a terminal).
Source: sd_notify(3), sd_watchdog_enabled(3).
"""

import logging
import socket
from collections.abc import MutableMapping
from typing import Final

log = logging.getLogger(__name__)

STATUS_MAX: Final = 200  # characters; `systemctl status` shows one line


class Supervisor:
    """`address`: the socket as NOTIFY_SOCKET names it ("@…": abstract), None: nobody listens."""

    def __init__(self, address: str | None = None, *, watchdog_s: float | None = None) -> None:
        self._address = address
        self.watchdog_s = watchdog_s  # it ends a process that was not alive for so long; None: it does not
        self._status = ""

    @classmethod
    def found_in(cls, environment: MutableMapping[str, str], *, pid: int) -> "Supervisor":
        """Return what the environment of process `pid` says; taken out of it, for children are not asked."""
        address = environment.pop("NOTIFY_SOCKET", None)
        limit_us, whose = environment.pop("WATCHDOG_USEC", ""), environment.pop("WATCHDOG_PID", str(pid))
        is_watched = limit_us.isdecimal() and whose == str(pid)
        return cls(address, watchdog_s=int(limit_us) / 1e6 if is_watched else None)

    def say_ready(self, status: str) -> bool:
        """The service works; True: that was said, or nobody listens. Else say it again."""
        self._status = status
        return self._send(f"READY=1\nSTATUS={_line(status)}")

    def say_alive(self) -> None:
        """Something was done since the last time."""
        if self.watchdog_s is not None:
            self._send("WATCHDOG=1")

    def say_status(self, status: str) -> None:
        """Say in words how the service is, when it is news."""
        if status != self._status:
            self._status = status
            self._send(f"STATUS={_line(status)}")

    def ask_for_time(self, more_s: float) -> None:
        """The start may take so much longer from now on."""
        self._send(f"EXTEND_TIMEOUT_USEC={round(more_s * 1e6)}")

    def say_stopping(self) -> None:
        """The service ends, and has something to put away."""
        self._send("STOPPING=1")

    def _send(self, text: str) -> bool:
        if not self._address:
            return True
        name = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.setblocking(False)  # a supervisor that does not read must not stop us
                line.sendto(text.encode(), name)
        except OSError as error:
            log.warning("%s: the supervisor was not told %r: %s", self._address, text[:40], error)
            return False
        return True


def _line(text: str) -> str:
    return " ".join(text.split())[:STATUS_MAX]
