"""What is true of one station now (core): the visit, the streams, the leads, the numbers, the newest sample.

Fed with opened events and chunks in whatever order they come; a late one never turns anything back. Within
a spool visits and stream sets are counted up, so that a greater number is a later one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Flag, auto
from typing import Final

from contract.codes import MEASUREMENTS, PULSE_RATE, SPO2
from contract.events import (
    AnchorSet,
    AnyEvent,
    LeadState,
    Status,
    Stream,
    StreamSet,
    VisitClosed,
    VisitOpened,
)
from contract.header import Header
from contract.ids import NO_VISIT, BootId, SpoolId, StreamSetNo, VisitNo
from contract.limits import QUIET_CHUNK_S, STALE_AFTER_S
from contract.times import Anchor
from hub.console.live_frames import MAX_SAMPLES, SampleFrame, Value
from hub.live.hub_times import HubTimes
from hub.times.placing import PlacedColumn

LIVE_MAX_AGE_S: Final = 15.0  # older than that when it was sent: history, not live
CHUNK_MAX_AGE_S: Final = LIVE_MAX_AGE_S + QUIET_CHUNK_S  # counted from the first sample of a chunk
AHEAD_MAX_MS: Final = 1_000.0  # as the page's own limit
STRIP_S: Final = 12.0  # a strip of 1366 pixels holds less
RATE_STEP_MHZ: Final = 2  # a page is told anew: 8 ppm at 250 Hz, under a millimetre of paper an hour
SHOWN_NUMERICS: Final = (SPO2, PULSE_RATE)


def rate_of(column: PlacedColumn, stream: Stream) -> float:
    """Return how many samples a second a column has: the true rate, or the nominal one until it is known."""
    return column.rate_hz if column.rate_hz is not None else stream.rate_mhz / 1000


class Change(Flag):
    """What of a view is new."""

    NOTHING = 0
    VIEW = auto()
    LEADS = auto()
    VALUES = auto()
    STATUS = auto()


@dataclass(frozen=True, slots=True)
class Arrived:
    """How a record came: the parcel's clock and the hub's."""

    spool: SpoolId
    header: Header
    sent_boot: int
    sent_t_us: int
    received_utc_us: int

    def age_s(self, t_us: int) -> float | None:
        """Return how old moment `t_us` of the record's boot was when it was sent; None after a reboot."""
        return (self.sent_t_us - t_us) / 1e6 if self.sent_boot == self.header.boot else None


@dataclass(frozen=True, slots=True)
class VisitNow:
    """The visit under way, and the box time of its opening (of its first chunk, until the opening came)."""

    no: VisitNo
    opened_boot: BootId
    opened_t_us: int


@dataclass(frozen=True, slots=True)
class NumericNow:
    """The newest value of one kind; its three times are hub UTC in ms, `measured_ms` None when unknown."""

    mdc: int
    value: float
    at: tuple[int, int]  # boot, t_us
    device: str
    measured_ms: float | None
    received_ms: float
    changed_ms: float | None


