"""A page's side of a call's socket, in words: what the hub must answer to."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from contract.ids import CallId
from tests.simulators.console_server import LIMIT_S, ConsoleServer

PAGE: Final = "a" * 16


class Line:
    """A page's socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.socket = connection

    def say(self, type_: str, **fields: Any) -> None:
        """Send one message."""
        self.socket.send(json.dumps({"type": type_, **fields}))

    def join(self, page: str = PAGE, **fields: Any) -> None:
        """Say that this page is there, with a microphone and no camera."""
        self.say("join", page=page, microphone="on", camera="off", **fields)

    def hear(self, type_: str, **fields: Any) -> dict[str, Any]:
        """Return the next message of that type with those fields; what comes between is passed over."""
        while True:
            message = json.loads(self.socket.recv(timeout=LIMIT_S))
            if message["type"] == type_ and fields.items() <= message.items():
                assert isinstance(message, dict)
                return message

    def is_closed(self) -> bool:
        """Read to the end; the hub closes. Raises TimeoutError."""
        with pytest.raises(ConnectionClosed):
            while True:
                self.socket.recv(timeout=LIMIT_S)
        return True


@contextmanager
def page_of(server: ConsoleServer, call: CallId, cookie: str, *, origin: str | None = None) -> Iterator[Line]:
    """Open a call's socket with a session's cookie, from a page of the hub's or of `origin`."""
    headers = {"Origin": origin or server.url, "Cookie": cookie}
    address = f"ws://127.0.0.1:{server.port}/calls/{call}/media"
    with connect(address, additional_headers=headers) as connection:
        yield Line(connection)
