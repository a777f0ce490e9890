"""A box that says what MQTT does not allow, or hardly: the broker stops it, or the hub reads it.

One box must not cost the hub its connection, which is that of all.
"""

import asyncio
import random
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import mqtt5
import pytest

from contract.ids import StationId
from hub.broker import Broker as HubBroker
from hub.broker import HubLogin
from hub.mqtt.stream import PacketStream
from tests.broker import Broker
from tests.integration.edge.loops import in_a_loop
from tests.supervised import until

CON_DAO: Final = StationId("con-dao-01")
UP: Final = b"v1/con-dao-01/up/"
LAST: Final = b"the last"
LIMIT_S: Final = 30.0
BAD_UTF8, NO_CHARACTER = b"\xff", b"\xef\xbf\xbf"


def text(raw: bytes) -> bytes:
    return len(raw).to_bytes(2) + raw


def publication(topic: bytes = UP + b"1", *, properties: bytes = b"", payload: bytes = b"x") -> bytes:
    """A PUBLISH of QoS 1, whatever is in it."""
    body = text(topic) + b"\x00\x07" + bytes((len(properties),)) + properties + payload
    return b"\x32" + (len(body) & 0x7F | 0x80).to_bytes(1) + (len(body) >> 7).to_bytes(1) + body


STRANGE: Final = {
    "a topic that is no UTF-8": publication(UP + BAD_UTF8),
    "half a surrogate": publication(UP + b"\xed\xa0\x80"),
    "no character": publication(UP + NO_CHARACTER),
    "a control character": publication(UP + b"\x01"),
    "a nought": publication(UP + b"\x00"),
    "a byte order mark": publication(UP + b"\xef\xbb\xbf"),
    "a wildcard": publication(UP + b"#"),
    "an empty level": publication(UP + b"/"),
    "text that is none": publication(properties=b"\x01\x01", payload=BAD_UTF8),
    "a format that there is not": publication(properties=b"\x01\x02"),
    "a format twice": publication(properties=b"\x01\x01\x01\x01"),
    "over before it is there": publication(properties=b"\x02\x00\x00\x00\x00"),
    "a content type that is no UTF-8": publication(properties=b"\x03" + text(BAD_UTF8)),
    "an answer to everybody": publication(properties=b"\x08" + text(b"v1/#")),
    "an answer to nobody": publication(properties=b"\x08" + text(b"")),
    "something to be quoted": publication(properties=b"\x09" + text(BAD_UTF8)),
    "a property of the user's": publication(properties=b"\x26" + text(b"k") + text(b"v")),
    "one that is no UTF-8": publication(properties=b"\x26" + text(BAD_UTF8) + text(b"v")),
    "one that is no character": publication(properties=b"\x26" + text(NO_CHARACTER) + text(b"")),
    "a subscription": publication(properties=b"\x0b\x01"),
    "an alias": publication(properties=b"\x23\x00\x01"),
    "a property that there is not": publication(properties=b"\x7f\x01"),
    "nothing": publication(payload=b""),
    "a long topic": publication(UP + b"a" * 9_000),
}


def last_words(*, topic: bytes = b"v1/con-dao-01/state", properties: bytes = b"") -> bytes:
    """A CONNECT with a retained Will of QoS 1, whatever is in it."""
    head = text(b"MQTT") + b"\x05\x2e\x00\x3c\x00" + text(CON_DAO.encode())
    body = head + bytes((len(properties),)) + properties + text(topic) + text(b"x")
    return b"\x10" + len(body).to_bytes(1) + body


HELLO: Final = mqtt5.ConnectPacket(CON_DAO, clean_start=True).write()
WILLS: Final = {
    "no UTF-8": last_words(topic=UP + BAD_UTF8),
    "a content type that is no UTF-8": last_words(properties=b"\x03" + text(BAD_UTF8)),
    "a property of the user's that is no UTF-8": last_words(properties=b"\x26" + text(BAD_UTF8) + text(b"v")),
    "no character": last_words(properties=b"\x26" + text(NO_CHARACTER) + text(b"v")),
    "a format twice": last_words(properties=b"\x01\x01\x01\x01"),
    "a property that there is not": last_words(properties=b"\x7f\x01"),
}


def say(broker: Broker, message: bytes, hello: bytes = HELLO) -> None:
    """Let the box say it on a connection of its own, and wait for what the broker does; then it is cut, and
    the broker says its last words.
    """
    files = broker.boxes[CON_DAO]
    context = ssl.create_default_context(cafile=str(files.ca))
    context.load_cert_chain(files.certificate, files.key)
    with (
        socket.create_connection(("127.0.0.1", broker.port), timeout=LIMIT_S) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as line,
    ):
        line.sendall(hello + message)
        stream, answers = PacketStream(), list[mqtt5.Packet]()
        with suppress(ConnectionError, ssl.SSLError):
            while len(answers) < 2 and (data := line.recv(4_096)):  # CONNACK, and PUBACK or DISCONNECT
                answers += stream.take(data)


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    return Broker(tmp_path, stations=[CON_DAO])


@in_a_loop
async def test_nothing_that_a_box_says_costs_the_hub_its_connection(broker: Broker) -> None:
    heard: list[bytes] = []
    is_over = asyncio.Event()

    def on_message(_topic: str, payload: bytes, _is_retained: bool) -> None:
        heard.append(payload)
        if payload == LAST:
            is_over.set()

    with broker:
        certificate, key = broker.authority.pair("hub")
        hub = HubBroker(
            address=("127.0.0.1", broker.port),
            login=HubLogin(broker.authority.ca, certificate, key),
            on_message=on_message,
            now_s=time.monotonic,
            rng=random.Random(1),
        )
        running = asyncio.create_task(hub.run())
        try:
            await until(lambda: hub.link().is_connected)
            since_s = hub.link().changed_s
            for message in STRANGE.values():
                await asyncio.to_thread(say, broker, message)
                await asyncio.to_thread(say, broker, bytes((message[0] | 1,)) + message[1:])  # retained
            for hello in WILLS.values():
                await asyncio.to_thread(say, broker, publication(), hello)
            await asyncio.to_thread(say, broker, publication(payload=LAST))
            async with asyncio.timeout(LIMIT_S):
                await is_over.wait()
            assert (hub.link().is_connected, hub.link().changed_s) == (True, since_s)
            assert len(heard) > 5, "the broker let none of it through"
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running
