"""Messages about streams: HELLO announces them, SAMPLES carries them, GAP tells what is missing.

Source: docs/board-link.md, "Messages".
"""

import math
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from typing import ClassVar, Final, Self

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.board.messages import FixedMessage, MessageType
from firmware_bridge.errors import EncodeError
from firmware_bridge.events import StreamDescription
from firmware_bridge.frames import MAX_PAYLOAD_BYTES

SAMPLE_BYTES: Final = 3  # int24
SAMPLE_MIN: Final = -(1 << 23)
SAMPLE_MAX: Final = (1 << 23) - 1


class Capability(IntEnum):
    """Bits of `caps` in HELLO."""

    BUTTON = 1 << 0
    ECG = 1 << 1
    PPG = 1 << 2
    BUZZER = 1 << 3
    TEMPERATURE = 1 << 4
    BUTTON_LOOP = 1 << 5


class GapReason(IntEnum):
    """Why samples are missing, in GAP."""

    FIFO_OVERFLOW = 1
    TX_BUFFER = 2
    AFE_RESET = 3
    NO_VALUE = 4  # since minor 1
    STREAM_OFF = 5  # since minor 2


class SampleFlag(IntEnum):
    """Bits of `flags` in SAMPLES."""

    LEAD_OFF_VALID = 0x01
    SETTLING = 0x02
    CLIPPED = 0x04


@dataclass(frozen=True, slots=True)
class Hello:
    """The board introduces itself and its streams."""

    TYPE: ClassVar = MessageType.HELLO
    IS_RELIABLE: ClassVar = False
    HEAD: ClassVar = struct.Struct("<BHBBBBIB8sIBI")
    STREAM: ClassVar = struct.Struct("<BBIIBBfB")

    proto_minor: int
    hw_model: int
    hw_revision: int
    firmware: tuple[int, int, int]
    build_hash: int
    reset_cause: int
    uid: bytes
    schema_hash: int
    caps: int
    streams: tuple[StreamDescription, ...] = ()

    def encode(self) -> bytes:
        """Return the payload. Raises EncodeError: a field is out of range."""
        if len(self.uid) != 8:
            raise EncodeError(f"uid of {len(self.uid)} bytes; it has 8")
        try:
            head = self.HEAD.pack(
                self.proto_minor,
                self.hw_model,
                self.hw_revision,
                *self.firmware,
                self.build_hash,
                self.reset_cause,
                self.uid,
                self.schema_hash,
                len(self.streams),
                self.caps,
            )
            return head + b"".join(
                self.STREAM.pack(s.stream_id, s.kind, s.mdc, s.rate_mhz, s.channels, s.bits, s.scale, s.unit)
                for s in self.streams
            )
        except (struct.error, OverflowError) as error:
            raise EncodeError(f"{self}: {error}") from error

    @classmethod
    def parse(cls, payload: bytes) -> Self | None:
        """Read the payload; None when it is too short or a stream is impossible."""
        if len(payload) < cls.HEAD.size:
            return None
        minor, model, revision, *firmware, build, cause, uid, schema, n_streams, caps = cls.HEAD.unpack_from(
            payload
        )
        if len(payload) < cls.HEAD.size + n_streams * cls.STREAM.size:
            return None
        streams = tuple(
            StreamDescription(*cls.STREAM.unpack_from(payload, cls.HEAD.size + k * cls.STREAM.size))
            for k in range(n_streams)
        )
        if any(s.rate_mhz == 0 or s.channels == 0 or not math.isfinite(s.scale) for s in streams):
            return None
        if len({s.stream_id for s in streams}) != n_streams:
            return None
        major, minor_fw, patch = firmware
        return cls(minor, model, revision, (major, minor_fw, patch), build, cause, uid, schema, caps, streams)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Contiguous samples of one stream; `samples` is int32, (count, channels), within int24.

    `period_us` 0: longer than the field; the rate is in HELLO.
    """

    TYPE: ClassVar = MessageType.SAMPLES
    IS_RELIABLE: ClassVar = False
    HEAD: ClassVar = struct.Struct("<BBIQHBB")
    TAIL: ClassVar = struct.Struct("<BB")

    stream_id: int
    flags: int
    first_index: int
    t_first_us: int
    period_us: int
    samples: NDArray[np.int32] = field(repr=False)
    lead_off: int = 0
    afe_status: int = 0

    def encode(self) -> bytes:
        """Return the payload. Raises EncodeError: a field is out of range, or too many samples."""
        count, channels = self.samples.shape
        if count == 0 or channels == 0:
            raise EncodeError(f"stream {self.stream_id}: a block without samples")
        if np.min(self.samples) < SAMPLE_MIN or np.max(self.samples) > SAMPLE_MAX:
            raise EncodeError(f"stream {self.stream_id}: a sample does not fit 24 bits")
        size_bytes = self.HEAD.size + self.TAIL.size + SAMPLE_BYTES * count * channels
        if size_bytes > MAX_PAYLOAD_BYTES:
            raise EncodeError(f"stream {self.stream_id}: {count} x {channels} samples do not fit a frame")
        body = self.samples.astype("<i4").reshape(-1, 1).view(np.uint8)[:, :SAMPLE_BYTES].tobytes()
        try:
            head = self.HEAD.pack(
                self.stream_id,
                self.flags,
                self.first_index,
                self.t_first_us,
                self.period_us,
                count,
                channels,
            )
            return head + body + self.TAIL.pack(self.lead_off, self.afe_status)
        except struct.error as error:
            raise EncodeError(f"{self}: {error}") from error

    @classmethod
    def parse(cls, payload: bytes) -> Self | None:
        """Read the payload; None when it is too short or empty of samples."""
        if len(payload) < cls.HEAD.size:
            return None
        stream_id, flags, first_index, t_first_us, period_us, count, channels = cls.HEAD.unpack_from(payload)
        body_bytes = SAMPLE_BYTES * count * channels
        if body_bytes == 0 or len(payload) < cls.HEAD.size + body_bytes + cls.TAIL.size:
            return None
        raw = np.frombuffer(payload, np.uint8, body_bytes, cls.HEAD.size).reshape(-1, SAMPLE_BYTES)
        wide = np.zeros((len(raw), 4), np.uint8)
        wide[:, 1:] = raw  # in the upper three bytes, so that the shift carries the sign
        samples = (wide.view("<i4").astype(np.int32) >> 8).reshape(count, channels)
        lead_off, afe_status = cls.TAIL.unpack_from(payload, cls.HEAD.size + body_bytes)
        return cls(stream_id, flags, first_index, t_first_us, period_us, samples, lead_off, afe_status)


@dataclass(frozen=True, slots=True)
class Gap(FixedMessage):
    """Samples that will never come; never sent ahead of earlier samples of its own stream."""

    TYPE = MessageType.GAP
    LAYOUT = struct.Struct("<BIIB")

    stream_id: int
    first_lost: int
    count: int
    reason: int
