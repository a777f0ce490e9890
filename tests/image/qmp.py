"""QEMU's own protocol: a machine's hardware is changed, and what happens to it is heard.

Source: QEMU, "QEMU Machine Protocol Specification".
"""

import json
import socket
import time
from typing import Any, Final

ANSWER_LIMIT_S: Final = 60.0


class Qmp:
    """The end of a connection to a machine."""

    def __init__(self, line: socket.socket) -> None:
        self._line, self._heard = line, b""
        self._events: list[str] = []
        self._next(time.monotonic() + ANSWER_LIMIT_S)  # the greeting
        self.do("qmp_capabilities")

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def do(self, command: str, **arguments: Any) -> Any:
        """Have QEMU do something. Raises RuntimeError: it refused; TimeoutError: it says nothing."""
        self._line.sendall(json.dumps({"execute": command, "arguments": arguments}).encode() + b"\n")
        deadline_s = time.monotonic() + ANSWER_LIMIT_S
        while True:
            said = self._next(deadline_s)
            if "error" in said:
                raise RuntimeError(f"{command}: {said['error']['desc']}")
            if "return" in said:
                return said["return"]

    def forget(self) -> None:
        """What has happened so far is not waited for."""
        self._events.clear()

    def wait_for(self, event: str, *, limit_s: float) -> None:
        """Return when something has happened since `forget`. Raises TimeoutError: it has not."""
        deadline_s = time.monotonic() + limit_s
        while event not in self._events:
            self._next(deadline_s)

    def _next(self, deadline_s: float) -> dict[str, Any]:
        while b"\n" not in self._heard:
            self._line.settimeout(max(0.001, deadline_s - time.monotonic()))
            piece = self._line.recv(65536)
            if not piece:
                raise RuntimeError("QEMU has gone")
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        said: dict[str, Any] = json.loads(line)
        if "event" in said:
            self._events.append(said["event"])
        return said
