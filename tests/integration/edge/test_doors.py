"""A box finds the port by which its hub is reached, keeps it over a restart, and goes back when it can."""

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.config import BoxConfig
from edge.hub_way import KEPT_NAME, HubWay
from edge.uplink import door_service, doors, tls
from edge.uplink.door_service import FILE_NAME, Door, first_open
from tests.broker import Broker, free_port
from tests.integration.edge.loops import in_a_loop
from tests.integration.edge.uplinks import LIMIT_S, box_config, running
from tests.running_hub import HubThread, hub_config
from tests.simulators.cable import Cable

STATION = "con-dao-01"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with Broker(tmp_path_factory.mktemp("hub"), stations=[STATION]) as broker, HubThread(hub_config(broker)):
        yield broker


@pytest.fixture
def config(broker: Broker, tmp_path: Path) -> BoxConfig:
    """A box whose ordinary port nobody answers; the broker stands at the other."""
    settings = box_config(tmp_path, broker.boxes[STATION], port=free_port())
    return replace(settings, front_port=broker.port)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks at the ordinary port soon and often."""
    monkeypatch.setattr(doors, "LOOK_FIRST_S", 0.2)
    monkeypatch.setattr(doors, "LOOK_MAX_S", 0.2)
    monkeypatch.setattr(door_service, "BUSY_S", 0.05)


class Visitors:
    """What comes to a port at which nobody says anything."""

    def __init__(self) -> None:
        self.count = 0

    @asynccontextmanager
    async def at(self, port: int) -> AsyncIterator[None]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.count += 1
            await reader.read()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", port):
            yield


@in_a_loop
async def test_a_box_whose_ordinary_port_is_closed_comes_by_the_front_and_keeps_that(
    config: BoxConfig,
) -> None:
    async with running(config) as box:
        await box.until(lambda: box.is_connected)
        assert box.uplink.link.port == config.front_port
        await box.until((config.data_dir / FILE_NAME).exists)
    assert (config.data_dir / FILE_NAME).read_text() == str(config.front_port)
    nobody = Visitors()
    async with nobody.at(config.hub_port), running(config) as box:
        await box.until(lambda: box.is_connected)
        assert box.uplink.link.reconnects == 0
    assert nobody.count == 0  # the one that worked last was tried first


@in_a_loop
async def test_it_comes_by_the_front_when_no_name_server_answers_too(
    config: BoxConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(config) as box:
        await box.until(lambda: box.is_connected)
        await box.until((config.data_dir / KEPT_NAME).exists)
    (config.data_dir / FILE_NAME).unlink(missing_ok=True)  # it is in doubt between the two ports
    asked = socket.getaddrinfo

    def none_answers(host: object, *rest: Any, **named: Any) -> Any:
        if host == config.hub_host:
            raise socket.gaierror(socket.EAI_AGAIN, "no name server answers")
        return asked(host, *rest, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", none_answers)
    async with running(config) as box:
        await box.until(lambda: box.is_connected)
        assert box.uplink.link.port == config.front_port
        assert box.uplink.link.reconnects == 0


@in_a_loop
async def test_a_connection_that_comes_after_the_box_has_ended_is_closed(
    config: BoxConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = HubWay(config.hub_host, config.data_dir / KEPT_NAME)
    ours, theirs = socket.socketpair()
    is_asked, may_come = threading.Event(), threading.Event()

    def connect(port: int, *, timeout_s: float | None) -> socket.socket:
        del port, timeout_s
        is_asked.set()
        assert may_come.wait(LIMIT_S)
        return ours

    monkeypatch.setattr(way, "connect", connect)
    looking = asyncio.create_task(Door(config, way, now_s=time.monotonic)._leads_to_hub())
    assert await asyncio.to_thread(is_asked.wait, LIMIT_S)
    looking.cancel()
    with suppress(asyncio.CancelledError):
        await looking
    may_come.set()
    with theirs:
        assert await asyncio.to_thread(theirs.recv, 1) == b"", "it is closed"


@in_a_loop
async def test_without_a_front_it_would_not_come(config: BoxConfig) -> None:
    async with running(replace(config, front_port=None)) as box:
        await box.until(lambda: box.uplink.link.reconnects > 1)
        assert not box.is_connected


@in_a_loop
async def test_a_network_that_answers_for_everybody_and_lets_nothing_pass_is_seen_through(
    config: BoxConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE_TIMEOUT_S", 0.3)
    wall = Visitors()
    async with wall.at(config.hub_port), running(config) as box:
        await box.until(lambda: box.is_connected)
        assert box.uplink.link.port == config.front_port
    assert wall.count >= 1


@in_a_loop
async def test_it_goes_back_when_the_ordinary_port_leads_to_the_hub_again(
    config: BoxConfig, broker: Broker, quick: None
) -> None:
    async with running(config) as box:
        await box.until(lambda: box.is_connected)
        assert box.uplink.link.port == config.front_port
        with Cable(broker.port, port=config.hub_port):
            await box.until(lambda: box.is_connected and box.uplink.link.port == config.hub_port)
            await box.until(lambda: (config.data_dir / FILE_NAME).read_text() == str(config.hub_port))


@in_a_loop
async def test_it_does_not_go_back_in_a_call(config: BoxConfig, broker: Broker, quick: None) -> None:
    async with running(config) as box:
        box.open_call = 7
        await box.until(lambda: box.is_connected)
        with Cable(broker.port, port=config.hub_port) as cable:
            before = box.asked_for_call
            await box.until(lambda: box.asked_for_call >= before + 5)  # it wants to go back, again and again
            assert cable.up_bytes == 0
            assert box.uplink.link.port == config.front_port
            box.open_call = None
            await box.until(lambda: box.is_connected and box.uplink.link.port == config.hub_port)


@in_a_loop
async def test_it_does_not_go_to_a_port_that_opens_and_is_not_the_hub(config: BoxConfig, quick: None) -> None:
    async with running(config) as box:
        await box.until(lambda: box.is_connected)
        nobody = Visitors()
        async with nobody.at(config.hub_port):
            await box.until(lambda: nobody.count > 0)
            assert box.uplink.link.port == config.front_port
        assert box.uplink.link.reconnects == 0


@in_a_loop
async def test_the_first_of_two_ports_has_a_head_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        first, second = (server.getsockname()[1] for server in (one, other))
        for _ in range(5):
            assert await first_open(["127.0.0.1"], (first, second)) == first
        one.close()
        assert await first_open(["127.0.0.1"], (first, second)) == second
        other.close()
        assert await first_open(["127.0.0.1"], (first, second)) is None
