"""RTP packets of a leg: headers written at the moment of departure, VP8 cut to size (core).

Sources: RFC 3550 section 5.1, RFC 8285 (one-byte extensions), RFC 7741 (VP8), RFC 4588 (retransmission),
draft-holmer-rmcat-transport-wide-cc-extensions-01, draft-alvestrand-rmcat-remb-03 (absolute send time).
"""

from dataclasses import dataclass
from typing import Final

WIRE_BYTES: Final = 44  # beyond the RTP packet: 28 of IPv4 and UDP, 16 of SRTP's tag
PAYLOAD_MIN_BYTES: Final = 200  # below, headers are a quarter of the link
PAYLOAD_MAX_BYTES: Final = 1_150  # with all headers under 1,280, the least that every path carries
_DESCRIPTOR_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """What was negotiated; None: the other side does not want it."""

    transport_sequence: int | None
    send_time: int | None


@dataclass(slots=True)
class Stream:
    """One SSRC that we send. Numbers are RTP's: `next_sequence` 16 bits, `timestamp_offset` 32."""

    ssrc: int
    payload_type: int
    clock_hz: int
    next_sequence: int
    timestamp_offset: int
    packets: int = 0
    octets: int = 0
    last_timestamp: int | None = None  # of the newest media handed over, and when that was
    last_at_s: float = 0.0

    def timestamp(self, pts: int, *, now_s: float) -> int:
        """Return the RTP timestamp of media with this `pts`, handed over now."""
        self.last_timestamp, self.last_at_s = (self.timestamp_offset + pts) & 0xFFFFFFFF, now_s
        return self.last_timestamp

    def timestamp_at(self, now_s: float) -> int | None:
        """The timestamp that media of this moment would have; None before the first."""
        if self.last_timestamp is None:
            return None
        return (self.last_timestamp + round((now_s - self.last_at_s) * self.clock_hz)) & 0xFFFFFFFF


def write_packet(
    stream: Stream,
    payload: bytes,
    *,
    timestamp: int,
    is_last: bool,
    ids: ExtensionIds,
    transport_sequence: int,
    now_s: float,
    padding_bytes: int = 0,
    payload_type: int | None = None,
    sequence: int | None = None,
) -> bytes:
    """Return the packet and count it; it takes the stream's next sequence number, or goes again under the one
    that it had, `sequence`. `payload_type`: another one than the stream's.

    `padding_bytes` (0 … 255) follow the payload, the last one telling how many they are (RFC 3550, 5.1).
    """
    extensions = b""
    if ids.transport_sequence is not None:
        extensions += bytes([ids.transport_sequence << 4 | 1]) + (transport_sequence & 0xFFFF).to_bytes(2)
    if ids.send_time is not None:
        send_time = int(now_s * (1 << 18)) & 0xFFFFFF  # seconds with 18 bits of fraction
        extensions += bytes([ids.send_time << 4 | 2]) + send_time.to_bytes(3)
    extensions += bytes(-len(extensions) % 4)
    flags = 0x80 | (0x10 if extensions else 0) | (0x20 if padding_bytes else 0)
    kind = stream.payload_type if payload_type is None else payload_type
    head = bytes([flags, (0x80 if is_last else 0) | kind])
    number = stream.next_sequence if sequence is None else sequence
    head += number.to_bytes(2) + timestamp.to_bytes(4) + stream.ssrc.to_bytes(4)
    if extensions:
        head += b"\xbe\xde" + (len(extensions) // 4).to_bytes(2) + extensions
    if sequence is None:
        stream.next_sequence = (stream.next_sequence + 1) & 0xFFFF
    stream.packets += 1
    stream.octets += len(payload)
    return head + payload + (bytes(padding_bytes - 1) + bytes([padding_bytes]) if padding_bytes else b"")


def read_transport_sequence(data: bytes, extension_id: int) -> tuple[int, int] | None:
    """Return (SSRC, transport-wide sequence number) of a packet that came; None when it has none."""
    if len(data) < 16 or not data[0] & 0x10:
        return None
    at = 12 + 4 * (data[0] & 0x0F)
    end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
    if data[at : at + 2] != b"\xbe\xde" or end > len(data):
        return None
    at += 4
    while at < end:
        size = (data[at] & 0x0F) + 1
        if data[at] == 0:
            at += 1
        elif data[at] >> 4 == extension_id and size == 2 and at + 3 <= end:
            return int.from_bytes(data[8:12]), int.from_bytes(data[at + 1 : at + 3])
        else:
            at += 1 + size
    return None


def cut_vp8(data: bytes, *, picture_id: int, packet_bytes: int) -> list[bytes]:
    """Return the payloads of one VP8 frame: a descriptor with `picture_id` (15 bits) before each piece.

    No payload is longer than `packet_bytes`, held within PAYLOAD_MIN_BYTES … PAYLOAD_MAX_BYTES; the pieces
    are about equally long, so that no last one is all header.
    """
    room = min(PAYLOAD_MAX_BYTES, max(PAYLOAD_MIN_BYTES, packet_bytes)) - _DESCRIPTOR_BYTES
    pieces = max(1, -(-len(data) // room))
    size = -(-len(data) // pieces)
    tail = b"\x80" + (0x8000 | picture_id & 0x7FFF).to_bytes(2)  # I: a picture id, long
    begin, go_on = b"\x90" + tail, b"\x80" + tail  # X, and S at the start of the partition
    return [(go_on if at else begin) + data[at : at + size] for at in range(0, len(data), size)]


def wrap_again(payload: bytes, sequence: int) -> bytes:
    """Return the payload of a retransmission: the sequence number that was lost, then what it carried."""
    return sequence.to_bytes(2) + payload
