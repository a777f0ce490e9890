"""What is true of one station now (core): its visit, devices, numbers, measurements and newest samples.

Fed with opened events and chunks in whatever order they come; a late one never turns anything back. Within
a spool visits and stream sets are counted up, so that a greater number is a later one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Final

from contract.events import (
    AnchorSet,
    AnyEvent,
    BoxStarted,
    CallStep,
    Conditions,
    DeviceConfirmed,
    DeviceQuestion,
    DeviceState,
    LeadReversal,
    LeadState,
    Measured,
    MediaState,
    Press,
    SamplesLost,
    SelfTested,
    Status,
    Stream,
    StreamSet,
    Tombstone,
    VisitClosed,
    VisitOpened,
)
from contract.header import Header
from contract.ids import NO_VISIT, BootId, SpoolId, StreamSetNo, VisitNo
from contract.limits import QUIET_CHUNK_S
from contract.times import Anchor
from hub.console.live_frames import MAX_SAMPLES, SampleFrame
from hub.console.live_texts import MeasurementEntry, Value
from hub.live.arrived import Arrived, At, VisitNow
from hub.live.device_now import DeviceEvent
from hub.live.devices import DevicesNow, Shown
from hub.live.hub_times import HubTimes
from hub.live.measurements import MeasurementsNow
from hub.live.numbers import NumbersNow, rate_of
from hub.times.placing import PlacedColumn

LIVE_MAX_AGE_S: Final = 15.0  # older than that when it was sent: history, not live
CHUNK_MAX_AGE_S: Final = LIVE_MAX_AGE_S + QUIET_CHUNK_S  # counted from the first sample of a chunk
STRIP_S: Final = 12.0  # a strip of 1366 pixels holds less
RATE_STEP_MHZ: Final = 2  # a page is told anew: 8 ppm at 250 Hz, under a millimetre of paper an hour


class Change(Flag):
    """What of a view is new."""

    NOTHING = 0
    VIEW = auto()  # and with it all the others
    NOTICES = auto()
    DEVICES = auto()
    VALUES = auto()
    MEASUREMENTS = auto()
    STATUS = auto()
    QUESTIONS = auto()
    EVENTS = auto()  # the list of what happened, and nothing else


@dataclass(slots=True)
class StationNow:
    """One station. `spool` None: nothing is known yet; `is_in_use`: a fresh record came of it, so that it is
    the card in the box.
    """

    spool: SpoolId | None = None
    is_in_use: bool = False
    times: HubTimes = field(default_factory=HubTimes)
    visit: VisitNow | None = None
    status: Status | None = None
    status_utc_ms: float | None = None
    self_test: SelfTested | None = None  # the last word of one
    self_test_utc_ms: float | None = None
    software: str | None = None  # of the box, as it said when it started
    devices: DevicesNow = field(default_factory=DevicesNow)
    _numbers: NumbersNow = field(default_factory=NumbersNow)
    _measurements: MeasurementsNow = field(default_factory=MeasurementsNow)
    _last_visit: VisitNo = NO_VISIT
    _drawn: dict[tuple[StreamSetNo, int], int] = field(default_factory=dict)
    _rates: dict[tuple[StreamSetNo, int], int] = field(default_factory=dict)  # told to pages, mHz
    _status_at: At = (0, 0)
    _started_at: At = (0, 0)
    _tested_at: At = (0, 0)

    def streams(self) -> list[Shown]:
        """Return the streams that may be drawn, in their order on the page."""
        return self.devices.streams(self.visit)

    def on_event(self, arrived: Arrived, event: AnyEvent) -> Change:
        """Take in an opened event; return what of a view is new."""
        change = self._meet(arrived)
        if change is None:
            return Change.NOTHING
        match event:
            case VisitOpened():
                visit = VisitNow(VisitNo(event.visit), arrived.header.boot, arrived.header.t_us)
                change |= self._open_visit(visit)
            case VisitClosed():
                change |= self._close_visit(VisitNo(event.visit))
            case Status() if arrived.at >= self._status_at:
                self._status_at = arrived.at
                made_ms = self.times.utc_ms(*_moment(arrived))
                self.status, received_ms = event, arrived.received_utc_us / 1000
                self.status_utc_ms = None if made_ms is None else min(made_ms, received_ms)
                change |= Change.STATUS
            case SelfTested() if arrived.at >= self._tested_at:
                self._tested_at, self.self_test = arrived.at, event
                self.self_test_utc_ms = self.times.utc_ms(*_moment(arrived))
            case AnchorSet():
                self.times.learn_anchor(
                    Anchor(BootId(event.boot), event.t_us, event.utc_us, event.err_us, event.source)
                )
                change |= Change.VIEW if self.visit is not None else Change.NOTHING
            case Measured():
                if self._measurements.take(arrived, event, last_visit=self._last_visit):
                    change |= Change.MEASUREMENTS
            case BoxStarted():
                if arrived.at >= self._started_at:
                    self._started_at, self.software = arrived.at, event.software
                change |= Change.VIEW if self.devices.box_started(arrived.at) else Change.EVENTS
            case (
                StreamSet()
                | LeadState()
                | DeviceState()
                | Conditions()
                | LeadReversal()
                | DeviceQuestion()
                | DeviceConfirmed()
            ):
                change |= self._on_device(arrived, event)
            case Press() | CallStep() | MediaState() | SamplesLost() | Tombstone():
                change |= Change.EVENTS
            case _:
                pass
        return change

    def on_clock_set(self, by_us: int) -> None:
        """The hub's wall clock was set: what is told by it was as long ago as before."""
        self.times.on_clock_set(by_us)
        self._numbers.on_clock_set(by_us / 1000)
        self._measurements.on_clock_set(by_us / 1000)
        if self.status_utc_ms is not None:
            self.status_utc_ms += by_us / 1000
        if self.self_test_utc_ms is not None:
            self.self_test_utc_ms += by_us / 1000

    def opened_utc_ms(self) -> float | None:
        """Return when the visit under way was opened, hub UTC; None when that is unknown."""
        return (
            None if self.visit is None else self.times.utc_ms(self.visit.opened_boot, self.visit.opened_t_us)
        )

    def on_waveform(
        self, arrived: Arrived, columns: Sequence[PlacedColumn]
    ) -> tuple[Change, list[SampleFrame]]:
        """Take in an opened waveform chunk; return what is new of it for a strip: nothing when it is late."""
        change = self._enter_visit(arrived)
        if change is None:
            return Change.NOTHING, []
        frames = []
        for column in columns:
            found = self.devices.find(arrived.header.stream_set, column.stream, self.visit)
            if found is None:
                continue
            stream = found.stream
            rate_hz = rate_of(column, stream)
            change |= self._tell_rate(arrived.header.stream_set, stream, rate_hz)
            age_s = arrived.age_s(column.t_us + int(len(column.samples) / rate_hz * 1e6))
            if age_s is None or age_s > LIVE_MAX_AGE_S:
                continue
            drawn_key = (arrived.header.stream_set, column.stream)
            skip = max(
                0,
                self._drawn.get(drawn_key, 0) - column.first_index,
                len(column.samples) - int(STRIP_S * rate_hz),
            )
            if skip >= len(column.samples):
                continue
            self._drawn[drawn_key] = column.end_index
            frames.append(
                self.frame(arrived.header, column, stream_id=found.stream_id, rate_hz=rate_hz, skip=skip)
            )
        return change, frames

    def frame(
        self, header: Header, column: PlacedColumn, *, stream_id: int, rate_hz: float, skip: int = 0
    ) -> SampleFrame:
        """Return a column, less its first `skip` samples, as a frame for the page."""
        skip = max(skip, len(column.samples) - MAX_SAMPLES)
        return SampleFrame(
            stream_id=stream_id,
            set_no=header.stream_set,
            visit_no=header.visit,
            first_index=column.first_index + skip,
            captured_ms=self.times.utc_ms(header.boot, column.t_us + int(skip / rate_hz * 1e6)),
            samples=column.samples[skip:].tolist(),
        )

    def on_numerics(self, arrived: Arrived, columns: Sequence[PlacedColumn]) -> Change:
        """Take in an opened chunk of numerics; of another visit than the one under way, or late: nothing."""
        change = self._enter_visit(arrived)
        if change is None:
            return Change.NOTHING
        for column in columns:
            found = self.devices.find(arrived.header.stream_set, column.stream, self.visit)
            if found is not None and self._numbers.take(arrived, column, found, self.times):
                change |= Change.VALUES
        return change

    def values(self, *, now_utc_ms: float) -> list[Value]:
        """Return the numbers of the visit under way as a page may show them: none older than five seconds."""
        return self._numbers.values(self.devices, self.visit, now_utc_ms=now_utc_ms)

    def measurements(self) -> list[MeasurementEntry]:
        """Return the single measurements of the visit under way, newest first."""
        no = NO_VISIT if self.visit is None else self.visit.no
        return self._measurements.of(no, self.times, self.devices.name)

    def clock_err_s(self) -> float | None:
        """Return how far the time of the newest status may be off; None: there is none."""
        boot, t_us = self._status_at
        return None if self.status is None else self.times.err_s(BootId(boot), t_us)

    def restart(self, spool: SpoolId) -> None:
        """Another spool (a new card) is in the box: nothing of the one before is true any more."""
        fresh = StationNow(spool=spool)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def rate_mhz(self, set_no: StreamSetNo, stream: Stream) -> int:
        """Return the rate at which a page is to draw a stream: the true one, once it has become known."""
        return self._rates.get((set_no, stream.stream), stream.rate_mhz)

    def _meet(self, arrived: Arrived) -> Change | None:
        """Whether the record speaks of the spool in use; a fresh one of another spool changes over to it."""
        change, age_s = Change.NOTHING, arrived.age_s(arrived.header.t_us)
        is_fresh = age_s is not None and age_s <= LIVE_MAX_AGE_S
        if self.spool != arrived.spool:
            if self.spool is not None and not is_fresh:
                return None
            if self.spool is not None:
                change = Change.VIEW | Change.QUESTIONS
            self.restart(arrived.spool)
        self.is_in_use = self.is_in_use or is_fresh
        if arrived.sent_boot == arrived.header.boot:
            self.times.learn_parcel(
                arrived.header.boot, sent_t_us=arrived.sent_t_us, received_utc_us=arrived.received_utc_us
            )
        return change

    def _enter_visit(self, arrived: Arrived) -> Change | None:
        """Whether a chunk belongs to the visit under way, which a fresh one may begin; None when not.

        What belongs to nobody is stored, never shown: it is the person before, sensors still on.
        """
        change = self._meet(arrived)
        if change is None:
            return None
        visit = arrived.header.visit
        age_s = arrived.age_s(arrived.header.t_us)
        if visit > self._last_visit and age_s is not None and age_s <= CHUNK_MAX_AGE_S:
            change |= self._open_visit(VisitNow(visit, arrived.header.boot, arrived.header.t_us))
        return change if self.visit is not None and visit == self.visit.no else None

    def _open_visit(self, visit: VisitNow) -> Change:
        is_current = self.visit is not None and self.visit.no == visit.no
        if visit == self.visit or (visit.no <= self._last_visit and not is_current):
            return Change.NOTHING
        self.visit, self._last_visit = visit, visit.no
        if not is_current:
            self._numbers.clear()
        return Change.VIEW

    def _close_visit(self, no: VisitNo) -> Change:
        if no < self._last_visit:
            return Change.NOTHING
        self._last_visit = no
        if self.visit is None:
            return Change.NOTHING
        self.visit = None
        self._numbers.clear()
        return Change.VIEW

    def _on_device(self, arrived: Arrived, event: DeviceEvent) -> Change:
        if not self.devices.take(event, arrived.at, arrived.header.visit):
            return Change.NOTHING
        match event:
            case LeadState() | Conditions():
                return Change.NOTICES | Change.DEVICES | Change.VALUES
            case LeadReversal():
                return Change.NOTICES | Change.DEVICES
            case DeviceQuestion() | DeviceConfirmed():
                return Change.VIEW | Change.QUESTIONS
            case DeviceState():  # one that is gone takes a question about it away
                return Change.VIEW | Change.QUESTIONS
            case StreamSet():
                sets = self.devices.sets()
                self._numbers.keep_only(sets)
                self._rates = {key: rate for key, rate in self._rates.items() if key[0] in sets}
                self._drawn = {key: index for key, index in self._drawn.items() if key[0] in sets}
                return Change.VIEW

    def _tell_rate(self, set_no: StreamSetNo, stream: Stream, rate_hz: float) -> Change:
        rate_mhz = round(rate_hz * 1000)
        if abs(rate_mhz - self.rate_mhz(set_no, stream)) < RATE_STEP_MHZ:
            return Change.NOTHING
        self._rates[set_no, stream.stream] = rate_mhz
        return Change.VIEW


def _moment(arrived: Arrived) -> tuple[BootId, int]:
    return arrived.header.boot, arrived.header.t_us
