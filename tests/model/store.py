"""The hub's store as far as calls need it, in memory: what `hub.store.call_filing` and the queries do.

That it does the same is held by a test over both.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from contract.codecs import Codec
from contract.events import AnyEvent, Press
from contract.header import Header, Kind, Record
from contract.ids import (
    CLEAR,
    BootId,
    CallId,
    RecordClass,
    RecordId,
    SpoolId,
    StationId,
    StreamSetNo,
    VisitNo,
    spool_text,
)
from contract.ranges import SeqRanges
from hub.store.call_filing import OVER_AT_STATION
from hub.store.interface import (
    Arrival,
    CallMove,
    CallRow,
    JournalLine,
    Outcome,
    StoredRecord,
    StoreFailedError,
)
from hub.times.fit import BootFit


@dataclass(slots=True)
class ModelStore:
    """What a hub has on its disk: it outlives the hub."""

    rows: dict[CallId, CallRow] = field(default_factory=dict)
    records: dict[RecordId, StoredRecord] = field(default_factory=dict)
    lines: dict[CallId, list[JournalLine]] = field(default_factory=dict)
    closed: set[CallId] = field(default_factory=set)
    seqs: dict[tuple[StationId, SpoolId], set[int]] = field(default_factory=dict)
    fails: bool = False  # the disk takes nothing

    def commit(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Store and file; a record that is there already changes nothing."""
        self._must_work()
        return [self._commit(one) for one in arrivals]

    def _commit(self, arrival: Arrival) -> Outcome:
        if arrival.record_id in self.records:
            return Outcome.DUPLICATE
        record, event = arrival.record, arrival.event
        assert isinstance(record, Record)
        self.records[arrival.record_id] = StoredRecord(
            arrival.record_id, record, arrival.received_utc_us, event
        )
        self.seqs.setdefault((arrival.station, arrival.spool), set()).add(record.header.seq)
        if isinstance(event, Press) and not (event.nudges is not None and self._nudge(arrival, event)):
            self._make_call(arrival, event)
        return Outcome.STORED

    def _nudge(self, arrival: Arrival, press: Press) -> bool:
        assert press.nudges is not None
        call_id = CallId(arrival.station, arrival.spool, press.nudges)
        row = self.rows.get(call_id)
        if row is None or call_id in self.closed or row.state in OVER_AT_STATION:
            return False
        if press.practice is None and _said(row).get("practice") is not None:
            return False
        self.rows[call_id] = row = replace(row, nudges=row.nudges + 1, revision=row.revision + 1)
        detail = {"record": f"{spool_text(arrival.spool)}.{arrival.record_id.seq}"}
        detail |= {"answers": press.answers} if press.answers else {}
        self.lines[call_id].append(
            JournalLine(
                utc_us=arrival.received_utc_us,
                by=None,
                input="PRESSED_AGAIN",
                from_state=row.state,
                to_state=row.state,
                detail=json.dumps(detail),
            )
        )
        return True

    def _make_call(self, arrival: Arrival, press: Press) -> None:
        record = arrival.record
        assert isinstance(record, Record)
        call_id = CallId(arrival.station, arrival.spool, record.header.seq)
        said = {"practice": press.practice, "answers": press.answers}
        said = {key: value for key, value in said.items() if value is not None}
        self.lines[call_id] = []
        self.rows[call_id] = CallRow(
            call_id=call_id,
            state="RECEIVED",
            revision=1,
            boot=record.header.boot,
            t_us=record.header.t_us,
            sent_boot=arrival.boot,
            sent_t_us=arrival.sent_t_us,
            visit=record.header.visit,
            received_utc_us=arrival.received_utc_us,
            changed_utc_us=arrival.received_utc_us,
            owner=None,
            nudges=0,
            kept=json.dumps(said) if said else None,
        )

    def open_calls(self) -> list[CallRow]:
        """Return the calls that are not closed, oldest press first."""
        there = [row for call_id, row in self.rows.items() if call_id not in self.closed]
        return sorted(there, key=lambda row: (row.received_utc_us, row.call_id))

    def call(self, call_id: CallId) -> CallRow | None:
        """Return one call."""
        return self.rows.get(call_id)

    def move_calls(self, moves: Sequence[CallMove]) -> list[CallRow | None]:
        """Compare and set."""
        self._must_work()
        return [self._move(move) for move in moves]

    def _move(self, move: CallMove) -> CallRow | None:
        row = self.rows[move.call_id]
        if row.revision != move.revision:
            return None
        row = replace(
            row,
            state=move.line.to_state,
            owner=move.owner,
            kept=move.kept,
            changed_utc_us=move.line.utc_us,
            revision=row.revision + 1,
        )
        self.rows[move.call_id] = row
        self.lines[move.call_id].append(move.line)
        (self.closed.add if move.is_closed else self.closed.discard)(move.call_id)
        return row

    def journal(self, call_id: CallId) -> list[JournalLine]:
        """Return what was done to a call."""
        return list(self.lines.get(call_id, ()))

    def events(
        self,
        station: StationId,
        *,
        names: Sequence[str] = (),
        newest: int = 100,
        spool: SpoolId | None = None,
    ) -> list[StoredRecord]:
        """Return opened events, newest first."""
        found = [
            one
            for one in reversed(self.records.values())
            if one.record_id.station == station
            and one.event is not None
            and (not names or one.event.event in names)
            and spool in (None, one.record_id.spool)
        ]
        return found[:newest]

    def ranges(self, station: StationId, spool: SpoolId) -> dict[RecordClass, SeqRanges]:
        """Return what is stored of a spool."""
        return {RecordClass.CALL: SeqRanges((seq, seq) for seq in self.seqs.get((station, spool), ()))}

    def time_fit(self, station: StationId, spool: SpoolId, boot: BootId, **_: Any) -> BootFit:
        """No boot is tied to UTC here."""
        return BootFit(boot)

    def anchored_boots(self, *_: Any) -> tuple[None, None]:
        """No boot is."""
        return None, None

    def last_moment_us(self, *_: Any) -> int:
        """Nothing is known of any."""
        return 0

    def _must_work(self) -> None:
        if self.fails:
            raise StoreFailedError("the disk takes nothing")


def _said(row: CallRow) -> Mapping[str, Any]:
    said: Mapping[str, Any] = json.loads(row.kept or "{}")
    return said


def arrival_of(
    station: StationId,
    spool: SpoolId,
    event: AnyEvent,
    *,
    seq: int,
    boot: int,
    t_us: int,
    visit: int,
    sent_boot: int,
    sent_t_us: int,
    received_utc_us: int,
) -> Arrival:
    """Return a record of class 0 as ingest hands it to the store, its event opened."""
    header = Header(
        kind=Kind.EVENT,
        record_class=RecordClass.CALL,
        seq=seq,
        key_id=CLEAR,
        nonce=0,
        boot=BootId(boot),
        t_us=t_us,
        visit=VisitNo(visit),
        stream_set=StreamSetNo(0),
        first_index=0,
        count=0,
        codec=Codec.NONE,
    )
    return Arrival(
        station=station,
        spool=spool,
        boot=BootId(sent_boot),
        sent_t_us=sent_t_us,
        received_utc_us=received_utc_us,
        record=Record(header, b""),
        raw=b"",
        event=event,
    )