@dataclass(slots=True)
class StationNow:
    """One station. `spool` None: nothing is known yet."""

    spool: SpoolId | None = None
    times: HubTimes = field(default_factory=HubTimes)
    visit: VisitNow | None = None
    status: Status | None = None
    status_utc_ms: float | None = None
    leads_off: dict[str, frozenset[int]] = field(default_factory=dict)
    _last_visit: VisitNo = NO_VISIT
    _sets: dict[StreamSetNo, StreamSet] = field(default_factory=dict)
    _numerics: dict[int, NumericNow] = field(default_factory=dict)
    _drawn: dict[tuple[StreamSetNo, int], int] = field(default_factory=dict)
    _rates: dict[tuple[StreamSetNo, int], int] = field(default_factory=dict)  # told to pages, mHz
    _newest: dict[str, tuple[int, int]] = field(default_factory=dict)  # by kind of event: boot, t_us

    def streams(self) -> list[tuple[StreamSetNo, str, Stream]]:
        """Return (set, device, stream) of all devices; the position here is the stream's id on the page."""
        return [(no, one.device, stream) for no, one in sorted(self._sets.items()) for stream in one.streams]

    def on_event(self, arrived: Arrived, event: AnyEvent) -> Change:
        """Take in an opened event; return what of a view is new."""
        change = self._meet(arrived)
        if change is None:
            return Change.NOTHING
        at = (int(arrived.header.boot), arrived.header.t_us)
        match event:
            case VisitOpened():
                change |= self._open_visit(VisitNow(VisitNo(event.visit), arrived.header.boot, at[1]))
            case VisitClosed():
                change |= self._close_visit(VisitNo(event.visit))
            case StreamSet():
                change |= self._take_set(event)
            case LeadState() if self._is_newer("leads " + event.device, at):
                self.leads_off[event.device] = frozenset(event.off)
                change |= Change.LEADS | Change.VALUES
            case Status() if self._is_newer("status", at):
                self.status, self.status_utc_ms = event, self.times.utc_ms(arrived.header.boot, at[1])
                change |= Change.STATUS
            case AnchorSet():
                self.times.learn_anchor(
                    Anchor(BootId(event.boot), event.t_us, event.utc_us, event.err_us, event.source)
                )
                change |= Change.VIEW if self.visit is not None else Change.NOTHING
            case _:
                pass
        return change

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
            found = self._position(arrived.header.stream_set, column.stream)
            if found is None:
                continue
            stream_id, stream = found
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
            frames.append(self.frame(arrived.header, column, stream_id=stream_id, rate_hz=rate_hz, skip=skip))
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
            found = self._position(arrived.header.stream_set, column.stream)
            if found is not None and self._take_numeric(arrived, column, found[1]):
                change |= Change.VALUES
        return change

    def values(self, *, now_utc_ms: float) -> list[Value]:
        """Return the numbers of the visit under way as a page may show them: none older than five seconds."""
        return [self._value(mdc, now_utc_ms) for mdc in SHOWN_NUMERICS]

    def restart(self, spool: SpoolId) -> None:
        """Another spool (a new card) is in the box: nothing of the one before is true any more."""
        fresh = StationNow(spool=spool)
        for name in self.__slots__:
            setattr(self, name, getattr(fresh, name))

    def rate_mhz(self, set_no: StreamSetNo, stream: Stream) -> int:
        """Return the rate at which a page is to draw a stream: the true one, once it has become known."""
        return self._rates.get((set_no, stream.stream), stream.rate_mhz)

    def is_off(self, device: str, stream: Stream) -> bool:
        """The electrode or probe that this stream needs has no contact."""
        off = self.leads_off.get(device, frozenset())
        if stream.stream in off or stream.shape != "numeric":
            return stream.stream in off
        return any(
            one.stream in off for _, its, one in self.streams() if its == device and one.shape == "pleth"
        )

    def _meet(self, arrived: Arrived) -> Change | None:
        """Whether the record speaks of the spool in use; a fresh one of another spool changes over to it."""
        change = Change.NOTHING
        if self.spool != arrived.spool:
            age_s = arrived.age_s(arrived.header.t_us)
            if self.spool is not None and (age_s is None or age_s > LIVE_MAX_AGE_S):
                return None
            if self.spool is not None:
                change = Change.VIEW | Change.LEADS | Change.VALUES
            self.restart(arrived.spool)
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
            self._numerics.clear()
        return Change.VIEW | Change.VALUES

    def _close_visit(self, no: VisitNo) -> Change:
        if no < self._last_visit:
            return Change.NOTHING
        self._last_visit = no
        if self.visit is None:
            return Change.NOTHING
        self.visit = None
        self._numerics.clear()
        return Change.VIEW | Change.VALUES

    def _take_set(self, event: StreamSet) -> Change:
        number = StreamSetNo(event.set_no)
        of_device = [no for no, one in self._sets.items() if one.device == event.device]
        if any(no >= number for no in of_device):
            return Change.NOTHING
        for no in of_device:
            del self._sets[no]
        self._rates = {key: rate for key, rate in self._rates.items() if key[0] in self._sets}
        self._sets[number] = event
        return Change.VIEW | Change.LEADS

    def _is_newer(self, kind: str, at: tuple[int, int]) -> bool:
        if at < self._newest.get(kind, (0, 0)):
            return False
        self._newest[kind] = at
        return True

    def _tell_rate(self, set_no: StreamSetNo, stream: Stream, rate_hz: float) -> Change:
        rate_mhz = round(rate_hz * 1000)
        if abs(rate_mhz - self.rate_mhz(set_no, stream)) < RATE_STEP_MHZ:
            return Change.NOTHING
        self._rates[set_no, stream.stream] = rate_mhz
        return Change.VIEW

    def _position(self, set_no: StreamSetNo, number: int) -> tuple[int, Stream] | None:
        for position, (no, _, stream) in enumerate(self.streams()):
            if no == set_no and stream.stream == number:
                return position, stream
        return None

    def _take_numeric(self, arrived: Arrived, column: PlacedColumn, stream: Stream) -> bool:
        if stream.mdc not in SHOWN_NUMERICS:
            return False
        rate_hz = rate_of(column, stream)
        end_t_us = column.t_us + int((len(column.samples) - 1) * 1e6 / rate_hz)
        at = (int(arrived.header.boot), end_t_us)
        before = self._numerics.get(stream.mdc)
        if before is not None and at <= before.at:
            return False
        raw = column.samples[-1]
        value = round(float(raw) * stream.scale, 3)
        measured_ms = self.times.utc_ms(arrived.header.boot, end_t_us)
        changed_ms = measured_ms
        run = 0  # how many samples at the end have this value
        while run < len(column.samples) and column.samples[-1 - run] == raw:
            run += 1
        if run == len(column.samples) and before is not None and before.value == value:
            changed_ms = before.changed_ms
        elif measured_ms is not None:
            changed_ms = measured_ms - (run - 1) * 1e3 / rate_hz
        device = self._sets[arrived.header.stream_set].device
        received_ms = arrived.received_utc_us / 1000
        self._numerics[stream.mdc] = NumericNow(
            stream.mdc, value, at, device, measured_ms, received_ms, changed_ms
        )
        return True

    def _value(self, mdc: int, now_utc_ms: float) -> Value:
        known = MEASUREMENTS[mdc]
        now = self._numerics.get(mdc)
        is_off = any(self.is_off(device, stream) for _, device, stream in self.streams() if stream.mdc == mdc)
        times = (
            (now.received_ms,)
            if now and now.measured_ms is None
            else (now.received_ms, now.measured_ms)
            if now
            else ()
        )
        # a time well ahead of now: the hub's clock was stepped back, and how old the value is nobody knows
        is_fresh = now is not None and all(
            -AHEAD_MAX_MS <= now_utc_ms - (at or 0.0) <= STALE_AFTER_S * 1000 for at in times
        )
        return Value(
            mdc=mdc,
            label=known.label,
            value=now.value if now is not None and is_fresh and not is_off else None,
            unit=known.unit,
            measured_ms=now.measured_ms if now else None,
            received_ms=now.received_ms if now else None,
            changed_ms=now.changed_ms if now else None,
            state="off" if is_off else "ok" if is_fresh else "unknown",
        )
