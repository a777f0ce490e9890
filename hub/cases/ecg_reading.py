"""The stretch of a visit's ECG that goes on paper (core over the store it is given).

Only chunks of that visit are opened. Samples stand where they truly were, by the true rate of their stream
where it is known; nothing is filtered, filled in or corrected.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Self

import numpy as np

from contract.codes import Condition
from contract.events import Conditions, LeadReversal, LeadState, Stream, StreamSet
from contract.ids import BootId, KeyId, RecordClass, SpoolId, StationId, StreamSetNo
from contract.limits import QUIET_CHUNK_S
from contract.sealing import Opener
from hub.live.numbers import rate_of
from hub.live.opening import open_record
from hub.papers.ecg_paper import LENGTH_MAX_S, Run
from hub.store.interface import Store, StoredRecord
from hub.store.papers import VisitId
from hub.times.fit import UtcInterval
from hub.times.joining import joined_between
from hub.times.moments import read_moment
from hub.times.placing import PlacedColumn

OpenerFor = Callable[[Store, StationId, SpoolId, KeyId], Opener | None]

NEWEST_CHUNKS: Final = 64  # of half a second each when somebody watched, of all devices
CHUNK_MAX_US: Final = int((QUIET_CHUNK_S + 1) * 1e6)
EVENTS_READ: Final = 400
MV_IN_UNIT: Final = {"uV": 1e-3, "mV": 1.0}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of a box's clock."""

    boot: BootId
    t_us: int

    @classmethod
    def of(cls, boot: int, t_us: int) -> Self:
        """Return the moment that was kept so."""
        return cls(BootId(boot), t_us)


@dataclass(frozen=True, slots=True)
class Lead:
    """One lead in the stretch. `was_off`: it had no contact at some time of it."""

    device: str
    label: str
    model: str | None
    runs: tuple[Run, ...]
    was_off: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """`length_s` from `begin` on, which was at `when`. `reversals`: electrodes that may have been changed
    over. `unverified`: devices that nobody has tried with real bytes."""

    begin: Moment
    when: UtcInterval
    length_s: float
    leads: tuple[Lead, ...]
    reversals: tuple[str, ...]
    unverified: tuple[str, ...]


@dataclass(slots=True)
class _Drawn:
    """The samples of one stream, put together."""

    stream: Stream
    of_set: StreamSet
    columns: list[PlacedColumn] = field(default_factory=list)


def newest_ecg(store: Store, opener_for: OpenerFor, station: StationId, of: VisitId) -> Moment | None:
    """Return the end of the newest ECG of a visit; None: it has none here that can be opened."""
    stored = list(
        store.chunks(
            station, of.spool, record_class=RecordClass.WAVEFORM, visit=of.visit, newest=NEWEST_CHUNKS
        )
    )
    for one in reversed(stored):
        ends = [
            column.t_us + int(len(column.samples) * 1e6 / rate_of(column, stream))
            for column, stream, _ in _ecg_columns(store, opener_for, station, of, one)
        ]
        if ends:
            return Moment(one.record.header.boot, max(ends))
    return None


def read_stretch(
    store: Store,
    opener_for: OpenerFor,
    station: StationId,
    of: VisitId,
    *,
    end: Moment | None = None,
    length_s: float = LENGTH_MAX_S,
) -> Stretch | None:
    """Return the `length_s` seconds that end at `end`, by default the newest; None: there is no ECG there."""
    end = end or newest_ecg(store, opener_for, station, of)
    if end is None:
        return None
    begin = Moment(end.boot, max(0, end.t_us - int(length_s * 1e6)))
    drawn: dict[tuple[StreamSetNo, int], _Drawn] = {}
    received_us = 0
    for one in store.chunks_between(
        station,
        of.spool,
        record_class=RecordClass.WAVEFORM,
        visit=of.visit,
        boot=end.boot,
        from_t_us=begin.t_us - CHUNK_MAX_US,
        until_t_us=end.t_us,
    ):
        received_us = max(received_us, one.received_utc_us)
        set_no = one.record.header.stream_set
        for column, stream, of_set in _ecg_columns(store, opener_for, station, of, one):
            for sibling in _leads_of(of_set):  # one without a sample is a lead that was off
                drawn.setdefault((set_no, sibling.stream), _Drawn(sibling, of_set))
            drawn[set_no, stream.stream].columns.append(column)
    events = _events(store, station, of, end)
    leads = tuple(_lead(drawn[key], begin, end, events) for key in sorted(drawn))
    if not any(lead.runs for lead in leads):
        return None
    return Stretch(
        begin,
        read_moment(store, station, of.spool, begin.boot, begin.t_us, received_us=received_us),
        length_s,
        leads,
        _reversals(events, {lead.device for lead in leads}),
        tuple(
            dict.fromkeys(
                one.of_set.model or one.of_set.device for one in drawn.values() if one.of_set.unverified
            )
        ),
    )


