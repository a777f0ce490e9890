"""The socket of a call's page without a browser: it joins, and says that packets flow, or does not."""

import contextlib
import json
import secrets
import threading
from typing import Final

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from contract.ids import CallId

FLOWS_EVERY_S: Final = 0.5
AGAIN_S: Final = 0.3


class MediaPage:
    """Joins call `call_id` with the session `cookie`, again after each loss of the hub, until it is closed or
    told that the call is over. `flows`: whether it says that packets come both ways."""

    def __init__(self, port: int, call_id: CallId, cookie: str) -> None:
        self.flows = False
        self._address = f"ws://127.0.0.1:{port}/calls/{call_id}/media"
        self._headers = {"Origin": f"http://127.0.0.1:{port}", "Cookie": cookie}
        self._page = secrets.token_hex(8)
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"media of {call_id}")
        self._thread.start()

    def close(self) -> None:
        """The page goes."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._is_over.is_set():
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                self._talk()  # until the hub is away: the page comes again
            self._is_over.wait(AGAIN_S)

    def _talk(self) -> None:
        with connect(self._address, additional_headers=self._headers, open_timeout=10) as socket:
            join = {"type": "join", "page": self._page, "microphone": "on", "camera": "off"}
            socket.send(json.dumps(join))
            while not self._is_over.is_set():
                if self.flows:
                    socket.send(json.dumps({"type": "flow", "heard": True, "said": True}))
                try:
                    told = json.loads(socket.recv(timeout=FLOWS_EVERY_S))
                except TimeoutError:
                    continue
                if told["type"] == "ended":
                    self._is_over.set()
