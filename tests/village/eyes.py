"""What really lies in the hub's store and in a station's spool, read beside the running processes."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from contract.chunks import decode_chunk
from contract.events import AnyEvent, StreamSet
from contract.header import Record, parse_draft, parse_record
from contract.ids import RecordClass, RecordId, SpoolId, StationId, StreamSetNo, VisitNo
from edge.spool.schema import record_table
from hub.calls.table import LIVE_STATES
from hub.ingest.keyring import KeyRing
from hub.store.interface import CallRow, StoredRecord
from hub.store.sqlite import SqliteStore
from tests.village.station import Station
from tests.village.village import Village

LOOK_EVERY_S: Final = 0.1
LIMIT_S: Final = 60.0  # what takes a second or two, on a machine that does much else


class SampleKey(NamedTuple):
    """One sample, wherever it lies. A board that starts anew begins another stream set."""

    spool: SpoolId
    set_no: StreamSetNo
    stream: int
    number: int  # the sample index of the device


@dataclass(slots=True)
class Stored:
    """Everything that the hub holds of a station."""

    samples: dict[SampleKey, int] = field(default_factory=dict)
    visits: dict[SampleKey, VisitNo] = field(default_factory=dict)
    doubled: int = 0  # samples that two records hold
    sets: dict[tuple[SpoolId, StreamSetNo], StreamSet] = field(default_factory=dict)
    bodies: Counter[bytes] = field(default_factory=Counter)  # sealed bodies, to find drafts again
    records: set[RecordId] = field(default_factory=set)
    events: list[tuple[RecordId, AnyEvent]] = field(default_factory=list)

    def of_stream(self, mdc: int) -> dict[SampleKey, int]:
        """The samples of the streams that measure `mdc`."""
        wanted = {
            (spool, set_no, stream.stream)
            for (spool, set_no), one in self.sets.items()
            for stream in one.streams
            if stream.mdc == mdc
        }
        return {key: value for key, value in self.samples.items() if key[:3] in wanted}


@contextmanager
def _store(village: Village) -> Iterator[SqliteStore]:
    with SqliteStore(village.folder / "store", is_writer=False) as store:
        yield store


def look(village: Village, name: str) -> Stored:
    """Return all that the hub's store holds of station `name`, opened with the hub's own key."""
    ring = KeyRing(village.broker.authority.seal_keys.read())
    with _store(village) as store:
        return look_into(store, ring, StationId(name))


def look_into(store: SqliteStore, ring: KeyRing, station: StationId) -> Stored:
    """Return all that a hub's store holds of a station, opened with the keys of `ring`."""
    stored = Stored()
    for spool in store.spools(station):
        for record_class, ranges in store.ranges(station, spool).items():
            for low, high in ranges:
                stored.records |= {
                    RecordId(station, spool, record_class, seq) for seq in range(low, high + 1)
                }
        for record_class in (RecordClass.NUMERIC, RecordClass.WAVEFORM):
            for one in store.chunks(station, spool, record_class=record_class):
                _add_chunk(stored, store, ring, one)
    for one in store.events(station, newest=1_000_000):
        if one.event is not None:
            stored.events.append((one.record_id, one.event))
            if isinstance(one.event, StreamSet):
                stored.sets[one.record_id.spool, StreamSetNo(one.event.set_no)] = one.event
    return stored


def _add_chunk(stored: Stored, store: SqliteStore, ring: KeyRing, one: StoredRecord) -> None:
    header, spool = one.record.header, one.record_id.spool
    stored.bodies[one.record.body] += 1
    opener = ring.opener(store.key_event, one.record_id.station, spool, header.key_id)
    assert opener is not None, f"the hub has no key for {one.record_id}"
    for column in decode_chunk(opener.open(one.record), t_us=header.t_us):
        for offset, value in enumerate(column.samples.tolist()):
            key = SampleKey(spool, header.stream_set, column.stream, column.first_index + offset)
            stored.doubled += key in stored.samples
            stored.samples[key] = value
            stored.visits[key] = header.visit


def waiting_calls(village: Village) -> list[CallRow]:
    """Return the open calls for which somebody waits or talks."""
    live = {state.name for state in LIVE_STATES}
    return [row for row in open_calls(village) if row.state in live]


def open_calls(village: Village) -> list[CallRow]:
    """The calls that the hub has not closed, oldest press first."""
    with _store(village) as store:
        return store.open_calls()


@dataclass(frozen=True, slots=True)
class Committed:
    """What stands in a station's spool: what it may not lose. Drafts by their sealed bodies."""

    drafts: frozenset[bytes]
    records: dict[RecordId, bytes]


def spool_of(station: Station) -> Committed:
    """Return what is committed in the spool now; it may run or be dead meanwhile."""
    path = station.folder / "data" / "spool.db"
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
        (value,) = db.execute("SELECT value FROM fact WHERE name = 'spool'").fetchone()
        spool = SpoolId(int(value.strip('"'), 16))
        records = {}
        for record_class in RecordClass:
            rows = db.execute(f"SELECT seq, raw FROM {record_table(record_class)}")  # noqa: S608 - our own name
            for seq, raw in rows:
                records[RecordId(station.name, spool, record_class, seq)] = bytes(raw)
        drafts = frozenset(parse_draft(raw).body for (raw,) in db.execute("SELECT raw FROM draft"))
    return Committed(drafts, records)


def body_of(raw: bytes) -> bytes:
    """Return the sealed body of a record's bytes."""
    record = parse_record(raw)
    assert isinstance(record, Record)
    return record.body


def wait_until(happened: Callable[[], bool], *, what: str, limit_s: float = LIMIT_S) -> None:
    """Return when `happened`. Raises TimeoutError that names `what`."""
    deadline_s = time.monotonic() + limit_s
    while not happened():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"{limit_s} s passed without: {what}")
        time.sleep(LOOK_EVERY_S)  # between looks at another process


def owes_nothing(station: Station) -> bool:
    """Whether the station's own word is that the hub has everything."""
    found = {finding.part: finding.text for finding in station.report().findings}
    return "owed: nothing" in found["spool"]
