"""How numbers went (core over the store it is given): the least, middle and greatest of each bin of time.

A bin without a number is absent, never drawn across. Bins of two visits are never one.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from contract.codes import HEART_RATE, PULSE_RATE, SPO2
from contract.ids import KeyId, RecordClass, SpoolId, StationId
from contract.sealing import Opener
from hub.live.measure_words import label_word
from hub.live.numbers import rate_of, source_of
from hub.playback.piece import JOB_US, Span, read_traces
from hub.store.interface import Store

OpenerFor = Callable[[Store, StationId, SpoolId, KeyId], Opener | None]

DRAWN: Final = (SPO2, PULSE_RATE, HEART_RATE)
BINS_MAX: Final = 720  # of one graph: as many as an old screen has room for


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


def bin_for(length_us: int, *, most: int = BINS_MAX) -> int:
    """Return how long a bin is, in µs, for a span of that length: at most so many of them."""
    for bin_s in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600):
        if length_us <= bin_s * most * 1_000_000:
            return bin_s * 1_000_000
    return -(-length_us // (most * 600_000_000)) * 600_000_000


def step_of(bin_us: int) -> int:
    """Return how much of a span is read in one go: whole bins, so that none is counted in two parts."""
    return -(-JOB_US // bin_us) * bin_us


def add_span(trend: Trend, store: Store, opener_for: OpenerFor, station: StationId, span: Span) -> None:
    """Put a part of the span in. It is to end where a bin ends, or the trend does."""
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
        bins = trend.lines.setdefault(line, {})
        for number, found in values.items():
            bins[number] = Bin(min(found), float(np.median(found)), max(found))
