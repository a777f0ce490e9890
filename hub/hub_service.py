"""Builds the hub from its configuration and runs it until SIGTERM or SIGINT."""

import asyncio
import contextlib
import errno
import gc
import logging
import random
import signal
import socket
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import uvicorn

from contract.ids import KeyId, SpoolId, StationId
from contract.sealing import Opener
from hub.broker import Broker, HubLogin
from hub.clock import Clock
from hub.config import Config
from hub.enrolment.copies import Copies
from hub.enrolment.enrolment_service import EnrolmentDesk
from hub.front.listener import FrontListener
from hub.front.relay import with_relay
from hub.hub import Hub
from hub.ingest.inbox_service import Inbox
from hub.ingest.ingest_service import IngestService
from hub.ingest.keyring import KeyRing
from hub.ingest.seal_service import SealService
from hub.life_service import LifeSigns
from hub.pki.authority import Authority
from hub.store.interface import Store
from hub.store.threads import StoreThread
from hub.times.rate_service import RateService
from supervisor.notify import Supervisor

LOG = logging.getLogger(__name__)

GONE_AFTER_MS: Final = 20_000  # a page whose machine died acknowledges nothing; its call must not wait for it
STOP_LIMIT_S: Final = 3  # for open pages; they come back by themselves

# The hub stands still while Python looks for circles. As it comes, it walks over all that is known of
# 14,000 stations every few seconds: what is on its way through the hub looks long-lived to it. So the young
# are looked through in small steps, and all that was touched since only once in a hundred of these.
COLLECT_AFTER: Final = (10_000, 100, 1_000)


class HubStartError(Exception):
    """The hub cannot start. The text says what, where and what to do."""


async def serve(config: Config, *, with_console: bool, supervisor: Supervisor | None = None) -> None:
    """Run the hub; returns after SIGTERM or SIGINT. Raises HubStartError, PkiError, StoreError."""
    supervisor = supervisor or Supervisor()
    gc.set_threshold(*COLLECT_AFTER)
    authority = Authority(config.pki_folder)
    authority.check()
    config = with_relay(config)
    with contextlib.ExitStack() as closing:
        listeners = [closing.enter_context(listen(config))] if with_console else []
        if with_console and config.front is not None:
            listeners.append(closing.enter_context(listen_for_front(config.front.console_port, config)))
        async with open_hub(config, authority) as (hub, broker, ingest):
            life = LifeSigns(supervisor, hub, ingest)
            await _run(hub, broker, ingest, listeners, authority, life)


async def take_imports(config: Config) -> None:
    """Take what lies in the inbox, in place of a hub. Raises StoreLockedError: one runs and does so itself;
    StoreError, PkiError.
    """
    async with open_hub(config, Authority(config.pki_folder)) as (_, _, ingest):
        await Inbox(config.inbox_folder, ingest, Clock()).take_all()


@asynccontextmanager
async def open_hub(
    config: Config, authority: Authority, *, clock: Clock | None = None
) -> AsyncIterator[tuple[Hub, Broker, IngestService]]:
    """Open the store and build the rooms; nothing runs yet. Raises StoreError, PkiError."""
    clock, hub_keys = clock or Clock(), authority.seal_keys.read()
    async with (
        StoreThread(config.store_folder, is_writer=True) as writer,
        StoreThread(config.store_folder, is_writer=False) as reader,
    ):
        writer_ring, reader_ring = KeyRing(hub_keys), KeyRing(hub_keys)  # a ring a thread
        rings = {await writer.run(id): writer_ring, await reader.run(id): reader_ring}
        epoch = await writer.run(lambda store: store.epoch)

        def opener_for(store: Store, station: StationId, spool: SpoolId, key_id: KeyId) -> Opener | None:
            return rings[id(store)].opener(store.key_event, station, spool, key_id)

        copies = Copies()
        copies.on_found(lambda found: LOG.error("two machines use the key of one box: %s", found))
        with contextlib.closing(EnrolmentDesk(config, authority, clock)) as enrolment:
            certificate, key = authority.pair("hub")
            broker = Broker(
                address=(config.broker.host, config.broker.port),
                login=HubLogin(authority.ca, certificate, key),
                on_message=lambda topic, data, is_retained: ingest.take(topic, data, is_retained=is_retained),
                now_s=clock.now_s,
                rng=random.Random(),  # noqa: S311 - spreads reconnections, guards nothing
                box_of=lambda station: enrolment.standings().current(station),
            )
            seal = SealService(
                keys=authority.seal_keys,
                sign=authority.sign,
                reader=reader,
                reader_ring=reader_ring,
                writer=writer,
                writer_ring=writer_ring,
                publish=broker.publish,
            )
            ingest = IngestService(
                clock=clock,
                writer=writer,
                ring=writer_ring,
                epoch=epoch,
                publish=broker.publish,
                seal=seal,
                standing=enrolment.standing,
                current=lambda station: enrolment.standings().current(station),
                greet=lambda box, state: copies.hear(box, state, now_s=clock.now_s()),
            )
            hub = Hub(
                config=config,
                boot_name=clock.boot_name(),
                now_s=clock.now_s,
                utc_now_us=clock.utc_now_us,
                run_read=reader.run,
                run_write=writer.run,
                opener_for=opener_for,
                on_committed=ingest.on_committed,
                on_signal=ingest.on_signal,
                publish_signal=broker.publish,
                broker_link=broker.link,
                retained_mark=broker.mark,
                leave_mark=broker.leave_mark,
                ingest_state=ingest.state,
                enrolment=enrolment,
                copies=copies,
            )
            yield hub, broker, ingest


