"""What a simulated station says to the broker, as bytes (core over mqtt5)."""

from collections.abc import Iterator
from enum import IntEnum
from typing import Final

import mqtt5

from contract.topics import Topic, topic_name
from hub.simulate.station import SimStation

FAILURE: Final = 0x80  # reason codes from here on say no
KEEP_ALIVE_S: Final = 80
_ONCE_AT_LEAST: Final = mqtt5.QoS.AT_LEAST_ONCE


def packet_ids() -> Iterator[int]:
    """1 … 65535, over and over: a connection has a few of them on the way."""
    while True:
        yield from range(1, 65_536)


def greeting(station: SimStation, packet_id: int, *, now_s: float) -> bytes:
    """Everything up to the subscription in one go, as a box does: a clean session with a Will."""
    last_words = mqtt5.Will(
        topic_name(station.name, Topic.STATE),
        payload=station.state(is_connected=False, now_s=now_s),
        qos=_ONCE_AT_LEAST,
        retain=True,
    )
    hello = mqtt5.ConnectPacket(station.name, clean_start=True, keep_alive=KEEP_ALIVE_S, will=last_words)
    wanted = mqtt5.TopicFilter(f"v1/{station.name}/down/#", max_qos=_ONCE_AT_LEAST, retain_as_published=False)
    return hello.write() + mqtt5.SubscribePacket(packet_id, [wanted]).write()


def publication(topic: str, payload: bytes, packet_id: int, *, is_retained: bool = False) -> bytes:
    """Return a message of QoS 1."""
    return mqtt5.PublishPacket(
        topic, payload, qos=_ONCE_AT_LEAST, retain=is_retained, packet_id=packet_id
    ).write()


def is_no(reason: IntEnum) -> bool:
    """Whether the broker refuses. mqtt5's reasons are no numbers themselves, whatever its types say."""
    return int(reason) >= FAILURE
