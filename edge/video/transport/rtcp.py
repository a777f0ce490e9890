"""RTCP as far as a leg needs it: reports, requests for repair, limits (core).

Bytes of the other side never raise: what cannot be read is left out. Sources: RFC 3550 section 6, RFC 4585
section 6, RFC 5104 section 4.3.1, draft-alvestrand-rmcat-remb-03.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

SENDER_REPORT: Final = 200
RECEIVER_REPORT: Final = 201
BYE: Final = 203
FEEDBACK_OF_TRANSPORT: Final = 205
FEEDBACK_OF_PAYLOAD: Final = 206
NACK: Final = 1  # format of FEEDBACK_OF_TRANSPORT
PLI: Final = 1  # formats of FEEDBACK_OF_PAYLOAD
FIR: Final = 4
APPLICATION: Final = 15

NACKED_MAX: Final = 1_024  # sequences of one request; more is a flood
_REPORT_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class RtcpPacket:
    """One packet of a compound; `count`: the five bits beside the version; `body`: after the length."""

    kind: int
    count: int
    body: bytes

    @property
    def media_ssrc(self) -> int | None:
        """Of a feedback: of which stream it speaks."""
        return int.from_bytes(self.body[4:8]) if len(self.body) >= 8 else None


@dataclass(frozen=True, slots=True)
class Report:
    """What the other side received of one stream. `last_report` and `since_report` are LSR and DLSR."""

    ssrc: int
    lost_share: float
    last_report: int
    since_report: int


def split_compound(data: bytes) -> Iterator[RtcpPacket]:
    """Yield the packets of a compound, up to the first that cannot be one."""
    at = 0
    while at + 4 <= len(data):
        end = at + 4 + 4 * int.from_bytes(data[at + 2 : at + 4])
        if data[at] >> 6 != 2 or end > len(data):
            return
        body = data[at + 4 : end]
        if data[at] & 0x20:  # padded; the last byte says by how much
            if not body or not 0 < body[-1] <= len(body):
                return
            body = body[: -body[-1]]
        yield RtcpPacket(data[at + 1], data[at] & 0x1F, body)
        at = end


def write_packet(kind: int, count: int, body: bytes) -> bytes:
    """Return one RTCP packet, padded to words as libwebrtc does."""
    missing = -len(body) % 4
    if missing:
        body += bytes(missing - 1) + bytes([missing])
    return bytes([0x80 | (0x20 if missing else 0) | count, kind]) + (len(body) // 4).to_bytes(2) + body


def read_reports(packet: RtcpPacket) -> list[Report]:
    """Return the blocks of a sender's or receiver's report."""
    begin = {SENDER_REPORT: 24, RECEIVER_REPORT: 4}.get(packet.kind)
    if begin is None:
        return []
    blocks = [packet.body[at : at + _REPORT_BYTES] for at in range(begin, len(packet.body), _REPORT_BYTES)]
    return [
        Report(
            ssrc=int.from_bytes(block[0:4]),
            lost_share=block[4] / 256,
            last_report=int.from_bytes(block[16:20]),
            since_report=int.from_bytes(block[20:24]),
        )
        for block in blocks[: packet.count]
        if len(block) == _REPORT_BYTES
    ]


def read_nack(packet: RtcpPacket) -> list[int]:
    """Return the sequence numbers (16 bits) that a generic NACK asks for, NACKED_MAX at most."""
    asked: list[int] = []
    for at in range(8, len(packet.body) - 3, 4):
        first, mask = int.from_bytes(packet.body[at : at + 2]), int.from_bytes(packet.body[at + 2 : at + 4])
        asked.append(first)
        asked.extend((first + 1 + bit) & 0xFFFF for bit in range(16) if mask >> bit & 1)
    return asked[:NACKED_MAX]


def read_remb(packet: RtcpPacket) -> int | None:
    """Return the bitrate (bit/s) of a receiver's estimate; None when the packet is something else."""
    body = packet.body
    if packet.kind != FEEDBACK_OF_PAYLOAD or packet.count != APPLICATION or len(body) < 16:
        return None
    if body[8:12] != b"REMB":
        return None
    return int.from_bytes(body[13:16]) % (1 << 18) << (body[13] >> 2)


def read_keyframe_request(packet: RtcpPacket) -> int | None:
    """Return the stream (SSRC) of which a PLI or FIR wants a keyframe; None: it is neither."""
    if packet.kind != FEEDBACK_OF_PAYLOAD or packet.count not in (PLI, FIR):
        return None
    at = 8 if packet.count == FIR else 4  # RFC 5104: a FIR names it in its entry
    return int.from_bytes(packet.body[at : at + 4]) if len(packet.body) >= at + 4 else None


def fill_sender_report(data: bytes, *, ntp: int, rtp_timestamp: int, packets: int, octets: int) -> bytes:
    """Return a compound that begins with a sender report, with these numbers in it."""
    numbers = ntp.to_bytes(8) + (rtp_timestamp & 0xFFFFFFFF).to_bytes(4)
    numbers += (packets & 0xFFFFFFFF).to_bytes(4) + (octets & 0xFFFFFFFF).to_bytes(4)
    return data[:8] + numbers + data[28:]
