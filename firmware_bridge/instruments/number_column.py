"""A number as a column (core): each second what the instrument last said of it, or that there is none."""

from typing import Final

import numpy as np

from firmware_bridge.events import InstrumentStream, LossReason, SampleBlock, SamplesLost
from firmware_bridge.instruments.plausible import PlausibleNumber

SPARE_PERIODS: Final = 0.5  # a number is a little late at times, even of who tells it each second
RECENT: Final = 0.9  # with each telling the longest pause between two counts so much less
LATE_S: Final = 0.5  # what was said in a second may be heard so much later


class NumberColumn:
    """One number in one life of the instrument, from `began_s` on. Row k is of the moment `began_s` + (k + 1)
    periods: what was said last before it, if that is not too old. An old value is never told as a new one.
    """

    def __init__(
        self, stream: InstrumentStream, stream_id: int, *, life: int, began_s: float, is_checked: bool
    ) -> None:
        self.number = PlausibleNumber(
            mdc=stream.mdc, unit=stream.unit, scale=stream.scale, is_checked=is_checked
        )
        self._stream_id, self._life, self._began_s = stream_id, life, began_s
        self._period_s = 1000.0 / stream.rate_mhz
        self._heard_s = began_s
        self._between_s = self._period_s  # the longest pause between two tellings of late
        self._rows = 0

    @property
    def next_wake_s(self) -> float:
        """When to call `until` with LATE_S less."""
        return self._row_s() + LATE_S

    def take(self, raw: int | None, *, at_s: float) -> None:
        """The instrument said so at `at_s`. Call `until(at_s)` before."""
        self._between_s = min(max(at_s - self._heard_s, RECENT * self._between_s), self._period_s)
        self._heard_s = at_s
        self.number.take(raw, at_s=at_s)

    def until(self, at_s: float) -> list[SampleBlock | SamplesLost]:
        """Return the rows of all moments before `at_s`: nothing will be said any more that was before it."""
        rows: list[SampleBlock | SamplesLost] = []
        while self._row_s() <= at_s:
            rows.append(self._row())
            self._rows += 1
        return rows

    def _row_s(self) -> float:
        return self._began_s + (self._rows + 1) * self._period_s

    def _row(self) -> SampleBlock | SamplesLost:
        raw, row_s = self.number.raw, self._row_s()
        if raw is None or row_s - self.number.since_s > self._between_s + SPARE_PERIODS * self._period_s:
            return SamplesLost(self._stream_id, self._life, self._rows, 1, LossReason.NO_VALUE)
        return SampleBlock(
            stream_id=self._stream_id,
            board_boot=self._life,
            first_index=self._rows,
            samples=np.array([[raw]], np.int32),
            board_t_us=round(self._rows * self._period_s * 1e6),
            box_t_us=round(row_s * 1e6),
            lead_off_mask=None,
            is_settling=False,
            is_clipped=False,
        )
