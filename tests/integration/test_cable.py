"""The relay that stands for a station's cable, held to what its docstring says."""

import socket
import struct
import threading
from collections.abc import Iterator
from typing import Final

import pytest

from tests.simulators.cable import Cable

SILENCE_S: Final = 0.3  # long for loopback
ANSWER_S: Final = 30.0


@pytest.fixture
def echo_port() -> Iterator[int]:
    """A server that sends back what it gets."""
    server = socket.create_server(("127.0.0.1", 0))

    def echo(connection: socket.socket) -> None:
        with connection:
            while data := connection.recv(1000):
                connection.sendall(data)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=[connection], daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


def connect(cable: Cable) -> socket.socket:
    """Return a connection through the cable."""
    return socket.create_connection(("127.0.0.1", cable.port))


def answer(connection: socket.socket, limit_s: float = ANSWER_S) -> bytes | None:
    """Return one byte, or None when nothing comes."""
    connection.settimeout(limit_s)
    try:
        return connection.recv(1)
    except TimeoutError:
        return None


def test_a_pulled_cable_passes_nothing_and_a_replugged_one_what_tcp_still_held(echo_port: int) -> None:
    with Cable(echo_port) as cable, connect(cable) as old:
        old.sendall(b"a")
        assert answer(old) == b"a"
        cable.pull()
        with connect(cable) as new:
            old.sendall(b"b")
            new.sendall(b"c")
            assert answer(old, SILENCE_S) is None
            assert answer(new, SILENCE_S) is None
            cable.replug()
            assert (answer(old), answer(new)) == (b"b", b"c")


def test_what_an_end_forgot_with_its_connection_does_not_pass_when_the_cable_is_back(echo_port: int) -> None:
    with Cable(echo_port) as cable, connect(cable) as old:
        old.sendall(b"a")
        assert answer(old) == b"a"
        cable.pull()
        old.sendall(b"b")
        old.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        old.close()  # with a reset
        for _ in range(3):
            cable.pull()  # its loop has turned meanwhile and knows
        cable.replug()
        with connect(cable) as new:
            new.sendall(b"c")
            assert answer(new) == b"c"
        assert cable.up_bytes == 2


def test_dropped_flows_stay_silent_for_ever_and_new_ones_pass(echo_port: int) -> None:
    with Cable(echo_port) as cable, connect(cable) as old:
        old.sendall(b"a")
        assert answer(old) == b"a"
        cable.drop_flows()
        old.sendall(b"b")
        assert answer(old, SILENCE_S) is None
        with connect(cable) as new:
            new.sendall(b"c")
            assert answer(new) == b"c"
