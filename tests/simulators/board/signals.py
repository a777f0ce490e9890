"""The front end: which samples exist, in which blocks. Pure; time is the board's own microseconds."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from firmware_bridge.board.stream_messages import Gap, GapReason, SampleFlag, Samples
from firmware_bridge.events import ProbeState, StreamDescription, StreamKind, StreamUnit
from tests.simulators.board.recordings import ECG, PLETH, PULSE, SPO2, Recording

STREAMS: Final = (
    StreamDescription(ECG, StreamKind.ECG, 131329, 250_000, 1, 24, 5.0, StreamUnit.MICROVOLT),
    StreamDescription(PLETH, StreamKind.PPG, 150452, 100_000, 1, 24, 1.0, StreamUnit.COUNT),
    StreamDescription(SPO2, StreamKind.NUMERIC, 150456, 1000, 1, 8, 1.0, StreamUnit.PERCENT),
    StreamDescription(PULSE, StreamKind.NUMERIC, 149530, 1000, 1, 16, 1.0, StreamUnit.PER_MINUTE),
)
BLOCK_SAMPLES: Final = {ECG: 25, PLETH: 10, SPO2: 1, PULSE: 1}  # 100 ms; 1 s of numerics
BOTH_ELECTRODES: Final = 0b11
RAIL: Final = (1 << 18) - 1  # what an open ECG input reads
SETTLING_S: Final = 1.0  # after the electrodes are on again
SEARCHING_S: Final = 3.0  # after the probe is on again, no SpO2 and no pulse


def streams_of(recording: Recording) -> tuple[StreamDescription, ...]:
    """Return what the board announces: a finger probe samples as fast as this recording was."""
    rate_mhz = recording.pleth_hz * 1000
    return tuple(replace(one, rate_mhz=rate_mhz) if one.stream_id == PLETH else one for one in STREAMS)


@dataclass(slots=True)
class _Stream:
    description: StreamDescription
    produced: int = 0  # samples up to here are in a block or a gap
    recording_from: int = 0  # where the present person's recording began
    is_on: bool = True

    @property
    def rate_hz(self) -> float:
        return self.description.rate_mhz / 1000


class FrontEnd:
    """One boot of the front end; sampling starts at `start_us` with index 0."""

    def __init__(self, recording: Recording, *, start_us: int, has_leads: bool, probe: ProbeState) -> None:
        self.has_leads = has_leads
        self.off_mask = BOTH_ELECTRODES  # which come off together
        self.probe = probe
        self._recording = recording
        self._start_us = start_us
        self._streams = {d.stream_id: _Stream(d) for d in streams_of(recording)}
        self._settled_us = self._found_us = start_us

    def advance(self, board_us: int) -> list[Samples | Gap]:
        """Return the blocks that are full by now, in order of their time."""
        return self._produce(board_us, is_flush=False)

    def change(
        self,
        board_us: int,
        *,
        has_leads: bool | None = None,
        probe: ProbeState | None = None,
        recording: Recording | None = None,
        off_mask: int = BOTH_ELECTRODES,
    ) -> list[Samples | Gap]:
        """Something happens to the person: return the blocks of the time before it."""
        blocks = self._produce(board_us, is_flush=True)
        self.off_mask = off_mask
        if has_leads is not None and has_leads != self.has_leads:
            self.has_leads = has_leads
            self._settled_us = board_us + round(SETTLING_S * 1e6)
        if probe is not None and probe is not self.probe:
            self.probe = probe
            self._found_us = board_us + round(SEARCHING_S * 1e6)
        if recording is not None:
            self._recording = recording
            for stream in self._streams.values():
                stream.recording_from = stream.produced
        return blocks

    def switch(self, board_us: int, stream_id: int, *, is_on: bool) -> list[Samples | Gap]:
        """Let a stream run or rest, its indexes go on; return the blocks of the time before it."""
        blocks = self._produce(board_us, is_flush=True)
        self._streams[stream_id].is_on = is_on
        return blocks

    @property
    def is_streaming(self) -> bool:
        """Whether any stream runs."""
        return any(stream.is_on for stream in self._streams.values())

    def next_block_us(self) -> int:
        """When the next block is full."""
        return min(
            self._time_us(stream, stream.produced + BLOCK_SAMPLES[stream_id])
            for stream_id, stream in self._streams.items()
        )

    def _produce(self, board_us: int, *, is_flush: bool) -> list[Samples | Gap]:
        blocks: list[tuple[int, Samples | Gap]] = []
        for stream_id, stream in self._streams.items():
            size = BLOCK_SAMPLES[stream_id]
            due = int((board_us - self._start_us) * stream.rate_hz / 1e6)
            while stream.produced < due and (is_flush or due - stream.produced >= size):
                count = min(size, due - stream.produced)
                blocks.append((self._time_us(stream, stream.produced + count), self._block(stream, count)))
                stream.produced += count
        blocks.sort(key=lambda timed: timed[0])
        return [block for _, block in blocks]

    def _block(self, stream: _Stream, count: int) -> Samples | Gap:
        stream_id, first = stream.description.stream_id, stream.produced
        t_first_us = self._time_us(stream, first)
        if not stream.is_on:
            return Gap(stream_id, first & 0xFFFFFFFF, count, GapReason.STREAM_OFF)
        is_searching = stream_id in (SPO2, PULSE) and t_first_us < self._found_us
        if stream_id != ECG and (self.probe is not ProbeState.ON or is_searching):
            return Gap(stream_id, first & 0xFFFFFFFF, count, GapReason.NO_VALUE)
        flags = mask = 0
        samples = self._recording.samples(stream_id, first - stream.recording_from, count)
        if stream_id == ECG:
            flags = SampleFlag.LEAD_OFF_VALID
            if t_first_us < self._settled_us:
                flags |= SampleFlag.SETTLING
            if not self.has_leads:
                flags |= SampleFlag.CLIPPED
                mask = self.off_mask
                samples = np.full((count, 1), RAIL, np.int32)
        period_us = round(1e6 / stream.rate_hz)
        period_us = period_us if period_us < 1 << 16 else 0
        return Samples(stream_id, flags, first & 0xFFFFFFFF, t_first_us, period_us, samples, mask)

    def _time_us(self, stream: _Stream, index: int) -> int:
        return self._start_us + round(index * 1e6 / stream.rate_hz)
