"""Learns the true rate of every stream from what is committed, and keeps it in the store.

Of a stream set only a chunk now and then is opened, and of it only where its columns begin: no sample is
decoded. A line that could not be kept is learned again.
"""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from contract.chunks import ColumnStart, read_starts
from contract.errors import RefusedError
from contract.header import Header, Kind, Record
from contract.ids import BootId, RecordClass, SpoolId, StationId, StreamSetNo
from hub.hub import Hub
from hub.ingest.committed import Committed
from hub.store.interface import Arrival, Outcome, Store, StoreFailedError
from hub.times.rates import SPACING_MIN_US, SampleClock, SampleLine

LOG = logging.getLogger(__name__)

PENDING_MAX: Final = 1_000  # chunks; the oldest is dropped, for a line needs some points, not all
OPEN_AT_ONCE: Final = 32
CHUNKS_PER_S: Final = 100  # opened in the long run, however many streams there are: a 30th of a core
CLOCKS_MAX: Final = 60_000  # streams, of 2 kB: four each of 14,000 stations


class _Set(NamedTuple):
    """A stream set in a boot."""

    station: StationId
    spool: SpoolId
    set_no: StreamSetNo
    boot: BootId


@dataclass(frozen=True, slots=True)
class _Read:
    """Where a column of a set begins, and what was told of its stream before, if that had to be looked up."""

    of: _Set
    record_class: RecordClass
    start: ColumnStart
    told: SampleLine | None


class RateService:
    """Everything but the work given to `run_read` and `run_write` happens in the event loop."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._clocks: OrderedDict[tuple[_Set, int], SampleClock] = OrderedDict()  # the last used at the end
        self._looked: OrderedDict[tuple[_Set, RecordClass], tuple[int, int]] = OrderedDict()  # when, how far
        self._pending: deque[Arrival] = deque(maxlen=PENDING_MAX)
        self._awake = asyncio.Event()
        hub.on_committed(self._on_committed)

    async def run(self) -> None:
        """Learn until cancelled."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._pending:
                turn = [self._pending.popleft() for _ in range(min(OPEN_AT_ONCE, len(self._pending)))]
                try:
                    await self._learn(await self._hub.run_read(self._reading_of(turn)))
                except StoreFailedError as error:
                    LOG.warning("rates wait for the store: %s", error)
                except Exception:  # rates are no reason for the hub to end
                    LOG.exception("rates could not be learned from %d chunks; these are safe", len(turn))

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        for one in batch:
            record = one.arrival.record
            if one.outcome is not Outcome.STORED or not isinstance(record, Record):
                continue
            if record.header.kind is Kind.CHUNK and self._is_wanted(one.arrival, record.header):
                self._pending.append(one.arrival)
                self._awake.set()

    def _is_wanted(self, arrival: Arrival, header: Header) -> bool:
        key = (_set_of(arrival, header), header.record_class)
        at_us, spacing_us = self._looked.get(key, (header.t_us - SPACING_MIN_US, SPACING_MIN_US))
        if abs(header.t_us - at_us) < spacing_us:
            return False
        self._looked[key] = (header.t_us, spacing_us)
        self._looked.move_to_end(key)
        if len(self._looked) > CLOCKS_MAX:
            self._looked.popitem(last=False)
        return True

    def _reading_of(self, turn: Sequence[Arrival]) -> Callable[[Store], list[_Read]]:
        opener_for, known = self._hub.opener_for, self._clocks

        def read(store: Store) -> list[_Read]:
            found = []
            for arrival in turn:
                record = arrival.record
                assert isinstance(record, Record)  # noqa: S101 - told to mypy; `_on_committed` has looked
                opener = opener_for(store, arrival.station, arrival.spool, record.header.key_id)
                if opener is None:
                    continue
                try:
                    starts = read_starts(opener.open(record), t_us=record.header.t_us)
                except RefusedError:
                    continue  # whoever wants to see it says so
                of = _set_of(arrival, record.header)
                for start in starts:
                    is_new = (of, start.stream) not in known
                    told = store.sample_line(*of, stream=start.stream) if is_new else None
                    found.append(_Read(of, record.header.record_class, start, told))
            return found

        return read

    async def _learn(self, found: Sequence[_Read]) -> None:
        lines: dict[_Set, dict[int, SampleLine]] = {}
        for one in found:
            clock = self._clock(one)
            line = clock.learn(one.start.first_index, one.start.t_us)
            if line is not None:
                lines.setdefault(one.of, {})[one.start.stream] = line
            looked = self._looked.get((one.of, one.record_class))
            if looked is not None:
                self._looked[one.of, one.record_class] = (looked[0], self._spacing_us(clock))
        for of, of_set in lines.items():
            try:
                await self._hub.run_write(_keeping_of(of, of_set, now_utc_us=self._hub.utc_now_us()))
            except StoreFailedError:
                for stream in of_set:
                    self._clocks.pop((of, stream), None)
                raise

    def _spacing_us(self, clock: SampleClock) -> int:
        """How far apart a set's chunks are opened: as its lines want them, or as so many sets allow."""
        return max(clock.spacing_us, len(self._looked) * 1_000_000 // CHUNKS_PER_S)

    def _clock(self, one: _Read) -> SampleClock:
        key = (one.of, one.start.stream)
        clock = self._clocks.setdefault(key, SampleClock(one.told))
        self._clocks.move_to_end(key)
        if len(self._clocks) > CLOCKS_MAX:
            self._clocks.popitem(last=False)
        return clock


def _set_of(arrival: Arrival, header: Header) -> _Set:
    return _Set(arrival.station, arrival.spool, header.stream_set, header.boot)


def _keeping_of(of: _Set, lines: dict[int, SampleLine], *, now_utc_us: int) -> Callable[[Store], None]:
    return lambda store: store.file_lines(*of, lines, now_utc_us=now_utc_us)
