"""What is read back from the SQLite store."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlite_utils import Database

from contract.errors import RefusedError
from contract.events import AnyEvent, KeyMade, StreamSet, parse_event
from contract.header import Record, UnreadableRecord, parse_record
from contract.ids import (
    BootId,
    KeyId,
    RecordClass,
    RecordId,
    SpoolId,
    StationId,
    StreamSetNo,
    VisitNo,
    parse_spool,
)
from contract.ranges import SeqRanges
from hub.store.backlog import SpoolHeld, read_backlog
from hub.store.call_queries import CallQueries
from hub.store.interface import StoredRecord
from hub.store.known import read_ranges
from hub.store.papers import PaperQueries
from hub.store.segments import Place, SegmentReader
from hub.store.time_queries import TimeQueries

LOG = logging.getLogger(__name__)

PAGE_ROWS: Final = 256  # rows held at a time while chunks are read; a chunk has up to 60 kB

_KEYS: Final = """
SELECT s.station, s.spool, e.json FROM key k JOIN spool s ON s.no = k.spool_no
JOIN event e ON e.spool_no = k.spool_no AND e.class = 0 AND e.seq = k.seq"""

_EVENTS: Final = """
SELECT e.boot, e.t_us, e.class, e.seq, r.received_utc_us, r.raw, r.segment, r.start, r.length, e.json
FROM event e JOIN record r ON r.spool_no = e.spool_no AND r.class = e.class AND r.seq = e.seq"""


class Queries(TimeQueries, CallQueries, PaperQueries):
    """The reading half of the store; `_db` and `_reader` belong to one thread."""

    def __init__(self, db: Database, reader: SegmentReader) -> None:
        super().__init__(db)
        self._reader = reader

    def ranges(self, station: StationId, spool: SpoolId) -> Mapping[RecordClass, SeqRanges]:
        """Return what is stored of a spool, tombstones counted as stored, but never those of class 0."""
        return read_ranges(self._db, self._spool_no(station, spool))

    def spools(self, station: StationId) -> list[SpoolId]:
        """Return the station's spools, the one heard last first."""
        return [spool for _, spool in self._spools(station)]

    def stations(self) -> list[StationId]:
        """Return every station that ever sent a record, by name."""
        rows = self._db.execute("SELECT DISTINCT station FROM spool ORDER BY station")
        return [StationId(station) for (station,) in rows]

    def heard_stations(self) -> list[tuple[StationId, int | None]]:
        """Return the same, each with when the hub last stored anything of it."""
        rows = self._db.execute(
            "SELECT station, max(heard_utc_us) FROM spool GROUP BY station ORDER BY station"
        )
        return [(StationId(station), heard or None) for station, heard in rows]

    def last_received_utc_us(self, station: StationId) -> int | None:
        """Return when the hub last stored anything of the station."""
        (heard,) = self._db.execute(
            "SELECT max(heard_utc_us) FROM spool WHERE station = ?", (station,)
        ).fetchone()
        return heard or None

    def key_event(self, station: StationId, spool: SpoolId, key_id: KeyId) -> KeyMade | None:
        """Return the wrapped key of that number."""
        row = self._db.execute(
            f"{_KEYS} WHERE k.spool_no = ? AND k.key_id = ?", (self._spool_no(station, spool), key_id)
        ).fetchone()
        return None if row is None else _key(row[2])

    def newest_key(self, station: StationId, spool: SpoolId) -> KeyMade | None:
        """Return the wrapped key of the largest number."""
        row = self._db.execute(
            f"{_KEYS} WHERE k.spool_no = ? ORDER BY k.key_id DESC LIMIT 1", (self._spool_no(station, spool),)
        ).fetchone()
        return None if row is None else _key(row[2])

    def box_keys(self) -> Iterator[tuple[StationId, SpoolId, KeyMade]]:
        """Return every wrapped key, spool by spool, by number."""
        for station, spool, json in self._db.execute(f"{_KEYS} ORDER BY k.spool_no, k.key_id"):
            event = _key(json)
            if event is not None:
                yield StationId(station), parse_spool(spool), event

    def waiting_keys(self) -> list[tuple[StationId, SpoolId, KeyId]]:
        """Return the keys that are here and for which events wait all the same."""
        rows = self._db.execute(
            "SELECT s.station, s.spool, k.key_id FROM key k JOIN spool s ON s.no = k.spool_no"
            " WHERE EXISTS (SELECT 1 FROM record r"
            " WHERE r.spool_no = k.spool_no AND r.key_id = k.key_id AND r.is_waiting)"
        )
        return [(StationId(station), parse_spool(spool), KeyId(key_id)) for station, spool, key_id in rows]

    def unopened(self, station: StationId, spool: SpoolId, key_id: KeyId) -> list[StoredRecord]:
        """Return the events that wait for this key."""
        rows = self._db.execute(
            "SELECT class, seq, received_utc_us, raw, segment, start, length FROM record"
            " WHERE spool_no = ? AND key_id = ? AND is_waiting ORDER BY class, seq",
            (self._spool_no(station, spool), key_id),
        ).fetchall()
        return list(self._stored(station, spool, rows))

    def stream_set(self, station: StationId, spool: SpoolId, set_no: StreamSetNo) -> StreamSet | None:
        """Return what the streams of a set are."""
        row = self._db.execute(
            "SELECT json FROM stream_set WHERE spool_no = ? AND set_no = ?",
            (self._spool_no(station, spool), set_no),
        ).fetchone()
        event = None if row is None else _event(row[0])
        return event if isinstance(event, StreamSet) else None

    def events(
        self,
        station: StationId,
        *,
        names: Sequence[str] = (),
        newest: int = 100,
        spool: SpoolId | None = None,
    ) -> list[StoredRecord]:
        """Return opened events, newest first by the box's own time, the spool heard last at the front."""
        found: list[StoredRecord] = []
        for spool_no, spool_id in self._spools(station):
            if spool is None or spool_id == spool:
                rows = self._event_rows(spool_no, tuple(dict.fromkeys(names)), newest - len(found))
                for _, _, record_class, seq, received, raw, segment, start, length, json in rows:
                    row = (record_class, seq, received, raw, segment, start, length)
                    found += self._stored(station, spool_id, [row], event=_event(json))
        return found

    def chunks(
        self,
        station: StationId,
        spool: SpoolId,
        *,
        record_class: RecordClass,
        visit: VisitNo | None = None,
        newest: int | None = None,
    ) -> Iterator[StoredRecord]:
        """Return chunks in the order of (boot, t_us, seq), bodies read as they are asked for."""
        values = {
            "spool_no": self._spool_no(station, spool),
            "class": record_class,
            "visit": visit,
            "newest": newest,
        }
        after = (-1, -1, -1)
        if newest is not None:
            row = self._db.execute(
                "SELECT boot, t_us, seq FROM (SELECT boot, t_us, seq FROM record"
                " WHERE spool_no = :spool_no AND class = :class AND kind = 1"
                " AND (:visit IS NULL OR visit = :visit)"
                " ORDER BY boot DESC, t_us DESC, seq DESC LIMIT :newest)"
                " ORDER BY boot, t_us, seq LIMIT 1",
                values,
            ).fetchone()
            if row is None:
                return
            after = (row[0], row[1], row[2] - 1)
        while True:
            rows = self._db.execute(
                "SELECT boot, t_us, class, seq, received_utc_us, raw, segment, start, length FROM record"
                " WHERE spool_no = :spool_no AND class = :class AND kind = 1"
                " AND (:visit IS NULL OR visit = :visit)"
                " AND (boot, t_us, seq) > (:boot, :t_us, :seq) ORDER BY boot, t_us, seq LIMIT :rows",
                {**values, "boot": after[0], "t_us": after[1], "seq": after[2], "rows": PAGE_ROWS},
            ).fetchall()
            if not rows:
                return
            after = (rows[-1][0], rows[-1][1], rows[-1][3])
            yield from self._stored(station, spool, [row[2:] for row in rows])

    def chunks_between(
        self,
        station: StationId,
        spool: SpoolId,
        *,
        record_class: RecordClass,
        visit: VisitNo,
        boot: BootId,
        from_t_us: int,
        until_t_us: int,
    ) -> Iterator[StoredRecord]:
        """Return the visit's chunks of a boot that begin between the two, in the order of (t_us, seq)."""
        rows = self._db.execute(
            "SELECT class, seq, received_utc_us, raw, segment, start, length FROM record"
            " WHERE spool_no = ? AND class = ? AND kind = 1 AND boot = ? AND t_us BETWEEN ? AND ?"
            " AND visit = ? ORDER BY t_us, seq",
            (self._spool_no(station, spool), record_class, boot, from_t_us, until_t_us, visit),
        ).fetchall()
        yield from self._stored(station, spool, rows)

    def edge_chunk(
        self,
        station: StationId,
        spool: SpoolId,
        *,
        visit: VisitNo,
        boot: BootId,
        from_t_us: int,
        until_t_us: int,
        is_last: bool,
    ) -> StoredRecord | None:
        """Return the visit's first or last chunk of a boot that begins between the two."""
        order = "DESC" if is_last else "ASC"
        rows = [
            row
            for record_class in (RecordClass.NUMERIC, RecordClass.WAVEFORM)
            for row in self._db.execute(
                "SELECT t_us, class, seq, received_utc_us, raw, segment, start, length FROM record"
                " WHERE spool_no = ? AND class = ? AND kind = 1 AND boot = ? AND t_us BETWEEN ? AND ?"
                f" AND visit = ? ORDER BY t_us {order} LIMIT 1",
                (self._spool_no(station, spool), record_class, boot, from_t_us, until_t_us, visit),
            )
        ]
        rows.sort(key=lambda row: row[0], reverse=is_last)
        return next(self._stored(station, spool, [row[1:] for row in rows[:1]]), None)

    def events_between(
        self,
        station: StationId,
        spool: SpoolId,
        *,
        names: Sequence[str],
        boot: BootId,
        from_t_us: int,
        until_t_us: int,
        most: int,
    ) -> list[StoredRecord]:
        """Return the opened events of a boot from the one to before the other, oldest first; of more than
        `most` the newest."""
        rows = self._db.execute(
            f"{_EVENTS} WHERE e.spool_no = ? AND e.boot = ? AND e.t_us >= ? AND e.t_us < ?"
            f" AND e.name IN ({', '.join('?' * len(names))})"
            " ORDER BY e.t_us DESC, e.class DESC, e.seq DESC LIMIT ?",
            (self._spool_no(station, spool), boot, from_t_us, until_t_us, *names, most),
        ).fetchall()
        return [
            one
            for _, _, *place, json in reversed(rows)
            for one in self._stored(station, spool, [tuple(place)], event=_event(json))
        ]

    def parts(self, station: StationId, spool: SpoolId, *, visit: VisitNo) -> Iterator[StoredRecord]:
        """Return the parts of a visit's objects in the order of seq, bodies read as they are asked for."""
        spool_no, after = self._spool_no(station, spool), 0
        while True:
            rows = self._db.execute(
                "SELECT class, seq, received_utc_us, raw, segment, start, length FROM record"
                " WHERE spool_no = ? AND visit = ? AND kind = 3 AND seq > ? AND +class = 3"  # +: by visit
                " ORDER BY seq LIMIT ?",
                (spool_no, visit, after, PAGE_ROWS),
            ).fetchall()
            if not rows:
                return
            after = rows[-1][1]
            yield from self._stored(station, spool, rows)

    def unreadable(self, station: StationId) -> list[tuple[RecordId, UnreadableRecord]]:
        """Return the records whose version this hub could not read when they came."""
        found = []
        for spool_no, spool in self._spools(station):
            rows = self._db.execute(
                "SELECT class, seq, version, raw, segment, start, length FROM record"
                " WHERE spool_no = ? AND kind IS NULL ORDER BY class, seq",
                (spool_no,),
            ).fetchall()
            for number, seq, version, raw, *place in rows:
                record_class = RecordClass(number)
                whole = raw if raw is not None else self._reader.read(Place(*place))
                found.append(
                    (
                        RecordId(station, spool, record_class, seq),
                        UnreadableRecord(version, record_class, seq, whole),
                    )
                )
        return found

    def backlog(self, station: StationId | None = None) -> list[SpoolHeld]:
        """Return what is here and what is missing of every spool, or of a station's; the worst first."""
        return read_backlog(self._db, station)

    def _spools(self, station: StationId) -> list[tuple[int, SpoolId]]:
        rows = self._db.execute(
            "SELECT no, spool FROM spool WHERE station = ? ORDER BY heard_no DESC, no DESC", (station,)
        )
        return [(no, parse_spool(text)) for no, text in rows]

    def _event_rows(self, spool_no: int, names: tuple[str, ...], newest: int) -> list[tuple[Any, ...]]:
        """One query a name: each walks its index from the newest on and stops."""
        start = f"{_EVENTS} WHERE e.spool_no = ?"
        end = " ORDER BY e.boot DESC, e.t_us DESC, e.class DESC, e.seq DESC LIMIT ?"
        if not names:
            return self._db.execute(start + end, (spool_no, newest)).fetchall()
        rows = [
            row
            for name in names
            for row in self._db.execute(f"{start} AND e.name = ?{end}", (spool_no, name, newest))
        ]
        return sorted(rows, key=lambda row: row[:4], reverse=True)[:newest]

    def _stored(
        self,
        station: StationId,
        spool: SpoolId,
        rows: Sequence[tuple[Any, ...]],
        *,
        event: AnyEvent | None = None,
    ) -> Iterator[StoredRecord]:
        for record_class, seq, received_utc_us, raw, *place in rows:
            record_id = RecordId(station, spool, RecordClass(record_class), seq)
            try:
                record = parse_record(raw if raw is not None else self._reader.read(Place(*place)))
            except (OSError, RefusedError) as error:
                LOG.error(
                    "record %s cannot be read back: %s; restore the segment from a backup", record_id, error
                )
                continue
            if isinstance(record, Record):
                yield StoredRecord(record_id, record, received_utc_us, event)


def _event(json: str) -> AnyEvent | None:
    try:
        return parse_event(json.encode())
    except RefusedError as error:
        LOG.error("an event of the store cannot be read: %s", error)
        return None


def _key(json: str) -> KeyMade | None:
    event = _event(json)
    return event if isinstance(event, KeyMade) else None
