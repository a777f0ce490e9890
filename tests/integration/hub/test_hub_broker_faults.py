"""A broker that hangs, is deaf for a while, or goes: a stand-in, for mosquitto does none of it when told."""

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import mqtt5
import pytest

import hub.broker
from contract.ids import StationId
from contract.topics import Topic
from hub.broker import ARRIVED_MAX, HANDED_AT_ONCE, Broker, HubLogin
from hub.mqtt.session import OnMessage
from hub.mqtt.stream import PacketStream
from hub.pki.authority import Authority
from tests.integration.edge.loops import in_a_loop
from tests.supervised import until

CON_DAO = StationId("con-dao-01")
LIMIT_S = 60.0
GRANTED = mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE
MANY = 5 * ARRIVED_MAX
MESSAGES, MESSAGE_BYTES = 80, 100_000  # more than sockets hold


class StandIn:
    """Takes the hub in and grants its subscription; from then on it listens while `listens` is set."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority(folder / "pki")
        self.authority.make(names=(), now=datetime.now(UTC))
        self.connections: list[asyncio.StreamWriter] = []
        self.heard: list[mqtt5.PublishPacket] = []
        self.listens = asyncio.Event()

    @property
    def login(self) -> HubLogin:
        return HubLogin(self.authority.ca, *self.authority.pair("hub"))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[int]:
        """Yields its port."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.authority.pair("broker"))
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            self.listens.set()
            for one in self.connections:
                one.transport.abort()
            server.close()
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        stream = PacketStream()
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                for packet in stream.take(data):
                    if isinstance(packet, mqtt5.ConnectPacket):
                        writer.write(mqtt5.ConnAckPacket().write())
                    elif isinstance(packet, mqtt5.SubscribePacket):
                        granted = [GRANTED] * len(packet.topic_filters)
                        writer.write(mqtt5.SubAckPacket(packet.packet_id, granted).write())
                        await self.listens.wait()
                    elif isinstance(packet, mqtt5.PublishPacket):
                        self.heard.append(packet)
        writer.transport.abort()


@asynccontextmanager
async def connected(stand_in: StandIn, *, on_message: OnMessage = lambda *_: None) -> AsyncIterator[Broker]:
    """The hub's broker link, which is up."""
    async with stand_in.running() as port:
        link = Broker(
            address=("127.0.0.1", port),
            login=stand_in.login,
            on_message=on_message,
            now_s=time.monotonic,
            rng=random.Random(1),
        )
        running = asyncio.create_task(link.run())
        try:
            await until(lambda: link.link().is_connected)
            yield link
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """A keep-alive of a second."""
    monkeypatch.setattr(hub.broker, "KEEPALIVE_S", 1)
    monkeypatch.setattr(hub.broker, "TICK_S", 0.05)


@pytest.mark.usefixtures("hurried")
@in_a_loop
async def test_a_broker_that_hangs_is_left_and_tried_again(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    async with connected(stand_in) as link:
        await until(lambda: not link.link().is_connected)
        assert "no answer to a ping within 1 s" in link.link().text
        await until(lambda: len(stand_in.connections) > 1 and link.link().is_connected)


@in_a_loop
async def test_what_a_deaf_broker_did_not_take_goes_out_in_its_order_when_it_listens_again(
    tmp_path: Path,
) -> None:
    stand_in = StandIn(tmp_path)
    async with connected(stand_in) as link:
        for number in range(MESSAGES):
            assert link.publish(CON_DAO, Topic.RECEIPT, number.to_bytes(2) + bytes(MESSAGE_BYTES))
            await asyncio.sleep(0)
        assert not stand_in.heard
        connection = link._current
        assert connection is not None and connection._is_paused
        stand_in.listens.set()
        await until(lambda: len(stand_in.heard) == MESSAGES)
        assert [int.from_bytes(one.payload[:2]) for one in stand_in.heard] == list(range(MESSAGES))
        assert len(stand_in.connections) == 1


@in_a_loop
async def test_many_that_come_at_once_are_handed_over_some_at_a_time_and_none_is_left(tmp_path: Path) -> None:
    turns: list[int] = []
    stand_in = StandIn(tmp_path)
    async with connected(stand_in, on_message=lambda *_: turns.append(turn)) as link:
        message = mqtt5.PublishPacket("v1/con-dao-01/up/1", bytes(10)).write()
        stand_in.connections[0].write(message * MANY)
        turn = 0
        async with asyncio.timeout(LIMIT_S):
            while len(turns) < MANY:
                turn += 1
                await asyncio.sleep(0)
        assert max(turns.count(one) for one in set(turns)) <= HANDED_AT_ONCE
        assert link.link().is_connected


@in_a_loop
async def test_one_message_that_cannot_be_taken_costs_no_other(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def on_message(_topic: str, payload: bytes, _is_retained: bool) -> None:
        heard.append(payload)
        if payload == b"2":
            raise ValueError("nobody foresaw it")

    stand_in = StandIn(tmp_path)
    async with connected(stand_in, on_message=on_message):
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        for number in range(5):
            stand_in.connections[0].write(mqtt5.PublishPacket("v1/con-dao-01/up/1", b"%d" % number).write())
        await until(lambda: len(heard) == 5)


@in_a_loop
async def test_nothing_is_taken_for_a_broker_that_went(tmp_path: Path) -> None:
    stand_in = StandIn(tmp_path)
    stand_in.listens.set()
    async with connected(stand_in) as link:
        assert link.publish(CON_DAO, Topic.SIGNAL, b"{}")
        await until(lambda: len(stand_in.heard) == 1)
        stand_in.connections[0].transport.abort()
        await until(lambda: not link.link().is_connected)
        assert "is lost" in link.link().text
        assert not link.publish(CON_DAO, Topic.SIGNAL, b"{}")
