"""The numbers of a visit as they go on paper (core over the store it is given), each with its time."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from contract.codes import Condition
from contract.events import Conditions, Measured, StreamSet
from contract.ids import BootId, KeyId, RecordClass, SpoolId, StationId
from contract.sealing import Opener
from hub.console.live_texts import Quantity
from hub.live.measure_words import condition_word, label_word
from hub.live.measurements import quantities
from hub.live.numbers import SHOWN, SHOWN_UNITS, rate_of, source_of
from hub.live.opening import open_record
from hub.store.interface import Store
from hub.store.papers import VisitId
from hub.times.fit import UtcInterval
from hub.times.moments import read_moment

OpenerFor = Callable[[Store, StationId, SpoolId, KeyId], Opener | None]

NEWEST_CHUNKS: Final = 128  # a second each while somebody watched, of all devices
EVENTS_READ: Final = 200
DOUBTS: Final = (Condition.HELD, Condition.OUT_OF_RANGE, Condition.WEAK_SIGNAL, Condition.ARTIFACT)


@dataclass(frozen=True, slots=True)
class Vital:
    """What was measured last of one thing. `doubts`: words for what the device said of it then; `unverified`:
    what about reading that device nobody has seen in real bytes, "" for nothing (contract.events)."""

    quantities: tuple[Quantity, ...]
    device: str
    when: UtcInterval
    doubts: tuple[str, ...] = ()
    unverified: str = ""


def read_vitals(store: Store, opener_for: OpenerFor, station: StationId, of: VisitId) -> list[Vital]:
    """Return the newest number of each stream of a visit, then its single measurements, newest first."""
    return [*_numbers(store, opener_for, station, of), *_measurements(store, station, of)]


def _numbers(store: Store, opener_for: OpenerFor, station: StationId, of: VisitId) -> list[Vital]:
    newest: dict[tuple[int, str, str | None], tuple[tuple[BootId, int], Vital]] = {}
    stored = store.chunks(
        station, of.spool, record_class=RecordClass.NUMERIC, visit=of.visit, newest=NEWEST_CHUNKS
    )
    for one in stored:
        header = one.record.header
        of_set = store.stream_set(station, of.spool, header.stream_set)
        if of_set is None:
            continue
        streams = {stream.stream: stream for stream in of_set.streams if stream.mdc in SHOWN}
        for column in open_record(store, opener_for, station, of.spool, one.record):
            stream = streams.get(column.stream)
            if stream is None:
                continue
            t_us = column.t_us + int((len(column.samples) - 1) * 1e6 / rate_of(column, stream))
            key, at = (stream.mdc, of_set.device, source_of(stream)), (header.boot, t_us)
            if key in newest and newest[key][0] >= at:
                continue
            unit, factor = SHOWN_UNITS.get(stream.unit, (stream.unit, 1.0))
            value = round(float(column.samples[-1]) * stream.scale * factor, 3)
            quantity = Quantity(
                label=label_word(stream.mdc, stream.label),
                values=[value],
                unit=unit,
                source=source_of(stream),
            )
            when = read_moment(store, station, of.spool, header.boot, t_us, received_us=one.received_utc_us)
            doubts = _doubts(store, station, of, of_set, at)
            device, unverified = of_set.model or of_set.device, of_set.unverified or ""
            newest[key] = (at, Vital((quantity,), device, when, doubts, unverified))
    ordered = sorted(newest.items(), key=lambda item: (SHOWN.index(item[0][0]), item[0][1]))
    return [vital for _, (_, vital) in ordered]


def _doubts(
    store: Store, station: StationId, of: VisitId, of_set: StreamSet, at: tuple[BootId, int]
) -> tuple[str, ...]:
    """What the device had said, when it measured that, of how well it measures."""
    stored = store.events(station, names=("conditions",), newest=EVENTS_READ, spool=of.spool)
    for one in stored:
        header, event = one.record.header, one.event
        if (
            isinstance(event, Conditions)
            and event.device == of_set.device
            and header.visit == of.visit
            and (header.boot, header.t_us) <= at
        ):
            return tuple(condition_word(word) for word in event.on if word in DOUBTS)
    return ()


def _measurements(store: Store, station: StationId, of: VisitId) -> list[Vital]:
    found = []
    for one in store.events(station, names=("measured",), newest=EVENTS_READ, spool=of.spool):
        header, event = one.record.header, one.event
        if not isinstance(event, Measured) or header.visit != of.visit or not event.values:
            continue
        when = read_moment(
            store, station, of.spool, header.boot, header.t_us, received_us=one.received_utc_us
        )
        unverified = event.unverified or ""
        found.append(Vital(tuple(quantities(event)), event.device, when, unverified=unverified))
    return found
