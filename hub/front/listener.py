"""Where the console takes what the front passes on (shell over socket).

A connection that is taken here calls itself after who asks, not after the front: whoever counts by addresses
counts theirs. The front's header comes with the first bytes, and the kernel hands over no connection without.
"""

import logging
import socket
from typing import Any, Final

from hub.front.proxy_header import HEADER_MAX_BYTES, NoHeaderError, parse_proxy_header

log = logging.getLogger(__name__)

FIRST_BYTES_S: Final = 5  # a connection without any is let go


class PassedOn(socket.socket):
    """A connection that the front has passed on."""

    peer: tuple[str, int] = ("", 0)

    def getpeername(self) -> Any:
        """Return address and port of who asks."""
        return self.peer


class FrontListener(socket.socket):
    """Listens for the front, on this machine alone."""

    def __init__(self, port: int) -> None:
        """Take the port. Raises OSError."""
        super().__init__(socket.AF_INET, socket.SOCK_STREAM)
        self.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, FIRST_BYTES_S)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as the console itself has it
        self.bind(("127.0.0.1", port))

    def accept(self) -> tuple[socket.socket, Any]:
        """Return the next connection and who asks. Raises ConnectionAbortedError: it is not the front's."""
        taken, _ = super().accept()
        passed = PassedOn(taken.family, taken.type, taken.proto, fileno=taken.detach())
        try:
            passed.setblocking(False)
            length, passed.peer = parse_proxy_header(passed.recv(HEADER_MAX_BYTES, socket.MSG_PEEK))
            passed.recv(length)
        except (OSError, NoHeaderError) as error:
            port = self.getsockname()[1]
            log.warning("port %d is the front's alone; a connection was let go (%s)", port, error)
            passed.close()
            raise ConnectionAbortedError("not the front's") from error
        return passed, passed.peer
