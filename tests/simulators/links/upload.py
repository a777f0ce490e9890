"""`python -m tests.simulators.links.upload HOST PORT CONTROL BEGINS_S ENDS_S`: somebody else's long upload.

TCP with that congestion control of the kernel's ("cubic", "reno", "bbr"), between two moments from now.
"""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

CHUNK: Final = bytes(65_536)
CLOSE_LIMIT_S: Final = 30.0


def main() -> None:
    """Send and end."""
    host, port, control, begins_s, ends_s = (
        sys.argv[1],
        int(sys.argv[2]),
        sys.argv[3],
        *map(float, sys.argv[4:]),
    )
    now_s = time.monotonic()
    time.sleep(begins_s)  # it begins then
    with socket.create_connection((host, port)) as out:
        out.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, control.encode())
        out.settimeout(max(0.1, now_s + ends_s - time.monotonic()))
        try:
            while time.monotonic() < now_s + ends_s:
                out.send(CHUNK)
        except TimeoutError:
            pass  # its time is over while the link is full


@contextmanager
def sink(address: str) -> Iterator[int]:
    """Take whatever is uploaded to `address`; gives the port."""
    server = socket.create_server((address, 0))

    def take_all() -> None:
        while True:
            try:
                flow, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=_take, args=[flow], daemon=True).start()

    taking = threading.Thread(target=take_all, name="sink", daemon=True)
    taking.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        taking.join(CLOSE_LIMIT_S)


def _take(flow: socket.socket) -> None:
    with flow:
        try:
            while flow.recv(len(CHUNK)):
                pass
        except OSError:
            return


if __name__ == "__main__":
    main()
