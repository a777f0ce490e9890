"""The hub's own connection to a real broker."""

import asyncio
import gc
import random
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import mqtt5

from contract.ids import StationId
from contract.signals import BoxState, Interest, encode_signal
from contract.topics import Topic
from hub.broker import Broker as HubBroker
from hub.broker import HubLogin
from hub.mqtt.stream import PacketStream
from hub.pki.authority import Authority
from tests.broker import Broker
from tests.simulators.box import WAIT_LIMIT_S, BoxLink

CON_DAO = StationId("con-dao-01")


def test_who_said_hello_before_the_hub_came_is_answered_while_the_hub_connects(tmp_path: Path) -> None:
    """Mosquitto sends what was retained before it acknowledges the subscription that asks for it."""
    with Broker(tmp_path, stations=[CON_DAO]) as broker:
        with BoxLink(broker.boxes[CON_DAO], CON_DAO, port=broker.port) as box:
            box.say(BoxState(connected=True, spool="000000000000b0c5", boot=1, t_us=5))
            assert box.publish("v1/con-dao-01/up/1", b"behind it").rc == 0
        certificate, key = broker.authority.pair("hub")
        assert asyncio.run(answers(broker.port, HubLogin(broker.authority.ca, certificate, key)))


def test_messages_that_come_in_one_piece_are_all_taken_at_once(tmp_path: Path) -> None:
    """One TLS record may hold many packets; the socket has nothing more to say of those behind the first."""
    assert hear(tmp_path, count=3) == [b"1", b"2", b"3"]


def test_a_message_leaves_nothing_for_the_collector(tmp_path: Path) -> None:
    """Else it stops the whole hub, again and again, to find what 1,400 parcels a second leave."""
    gc.collect()
    gc.disable()
    try:
        assert len(hear(tmp_path, count=1_000)) == 1_000
        assert gc.collect() < 1_000  # of the connection itself
    finally:
        gc.enable()


def hear(folder: Path, *, count: int) -> list[bytes]:
    """Return so many messages that a broker delivers in one write."""
    authority = Authority(folder / "pki")
    authority.make(names=(), now=datetime.now(UTC))
    certificate, key = authority.pair("hub")
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = threading.Thread(target=speak_in_one_piece, args=(server, authority, count))
        peer.start()
        port = server.getsockname()[1]
        heard = asyncio.run(first_of(port, HubLogin(authority.ca, certificate, key), count))
        peer.join()
    return heard


def speak_in_one_piece(server: socket.socket, authority: Authority, count: int) -> None:
    """A broker that acknowledges the subscription and delivers `count` messages in one write."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.pair("broker"))
    plain, _ = server.accept()
    with context.wrap_socket(plain, server_side=True) as line:
        hub = packets_of(line)
        assert isinstance(next(hub), mqtt5.ConnectPacket)
        line.sendall(mqtt5.ConnAckPacket().write())
        wish = next(hub)
        assert isinstance(wish, mqtt5.SubscribePacket)
        granted = mqtt5.SubAckPacket(wish.packet_id, [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * 3)
        messages = [
            mqtt5.PublishPacket(
                "v1/con-dao-01/up/1", b"%d" % number, qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=number
            ).write()
            for number in range(1, count + 1)
        ]
        line.sendall(granted.write() + b"".join(messages))
        with suppress(OSError):
            while line.recv(4_096):  # until the hub goes
                pass


def packets_of(line: ssl.SSLSocket) -> Iterator[mqtt5.Packet]:
    """Yield what the hub says, until it goes."""
    stream = PacketStream()
    while data := line.recv(4_096):
        yield from stream.take(data)


async def first_of(port: int, login: HubLogin, count: int) -> list[bytes]:
    """Return the first `count` messages."""
    heard: list[bytes] = []
    last = asyncio.Event()

    def on_message(_topic: str, data: bytes, _is_retained: bool) -> None:
        heard.append(data)
        if len(heard) == count:
            last.set()

    hub = HubBroker(
        address=("127.0.0.1", port),
        login=login,
        on_message=on_message,
        now_s=time.monotonic,
        rng=random.Random(1),
    )
    running = asyncio.create_task(hub.run())
    try:
        await asyncio.wait_for(last.wait(), WAIT_LIMIT_S)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    return heard


async def answers(port: int, login: HubLogin) -> bool:
    """Answer each message as it comes; return whether the answer to the first one went out."""
    first: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    answer = encode_signal(Interest(lease_s=30.0))

    def on_message(_topic: str, _data: bytes, _is_retained: bool) -> None:
        went_out = hub.publish(CON_DAO, Topic.INTEREST, answer)
        if not first.done():
            first.set_result(went_out)

    hub = HubBroker(
        address=("127.0.0.1", port),
        login=login,
        on_message=on_message,
        now_s=time.monotonic,
        rng=random.Random(1),
    )
    running = asyncio.create_task(hub.run())
    try:
        return await asyncio.wait_for(first, WAIT_LIMIT_S)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
