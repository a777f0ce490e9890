"""The hub's session with its broker: what it says to what it hears."""

import mqtt5
import pytest

from hub.mqtt.session import (
    OUT_MAX_BYTES,
    UNACKED_MAX,
    WAITING_MAX,
    BrokerLostError,
    BrokerRefusedError,
    Session,
)
from hub.mqtt.stream import PacketStream

KEEP_ALIVE_S = 10
TOPICS = ("v1/+/up/#", "v1/+/state")
GRANTED = [mqtt5.SubAckReasonCode.GRANTED_QOS_AT_LEAST_ONCE] * len(TOPICS)


class Peer:
    """A session, and the broker's part in it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self.now_s = 100.0
        self.session = Session(
            "hub",
            TOPICS,
            keep_alive_s=KEEP_ALIVE_S,
            on_message=lambda *message: self.heard.append(message),
            now_s=self.now_s,
        )
        self._stream = PacketStream()

    def says(self, *packets: mqtt5.Packet) -> None:
        self.session.take(b"".join(one.write() for one in packets), now_s=self.now_s)

    def hears(self) -> list[mqtt5.Packet]:
        return list(self._stream.take(self.session.outgoing(now_s=self.now_s)))

    def published(self) -> list[mqtt5.PublishPacket]:
        return [one for one in self.hears() if isinstance(one, mqtt5.PublishPacket)]

    def publish(self, payload: bytes = b"x", *, qos: int = 1) -> bool:
        return self.session.publish("v1/a/down/signal", payload, qos=qos, expiry_s=15)

    def passes(self, seconds: float) -> None:
        self.now_s += seconds
        self.session.tick(now_s=self.now_s)


@pytest.fixture
def peer() -> Peer:
    """One that is connected and subscribed, with nothing left to write."""
    peer = Peer()
    peer.hears()
    peer.says(mqtt5.ConnAckPacket())
    (wish,) = peer.hears()
    assert isinstance(wish, mqtt5.SubscribePacket)
    peer.says(mqtt5.SubAckPacket(wish.packet_id, GRANTED))
    return peer


def test_it_introduces_itself_and_asks_for_its_topics() -> None:
    peer = Peer()
    (hello,) = peer.hears()
    assert isinstance(hello, mqtt5.ConnectPacket)
    assert (hello.client_id, hello.clean_start, hello.keep_alive, hello.will) == ("hub", True, 10, None)
    assert not peer.publish(), "nobody knows us yet"
    peer.says(mqtt5.ConnAckPacket())
    (wish,) = peer.hears()
    assert isinstance(wish, mqtt5.SubscribePacket)
    wanted = [(one.pattern, int(one.max_qos), one.retain_as_published) for one in wish.topic_filters]
    assert wanted == [(name, 1, False) for name in TOPICS]  # else a retained message looks like a new one
    assert not peer.session.is_subscribed
    assert peer.publish(qos=0), "who is heard before the subscription is granted is answered"
    peer.says(mqtt5.SubAckPacket(wish.packet_id, GRANTED))
    assert peer.session.is_subscribed


def test_a_broker_that_says_no_is_named_with_its_reason() -> None:
    peer = Peer()
    with pytest.raises(BrokerRefusedError, match="not authorized"):
        peer.says(mqtt5.ConnAckPacket(reason_code=mqtt5.ConnAckReasonCode.NOT_AUTHORIZED))
    assert not peer.session.is_taken
    peer = Peer()
    peer.says(mqtt5.ConnAckPacket())
    with pytest.raises(BrokerRefusedError, match="not authorized"):
        peer.says(mqtt5.SubAckPacket(1, [GRANTED[0], mqtt5.SubAckReasonCode.NOT_AUTHORIZED]))
    assert not peer.session.is_subscribed


def test_what_comes_is_told_and_acknowledged(peer: Peer) -> None:
    peer.says(
        mqtt5.PublishPacket("v1/a/up/0", b"press", qos=mqtt5.QoS.AT_LEAST_ONCE, packet_id=7),
        mqtt5.PublishPacket("v1/a/state", b"{}", retain=True),
    )
    assert peer.heard == [("v1/a/up/0", b"press", False), ("v1/a/state", b"{}", True)]
    (acked,) = peer.hears()
    assert isinstance(acked, mqtt5.PubAckPacket)
    assert acked.packet_id == 7


def test_a_message_goes_out_with_its_quality_and_its_term(peer: Peer) -> None:
    assert peer.publish(b"once", qos=0)
    assert peer.session.publish("v1/a/down/desired", b"kept", qos=1, is_retained=True)
    first, second = peer.published()
    assert (first.payload, int(first.qos), first.packet_id, first.message_expiry_interval, first.retain) == (
        b"once",
        0,
        None,
        15,
        False,
    )
    assert (second.payload, int(second.qos), second.message_expiry_interval, second.retain) == (
        b"kept",
        1,
        None,
        True,
    )


def test_so_many_are_on_the_way_as_the_broker_wants_and_the_others_follow_in_their_order() -> None:
    peer = Peer()
    peer.says(mqtt5.ConnAckPacket(receive_max=2))
    peer.hears()
    for number in range(5):
        assert peer.publish(b"%d" % number)
    assert peer.publish(b"at once", qos=0)
    sent = peer.published()
    assert [one.payload for one in sent] == [b"0", b"1", b"at once"]
    assert sent[1].packet_id is not None
    peer.says(mqtt5.PubAckPacket(sent[1].packet_id))
    assert [one.payload for one in peer.published()] == [b"2"]


def test_numbers_come_round_and_pass_over_one_that_is_still_on_the_way(peer: Peer) -> None:
    assert peer.publish()
    (first,) = peer.published()
    seen: set[int | None] = set()
    for _ in range(65_536):
        assert peer.publish()
        (one,) = peer.published()
        seen.add(one.packet_id)
        assert one.packet_id is not None
        peer.says(mqtt5.PubAckPacket(one.packet_id))
    assert first.packet_id not in seen
    assert len(seen) == 65_534


def test_what_would_never_go_out_is_not_taken(peer: Peer) -> None:
    for _ in range(UNACKED_MAX + WAITING_MAX):
        assert peer.publish()
    assert not peer.publish()
    assert peer.publish(qos=0), "what waits for no word of the broker goes past"


def test_a_socket_that_takes_nothing_does_not_fill_the_memory(peer: Peer) -> None:
    while peer.publish(bytes(131_072), qos=0):
        pass
    assert OUT_MAX_BYTES <= len(peer.session.outgoing(now_s=peer.now_s)) < OUT_MAX_BYTES + 200_000
    assert peer.publish(qos=0)


def test_silence_is_answered_with_a_ping_and_silence_to_that_ends_it(peer: Peer) -> None:
    peer.passes(KEEP_ALIVE_S - 1)
    assert peer.hears() == []
    peer.passes(1)
    assert [type(one) for one in peer.hears()] == [mqtt5.PingReqPacket]
    peer.says(mqtt5.PingRespPacket())
    peer.passes(KEEP_ALIVE_S)
    assert [type(one) for one in peer.hears()] == [mqtt5.PingReqPacket]
    peer.passes(KEEP_ALIVE_S - 1)
    with pytest.raises(BrokerLostError, match="no answer to a ping within 10 s"):
        peer.passes(1)


def test_a_broker_that_only_listens_is_lost(peer: Peer) -> None:
    with pytest.raises(BrokerLostError):
        for _ in range(2 * KEEP_ALIVE_S + 1):
            assert peer.publish(qos=0)
            peer.hears()
            peer.passes(1)


def test_a_broker_that_speaks_is_kept_though_the_socket_takes_nothing(peer: Peer) -> None:
    for _ in range(3 * KEEP_ALIVE_S):
        peer.says(mqtt5.PublishPacket("v1/a/up/1", b""))
        peer.passes(1)  # and nothing is written
    (ping,) = peer.hears()
    assert isinstance(ping, mqtt5.PingReqPacket)


def test_who_only_hears_says_something_within_the_keep_alive(peer: Peer) -> None:
    for _ in range(KEEP_ALIVE_S):
        peer.says(mqtt5.PublishPacket("v1/a/up/1", b""))
        peer.passes(1)
    assert [type(one) for one in peer.hears()] == [mqtt5.PingReqPacket]


def test_a_broker_may_want_to_hear_more_often() -> None:
    peer = Peer()
    peer.says(mqtt5.ConnAckPacket(server_keep_alive=4))
    peer.hears()
    peer.passes(4)
    assert [type(one) for one in peer.hears()] == [mqtt5.PingReqPacket]


@pytest.mark.parametrize(
    ("packet", "why"),
    [
        (
            mqtt5.DisconnectPacket(reason_code=mqtt5.DisconnectReasonCode.SESSION_TAKEN_OVER),
            "session taken over",
        ),
        (mqtt5.ConnectPacket("hub"), "ConnectPacket"),
    ],
)
def test_a_broker_that_ends_it_or_is_none_is_named(peer: Peer, packet: mqtt5.Packet, why: str) -> None:
    with pytest.raises(BrokerLostError, match=why):
        peer.says(packet)


def test_bytes_that_are_no_mqtt_end_it(peer: Peer) -> None:
    with pytest.raises(BrokerLostError, match="no MQTT 5"):
        peer.session.take(b"\x00\x00", now_s=peer.now_s)
