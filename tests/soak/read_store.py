"""Reads a hub's store beside its process and takes apart what it holds, with the hub's own key."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

from contract.chunks import decode_chunk
from contract.errors import Refusal, RefusedError
from contract.events import AnyEvent, Press, StreamSet, Tombstone, parse_event
from contract.header import Header, Kind, Record, parse_record
from contract.ids import RecordClass, SpoolId, StationId, parse_spool
from contract.ranges import SeqRanges
from firmware_bridge.events import PressIdentity
from hub.ingest.keyring import KeyRing
from hub.store.segments import Place, SegmentReader
from hub.store.sqlite import SqliteStore
from tests.simulators.board.signals import STREAMS
from tests.soak.holdings import NO_STREAM, Grave, Holdings, Piece
from tests.soak.ledger import Ledger, RecordKey

BOARD_STREAMS = {one.mdc: one.stream_id for one in STREAMS}
_RECORDS = """
SELECT s.spool, r.class, r.seq, r.raw, r.segment, r.start, r.length
FROM record r JOIN spool s ON s.no = r.spool_no WHERE s.station = ?"""


def read_holdings(store: Path, ring: KeyRing, station: StationId, ledger: Ledger) -> Holdings:
    """Return all that the store in `store` holds of `station`.

    What the ledger saw and the box gave up, with a tombstone or because a hub before had it, is opened too.
    """
    held = Holdings(records=records(store, station))
    with closing(_connect(store)) as db:
        held.graves = _graves(db, station)
        held.calls = _calls(db, station)
    with SqliteStore(store, is_writer=False) as opened:
        taking = _Taking(opened, ring, station, held)
        taking.take(held.records.items())
        gone = {
            key: raw
            for key, raw in ledger.committed.items()
            if key not in held.records and (held.is_buried(key) or key in ledger.freed)
        }
        held.sacrificed = [piece for key, raw in gone.items() for piece in taking.pieces(key, raw)]
    known = held.records.keys() | ledger.committed.keys()
    buried = (key for grave in held.graves for key in grave if key not in known)
    held.unseen = [key for key in buried if key.record_class is RecordClass.WAVEFORM]
    return held


def open_pieces(
    store: Path, ring: KeyRing, station: StationId, records: Mapping[RecordKey, bytes]
) -> list[Piece]:
    """Return the columns of all chunks among `records`, which tell of their stream sets too."""
    held = Holdings()
    with SqliteStore(store, is_writer=False) as opened:
        _Taking(opened, ring, station, held).take(records.items())
    return held.pieces


def records(store: Path, station: StationId) -> dict[RecordKey, bytes]:
    """Return the bytes of every record of a station."""
    with closing(_connect(store)) as db, closing(SegmentReader(store / "segments")) as segments:
        return {
            RecordKey(parse_spool(spool), RecordClass(record_class), seq): bytes(raw)
            if raw is not None
            else segments.read(Place(*place))
            for spool, record_class, seq, raw, *place in db.execute(_RECORDS, [station])
        }


def stored_ranges(store: Path, station: StationId, spool: SpoolId) -> dict[RecordClass, SeqRanges]:
    """Return what the hub says that it has of a spool."""
    with SqliteStore(store, is_writer=False) as opened:
        return dict(opened.ranges(station, spool))


def calls(store: Path) -> dict[str, list[RecordKey]]:
    """Return the calls that the hub has, by station."""
    found: dict[str, list[RecordKey]] = {}
    sql = "SELECT s.station, s.spool, c.seq FROM call c JOIN spool s ON s.no = c.spool_no"
    with closing(_connect(store)) as db:
        for station, spool, seq in db.execute(sql):
            key = RecordKey(parse_spool(spool), RecordClass.CALL, seq)
            found.setdefault(station, []).append(key)
    return found


def _connect(store: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{store / 'hub.db'}?mode=ro", uri=True, timeout=10.0)


def _graves(db: sqlite3.Connection, station: str) -> list[Grave]:
    sql = """SELECT s.spool, t.class, t.first_seq, t.last_seq
             FROM tombstone t JOIN spool s ON s.no = t.spool_no WHERE s.station = ?"""
    return [Grave(parse_spool(spool), *rest) for spool, *rest in db.execute(sql, [station])]


def _calls(db: sqlite3.Connection, station: str) -> list[RecordKey]:
    sql = "SELECT s.spool, c.seq FROM call c JOIN spool s ON s.no = c.spool_no WHERE s.station = ?"
    rows = db.execute(sql, [station])
    return [RecordKey(parse_spool(spool), RecordClass.CALL, seq) for spool, seq in rows]


class _Taking:
    """Opens records of one station and files what they say."""

    def __init__(self, store: SqliteStore, ring: KeyRing, station: StationId, held: Holdings) -> None:
        self._store, self._ring, self._station, self._held = store, ring, station, held
        self._board_streams: dict[tuple[SpoolId, int], dict[int, int]] = {}

    def take(self, rows: Iterable[tuple[RecordKey, bytes]]) -> None:
        chunks: list[tuple[RecordKey, bytes]] = []
        for key, raw in rows:
            record = parse_record(raw)
            if isinstance(record, Record) and record.header.kind is Kind.CHUNK:
                chunks.append((key, raw))
            elif isinstance(record, Record) and record.header.kind is Kind.EVENT:
                self._take_event(key, record)
        for key, raw in chunks:  # the stream sets are known by now
            try:
                self._held.pieces += self.pieces(key, raw)
            except RefusedError:
                self._held.sealed.append(key)

    def pieces(self, key: RecordKey, raw: bytes) -> Iterator[Piece]:
        """Yield the columns of a chunk. Raises RefusedError when it cannot be opened."""
        record = parse_record(raw)
        assert isinstance(record, Record)
        header = record.header
        if header.kind is not Kind.CHUNK:
            return
        names = self._board_streams.get((key.spool, header.stream_set), {})
        for column in decode_chunk(self._opened(key, record), t_us=header.t_us):
            yield Piece(
                key,
                header.boot,
                names.get(column.stream, NO_STREAM),
                column.first_index,
                column.t_us,
                column.device_t_us,
                column.samples,
            )

    def _take_event(self, key: RecordKey, record: Record) -> None:
        try:
            body = record.body if record.header.key_id == 0 else self._opened(key, record)
            event = parse_event(body)
        except RefusedError:
            self._held.sealed.append(key)
            return
        if not isinstance(event, Tombstone):  # which is said again to each hub that lacks what it names
            self._held.contents[_content(record.header, event)] += 1
        match event:
            case Press():
                identity = PressIdentity(bytes.fromhex(event.device), event.device_boot, event.press_count)
                self._held.presses.append((key, identity))
            case StreamSet():
                self._board_streams[key.spool, event.set_no] = {
                    one.stream: BOARD_STREAMS[one.mdc] for one in event.streams if one.mdc in BOARD_STREAMS
                }
            case Tombstone():
                grave = Grave(key.spool, event.record_class, event.first_seq, event.last_seq)
                if grave not in self._held.graves:
                    self._held.graves.append(grave)
            case _:
                pass

    def _opened(self, key: RecordKey, record: Record) -> bytes:
        opener = self._ring.opener(self._store.key_event, self._station, key.spool, record.header.key_id)
        if opener is None:
            raise RefusedError(Refusal.UNKNOWN_KEY, f"the hub has no key for {key}")
        return opener.open(record)


def _content(header: Header, event: AnyEvent) -> bytes:
    said = {"boot": header.boot, "t_us": header.t_us, "visit": header.visit}
    return json.dumps({**event.model_dump(mode="json"), **said}, sort_keys=True).encode()
