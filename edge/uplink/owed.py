"""What the hub does not have yet, and what of it is on the way (core).

A record is owed until a receipt names it. PUBACKs move the window only. A record that was sent and not
received in time is sent again; one of class 0 then wants a new connection, because middleboxes drop flows
without a word.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from contract.ids import RecordClass
from contract.limits import RESEND_CALL_MIN_S, RESEND_MIN_S
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from edge.spool.batch import OwedRecord


@dataclass(frozen=True, slots=True)
class _Sent:
    at_s: float
    due_s: float


class Owed:
    """The records that the hub is not known to have, by class and seq."""

    def __init__(self, records: Iterable[OwedRecord], received: Mapping[RecordClass, SeqRanges]) -> None:
        self._records: dict[RecordClass, dict[int, OwedRecord]] = {c: {} for c in RecordClass}
        self._sent: dict[RecordClass, dict[int, _Sent]] = {c: {} for c in RecordClass}
        self.received = {c: received.get(c, SeqRanges()) for c in RecordClass}
        self.epoch: int | None = None
        for record in records:
            self.add(record)

    def add(self, record: OwedRecord) -> None:
        """A record was stored."""
        self._records[record.record_class][record.seq] = record

    def drop(self, record_class: RecordClass, seq: int) -> None:
        """The spool gave the record up."""
        self._records[record_class].pop(seq, None)
        self._sent[record_class].pop(seq, None)

    def waiting(self, record_class: RecordClass) -> Iterator[OwedRecord]:
        """The records that are not on the way, oldest first."""
        sent = self._sent[record_class]
        return (record for seq, record in self._records[record_class].items() if seq not in sent)

    def waiting_newest(self, record_class: RecordClass) -> Iterator[OwedRecord]:
        """The records that are not on the way, newest first."""
        sent = self._sent[record_class]
        return (record for seq, record in reversed(self._records[record_class].items()) if seq not in sent)

    def count(self, record_class: RecordClass) -> int:
        """How many are owed, on the way or not."""
        return len(self._records[record_class])

    def oldest(self, record_class: RecordClass) -> OwedRecord | None:
        """The owed record with the lowest seq."""
        return next(iter(self._records[record_class].values()), None)

    def sent(
        self, record_class: RecordClass, seqs: Iterable[int], *, now_s: float, round_trip_s: float
    ) -> None:
        """These are on the way."""
        if record_class == RecordClass.CALL:
            wait_s = max(RESEND_CALL_MIN_S, 3 * round_trip_s)
        else:
            wait_s = max(RESEND_MIN_S, 4 * round_trip_s)
        self._sent[record_class].update(dict.fromkeys(seqs, _Sent(now_s, now_s + wait_s)))

    def connection_lost(self) -> None:
        """Whatever was on the way may be gone."""
        for sent in self._sent.values():
            sent.clear()

    def overdue(self, *, now_s: float) -> bool:
        """Send again what was not received in time; return whether class 0 was among it."""
        call_is_late = False
        for record_class, sent in self._sent.items():
            late = [seq for seq, one in sent.items() if one.due_s <= now_s]
            for seq in late:
                del sent[seq]
            call_is_late = call_is_late or (record_class == RecordClass.CALL and bool(late))
        return call_is_late

    def next_due_s(self) -> float | None:
        """When `overdue` should be asked next."""
        return min((one.due_s for sent in self._sent.values() for one in sent.values()), default=None)

    def receive(self, committed: Mapping[RecordClass, SeqRanges], *, epoch: int) -> list[OwedRecord]:
        """Take a receipt; return the records that are no longer owed.

        `lost_by_hub` must be asked first when the epoch is another than before.
        """
        self.epoch = epoch
        gone: list[OwedRecord] = []
        for record_class, ranges in committed.items():
            records, sent = self._records[record_class], self._sent[record_class]
            for low, high in ranges:
                self.received[record_class].add(low, high)
                if high - low > len(records):
                    seqs = [seq for seq in records if low <= seq <= high]
                else:
                    seqs = [seq for seq in range(low, high + 1) if seq in records]
                for seq in seqs:
                    gone.append(records.pop(seq))
                    sent.pop(seq, None)
        return gone

    def refuse(self, refused: Iterable[RefusedRecord]) -> None:
        """The hub will not take these: they stay on the box and are not sent again."""
        for one in refused:
            self.drop(one.record_class, one.seq)

    def hub_restored(self, committed: Mapping[RecordClass, SeqRanges]) -> None:
        """The hub's store is another (a backup): only what it names is received. Reload the owed records
        after this.
        """
        self.received = {c: SeqRanges(committed.get(c, SeqRanges())) for c in RecordClass}
