"""What a packet of the link is, read from its first bytes (core). Media is encrypted; RTP's header is not."""

import struct
from typing import Final, Literal, NamedTuple

UDP: Final = 17
TCP: Final = 6
RTP_VERSION: Final = 0x80
MUXED_RTCP: Final = range(192, 224)  # packet types that RTP never uses beside RTCP (RFC 5761)

Content = Literal["tcp", "stun", "dtls", "rtcp", "rtp", "udp", "other"]


class Packet(NamedTuple):
    """An IPv4 packet. The last four are RTP's: payload type, source, sequence number, timestamp."""

    content: Content
    ports: tuple[int, int] = (0, 0)  # from, to
    payload_type: int = -1
    ssrc: int = 0
    sequence: int = 0
    timestamp: int = 0


def read_packet(data: bytes) -> Packet | None:
    """Return what it is; None when it is no IPv4 packet. Never raises."""
    if len(data) < 20 or data[0] >> 4 != 4:
        return None
    header_bytes, protocol = (data[0] & 0x0F) * 4, data[9]
    body = data[header_bytes:]
    if protocol not in (TCP, UDP) or len(body) < 8:
        return Packet("other")
    ports = struct.unpack_from("!HH", body)
    if protocol == TCP:
        return Packet("tcp", ports)
    return _read_udp(body[8:], ports)


def _read_udp(payload: bytes, ports: tuple[int, int]) -> Packet:
    """Told apart by the first byte, as those who share a port do (RFC 7983)."""
    first = payload[0] if payload else 255
    if first < 4:
        return Packet("stun", ports)
    if 20 <= first < 64:
        return Packet("dtls", ports)
    if first & 0xC0 != RTP_VERSION or len(payload) < 12:
        return Packet("udp", ports)
    if payload[1] in MUXED_RTCP:
        return Packet("rtcp", ports)
    sequence, timestamp, ssrc = struct.unpack_from("!HII", payload, 2)
    return Packet("rtp", ports, payload[1] & 0x7F, ssrc, sequence, timestamp)


def flow_of(data: bytes, *, is_up: bool) -> bytes | None:
    """Return the name of the flow that an IPv4 packet of TCP or UDP belongs to, the same both ways; None for
    others. Never raises.
    """
    header_bytes = (data[0] & 0x0F) * 4 if data else 0
    if len(data) < max(20, header_bytes + 4) or data[0] >> 4 != 4 or data[9] not in (TCP, UDP):
        return None
    source = data[12:16] + data[header_bytes : header_bytes + 2]
    target = data[16:20] + data[header_bytes + 2 : header_bytes + 4]
    return data[9:10] + (source + target if is_up else target + source)


def passes_wall(packet: Packet, port: int) -> bool:
    """Whether it passes where only TCP from or to this port may."""
    return packet.content == "tcp" and port in packet.ports
