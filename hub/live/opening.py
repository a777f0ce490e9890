"""Opens sealed chunks for the eye; runs on the store's thread (core over the store it is given)."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from contract.chunks import decode_chunk
from contract.errors import RefusedError
from contract.header import Kind, Record
from contract.ids import KeyId, RecordClass, SpoolId, StationId, VisitNo
from contract.sealing import Opener
from contract.times import Anchor
from hub.live.hub_times import ANCHORS_MAX
from hub.live.measurements import KEPT_MAX
from hub.live.station_now import STRIP_S
from hub.store.interface import Arrival, Store, StoredRecord
from hub.times.placing import PlacedColumn, placed

OpenerFor = Callable[[Store, StationId, SpoolId, KeyId], Opener | None]

OPEN_AT_ONCE: Final = 20  # chunks a turn of the store's thread: of numerics, a quarter of a millisecond each
OPEN_BYTES: Final = 8_000  # a turn that has so many takes no more: 50 ms, and a press is read between turns
HISTORY_CHUNKS_MAX: Final = 96  # 12 s of half-second chunks, four devices
NUMERICS_MAX: Final = 4  # newest chunks of numerics that say how a station was when the hub starts
A_DEVICE_EACH: Final = 64  # several of the devices that a station has; one that flaps hides no other
STATE_EVENTS: Final = {  # how many of the newest say how things are
    "started": 1,
    "visit opened": 1,
    "visit closed": 1,
    "streams": A_DEVICE_EACH,
    "device": A_DEVICE_EACH,
    "leads": A_DEVICE_EACH,
    "conditions": A_DEVICE_EACH,
    "lead reversal": A_DEVICE_EACH,
    "which device": A_DEVICE_EACH,
    "device confirmed": A_DEVICE_EACH,
    "measured": KEPT_MAX,
    "status": 1,
    "self-test": 1,
}


@dataclass(frozen=True, slots=True)
class OpenedChunk:
    """A chunk of the store and its columns."""

    record: Record
    columns: list[PlacedColumn]
    received_utc_us: int


@dataclass(frozen=True, slots=True)
class OpenedArrival:
    """A chunk as it came, opened."""

    arrival: Arrival
    columns: list[PlacedColumn]


@dataclass(frozen=True, slots=True)
class Beginning:
    """What the store knows of a station when the hub starts: of its newest spool only."""

    station: StationId
    spool: SpoolId | None = None
    anchors: list[Anchor] = field(default_factory=list)
    events: list[StoredRecord] = field(default_factory=list)  # oldest first
    numerics: list[StoredRecord] = field(default_factory=list)  # the newest, as they came


def open_record(
    store: Store, opener_for: OpenerFor, station: StationId, spool: SpoolId, record: Record
) -> list[PlacedColumn]:
    """Return the columns of a chunk, where they truly were; none when it cannot be opened (yet)."""
    opener = opener_for(store, station, spool, record.header.key_id)
    if opener is None:
        return []
    header = record.header
    try:
        columns = decode_chunk(opener.open(record), t_us=header.t_us)
    except RefusedError:
        return []  # ingest has counted what it could see; a body that is wrong inside shows nothing
    of_set = (station, spool, header.stream_set, header.boot)
    return [
        placed(column, store.sample_line(*of_set, stream=column.stream, index=column.first_index))
        for column in columns
    ]


def take_turn(waiting: deque[Arrival]) -> list[Arrival]:
    """Take from the front what is opened in one turn of the store's thread: many small chunks, for each turn
    costs a page two changes of threads; of large ones a single one.
    """
    turn: list[Arrival] = []
    size_bytes = 0
    while waiting and len(turn) < OPEN_AT_ONCE and size_bytes < OPEN_BYTES:
        arrival = waiting.popleft()
        turn.append(arrival)
        size_bytes += len(arrival.record.body) if isinstance(arrival.record, Record) else 0
    return turn


def open_arrivals(store: Store, opener_for: OpenerFor, arrivals: Iterable[Arrival]) -> list[OpenedArrival]:
    """Return the chunks of a commit, opened, in their order."""
    opened = []
    for arrival in arrivals:
        if isinstance(arrival.record, Record) and arrival.record.header.kind is Kind.CHUNK:
            columns = open_record(store, opener_for, arrival.station, arrival.spool, arrival.record)
            if columns:
                opened.append(OpenedArrival(arrival, columns))
    return opened


def read_history(
    store: Store, opener_for: OpenerFor, station: StationId, spool: SpoolId, visit: VisitNo
) -> list[OpenedChunk]:
    """Return the waveform chunks of the last STRIP_S seconds of a visit, oldest first."""
    chosen: list[OpenedChunk] = []
    stored = list(
        store.chunks(
            station, spool, record_class=RecordClass.WAVEFORM, visit=visit, newest=HISTORY_CHUNKS_MAX
        )
    )
    for one in reversed(stored):
        header = one.record.header
        if chosen and (header.boot != chosen[0].record.header.boot or header.t_us < _oldest_us(chosen)):
            break
        columns = open_record(store, opener_for, station, spool, one.record)
        if columns:
            chosen.append(OpenedChunk(one.record, columns, one.received_utc_us))
    return chosen[::-1]


def read_beginning(store: Store, station: StationId) -> Beginning:
    """Return what is known of a station, as the hub starts."""
    spools = store.spools(station)
    if not spools:
        return Beginning(station)
    spool = spools[0]
    events: list[StoredRecord] = []
    for name, newest in STATE_EVENTS.items():
        events += reversed(store.events(station, names=(name,), newest=newest, spool=spool))
    numerics = list(store.chunks(station, spool, record_class=RecordClass.NUMERIC, newest=NUMERICS_MAX))
    return Beginning(station, spool, store.anchors(station, spool, newest=ANCHORS_MAX), events, numerics)


def _oldest_us(chosen: Sequence[OpenedChunk]) -> int:
    """The moment before which nothing is wanted, by the newest chunk chosen (the first one)."""
    newest = chosen[0].columns[0]
    return newest.t_us - int(STRIP_S * 1e6)
