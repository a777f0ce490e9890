"""An operator at the console while the fleet runs: asks for page after page, with a stream of events open."""

import http.client
import random
import ssl
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlencode

from tests.fleet.stage import OPERATOR

ASK_EVERY_S: Final = 1.0
LIMIT_S: Final = 60.0


class Operator:
    """Signed in from the start. As a context: asks for a page a second, in turn, and holds `/events` open."""

    def __init__(self, port: int, ca: Path, password: str, *, paths: Sequence[str]) -> None:
        self._port, self._paths = port, paths
        self._tls = ssl.create_default_context(cafile=str(ca))
        self._cookie = self._log_in(password)
        self._rng = random.Random(1)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=work) for work in (self._ask_for_ever, self._listen)]
        self.times_ms: list[tuple[float, str, float]] = []  # when (CLOCK_BOOTTIME, s), path, how long
        self.events = 0
        self.faults: list[str] = []

    def __enter__(self) -> Self:
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for one in self._threads:
            one.join()

    def _log_in(self, password: str) -> str:
        connection = self._connection()
        form = urlencode({"name": OPERATOR, "password": password})
        headers = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"https://127.0.0.1:{self._port}",
        }
        connection.request("POST", "/login", form, headers)
        answer = connection.getresponse()
        assert answer.status == 303, f"logging in: {answer.status} {answer.read()[:200]!r}"
        return (answer.headers["Set-Cookie"] or "").split(";")[0]

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("127.0.0.1", self._port, timeout=LIMIT_S, context=self._tls)

    def _ask_for_ever(self) -> None:
        connection, turn = self._connection(), 0
        while not self._over.wait(ASK_EVERY_S):
            path, turn = self._paths[turn % len(self._paths)], turn + 1
            began_s = time.clock_gettime(time.CLOCK_BOOTTIME)
            try:
                connection.request("GET", path, headers={"Cookie": self._cookie})
                answer = connection.getresponse()
                answer.read()
                if answer.status != http.client.OK:
                    self.faults.append(f"{path}: {answer.status}")
            except OSError as error:
                self.faults.append(f"{path}: {error}")
                connection.close()
            now_s = time.clock_gettime(time.CLOCK_BOOTTIME)
            self.times_ms.append((now_s, path, (now_s - began_s) * 1e3))
        connection.close()

    def _listen(self) -> None:
        connection = self._connection()
        connection.request("GET", "/events", headers={"Cookie": self._cookie})
        answer = connection.getresponse()
        while not self._over.is_set() and answer.readline():
            self.events += 1
        connection.close()
