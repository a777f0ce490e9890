"""An operator without a browser: a session, an open event stream, and what he does over plain HTTP."""

import contextlib
import json
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from typing import Any, Final, Self
from urllib.parse import urlencode

from contract.ids import CallId

LIMIT_S: Final = 30.0
AGAIN_S: Final = 0.2
PROVES_EVERY_S: Final = 4.0
SHOWS_EVERY_S: Final = 0.5
Entry = dict[str, Any]


class Hand:
    """What an account does with a session that there is: a page's, or a seat's."""

    def __init__(self, port: int, name: str, cookie: str) -> None:
        self.name, self.cookie, self._port = name, cookie, port

    def do(self, call_id: CallId, word: str, *, revision: int | None = None, **form: str) -> tuple[int, Any]:
        """POST /calls/ID/WORD until a hub answers; return status and body. A deed that was done when the hub
        died is refused when it is done again, like that of a page."""
        seen = {} if revision is None else {"revision": str(revision)}
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            try:
                return self._post(f"/calls/{call_id}/{word}", {**seen, **form})
            except (OSError, HTTPException):
                if time.monotonic() > deadline_s:
                    raise
                time.sleep(AGAIN_S)  # between tries of a page

    def _post(self, path: str, form: Mapping[str, str], *, text: str | None = None) -> tuple[int, Any]:
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=LIMIT_S)) as connection:
            headers = {
                "Origin": f"http://127.0.0.1:{self._port}",
                "Cookie": self.cookie,
                "Accept": "application/json",
                "Content-Type": "application/x-www-form-urlencoded" if text is None else "application/json",
            }
            connection.request("POST", path, urlencode(form) if text is None else text, headers)
            response = connection.getresponse()
            data = response.read()
        is_json = response.headers.get_content_type() == "application/json"
        return response.status, json.loads(data) if is_json else None


class Seat(Hand):
    """A session of its own. `calls`: what the hub has told this page of open calls, by their names; `is_told`
    while its stream stands. It comes again after each loss of the hub, as a page does.
    """

    def __init__(self, port: int, name: str, password: str, *, is_ready: bool = False) -> None:
        super().__init__(port, name, log_in(port, name, password))
        self._is_ready = is_ready
        self.calls: dict[str, Entry] = {}
        self.is_told = False
        self._is_over = threading.Event()
        self._threads = [
            threading.Thread(target=self._listen, name=f"events of {name}"),
            threading.Thread(target=self._again_and_again, name=f"duty of {name}"),
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _listen(self) -> None:
        while not self._is_over.is_set():
            try:
                with closing(HTTPConnection("127.0.0.1", self._port, timeout=5.0)) as connection:
                    connection.request("GET", "/events", headers={"Cookie": self.cookie})
                    self._hear(connection)
            except (OSError, HTTPException, ValueError):
                pass  # the hub is away: the page asks again
            self.is_told = False
            self._is_over.wait(AGAIN_S)

    def _hear(self, connection: HTTPConnection) -> None:
        response, event = connection.getresponse(), ""
        while not self._is_over.is_set():
            line = response.readline()
            if not line:
                return
            if line.startswith(b"event:"):
                event = line[6:].strip().decode()
            elif line.startswith(b"data:") and event == "state":
                self._take(json.loads(line[5:]))

    def _take(self, state: Entry) -> None:
        if state["is_whole"]:
            self.calls = {}
        calls = {**self.calls, **{one["id"]: one for one in state["calls"]}}
        self.calls = {call_id: one for call_id, one in calls.items() if call_id not in state["gone"]}
        self.is_told = True

    def _again_and_again(self) -> None:
        proved_s = float("-inf")
        while not self._is_over.wait(SHOWS_EVERY_S):
            with contextlib.suppress(OSError, HTTPException):  # the hub is away
                if self._is_ready and time.monotonic() - proved_s > PROVES_EVERY_S:
                    self._prove()
                    proved_s = time.monotonic()
                self._show()

    def _prove(self) -> None:
        proof = {"console": self.name, "sound": True, "microphone": True, "clock_offset_ms": 0.0}
        self._post("/duty", {}, text=json.dumps(proof))

    def _show(self) -> None:
        """Say that it shows the calls that ring here, and sounds if it may."""
        calls = [call_id for call_id, one in self.calls.items() if one["rings"]]
        if calls:
            said = {"console": self.name, "is_heard": self._is_ready, "calls": calls[:50]}
            self._post("/ringing", {}, text=json.dumps(said))


def log_in(port: int, name: str, password: str) -> str:
    """Return the cookie of a new session."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)) as connection:
        headers = {
            "Origin": f"http://127.0.0.1:{port}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection.request("POST", "/login", urlencode({"name": name, "password": password}), headers)
        response = connection.getresponse()
        response.read()
        assert response.status == 303, f"{name} could not log in: {response.status}"
        return str(response.headers["Set-Cookie"]).split(";", 1)[0]
