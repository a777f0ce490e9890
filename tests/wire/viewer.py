"""A console page that watches a station, without the browser: a session, and the live view's socket."""

import http.client
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.village.village import OPERATOR, Village


@contextmanager
def watching(village: Village, *stations: str) -> Iterator[None]:
    """Keep a live view of each of these stations open and read what comes."""
    cookie, origin = _log_in(village), village.url.rstrip("/")
    sockets: list[ClientConnection] = []
    threads = []
    try:
        for station in stations:
            address = f"ws{origin.removeprefix('http')}/stations/{station}/live"
            sockets.append(connect(address, additional_headers={"Origin": origin, "Cookie": cookie}))
            threads.append(threading.Thread(target=_read, args=[sockets[-1]], name=f"view {station}"))
            threads[-1].start()
        yield
    finally:
        for socket in sockets:
            socket.close()
        for thread in threads:
            thread.join()


def _log_in(village: Village) -> str:
    address = urllib.parse.urlsplit(village.url)
    connection = http.client.HTTPConnection(address.netloc)
    form = urllib.parse.urlencode({"name": OPERATOR, "password": village.password})
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": village.url.rstrip("/"),
    }
    connection.request("POST", "/login", form, headers)
    cookie = connection.getresponse().headers["Set-Cookie"]
    connection.close()
    return str(cookie).partition(";")[0]


def _read(socket: ClientConnection) -> None:
    try:
        for _ in socket:
            pass
    except ConnectionClosed:
        return
