"""A hub for tests: in a thread, where its rooms can be looked at, or as the process that it is outside."""

import asyncio
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from hub.config import Config, read_config
from hub.hub import Hub
from hub.hub_service import open_hub
from hub.ingest.committed import Committed, SignalHeard
from hub.pki.authority import Authority
from hub.store.interface import Store
from hub.store.sqlite import SqliteStore
from tests.broker import Broker, free_port

START_LIMIT_S = 30.0
T = TypeVar("T")


def hub_config(broker: Broker) -> Config:
    """Write and read the configuration of a hub beside `broker`, its store in the broker's folder."""
    path = broker.folder / "hub.toml"
    path.write_text(
        f"[broker]\nport = {broker.port}\n[console]\nport = {free_port()}\nhttps = false\n", encoding="utf-8"
    )
    return read_config(path)


def read_store(config: Config) -> SqliteStore:
    """Return the hub's store, opened for reading beside it; close it."""
    return SqliteStore(config.store_folder, is_writer=False)


class HubThread:
    """Ingest, store and broker connection in a thread. `committed`, `signals`: what rooms were told."""

    def __init__(self, config: Config, *, prepare: Callable[[Hub], None] | None = None) -> None:
        self.committed: queue.Queue[Committed] = queue.Queue()
        self.signals: queue.Queue[SignalHeard] = queue.Queue()
        self._config, self._prepare = config, prepare
        self._hub: Hub | None = None
        self._is_open, self._stop = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="hub")

    @property
    def hub(self) -> Hub:
        """The rooms."""
        assert self._hub is not None
        return self._hub

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._is_open.wait(START_LIMIT_S)
        self.wait_until(lambda hub: hub.broker_link().is_connected)
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(START_LIMIT_S)
        assert not self._thread.is_alive()

    def do(self, work: Callable[[Hub], T]) -> T:
        """Call `work` in the hub's loop; return what it returns."""

        async def run() -> T:
            return work(self.hub)

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(START_LIMIT_S)

    def wait_for(self, work: Callable[[Hub], Coroutine[Any, Any, T]]) -> T:
        """Run the coroutine that `work` makes in the hub's loop; return what it returns."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(work(self.hub), self._loop).result(START_LIMIT_S)

    def read(self, work: Callable[[Store], T]) -> T:
        """Call `work` with the store on its reading thread; return what it returns."""

        async def run() -> T:
            return await self.hub.run_read(work)

        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(START_LIMIT_S)

    def wait_until(self, is_so: Callable[[Hub], bool]) -> None:
        """Return as soon as `is_so`, which is asked again and again; for what nothing announces."""
        deadline_s = time.monotonic() + START_LIMIT_S
        while not is_so(self.hub):
            assert time.monotonic() < deadline_s, "it never was so"
            time.sleep(0.005)

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with open_hub(self._config, Authority(self._config.pki_folder)) as (hub, broker, ingest):
            self._hub = hub
            hub.on_committed(self._on_committed)
            hub.on_signal(self.signals.put)
            if self._prepare is not None:
                self._prepare(hub)
            running = [asyncio.create_task(ingest.run()), asyncio.create_task(broker.run())]
            self._is_open.set()
            stop = asyncio.create_task(self._stop.wait())
            await asyncio.wait([*running, stop], return_when=asyncio.FIRST_COMPLETED)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)

    def _on_committed(self, committed: Sequence[Committed]) -> None:
        for one in committed:
            self.committed.put(one)


class HubProcess:
    """`hub ingest` as a process, its log in a file."""

    def __init__(self, config: Config) -> None:
        self._config, self.log = config, config.path.with_name("hub.log")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it; that it is ready shows in a receipt."""
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "hub", "ingest", "--config", str(self._config.path)]
            self._process = subprocess.Popen(command, stderr=log, cwd=Path(__file__).parents[1])

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=START_LIMIT_S)
