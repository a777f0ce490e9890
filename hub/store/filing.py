"""What one transaction writes: records, opened events and what follows from them."""

from collections.abc import Mapping
from typing import Final

from sqlite_utils import Database

from contract.errors import RefusedError
from contract.events import (
    AdviceKept,
    AnchorSet,
    AnyEvent,
    CommandResult,
    DesiredApplied,
    KeyMade,
    Status,
    StreamSet,
    Tombstone,
    encode_event,
)
from contract.header import Kind, UnreadableRecord, parse_record
from contract.ids import BootId, RecordClass, SpoolId, StationId, spool_text
from contract.ranges import SeqRanges
from contract.times import Anchor
from hub.fleet.link_history import LATE_US
from hub.store.call_filing import file_call_event, make_call
from hub.store.interface import Arrival, Outcome
from hub.store.known import KnownSpools, Ranges, read_ranges
from hub.store.link_filing import file_heard, file_status, moment_us, tied_us
from hub.store.papers import file_advice_kept
from hub.store.segments import Place, SegmentReader, SegmentWriter
from hub.store.settings_book import file_command_result, file_desired_applied
from hub.store.time_filing import file_anchor

IN_SEGMENTS: Final = (RecordClass.WAVEFORM, RecordClass.PART)

_INSERT_RECORD: Final = """
INSERT INTO record (spool_no, class, seq, version, kind, key_id, boot, t_us, visit, is_waiting,
                    received_utc_us, raw, segment, start, length)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (spool_no, class, seq) DO NOTHING"""

_FIND_RECORD: Final = (
    "SELECT raw, segment, start, length FROM record WHERE spool_no = ? AND class = ? AND seq = ?"
)


