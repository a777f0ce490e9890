"""The bytes that a simulated station says to the broker."""

from random import Random

import mqtt5
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contract.ids import SpoolId, StationId
from contract.sealing import HubKey
from hub.mqtt.stream import PacketStream
from hub.simulate.bodies import Person
from hub.simulate.packets import KEEP_ALIVE_S, greeting, is_no, packet_ids, publication
from hub.simulate.station import SimStation

NAME = StationId("cat-hai-01")


def test_a_greeting_is_a_clean_session_with_a_retained_will_and_one_subscription() -> None:
    key = HubKey(1, X25519PrivateKey.generate().public_key())
    station = SimStation(NAME, SpoolId(7), key, Person(4, Random(1), spo2_pct=97), has_probe=True)
    station.begin(now_s=1.0)
    hello, wish = PacketStream().take(greeting(station, 5, now_s=1.0))
    assert isinstance(hello, mqtt5.ConnectPacket)
    assert isinstance(wish, mqtt5.SubscribePacket)
    assert (hello.client_id, hello.clean_start, hello.keep_alive) == (NAME, True, KEEP_ALIVE_S)
    assert hello.will is not None
    assert (hello.will.topic, int(hello.will.qos), hello.will.retain) == ("v1/cat-hai-01/state", 1, True)
    assert hello.will.payload == station.state(is_connected=False, now_s=1.0)
    assert wish.packet_id == 5
    assert [(one.pattern, int(one.max_qos)) for one in wish.topic_filters] == [("v1/cat-hai-01/down/#", 1)]


def test_a_publication_is_acknowledged_by_its_number() -> None:
    raw = publication("v1/a/up/1", b"parcel", 258)
    assert raw == b"\x32\x14\x00\x09v1/a/up/1\x01\x02\x00parcel"
    assert publication("t", b"", 1, is_retained=True)[:1] == b"\x33"


@pytest.mark.parametrize(
    ("reason", "is_refused"),
    [
        (mqtt5.ConnAckReasonCode.SUCCESS, False),
        (mqtt5.ConnAckReasonCode.NOT_AUTHORIZED, True),
        (mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE, False),
        (mqtt5.SubAckReasonCode.UNSPECIFIED_ERROR, True),
        (mqtt5.PubAckReasonCode.NO_MATCHING_SUBSCRIBERS, False),
        (mqtt5.PubAckReasonCode.NOT_AUTHORIZED, True),
    ],
)
def test_the_brokers_no_is_told_from_its_yes(reason: mqtt5.PubAckReasonCode, is_refused: bool) -> None:
    assert is_no(reason) is is_refused


def test_numbers_begin_again_and_are_never_0() -> None:
    ids = packet_ids()
    assert [next(ids) for _ in range(65_536)] == [*range(1, 65_536), 1]
