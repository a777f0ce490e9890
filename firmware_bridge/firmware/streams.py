"""One stream: samples counted from 0, packed into blocks of one description, holes told as gaps.

A block ends when it is full, when flags or electrodes change, and where samples are missing: what is said
of a block is true of each of its samples. Source: docs/board-link.md, "Messages".
"""

import struct

from firmware_bridge.firmware import wire
from firmware_bridge.firmware.backlog import Backlog

INDEX_MASK = 0xFFFFFFFF
PERIOD_MAX_US = 0xFFFF
SAMPLE_MIN, SAMPLE_MAX = -(1 << 23), (1 << 23) - 1


class Stream:
    """A stream as HELLO announces it (`scale`: units a step), and what of it waits in `backlog`.

    `block_samples` of a block: at most 72, so that it fits a frame. `add` and `lose` count the index on
    whether the stream is on or off; before `start` nothing counts.
    """

    def __init__(
        self,
        stream_id: int,
        *,
        kind: int,
        mdc: int,
        rate_mhz: int,
        bits: int,
        scale: float,
        unit: int,
        block_samples: int,
    ) -> None:
        self.stream_id = stream_id
        self.is_on = True
        self.announcement = struct.pack(
            wire.HELLO_STREAM, stream_id, kind, mdc, rate_mhz, 1, bits, scale, unit
        )
        self._block_samples = block_samples
        period_us = (1_000_000_000 + rate_mhz // 2) // rate_mhz
        self._period_us = period_us if period_us <= PERIOD_MAX_US else 0
        self._backlog: Backlog | None = None
        self._index = 0  # of the next sample
        self._samples = bytearray(3 * block_samples)
        self._count = 0  # of samples in `_samples`
        self._said = 0  # of them: flags, and below them the lead-off mask
        self._t_first_us = 0
        self._gap_count = 0  # of samples that are missing since the last block
        self._gap_reason = 0

    @property
    def is_streaming(self) -> bool:
        """Whether samples go to the host."""
        return self.is_on and self._backlog is not None

    def start(self, backlog: Backlog) -> None:
        """From now on samples count, from 0."""
        self._backlog = backlog

    def turn(self, *, is_on: bool, now_us: int) -> None:
        """Let the host have it, or not; the samples between are a gap."""
        if is_on != self.is_on:
            self.flush(now_us)
            self.is_on = is_on

    def add(self, value: int, t_us: int, flags: int = 0, lead_off: int = 0) -> None:
        """Take one sample, measured at `t_us`. A value beyond 24 bits is cut there and said to be clipped."""
        if self._backlog is None:
            return
        if not self.is_on:
            self.lose(1, wire.GAP_STREAM_OFF, t_us)
            return
        if value > SAMPLE_MAX or value < SAMPLE_MIN:
            value = SAMPLE_MAX if value > 0 else SAMPLE_MIN
            flags |= wire.FLAG_CLIPPED
        said = flags << 8 | lead_off
        count = self._count
        if self._gap_count or (count and said != self._said):
            self.flush(t_us)
            count = 0
        if not count:
            self._said, self._t_first_us = said, t_us
        samples, at = self._samples, 3 * count
        samples[at] = value & 0xFF
        samples[at + 1] = value >> 8 & 0xFF
        samples[at + 2] = value >> 16 & 0xFF
        self._count = count = count + 1
        if count == self._block_samples:
            self.flush(t_us)

    def lose(self, count: int, reason: int, now_us: int) -> None:
        """`count` samples, the next ones, are not there."""
        if self._backlog is None or not count:
            return
        if not self.is_on:
            reason = wire.GAP_STREAM_OFF
        if self._count or (self._gap_count and self._gap_reason != reason):
            self.flush(now_us)
        self._gap_count += count
        self._gap_reason = reason
        if self._gap_count >= self._block_samples:
            self.flush(now_us)

    def flush(self, now_us: int) -> None:
        """Give what is held to the backlog."""
        if self._backlog is None:
            return
        if self._count:
            head = struct.pack(
                wire.SAMPLES_HEAD,
                self.stream_id,
                self._said >> 8,
                self._index & INDEX_MASK,
                self._t_first_us,
                self._period_us,
                self._count,
                1,
            )
            tail = struct.pack(wire.SAMPLES_TAIL, self._said & 0xFF, 0)
            self._backlog.put_samples(head + bytes(self._samples[: 3 * self._count]) + tail, now_us)
            self._index += self._count
            self._count = 0
        if self._gap_count:
            first = self._index & INDEX_MASK
            self._backlog.put_gap(self.stream_id, first, self._gap_count, self._gap_reason, now_us)
            self._index += self._gap_count
            self._gap_count = 0
