"""A station's cable to its hub: a TCP relay that can be pulled, replugged, or lose flows without a word.

While it is pulled nothing passes and nothing is refused: connections stay as they are, new ones get no
answer, as with a real cable. Replugged, what TCP still holds goes on; what an end forgot, because it gave the
connection up with a reset, does not. `drop_flows` is what middleboxes do: the flows of now are dead for ever,
without a FIN, and new ones pass.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Final, Self

CHUNK_BYTES: Final = 65_536
START_LIMIT_S: Final = 30.0


class Cable:
    """Relays `address` to `target_port` of this machine. Runs on a thread of its own.

    `port` 0 is any that is free; it has its number once the relay runs.
    """

    def __init__(self, target_port: int, *, address: str = "127.0.0.1", port: int = 0) -> None:
        self._target_port, self.address = target_port, address
        self._loop = asyncio.new_event_loop()
        self._flows: set[asyncio.Task[None]] = set()
        self._dead: list[asyncio.StreamWriter] = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cable", daemon=True)
        self.port = port
        self.is_pulled = False
        self.up_bytes = 0  # from the station to the hub
        self.down_bytes = 0

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(START_LIMIT_S):
            raise TimeoutError("the cable's relay did not start")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def pull(self) -> None:
        """Nothing passes from now on."""
        self.is_pulled = True
        self._call(self._plugged.clear)

    def replug(self) -> None:
        """Everything passes again."""
        self.is_pulled = False
        self._call(self._plugged.set)

    def drop_flows(self) -> None:
        """The flows of now carry nothing ever again, and nobody is told."""
        self._call(self._drop)

    def _call(self, work: Callable[[], object]) -> None:
        done = threading.Event()

        def do() -> None:
            work()
            done.set()

        self._loop.call_soon_threadsafe(do)
        done.wait(START_LIMIT_S)

    def _drop(self) -> None:
        for flow in self._flows:
            flow.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._serve())

    async def _serve(self) -> None:
        self._plugged, self._stop = asyncio.Event(), asyncio.Event()
        self._plugged.set()
        server = await asyncio.start_server(self._on_connection, self.address, self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for flow in self._flows:
            flow.cancel()
        await asyncio.gather(*self._flows, return_exceptions=True)
        for writer in self._dead:
            writer.transport.abort()

    async def _on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        flow = asyncio.create_task(self._relay_both(reader, writer))
        self._flows.add(flow)
        await asyncio.wait([flow])
        self._flows.discard(flow)

    async def _relay_both(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            await self._plugged.wait()
            hub_reader, hub = await asyncio.open_connection("127.0.0.1", self._target_port)
            ends.append(hub)
            await asyncio.gather(
                self._relay(reader, hub, is_up=True), self._relay(hub_reader, writer, is_up=False)
            )
        except asyncio.CancelledError:
            self._dead += ends  # they stay open and silent
        except OSError:
            for end in ends:
                end.transport.abort()

    async def _relay(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_up: bool
    ) -> None:
        while data := await reader.read(CHUNK_BYTES):
            await self._plugged.wait()
            if (error := reader.exception()) is not None:
                raise error
            writer.write(data)
            await writer.drain()
            if is_up:
                self.up_bytes += len(data)
            else:
                self.down_bytes += len(data)
        await self._plugged.wait()
        writer.close()
