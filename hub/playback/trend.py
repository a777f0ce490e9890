"""How numbers went (core over the store it is given): the least, middle and greatest of each bin of time.

A bin without a number is absent, never drawn across. Bins of two visits are never one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from contract.codes import HEART_RATE, PULSE_RATE, SPO2
from contract.ids import KeyId, RecordClass, SpoolId, StationId
from contract.sealing import Opener
from hub.live.measure_words import label_word
from hub.live.numbers import rate_of, source_of
from hub.playback.piece import Span, read_traces
from hub.store.interface import Store

OpenerFor = Callable[[Store, StationId, SpoolId, KeyId], Opener | None]

DRAWN: Final = (SPO2, PULSE_RATE, HEART_RATE)
BINS_MAX: Final = 720  # of one graph: as many as an old screen has room for
JOB_US: Final = 120_000_000  # of numbers read in one go, however long a bin is: a press is read in between


@dataclass(frozen=True, slots=True)
class Bin:
    """Of the numbers of one bin, in the unit of their line."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """What is drawn as one line: one thing by one device. `rank`: its place on the page."""

    rank: int
    label: str
    unit: str
    device: str
    source: str
    is_unverified: bool


@dataclass(slots=True)
class Trend:
    """The bins of a span, by line and by number: bin `n` begins `n * bin_us` after `from_us`."""

    from_us: int
    bin_us: int
    lines: dict[Line, dict[int, Bin]] = field(default_factory=dict)
    _open: dict[tuple[Line, int], list[float]] = field(default_factory=dict)  # bins that may get more

    def begin_part(self, from_us: int) -> None:
        """Numbers come from here on: what lies before is whole."""
        first = (from_us - self.from_us) // self.bin_us
        self._open = {key: values for key, values in self._open.items() if key[1] >= first}

    def add(self, line: Line, number: int, values: Iterable[float]) -> None:
        """These are numbers of a bin."""
        found = self._open.setdefault((line, number), [])
        found.extend(values)
        self.lines.setdefault(line, {})[number] = Bin(min(found), float(np.median(found)), max(found))


def bin_for(length_us: int, *, most: int = BINS_MAX) -> int:
    """Return how long a bin is, in µs, for a span of that length: at most so many of them."""
    for bin_s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600):
        if length_us <= bin_s * most * 1_000_000:
            return bin_s * 1_000_000
    return -(-length_us // (most * 600_000_000)) * 600_000_000


def add_span(trend: Trend, store: Store, opener_for: OpenerFor, station: StationId, span: Span) -> None:
    """Put a part of the span in: the one that follows the last. A bin may lie in several."""
    trend.begin_part(span.from_us)
    for traced in read_traces(store, opener_for, station, span, classes=(RecordClass.NUMERIC,)):
        stream, of_set = traced.stream, traced.of_set
        if stream.mdc not in DRAWN:
            continue
        line = Line(
            DRAWN.index(stream.mdc),
            label_word(stream.mdc, stream.label),
            stream.unit,
            of_set.model or of_set.device,
            source_of(stream) or "",
            bool(of_set.unverified),
        )
        values: dict[int, list[float]] = {}
        for run in traced.runs:
            times_us = run.t_us - trend.from_us + np.arange(len(run.samples)) * 1e6 / rate_of(run, stream)
            numbers = np.floor_divide(times_us, trend.bin_us).astype(int).tolist()
            for number, raw in zip(numbers, run.samples.tolist(), strict=True):
                values.setdefault(number, []).append(raw * stream.scale)
        for number, found in values.items():
            trend.add(line, number, found)
