"""A piece of the past for the eye (core over the store it is given): bounded, of one visit, as it came.

A raw piece has the samples themselves. Zoomed out, an envelope has of each bin the least and the greatest
sample: that is named so, and never drawn as a trace.
"""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from contract.events import Stream, StreamSet
from contract.ids import BootId, KeyId, RecordClass, SpoolId, StationId, StreamSetNo
from contract.limits import QUIET_CHUNK_S
from contract.sealing import Opener
from hub.live.numbers import rate_of
from hub.live.opening import open_record
from hub.store.interface import Store, StoredRecord
from hub.store.papers import VisitId
from hub.times.joining import joined_between
from hub.times.placing import PlacedColumn

OpenerFor = Callable[[Store, StationId, SpoolId, KeyId], Opener | None]
StreamKey = tuple[StreamSetNo, int]

RAW_MAX_US: Final = 10_000_000  # a raw piece: twelve leads at 500 Hz are 240 kB
BIN_US: Final = (100_000, 1_000_000)  # what an envelope may be asked for
BINS_MAX: Final = 600  # a minute, or ten
JOB_US: Final = 30_000_000  # read in one go: others wait for the store's thread meanwhile
CHUNK_MAX_US: Final = int((QUIET_CHUNK_S + 1) * 1e6)


@dataclass(frozen=True, slots=True)
class Span:
    """Some time of one visit, on the clock of one boot: from `from_us` to before `until_us`."""

    of: VisitId
    boot: BootId
    from_us: int
    until_us: int

    def jobs(self, step_us: int = JOB_US) -> list["Span"]:
        """Return it in parts that are read one by one."""
        edges = [*range(self.from_us, self.until_us, step_us), self.until_us]
        return [Span(self.of, self.boot, *pair) for pair in itertools.pairwise(edges)]


@dataclass(frozen=True, slots=True)
class Traced:
    """One stream of a piece, and its runs; no run: it had no sample there."""

    of_set: StreamSet
    stream: Stream
    runs: tuple[PlacedColumn, ...]

    @property
    def key(self) -> StreamKey:
        """What names it in its spool."""
        return StreamSetNo(self.of_set.set_no), self.stream.stream


@dataclass(frozen=True, slots=True)
class BinRun:
    """Bins without a gap between them, the first of them number `first_bin` of the piece."""

    first_bin: int
    low: NDArray[np.int32]
    high: NDArray[np.int32]


@dataclass(slots=True)
class _Found:
    of_set: StreamSet
    stream: Stream
    columns: list[PlacedColumn] = field(default_factory=list)


def read_traces(
    store: Store,
    opener_for: OpenerFor,
    station: StationId,
    span: Span,
    *,
    classes: Sequence[RecordClass] = (RecordClass.WAVEFORM, RecordClass.NUMERIC),
) -> list[Traced]:
    """Return all streams that have anything about the span: the waveforms first, by set and number."""
    found: dict[StreamKey, _Found] = {}
    for record_class in classes:
        for one in store.chunks_between(
            station,
            span.of.spool,
            record_class=record_class,
            visit=span.of.visit,
            boot=span.boot,
            from_t_us=max(0, span.from_us - CHUNK_MAX_US),
            until_t_us=span.until_us,
        ):
            _open(store, opener_for, station, one, span, found)
    traced = [_traced(one, span) for one in found.values()]
    return sorted(traced, key=lambda one: (one.stream.shape == "numeric", *one.key))


def _open(
    store: Store,
    opener_for: OpenerFor,
    station: StationId,
    one: StoredRecord,
    span: Span,
    found: dict[StreamKey, _Found],
) -> None:
    header = one.record.header
    of_set = store.stream_set(station, span.of.spool, header.stream_set)
    if of_set is None or header.visit != span.of.visit:
        return
    is_numeric = header.record_class is RecordClass.NUMERIC
    streams = {one.stream: one for one in of_set.streams if (one.shape == "numeric") is is_numeric}
    if _is_over(one, [one.rate_mhz for one in streams.values()], span):
        return
    for number, stream in streams.items():  # one without a sample is a lead that was off
        found.setdefault((header.stream_set, number), _Found(of_set, stream))
    for column in open_record(store, opener_for, station, span.of.spool, one.record):
        if column.stream in streams:
            found[header.stream_set, column.stream].columns.append(column)


def _is_over(one: StoredRecord, rates_mhz: Sequence[int], span: Span) -> bool:
    """Whether a chunk surely ends before the span: by its header, unopened. That counts its first column."""
    header = one.record.header
    longest_us = min(CHUNK_MAX_US, (header.count + 1) * 2e9 / min(rates_mhz, default=1))
    return header.t_us + longest_us < span.from_us


def _traced(found: _Found, span: Span) -> Traced:
    runs = joined_between(
        found.columns,
        nominal_hz=found.stream.rate_mhz / 1000,
        from_us=span.from_us,
        until_us=span.until_us,
    )
    return Traced(found.of_set, found.stream, tuple(runs))


def envelope(traced: Traced, *, from_us: int, bin_us: int) -> list[BinRun]:
    """Return the bins of a stream that hold a sample, counted from `from_us`."""
    parts = [_bins_of(run, rate_of(run, traced.stream), from_us, bin_us) for run in traced.runs]
    return _joined_bins(parts)


def _bins_of(
    run: PlacedColumn, rate_hz: float, from_us: int, bin_us: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]:
    times_us = run.t_us - from_us + np.arange(len(run.samples)) * 1e6 / rate_hz
    numbers = np.floor_divide(times_us, bin_us).astype(np.int64)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[0] - 1))
    low = np.minimum.reduceat(run.samples, starts).astype(np.int32)
    high = np.maximum.reduceat(run.samples, starts).astype(np.int32)
    return numbers[starts], low, high


def _joined_bins(
    parts: Iterable[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]],
) -> list[BinRun]:
    """Bins of several runs; one in which a run ends and another begins holds both."""
    bins: dict[int, tuple[int, int]] = {}
    for numbers, lows, highs in parts:
        for number, low, high in zip(numbers.tolist(), lows.tolist(), highs.tolist(), strict=True):
            before = bins.get(number, (low, high))
            bins[number] = min(before[0], low), max(before[1], high)
    runs: list[BinRun] = []
    numbers_now = np.array(sorted(bins), np.int64)
    for part in np.split(numbers_now, np.flatnonzero(np.diff(numbers_now) != 1) + 1):
        if len(part):
            found = np.array([bins[int(number)] for number in part], np.int32)
            runs.append(BinRun(int(part[0]), found[:, 0], found[:, 1]))
    return runs
