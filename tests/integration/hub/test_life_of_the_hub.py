"""What `hub serve` tells its supervisor: a real datagram socket, a real store, the process as it is."""

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.hub_service import open_hub
from hub.life_service import LifeSigns
from hub.pki.authority import Authority
from hub.store.interface import Store
from hub.store.sqlite import SqliteStore
from supervisor.notify import Supervisor
from tests.broker import Broker
from tests.integration.edge.loops import in_a_loop
from tests.running_hub import hub_config
from tests.supervised import Listening, until

ROOT = Path(__file__).parents[3]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path / "hub", stations=["con-dao-01"]) as broker:
        SqliteStore(hub_config(broker).store_folder, is_writer=True).close()
        yield broker


@in_a_loop
async def in_a_process(broker: Broker, listening: Listening) -> None:
    config = hub_config(broker)
    environment = {**os.environ, "NOTIFY_SOCKET": str(listening.path), "WATCHDOG_USEC": "60000000"}
    command = [sys.executable, "-m", "hub", "serve", "--config", str(config.path)]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=ROOT, env=environment, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        await until(lambda: "READY" in listening.names())
        with socket.create_connection(("127.0.0.1", config.console.port)):
            pass  # people are let in
        await until(lambda: "WATCHDOG" in listening.names())
        await until(lambda: listening.values("STATUS")[-1] == "the broker has us; records are stored")
    finally:
        process.terminate()
        await process.wait()
    assert listening.names()[-1] == "STOPPING"


def test_it_is_ready_when_the_store_answers_and_people_are_let_in(broker: Broker, tmp_path: Path) -> None:
    with Listening(tmp_path / "notify") as listening:
        in_a_process(broker, listening)


def test_a_store_that_hangs_ends_the_signs_of_life(broker: Broker, tmp_path: Path) -> None:
    config = hub_config(broker)

    @in_a_loop
    async def scenario() -> None:
        hangs, goes_on = threading.Event(), threading.Event()

        def hang(_store: Store) -> None:
            hangs.set()
            goes_on.wait()

        with Listening(tmp_path / "notify") as listening:
            async with open_hub(config, Authority(config.pki_folder)) as (hub, _, ingest):
                life = LifeSigns(Supervisor(str(listening.path), watchdog_s=60.0), hub, ingest)
                running = asyncio.create_task(life.run(is_open=lambda: True, every_s=0.0))
                await until(lambda: listening.names().count("WATCHDOG") > 2)
                hanging = asyncio.ensure_future(hub.run_write(hang))
                try:
                    await until(hangs.is_set)
                    listening.names()
                    listening.said.clear()
                    for _ in range(200):  # the loop and the other thread go on
                        await hub.run_read(lambda store: store.epoch)
                    assert listening.names().count("WATCHDOG") <= 1, "the look that was under way"
                finally:
                    goes_on.set()
                await hanging
                await until(lambda: listening.names().count("WATCHDOG") > 2)
                ingest._has_work.set()  # something waits, and no turn is taken: nobody runs ingest here
                await until(lambda: life._had_work)
                for _ in range(3):
                    await hub.run_write(lambda store: store.epoch)
                listening.names()
                listening.said.clear()
                for _ in range(200):
                    await hub.run_read(lambda store: store.epoch)
                assert "WATCHDOG" not in listening.names()
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)

    scenario()


@in_a_loop
async def closed(broker: Broker, listening: Listening) -> None:
    config = hub_config(broker)
    async with open_hub(config, Authority(config.pki_folder)) as (hub, _, ingest):
        life = LifeSigns(Supervisor(str(listening.path), watchdog_s=60.0), hub, ingest)
        is_open, looks = False, 0

        def look() -> bool:
            nonlocal looks
            looks += 1
            return is_open

        running = asyncio.create_task(life.run(is_open=look, every_s=0.0))
        await until(lambda: looks > 2)
        assert listening.names() == []
        is_open = True
        await until(lambda: "READY" in listening.names())
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_it_is_not_ready_before_the_console_lets_people_in(broker: Broker, tmp_path: Path) -> None:
    with Listening(tmp_path / "notify") as listening:
        closed(broker, listening)
