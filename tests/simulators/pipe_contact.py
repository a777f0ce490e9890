"""A contact at the far end of a FIFO: neither GPIO nor input devices exist on a build machine."""

import os

from firmware_bridge.contacts.contact import Edge
from firmware_bridge.errors import PortLostError, PortMissingError


class PipeContact:
    """Reads D and U for down and up from a FIFO."""

    def __init__(self, place: str) -> None:
        try:
            self._fd = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
        except FileNotFoundError as error:
            raise PortMissingError(place, "no such device", "make it") from error
        self._place = place
        self.is_down = False

    def __enter__(self) -> "PipeContact":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def fileno(self) -> int:
        return self._fd

    def edges(self) -> list[Edge]:
        data = os.read(self._fd, 100)
        if not data:
            raise PortLostError(self._place, "it went away", "plug it in again")
        return [Edge(letter == ord("D"), 0.0) for letter in data]
