"""What the hub does not have yet, and what of it is on the way (core).

A record is owed until a receipt names it. PUBACKs move the window only. A record that was sent and not
received in time is sent again; one of class 0 then wants a new connection, because middleboxes drop flows
without a word.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import TypeVar

from contract.ids import RecordClass
from contract.limits import RESEND_CALL_MIN_S, RESEND_MIN_S
from contract.ranges import SeqRanges
from contract.receipts import RefusedRecord
from edge.spool.batch import OwedRecord

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Sent:
    record: OwedRecord
    due_s: float


class Owed:
    """The records that the hub is not known to have, by class and seq."""

    def __init__(self, records: Iterable[OwedRecord], received: Mapping[RecordClass, SeqRanges]) -> None:
        self._waiting: dict[RecordClass, dict[int, OwedRecord]] = {c: {} for c in RecordClass}  # by seq
        self._sent: dict[RecordClass, dict[int, _Sent]] = {c: {} for c in RecordClass}  # in order of sending
        self.received = {c: SeqRanges(received.get(c, ())) for c in RecordClass}
        self.epoch: int | None = None
        for record in records:
            self.add(record)

    def add(self, record: OwedRecord) -> None:
        """A record was stored. Two commits may be told in either order; their seqs are a few apart."""
        waiting = self._waiting[record.record_class]
        is_late = bool(waiting) and record.seq < next(reversed(waiting))
        waiting[record.seq] = record
        if is_late:
            self._put_in_order(record.record_class)

    def drop(self, record_class: RecordClass, seq: int) -> None:
        """The spool gave the record up."""
        self._waiting[record_class].pop(seq, None)
        self._sent[record_class].pop(seq, None)

    def waiting(self, record_class: RecordClass) -> Iterator[OwedRecord]:
        """The records that are not on the way, oldest first."""
        return iter(self._waiting[record_class].values())

    def waiting_newest(self, record_class: RecordClass) -> Iterator[OwedRecord]:
        """The records that are not on the way, newest first."""
        return reversed(self._waiting[record_class].values())

    def count(self, record_class: RecordClass) -> int:
        """How many are owed, on the way or not."""
        return len(self._waiting[record_class]) + len(self._sent[record_class])

    @property
    def is_on_the_way(self) -> bool:
        """Whether anything was sent that no receipt has named yet."""
        return any(self._sent.values())

    def oldest(self, record_class: RecordClass) -> OwedRecord | None:
        """The owed record with the lowest seq."""
        first = next(iter(self._waiting[record_class].values()), None)
        sent = min((one.record for one in self._sent[record_class].values()), key=_seq, default=None)
        return min((record for record in (first, sent) if record is not None), key=_seq, default=None)

    def sent(
        self, record_class: RecordClass, seqs: Iterable[int], *, now_s: float, round_trip_s: float
    ) -> None:
        """These are on the way."""
        if record_class == RecordClass.CALL:
            wait_s = max(RESEND_CALL_MIN_S, 3 * round_trip_s)
        else:
            wait_s = max(RESEND_MIN_S, 4 * round_trip_s)
        for seq in seqs:
            record = self._waiting[record_class].pop(seq, None)
            if record is not None:
                self._sent[record_class][seq] = _Sent(record, now_s + wait_s)

    def connection_lost(self) -> None:
        """Whatever was on the way may be gone."""
        for record_class, sent in self._sent.items():
            self._send_again(record_class, list(sent))

    def overdue(self, *, now_s: float) -> bool:
        """Send again what was not received in time; return whether class 0 was among it."""
        late = {
            c: [seq for seq, _ in takewhile(lambda item: item[1].due_s <= now_s, sent.items())]
            for c, sent in self._sent.items()
        }
        for record_class, seqs in late.items():
            self._send_again(record_class, seqs)
        return bool(late[RecordClass.CALL])

    def _send_again(self, record_class: RecordClass, seqs: list[int]) -> None:
        if seqs:
            sent = self._sent[record_class]
            self._waiting[record_class].update((seq, sent.pop(seq).record) for seq in seqs)
            self._put_in_order(record_class)

    def _put_in_order(self, record_class: RecordClass) -> None:
        self._waiting[record_class] = dict(sorted(self._waiting[record_class].items()))

    def next_due_s(self) -> float | None:
        """When `overdue` should be asked next."""
        first_sent = (next(iter(sent.values()), None) for sent in self._sent.values())
        return min((one.due_s for one in first_sent if one is not None), default=None)

    def receive(self, committed: Mapping[RecordClass, SeqRanges], *, epoch: int) -> list[OwedRecord]:
        """Take a receipt; return the records that are no longer owed.

        `hub_restored` comes first when the epoch is another than before.
        """
        self.epoch = epoch
        gone: list[OwedRecord] = []
        for record_class, ranges in committed.items():
            waiting, sent = self._waiting[record_class], self._sent[record_class]
            for low, high in ranges:
                self.received[record_class].add(low, high)
                gone += [one.record for one in _take(sent, low, high)]
                gone += _take(waiting, low, high)
        return gone

    def refuse(self, refused: Iterable[RefusedRecord]) -> None:
        """The hub will not take these: they stay on the box and are not sent again."""
        for one in refused:
            self.drop(one.record_class, one.seq)

    def hub_restored(self, committed: Mapping[RecordClass, SeqRanges], records: Iterable[OwedRecord]) -> None:
        """The hub's store is another (a backup): only what it names is received, `records` are owed."""
        self.received = {c: SeqRanges(committed.get(c, ())) for c in RecordClass}
        for record in records:
            if record.seq not in self._sent[record.record_class]:
                self._waiting[record.record_class][record.seq] = record
        for record_class in RecordClass:
            self._put_in_order(record_class)


def _seq(record: OwedRecord) -> int:
    return record.seq


def _take(records: dict[int, T], low: int, high: int) -> list[T]:
    """Remove and return the records of a range, in whichever way is shorter."""
    if high - low > len(records):
        seqs = [seq for seq in records if low <= seq <= high]
    else:
        seqs = [seq for seq in range(low, high + 1) if seq in records]
    return [records.pop(seq) for seq in seqs]
