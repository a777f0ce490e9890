"""MQTT 5 as a station needs it, byte by byte (core). Source: OASIS MQTT 5.0, section 3.

What is written carries no properties; those that the broker writes are read over. A station's connection is a
clean session with a Will, one subscription, publications of QoS 1 and their PUBACKs.
"""

from dataclasses import dataclass
from typing import Final

CONNACK: Final = 0x20
PUBLISH: Final = 0x30
PUBACK: Final = 0x40
SUBACK: Final = 0x90
DISCONNECT: Final = 0xE0

FAILURE: Final = 0x80  # reason codes from here on say no
PACKET_MAX_BYTES: Final = 131_072  # the broker sends half of that at most; more is no MQTT
_CLEAN_WITH_WILL: Final = 0x02 | 0x04 | 0x08 | 0x20  # clean start, Will of QoS 1, retained
_NO_PROPERTIES: Final = b"\x00"


class BrokenStreamError(Exception):
    """What the broker sent is no MQTT; the connection is of no use any more."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet: `kind` is one of the constants above, `flags` its low four bits."""

    kind: int
    flags: int
    body: bytes


def connect(client_id: str, *, keep_alive_s: int, will_topic: str, will: bytes) -> bytes:
    """Return a CONNECT with a clean start and a retained Will of QoS 1."""
    head = _text("MQTT") + bytes((5, _CLEAN_WITH_WILL)) + keep_alive_s.to_bytes(2) + _NO_PROPERTIES
    last_words = _NO_PROPERTIES + _text(will_topic) + len(will).to_bytes(2) + will
    return _packet(0x10, head + _text(client_id) + last_words)


def subscribe(packet_id: int, topics: str, *, qos: int) -> bytes:
    """Return a SUBSCRIBE to one filter."""
    return _packet(0x82, packet_id.to_bytes(2) + _NO_PROPERTIES + _text(topics) + bytes((qos,)))


def publish(topic: bytes, payload: bytes, *, packet_id: int, is_retained: bool = False) -> bytes:
    """Return a PUBLISH of QoS 1; `topic` is its name in UTF-8."""
    head = len(topic).to_bytes(2) + topic + packet_id.to_bytes(2) + _NO_PROPERTIES
    return _packet(0x32 | is_retained, head + payload)


def puback(packet_id: int) -> bytes:
    """Return the PUBACK of a message that was taken."""
    return b"\x40\x02" + packet_id.to_bytes(2)


def take_packets(buffer: bytearray) -> list[Packet]:
    """Take the whole packets off the front of `buffer`. Raises BrokenStreamError."""
    packets, start = [], 0
    while True:
        found = _length(buffer, start + 1)
        if found is None or found[1] + found[0] > len(buffer):
            break
        length, body = found
        packets.append(
            Packet(buffer[start] & 0xF0, buffer[start] & 0x0F, bytes(buffer[body : body + length]))
        )
        start = body + length
    if start:
        del buffer[:start]
    return packets


def reason_of(packet: Packet) -> int:
    """Return the reason code of a CONNACK, PUBACK, SUBACK or DISCONNECT; none is written for success."""
    match packet.kind:
        case 0x20:
            return packet.body[1] if len(packet.body) > 1 else FAILURE
        case 0x40:
            return packet.body[2] if len(packet.body) > 2 else 0
        case 0x90:
            return packet.body[-1] if packet.body else FAILURE
        case _:
            return packet.body[0] if packet.body else 0


def packet_id_of(packet: Packet) -> int:
    """Return the id that a PUBACK or SUBACK answers."""
    return int.from_bytes(packet.body[:2])


def message_of(packet: Packet) -> tuple[str, bytes, int | None]:
    """Return topic, payload and, of QoS 1, the id to acknowledge of a PUBLISH. Raises BrokenStreamError."""
    body = packet.body
    end = 2 + int.from_bytes(body[:2])
    topic, packet_id = body[2:end], None
    if packet.flags & 0x06:
        packet_id, end = int.from_bytes(body[end : end + 2]), end + 2
    found = _length(body, end)
    if found is None or found[1] + found[0] > len(body):
        raise BrokenStreamError(f"a message of {len(body)} bytes ends within its properties")
    try:
        return topic.decode(), body[found[1] + found[0] :], packet_id
    except UnicodeDecodeError:
        raise BrokenStreamError("a topic that is not UTF-8") from None


def _packet(first: int, body: bytes) -> bytes:
    length, out = len(body), bytearray((first,))
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out) + body


def _length(data: bytes | bytearray, start: int) -> tuple[int, int] | None:
    """Return the variable byte integer at `start` and where what it counts begins; None: not whole yet."""
    value = 0
    for place in range(4):
        if start + place >= len(data):
            return None
        byte = data[start + place]
        value |= (byte & 0x7F) << 7 * place
        if byte < 0x80:
            if value > PACKET_MAX_BYTES:
                break
            return value, start + place + 1
    raise BrokenStreamError(f"a packet whose length is over {PACKET_MAX_BYTES} bytes")


def _text(text: str) -> bytes:
    raw = text.encode()
    return len(raw).to_bytes(2) + raw
