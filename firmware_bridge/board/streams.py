"""Sample indexes of one boot: extended to 64 bits, every missing sample accounted for once.

Source: docs/board-link.md, "Loss". A hole in the indexes and the GAP message that explains it are the
same loss: whichever comes first counts it, the other finds nothing left to count.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from firmware_bridge.board.sample_clock import SampleClock
from firmware_bridge.board.stream_messages import Gap, GapReason, SampleFlag, Samples
from firmware_bridge.events import LossReason, SampleBlock, SamplesLost, StreamDescription

INDEX_SPAN: Final = 1 << 32
_REASONS: Final = {
    GapReason.FIFO_OVERFLOW: LossReason.FIFO_OVERFLOW,
    GapReason.TX_BUFFER: LossReason.BOARD_BUFFER,
    GapReason.AFE_RESET: LossReason.FRONT_END_RESET,
    GapReason.NO_VALUE: LossReason.NO_VALUE,
    GapReason.STREAM_OFF: LossReason.STREAM_OFF,
}


def extend_index(index: int, *, expected: int) -> int:
    """Return the 64-bit index nearest to `expected` whose lower 32 bits are `index`; may be negative."""
    half = INDEX_SPAN // 2
    return expected + (index - expected + half) % INDEX_SPAN - half


@dataclass(slots=True)
class StreamCounts:
    """What went missing, over all boots. `foreign_blocks`: not announced, or with other channels."""

    stale_blocks: int = 0
    foreign_blocks: int = 0
    lost_samples: Counter[int] = field(default_factory=Counter)
    absent_samples: Counter[int] = field(default_factory=Counter)


class StreamBook:
    """The streams of one board boot; a new one for the next boot."""

    def __init__(
        self, board_boot: int, streams: tuple[StreamDescription, ...], *, counts: StreamCounts
    ) -> None:
        self.board_boot = board_boot
        self._counts = counts
        self._streams = {s.stream_id: s for s in streams}
        self._next_index: dict[int, int] = {}
        self._clocks = {s.stream_id: SampleClock(s.rate_mhz) for s in streams}

    def drifts_ppm(self) -> dict[int, float]:
        """Return, of the streams of which it is known, how much faster they are sampled than announced."""
        drifts = {stream_id: clock.drift_ppm for stream_id, clock in self._clocks.items()}
        return {stream_id: drift for stream_id, drift in drifts.items() if drift is not None}

    def on_samples(self, message: Samples, *, box_t_us: int) -> list[SampleBlock | SamplesLost]:
        """Return the block, after the loss its index tells of."""
        stream = self._streams.get(message.stream_id)
        count, channels = message.samples.shape
        if stream is None or stream.channels != channels:
            self._counts.foreign_blocks += 1
            return []
        first, told = self._advance_to(message.stream_id, message.first_index)
        if first < self._next_index[message.stream_id]:
            self._counts.stale_blocks += 1
            return []
        self._next_index[message.stream_id] = first + count
        self._clocks[message.stream_id].on_block(first, message.t_first_us)
        has_leads = message.flags & SampleFlag.LEAD_OFF_VALID
        block = SampleBlock(
            stream_id=message.stream_id,
            board_boot=self.board_boot,
            first_index=first,
            samples=message.samples,
            board_t_us=message.t_first_us,
            box_t_us=box_t_us,
            lead_off_mask=message.lead_off if has_leads else None,
            is_settling=bool(message.flags & SampleFlag.SETTLING),
            is_clipped=bool(message.flags & SampleFlag.CLIPPED),
        )
        return [*told, block]

    def on_gap(self, message: Gap) -> list[SamplesLost]:
        """Return what of the gap was not known yet."""
        if message.stream_id not in self._streams:
            self._counts.foreign_blocks += 1
            return []
        first, told = self._advance_to(message.stream_id, message.first_lost)
        from_index = max(first, self._next_index[message.stream_id])
        told += self._lose(message.stream_id, from_index, first + message.count, _reason(message.reason))
        return told

    def _advance_to(self, stream_id: int, index: int) -> tuple[int, list[SamplesLost]]:
        """Extend `index`; samples between the expected one and it were lost on the wire."""
        expected = self._next_index.setdefault(stream_id, index)
        first = extend_index(index, expected=expected)
        return first, self._lose(stream_id, expected, first, LossReason.ON_THE_WIRE)

    def _lose(self, stream_id: int, first: int, end: int, reason: LossReason) -> list[SamplesLost]:
        if end <= first:
            return []
        self._next_index[stream_id] = end
        count = end - first
        counts = self._counts.absent_samples if reason.is_absence else self._counts.lost_samples
        counts[stream_id] += count
        return [SamplesLost(stream_id, self.board_boot, first, count, reason)]


def _reason(code: int) -> LossReason:
    try:
        return _REASONS[GapReason(code)]
    except ValueError:
        return LossReason.OTHER
