"""Packets come whole however their bytes are cut, and what is no MQTT is said to be none."""

import mqtt5
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.mqtt.stream import PACKET_MAX_BYTES, BrokenStreamError, PacketStream


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 200))
def test_packets_come_whole_however_the_bytes_are_cut(payloads: list[bytes], step: int) -> None:
    raw = b"".join(mqtt5.PublishPacket("t", one).write() for one in payloads)
    stream = PacketStream()
    found: list[mqtt5.Packet] = []
    for start in range(0, len(raw), step):
        found += stream.take(raw[start : start + step])
    assert [one.payload for one in found if isinstance(one, mqtt5.PublishPacket)] == payloads


def test_a_message_that_expires_is_read_like_any_other() -> None:
    body = b"\x00\x01t" + b"\x05\x02\x00\x00\x00\x1e" + b"lease"
    (packet,) = PacketStream().take(b"\x30" + bytes((len(body),)) + body)
    assert isinstance(packet, mqtt5.PublishPacket)
    assert (packet.topic, packet.payload, packet.message_expiry_interval) == ("t", b"lease", 30)


@pytest.mark.parametrize(
    "raw",
    [
        b"\x00\x00",  # no kind of packet
        b"\x30\xff\xff\xff\xff\xff",  # a length without an end
        b"\x30\x04\x00\x05a\x00",  # a topic longer than its packet
        b"\x20\x03\x00\xf0\x00",  # a reason that MQTT does not have
    ],
)
def test_what_is_no_mqtt_is_named(raw: bytes) -> None:
    with pytest.raises(BrokenStreamError, match="no MQTT 5"):
        list(PacketStream().take(raw))


def test_what_comes_before_the_fault_is_given() -> None:
    whole = mqtt5.PublishPacket("t", b"1").write()
    packets = PacketStream().take(whole + b"\x00\x00")
    assert isinstance(next(packets), mqtt5.PublishPacket)
    with pytest.raises(BrokenStreamError):
        next(packets)


def test_a_packet_without_an_end_is_not_waited_for() -> None:
    stream = PacketStream()
    head = b"\x30\xff\xff\xff\x7f"  # 256 MB are announced
    with pytest.raises(BrokenStreamError, match=f"more than {PACKET_MAX_BYTES}"):
        for _ in range(20):
            list(stream.take(head + bytes(65_536)))
            head = b""
