"""A waveform of an instrument (core): samples of frames become blocks, and every missing one is told once."""

from collections import deque
from typing import Final, NamedTuple

import numpy as np

from firmware_bridge.events import InstrumentStream, LossReason, SampleBlock, SamplesLost
from firmware_bridge.instruments.steady import Placed, SteadyClock

ABSENT_TOLD_S: Final = 1.0  # a run of samples that measured nobody is told so often
STOPPED_S: Final = 1.0  # an instrument that speaks of other things meanwhile has stopped measuring this


class Piece(NamedTuple):
    """What one frame has of a stream: `lost` samples that must have been before it, and its samples;
    `is_absent`: they measured nobody."""

    lost: int
    samples: tuple[int, ...]
    is_absent: bool


class Wave:
    """One waveform in one life of the instrument. Holds at most what comes while steady.py is in doubt.
    `is_steady`: it is sent all the time, so that a pause is a loss.
    """

    def __init__(self, stream: InstrumentStream, stream_id: int, *, life: int, is_steady: bool) -> None:
        self._stream_id, self._life, self._is_steady = stream_id, life, is_steady
        self._rate_mhz = stream.rate_mhz
        self._clock: SteadyClock | None = None  # from the first frame on, whose samples are counted
        self._arrived_s = float("inf")
        self._waiting: deque[tuple[list[Piece], bool]] = deque()  # and whether it was not measured before
        self._absent: tuple[int, int] | None = None  # first index and end of a run that was not told yet
        self.lost_samples = 0
        self.absent_samples = 0

    @property
    def next_wake_s(self) -> float | None:
        """When to call `tick`."""
        return self._clock.next_wake_s if self._clock is not None else None

    def take(
        self, pieces: list[Piece], *, arrival_s: float, spoke_s: float
    ) -> list[SampleBlock | SamplesLost]:
        """Take what came of this stream by `arrival_s`, in order; at least one sample, lost or not.
        `spoke_s`: when the instrument said anything before."""
        if self._clock is None:
            frame_samples = max(1, *(len(piece.samples) for piece in pieces))
            self._clock = SteadyClock(rate_hz=self._rate_mhz / 1000.0, frame_samples=frame_samples)
        quiet_s = (spoke_s if self._is_steady else arrival_s) - self._arrived_s
        self._arrived_s = arrival_s
        self._waiting.append((pieces, quiet_s >= STOPPED_S))
        samples, lost = sum(len(piece.samples) for piece in pieces), sum(piece.lost for piece in pieces)
        return self._tell(self._clock.take(samples, lost=lost, arrival_s=arrival_s))

    def tick(self, *, now_s: float) -> list[SampleBlock | SamplesLost]:
        """Time has passed."""
        return self._tell(self._clock.tick(now_s=now_s)) if self._clock is not None else []

    def flush(self) -> list[SampleBlock | SamplesLost]:
        """The life ends here: return all that was held back."""
        told = self._tell(self._clock.flush()) if self._clock is not None else []
        return [*told, *self._tell_absent()]

    def _tell(self, placed: list[Placed]) -> list[SampleBlock | SamplesLost]:
        return [event for place in placed for event in self._place(*self._waiting.popleft(), place)]

    def _place(
        self, pieces: list[Piece], had_stopped: bool, place: Placed
    ) -> list[SampleBlock | SamplesLost]:
        told: list[SampleBlock | SamplesLost] = []
        index = place.first_index - place.estimated_lost
        where = next((k for k, piece in enumerate(pieces) if piece.lost), 0)  # a damage, else before it all
        excess = sum(piece.lost for piece in pieces) - place.lost
        run_index, run = index, list[int]()
        for k, piece in enumerate(pieces):
            estimated = place.estimated_lost if k == where else 0
            lost, excess = max(0, piece.lost - excess), max(0, excess - piece.lost)
            if run and (estimated or lost or piece.is_absent):
                told.append(self._block(run_index, run, place))
                run = []
            if had_stopped:
                told += self._miss(index, index + estimated)
            else:
                told += self._lose(index, estimated, LossReason.ESTIMATED)
            told += self._lose(index + estimated, lost, LossReason.ON_THE_WIRE)
            index += estimated + lost
            end = index + len(piece.samples)
            if piece.is_absent:
                told += self._miss(index, end)
            elif piece.samples:
                told += self._tell_absent()
                run_index = run_index if run else index
                run += piece.samples
            index = end
        if run:
            told.append(self._block(run_index, run, place))
        return told

    def _block(self, index: int, samples: list[int], place: Placed) -> SampleBlock:
        box_s = place.box_s + (index - place.first_index) * place.period_s
        return SampleBlock(
            stream_id=self._stream_id,
            board_boot=self._life,
            first_index=index,
            samples=np.array(samples, np.int32).reshape(-1, 1),
            board_t_us=index * 1_000_000_000 // self._rate_mhz,
            box_t_us=round(box_s * 1e6),
            lead_off_mask=None,
            is_settling=False,
            is_clipped=False,
        )

    def _lose(self, index: int, count: int, reason: LossReason) -> list[SampleBlock | SamplesLost]:
        if not count:
            return []
        self.lost_samples += count
        return [*self._tell_absent(), SamplesLost(self._stream_id, self._life, index, count, reason)]

    def _miss(self, index: int, end: int) -> list[SampleBlock | SamplesLost]:
        if index == end:
            return []
        first = self._absent[0] if self._absent is not None else index
        self._absent = (first, end)
        self.absent_samples += end - index
        return self._tell_absent() if (end - first) * 1000 >= self._rate_mhz * ABSENT_TOLD_S else []

    def _tell_absent(self) -> list[SampleBlock | SamplesLost]:
        if self._absent is None:
            return []
        (first, end), self._absent = self._absent, None
        return [SamplesLost(self._stream_id, self._life, first, end - first, LossReason.NO_VALUE)]
