"""From commits to pages: keeps what is true of every station, and sends it to whoever watches."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

import numpy as np

from contract.header import Header, Kind, Record
from contract.ids import BootId, RecordClass, SpoolId, StationId
from hub.console.live_frames import SampleFrame, encode_samples
from hub.hub import Hub
from hub.ingest.committed import Committed
from hub.live.arrived import Arrived
from hub.live.looked_at import LookedAt, Unopened, came_later
from hub.live.numbers import rate_of
from hub.live.opening import (
    Beginning,
    OpenedArrival,
    OpenedChunk,
    open_arrivals,
    read_beginning,
    read_history,
    take_turn,
)
from hub.live.station_now import Change, StationNow
from hub.live.taking_up import UNKNOWN_BOOT, take_up
from hub.live.view_messages import (
    devices_text,
    empty_view_text,
    measurements_text,
    notices_text,
    values_text,
    view_text,
)
from hub.live.viewers import Message, Viewer, Viewers
from hub.store.interface import Arrival, Outcome, Store, StoredRecord
from hub.times.placing import PlacedColumn

log = logging.getLogger(__name__)

PENDING_MAX: Final = (
    2_000  # chunks that wait to be opened; more means that the disk is slower than the stations
)
BEGIN_AT_ONCE: Final = 8  # stations a turn of the store's thread, two milliseconds each
VALUES_EVERY_S: Final = 1.0
STEP_US: Final = 50_000  # a wall clock that is off by less was not set: NTP draws it along
PARTS: Final[tuple[tuple[Change, Callable[..., str]], ...]] = (
    (Change.NOTICES, notices_text),
    (Change.DEVICES, devices_text),
    (Change.VALUES, values_text),
    (Change.MEASUREMENTS, measurements_text),
)


class LiveFeed:
    """The stations now, and their viewers. Everything but `run_read` work happens in the event loop."""

    def __init__(self, hub: Hub, viewers: Viewers) -> None:
        self.viewers = viewers
        self.stations: dict[StationId, StationNow] = {}
        self.dropped_count = 0
        self._hub = hub
        self._pending: deque[Arrival] = deque()
        self._looked_at, self._unopened = LookedAt(), Unopened()
        self._to_begin: OrderedDict[StationId, None] = OrderedDict()  # in the store, not taken up yet
        self._awake = asyncio.Event()
        self._listeners: list[Callable[[StationId], None]] = []
        self._off_us = self._wall_off_us()
        hub.on_committed(self._on_committed)

    def on_change(self, listener: Callable[[StationId], None]) -> None:
        """Add a listener for stations of which something shown in lists is new."""
        self._listeners.append(listener)

    def now(self, station: StationId) -> StationNow:
        """Return what is true of a station now."""
        self._follow_clock()
        found = self.stations.get(station)
        if found is None:
            found = self.stations[station] = StationNow()
        return found

    def _wall_off_us(self) -> int:
        return self._hub.utc_now_us() - round(self._hub.now_s() * 1e6)

    def _follow_clock(self) -> None:
        """Somebody, or NTP, set the hub's wall clock: what was heard before is as old as it is."""
        by_us = self._wall_off_us() - self._off_us
        if abs(by_us) <= STEP_US:
            return
        self._off_us += by_us
        for now in self.stations.values():
            now.on_clock_set(by_us)
        self._pending = deque(came_later(arrival, by_us) for arrival in self._pending)
        self._unopened.on_clock_set(by_us)

    def look(self, stations: Iterable[StationId] | None) -> Callable[[], None]:
        """A page shows rows of these stations (None: of all), until what is returned is called: their numbers
        are opened as they come. Call `open_for` for what came before.
        """
        return self._looked_at.look(stations)

    async def know(self, stations: Iterable[StationId]) -> None:
        """Take up these stations from the store where that is still to be done."""
        await self._begin_some([station for station in stations if station in self._to_begin])

    async def open_for(self, stations: Collection[StationId]) -> None:
        """Take up these stations from the store where that is still to be done, and open what numbers of them
        wait: somebody is about to see them.
        """
        await self.know(stations)
        waiting = deque(arrival for station in stations for arrival in self._unopened.take(station))
        while waiting:
            await self._open(take_turn(waiting), have_waited=True)

    def begin(self, stations: Iterable[StationId]) -> None:
        """The store knows these stations: `run` takes them up from there by and by, `open_for` at once."""
        self._to_begin = OrderedDict.fromkeys(stations)

    async def run(self) -> None:
        """Open chunks as they are committed and send them on, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._begin_all(), name="live: begin")
            tasks.create_task(self._open_pending(), name="live: open")
            tasks.create_task(self._repeat_values(), name="live: values")

    async def _begin_all(self) -> None:
        while self._to_begin:
            await self._begin_some(list(islice(self._to_begin, BEGIN_AT_ONCE)))

    async def _begin_some(self, stations: Sequence[StationId]) -> None:
        for start in range(0, len(stations), BEGIN_AT_ONCE):
            some = stations[start : start + BEGIN_AT_ONCE]
            for beginning in await self._hub.run_read(_beginnings_of(some)):
                if beginning.station in self._to_begin:  # nobody else was quicker
                    del self._to_begin[beginning.station]
                    self._take_up(beginning)

    async def begin_view(self, viewer: Viewer) -> None:
        """Send a page just opened what it needs first. `viewer` is already among the viewers."""
        station = viewer.station
        await self.open_for([station])
        now = self.now(station)
        spool, visit = now.spool, now.visit
        first = self._whole_view(station)
        history: list[OpenedChunk] = []
        if spool is not None and visit is not None:  # what is nobody's has no past to show
            visit_no = visit.no
            history = await self._hub.run_read(
                lambda store: read_history(store, self._hub.opener_for, station, spool, visit_no)
            )
        if (now.spool, now.visit and now.visit.no) == (spool, visit and visit.no):
            viewer.begin([*first, *_history_frames(now, history)])
        else:  # the next patient came while we read
            viewer.begin(self._whole_view(station))

    def _on_committed(self, batch: Sequence[Committed]) -> None:
        self._follow_clock()
        for one in batch:
            arrival = self._by_clock_of_now(one)
            if one.outcome is not Outcome.STORED or not isinstance(arrival.record, Record):
                continue
            if arrival.by_former:
                continue
            if arrival.event is not None:
                if arrival.station in self._to_begin:
                    self._to_begin.move_to_end(arrival.station, last=False)  # something happens there
                now = self.now(arrival.station)
                spool = now.spool
                change = now.on_event(_arrived(arrival), arrival.event)
                self._tell(arrival.station, change, is_new_spool=spool not in (None, now.spool))
            elif arrival.record.header.kind is Kind.CHUNK:
                self._take_chunk(arrival, arrival.record.header)
        while len(self._pending) > PENDING_MAX:
            self._pending.popleft()
            self.dropped_count += 1
        if self._pending:
            self._awake.set()

    def _by_clock_of_now(self, one: Committed) -> Arrival:
        """Return what was on its way to the disk while the clock was set as of the clock of now. An event
        that waited in the store for its key is told as if sent when it was made, and came when it came.
        """
        record = one.arrival.record
        if isinstance(record, Record) and one.arrival.sent_t_us == record.header.t_us:
            return one.arrival
        by_us = round(one.received_s * 1e6) + self._off_us - one.arrival.received_utc_us
        return one.arrival if abs(by_us) <= STEP_US else came_later(one.arrival, by_us)

    def _take_chunk(self, arrival: Arrival, header: Header) -> None:
        """Have it opened when somebody sees it; numbers of others wait, and begin a visit all the same."""
        is_watched = bool(self.viewers.of(arrival.station))
        is_numeric = header.record_class is RecordClass.NUMERIC
        if is_numeric and not is_watched and arrival.station not in self._looked_at:
            now, arrived = self.now(arrival.station), _arrived(arrival)
            spool = now.spool
            self._unopened.hold(arrival, set_no=header.stream_set, at=arrived.at)
            change = now.on_numerics(arrived, ())
            self._tell(arrival.station, change, is_new_spool=spool not in (None, now.spool))
        elif is_numeric or (is_watched and header.record_class is RecordClass.WAVEFORM):
            self._pending.append(arrival)

    async def _open_pending(self) -> None:
        while True:
            await self._awake.wait()
            self._awake.clear()
            while self._pending:
                await self._open(take_turn(self._pending))

    async def _open(self, turn: Sequence[Arrival], *, have_waited: bool = False) -> None:
        """`have_waited`: they were heeded when they came. Of a card that has been taken out since, they would
        look as fresh as then, and turn the station back to whoever was there with it.
        """
        off_us = self._off_us
        for opened in await self._hub.run_read(_opening_of(self._hub, turn)):
            arrival = opened.arrival
            if have_waited and arrival.spool != self.now(arrival.station).spool:
                continue
            by_us = self._off_us - off_us  # the clock was set meanwhile
            self._on_opened(replace(opened, arrival=came_later(arrival, by_us)) if by_us else opened)

    def _on_opened(self, opened: OpenedArrival) -> None:
        arrival = opened.arrival
        now, arrived = self.now(arrival.station), _arrived(arrival)
        spool = now.spool
        frames: list[SampleFrame] = []
        if arrived.header.record_class is RecordClass.NUMERIC:
            change = now.on_numerics(arrived, opened.columns)
        else:
            change, frames = now.on_waveform(arrived, opened.columns)
        self._tell(arrival.station, change, is_new_spool=spool not in (None, now.spool))
        self.viewers.send(arrival.station, [encode_samples(frame) for frame in frames])

    def _tell(self, station: StationId, change: Change, *, is_new_spool: bool) -> None:
        if change is Change.NOTHING:
            return
        if self.viewers.of(station):
            self.viewers.send(station, self._news(station, change, is_new_spool=is_new_spool))
        for listener in self._listeners:
            listener(station)

    def _news(self, station: StationId, change: Change, *, is_new_spool: bool) -> list[Message]:
        now, messages = self.now(station), list[Message]()
        if (
            is_new_spool
        ):  # numbers start over: without this, visit 1 could be taken for visit 1 of the card before
            messages.append(empty_view_text(station, now_utc_ms=self._utc_ms()))
        if Change.VIEW in change:
            return [*messages, *self._whole_view(station)]
        return [*messages, *(write(now, now_utc_ms=self._utc_ms()) for part, write in PARTS if change & part)]

    async def _repeat_values(self) -> None:
        """Say the numbers again each second: the hub's clock goes with them; one that grew old goes away."""
        while True:
            await asyncio.sleep(VALUES_EVERY_S)
            for station in self.viewers.stations():
                self.viewers.send(station, [self._values(station)])

    def _take_up(self, beginning: Beginning) -> None:
        """Take in what the store knows: what has come meanwhile is newer, and stays."""
        now = self.now(beginning.station)
        spool = now.spool
        if not take_up(now, beginning) or beginning.spool is None:
            return
        for chunk in beginning.numerics:
            arrival = _arrival_from_store(chunk, beginning.station, beginning.spool)
            header = chunk.record.header
            at = (int(header.boot), header.t_us)
            self._unopened.hold(arrival, set_no=header.stream_set, at=at)
        is_new_spool = spool not in (None, now.spool)
        change = Change.VIEW | Change.QUESTIONS if is_new_spool else Change.EVENTS
        self._tell(beginning.station, change, is_new_spool=is_new_spool)

    def _utc_ms(self) -> float:
        return self._hub.utc_now_us() / 1000

    def _whole_view(self, station: StationId) -> list[str]:
        now, now_utc_ms = self.now(station), self._utc_ms()
        parts = [write(now, now_utc_ms=now_utc_ms) for _, write in PARTS]
        return [view_text(station, now, now_utc_ms=now_utc_ms), *parts]

    def _values(self, station: StationId) -> str:
        return values_text(self.now(station), now_utc_ms=self._utc_ms())


