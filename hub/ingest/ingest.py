"""From payloads to arrivals (core): parse, open what the hub may open, refuse record by record.

Refused is what cannot be stored under an identity, or never may be: the text goes to the operator, the reason
to the box. Everything else is stored as it came, even when it cannot be opened; why not is counted apart.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from contract.errors import Refusal, RefusedError
from contract.events import AnyEvent, KeyMade, parse_event
from contract.header import Kind, Record, UnreadableRecord, parse_record
from contract.ids import CLEAR, BoxName, KeyId, RecordClass, SpoolId, StationId
from contract.parcels import parse_parcel
from contract.receipts import RefusedRecord
from hub.ingest.keyring import FindKey, KeyRing
from hub.store.interface import Arrival

Spool = tuple[StationId, SpoolId]
RIDES_ALONG: Final = (RecordClass.NUMERIC, RecordClass.WAVEFORM)  # the topic's class, the record's


@dataclass(frozen=True, slots=True)
class Payload:
    """A parcel as the broker gave it. `received_s` is monotonic, `received_utc_us` the wall clock. `former`:
    the box that has sent it, where it is the station no more.
    """

    station: StationId
    record_class: RecordClass  # the topic's
    data: bytes
    received_utc_us: int
    received_s: float
    former: BoxName | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    """What a receipt echoes: when the newest parcel of a spool left the box and reached the hub; and the box
    that it goes to, where that is not the station's own.
    """

    sent_t_us: int
    received_utc_us: int
    former: BoxName | None = None


@dataclass(slots=True)
class Counters:
    """What was not taken or not opened, by reason, and in words the first of it since the start."""

    refused: Counter[Refusal] = field(default_factory=Counter)
    unopened: Counter[Refusal] = field(default_factory=Counter)
    first_text: str | None = None

    def refuse(self, station: StationId, error: RefusedError) -> None:
        """Count something that was not taken."""
        self.refused[error.refusal] += 1
        self.first_text = self.first_text or f"{station}: {error}"

    def leave_sealed(self, station: StationId, error: RefusedError) -> None:
        """Count something that was taken but could not be opened or understood."""
        self.unopened[error.refusal] += 1
        self.first_text = self.first_text or f"{station}: {error} (stored as it came)"


@dataclass(frozen=True, slots=True)
class Batch:
    """What a few payloads held, in the order of arrival. `received_s` belongs to the arrivals, one each."""

    arrivals: list[Arrival] = field(default_factory=list)
    received_s: list[float] = field(default_factory=list)
    refused: defaultdict[Spool, list[RefusedRecord]] = field(default_factory=lambda: defaultdict(list))
    sent: dict[Spool, Sent] = field(default_factory=dict)
    keys: list[tuple[StationId, SpoolId, KeyId]] = field(default_factory=list)


def read_batch(payloads: Iterable[Payload], *, ring: KeyRing, find_key: FindKey, counters: Counters) -> Batch:
    """Return everything in `payloads` that can be stored. Never raises on a peer's bytes.

    A key opens what came before it in the same batch too.
    """
    batch = Batch()
    for payload in payloads:
        try:
            _read_parcel(payload, batch, ring=ring, find_key=find_key, counters=counters)
        except RefusedError as error:
            counters.refuse(payload.station, error)
    for index, arrival in enumerate(batch.arrivals):
        if arrival.event is None:
            event = open_event(arrival, ring=ring, find_key=find_key, counters=counters)
            if event is not None:
                batch.arrivals[index] = replace(arrival, event=event)
    return batch


def open_event(arrival: Arrival, *, ring: KeyRing, find_key: FindKey, counters: Counters) -> AnyEvent | None:
    """Return the event in a sealed record; None for other records, and (counted) when it cannot be opened."""
    record = arrival.record
    if isinstance(record, UnreadableRecord) or record.header.kind is not Kind.EVENT:
        return None
    key_id = record.header.key_id
    try:
        opener = ring.opener(find_key, arrival.station, arrival.spool, key_id)
        if opener is None:
            raise RefusedError(Refusal.UNKNOWN_KEY, f"key {key_id} of event {record.header.seq} is not here")
        event = parse_event(opener.open(record))
        if isinstance(event, KeyMade):
            raise RefusedError(Refusal.MALFORMED, "a key inside a sealed event")
    except RefusedError as error:
        counters.leave_sealed(arrival.station, error)
        return None
    return event


def _read_parcel(
    payload: Payload, batch: Batch, *, ring: KeyRing, find_key: FindKey, counters: Counters
) -> None:
    parcel = parse_parcel(payload.data)
    spool: Spool = (payload.station, parcel.spool)
    batch.sent[spool] = Sent(parcel.sent_t_us, payload.received_utc_us, payload.former)
    for raw in parcel.records:
        record: Record | UnreadableRecord | None = None
        try:
            record = parse_record(raw)
            event = _check(record, payload, counters)
            if event is not None:
                _take_key(event, spool, batch, ring=ring, find_key=find_key, counters=counters)
        except RefusedError as error:
            counters.refuse(payload.station, error)
            if record is not None:
                batch.refused[spool].append(RefusedRecord(*_name(record), error.refusal))
            continue
        batch.received_s.append(payload.received_s)
        batch.arrivals.append(
            Arrival(
                station=payload.station,
                spool=parcel.spool,
                boot=parcel.boot,
                sent_t_us=parcel.sent_t_us,
                received_utc_us=payload.received_utc_us,
                record=record,
                raw=raw,
                event=event,
                by_former=payload.former is not None,
            )
        )


def _check(record: Record | UnreadableRecord, payload: Payload, counters: Counters) -> KeyMade | None:
    """Return the event of a clear record, which can only be a key. Raises RefusedError."""
    record_class, seq = _name(record)
    where = payload.record_class
    if record_class is not where and (where, record_class) != RIDES_ALONG:
        raise RefusedError(Refusal.WRONG_TOPIC, f"record {seq} of class {record_class} came on up/{where}")
    if isinstance(record, UnreadableRecord):
        text = f"record {seq} is of version {record.version}: update the hub"
        counters.leave_sealed(payload.station, RefusedError(Refusal.UNKNOWN_VERSION, text))
        return None
    if record.header.key_id != CLEAR:
        return None
    if record.header.kind is not Kind.EVENT or record_class is not RecordClass.CALL:
        raise RefusedError(Refusal.NOT_SEALED, f"record {seq} of class {record_class} is not sealed")
    event = parse_event(record.body)
    if not isinstance(event, KeyMade):
        raise RefusedError(Refusal.NOT_SEALED, f"event {event.event!r}, record {seq}, is not sealed")
    return event


def _take_key(
    event: KeyMade, spool: Spool, batch: Batch, *, ring: KeyRing, find_key: FindKey, counters: Counters
) -> None:
    """Learn a key that has just come, or the one that is stored under its number: the first stays.

    A copied card makes the numbers of keys come again. Its key opens nothing that is here, and must not take
    the place of the one that does.
    """
    station, spool_id = spool
    stored = find_key(station, spool_id, KeyId(event.key_id))
    if stored is not None and stored.wrapped_key != event.wrapped_key:
        text = f"key {event.key_id} came before with other content: a copied card?"
        counters.leave_sealed(station, RefusedError(Refusal.OTHER_CONTENT, text))
    if not ring.learn(station, spool_id, stored or event):
        text = f"key {event.key_id} was not wrapped for this hub"
        counters.leave_sealed(station, RefusedError(Refusal.SEAL_BROKEN, text))
    batch.keys.append((station, spool_id, KeyId(event.key_id)))


def _name(record: Record | UnreadableRecord) -> tuple[RecordClass, int]:
    if isinstance(record, UnreadableRecord):
        return record.record_class, record.seq
    return record.header.record_class, record.header.seq
