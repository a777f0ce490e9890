"""The other end of a service's notifications: a datagram socket as systemd's, and what came."""

import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Self

LIMIT_S = 60.0  # a service starts, on a loaded machine


class Listening:
    """Use as a context. `said` has every assignment in the order in which it came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.said: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self.path))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def names(self) -> list[str]:
        """Return the names of what was said so far."""
        self._hear()
        return [name for name, _ in self.said]

    def values(self, name: str) -> list[str]:
        """Return all that was said of one name."""
        self._hear()
        return [value for known, value in self.said if known == name]

    def _hear(self) -> None:
        while True:
            try:
                data = self._socket.recv(4_096)
            except BlockingIOError:
                return
            lines = [line.partition("=") for line in data.decode().splitlines()]
            self.said += [(name, value) for name, _, value in lines]


async def until(is_so: Callable[[], object]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - a datagram of another process announces nothing
            await asyncio.sleep(0.01)