def _beginnings_of(stations: Sequence[StationId]) -> Callable[[Store], list[Beginning]]:
    return lambda store: [read_beginning(store, station) for station in stations]


def _opening_of(hub: Hub, turn: Sequence[Arrival]) -> Callable[[Store], list[OpenedArrival]]:
    return lambda store: open_arrivals(store, hub.opener_for, turn)


def _arrived(arrival: Arrival) -> Arrived:
    assert isinstance(arrival.record, Record)  # noqa: S101 - told to mypy; the callers have looked
    return Arrived(
        arrival.spool, arrival.record.header, arrival.boot, arrival.sent_t_us, arrival.received_utc_us
    )


def _arrival_from_store(stored: StoredRecord, station: StationId, spool: SpoolId) -> Arrival:
    return Arrival(
        station=station,
        spool=spool,
        boot=BootId(UNKNOWN_BOOT),
        sent_t_us=0,
        received_utc_us=stored.received_utc_us,
        record=stored.record,
        raw=b"",
    )


def _history_frames(now: StationNow, history: Sequence[OpenedChunk]) -> list[bytes]:
    """Return the frames of what was before, of streams that are still there: one for each run without a gap.

    In one piece, so that a page does not take what waited in the store for a slow way here.
    """
    frames = []
    for stream_id, set_no, _, stream in now.streams():
        mine = [
            (chunk, column)
            for chunk in history
            for column in chunk.columns
            if (chunk.record.header.stream_set, column.stream) == (set_no, stream.stream)
        ]
        for first, whole in _joined(mine):
            frame = now.frame(first.record.header, whole, stream_id=stream_id, rate_hz=rate_of(whole, stream))
            frames.append(encode_samples(frame))
    return frames


def _joined(columns: Sequence[tuple[OpenedChunk, PlacedColumn]]) -> list[tuple[OpenedChunk, PlacedColumn]]:
    """Return runs of columns that follow one another as one column each."""
    runs: list[list[tuple[OpenedChunk, PlacedColumn]]] = []
    for chunk, column in sorted(columns, key=lambda one: one[1].first_index):
        if runs and runs[-1][-1][1].end_index == column.first_index:
            runs[-1].append((chunk, column))
        else:
            runs.append([(chunk, column)])
    return [
        (run[0][0], replace(run[0][1], samples=np.concatenate([column.samples for _, column in run])))
        for run in runs
    ]