@contextlib.contextmanager
def listen(config: Config) -> Iterator[socket.socket]:
    """Take the console's port before anything else is opened; nobody is let in yet. Raises HubStartError."""
    address, port = config.console.address, config.console.port
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, GONE_AFTER_MS)  # pages inherit both
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # no body waits for its head to arrive
        try:
            listener.bind((address, port))  # uvicorn listens once everything is open
        except OSError as error:
            raise _cannot_listen(f"{address} port {port}", config, error) from error
        yield listener


@contextlib.contextmanager
def listen_for_front(port: int, config: Config) -> Iterator[socket.socket]:
    """Take the port at which the front passes browsers and boxes on. Raises HubStartError."""
    try:
        listener = FrontListener(port)
    except OSError as error:
        raise _cannot_listen(f"127.0.0.1 port {port} for its front", config, error) from error
    with listener:
        yield listener


def _cannot_listen(where: str, config: Config, error: OSError) -> HubStartError:
    busy = "another program has it (ss -ltnp tells which): stop that one, or choose another port"
    cure = busy if error.errno == errno.EADDRINUSE else "choose an address of this machine"
    return HubStartError(f"the console cannot listen at {where} ({error.strerror}): {cure}, in {config.path}")


async def _run(
    hub: Hub,
    broker: Broker,
    ingest: IngestService,
    listeners: Sequence[socket.socket],
    authority: Authority,
    life: LifeSigns,
) -> None:
    stopped, asked_to_stop = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        asked_to_stop.set()
        stopped.set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop)
    rates = RateService(hub)
    server = _server(hub, authority) if listeners else None
    async with asyncio.TaskGroup() as tasks:
        running = [
            tasks.create_task(ingest.run(), name="ingest"),
            tasks.create_task(broker.run(), name="broker"),
            tasks.create_task(rates.run(), name="rates"),
            tasks.create_task(Inbox(hub.config.inbox_folder, ingest, Clock()).run(), name="inbox"),
        ]
        if hub.enrolment is not None:
            running.append(tasks.create_task(hub.enrolment.run(), name="enrolment"))
        console = None
        if server is not None:
            console = tasks.create_task(server.serve(sockets=list(listeners)), name="console")
            console.add_done_callback(lambda _: stopped.set())
            LOG.info("the console is at %s", hub.config.console.url)
        running.append(
            tasks.create_task(life.run(is_open=lambda: server is None or server.started), name="life signs")
        )
        await stopped.wait()
        life.on_end()
        if server is not None and console is not None:
            from hub.console.app import end_streams

            end_streams(server.config.app)  # uvicorn waits for them
            server.should_exit = True
            await asyncio.wait([console], timeout=STOP_LIMIT_S + 1)
            if not asked_to_stop.is_set():
                raise HubStartError("the console ended by itself; the lines above say why")
        for task in running:
            task.cancel()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: the hub ends in one place."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(hub: Hub, authority: Authority) -> uvicorn.Server:
    from hub.console.app import build_app

    certificate, key = authority.pair("console")
    is_https = hub.config.console.is_https
    if is_https:
        names = hub.config.console.names
        authority.make(names=names, now=datetime.now(UTC))  # renews the console's own before it expires
    return _Server(
        uvicorn.Config(
            build_app(hub),
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=STOP_LIMIT_S,
            ssl_certfile=certificate if is_https else None,
            ssl_keyfile=key if is_https else None,
        )
    )
