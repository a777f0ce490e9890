"""The bytes of MQTT 5 that a simulated station writes and reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.simulate import packets
from hub.simulate.packets import BrokenStreamError


def test_a_connect_has_a_clean_start_and_a_retained_will() -> None:
    found = packets.connect("cat-hai-01", keep_alive_s=80, will_topic="v1/cat-hai-01/state", will=b"{}")
    assert found == (
        b"\x10\x31\x00\x04MQTT\x05\x2e\x00\x50\x00\x00\x0acat-hai-01\x00\x00\x13v1/cat-hai-01/state\x00\x02{}"
    )


def test_a_subscription_asks_for_its_quality() -> None:
    assert packets.subscribe(1, "v1/a/down/#", qos=1) == b"\x82\x11\x00\x01\x00\x00\x0bv1/a/down/#\x01"


def test_a_publication_is_acknowledged_by_its_number() -> None:
    raw = packets.publish(b"v1/a/up/1", b"parcel", packet_id=258)
    assert raw == b"\x32\x14\x00\x09v1/a/up/1\x01\x02\x00parcel"
    (packet,) = packets.take_packets(bytearray(raw))
    assert packets.message_of(packet) == ("v1/a/up/1", b"parcel", 258)
    (answer,) = packets.take_packets(bytearray(packets.puback(258)))
    assert (answer.kind, packets.packet_id_of(answer), packets.reason_of(answer)) == (packets.PUBACK, 258, 0)


def test_properties_of_the_broker_are_read_over() -> None:
    body = b"\x00\x01t" + b"\x05\x02\x00\x00\x00\x1e" + b"lease"  # message expiry: 30 s, QoS 0
    (packet,) = packets.take_packets(bytearray(b"\x30" + bytes((len(body),)) + body))
    assert packets.message_of(packet) == ("t", b"lease", None)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x20\x03\x00\x87\x00", 0x87),  # not authorised
        (b"\x20\x03\x00\x00\x00", 0),
        (b"\x90\x04\x00\x01\x00\x01", 1),
        (b"\x90\x04\x00\x01\x00\x87", 0x87),
        (b"\x40\x03\x00\x01\x87", 0x87),
        (b"\xe0\x01\x8e", 0x8E),  # session taken over
        (b"\xe0\x00", 0),
    ],
)
def test_the_brokers_no_is_read(raw: bytes, reason: int) -> None:
    (packet,) = packets.take_packets(bytearray(raw))
    assert packets.reason_of(packet) == reason


@given(st.lists(st.binary(max_size=300), max_size=5), st.integers(1, 200))
def test_packets_come_whole_however_the_bytes_are_cut(payloads: list[bytes], step: int) -> None:
    raw = b"".join(packets.publish(b"t", one, packet_id=7) for one in payloads)
    buffer, found = bytearray(), []
    for start in range(0, len(raw), step):
        buffer += raw[start : start + step]
        found += packets.take_packets(buffer)
    assert [packets.message_of(one)[1] for one in found] == payloads
    assert not buffer


@pytest.mark.parametrize("raw", [b"\x30\xff\xff\xff\xff\x01", b"\x30\xff\xff\xff\x7f"])
def test_a_length_that_is_none_ends_the_connection(raw: bytes) -> None:
    with pytest.raises(BrokenStreamError):
        packets.take_packets(bytearray(raw))


def test_a_message_cut_short_within_itself_ends_the_connection() -> None:
    (packet,) = packets.take_packets(bytearray(b"\x30\x04\x00\x01t\x09"))
    with pytest.raises(BrokenStreamError):
        packets.message_of(packet)
