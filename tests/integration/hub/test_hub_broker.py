"""The hub's own connection to a real broker."""

import asyncio
import random
import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from contract.ids import StationId
from contract.signals import BoxState, Interest, encode_signal
from contract.topics import Topic
from hub.broker import Broker as HubBroker
from hub.broker import HubLogin
from hub.pki.authority import Authority
from hub.simulate import packets
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
    authority = Authority(tmp_path / "pki")
    authority.make(names=(), now=datetime.now(UTC))
    certificate, key = authority.pair("hub")
    with socket.create_server(("127.0.0.1", 0)) as server:
        peer = threading.Thread(target=speak_in_one_piece, args=(server, authority))
        peer.start()
        port = server.getsockname()[1]
        heard = asyncio.run(three_of(port, HubLogin(authority.ca, certificate, key)))
        peer.join()
    assert heard == [b"1", b"2", b"3"]


def speak_in_one_piece(server: socket.socket, authority: Authority) -> None:
    """A broker that acknowledges the subscription and delivers three messages in one write."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.pair("broker"))
    plain, _ = server.accept()
    with context.wrap_socket(plain, server_side=True) as line:
        buffer = bytearray()
        while not packets.take_packets(buffer):
            buffer += line.recv(4_096)
        line.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK
        while not (found := packets.take_packets(buffer)):
            buffer += line.recv(4_096)
        granted = b"\x90\x05" + found[0].body[:2] + b"\x00\x01\x01"  # SUBACK
        topic = b"v1/con-dao-01/up/1"
        messages = [packets.publish(topic, b"%d" % number, packet_id=number) for number in (1, 2, 3)]
        line.sendall(granted + b"".join(messages))
        with suppress(OSError):
            while line.recv(4_096):  # until the hub goes
                pass


async def three_of(port: int, login: HubLogin) -> list[bytes]:
    """Return the first three messages."""
    heard: list[bytes] = []
    third = asyncio.Event()

    def on_message(_topic: str, data: bytes, _is_retained: bool) -> None:
        heard.append(data)
        if len(heard) == 3:
            third.set()

    hub = HubBroker(
        address=("127.0.0.1", port),
        login=login,
        on_message=on_message,
        now_s=time.monotonic,
        rng=random.Random(1),
    )
    running = asyncio.create_task(hub.run())
    try:
        await asyncio.wait_for(third.wait(), WAIT_LIMIT_S)
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
