"""Finds by which port the hub is reached, and goes back to the ordinary one (shell over asyncio, a file)."""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Final

from contract.front import ALPN_MQTT
from edge.config import BoxConfig
from edge.enrolment.files import read_file, write_file
from edge.errors import EnrolmentError
from edge.hub_tls import hub_context
from edge.hub_way import HubWay
from edge.uplink.doors import Doors

log = logging.getLogger(__name__)

FILE_NAME: Final = "hub-port"  # in the data folder: by which port the box came last
OPEN_LIMIT_S: Final = 10.0  # for both; as long as a connection is given
HEAD_START_S: Final = 2.0  # of the one that is rather taken: a round trip of a satellite, and one more
LOOK_LIMIT_S: Final = 20.0  # a handshake on a poor link
BUSY_S: Final = 10.0  # in a call, and without a connection, nothing is looked at


class Door:
    """Of one box. On the loop; `run` until cancelled. `way`: where the hub is, be its name dead or not."""

    def __init__(self, config: BoxConfig, way: HubWay, *, now_s: Callable[[], float]) -> None:
        self._config, self._way, self._now_s = config, way, now_s
        self._file = config.data_dir / FILE_NAME
        kept = read_file(self._file).strip()
        last = int(kept) if kept.isdigit() else None
        self._doors = Doors(config.hub_port, config.front_port, last=last)
        self._kept = self._doors.last
        self._has_news = asyncio.Event()
        self._in_vain = 0  # looks at which neither opened

    async def choose(self) -> BoxConfig:
        """Return the configuration with the port to try now; takes a while when it is in doubt which."""
        order = self._doors.order()
        port = order[0]
        if len(order) > 1:
            opened = await first_open(await asyncio.to_thread(self._way.addresses), order)
            if opened is None:  # a very slow link opens neither in time: they take turns
                port = order[self._in_vain % 2]
                self._in_vain += 1
            else:
                port = opened
        return replace(self._config, hub_port=port)

    def on_up(self, port: int) -> None:
        """The broker took us at this port."""
        if port != self._kept and port != self._config.hub_port:
            log.warning("the hub is reached by port %d alone, not by port %d", port, self._config.hub_port)
        self._doors.on_up(port, now_s=self._now_s())
        self._has_news.set()

    def on_failed(self, port: int, *, was_open: bool) -> None:
        """A try led nowhere."""
        self._doors.on_failed(port, was_open=was_open)

    async def run(self, *, is_idle: Callable[[], bool], go_back: Callable[[], None]) -> None:
        """Keep what worked last, and call `go_back` when the ordinary port leads to the hub again; only while
        `is_idle`: connected, and nobody waits for a call.
        """
        while True:
            self._has_news.clear()
            await self._keep()
            with suppress(TimeoutError):
                async with asyncio.timeout(self._doors.look_in_s(now_s=self._now_s())):
                    await self._has_news.wait()
                    continue
            if not is_idle():
                await asyncio.sleep(BUSY_S)
                continue
            leads_to_hub = await self._leads_to_hub()
            self._doors.on_looked(leads_to_hub=leads_to_hub and is_idle(), now_s=self._now_s())
            if leads_to_hub and is_idle():
                go_back()

    async def _keep(self) -> None:
        last = self._doors.last
        if last != self._kept and last is not None:
            self._kept = last
            with suppress(EnrolmentError):  # a full card: it is found again at the next start
                await asyncio.to_thread(write_file, self._file, str(last).encode(), mode=0o644)

    async def _leads_to_hub(self) -> bool:
        """Whether our hub answers at the ordinary port. No word of MQTT is said: a second connection of one
        name ends the first.
        """
        config = self._config
        try:
            context = hub_context(config.ca.read_bytes())
            context.load_cert_chain(config.certificate, config.key)
            context.set_alpn_protocols([ALPN_MQTT])
            async with asyncio.timeout(LOOK_LIMIT_S):
                sock = await self._connected()
                sock.setblocking(False)
                _, writer = await asyncio.open_connection(
                    sock=sock, ssl=context, server_hostname=config.hub_host
                )
                writer.transport.abort()
        except (OSError, ValueError, ssl.SSLError) as error:
            log.debug("port %d does not lead to the hub: %s", config.hub_port, error)
            return False
        return True

    async def _connected(self) -> socket.socket:
        """A connection to the ordinary port; one that comes when nobody waits any more is closed."""
        connect = partial(self._way.connect, self._config.hub_port, timeout_s=LOOK_LIMIT_S)
        connecting = asyncio.get_running_loop().run_in_executor(None, connect)
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(_close)
            raise


def _close(connecting: asyncio.Future[socket.socket]) -> None:
    if not connecting.cancelled() and connecting.exception() is None:
        connecting.result().close()


async def first_open(
    addresses: Sequence[str], ports: tuple[int, ...], *, head_start_s: float = HEAD_START_S
) -> int | None:
    """Return which of two ports opens at one of the addresses; the first has a head start. None: neither in
    time.
    """
    tasks: dict[asyncio.Task[bool], int] = {}
    try:
        async with asyncio.timeout(OPEN_LIMIT_S):
            for port in ports:
                tasks[asyncio.create_task(_opens(addresses, port))] = port
                is_last = port == ports[-1]
                while waiting := [task for task in tasks if not task.done()]:
                    wait_s = None if is_last else head_start_s
                    done, _ = await asyncio.wait(waiting, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
                    if opened := [tasks[task] for task in done if task.result()]:
                        return opened[0]
                    if not done:
                        break
    except TimeoutError:
        pass
    finally:
        for task in tasks:
            task.cancel()
    return None


async def _opens(addresses: Sequence[str], port: int) -> bool:
    tries = [asyncio.create_task(_opens_at(address, port)) for address in addresses]
    try:
        for one in asyncio.as_completed(tries):
            if await one:
                return True
        return False
    finally:
        for task in tries:
            task.cancel()


async def _opens_at(address: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(address, port)
    except OSError:
        return False
    writer.transport.abort()
    return True