def _ecg_columns(
    store: Store, opener_for: OpenerFor, station: StationId, of: VisitId, one: StoredRecord
) -> Iterable[tuple[PlacedColumn, Stream, StreamSet]]:
    of_set = store.stream_set(station, of.spool, one.record.header.stream_set)
    if of_set is None:
        return
    streams = {stream.stream: stream for stream in _leads_of(of_set)}
    if not streams:
        return
    for column in open_record(store, opener_for, station, of.spool, one.record):
        if column.stream in streams:
            yield column, streams[column.stream], of_set


def _leads_of(of_set: StreamSet) -> list[Stream]:
    return [one for one in of_set.streams if one.shape == "ecg" and one.unit in MV_IN_UNIT]


def _lead(drawn: _Drawn, begin: Moment, end: Moment, events: list[StoredRecord]) -> Lead:
    device, stream = drawn.of_set.device, drawn.stream
    was_off = _was_off(events, device, stream.stream, begin)
    return Lead(device, stream.label, drawn.of_set.model, tuple(_runs(drawn, begin, end)), was_off)


def _runs(drawn: _Drawn, begin: Moment, end: Moment) -> Iterable[Run]:
    """Columns that follow one another without a gap are one run, placed by the first of them."""
    factor, nominal_hz = drawn.stream.scale * MV_IN_UNIT[drawn.stream.unit], drawn.stream.rate_mhz / 1000
    for column in joined_between(drawn.columns, nominal_hz=nominal_hz, from_us=begin.t_us, until_us=end.t_us):
        mv = column.samples.astype(np.float64) * factor
        yield Run((column.t_us - begin.t_us) / 1e6, rate_of(column, drawn.stream), mv)


def _events(store: Store, station: StationId, of: VisitId, end: Moment) -> list[StoredRecord]:
    """What was said of electrodes in this boot until the end of the stretch, oldest first. That of a device
    plugged in before the visit is true in it too; whose it was says only what it hung on."""
    names = ("leads", "conditions", "lead reversal")
    stored = store.events(station, names=names, newest=EVENTS_READ, spool=of.spool)
    return [
        one
        for one in reversed(stored)
        if one.record.header.boot == end.boot
        and one.record.header.t_us <= end.t_us
        and (isinstance(one.event, LeadState) or one.record.header.visit == of.visit)
    ]


def _was_off(events: list[StoredRecord], device: str, stream: int, begin: Moment) -> bool:
    """Whether the lead was off when the stretch began, or came off in it."""
    was_off, was_poor = False, False
    for one in events:
        match one.event:
            case LeadState() as leads if leads.device == device:
                is_off = stream in leads.off
                was_off = is_off or (was_off and one.record.header.t_us > begin.t_us)
            case Conditions() as conditions if conditions.device == device:
                is_poor = Condition.LEAD_OFF in conditions.on
                was_poor = is_poor or (was_poor and one.record.header.t_us > begin.t_us)
            case _:
                pass
    return was_off or was_poor


def _reversals(events: list[StoredRecord], devices: set[str]) -> tuple[str, ...]:
    newest: dict[str, str | None] = {}
    for one in events:
        if isinstance(one.event, LeadReversal) and one.event.device in devices:
            newest[one.event.device] = one.event.suspected
    return tuple(suspected for suspected in newest.values() if suspected)
