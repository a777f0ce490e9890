"""Frames of our own board's link: `00 | COBS(packet) | 00`. Source: docs/board-link.md, "Frame".

A packet is a header of 14 bytes, a payload, and a CRC-32 over both. The zero at the front flushes
whatever garbage came before, so one damaged frame costs that frame and no other.
"""

import struct
import zlib
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from typing import Final

from cobs import cobs

from firmware_bridge.errors import EncodeError

PROTOCOL_MAJOR: Final = 1
HEADER: Final = struct.Struct("<BBHHQ")  # major and flags, type, seq, boot_id, t_us
CRC: Final = struct.Struct("<I")  # CRC-32/ISO-HDLC
MIN_PACKET_BYTES: Final = HEADER.size + CRC.size
MAX_PACKET_BYTES: Final = 256  # keeps the CRC's Hamming distance at 5 (2974 bits)
MAX_PAYLOAD_BYTES: Final = MAX_PACKET_BYTES - MIN_PACKET_BYTES
MAX_STUFFED_BYTES: Final = MAX_PACKET_BYTES + 2  # COBS adds one byte for every 254
RELIABLE: Final = 0x01
RETRANSMISSION: Final = 0x02


class Damage(Enum):
    """Why a frame was thrown away."""

    TOO_LONG = "longer than a frame may be"
    BAD_COBS = "byte stuffing is wrong"
    TOO_SHORT = "shorter than header and checksum"
    BAD_CRC = "checksum is wrong"
    OTHER_MAJOR = "another major version of the protocol"


@dataclass(frozen=True, slots=True)
class Frame:
    """One packet without its checksum. `t_us`: the board's time when it was queued; 0 from the host."""

    message_type: int
    payload: bytes
    seq: int = 0
    boot_id: int = 0
    t_us: int = 0
    is_reliable: bool = False
    is_retransmission: bool = False


def encode_packet(frame: Frame) -> bytes:
    """Return header, payload and checksum. Raises EncodeError: a field is out of range."""
    if len(frame.payload) > MAX_PAYLOAD_BYTES:
        raise EncodeError(f"payload of {len(frame.payload)} bytes; a frame carries {MAX_PAYLOAD_BYTES}")
    flags = RELIABLE * frame.is_reliable | RETRANSMISSION * frame.is_retransmission
    try:
        header = HEADER.pack(
            PROTOCOL_MAJOR << 4 | flags, frame.message_type, frame.seq, frame.boot_id, frame.t_us
        )
    except struct.error as error:
        raise EncodeError(f"header of {frame}: {error}") from error
    body = header + frame.payload
    return body + CRC.pack(zlib.crc32(body))


def encode(frame: Frame) -> bytes:
    """Return the frame as it goes over the wire. Raises EncodeError: a field is out of range."""
    stuffed: bytes = cobs.encode(encode_packet(frame))
    return b"\0" + stuffed + b"\0"


def parse_packet(packet: bytes) -> Frame | Damage:
    """Read one unstuffed packet."""
    if len(packet) < MIN_PACKET_BYTES:
        return Damage.TOO_SHORT
    if len(packet) > MAX_PACKET_BYTES:
        return Damage.TOO_LONG
    body = packet[: -CRC.size]
    if CRC.pack(zlib.crc32(body)) != packet[-CRC.size :]:
        return Damage.BAD_CRC
    first, message_type, seq, boot_id, t_us = HEADER.unpack_from(body)
    if first >> 4 != PROTOCOL_MAJOR:
        return Damage.OTHER_MAJOR
    return Frame(
        message_type=message_type,
        payload=body[HEADER.size :],
        seq=seq,
        boot_id=boot_id,
        t_us=t_us,
        is_reliable=bool(first & RELIABLE),
        is_retransmission=bool(first & RETRANSMISSION),
    )


class FrameDecoder:
    """Splits a byte stream into frames, whatever the chunks. Never raises on peer bytes.

    Holds at most MAX_STUFFED_BYTES. `damage` counts every frame that was thrown away, by cause.
    """

    def __init__(self) -> None:
        self.frame_count = 0
        self.damage: Counter[Damage] = Counter()
        self._pending = bytearray()
        self._is_overlong = False

    @property
    def pending_bytes(self) -> int:
        """How much of an unfinished frame is held."""
        return len(self._pending)

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes, in order."""
        frames: list[Frame] = []
        *finished, rest = data.split(b"\0")
        for part in finished:
            self._extend(part)
            self._finish(frames)
        self._extend(rest)
        return frames

    def restart(self) -> None:
        """Forget an unfinished frame: the port was reopened. The counts stay."""
        self._pending.clear()
        self._is_overlong = False

    def _extend(self, part: bytes) -> None:
        if self._is_overlong or len(self._pending) + len(part) > MAX_STUFFED_BYTES:
            self._is_overlong = True
            self._pending.clear()
        else:
            self._pending += part

    def _finish(self, frames: list[Frame]) -> None:
        if self._is_overlong:
            self.damage[Damage.TOO_LONG] += 1
            self._is_overlong = False
        elif self._pending:  # two zeros in a row are the end of one frame and the front of the next
            outcome = _unstuff(bytes(self._pending))
            if isinstance(outcome, Frame):
                self.frame_count += 1
                frames.append(outcome)
            else:
                self.damage[outcome] += 1
        self._pending.clear()


def _unstuff(stuffed: bytes) -> Frame | Damage:
    try:
        return parse_packet(cobs.decode(stuffed))
    except cobs.DecodeError:
        return Damage.BAD_COBS
