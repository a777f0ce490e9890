"""What was measured in the last seconds (core): in memory, for the screen beside the person, and bounded.

Of a waveform the samples of the last KEPT_S, of a number the newest. What it is a part of is asked elsewhere:
only what carries the visit of now may be shown.
"""

from collections import deque
from dataclasses import dataclass
from typing import Final

from contract.chunks import Column
from contract.events import Stream
from contract.ids import StreamSetNo, VisitNo

KEPT_S: Final = 12.0  # as many seconds as a wide strip shows: a page that opens is full at once
RUNS_MAX: Final = 2_000  # of one stream, however small a device cuts them
STREAMS_MAX: Final = 64
RATE_AFTER_S: Final = 60.0  # a shorter time says more of the port than of the crystal
RATE_STEP_PPM: Final = 50.0  # the page is told anew: 4 mm of paper an hour at 25 mm/s

Key = tuple[StreamSetNo, int]  # set, number in it


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive samples, and whose they are."""

    visit: VisitNo
    column: Column


@dataclass(frozen=True, slots=True)
class Number:
    """The newest value of a numeric stream, raw. Times are CLOCK_BOOTTIME in µs; it has had this value since
    `changed_us`."""

    visit: VisitNo
    raw: int
    measured_us: int
    received_us: int
    changed_us: int


class _Wave:
    """One waveform: its runs, and how fast it truly comes."""

    def __init__(self, stream: Stream) -> None:
        self.runs: deque[Run] = deque(maxlen=RUNS_MAX)
        self.rate_mhz = stream.rate_mhz
        self._first: tuple[int, int] | None = None  # index and time of the first sample

    def take(self, run: Run) -> None:
        column = run.column
        if self.runs and column.first_index < self.runs[-1].column.end_index:
            return  # came twice
        self.runs.append(run)
        while column.t_us - self.runs[0].column.t_us > KEPT_S * 1e6:
            self.runs.popleft()
        self._measure_rate(column)

    def _measure_rate(self, column: Column) -> None:
        if self._first is None or column.t_us < self._first[1]:
            self._first = column.first_index, column.t_us
        samples, for_us = column.first_index - self._first[0], column.t_us - self._first[1]
        if for_us < RATE_AFTER_S * 1e6:
            return
        rate_mhz = samples * 1e9 / for_us
        if abs(rate_mhz / self.rate_mhz - 1.0) * 1e6 > RATE_STEP_PPM:
            self.rate_mhz = round(rate_mhz)


class Recent:
    """All streams of a station. `take` every column that is kept."""

    def __init__(self) -> None:
        self._waves: dict[Key, _Wave] = {}
        self._numbers: dict[Key, Number] = {}

    def take(
        self, column: Column, stream: Stream, *, set_no: StreamSetNo, visit: VisitNo, now_us: int
    ) -> None:
        """Samples came. `visit`: whose they are."""
        key = (set_no, column.stream)
        if stream.shape != "numeric":
            if key not in self._waves:
                _make_room(self._waves)
                self._waves[key] = _Wave(stream)
            self._waves[key].take(Run(visit, column))
            return
        if key not in self._numbers:
            _make_room(self._numbers)
        self._numbers[key] = _number(column, stream, visit, now_us, before=self._numbers.get(key))

    def runs(self, key: Key, visit: VisitNo, *, from_index: int) -> list[Column]:
        """Return the samples of a stream and a visit from an index on, oldest first."""
        wave = self._waves.get(key)
        found = []
        for run in () if wave is None else wave.runs:
            if run.visit == visit and run.column.end_index > from_index:
                found.append(run.column)
        return found

    def number(self, key: Key, visit: VisitNo) -> Number | None:
        """Return the newest value of a stream, None where there is none of this visit."""
        number = self._numbers.get(key)
        return number if number is not None and number.visit == visit else None

    def rate_mhz(self, key: Key, stream: Stream) -> int:
        """Return how fast it comes, in mHz: the nominal rate until the true one is known."""
        wave = self._waves.get(key)
        return stream.rate_mhz if wave is None else wave.rate_mhz


def _make_room(streams: dict[Key, _Wave] | dict[Key, Number]) -> None:
    """Sets only grow: what is oldest is of a device that began anew since."""
    while len(streams) >= STREAMS_MAX:
        del streams[min(streams)]


def _number(column: Column, stream: Stream, visit: VisitNo, now_us: int, *, before: Number | None) -> Number:
    raw, step_us = int(column.samples[-1]), 1e9 / stream.rate_mhz
    measured_us = column.t_us + int((len(column.samples) - 1) * step_us)
    run = 1  # how many samples at the end have this value
    while run < len(column.samples) and column.samples[-1 - run] == raw:
        run += 1
    is_as_before = before is not None and (before.visit, before.raw) == (visit, raw)
    if run == len(column.samples) and is_as_before and before is not None:
        changed_us = before.changed_us
    else:
        changed_us = measured_us - int((run - 1) * step_us)
    return Number(visit, raw, measured_us, now_us, changed_us)