class Filing:
    """The writes of one transaction; made anew for each, so that a rollback leaves nothing behind."""

    def __init__(
        self, db: Database, writer: SegmentWriter, reader: SegmentReader, known: KnownSpools
    ) -> None:
        """`known` is as the last commit left it, and stays so: see `spool_nos` and `ranges`."""
        self._db, self._writer, self._reader, self._known = db, writer, reader, known
        self._conn = db.conn  # without a look at tracers for each of thousands of statements a second
        self.spool_nos: dict[tuple[StationId, SpoolId], int] = {}  # that were asked for
        self._before: dict[int, Ranges] = {}  # as they are stored
        self._changed: dict[int, dict[RecordClass, SeqRanges]] = {}
        self._heard_utc_us: dict[int, int] = {}
        self._stations_utc_us: dict[StationId, int] = {}
        self._segments: set[int] = set()  # that have their row

    def take(self, arrival: Arrival) -> Outcome:
        """Write one arrival, unless its identity is there already."""
        spool_no = self.spool_no(arrival.station, arrival.spool)
        _, _, record_class, seq = arrival.record_id
        key = (spool_no, record_class, seq)
        is_new = not self._is_stored(spool_no, record_class, seq) or not self._find(key)
        if not (is_new and self._insert(key, arrival)):
            return self._compare(key, arrival.raw)
        self._add(spool_no, record_class, seq, seq)
        if arrival.is_heard:
            heard_us = self._heard_utc_us.pop(spool_no, 0)  # the one heard last stands last
            self._heard_utc_us[spool_no] = max(heard_us, arrival.received_utc_us)
            heard_us = self._stations_utc_us.get(arrival.station, 0)
            self._stations_utc_us[arrival.station] = max(heard_us, arrival.received_utc_us)
        if arrival.event is not None:
            now_utc_us = arrival.received_utc_us
            self.file(spool_no, record_class, seq, arrival.event, now_utc_us=now_utc_us, arrival=arrival)
        elif record_class is RecordClass.CALL and _may_be_event(arrival):
            make_call(self._db, spool_no, seq, arrival)
        return Outcome.STORED

    def file(
        self,
        spool_no: int,
        record_class: RecordClass,
        seq: int,
        event: AnyEvent,
        *,
        now_utc_us: int,
        arrival: Arrival | None = None,
    ) -> None:
        """File an opened event; without `arrival` it was opened late, and its call, if any, is there."""
        self._db.execute(
            "INSERT OR IGNORE INTO event (spool_no, class, seq, name, boot, t_us, json)"
            " SELECT spool_no, class, seq, ?, boot, t_us, ? FROM record"
            " WHERE spool_no = ? AND class = ? AND seq = ?",
            (event.event, encode_event(event).decode(), spool_no, record_class, seq),
        )
        if record_class is RecordClass.CALL:
            file_call_event(self._db, spool_no, seq, event, arrival=arrival)
        match event:
            case KeyMade():
                self._db.execute(
                    "INSERT OR IGNORE INTO key (spool_no, key_id, seq) VALUES (?, ?, ?)",
                    (spool_no, event.key_id, seq),
                )
            case StreamSet():
                self._db.execute(
                    "INSERT OR IGNORE INTO stream_set (spool_no, set_no, json) VALUES (?, ?, ?)",
                    (spool_no, event.set_no, encode_event(event).decode()),
                )
            case AnchorSet():
                anchor = Anchor(BootId(event.boot), event.t_us, event.utc_us, event.err_us, event.source)
                file_anchor(self._db, spool_no, anchor, made_utc_us=now_utc_us)
            case Status():
                self._file_status((spool_no, record_class, seq), event, arrival, now_utc_us)
            case AdviceKept():
                file_advice_kept(self._db, spool_no, event, utc_us=now_utc_us)
            case DesiredApplied():
                boot, t_us = self._moment_of(spool_no, record_class, seq)
                file_desired_applied(
                    self._db,
                    spool_no,
                    event,
                    boot=boot,
                    t_us=t_us,
                    utc_us=now_utc_us,
                    is_fresh=arrival is not None
                    and arrival.boot == boot
                    and arrival.sent_t_us - t_us <= LATE_US,
                )
            case CommandResult():
                file_command_result(self._db, spool_no, event, utc_us=now_utc_us)
            case Tombstone():
                self._bury(self._spool_no_of(event, spool_no), event)

    def finish(self) -> None:
        """Write what is known once all are taken: stored ranges, times heard, lengths of segments."""
        self._write_ranges()
        (last_no,) = self._conn.execute("SELECT coalesce(max(heard_no), 0) FROM spool").fetchone()
        self._conn.executemany(
            "UPDATE spool SET heard_utc_us = max(heard_utc_us, ?), heard_no = ? WHERE no = ?",
            [
                (heard, heard_no, spool_no)
                for heard_no, (spool_no, heard) in enumerate(self._heard_utc_us.items(), last_no + 1)
            ],
        )
        file_heard(self._db, self._stations_utc_us)
        self._db.conn.executemany(
            "INSERT INTO segment (no, length) VALUES (?, ?)"
            " ON CONFLICT (no) DO UPDATE SET length = excluded.length",
            list(self._writer.sync().items()),
        )

    def _file_status(
        self, key: tuple[int, int, int], status: Status, arrival: Arrival | None, now_utc_us: int
    ) -> None:
        if arrival is not None:
            told_us, station = moment_us(self._db, key[0], arrival), arrival.station
        else:
            boot, t_us, name = self._db.execute(
                "SELECT r.boot, r.t_us, s.station FROM record r JOIN spool s ON s.no = r.spool_no"
                " WHERE r.spool_no = ? AND r.class = ? AND r.seq = ?",
                key,
            ).fetchone()
            told_us, station = tied_us(self._db, key[0], BootId(boot), t_us), StationId(name)
        file_status(self._db, station, status, told_us=told_us, received_us=now_utc_us)

    def _ranges_of(self, spool_no: int) -> Ranges:
        """Return what is stored of a spool before this transaction."""
        found = self._before.get(spool_no)
        if found is None:
            found = self._known.ranges.get(spool_no)
            if found is None:
                found = read_ranges(self._db, spool_no)
            self._before[spool_no] = found
        return found

    def _is_stored(self, spool_no: int, record_class: RecordClass, seq: int) -> bool:
        """Whether a record is stored, or was given up: else its row need not be looked for."""
        before = self._ranges_of(spool_no)
        ranges = self._changed.get(spool_no, before).get(record_class) or before.get(record_class)
        return ranges is not None and seq in ranges

    def _add(self, spool_no: int, record_class: RecordClass, low: int, high: int) -> None:
        changed = self._changed.setdefault(spool_no, {})
        if record_class not in changed:
            changed[record_class] = SeqRanges.from_sorted(self._ranges_of(spool_no).get(record_class, ()))
        changed[record_class].add(low, high)

    def ranges(self) -> Mapping[int, Ranges]:
        """Return what is stored of every spool that was looked at, once this transaction is committed."""
        return {
            spool_no: {**before, **changed} if (changed := self._changed.get(spool_no)) else before
            for spool_no, before in self._before.items()
        }

    def _write_ranges(self) -> None:
        """Write what has changed of the ranges: most often one of a class has grown by a record."""
        gone: list[tuple[int, int, int]] = []
        written: list[tuple[int, int, int, int]] = []
        for spool_no, changed in self._changed.items():
            for record_class, ranges in changed.items():
                key = spool_no, int(record_class)
                before = dict(self._before[spool_no].get(record_class, ()))
                after = dict(ranges)
                gone += [(*key, low) for low in before if low not in after]
                written += [(*key, low, high) for low, high in after.items() if before.get(low) != high]
        self._conn.executemany("DELETE FROM stored_range WHERE spool_no = ? AND class = ? AND low = ?", gone)
        self._conn.executemany(
            "INSERT INTO stored_range (spool_no, class, low, high) VALUES (?, ?, ?, ?)"
            " ON CONFLICT (spool_no, class, low) DO UPDATE SET high = excluded.high",
            written,
        )

    def spool_no(self, station: StationId, spool: SpoolId) -> int:
        """Return the row number of a spool, made when it is new."""
        key = (station, spool)
        found = self.spool_nos.get(key)
        if found is None and (found := self._known.nos.get(key)) is None:
            text = spool_text(spool)
            sql = "SELECT no FROM spool WHERE station = ? AND spool = ?"
            row = self._conn.execute(sql, (station, text)).fetchone()
            if row is None:
                insert = "INSERT INTO spool (station, spool, heard_utc_us) VALUES (?, ?, 0) RETURNING no"
                row = self._conn.execute(insert, (station, text)).fetchone()
            found = int(row[0])
        self.spool_nos[key] = found
        return found

    def _insert(self, key: tuple[int, RecordClass, int], arrival: Arrival) -> bool:
        """Write a record's row; False: there is one of that name."""
        raw: bytes | None = arrival.raw
        place: tuple[int | None, int | None, int | None] = (None, None, None)
        if key[1] in IN_SEGMENTS:
            raw, place = None, self._place(arrival.raw)
        record = arrival.record
        columns: tuple[int | None, ...]
        if isinstance(record, UnreadableRecord):
            columns = (record.version, None, None, None, None, None, False)
        else:
            header = record.header
            is_waiting = header.kind is Kind.EVENT and arrival.event is None
            columns = (
                arrival.raw[0],
                header.kind,
                header.key_id,
                header.boot,
                header.t_us,
                header.visit,
                is_waiting,
            )
        values = (*key, *columns, arrival.received_utc_us, raw, *place)
        return self._conn.execute(_INSERT_RECORD, values).rowcount == 1

    def _place(self, raw: bytes) -> Place:
        place = self._writer.append(raw)
        if place.segment not in self._segments:
            self._segments.add(place.segment)
            self._db.execute("INSERT OR IGNORE INTO segment (no, length) VALUES (?, 0)", (place.segment,))
        return place

    def _find(self, key: tuple[int, int, int]) -> tuple[bytes | None, int, int, int] | None:
        found: tuple[bytes | None, int, int, int] | None = self._conn.execute(_FIND_RECORD, key).fetchone()
        return found

    def _compare(self, key: tuple[int, int, int], raw: bytes) -> Outcome:
        """Say what a record is whose name another one has already."""
        found = self._find(key)
        assert found is not None  # noqa: S101 - told to mypy; its row was found, or stood in the way
        stored, segment, start, length = found
        if stored is None:
            stored = self._read_whole(Place(segment, start, length))
        if stored is None:  # the segment is damaged or gone: what the box sent again takes its place
            place = self._place(raw)
            self._db.execute(
                "UPDATE record SET segment = ?, start = ?, length = ?"
                " WHERE spool_no = ? AND class = ? AND seq = ?",
                (*place, *key),
            )
            return Outcome.DUPLICATE
        return Outcome.DUPLICATE if stored == raw else Outcome.OTHER_CONTENT

    def _read_whole(self, place: Place) -> bytes | None:
        try:
            raw = self._reader.read(place)
            parse_record(raw)
        except (OSError, RefusedError):
            return None
        return raw

    def _moment_of(self, spool_no: int, record_class: RecordClass, seq: int) -> tuple[int, int]:
        """Return boot and time of a stored event, by the box's clock."""
        boot, t_us = self._db.execute(
            "SELECT boot, t_us FROM record WHERE spool_no = ? AND class = ? AND seq = ?",
            (spool_no, record_class, seq),
        ).fetchone()
        return int(boot), int(t_us)

    def _spool_no_of(self, event: Tombstone, spool_no: int) -> int:
        """Return the row number of the spool that is meant, of the same station as `spool_no`."""
        if event.spool is None:
            return spool_no
        sql = "SELECT station FROM spool WHERE no = ?"
        (station,) = self._db.execute(sql, (spool_no,)).fetchone()
        return self.spool_no(StationId(station), SpoolId(int(event.spool, 16)))

    def _bury(self, spool_no: int, event: Tombstone) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO tombstone (spool_no, class, first_seq, last_seq, why)"
            " VALUES (?, ?, ?, ?, ?)",
            (spool_no, event.record_class, event.first_seq, event.last_seq, event.why),
        )
        if event.record_class != RecordClass.CALL:  # a call is never given up: the hole stays, and is seen
            self._add(spool_no, RecordClass(event.record_class), event.first_seq, event.last_seq)


def _may_be_event(arrival: Arrival) -> bool:
    return isinstance(arrival.record, UnreadableRecord) or arrival.record.header.kind is Kind.EVENT
