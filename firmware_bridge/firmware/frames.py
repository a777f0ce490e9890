"""Frames of the link as the board writes and reads them: `00 | COBS(packet) | 00`, CRC-32 over the packet.

The same bytes as `firmware_bridge/frames.py`, in what MicroPython has. Source: docs/board-link.md, "Frame".
"""

import binascii
import struct

PROTOCOL_MAJOR = 1
HEADER = "<BBHHQ"  # major and flags, type, seq, boot_id, t_us
HEADER_BYTES = 14
CRC_BYTES = 4
MIN_PACKET_BYTES = HEADER_BYTES + CRC_BYTES
MAX_PACKET_BYTES = 256
MAX_PAYLOAD_BYTES = MAX_PACKET_BYTES - MIN_PACKET_BYTES
MAX_STUFFED_BYTES = MAX_PACKET_BYTES + 2
RELIABLE = 0x01
RETRANSMISSION = 0x02
RUN_MAX_BYTES = 254  # of bytes that are no zero, in one COBS block

TOO_LONG, BAD_COBS, TOO_SHORT, BAD_CRC, OTHER_MAJOR = range(5)  # why a frame was thrown away


def stuff(packet: bytes) -> bytes:
    """Return the packet without zeros: COBS."""
    out = bytearray()
    start, size = 0, len(packet)
    while True:
        zero = packet.find(b"\0", start)
        end = size if zero < 0 else zero
        while end - start >= RUN_MAX_BYTES:
            out.append(RUN_MAX_BYTES + 1)
            out.extend(packet[start : start + RUN_MAX_BYTES])
            start += RUN_MAX_BYTES
            if start == size:
                return bytes(out)
        out.append(end - start + 1)
        out.extend(packet[start:end])
        if zero < 0:
            return bytes(out)
        start = zero + 1


def unstuff(stuffed: bytes) -> bytes | None:
    """Return the packet; None: the stuffing is wrong. `stuffed` holds no zero."""
    out = bytearray()
    at, size = 0, len(stuffed)
    while at < size:
        code = stuffed[at]
        end = at + code
        if end > size:
            return None
        out.extend(stuffed[at + 1 : end])
        at = end
        if code <= RUN_MAX_BYTES and at < size:
            out.append(0)
    return bytes(out)


def encode(message_type: int, payload: bytes, *, seq: int, boot_id: int, t_us: int, flags: int = 0) -> bytes:
    """Return the frame as it goes over the wire. `payload` has at most MAX_PAYLOAD_BYTES."""
    packet = struct.pack(HEADER, PROTOCOL_MAJOR << 4 | flags, message_type, seq, boot_id, t_us) + payload
    return b"\0" + stuff(packet + struct.pack("<I", binascii.crc32(packet))) + b"\0"


class FrameDecoder:
    """Splits the host's bytes into frames, whatever the chunks. Never raises on them.

    Holds at most MAX_STUFFED_BYTES. `damage` counts thrown away frames by cause.
    """

    def __init__(self) -> None:
        self.damage = [0] * 5
        self._pending = b""
        self._is_overlong = False

    def feed(self, data: bytes) -> list[tuple[int, bytes, int]]:
        """Return the frames that `data` completes, as (type, payload, boot_id), in order."""
        frames: list[tuple[int, bytes, int]] = []
        parts = data.split(b"\0")
        for part in parts[:-1]:
            self._extend(part)
            self._finish(frames)
        self._extend(parts[-1])
        return frames

    def _extend(self, part: bytes) -> None:
        if self._is_overlong or len(self._pending) + len(part) > MAX_STUFFED_BYTES:
            self._is_overlong = True
            self._pending = b""
        elif part:
            self._pending += part

    def _finish(self, frames: list[tuple[int, bytes, int]]) -> None:
        if self._is_overlong:
            self.damage[TOO_LONG] += 1
            self._is_overlong = False
        elif self._pending:  # two zeros in a row are the end of one frame and the front of the next
            found = _read(self._pending)
            if isinstance(found, int):
                self.damage[found] += 1
            else:
                frames.append(found)
        self._pending = b""


def _read(stuffed: bytes) -> tuple[int, bytes, int] | int:
    """Return (type, payload, boot_id), or the number of the damage."""
    packet = unstuff(stuffed)
    if packet is None:
        return BAD_COBS
    size = len(packet)
    if size < MIN_PACKET_BYTES:
        return TOO_SHORT
    if size > MAX_PACKET_BYTES:
        return TOO_LONG
    body = packet[:-CRC_BYTES]
    if struct.unpack("<I", packet[-CRC_BYTES:])[0] != binascii.crc32(body):
        return BAD_CRC
    first, message_type, _, boot_id, _ = struct.unpack(HEADER, body[:HEADER_BYTES])
    if first >> 4 != PROTOCOL_MAJOR:
        return OTHER_MAJOR
    return message_type, body[HEADER_BYTES:], boot_id
