"""The addresses of the hub, where one of them swallows all that is sent there."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from edge.hub_way import HubWay
from edge.uplink.door_service import first_open
from tests.broker import free_port
from tests.integration.edge.loops import in_a_loop

SILENT, GOOD = "127.0.0.2", "127.0.0.1"


@pytest.fixture
def port() -> Iterator[int]:
    """A port that answers at GOOD; at SILENT the queue of who wants to connect is full, and nobody comes."""
    number = free_port()
    with ExitStack() as stack:
        stack.enter_context(socket.create_server((GOOD, number)))
        stack.enter_context(socket.create_server((SILENT, number), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex((SILENT, number))
        yield number


def test_an_address_that_says_nothing_is_the_last_to_be_tried_again(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = HubWay("hub.example", tmp_path / "kept")
    monkeypatch.setattr(way, "_resolve", lambda _limit_s: [SILENT, GOOD])
    assert way.addresses() == [SILENT, GOOD]
    way.connect(port, timeout_s=0.2).close()
    way.keep(GOOD)
    assert way.addresses() == [GOOD, SILENT]


@in_a_loop
async def test_a_port_opens_although_the_first_address_says_nothing(port: int) -> None:
    closed = free_port()
    assert await first_open([SILENT, GOOD], (closed, port)) == port
